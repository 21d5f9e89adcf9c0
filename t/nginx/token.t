# weir_token: who is let in, what the others are told, and that no log ever holds a token.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;
use Weir::Film;
use JSON::PP qw(decode_json);
use MIME::Base64 qw(encode_base64url);

my $keys = nginx_dir();
my ($signer, $stranger) = (signer($keys), signer($keys, 'stranger'));
my $nginx = nginx(workers => 2, vars => { JWKS => $signer->{jwks}, NOBODY => Weir::Nginx::free_port() }, http => <<'EOX');
    log_format all '$request|$request_uri|$uri|$args|$http_referer|sid=$weir_sid|jti=$weir_jti|title=$weir_title|$status';
    upstream back { server 127.0.0.1:%%PORT_1%%; }
    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/access.log all;
        weir_token local keys=%%JWKS%%;
        location / { weir_title; weir_root %%DIR%%/lib; }
        location = /_weir/status { weir_token off; weir_status; }
        location /group/    { weir_token local keys=%%JWKS%% audience=north; weir_title; weir_root %%DIR%%/lib; }
        location /download/ { weir_token local keys=%%JWKS%% right=dl; root %%DIR%%/www; }
        location /open/     { weir_token off; root %%DIR%%/www; }
        location /proxied/  { proxy_pass http://back; }
        location /broken/   { proxy_pass http://127.0.0.1:%%NOBODY%%; }
        location /paged/    { error_page 404 = /open/page.html; root %%DIR%%/www; }
        location /either/   { satisfy any; allow 127.0.0.1; deny all; root %%DIR%%/www; }
    }
    server {
        listen 127.0.0.1:%%PORT_1%%;
        access_log %%DIR%%/back.log all;
        location / { return 200 "$request_uri\n"; }
    }
EOX
my $dir  = $nginx->dir;
my $port = $nginx->port;
mkdir "$dir/www";
$nginx->write("www/$_", "plain\n") for qw(open/page.html download/a either/a);
my $film   = split_film("$dir/lib");
my $header = slurp("$dir/lib/titles/film/header.enp");
my $piece  = $film->{renditions}[0]{pieces}[0]{uuid};
my @used;
sub remember { push @used, $_[0]; return $_[0] }

# ---- who is let in ----
my $good = remember(token($signer, sid => 'session-7'));
identical get($port, "/~$good/t/film/header.enp")->{body}, $header, 'in the path';
identical get($port, "/t/film/header.enp?URISigningPackage=$good")->{body}, $header, 'in the query';
identical get($port, '/t/film/header.enp', Authorization => "Bearer $good")->{body}, $header, 'as Bearer';
identical get($port, '/t/film/header.enp', Cookie => "a=b; URISigningPackage=$good")->{body}, $header, 'as cookie';
is get($port, "/~$good/p/$piece")->{status}, 200, 'a piece names no title';
is get($port, "/t/film/header.enp?format=json&URISigningPackage=$good")->{headers}{'content-type'}, 'application/json',
    'other arguments stay';
is get($port, "/~$good/t/film/header.enp", Range => 'bytes=0-31')->{status}, 206, 'with a range';
is head($port, "/~$good/t/film/header.enp")->{status}, 200, 'HEAD';
is get($port, "/~$good/t/film/header.enp", Authorization => 'Basic eDp5')->{status}, 200, 'the path comes first';

my $anyone = remember(forged_token($signer, claims => { enp => { sid => 's', ast => ['*'], rts => ['play'] } }));
is get($port, "/~$anyone/t/film/header.enp")->{status}, 200, 'a token for every title';
my $now  = int time;
my $late = $now - 20;
my $skewed = remember(forged_token($signer, claims => { iat => $late - 200, nbf => $late - 200, exp => $late }));
is get($port, "/~$skewed/t/film/header.enp")->{status}, 200, 'expired for less than the skew';

# ---- who is not ----
sub refused {
    my ($token, $code, $name, $path) = @_;
    remember($token);
    my $answer = get($port, '/~' . $token . ($path || '/t/film/header.enp'));
    is $answer->{status}, 403, "$name: 403";
    is problem_code($answer), $code, "$name: code $code";
    like $answer->{headers}{'www-authenticate'}, qr/^Bearer error="(?:invalid_token|insufficient_scope)", error_description="[^"]+"$/,
        "$name: says so";
    is $answer->{headers}{'access-control-allow-origin'}, '*', "$name: pages may read why";
    unlike $answer->{head} . $answer->{body}, qr/\Q$token\E/, "$name: is not echoed" if length $token > 20;
}
my $none = get($port, '/t/film/header.enp');
is $none->{status}, 401, 'without: 401';
is problem_code($none), 1, 'without: code';
like $none->{headers}{'www-authenticate'}, qr/^Bearer/, 'without: challenge';
is $none->{headers}{'access-control-allow-origin'}, '*', 'without: pages may read why';

refused(forged_token($signer, claims => { iat => $now - 400, nbf => $now - 400, exp => $now - 100 }), 12, 'expired');
refused(forged_token($signer, claims => { iat => $now + 100, nbf => $now + 100, exp => $now + 300 }), 11, 'not yet valid');
refused(forged_token($signer, claims => { exp => $now + 4000 }), 18, 'too long a life');
refused(token($signer, titles => ['other']), 13, 'another title');
refused(token($signer, rights => ['live']), 14, 'another right');
refused(token($signer, audience => 'south'), 15, 'another group', '/group/t/film/header.enp');
refused(token($stranger), 5, 'unknown kid');
refused(forged_token($stranger, header => { kid => $signer->{kid} }), 6, "a stranger's signature");
refused(forged_token($signer, header => { alg => 'none' }, signature => ''), 4, 'alg none');
refused(forged_token($signer, header => { alg => 'HS256' }, signature => encode_base64url('x' x 32)), 4, 'HS256');
refused(forged_token($signer, claims => { pad => 'x' x 5000 }), 3, '7 KiB');
# nginx's own limit on a request line comes first.
is get($port, '/~' . remember(forged_token($signer, claims => { pad => 'x' x 6000 })) . '/t/film/header.enp')->{status}, 414, '8 KiB';
refused('eyJhbGciOiJFZERTQSJ9', 2, 'one part');
refused('eyJ.eyJ.AAAA', 2, 'no JSON');
refused(substr($good, 0, -6) . 'AAAAAA', 6, 'a changed signature');
refused(forged_token($signer, claims => { cdnicrit => 'cdniip', cdniip => 'x' }), 16, 'a critical claim');
refused(forged_token($signer, without => ['exp']), 2, 'no exp');

my $plain = get($port, "/~$good/download/a");
is "$plain->{status} " . problem_code($plain), '403 14', 'right=dl asks for dl';
my $download = remember(token($signer, rights => [ 'play', 'dl' ], ttl => 4000));
is get($port, "/~$download/download/a")->{status}, 200, 'and dl passes';
is get($port, "/~$download/t/film/header.enp")->{status}, 200, 'dl may fetch what play may';
is get($port, '/open/page.html')->{status}, 200, 'off: nobody is asked';
is get($port, "/~$good/open/page.html")->{status}, 200, 'off: a token in the path is taken off all the same';
is get($port, '/either/a')->{status}, 200, 'satisfy any: the address is enough';
is get($port, '/~john.doe/t/film/header.enp')->{status}, 401, 'a home page is no token';

# ---- where it must not get to ----
is get($port, "/~$good/proxied/x?a=1&URISigningPackage=$good&b=2")->{body}, "/proxied/x?a=1&b=2\n", 'not to a proxied server';
is get($port, "/~$good/proxied/a%20b")->{body}, "/proxied/a%20b\n", 'escapes stay';
is get($port, "/~$good/broken/x")->{status}, 502, 'nor into the log of a failure';
is get($port, "/~$good/paged/none")->{body}, "plain\n", 'an error page';
is get($port, "/x/../~$good//t/film/header.enp")->{status}, 200, 'in a path that needs normalising';
is get($port, "/%7E$good/t/film/header.enp")->{status}, 200, 'escaped tilde';
get($port, '/t/film/header.enp', Referer => "http://localhost/~$good/watch");
fetch_all({ port => $port, raw => "GET /~$good/t/film/header.enp HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n" });
fetch_all({ port => $port, raw => "GET /~$good/t/film/header.enp HTTP/1.1\r\nConnection: close\r\n\r\n" });
fetch_all({ port => $port, path => "/~$good/t/film/header.enp", method => 'POST' });
is get($port, "/~$good/t/fi%ZZlm")->{status}, 400, 'a path that cannot be parsed';

my $log = $nginx->slurp('access.log');
like $log, qr{^GET /~-/t/film/header\.enp HTTP/1\.1\|/~-/t/film/header\.enp\|/t/film/header\.enp\|.*\|sid=session-7\|jti=[^|-][^|]+\|title=film\|200$}m,
    'the access log shows session and id instead';
like $log, qr{GET /t/film/header\.enp\?URISigningPackage=- HTTP/1\.1}, 'and redacts the query';
like $log, qr{sid=-\|jti=-\|title=film\|403$}m, 'nothing of a token that was not verified';
my @leaks;
for my $name ('access.log', 'back.log', 'error.log') {
    my $text = $nginx->slurp($name);
    for my $token (@used) {
        my ($head, $claims, $signature) = split /\./, $token;
        # The secret part; of those that have none worth it, the whole.
        my $secret = length($signature // '') > 20 ? substr($signature, 0, 40) : length $token > 100 ? substr($token, 0, 100) : next;
        push @leaks, "$name: " . (grep { /\Q$secret\E/ } split /\n/, $text)[0] if index($text, $secret) >= 0;
    }
}
is "@leaks", '', 'no log holds a token';

# ---- counters ----
my $counted = decode_json(get($port, '/_weir/status')->{body})->{tokens};
cmp_ok $counted->{cached}, '>', 10, 'verdicts that were remembered are counted';
cmp_ok $counted->{verified}, '<', $counted->{cached}, 'each token was verified once or so';
is_deeply [ map { $counted->{refused}{$_} > 0 } qw(token_missing token_expired token_signature token_algorithm token_unknown_key) ],
    [ (1) x 5 ], 'refusals are counted by reason';

# ---- verdicts ----
# Both workers and a reload share them; a key set without the key ends them.
is get($port, "/~$good/t/film/header.enp")->{status}, 200, 'again';
spew($signer->{jwks}, slurp($stranger->{jwks}));
$nginx->reload;
my $ended = await(sub { my $a = get($port, "/~$good/t/film/header.enp"); $a->{status} == 403 && $a }, 'a new key set takes over');
is problem_code($ended), 5, 'a key that was taken away ends its tokens, cached or not';

finish();

sub nginx_dir { require File::Temp; return File::Temp::tempdir('weir-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1) }
