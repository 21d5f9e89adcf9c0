package Weir::Viewer;

# What tests of weir-player share: a film, its library, edges that serve it, tokens, and the player as a child process.
#
#   my $library = library(protect => 'all');       # {dir, source, bytes, sha256, key}
#   my $edge = edge($library, rate => '300k');
#   my $run = player('get', url($edge), '-o', $file);            # {code, out, err}
#   my $child = start_player(…); $child->{pid}; my $run = end_player($child);

use strict;
use warnings;

use Digest::SHA;
use Exporter qw(import);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use FindBin;
use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(encode_base64url);
use Time::HiRes qw(time);

use Weir::Nginx;

our @EXPORT = qw(library edge url token player start_player end_player work_dir slurp spew file_sha asked_pieces
    finished_pieces
    secrets_seen weir film forge_token);

our $build = "$FindBin::Bin/../../build/" . ($ENV{WEIR_PRESET} // 'dev');
my $dir = tempdir('weir-player-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my ($runs, %films, @printed, @secrets) = (0);

sub work_dir { return $dir }

sub slurp { my ($name) = @_; open my $f, '<:raw', $name or return ''; local $/; return scalar(<$f>) // '' }
sub spew { my ($name, $text) = @_; open my $f, '>:raw', $name or die "$name: $!"; print $f $text; close $f or die }
sub file_sha { my ($name) = @_; return -e $name ? Digest::SHA->new(256)->addfile($name, 'b')->hexdigest : 'no such file' }

sub weir {
    my @args = @_;
    my $command = join ' ', map { "'$_'" } "$build/weir", @args;
    my $out = `$command 2>$dir/weir.err`;
    die "$command: $?\n" . slurp("$dir/weir.err") if $?;
    return $out;
}

# A few seconds of moving picture and tone; `seed` makes another film of the same shape.
sub film {
    my ($seed) = @_;
    return $films{$seed} ||= do {
        my $file = "$dir/film$seed.mp4";
        my $tone = 300 + 100 * $seed;
        system(qw(ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i),
            "sine=frequency=$tone", qw(-t 15 -c:v libx264 -preset ultrafast -qp 18 -g 50 -c:a aac -shortest), $file) == 0
            or die 'ffmpeg failed';
        $file;
    };
}

# Splits a film into a library of its own. Options: protect, seed (or source: a file), title, dir (to split into again), piece_size.
sub library {
    my (%o) = (protect => 'none', seed => 1, title => 'film', piece_size => '128K', @_);
    my $lib = $o{dir} || "$dir/lib" . ++$runs;
    make_path("$lib/keys");
    my $source = $o{source} || film($o{seed});
    my @key = $o{protect} eq 'none' ? () : ('--key-file', "$lib/keys/$o{title}.key");
    weir('split', $source, '-o', $lib, '--title', $o{title}, '--piece-size', $o{piece_size}, '--protect', $o{protect},
        '--partial-every', 2, @key, $o{dir} ? ('--force', '--keep-old') : ());
    push @secrets, unpack 'H*', slurp($key[1]) if @key;
    return { dir => $lib, source => $source, title => $o{title}, bytes => -s $source, sha256 => file_sha($source),
        key => $key[1] };
}

my $signing_key;
sub signing_key {
    return $signing_key ||= do {
        weir('token', 'keygen', '-o', "$dir/token.key");
        spew("$dir/jwks.json", weir('token', 'jwks', "$dir/token.key"));
        "$dir/token.key";
    };
}

sub token {
    my (@args) = @_ ? @_ : ('--title', 'film');
    chomp(my $token = weir('token', 'issue', '--key', signing_key(), @args));
    push @secrets, $token;
    return $token;
}

# Signed by the edges' key, with claims that `weir token issue` would not give.
sub forge_token {
    my (%claims) = @_;
    my $key = signing_key();
    my $kid = decode_json(slurp("$dir/jwks.json"))->{keys}[0]{kid};
    my $now = int time;
    my $input = join '.', map { encode_base64url(encode_json($_)) } { alg => 'EdDSA', kid => $kid, typ => 'JWT' },
        { iss => 'weir', iat => $now, nbf => $now, exp => $now + 300, jti => 'j', cdniv => 1,
          enp => { sid => 's', ast => ['film'], rts => ['play'] }, %claims };
    spew("$dir/message", $input);
    my $signature = `openssl pkeyutl -sign -rawin -inkey '$key' -in '$dir/message'`;
    my $token = "$input." . encode_base64url($signature);
    push @secrets, $token;
    return $token;
}

# Options: token (0: asks for none), rate (limit_rate), keys (hand out keys: yes unless 0), http (more in the server block),
# locations (in its place), allow (log lines provoked).
sub edge {
    my ($library, %o) = @_;
    my $token = ($o{token} // 1) ? 'weir_token local keys=' . (signing_key() && "$dir/jwks.json") . ';' : '';
    my $rate = $o{rate} ? "limit_rate $o{rate};" : '';
    my $keys = ($o{keys} // 1) ? "keys=$library->{dir}/keys" : '';
    my $location = $o{locations} // "location / { weir_title $keys; weir_root $library->{dir}; $token $rate }";
    my $nginx = Weir::Nginx->new(%o, http => <<"EOF");
    log_format asked '\$uri \$status \$body_bytes_sent \$request_completion \$http_range';
    server {
        listen 127.0.0.1:%%PORT%%;
        access_log %%DIR%%/asked.log asked;
        $location
    }
EOF
    return $nginx->start;
}

# The title's address at an edge; token: an admitting one unless given, '' for none.
my $default_token;
sub url {
    my ($edge, $token, $view) = @_;
    $token //= $default_token ||= token();
    return 'http://127.0.0.1:' . $edge->port . ($token ? "/~$token" : '') . '/t/film' . ($view // '');
}

# UUIDs asked of an edge, as often as they were.
sub asked_pieces {
    my ($edge) = @_;
    return map { m{^/p/(\S+) } ? $1 : () } split /\n/, $edge->slurp('asked.log');
}

# UUIDs that an edge sent whole.
sub finished_pieces {
    my ($edge) = @_;
    return map { m{^/p/(\S+) 200 [1-9]\d* OK} ? $1 : () } split /\n/, $edge->slurp('asked.log');
}

# `before` (in the first argument, a hash reference) is put in front of the command, as for unshare.
sub start_player {
    my %o = ref $_[0] ? %{ shift() } : ();
    my @args = @_;
    my $name = "$dir/run" . ++$runs;
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', "$name.out" or die;
        open STDERR, '>', "$name.err" or die;
        open STDIN, '<', '/dev/null' or die;
        exec @{ $o{before} || [] }, "$build/weir-player", @args or die "weir-player: $!";
    }
    return { pid => $pid, name => $name };
}

sub end_player {
    my ($child) = @_;
    waitpid $child->{pid}, 0;
    my $status = $?;
    my %run = (code => $status & 127 ? 'signal ' . ($status & 127) : $status >> 8, out => slurp("$child->{name}.out"),
        err => slurp("$child->{name}.err"));
    push @printed, $run{out}, $run{err};
    return \%run;
}

sub player { return end_player(start_player(@_)) }

# Which of the tokens and keys used so far stand in anything any player printed, or in the files named.
sub secrets_seen {
    my (@files) = @_;
    my $all = join "\n", @printed, map { slurp($_) } @files;
    return grep { index($all, $_) >= 0 } @secrets;
}

1;
