# Fills and workers that come and go: reload, kill, hang, shutdown.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

my $origin = origin();
my $nginx  = nginx(workers => 2, vars => { ORIGIN => $origin->port }, allow => 'exited on signal 9|open socket',
    http => <<'EOF');
    weir_store zone=films:4m path=%%DIR%%/store;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { weir_origin @origin; weir_cache films; }
        location = /pid { return 200 $pid; }
        location @origin {
            proxy_pass http://127.0.0.1:%%ORIGIN%%;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }
    }
EOF
my $port = $nginx->port;

# Forks a viewer that collects an answer while the test does something else.
sub viewers {
    my @queries = @_;
    pipe my $out, my $in;
    my $pid = fork // die;
    if (!$pid) {
        close $out;
        my @answers = fetch_all(@queries);
        print $in map { join("\t", $_->{status}, $_->{complete}, length $_->{body}, $_->{sum}, sprintf('%.3f', $_->{gap})) . "\n" }
            map { { %$_, sum => unpack('%32C*', $_->{body}) } } @answers;
        close $in;
        POSIX::_exit(0);
    }
    close $in;
    return sub { my @lines = <$out>; waitpid $pid, 0; chomp @lines; return map { [ split /\t/ ] } @lines };
}
sub whole { my ($body, @answers) = @_; my $sum = unpack '%32C*', $body;
    return scalar grep { $_->[0] == 200 && $_->[1] && $_->[2] == length $body && $_->[3] == $sum } @answers }

# Five reloads while an object comes; viewers of both generations read the one fill.
my $body = $origin->serve('/hup', size => 1_500_000, rate => 500_000, etag => '"h"');
my $join = viewers(map { { port => $port, path => '/hup', after => 0.3 * $_ } } 0 .. 8);
await(sub { $origin->requests('/hup') }, 'asked');
for (1 .. 5) { $nginx->reload; sleep 0.15 }  # pace
is whole($body, $join->()), 9, 'reload: all viewers complete and identical';
is scalar($origin->requests('/hup')), 1, 'reload: one origin request';
await(sub { $nginx->workers(1) == 2 }, 'the old workers left');

# Reload with no viewer left: the old worker stays until the fill is done.
$body = $origin->serve('/quiet', size => 400_000, rate => 400_000, etag => '"q"');
fetch_all({ port => $port, path => '/quiet', abort_at => 1000 });
$nginx->reload;
await(sub { $nginx->workers(1) == 2 }, 'the old workers left when their fill was done');
like get($port, '/quiet')->{headers}{'cache-status'}, qr/HIT/, 'reload: the fill was finished by the old worker';
is scalar($origin->requests('/quiet')), 1, 'reload: and not begun again';

# The filling worker is killed: viewers in the other one go on.
$body = $origin->serve('/kill', size => 1_000_000, rate => 500_000, etag => '"k"');
my @before = $nginx->workers;
my @pids;
$join = viewers(map { { port => $port, path => '/kill', after => 0.01 * $_ } } 0 .. 15);
await(sub { $origin->requests('/kill') }, 'asked');
sleep 0.5;  # pace: the body is under way
# The one that fills is the one that holds a connection to the origin.
my ($filler) = grep { connected_to($_, $origin->port) } @before;
ok $filler, 'one worker fills';
kill KILL => $filler;
my @answers  = $join->();
my @survived = grep { $_->[1] } @answers;
my @died     = grep { !$_->[1] } @answers;
cmp_ok scalar(@survived), '>=', 1, 'kill: viewers of the other worker survive (' . @survived . ' of ' . @answers . ')';
is whole($body, @answers), scalar(@survived), 'kill: with the right bytes';
my ($gap) = sort { $b <=> $a } map { $_->[4] } @survived;
cmp_ok $gap, '<', 1.5, "kill: without a stall (longest gap $gap s)";
my @asked = $origin->requests('/kill');
is scalar(@asked), 2, 'kill: two origin requests';
like $asked[1]{range}, qr/^bytes=[1-9]\d+-$/, 'kill: the second for the rest';
identical get($port, '/kill')->{body}, $body, 'kill: then a hit with the right bytes';

# The filling worker hangs: another takes over.
$body = $origin->serve('/hang', size => 600_000, rate => 300_000, etag => '"g"');
@before = $nginx->await(sub { my @w = $nginx->workers; @w == 2 && @w }, 'two workers') ? $nginx->workers : ();
$join = viewers(map { { port => $port, path => '/hang', after => 0.01 * $_, timeout => 30 } } 0 .. 15);
await(sub { $origin->requests('/hang') }, 'asked');
sleep 0.3;  # pace: the body is under way
($filler) = grep { connected_to($_, $origin->port) } $nginx->workers;
kill STOP => $filler;
await(sub { $origin->requests('/hang') == 2 }, 'hang: another worker asks for the rest', 15);
await(sub { grep { -s $_ == 604_096 } store_files($nginx->dir . '/store') }, 'hang: the object is there', 10);
kill CONT => $filler;
is whole($body, $join->()), 16, 'hang: all viewers complete and identical';
identical get($port, '/hang')->{body}, $body, 'hang: the hit is right';

# worker_shutdown_timeout cuts the old worker's fill; the new workers go on with it.
$nginx->write_conf(main => 'worker_shutdown_timeout 300ms;');
$nginx->reload;
$body = $origin->serve('/shutdown', size => 600_000, rate => 300_000, etag => '"s"');
$join = viewers({ port => $port, path => '/shutdown' }, map { { port => $port, path => '/shutdown', after => 0.4 + 0.1 * $_ } } 1 .. 4);
await(sub { $origin->requests('/shutdown') }, 'asked');
sleep 0.1;  # pace: the body is under way
$nginx->reload;
@answers = $join->();
shift @answers;
is whole($body, @answers), 4, 'shutdown timeout: viewers of the new workers complete and identical';
is scalar($origin->requests('/shutdown')), 2, 'shutdown timeout: the rest was fetched by a new worker';

# No descriptors are left over.
my %fds = map { $_ => $nginx->descriptors($_) } $nginx->workers;
$origin->serve("/f$_", size => 10_000) for 1 .. 50;
get($port, "/f$_") for 1 .. 50;
await(sub { !grep { connected_to($_, $origin->port) } $nginx->workers }, 'all fills are over');
for my $pid (keys %fds) { cmp_ok $nginx->descriptors($pid) - $fds{$pid}, '<=', 60, 'descriptors: no more than open files' }

# True when the process holds a connection to the port.
sub connected_to {
    my ($pid, $to) = @_;
    my %inodes;
    open my $tcp, '<', '/proc/net/tcp' or return 0;
    while (my $line = <$tcp>) { my @f = split ' ', $line; $inodes{ $f[9] } = 1 if $f[2] =~ /:([0-9A-F]{4})$/ && hex($1) == $to && $f[3] eq '01' }
    for my $fd (glob "/proc/$pid/fd/*") { my $link = readlink $fd // next; return 1 if $link =~ /^socket:\[(\d+)\]/ && $inodes{$1} }
    return 0;
}

finish();
