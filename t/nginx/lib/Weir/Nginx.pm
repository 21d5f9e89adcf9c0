package Weir::Nginx;

# One nginx with the module, in its own temporary prefix, in the foreground of a child process. The configuration is whole
# and belongs to the test; %%NAME%% in it is replaced: DIR (the prefix), PORT (a free port; PORT_1, PORT_2 … are others)
# and whatever `vars` gives. stop() fails the test on what must never be in a log, and on what is left behind.
#
#   my $nginx = Weir::Nginx->new(workers => 2, http => 'server { listen 127.0.0.1:%%PORT%%; … }');
#   $nginx->start;  $nginx->port;  $nginx->workers;  $nginx->reload;  $nginx->stop;
#
# Environment: WEIR_PRESET (dev) names the build to test; WEIR_KEEP=1 keeps the prefix; WEIR_NGINX is another binary.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Test::More ();
use Time::HiRes qw(sleep time);

our $root   = abs_path(dirname(__FILE__) . '/../../../..');
our $preset = $ENV{WEIR_PRESET} || 'dev';
my @running;

sub module_path { "$root/build/$preset/ngx_http_weir_module.so" }

sub free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1, ReuseAddr => 1)
        or die "no free port: $!";
    return $socket->sockport;
}

# Options: http (text of the http block, required), main (text of the main context), workers, vars, events,
# allow (a regex of log lines that this test provokes), debug (error_log level debug), stop_after (seconds).
sub new {
    my ($class, %options) = @_;
    my $dir  = tempdir('weir-nginx-XXXXXX', TMPDIR => 1);
    my $self = bless { workers => 1, vars => {}, main => '', events => '', %options, dir => $dir, ports => {} }, $class;
    chmod 0755, $dir;
    make_path("$dir/lib", "$dir/logs", "$dir/tmp");
    $self->write_conf;
    return $self;
}

sub dir  { $_[0]{dir} }
sub pid  { $_[0]{pid} }
sub port { my ($self, $n) = @_; return $self->{ports}{ $n || 0 } ||= free_port() }

sub expand {
    my ($self, $text) = @_;
    $text =~ s/%%PORT(?:_(\d+))?%%/$self->port($1)/ge;
    $text =~ s/%%DIR%%/$self->{dir}/g;
    $text =~ s/%%(\w+)%%/exists $self->{vars}{$1} ? $self->{vars}{$1} : die "no value for %%$1%%"/ge;
    return $text;
}

# Writes the configuration again, for instance with other `vars` before a reload.
sub write_conf {
    my ($self, %options) = @_;
    @$self{ keys %options } = values %options;
    my $dir   = $self->{dir};
    my $user  = $> == 0 ? "user root;" : '';
    my $level = $self->{debug} ? 'debug' : 'info';
    my $module = module_path();
    my $text = <<"EOF";
load_module $module;
$user
daemon off;
worker_processes $self->{workers};
pid $dir/nginx.pid;
error_log $dir/error.log $level;
$self->{main}
events { worker_connections 2048; $self->{events} }
http {
    access_log off;
    client_body_temp_path $dir/tmp/body;
    proxy_temp_path $dir/tmp/proxy;
    fastcgi_temp_path $dir/tmp/fastcgi;
    uwsgi_temp_path $dir/tmp/uwsgi;
    scgi_temp_path $dir/tmp/scgi;
    $self->{http}
}
EOF
    $self->write('nginx.conf', $self->expand($text));
    return $self;
}

# Writes a file below the prefix (content may be a reference) and returns its path.
sub write {
    my ($self, $name, $content) = @_;
    my $path = "$self->{dir}/$name";
    make_path(dirname($path));
    open my $file, '>:raw', "$path.new" or die "$path: $!";
    print $file ref $content ? $$content : $content;
    close $file or die "$path: $!";
    rename "$path.new", $path or die "$path: $!";
    return $path;
}

sub command {
    my ($self, @more) = @_;
    return ($ENV{WEIR_NGINX} || '/usr/sbin/nginx', '-p', "$self->{dir}/", '-c', "$self->{dir}/nginx.conf", '-e',
        "$self->{dir}/error.log", @more);
}

sub sanitizer_environment {
    return () unless $preset =~ /asan|tsan/;
    my $library = $preset =~ /tsan/ ? 'libtsan.so' : 'libasan.so';
    chomp(my $path = `gcc -print-file-name=$library`);
    return (
        LD_PRELOAD     => abs_path($path),
        ASAN_OPTIONS   => 'detect_leaks=0:abort_on_error=0:detect_odr_violation=0',
        UBSAN_OPTIONS  => 'print_stacktrace=1',
    );
}

# Runs nginx -t: (exit status, everything it printed).
sub test_config {
    my ($self) = @_;
    my %environment = sanitizer_environment();
    local @ENV{ keys %environment } = values %environment;
    my $command = join ' ', map { "'$_'" } $self->command('-t');
    my $out = `$command 2>&1`;
    return ($? >> 8, $out);
}

sub start {
    my ($self) = @_;
    my %environment = sanitizer_environment();
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        @ENV{ keys %environment } = values %environment;
        open STDERR, '>>', "$self->{dir}/stderr.log";
        open STDOUT, '>&', \*STDERR;
        POSIX::setsid();
        exec $self->command or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    push @running, $self;
    my $port = (sort values %{ $self->{ports} })[0];
    $self->await(sub { $self->alive or die "nginx did not start:\n" . $self->logs; $self->workers == $self->{workers}
        && (!$port || IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)) }, 'nginx is up', 15);
    return $self;
}

sub alive { my ($self) = @_; return $self->{pid} && waitpid($self->{pid}, WNOHANG) == 0 }

# Polls until the code is true; dies with the name of what never came.
sub await {
    my ($self, $code, $what, $seconds) = @_;
    my $deadline = time + ($seconds || 10);
    while (time < $deadline) {
        my $value = $code->();
        return $value if $value;
        sleep 0.01;  # poll
    }
    die "waited in vain: $what\n" . $self->logs;
}

# Pids of the workers, oldest first; those shutting down are left out unless asked for.
sub workers {
    my ($self, $all) = @_;
    open my $file, '<', "/proc/$self->{pid}/task/$self->{pid}/children" or return ();
    my @pids = split ' ', <$file> // '';
    return grep {
        my $title = command_line($_);
        $title =~ /worker process/ && ($all || $title !~ /shutting down/)
    } @pids;
}

sub command_line {
    my ($pid) = @_;
    open my $file, '<', "/proc/$pid/cmdline" or return '';
    local $/;
    my $text = <$file> // '';
    $text =~ tr/\0/ /;
    return $text;
}

sub reload {
    my ($self) = @_;
    my %old = map { $_ => 1 } $self->workers(1);
    kill HUP => $self->{pid};
    $self->await(sub { my @now = $self->workers; @now == $self->{workers} && !grep { $old{$_} } @now }, 'new workers only');
    return $self;
}

# As if the machine lost its power: master and workers at once. One after the other would let a master replace a
# worker before its own turn, and the orphan would keep the port. start() brings it back.
sub crash {
    my ($self) = @_;
    kill -9, $self->{pid};
    waitpid $self->{pid}, 0;
    return $self;
}

# Number of descriptors a process holds.
sub descriptors {
    my ($self, $pid) = @_;
    opendir my $dir, "/proc/$pid/fd" or return 0;
    return scalar grep { !/^\./ } readdir $dir;
}

sub resident_kb {
    my ($self, $pid) = @_;
    open my $file, '<', "/proc/$pid/status" or return 0;
    while (<$file>) { return $1 if /^VmRSS:\s+(\d+)/ }
    return 0;
}

sub slurp {
    my ($self, $name) = @_;
    open my $file, '<:raw', "$self->{dir}/$name" or return '';
    local $/;
    return scalar <$file>;
}

sub error_log { $_[0]->slurp('error.log') }
sub logs { my ($self) = @_; return $self->slurp('stderr.log') . $self->error_log }

# What must never be in a log.
sub complaints {
    my ($self) = @_;
    my $allow = $self->{allow};
    return grep { /\[(?:alert|emerg|crit)\]|Sanitizer|runtime error|open socket|exited on signal/ && !($allow && /$allow/) }
        split /\n/, $self->logs;
}

# Quits nginx gracefully and checks what it leaves.
sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    @running = grep { $_ != $self } @running;
    kill QUIT => $pid;
    my $deadline = time + ($self->{stop_after} || 10);
    my $gone;
    until (($gone = waitpid($pid, WNOHANG)) == $pid || time > $deadline) { sleep 0.01 }  # poll
    my $clean = $gone == $pid;
    if (!$clean) { kill -9, $pid; waitpid $pid, 0 }
    my @left = $clean ? processes_of_session($pid) : ();
    kill 9, @left if @left;
    my @complaints = $self->complaints;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    Test::More::ok($clean && !@left && !@complaints, 'nginx ended cleanly')
        or Test::More::diag(join "\n", ($clean ? () : 'it had to be killed'),
            (@left ? "left running: @left" : ()), @complaints[0 .. ($#complaints < 20 ? $#complaints : 20)]);
    if ($ENV{WEIR_KEEP}) { Test::More::diag("kept $self->{dir}") }
    else { remove_tree($self->{dir}) }
    return;
}

sub processes_of_session {
    my ($session) = @_;
    my @found;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $file, '<', $stat or next;
        my $line = <$file> // next;
        my ($pid, $state, $sid) = $line =~ /^(\d+) \(.*\) (\S) \d+ \d+ (\d+)/ or next;
        push @found, $pid if $sid == $session && $state ne 'Z';
    }
    return @found;
}

END {
    local $?;
    for my $self (@running) { kill -9, $self->{pid}; waitpid $self->{pid}, 0; remove_tree($self->{dir}) unless $ENV{WEIR_KEEP} }
}

1;
