# No room: what cannot be kept is streamed all the same.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

my $origin = origin();
my $disk   = tiny_disk();
my $nginx  = nginx(workers => 2, vars => { ORIGIN => $origin->port, DISK => $disk || '%%DIR%%/disk' }, http => <<'EOF');
    weir_store zone=films:1m path=%%DIR%%/store max_size=3m;
    weir_store zone=tiny:32k path=%%DIR%%/tiny;
    weir_store zone=full:1m path=%%DISK%%;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        weir_origin @origin;
        location /films/ { weir_cache films; }
        location /tiny/ { weir_cache tiny; }
        location /full/ { weir_cache full; }
        location /none/ { weir_cache off; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; }
    }
EOF
my $port = $nginx->port;

# Bytes on disk of a store's files, heads not counted.
sub kept { my ($dir) = @_; my $sum = 0; $sum += (-s $_) - 4096 for store_files($dir); return $sum }

# max_size: the longest unused go.
for my $n (1 .. 6) { my $body = $origin->serve("/films/$n", size => 1_000_000, etag => "\"$n\""); identical get($port, "/films/$n")->{body}, $body, "max_size: object $n"; get($port, '/films/1') }
cmp_ok kept($nginx->dir . '/store'), '<=', 3 << 20, 'max_size is kept to';
like get($port, '/films/1')->{headers}{'cache-status'}, qr/HIT/, 'max_size: what is used stays';
like get($port, '/films/2')->{headers}{'cache-status'}, qr/MISS/, 'max_size: what is not used goes';

# Larger than the store.
my $body = $origin->serve('/films/huge', size => 10_000_000, etag => '"huge"', type => 'video/mp4');
my $huge = get($port, '/films/huge');
identical $huge->{body}, $body, 'larger than the store: bytes';
is "$huge->{status} $huge->{headers}{'content-type'} $huge->{headers}{etag}", '200 video/mp4 "huge"', 'larger than the store: headers';
like $huge->{headers}{'cache-status'}, qr/^weir; fwd=bypass/, 'larger than the store: Cache-Status';
my @all = fetch_all(map { { port => $port, path => '/films/huge' } } 1 .. 4);
is scalar(grep { $_->{body} eq $body } @all), 4, 'larger than the store: several viewers';
my $end = get($port, '/films/huge', Range => 'bytes=9000000-9000999');
is $end->{status}, 206, 'larger than the store: range';
identical $end->{body}, substr($body, 9_000_000, 1000), 'larger than the store: bytes of the range';

# Without weir_cache: no limit of memory is needed either, the viewer's pace is the origin's.
$body = $origin->serve('/none/a', size => 12_000_000, etag => '"n"');
my ($slow) = fetch_all({ port => $port, path => '/none/a', pace => 8_000_000, rcvbuf => 65536 });
identical $slow->{body}, $body, 'no store: a slow viewer gets everything';
like $slow->{headers}{'cache-status'}, qr/bypass/, 'no store: Cache-Status';
is get($port, '/none/b')->{status}, 404, 'no store: 404';
$origin->serve('/none/die', size => 3_000_000, etag => '"d"', die_at => 1_000_000, die_times => 1);
is length get($port, '/none/die')->{body}, 3_000_000, 'no store: a source that dies is resumed';
fetch_all({ port => $port, path => '/none/a', abort_at => 100_000 });
$body = $origin->serve('/none/chunked', size => 6_000_000, chunked => 1);
identical get($port, '/none/chunked')->{body}, $body, 'no store: chunks';
$body = $origin->serve('/none/bare', size => 9_000_000);
identical get($port, '/none/bare', Range => 'bytes=8000000-')->{body}, substr($body, 8_000_000), 'no store: range without validators';

# A zone full of entries.
for my $n (1 .. 400) { $origin->serve("/tiny/$n", body => "tiny $n") }
my $bad = 0;
for my $n (1 .. 400) { $bad++ if get($port, "/tiny/$n")->{body} ne "tiny $n" }
is $bad, 0, 'tiny zone: 400 objects, all right';

# A full disk.
SKIP: {
    skip 'a small file system of its own needs root and mount', 6 if !$disk;
    $body = $origin->serve('/full/a', size => 3_000_000, etag => '"a"');
    identical get($port, '/full/a')->{body}, $body, 'full disk: length known';
    like get($port, '/full/a')->{headers}{'cache-status'}, qr/bypass/, 'full disk: nothing kept';
    $body = $origin->serve('/full/b', size => 3_000_000, etag => '"b"', chunked => 1);
    @all = fetch_all(map { { port => $port, path => '/full/b' } } 1 .. 3);
    is scalar(grep { $_->{complete} && $_->{body} eq $body } @all), 3, 'full disk in mid-body: nobody sees it';
    $body = $origin->serve('/full/c', size => 100_000, etag => '"c"');
    get($port, '/full/c');
    like get($port, '/full/c')->{headers}{'cache-status'}, qr/HIT/, 'full disk: what fits is kept';
    unlike $nginx->error_log, qr/\[crit\]/, 'full disk: no alarm';
    is kept($disk), 100_000, 'full disk: nothing half-written stays';
}

finish();
system 'umount', $disk if $disk;

# A file system of 2 MiB; undef where it cannot be had.
sub tiny_disk {
    return if $> != 0;
    my $dir = File::Temp::tempdir('weir-disk-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    return system("mount -t tmpfs -o size=2m weir-test $dir 2>/dev/null") == 0 ? $dir : undef;
}
