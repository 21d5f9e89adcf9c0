#!/usr/bin/perl
# weir merge and verify on damage of every kind, and pieces fetched from an edge.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Compare qw(compare);
use IO::Socket::INET;
use JSON::PP;
use Test::More;
use Weir::Tool;

my $lib = "$dir/lib";
my $key = "$dir/content.key";
my $film = film('last.mp4');
my $header = weir_json('split', $film, '-o', $lib, '--title', 'film', '--protect', 'all', '--key-file', $key, '--piece-size', '100k')->{header};
my $json = weir_json('inspect', $header);
my @pieces = @{ $json->{renditions}[0]{pieces} };
sub path_of { my ($piece) = @_; return "$lib/pieces/" . substr($piece->{uuid}, 0, 2) . "/$piece->{uuid}" }
sub merge { return weir('merge', $header, '-o', "$dir/merged", '--key-file', $key, @_) }

# Runs the code with a file's contents changed.
sub with_bytes {
    my ($path, $change, $code) = @_;
    my $good = slurp($path);
    my $bad = $good;
    $change->($bad) for $bad;
    defined $bad ? spew($path, $bad) : unlink $path;
    $code->();
    spew($path, $good);
}

# Pieces.
my %faults = (
    'a flipped byte' => [ sub { substr($_, length() / 2, 1) ^= "\1" }, 'damaged', qr/SHA-256/ ],
    'a flipped bit in the tag' => [ sub { substr($_, -1) ^= "\x80" }, 'damaged', qr/SHA-256/ ],
    'cut short' => [ sub { chop }, 'damaged', qr/has \d+ bytes, not/ ],
    'longer' => [ sub { $_ .= 'x' }, 'damaged', qr/has \d+ bytes, not/ ],
    'empty' => [ sub { $_ = '' }, 'damaged', qr/has 0 bytes, not/ ],
    'another piece' => [ sub { $_ = slurp(path_of($pieces[3])) }, 'damaged', qr/SHA-256|bytes/ ],
    'gone' => [ sub { $_ = undef }, 'missing', qr/is not in/ ],
);
for my $name (sort keys %faults) {
    my ($change, $kind, $why) = @{ $faults{$name} };
    with_bytes(
        path_of($pieces[2]),
        $change,
        sub {
            my ($code, undef, $err) = merge();
            is($code, 65, "merge, a piece $name: exit 65");
            like($err, qr/^weir merge: pieces are \w+: \Q$pieces[2]{uuid}\E/, 'names the piece');
            like($err, $why, 'and the fault');
            ok(!-e "$dir/merged", 'no file appears');
            is_deeply([ grep { /merged/ } files_below($dir) ], [], 'nothing temporary either');
            ($code, my $out, $err) = weir('verify', $header);
            is($code, 65, 'verify: exit 65');
            like($out, qr/^$kind  file 2  \Q$pieces[2]{uuid}\E/m, 'lists it');
            my $report = decode_json((weir('verify', $header, '--json'))[1]);
            is_deeply([ map { $_->{uuid} } @{ $report->{$kind} } ], [ $pieces[2]{uuid} ], 'verify --json too');
            ok(!$report->{ok}, 'not ok');
        }
    );
}
is((merge())[0], 0, 'all is well again');
is(compare("$dir/merged", $film), 0, 'the same bytes');

# A file in the way is replaced only by a whole one.
spew("$dir/merged", 'precious');
with_bytes(path_of($pieces[5]), sub { chop }, sub { merge() });
is(slurp("$dir/merged"), 'precious', 'a failed merge leaves the file that was there');
unlink "$dir/merged";

# Headers.
my %headers = (
    'empty' => [ sub { $_ = '' }, qr/the file cannot be detected|cut short/ ],
    'text' => [ sub { $_ = "hello\n" x 100 }, qr/the file cannot be detected: \S+: it does not start with ENPH/ ],
    'the film itself' => [ sub { $_ = slurp($film) }, qr/the file cannot be detected/ ],
    'cut short' => [ sub { substr($_, -10) = '' }, qr/the header file is cut short/ ],
    'longer' => [ sub { $_ .= 'x' }, qr/the header file is damaged/ ],
    'a flipped bit in the middle' => [ sub { substr($_, length() / 2, 1) ^= "\1" }, qr/the header file is damaged/ ],
    'a newer version' => [ sub { substr($_, 4, 2) = "\0\2" }, qr/needs a newer version|damaged/ ],
);
for my $name (sort keys %headers) {
    my ($change, $why) = @{ $headers{$name} };
    with_bytes(
        $header, $change,
        sub {
            for my $command ([ 'merge', $header, '-o', "$dir/merged" ], [ 'inspect', $header ], [ 'verify', $header ]) {
                my ($code, undef, $err) = weir(@$command);
                is($code, 65, "$command->[0], a header $name: exit 65");
                like($err, qr/^weir $command->[0]: /, 'by its name');
                like($err, $why, 'says what it is');
            }
            ok(!-e "$dir/merged", 'no file appears');
        }
    );
}
is((weir('merge', "$dir/none.enp", '-o', "$dir/merged"))[0], 66, 'no header there');

# Keys.
weir('split', film('tiny.mp4'), '-o', $lib, '--title', 'other', '--protect', 'all', '--key-file', "$dir/other.key");
for my $case ([ 66, qr/a content key is needed: title film is protected/ ], [ 65, qr/the key is not this title's/, '--key-file', "$dir/other.key" ],
    [ 65, qr/the key cannot be used/, '--key-file', $film ], [ 66, qr/a content key is needed: .*none\.key/, '--key-file', "$dir/none.key" ]) {
    my ($want, $why, @args) = @$case;
    my ($code, undef, $err) = weir('merge', $header, '-o', "$dir/merged", @args);
    is($code, $want, "merge @args");
    like($err, $why, 'and why');
    chomp(my $secret = slurp($key));
    unlike($err, qr/\Q$secret/, 'the key is not shown');
    ok(!-e "$dir/merged", 'no file appears');
}
is((weir('verify', $header, '--key-file', "$dir/other.key"))[0], 65, 'verify with another key');
is((weir('verify', $header, '--key-file', $key))[0], 0, 'verify with the right one');

# Elsewhere: the header alone, pieces named.
spew("$dir/alone.enp", slurp($header));
my ($code, undef, $err) = weir('merge', "$dir/alone.enp", '-o', "$dir/merged", '--key-file', $key);
is($code, 65, 'a header that lies elsewhere finds no pieces');
like($err, qr/is not in .*pieces/, 'says where it looked');
is((weir('merge', "$dir/alone.enp", '-o', "$dir/merged", '--key-file', $key, '--pieces', "$lib/pieces"))[0], 0, '--pieces');
is(compare("$dir/merged", $film), 0, 'the same bytes');
unlink "$dir/merged";
is((weir('merge', $header, '-o', "$dir/none/merged", '--key-file', $key))[0], 66, 'a folder that is not there');

# From an edge: a small server of our own, whose faults we choose.
my $token = 'eyJhbGciOiJFZERTQSJ9.eyJlbnAiOnt9fQ.c2lnbmF0dXJl';
my $fault = '';
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 50, ReuseAddr => 1) or die "listen: $!";
my $edge = 'http://127.0.0.1:' . $listener->sockport . "/~$token";

# Serves until killed; each connection in a process of its own.
sub serve {
    my ($mode) = @_;
    my $pid = fork() // die "fork: $!";
    return $pid if $pid;
    $SIG{CHLD} = 'IGNORE';
    while (my $client = $listener->accept) {
        next if fork();
        while (defined(my $line = <$client>)) {
            while (defined(my $field = <$client>)) { last if $field eq "\r\n" }
            my ($uuid) = $line =~ m{^GET /~\Q$token\E/p/([0-9a-f-]{36}) HTTP/1\.1\r\n$} or do { print $client "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"; next };
            my $body = slurp("$lib/pieces/" . substr($uuid, 0, 2) . "/$uuid");
            my $bad = $uuid eq $pieces[4]{uuid};
            my ($status, $length) = ('200 OK', length $body);
            substr($body, 100, 1) ^= "\1" if $bad && $mode eq 'flipped';
            ($status, $body, $length) = ('404 Not Found', '<html>not here</html>', 21) if $bad && $mode eq 'missing';
            ($status, $body, $length) = ('500 Oops', 'x' x 1_000_000, 1_000_000) if $bad && $mode eq 'error';
            ($body, $length) = ($body . 'x', $length + 1) if $bad && $mode eq 'long';
            $body = substr $body, 0, 1000 if $bad && $mode eq 'short';
            ($body, $length) = ('<html>log in</html>', 19) if $bad && $mode eq 'html';
            print $client "HTTP/1.1 $status\r\nContent-Length: $length\r\n\r\n$body";
            last if $bad && $mode eq 'short';
        }
        exit 0;
    }
    exit 0;
}
for my $case (
    [ 'good', 0, qr/^$/ ],
    [ 'flipped', 65, qr/pieces are damaged: $pieces[4]{uuid}/ ],
    [ 'missing', 65, qr/pieces are missing: $pieces[4]{uuid} is not at http/ ],
    [ 'error', 69, qr/the server refused: piece $pieces[4]{uuid} at http\S+: status 500/ ],
    [ 'long', 65, qr/pieces are damaged: piece $pieces[4]{uuid}/ ],
    [ 'short', 69, qr/the server's answer is cut short: piece $pieces[4]{uuid}/ ],
    [ 'html', 65, qr/pieces are damaged: $pieces[4]{uuid} in http\S+ has 19 bytes/ ],
) {
    my ($mode, $want, $why) = @$case;
    my $server = serve($mode);
    ($code, my $out, $err) = weir('merge', "$dir/alone.enp", '-o', "$dir/merged", '--key-file', $key, '--from', $edge);
    is($code, $want, "from an edge, $mode: exit $want") or diag $err;
    like($err, $why, 'and why');
    unlike("$out$err", qr/\Q$token/, 'the token is not shown');
    is(-e "$dir/merged" ? compare("$dir/merged", $film) : 'none', $want ? 'none' : 0, $want ? 'no file appears' : 'the same bytes');
    unlink "$dir/merged";
    kill 'TERM', $server;
    waitpid $server, 0;
}
my $gone = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1)->sockport;
($code, undef, $err) = weir('merge', "$dir/alone.enp", '-o', "$dir/merged", '--key-file', $key, '--from', "http://127.0.0.1:$gone/~$token");
is($code, 69, 'no edge there');
unlike($err, qr/\Q$token/, 'the token is not shown');
is((weir('merge', $header, '-o', "$dir/merged", '--from', 'file:///etc'))[0], 66, 'the key comes first');
is((weir('merge', $header, '-o', "$dir/merged", '--key-file', $key, '--from', "file://$lib"))[0], 64, 'only http and https');
is((weir('merge', $header, '-o', "$dir/merged", '--from', $edge, '--pieces', $lib))[0], 64, 'one place to take pieces from');

done_testing;
