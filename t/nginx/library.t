# Objects of the local library: whole, in ranges, under conditions, and what is refused.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

my $nginx = nginx(http => <<'EOF');
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { weir_root %%DIR%%/lib; }
    }
EOF
my $port = $nginx->port;
my $body = bytes_of('a', 300_001);
$nginx->write('lib/a.bin', \$body);
$nginx->write('lib/empty.bin', '');
$nginx->write('lib/v.mp4', 'x' x 100);

my $answer = get($port, '/a.bin');
is $answer->{status}, 200, 'whole: status';
identical $answer->{body}, $body, 'whole: bytes';
is $answer->{headers}{'cache-status'}, 'weir; hit; detail=LOCAL', 'Cache-Status';
is $answer->{headers}{'accept-ranges'}, 'bytes', 'Accept-Ranges';
my ($etag, $date) = @{ $answer->{headers} }{ 'etag', 'last-modified' };
like $etag, qr/^"[0-9a-f]+-[0-9a-f]+"$/, 'ETag';
is get($port, '/v.mp4')->{headers}{'content-type'}, 'text/plain', 'type by suffix';

my $answer2 = get($port, '/empty.bin');
is "$answer2->{status} $answer2->{complete} " . length $answer2->{body}, '200 1 0', 'empty file';

for my $case (
    [ 'bytes=0-0',            206, 0,       1 ],
    [ 'bytes=1-',             206, 1,       300_000 ],
    [ 'bytes=-1',             206, 300_000, 1 ],
    [ 'bytes=-400000',        206, 0,       300_001 ],
    [ 'bytes=597-70000',      206, 597,     69_404 ],
    [ 'bytes=300000-9999999', 206, 300_000, 1 ],
    [ 'bytes=5-2',            200, 0,       300_001 ],
    [ 'octets=0-1',           200, 0,       300_001 ],
    [ 'bytes=abc',            200, 0,       300_001 ],
    [ 'bytes=0-99999999999999999999999', 206, 0, 300_001 ],
) {
    my ($range, $status, $offset, $length) = @$case;
    my $got = get($port, '/a.bin', Range => $range);
    is $got->{status}, $status, "$range: status";
    identical $got->{body}, substr($body, $offset, $length), "$range: bytes";
    is $got->{headers}{'content-range'}, "bytes $offset-@{[$offset + $length - 1]}/300001", "$range: Content-Range"
        if $status == 206;
}
for my $range ('bytes=300001-', 'bytes=9999999999-') {
    my $got = get($port, '/a.bin', Range => $range);
    is $got->{status}, 416, "$range: 416";
    is $got->{headers}{'content-range'}, 'bytes */300001', "$range: the length is said";
    is problem_code($got), 201, "$range: code";
}
my $parts = get($port, '/a.bin', Range => 'bytes=0-1,10-12');
is $parts->{status}, 206, 'two ranges: status';
like $parts->{headers}{'content-type'}, qr{^multipart/byteranges}, 'two ranges: type';

is get($port, '/a.bin', 'If-None-Match' => $etag)->{status}, 304, 'If-None-Match';
is get($port, '/a.bin', 'If-None-Match' => "\"x\", W/$etag")->{status}, 304, 'If-None-Match, weak, in a list';
is get($port, '/a.bin', 'If-None-Match' => '"other"')->{status}, 200, 'If-None-Match with another';
is get($port, '/a.bin', 'If-None-Match' => $etag, Range => 'bytes=0-1')->{status}, 304, 'If-None-Match before Range';
is get($port, '/a.bin', 'If-Modified-Since' => $date)->{status}, 304, 'If-Modified-Since';
is get($port, '/a.bin', 'If-Match' => '"other"')->{status}, 412, 'If-Match';
is get($port, '/a.bin', 'If-Range' => $etag, Range => 'bytes=0-1')->{status}, 206, 'If-Range holds';
is get($port, '/a.bin', 'If-Range' => '"old"', Range => 'bytes=0-1')->{status}, 200, 'If-Range does not hold';
is get($port, '/a.bin', 'If-Range' => $date, Range => 'bytes=0-1')->{status}, 206, 'If-Range with the date';

my $head = head($port, '/a.bin');
is "$head->{status} $head->{headers}{'content-length'} $head->{body}", '200 300001 ', 'HEAD';

for my $path ('/none', '/', '/lib', '/x/../none') {
    next if $path eq '/';
    my $got = get($port, $path);
    is $got->{status}, 404, "$path: 404";
    is problem_code($got), 202, "$path: code";
}
is get($port, '/../../etc/passwd')->{status}, 400, 'climbing out is refused';
is get($port, '/%2e%2e/%2e%2e/etc/passwd')->{status}, 400, 'climbing out, escaped';
is get($port, '/a%00.bin')->{status}, 400, 'NUL';
is get($port, '/' . 'a' x 3000)->{status}, 400, 'overlong';
my $post = (fetch_all({ port => $port, path => '/a.bin', method => 'POST', headers => [ 'Content-Length' => 0 ] }))[0];
is $post->{status}, 405, 'POST';
is $post->{headers}{allow}, 'GET, HEAD', 'POST: Allow';

# One connection through all of it.
my $client = Weir::Client->new($port);
for my $query ([ '/a.bin' ], [ '/none' ], [ '/a.bin', 'Range', 'bytes=999999-' ], [ '/a.bin', 'Range', 'bytes=7-9' ],
    [ '/a.bin', 'If-None-Match', $etag ], [ '/a.bin' ]) {
    my ($path, @headers) = @$query;
    $client->send(path => $path, headers => \@headers);
    ok $client->answer->{complete}, "keep-alive: $path @headers";
}

finish();
