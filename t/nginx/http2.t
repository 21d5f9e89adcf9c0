# HTTP/2 viewers: read while it comes, hits, and an error where the object ends early.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

plan skip_all => 'curl without HTTP/2' if `curl --version` !~ /HTTP2/;

my $origin = origin();
my $nginx  = nginx(vars => { ORIGIN => $origin->port }, http => <<'EOF');
    weir_store zone=films:4m path=%%DIR%%/store;
    server {
        listen 127.0.0.1:%%PORT%% http2;
        location / { weir_origin @origin; weir_cache films; }
        location /limited/ { weir_origin @origin; weir_cache films; limit_rate 400k; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_buffering off; proxy_http_version 1.1; }
    }
    server {
        listen 127.0.0.1:%%PORT_1%%;
        location / { weir_origin @origin; weir_cache films; limit_rate 400k; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_buffering off; proxy_http_version 1.1; }
    }
EOF
my $dir = $nginx->dir;

# Exit status, and the file it wrote.
sub curl {
    my ($path, @more) = @_;
    my $out  = "$dir/curl.out";
    unlink $out;
    my $rc = system('curl', '-s', '--http2-prior-knowledge', '--max-time', 20, '-o', $out, @more, 'http://127.0.0.1:' . $nginx->port . $path);
    return ($rc >> 8, $nginx->slurp('curl.out'));
}

my $body = $origin->serve('/a', size => 600_000, etag => '"a"', rate => 1_000_000);
my ($rc, $got) = curl('/a');
is $rc, 0, 'while it comes: end';
identical $got, $body, 'while it comes: bytes';
($rc, $got) = curl('/a', '-r', '100-300000');
identical $got, substr($body, 100, 299_901), 'hit: range';

$origin->serve('/short', size => 400_000, etag => '"s"', ranges => 0, die_at => 100_000);
($rc, $got) = curl('/short');
isnt $rc, 0, 'ends early: an error';
is length $got, 100_000, 'ends early: the right bytes before';
$origin->serve('/chunks', size => 400_000, etag => '"c"', ranges => 0, die_at => 100_000, chunked => 1);
($rc, $got) = curl('/chunks');
isnt $rc, 0, 'ends early, length unknown: an error, not an end';
($rc, $got) = curl('/none');
like $got, qr/"code":202/, 'not found';

# limit_rate, on what comes and on what is held, in both protocols.
$body = $origin->serve('/limited/b', size => 500_000, etag => '"b"');
for my $kind ('miss', 'hit') { ($rc, $got) = curl('/limited/b'); identical $got, $body, "limit_rate: $kind" }
$body = $origin->serve('/c', size => 500_000, etag => '"c"', rate => 2_000_000);
for my $kind ('miss', 'hit') {
    my $answer = get($nginx->port(1), '/c');
    identical $answer->{body}, $body, "limit_rate, HTTP/1.1: $kind";
    cmp_ok $answer->{time}, '>', 0.8, "limit_rate, HTTP/1.1: $kind: kept to";
}

finish();
