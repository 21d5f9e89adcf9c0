# A missing object: fetched once, streamed to all who ask, kept, and served from the store.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

my $origin = origin();
my $nginx  = nginx(workers => 2, vars => { ORIGIN => $origin->port }, http => <<'EOF');
    weir_store zone=films:4m path=%%DIR%%/store;
    upstream origin { server 127.0.0.1:%%ORIGIN%%; keepalive 8; }
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / {
            weir_root   %%DIR%%/lib;
            weir_origin @origin;
            weir_cache  films;
        }
        location /buffered/ { weir_origin @buffered; weir_cache films; }
        location @buffered { proxy_pass http://origin; }
        location /files/ { weir_origin @files; weir_cache films; }
        location @files { root %%DIR%%/local; }
        location @origin {
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }
    }
EOF
my $port = $nginx->port;

# Miss, then hit.
my $body = $origin->serve('/p/one', size => 3_000_001, etag => '"v1"', type => 'video/mp4');
my $miss = get($port, '/p/one');
is $miss->{status}, 200, 'miss: status';
identical $miss->{body}, $body, 'miss: bytes';
is $miss->{headers}{etag}, '"v1"', 'miss: ETag';
is $miss->{headers}{'content-type'}, 'video/mp4', 'miss: type';
is $miss->{headers}{'content-length'}, 3_000_001, 'miss: length';
like $miss->{headers}{'cache-status'}, qr/^weir; fwd=miss/, 'miss: Cache-Status';
my $hit = get($port, '/p/one');
identical $hit->{body}, $body, 'hit: bytes';
is $hit->{headers}{'cache-status'}, 'weir; hit; detail=HIT', 'hit: Cache-Status';
is $hit->{headers}{etag}, '"v1"', 'hit: ETag';
is scalar($origin->requests('/p/one')), 1, 'one origin request';
is get($port, '/p/one', 'If-None-Match' => '"v1"')->{status}, 304, 'hit: 304';
my $range = get($port, '/p/one', Range => 'bytes=597-2000000');
is $range->{status}, 206, 'hit: range';
identical $range->{body}, substr($body, 597, 2_000_000 - 597 + 1), 'hit: bytes of the range';

# The library comes first.
$nginx->write('lib/p/local', 'here');
is get($port, '/p/local')->{body}, 'here', 'library before origin';
is scalar($origin->requests('/p/local')), 0, 'and the origin is not asked';

# A herd, over both workers, while the object comes slowly; the first leaves early.
my $herd_body = $origin->serve('/p/herd', size => 400_000, etag => '"h"', rate => 400_000);
my @herd = fetch_all({ port => $port, path => '/p/herd', abort_at => 50_000 },
    map { { port => $port, path => '/p/herd', after => 0.01 * $_ } } 1 .. 30);
shift @herd;
is scalar(grep { $_->{status} == 200 && $_->{complete} } @herd), 30, 'herd: all complete';
is scalar(grep { $_->{body} eq $herd_body } @herd), 30, 'herd: all identical';
is scalar($origin->requests('/p/herd')), 1, 'herd: one origin request';
my @ttfb = sort { $a <=> $b } map { $_->{ttfb} } @herd;
cmp_ok $ttfb[15], '<', 0.1, 'herd: nobody waits for a first byte (median)';
my ($gap) = sort { $b <=> $a } map { $_->{gap} } @herd;
cmp_ok $gap, '<', 1, 'herd: bytes come as the origin sends them, in both workers';
ok((grep { $_->{headers}{'cache-status'} =~ /collapsed/ } @herd) >= 29, 'herd: Cache-Status says collapsed');

# All leave: the fill goes on.
$origin->serve('/p/left', size => 300_000, rate => 600_000);
fetch_all({ port => $port, path => '/p/left', abort_at => 1000 });
await(sub { get($port, '/p/left')->{headers}{'cache-status'} =~ /HIT/ }, 'the fill ended without viewers');
is scalar($origin->requests('/p/left')), 1, 'and was not begun again';

# HEAD on what is missing, and on what is held.
$origin->serve('/p/head', size => 1000);
my $head = head($port, '/p/head');
is "$head->{status} $head->{headers}{'content-length'}", '200 1000', 'HEAD: miss';
await(sub { head($port, '/p/head')->{headers}{'cache-status'} =~ /HIT/ }, 'HEAD: hit');

# Length unknown.
my $chunked = $origin->serve('/p/chunked', size => 200_001, chunked => 1, rate => 800_000);
my @chunked = fetch_all(map { { port => $port, path => '/p/chunked' } } 1 .. 3);
is scalar(grep { $_->{complete} && $_->{body} eq $chunked } @chunked), 3, 'chunked origin: identical, with an end';
is $chunked[0]{headers}{'transfer-encoding'}, 'chunked', 'chunked origin: chunks out';
my $chunked_hit = get($port, '/p/chunked');
is $chunked_hit->{headers}{'content-length'}, 200_001, 'chunked origin: the hit has a length';
my $http10 = (fetch_all({ port => $port, path => '/p/chunked', version => '1.0' }))[0];
identical $http10->{body}, $chunked, 'HTTP/1.0';

# Empty object.
$origin->serve('/p/empty', body => '');
is get($port, '/p/empty')->{headers}{'content-length'}, 0, 'empty object';
like get($port, '/p/empty')->{headers}{'cache-status'}, qr/HIT/, 'empty object: hit';

# A query is part of the name; escapes are one spelling.
$origin->serve('/p/q?a=1', body => 'one');
$origin->serve('/p/q?a=2', body => 'two');
is get($port, '/p/q?a=1')->{body} . get($port, '/p/q?a=2')->{body}, 'onetwo', 'query';
$origin->serve('/p/with%20space', body => 'spaced');
is get($port, '/p/with%20space')->{body}, 'spaced', 'escaped path: miss';
like get($port, '/p/wi%74h%20space')->{headers}{'cache-status'}, qr/HIT/, 'escaped path: one name';

# Range on what is missing: a run that comes later in the fill.
my $seek = $origin->serve('/p/seek', size => 500_000, rate => 2_000_000);
my $part = get($port, '/p/seek', Range => 'bytes=400000-400999');
is $part->{status}, 206, 'range on a miss: status';
identical $part->{body}, substr($seek, 400_000, 1000), 'range on a miss: bytes';

# A location that buffers: slower, said in the log once, and the same bytes.
my $buffered = $origin->serve('/buffered/x', size => 900_000, etag => '"b"', rate => 3_000_000);
is scalar(grep { $_->{body} eq $buffered } fetch_all(map { { port => $port, path => '/buffered/x' } } 1 .. 4)), 4, 'proxy_buffering on: identical';
like $nginx->error_log, qr/weir_origin "\@buffered": set "proxy_buffering off" there/, 'proxy_buffering on: a word in the log';

# The named location may answer by itself.
$nginx->write('local/files/y', \$buffered);
identical get($port, '/files/y')->{body}, $buffered, 'a named location with files';
identical get($port, '/files/y', Range => 'bytes=100-')->{body}, substr($buffered, 100), 'a named location with files: hit';

finish();
