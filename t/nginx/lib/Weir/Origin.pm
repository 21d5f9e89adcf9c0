package Weir::Origin;

# A scripted origin in processes of its own. What it answers is said per path and may change at any time; what it was asked is
# logged.
#
#   my $origin = Weir::Origin->new;
#   $origin->serve('/p/x', body => $bytes, rate => 1 << 20, die_at => 3 << 20);
#   $origin->requests('/p/x');   # ({path, method, range, if_range, headers, time}, …)
#
# Facts of a path: body (or size: that many bytes of bytes_of(path)), status (200), type, etag, last_modified, headers
# (array reference), delay (s before the head), rate (bytes/s of the body), step (s between writes, 0.02), die_at (byte of the
# object at which the connection is cut), die_times (how often it dies; default always), chunked, length (announced, when it
# lies), ranges (1; 0: answers 200 to a range), stall_at (byte at which it stops sending and holds the connection).
# `down` closes the listening socket: connections are refused from then on; `up` opens it again on the same port.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Digest::MD5 qw(md5_hex);
use File::Path qw(remove_tree);
use IO::Socket::INET;
use POSIX qw(WNOHANG);

use Storable qw(nstore retrieve);
use Time::HiRes qw(sleep time);

my @running;

sub new {
    my ($class, %options) = @_;
    my $self = bless { port => 0, %options, dir => tempdir('weir-origin-XXXXXX', TMPDIR => 1) }, $class;
    $self->up;
    push @running, $self;
    return $self;
}

sub port { $_[0]{port} }

sub serve {
    my ($self, $path, %facts) = @_;
    $facts{body} = bytes_of($path, delete $facts{size}) if defined $facts{size};
    my $file = $self->facts_file($path);
    nstore(\%facts, "$file.new");
    rename "$file.new", $file or die "$file: $!";
    return $facts{body};
}

sub facts_file { my ($self, $path) = @_; return "$self->{dir}/facts." . md5_hex($path) }

sub facts {
    my ($self, $path) = @_;
    for my $file (map { $self->facts_file($_) } $path, '*') { return retrieve($file) if -e $file }
    return { status => 404, body => "no such thing\n", type => 'text/plain' };
}

# `size` bytes that differ everywhere and for every name, the same on each run.
sub bytes_of {
    my ($name, $size) = @_;
    my $seed = 5381;
    $seed = ($seed * 33 + ord) & 0xffffffff for split //, $name;
    my $block = '';
    for my $i (0 .. 1023) { $seed = ($seed * 1103515245 + 12345) & 0x7fffffff; $block .= pack 'N', $seed }
    my $out = '';
    for (my $n = 0; length $out < $size; ++$n) { $out .= pack('NN', $n, $seed) . substr($block, 8) }
    return substr $out, 0, $size;
}

sub up {
    my ($self) = @_;
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $self->{port}, Listen => 256, ReuseAddr => 1)
        or die "origin: $!";
    $self->{port} = $socket->sockport;
    my $pid = fork // die "fork: $!";
    if (!$pid) { eval { $self->run($socket) }; POSIX::_exit(0) }
    $self->{pid} = $pid;
    return $self;
}

# Ends every process of the origin: connections are cut, new ones refused.
sub down {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill TERM => $pid;
    waitpid $pid, 0;
    return $self;
}

sub requests {
    my ($self, $path) = @_;
    open my $log, '<', "$self->{dir}/log" or return ();
    my @all;
    while (<$log>) {
        chomp;
        my ($time, $method, $asked, %headers) = split /\t/;
        push @all, { time => $time, method => $method, path => $asked, headers => \%headers, range => $headers{range},
            if_range => $headers{'if-range'} } if !defined $path || $asked eq $path;
    }
    return @all;
}

sub forget { my ($self) = @_; unlink "$self->{dir}/log"; return $self }

sub run {
    my ($self, $listen) = @_;
    my %children;
    $SIG{PIPE} = 'IGNORE';
    $SIG{TERM} = sub { kill KILL => keys %children; POSIX::_exit(0) };
    $SIG{CHLD} = sub { while ((my $pid = waitpid -1, WNOHANG) > 0) { delete $children{$pid} } };
    while (1) {
        my $client = $listen->accept or next;
        my $pid = fork // next;
        if (!$pid) {
            $SIG{TERM} = 'DEFAULT';
            close $listen;
            eval { 1 while $self->one_request($client) };
            POSIX::_exit(0);
        }
        $children{$pid} = 1;
        close $client;
    }
}

# True while the connection may carry another request.
sub one_request {
    my ($self, $client) = @_;
    my $text = '';
    until ($text =~ /\r\n\r\n/) { sysread $client, $text, 8192, length $text or return 0 }
    my ($line, @lines) = split /\r\n/, $text;
    my ($method, $path) = split ' ', $line;
    my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @lines;
    my $facts = $self->facts($path);
    $self->note($method, $path, %headers);
    return $self->answer($client, $method, $path, $facts, %headers);
}

sub note {
    my ($self, @fields) = @_;
    open my $log, '>>', "$self->{dir}/log" or die;
    syswrite $log, join("\t", sprintf('%.6f', time), @fields) . "\n";
}

sub answer {
    my ($self, $client, $method, $path, $facts, %headers) = @_;
    sleep $facts->{delay} if $facts->{delay};  # pace
    my $body   = $facts->{body} // '';
    my $status = $facts->{status} || 200;
    my ($from, $to) = (0, length $body);
    my @out;
    if ($status == 200 && ($facts->{ranges} // 1) && ($headers{range} // '') =~ /^bytes=(\d+)-(\d*)$/) {
        my $if_range = $headers{'if-range'};
        my $current  = grep { defined && defined $if_range && $_ eq $if_range } $facts->{etag}, $facts->{last_modified};
        if (!defined $if_range || $current) {
            if ($1 >= length $body) { $status = 416; ($from, $to) = (0, 0) }
            else {
                ($from, $to) = ($1, $2 ne '' && $2 < length $body ? $2 + 1 : length $body);
                $status = 206;
                push @out, sprintf 'Content-Range: bytes %d-%d/%d', $from, $to - 1, $facts->{total} // length $body;
            }
        }
    }
    push @out, 'Content-Type: ' . ($facts->{type} // 'application/octet-stream');
    push @out, "ETag: $facts->{etag}" if defined $facts->{etag};
    push @out, "Last-Modified: $facts->{last_modified}" if defined $facts->{last_modified};
    my @extra = @{ $facts->{headers} || [] };
    while (@extra) { push @out, join ': ', splice @extra, 0, 2 }
    if   ($facts->{chunked}) { push @out, 'Transfer-Encoding: chunked' }
    else                     { push @out, 'Content-Length: ' . ($facts->{length} // $to - $from) }
    syswrite $client, "HTTP/1.1 $status Whatever\r\n" . join("\r\n", @out) . "\r\n\r\n";
    return 1 if $method eq 'HEAD';
    return $self->send_body($client, $path, $facts, $from, $to);
}

sub send_body {
    my ($self, $client, $path, $facts, $from, $to) = @_;
    my $body = $facts->{body} // '';
    my $step = $facts->{rate} ? int($facts->{rate} * ($facts->{step} || 0.02)) || 1 : 65536;
    my $dies = defined $facts->{die_at} && $self->may_die($path, $facts->{die_times});
    my $begun = time;
    my $sent  = 0;
    for (my $at = $from; $at < $to;) {
        my $n = $step;
        $n = $to - $at if $n > $to - $at;
        $n = $facts->{die_at} - $at if $dies && $at <= $facts->{die_at} && $at + $n > $facts->{die_at};
        my $part = substr $body, $at, $n;
        $part = sprintf("%x\r\n", $n) . "$part\r\n" if $facts->{chunked} && $n;
        for (my $off = 0; $off < length $part;) { my $w = syswrite $client, $part, length($part) - $off, $off; return 0 if !$w; $off += $w }
        $at += $n;
        $sent += $n;
        return 0 if $dies && $at == $facts->{die_at};
        if (defined $facts->{stall_at} && $at >= $facts->{stall_at} && $from <= $facts->{stall_at}) { sysread $client, my $eof, 1; return 0 }
        if ($facts->{rate}) { my $due = $begun + $sent / $facts->{rate} - time; sleep $due if $due > 0 }  # pace
    }
    syswrite $client, "0\r\n\r\n" if $facts->{chunked};
    return 0 if defined $facts->{length};
    return 1;
}

# Counts deaths over all connections; `times` undefined means every time.
sub may_die {
    my ($self, $path, $times) = @_;
    return 1 if !defined $times;
    (my $name = $path) =~ s/\W/_/g;
    open my $file, '>>', "$self->{dir}/deaths.$name" or return 1;
    syswrite $file, '.';
    return -s "$self->{dir}/deaths.$name" <= $times;
}

sub stop {
    my ($self) = @_;
    $self->down;
    remove_tree($self->{dir});
    @running = grep { $_ != $self } @running;
    return;
}

END { local $?; $_->stop for @running }

1;
