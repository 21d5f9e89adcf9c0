# weir_status in both formats, and what the counters say after known requests.
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Weir::Test;

my $origin = origin();
my $nginx  = nginx(workers => 2, vars => { ORIGIN => $origin->port }, http => <<'EOF');
    weir_store zone=films:1m path=%%DIR%%/store max_size=50m;
    weir_store zone=other:1m path=%%DIR%%/other;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { weir_origin @origin; weir_cache films; }
        location @origin { proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_buffering off; }
        location = /_weir/status { weir_status; }
        location = /_weir/metrics { weir_status format=prometheus; }
    }
EOF
my $port = $nginx->port;
$origin->serve('/a', size => 100_000, rate => 500_000);
fetch_all(map { { port => $port, path => '/a', after => 0.02 * $_ } } 0 .. 2);
get($port, '/a', Range => 'bytes=0-999') for 1 .. 4;
get($port, '/none');

my $answer = get($port, '/_weir/status');
is "$answer->{status} $answer->{headers}{'content-type'} $answer->{headers}{'cache-control'}", '200 application/json no-store', 'headers';
my $status = decode_json($answer->{body});
like $status->{version}, qr/^\d+\.\d+\.\d+$/, 'version';
is_deeply [ sort { $a <=> $b } map { $_->{pid} } @{ $status->{workers} } ], [ sort { $a <=> $b } $nginx->workers ], 'workers';
is_deeply [ sort keys %$status ], [qw(channels sessions stores titles tokens version workers)], 'members';
my $store = $status->{stores}{films};
is_deeply $store, { bytes => 100_000, max_bytes => 50 << 20, objects => 1, hits => 4, misses => 2, fills => 2, collapsed => 2,
    origin_requests => 2, origin_bytes => 100_000, served_bytes => 304_000, evicted_blocks => 0, crc_errors => 0 }, 'counters';
is $status->{stores}{other}{objects}, 0, 'another store';
is_deeply $status->{tokens}, { verified => 0, cached => 0, refused => {} }, 'tokens';

my $text = get($port, '/_weir/metrics');
like $text->{headers}{'content-type'}, qr{^text/plain; version=0.0.4}, 'prometheus: type';
like $text->{body}, qr/^# TYPE weir_store_hits_total counter\nweir_store_hits_total\{store="films"\} 4\nweir_store_hits_total\{store="other"\} 0$/m,
    'prometheus: a family stands together';
is get($port, '/_weir/status?format=prometheus')->{body}, $text->{body}, 'prometheus: by argument';
is get($port, '/_weir/status?format=xml')->{status}, 400, 'another format';
my %seen;
ok !(grep { /^# TYPE (\S+)/ && $seen{$1}++ } split /\n/, $text->{body}), 'prometheus: each family once';

$nginx->reload;
is decode_json(get($port, '/_weir/status')->{body})->{stores}{films}{hits}, 4, 'counters survive a reload';

finish();
