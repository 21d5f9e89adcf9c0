# An edge whose origin holds the titles: sealed not at all, partly, wholly; with the key and without; with a store and without.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;
use Weir::Film;
use File::Temp qw(tempdir);

my $keys = tempdir('weir-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1);
mkdir "$keys/held";
my $signer = signer($keys);
my $origin = nginx(http => <<'EOX');
    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/access.log;
        location /      { weir_title; weir_root %%DIR%%/lib; }
        location /open/ { weir_title; weir_root %%DIR%%/lib; }
    }
EOX
my $lib  = $origin->dir . '/lib';
my $film = film();
my ($bytes, $total) = ($film->{bytes}, length $film->{bytes});
my %json;
for my $protect (qw(none partial all)) {
    $json{$protect} = split_film($lib, title => $protect, protect => $protect, every => $protect eq 'partial' ? 3 : undef,
        key_file => $protect eq 'none' ? undef : "$keys/held/$protect.key");
}
rename "$keys/held/all.key", "$keys/held/$json{all}{protect}{kid}.key";  # by key id as well as by title
my %kinds = map { my $title = $_; $title => { map { $_->{kind} => $_ } @{ $json{$title}{renditions} } } } keys %json;

my $edge = nginx(workers => 2, vars => { ORIGIN => $origin->port, KEYS => "$keys/held", JWKS => $signer->{jwks} }, http => <<'EOX');
    weir_store zone=films:8m path=%%DIR%%/store;
    server {
        listen 127.0.0.1:%%PORT%%;
        weir_origin @origin;
        location / { weir_title; weir_cache films; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
    }
    server {
        listen 127.0.0.1:%%PORT_1%%;
        weir_token local keys=%%JWKS%%;
        weir_origin @origin;
        weir_cache films;
        location / { weir_title keys=%%KEYS%%; }
        location /open/ { weir_token off; weir_title keys=%%KEYS%%; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
    }
    server {
        listen 127.0.0.1:%%PORT_2%%;
        weir_origin @origin;
        location / { weir_title keys=%%KEYS%%; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
    }
EOX
my ($without, $with, $storeless) = map { $edge->port($_) } 0, 1, 2;
my $token = token($signer, titles => ['*']);

# ---- what is not sealed needs no key; what is, does ----
identical get($without, '/t/none/file.mp4')->{body}, $bytes, 'not sealed: bytes';
for my $title (qw(partial all)) {
    for my $path ("/t/$title/file.mp4", "/t/$title/file.ts?rendition=ts", "/t/$title/$kinds{$title}{ts}{pieces}[0]{uuid}.ts") {
        my $got = get($without, $path);
        is "$got->{status} " . problem_code($got), '403 112', "$title without the key: refused";
    }
    is head($without, "/t/$title/file.mp4")->{status}, 403, "$title without the key: HEAD as well";
    is get($without, "/t/$title/header.enp")->{status}, 200, "$title without the key: the header is for players";
}
my $clear = (grep { !$_->{sealed} } @{ $kinds{partial}{ts}{pieces} })[0];
is get($without, "/t/partial/$clear->{uuid}.ts")->{status}, 200, 'a segment that is not sealed needs none';
my $sealed_piece = $kinds{all}{file}{pieces}[1]{uuid};
identical get($without, "/p/$sealed_piece")->{body}, slurp("$lib/pieces/" . substr($sealed_piece, 0, 2) . "/$sealed_piece"),
    'sealed pieces travel as they are';

# ---- with the key, byte for byte ----
my $ts = get($without, '/t/none/file.ts?rendition=ts')->{body};
for my $title (qw(none partial all)) {
    for my $port ($with, $storeless) {
        my $name = "$title, " . ($port == $with ? 'store' : 'no store');
        my $front = $port == $with ? "/~$token" : '';
        srand 11;
        my @ranges = map { my $from = int rand $total; [ $from, $from + int rand($total - $from) ] } 1 .. 12;
        push @ranges, [ 65535, 65536 ], [ 0, 0 ], [ $total - 1, $total - 1 ];
        # A few bytes of one record, then the next: nothing may wait in a buffer that is used again.
        push @ranges, map { [ $_->{offset} + 65536 - 3, $_->{offset} + 65536 + 70_000 ] } @{ $kinds{$title}{file}{pieces} }[ 0 .. 3 ];
        my @got = fetch_all(map { { port => $port, path => "$front/t/$title/file.mp4", headers => [ Range => "bytes=$_->[0]-$_->[1]" ] } } @ranges);
        my @wrong = map { "$ranges[$_][0]-$ranges[$_][1]: $got[$_]{status}" }
            grep { $got[$_]{status} != 206 || $got[$_]{body} ne substr($bytes, $ranges[$_][0], $ranges[$_][1] - $ranges[$_][0] + 1) } 0 .. $#ranges;
        is "@wrong", '', "$name: ranges";
        identical get($port, "$front/t/$title/file.mp4")->{body}, $bytes, "$name: the whole";
        my $several = get($port, "$front/t/$title/file.mp4", Range => 'bytes=10-20,400000-600000');
        is $several->{status}, 206, "$name: two ranges";
        ok index($several->{body}, substr $bytes, 400_000, 200_001) > 0, "$name: two ranges, bytes";
        my $remux = get($port, "$front/t/$title/file.ts?rendition=ts");
        is length $remux->{body}, length $ts, "$name: ts rendition";
    }
    is played("http://127.0.0.1:$with/~$token/t/$title/master.m3u8"), 300, "$title: HLS behind a token, opened at the edge, plays";
}
my @slow = fetch_all(map { { port => $with, path => "/~$token/t/all/file.mp4", pace => 3_000_000, rcvbuf => 8192 } } 1 .. 4);
is scalar(grep { $_->{body} eq $bytes } @slow), 4, 'four slow viewers of the sealed film';
my $gone = (fetch_all({ port => $with, path => "/~$token/t/all/file.mp4", abort_at => 100_000 }))[0];
cmp_ok length $gone->{body}, '>=', 100_000, 'one leaves in the middle';
is get($with, "/~$token/t/all/file.mp4")->{headers}{'cache-control'}, 'private, max-age=60', 'behind a token: not for shared caches';
is head($storeless, '/t/all/file.mp4')->{headers}{'cache-control'}, 'public, max-age=60', 'without: for all';

# ---- the key ----
my $key = get($with, "/~$token/t/all/key");
is length $key->{body}, 32, 'the key: 32 bytes';
is unpack('H*', $key->{body}), substr(slurp("$keys/held/$json{all}{protect}{kid}.key"), 0, 64), 'the key: the one';
is $key->{headers}{'cache-control'}, 'no-store', 'the key: kept by nobody';
for my $case (
    [ $with, '/t/all/key', 401, 1, 'no token' ],
    [ $with, '/~' . token($signer, titles => ['none']) . '/t/all/key', 403, 13, 'a token for another title' ],
    [ $with, '/~' . token($signer, titles => ['*'], rights => ['dl']) . '/t/all/key', 403, 14, 'without right play' ],
    [ $with, "/~$token/t/none/key", 404, 202, 'a title without a key' ],
    [ $with, "/~$token/open/t/all/key", 401, 1, 'weir_token off' ],
    [ $storeless, "/~$token/t/all/key", 401, 1, 'no weir_token' ],
) {
    my ($port, $path, $status, $code, $name) = @$case;
    my $got = get($port, $path);
    is "$got->{status} " . problem_code($got), "$status $code", "the key, $name: $status";
    unlike $got->{body}, qr/\Q$key->{body}\E/, "the key, $name: not in it";
}
unlink glob "$keys/held/*";
$edge->reload;
await(sub { problem_code(get($with, "/~$token/t/all/key")) == 112 }, 'a key that was taken away is gone after a reload');
spew("$keys/held/all.key", $key->{body});
identical get($with, "/~$token/t/all/file.mp4")->{body}, $bytes, 'one that comes later is found when it is needed';
spew("$keys/held/partial.key", 'x' x 32);
is problem_code(get($with, "/~$token/t/partial/file.mp4")), 112, 'a key of another title opens nothing';

# ---- what the origin sees ----
my $log = $origin->slurp('access.log');
like $log, qr{"GET /t/all/header\.enp HTTP/1\.1" 200}, 'the origin is asked by the same path';
unlike $log, qr/~|URISigning/, 'and sees no token';

finish();

sub played {
    my ($url) = @_;
    my $out = `ffmpeg -nostdin -v error -i '$url' -map 0:v -f null - -progress pipe:1 2>&1`;
    return $out =~ /^frame=\d+/m ? (my @all = $out =~ /^frame=(\d+)/mg)[-1] : $out;
}
