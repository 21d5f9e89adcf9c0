# weir_title from the library: every view, ranges of the virtual file, paths, methods, CORS.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;
use Weir::Film;
use JSON::PP qw(decode_json);

my $nginx = nginx(workers => 2, http => <<'EOX');
    server {
        listen 127.0.0.1:%%PORT%%;
        location /        { weir_title; weir_root %%DIR%%/lib; }
        location /films/  { weir_title suffix=hdr; weir_root %%DIR%%/lib; }
        location /nowhere/{ weir_title; weir_root %%DIR%%/none; }
        location /if/     { weir_title; weir_root %%DIR%%/lib; if ($arg_x) { set $y 1; } }
    }
EOX
my ($dir, $port) = ($nginx->dir, $nginx->port);
my $film   = film();
my $bytes  = $film->{bytes};
my $total  = length $bytes;
my $json   = split_film("$dir/lib", title => 'film');
my %kind   = map { $_->{kind} => $_ } @{ $json->{renditions} };
my $ts     = join '', map { slurp("$dir/lib/pieces/" . substr($_->{uuid}, 0, 2) . "/$_->{uuid}") } @{ $kind{ts}{pieces} };
my $header = slurp("$dir/lib/titles/film/header.enp");

# ---- header ----
my $answer = get($port, '/t/film/header.enp');
identical $answer->{body}, $header, 'header: bytes';
my $view = get($port, '/t/film/header.enp?format=json');
is $view->{headers}{'content-type'}, 'application/json', 'JSON view: type';
is_deeply decode_json($view->{body}), $json, 'JSON view: what weir inspect says';
is problem_code(get($port, '/t/film/header.enp?format=xml')), 204, 'another format is refused';

# ---- virtual file ----
$answer = get($port, '/t/film/file.mp4');
is $answer->{headers}{'content-type'}, 'video/mp4', 'file: type';
is $answer->{headers}{'content-length'}, $total, 'file: length';
is $answer->{headers}{'accept-ranges'}, 'bytes', 'file: takes ranges';
identical $answer->{body}, $bytes, 'file: bytes';
my ($etag, $date) = @{ $answer->{headers} }{ 'etag', 'last-modified' };
my $head = head($port, '/t/film/file.anything');
is "$head->{status} $head->{headers}{'content-length'} $head->{headers}{etag} $head->{body}", "200 $total $etag ", 'HEAD, any extension';
my $remux = get($port, '/t/film/file.ts?rendition=ts');
is $remux->{headers}{'content-type'}, 'video/mp2t', 'ts rendition: type';
identical $remux->{body}, $ts, 'ts rendition: bytes';
isnt $remux->{headers}{etag}, $etag, 'ts rendition: its own ETag';
is problem_code(get($port, '/t/film/file.mp4?rendition=hd')), 204, 'another rendition is refused';

srand 7;
my @ranges = map { my $from = int rand $total; [ $from, $from + int rand($total - $from) ] } 1 .. 40;
push @ranges, [ 0, 0 ], [ $total - 1, $total - 1 ], [ 0, $total - 1 ], map { [ $_->{offset} - 1, $_->{offset} + 1 ] } @{ $kind{file}{pieces} }[ 1 .. 5 ];
my @got = fetch_all(map { { port => $port, path => '/t/film/file.mp4', headers => [ Range => "bytes=$_->[0]-$_->[1]" ] } } @ranges);
my @wrong = grep {
    my ($from, $to) = @{ $ranges[$_] };
    $got[$_]{status} != 206 || $got[$_]{body} ne substr($bytes, $from, $to - $from + 1)
        || $got[$_]{headers}{'content-range'} ne "bytes $from-$to/$total"
} 0 .. $#ranges;
is "@wrong", '', scalar(@ranges) . ' ranges, right to the byte';
for my $case ([ 'bytes=-1000', $total - 1000, 1000 ], [ "bytes=@{[$total - 5]}-", $total - 5, 5 ],
    [ 'bytes=5-99999999999999999999999', 5, $total - 5 ]) {
    my $got = get($port, '/t/film/file.mp4', Range => $case->[0]);
    is $got->{status}, 206, "$case->[0]: status";
    identical $got->{body}, substr($bytes, $case->[1], $case->[2]), "$case->[0]: bytes";
}
for my $range ("bytes=$total-", 'bytes=-0', 'bytes=99999999999999999999-') {
    my $got = get($port, '/t/film/file.mp4', Range => $range);
    is "$got->{status} $got->{headers}{'content-range'} " . problem_code($got), "416 bytes */$total 201", "$range: 416";
}
is get($port, '/t/film/file.mp4', Range => $_)->{status}, 200, "$_: ignored"
    for 'bytes=b-a', 'bytes=9-1', 'items=0-1', 'bytes=0-,0-,0-', 'bytes=' . join(',', map { "$_-$_" } 1 .. 9);

# ---- several ranges ----
my $several = get($port, '/t/film/file.mp4', Range => 'bytes=0-9, 300000-700000,-7');
is $several->{status}, 206, 'three ranges: status';
my ($mark) = $several->{headers}{'content-type'} =~ m{^multipart/byteranges; boundary=(\w+)$} or fail('three ranges: type');
my $expected = '';
for ([ 0, 9 ], [ 300_000, 700_000 ], [ $total - 7, $total - 1 ]) {
    $expected .= "\r\n--$mark\r\nContent-Type: video/mp4\r\nContent-Range: bytes $_->[0]-$_->[1]/$total\r\n\r\n"
        . substr($bytes, $_->[0], $_->[1] - $_->[0] + 1);
}
identical $several->{body}, "$expected\r\n--$mark--\r\n", 'three ranges: parts';
is $several->{headers}{'content-length'}, length $several->{body}, 'three ranges: length';

# ---- conditions ----
is get($port, '/t/film/file.mp4', 'If-None-Match' => $etag)->{status}, 304, 'If-None-Match';
is get($port, '/t/film/file.mp4', 'If-None-Match' => '"x"', Range => 'bytes=0-1')->{status}, 206, 'If-None-Match, other';
is get($port, '/t/film/file.mp4', 'If-Range' => $etag, Range => 'bytes=0-1')->{status}, 206, 'If-Range holds';
is get($port, '/t/film/file.mp4', 'If-Range' => '"x"',  Range => 'bytes=0-1')->{status}, 200, 'If-Range does not';
is get($port, '/t/film/file.mp4', 'If-Range' => $date, Range => 'bytes=0-1')->{status}, 206, 'If-Range with the date';
is get($port, '/t/film/file.mp4', 'If-Match' => '"x"')->{status}, 412, 'If-Match';

# ---- pieces ----
my $piece = $kind{file}{pieces}[0];
my $stored = slurp("$dir/lib/pieces/" . substr($piece->{uuid}, 0, 2) . "/$piece->{uuid}");
$answer = get($port, "/p/$piece->{uuid}");
identical $answer->{body}, $stored, 'piece: bytes';
like $answer->{headers}{'cache-control'}, qr/max-age=31536000.*immutable/, 'piece: immutable';
my $short = substr $piece->{sha256}, 0, 32;
like $answer->{headers}{etag}, qr/^"(?:$short|$piece->{uuid})"$/, 'piece: ETag from its sha256, or its name';
is get($port, "/p/$piece->{uuid}", Range => 'bytes=1-2')->{body}, substr($stored, 1, 2), 'piece: range';

# ---- HLS ----
$answer = get($port, '/t/film/master.m3u8');
is $answer->{headers}{'content-type'}, 'application/vnd.apple.mpegurl', 'master: type';
like $answer->{body}, qr/^#EXTM3U\n.*#EXT-X-STREAM-INF:BANDWIDTH=\d+,.*CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2".*\nts\.m3u8\n$/s, 'master';
$answer = get($port, '/t/film/ts.m3u8');
my @segments = $answer->{body} =~ /^([0-9a-f-]{36})\.ts$/mg;
is_deeply \@segments, [ map { $_->{uuid} } @{ $kind{ts}{pieces} } ], 'playlist: the segments';
my $etag_m3u8 = $answer->{headers}{etag};
is get($port, '/t/film/ts.m3u8', 'If-None-Match' => $etag_m3u8)->{status}, 304, 'playlist: revalidates';
my $segment = get($port, "/t/film/$segments[1].ts");
is $segment->{headers}{'content-type'}, 'video/mp2t', 'segment: type';
identical $segment->{body}, substr($ts, $kind{ts}{pieces}[1]{offset}, $kind{ts}{pieces}[1]{bytes}), 'segment: bytes';
is get($port, "/t/film/$segments[1].ts", Range => 'bytes=188-375')->{body}, substr($segment->{body}, 188, 188), 'segment: range';
is get($port, "/t/film/$piece->{uuid}.ts")->{status}, 404, 'a piece of the file is no segment';
is played("http://127.0.0.1:$port/t/film/master.m3u8"), 300, 'HLS: FFmpeg decodes every frame';
is played("http://127.0.0.1:$port/t/film/file.mp4"), 300, 'virtual file: FFmpeg decodes every frame';

# ---- paths ----
for my $case (
    [ '/t/none/header.enp', 404, 202 ], [ '/t/none/file.mp4', 404, 202 ], [ '/t/film/nothing', 404, 202 ], [ '/x', 404, 202 ], [ '/', 404, 202 ],
    [ '/t/film/../film/../../etc/passwd', 404, 202 ], [ '/t/../../etc/passwd', 400, 0 ], [ '/t/..%2f..%2fetc%2fpasswd', 400, 0 ], [ '/t/a%2fb/file.mp4', 404, 202 ],
    [ '/t/fi%00lm/file.mp4', 400, 0 ], [ '/t/.hidden/file.mp4', 400, 200 ], [ '/t/' . 'a' x 300 . '/file.mp4', 400, 200 ],
    [ '/p/' . 'a' x 4000, 400, 200 ], [ '/p/..%2ftitles%2ffilm', 404, 202 ], [ "/p/\U$piece->{uuid}", 400, 200 ],
    [ '/p/00000000-0000-4000-8000-000000000000', 404, 202 ], [ '/nowhere/t/film/file.mp4', 404, 202 ],
) {
    my ($path, $status, $code) = @$case;
    my $got = get($port, $path);
    is "$got->{status} " . problem_code($got), "$status $code", substr($path, 0, 40) . ": $status";
}
link "$dir/lib/titles/film/header.enp", "$dir/lib/titles/film/header.hdr";
identical get($port, '/films/t/film/header.hdr')->{body}, $header, 'below a prefix, with a suffix of its own';
identical get($port, '/films/t/film/file.mp4')->{body}, $bytes, 'below a prefix: file';
identical get($port, '/if/t/film/file.mp4?x=1')->{body}, $bytes, 'in an if block';

# ---- methods and CORS ----
my $preflight = (fetch_all({ port => $port, path => '/t/film/file.mp4', method => 'OPTIONS',
    headers => [ Origin => 'http://a', 'Access-Control-Request-Method' => 'GET', 'Access-Control-Request-Headers' => 'range' ] }))[0];
is $preflight->{status}, 204, 'preflight: 204';
is $preflight->{headers}{'access-control-allow-origin'}, '*', 'preflight: origin';
like $preflight->{headers}{'access-control-allow-headers'}, qr/\bRange\b/, 'preflight: Range';
for my $method (qw(POST PUT DELETE PATCH)) {
    my $got = (fetch_all({ port => $port, path => '/t/film/file.mp4', method => $method }))[0];
    is "$got->{status} $got->{headers}{allow} " . problem_code($got), '405 GET, HEAD, OPTIONS 203', "$method: 405";
}
for my $path ('/t/film/file.mp4', '/t/film/header.enp', '/t/film/ts.m3u8', "/p/$piece->{uuid}", '/t/none/key', '/t/film/file.mp4?rendition=x') {
    my %got = %{ get($port, $path)->{headers} };
    is join(' ', map { $got{$_} // '-' } qw(access-control-allow-origin access-control-expose-headers timing-allow-origin x-content-type-options)),
        '* Content-Range, ETag, Cache-Status * nosniff', "$path: CORS";
}

# ---- a header file that changes ----
is get($port, '/t/film/key')->{status}, 401, 'no key where no token is checked';
split_film("$dir/lib", title => 'second', rendition => 'file', source => film(moov_last => 1)->{path});
my $second = film(moov_last => 1)->{bytes};
identical get($port, '/t/second/file.mp4')->{body}, $second, 'index at the end: bytes';
is problem_code(get($port, '/t/second/ts.m3u8')), 115, 'no ts rendition, no HLS';
is problem_code(get($port, '/t/second/file.ts?rendition=ts')), 115, 'nor as a file';
rename "$dir/lib/titles/second/header.enp", "$dir/lib/titles/film/header.enp";
await(sub { get($port, '/t/film/file.mp4')->{body} eq $second }, 'a header that was replaced is noticed');

# ---- memory ----
SKIP: {
    skip 'a sanitizer keeps freed memory for a while', 1 if $Weir::Nginx::preset =~ /san/;
    $nginx->write_conf(workers => 1);
    $nginx->reload;
    my $client = Weir::Client->new($port);
    my $round = sub {
        $client->send(path => '/t/second/file.mp4', headers => [ Range => 'bytes=100000-100999' ]);
        $client->answer;
    };
    my $memory = sub { my $sum = 0; $sum += $nginx->resident_kb($_) for $nginx->workers; $sum };
    sub many { my ($n) = @_; for (1 .. $n) { if ($_ % 900 == 0) { $client->close; $client = Weir::Client->new($port) } $round->() } }
    many(1000);
    my $before = $memory->();
    many(10_000);
    cmp_ok $memory->() - $before, '<', 1024, '10,000 requests: memory does not grow';
    $client->close;
}

finish();

# Frames that FFmpeg decodes; its complaints instead, when it has any.
sub played {
    my ($url) = @_;
    my $out = `ffmpeg -nostdin -v error -i '$url' -map 0:v -f null - -progress pipe:1 2>&1`;
    return $out =~ /^frame=\d+/m ? (my @all = $out =~ /^frame=(\d+)/mg)[-1] : $out;
}
