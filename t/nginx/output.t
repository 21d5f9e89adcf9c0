# How answers leave: no stall of 40 ms, no waiting for TCP_CORK, no memory that grows, no first byte that waits.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

my $origin = origin();
my $nginx  = nginx(vars => { ORIGIN => $origin->port }, http => <<'EOF');
    weir_store zone=films:4m path=%%DIR%%/store;
    sendfile on;
    keepalive_requests 100000;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    server {
        listen 127.0.0.1:%%PORT%%;
        location /lib/ { weir_root %%DIR%%; }
        location / { weir_origin @origin; weir_cache films; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_buffering off; }
    }
    server {
        listen 127.0.0.1:%%PORT_1%%;
        tcp_nopush on;
        location /lib/ { weir_root %%DIR%%; }
        location / { weir_origin @origin; weir_cache films; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_buffering off; }
    }
EOF

# Sizes and starts around a loopback segment: an answer that Nagle or cork holds takes 40 or 200 ms.
for my $n (0, 1) {
    my $port   = $nginx->port($n);
    my $client = Weir::Client->new($port);
    my ($slow, $asked) = (0, 0);
    for my $kib (1, 63, 64, 65, 100, 200) {
        my $size = $kib * 1024;
        my $body = $origin->serve("/p/$kib", size => $size, etag => "\"$kib\"");
        $nginx->write("lib/$kib", \$body);
        get($port, "/p/$kib");
        for my $path ("/p/$kib", "/lib/$kib") {
            for my $from (0, 1, 597, 4096) {
                next if $from >= $size;
                my @times;
                for (1 .. 5) {
                    $client->send(path => $path, headers => [ Range => "bytes=$from-" ]);
                    my $answer = $client->answer;
                    push @times, $answer->{time};
                    fail("$path from $from: bytes") if $answer->{body} ne substr $body, $from;
                    $asked++;
                }
                # The machine may be busy once; a stall is there each time.
                my ($median) = (sort { $a <=> $b } @times)[2];
                $slow++, diag("$path from $from: $median s") if $median > 0.02;
            }
        }
    }
    is $slow, 0, ($n ? 'tcp_nopush on' : 'tcp_nopush off') . ": no stall in $asked answers";
}

# A growing answer is passed on as it comes, corked server or not; late joiners get what is there at once.
for my $n (0, 1) {
    my $path = "/paced$n";
    my $body = $origin->serve($path, size => 400_000, rate => 400_000, etag => '"p"');
    my @all  = fetch_all(map { { port => $nginx->port($n), path => $path, after => 0.05 * $_ } } 0 .. 9);
    is scalar(grep { $_->{body} eq $body } @all), 10, 'paced: identical';
    shift @all;
    my @ttfb = sort { $a <=> $b } map { $_->{ttfb} } @all;
    cmp_ok $ttfb[ $#ttfb / 2 ], '<', 0.01, "paced: late joiners' first byte (median)";
    my @gaps = sort { $a <=> $b } map { $_->{gap} } @all;
    cmp_ok $gaps[ $#gaps / 2 ], '<', 0.15, 'paced: no gap (median)';
}

# Memory and descriptors over many requests, of all kinds.
my ($worker) = $nginx->workers;
my $round = sub {
    my $client = Weir::Client->new($nginx->port);
    for my $i (1 .. 500) {
        $client->send(path => ('/p/64', '/lib/100', '/nothing', '/p/1')[ $i % 4 ], headers => [ Range => 'bytes=' . ($i % 900) . '-' ]);
        $client->answer;
    }
};
$round->() for 1 .. 2;
my ($before, $fds) = ($nginx->resident_kb($worker), $nginx->descriptors($worker));
$round->() for 1 .. 6;
SKIP: {
    skip 'a sanitizer keeps freed memory', 1 if $Weir::Nginx::preset =~ /asan|tsan/;
    cmp_ok $nginx->resident_kb($worker) - $before, '<', 600, 'memory does not grow over 3000 requests (KiB)';
}
cmp_ok $nginx->descriptors($worker) - $fds, '<=', 2, 'descriptors neither';

finish();
