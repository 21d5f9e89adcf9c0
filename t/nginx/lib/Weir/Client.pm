package Weir::Client;

# Raw HTTP/1.1 over sockets, many at once in one process: every fact a test may want about an answer, and viewers that read
# slowly, leave early, or arrive late.
#
#   my $answer = get($port, '/p/x', Range => 'bytes=0-9');      # {status, headers, body, complete, ttfb, time, raw}
#   my @answers = fetch_all({ port => …, path => … , after => 0.1, abort_at => 5000 }, …);
#   my $client = Weir::Client->new($port); $client->send(…); $client->answer;   # one keep-alive connection

use strict;
use warnings;

use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(get head fetch_all request_text);

# method, path, host, headers (array reference, in order), close.
sub request_text {
    my (%q) = @_;
    my @headers = @{ $q{headers} || [] };
    my $text = sprintf "%s %s HTTP/%s\r\nHost: %s\r\n", $q{method} || 'GET', $q{path}, $q{version} || '1.1',
        $q{host} || 'localhost';
    while (@headers) { $text .= sprintf "%s: %s\r\n", splice @headers, 0, 2 }
    $text .= "Connection: close\r\n" if $q{close};
    return "$text\r\n";
}

sub get  { my ($port, $path, @headers) = @_; return (fetch_all({ port => $port, path => $path, headers => \@headers }))[0] }
sub head {
    my ($port, $path, @headers) = @_;
    return (fetch_all({ port => $port, path => $path, headers => \@headers, method => 'HEAD' }))[0];
}

# Each query: port, path, method, headers, version, raw (text to send instead), after (seconds until it starts),
# abort_at (body bytes after which the viewer leaves), pace (bytes a second it reads at most), rcvbuf, timeout (20).
# Answers come in the order of the queries.
sub fetch_all {
    my @queries = @_;
    my $begun   = time;
    my @states  = map { { query => $_, index => 0, in => '', reader => Weir::Client::Reader->new($_->{method} || 'GET') } } @queries;
    my %by_socket;
    my $select = IO::Select->new;
    my $open   = @states;
    while ($open) {
        my $now = time;
        for my $state (grep { !$_->{started} } @states) {
            next if $now - $begun < ($state->{query}{after} || 0);
            start($state, $select, \%by_socket);
            $open-- if $state->{done};
        }
        my @paced = grep { $_->{socket} && !$_->{done} && $_->{query}{pace} } @states;
        for my $state (@paced) {
            my $due = ($now - $state->{started}) * $state->{query}{pace};
            $state->{paused} = $state->{reader}{received} > $due;
            if   ($state->{paused}) { $select->remove($state->{socket}) }
            else                    { $select->add($state->{socket}) unless $select->exists($state->{socket}) }
        }
        for my $socket ($select->can_read(0.005)) {
            my $state = $by_socket{$socket};
            take($state);
            finish($state, $select), $open-- if $state->{over};
        }
        for my $state (grep { $_->{started} && !$_->{done} } @states) {
            next if time - $state->{started} < ($state->{query}{timeout} || 20);
            $state->{reader}{timed_out} = 1;
            finish($state, $select);
            $open--;
        }
    }
    return map { $_->{answer} } @states;
}

sub start {
    my ($state, $select, $by_socket) = @_;
    my $query = $state->{query};
    $state->{started} = time;
    my $socket = IO::Socket::INET->new(PeerAddr => $query->{address} || '127.0.0.1', PeerPort => $query->{port}, Proto => 'tcp',
        $query->{rcvbuf} ? (Sockopts => [[ SOL_SOCKET(), SO_RCVBUF(), $query->{rcvbuf} ]]) : ());
    if (!$socket) {
        $state->{answer} = { status => 0, headers => {}, body => '', complete => 0, error => "connect: $!" };
        $state->{done} = 1;
        return;
    }
    $socket->blocking(0);
    $state->{socket} = $socket;
    $by_socket->{$socket} = $state;
    my $text = defined $query->{raw} ? $query->{raw} : request_text(%$query, close => 1);
    syswrite $socket, $text;
    $select->add($socket);
}

sub take {
    my ($state) = @_;
    my $reader = $state->{reader};
    my $limit  = $state->{query}{pace} ? 16384 : 262144;
    my $n      = sysread $state->{socket}, my ($bytes), $limit;
    if (!defined $n) { return if $!{EAGAIN}; $reader->{reset} = "$!"; $state->{over} = 1; return }
    if ($n == 0) { $reader->end; $state->{over} = 1; return }
    my $now = time;
    $reader->feed($bytes, $now);
    my $abort = $state->{query}{abort_at};
    $state->{over} = 1 if $reader->{complete} || (defined $abort && length $reader->{body} >= $abort);
}

sub finish {
    my ($state, $select) = @_;
    $select->remove($state->{socket});
    close $state->{socket};
    $state->{done}   = 1;
    $state->{answer} = $state->{reader}->answer($state->{started});
}

# One connection that stays.
sub new {
    my ($class, $port) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp') or die "connect: $!";
    return bless { socket => $socket }, $class;
}

sub send {
    my ($self, %query) = @_;
    $self->{method} = $query{method} || 'GET';
    my $text = defined $query{raw} ? $query{raw} : request_text(%query);
    $self->{sent} = time;
    return syswrite $self->{socket}, $text;
}

# Reads one answer whole; what follows it stays for the next.
sub answer {
    my ($self, $timeout) = @_;
    my $reader = Weir::Client::Reader->new($self->{method});
    my $wait   = IO::Select->new($self->{socket});
    $reader->feed(delete $self->{rest}, time) if length($self->{rest} // '');
    my $deadline = time + ($timeout || 20);
    until ($reader->{complete}) {
        if (!$wait->can_read($deadline - time)) { $reader->{timed_out} = 1; last }
        my $n = sysread $self->{socket}, my ($bytes), 262144;
        if (!$n) { $reader->end; last }
        $reader->feed($bytes, time);
    }
    $self->{rest} = $reader->{rest};
    return $reader->answer($self->{sent});
}

sub read_some {
    my ($self, $bytes) = @_;
    my $text = '';
    while (length $text < $bytes) { sysread $self->{socket}, $text, $bytes - length $text, length $text or last }
    return $text;
}

sub close { my ($self) = @_; close $self->{socket} }

package Weir::Client::Reader;

use Time::HiRes qw(time);

sub new {
    my ($class, $method) = @_;
    return bless { method => $method, raw => '', body => '', headers => {}, rest => '', received => 0, gap => 0 }, $class;
}

sub feed {
    my ($self, $bytes, $now) = @_;
    $self->{received} += length $bytes;
    if (!$self->{status}) {
        $self->{raw} .= $bytes;
        $self->parse_head or return;
        $bytes = $self->{rest};
        $self->{rest} = '';
    }
    if (length $bytes) {
        $self->{first_byte} ||= $now;
        if ($self->{last_byte}) { my $gap = $now - $self->{last_byte}; $self->{gap} = $gap if $gap > $self->{gap} }
        $self->{last_byte} = $now;
    }
    $self->take_body($bytes);
}

sub parse_head {
    my ($self) = @_;
    my $end = index $self->{raw}, "\r\n\r\n";
    return 0 if $end < 0;
    $self->{rest} = substr $self->{raw}, $end + 4;
    $self->{head} = substr $self->{raw}, 0, $end;
    $self->{raw}  = '';
    my ($line, @lines) = split /\r\n/, $self->{head};
    ($self->{status}) = $line =~ m{^HTTP/1\.[01] (\d+)} or die "no status line: $line";
    for (@lines) { my ($name, $value) = /^([^:]+):\s*(.*)$/ or next; $self->{headers}{ lc $name } = $value }
    $self->{chunked} = ($self->{headers}{'transfer-encoding'} // '') =~ /chunked/i;
    $self->{length}  = $self->{headers}{'content-length'};
    $self->{length}  = 0 if $self->{method} eq 'HEAD' || $self->{status} =~ /^(?:1|204|304)/;
    $self->{chunked} = 0 if defined $self->{length} && $self->{length} == 0;
    return 1;
}

sub take_body {
    my ($self, $bytes) = @_;
    if ($self->{chunked}) {
        $self->{rest} .= $bytes;
        while (1) {
            if ($self->{chunk}) {
                last if !length $self->{rest};
                my $part = substr $self->{rest}, 0, $self->{chunk}, '';
                $self->{chunk} -= length $part;
                $self->{body} .= $part;
                $self->{chunk_end} = 1 if !$self->{chunk};
            }
            elsif ($self->{chunk_end}) {
                last if length $self->{rest} < 2;
                substr $self->{rest}, 0, 2, '';
                $self->{chunk_end} = 0;
            }
            else {
                $self->{rest} =~ s/^([0-9a-fA-F]+)[^\r\n]*\r\n// or last;
                $self->{chunk} = hex $1;
                if (!$self->{chunk}) { $self->{rest} =~ s/^\r\n//; $self->{complete} = 1; last }
            }
        }
        return;
    }
    $self->{body} .= $bytes;
    return if !defined $self->{length};
    if (length $self->{body} >= $self->{length}) {
        $self->{rest}     = substr $self->{body}, $self->{length};
        $self->{body}     = substr $self->{body}, 0, $self->{length};
        $self->{complete} = 1;
    }
}

# End of the connection: a clean end only where that is how the body ends.
sub end {
    my ($self) = @_;
    $self->{complete} = 1 if $self->{status} && !$self->{chunked} && !defined $self->{length};
}

sub answer {
    my ($self, $started) = @_;
    my $now = time;
    return {
        status  => $self->{status} || 0, headers => $self->{headers}, head => $self->{head} // '', body => $self->{body},
        complete => $self->{complete} ? 1 : 0, reset => $self->{reset}, timed_out => $self->{timed_out},
        ttfb => ($self->{first_byte} || $now) - $started, time => ($self->{last_byte} || $now) - $started, gap => $self->{gap},
        ended => $now,
    };
}

1;
