# Over HTTP/2: the token leaves the path as it does over HTTP/1.1, and logs do not hold it.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;
use Weir::Film;
use File::Temp qw(tempdir);

`curl --version` =~ /\bHTTP2\b/ or plan skip_all => 'this curl speaks no HTTP/2';
my $keys   = tempdir('weir-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $signer = signer($keys);
my $nginx  = nginx(vars => { JWKS => $signer->{jwks}, KEYS => $keys }, http => <<'EOX');
    log_format all '$request|$request_uri|$uri|$http_referer|jti=$weir_jti|$status';
    server {
        listen 127.0.0.1:%%PORT%% http2;
        access_log %%DIR%%/access.log all;
        location / { weir_title keys=%%KEYS%%; weir_root %%DIR%%/lib; weir_token local keys=%%JWKS%%; }
    }
EOX
split_film($nginx->dir . '/lib', protect => 'all', key_file => "$keys/film.key");
my $base  = 'http://127.0.0.1:' . $nginx->port;
my $token = token($signer);
my $bytes = film()->{bytes};
$nginx->reload;  # the key came after the start

sub curl { my (@arguments) = @_; open my $pipe, '-|', qw(curl -sS --http2-prior-knowledge), @arguments or die; local $/; return scalar <$pipe> }
sub status { return curl(qw(-o /dev/null -w %{http_version}:%{http_code}), @_) }

is status("$base/t/film/header.enp"), '2:401', 'without';
is status("$base/~$token/t/film/header.enp"), '2:200', 'in the path';
is status("$base/t/film/header.enp?URISigningPackage=$token"), '2:200', 'in the query';
is status('-H', "Authorization: Bearer $token", '-e', "$base/~$token/", "$base/t/film/header.enp"), '2:200', 'as Bearer';
is status("$base/~" . substr($token, 0, -8) . 'AAAAAAAA/t/film/header.enp'), '2:403', 'forged';
is status('-X', 'OPTIONS', "$base/t/film/file.mp4"), '2:204', 'preflight';
identical curl("$base/~$token/t/film/file.mp4"), $bytes, 'the virtual file, opened';
identical curl('-r', '1000000-2000000', "$base/~$token/t/film/file.mp4"), substr($bytes, 1_000_000, 1_000_001), 'a range of it';
identical curl('--limit-rate', '2M', "$base/~$token/t/film/file.mp4"), $bytes, 'a slow one';
my $secret = substr((split /\./, $token)[2], 0, 40);
unlike $nginx->slurp($_), qr/\Q$secret\E/, "$_ holds no token" for qw(access.log error.log);
like $nginx->slurp('access.log'), qr{^GET /~-/t/film/header\.enp HTTP/2\.0\|/~-/t/film/header\.enp\|/t/film/header\.enp\|-\|jti=[0-9a-f-]{36}\|200$}m, 'but its id';

finish();
