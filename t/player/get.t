#!/usr/bin/perl
# weir-player get, as a viewer calls it, against real edges: what arrives is the film, whatever breaks on the way.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../nginx/lib";
use JSON::PP qw(decode_json);
use Weir::Test;
use Weir::Viewer;

my $dir = work_dir();
my $n = 0;
sub target { return "$dir/got" . ++$n . '.mp4' }
sub is_film { my ($file, $library, $name) = @_; return is(file_sha($file), $library->{sha256}, $name) }
sub nothing_left { my ($file, $name) = @_; return ok(!-e "$file.part" && !-e "$file.part.state", $name) }
sub at { my ($edge) = @_; return 'http://127.0.0.1:' . $edge->port }

my $head = 76;  # bytes of a state file before its first piece
sub noted { my ($file) = @_; return -e "$file.part.state" ? int(((-s "$file.part.state") - $head) / 8) : 0 }

my %library = map { $_ => library(protect => $_) } qw(none partial all);

subtest 'byte for byte, whatever the protection' => sub {
    for my $protect (qw(none partial all)) {
        my $edge = edge($library{$protect});
        my $file = target();
        my $run = player('get', url($edge), '-o', $file, '--json');
        is($run->{code}, 0, "$protect: done") or diag $run->{err};
        is_film($file, $library{$protect}, "$protect: the film");
        nothing_left($file, "$protect: no state left");
        my $said = decode_json($run->{out});
        is($said->{sha256}, $library{$protect}{sha256}, "$protect: its hash is said");
        is($said->{pieces}{fetched}, $said->{pieces}{total}, "$protect: all pieces fetched");
        my %asked;
        $asked{$_}++ for asked_pieces($edge);
        is(scalar(keys %asked), $said->{pieces}{total}, "$protect: each asked");
        is((grep { $_ != 1 } values %asked), 0, "$protect: and asked once");
        $edge->stop;
    }
};

subtest 'the ts rendition' => sub {
    my $edge = edge($library{all});
    my $file = target();
    my $run = player('get', url($edge), '-o', $file, '--rendition', 'ts', '--quiet');
    is($run->{code}, 0, 'done') or diag $run->{err};
    is($run->{err}, '', 'quiet');
    my $probe = `ffprobe -v error -show_entries format=format_name -of csv=p=0 '$file'`;
    is($probe, "mpegts\n", 'a transport stream');
    $edge->stop;
};

subtest 'a film so short that its header file holds all of it' => sub {
    system(qw(ffmpeg -nostdin -v error -f lavfi -i sine -t 0.1), "$dir/beep.wav") == 0 or die;
    my $library = library(source => "$dir/beep.wav", protect => 'all');
    my $edge = edge($library);
    my $file = target();
    my $run = player('get', url($edge), '-o', $file, '--json');
    is($run->{code}, 0, 'done') or diag $run->{err};
    is_film($file, $library, 'the film');
    is(decode_json($run->{out})->{pieces}{total}, 0, 'no pieces');
    $edge->stop;
};

subtest 'every way to write the address' => sub {
    my $edge = edge($library{partial});
    my $token = token();
    for my $case ([ url($edge, $token, '/file.mp4') ], [ url($edge, $token, '/header.enp') ],
        [ url($edge, '') . "?URISigningPackage=$token" ], [ url($edge, ''), '--token', $token ],
        [ "http://127.0.0.1:1/watch/film#token=$token&edges=" . at($edge) ]) {
        my $file = target();
        my $run = player('get', @$case, '-o', $file, '--sockets', 2);
        is($run->{code}, 0, 'done') or diag $run->{err};
        is_film($file, $library{partial}, 'the film');
    }
    {
        local $ENV{WEIR_TOKEN} = $token;
        is(player('get', url($edge, ''), '-o', target())->{code}, 0, 'the token in the environment');
    }
    player('get', url($edge, $token), '-o', $dir);
    is_film("$dir/film.mp4", $library{partial}, 'a folder: named after the title');
    $edge->stop;
};

subtest 'one of two edges is killed in the middle' => sub {
    my @edges = map { edge($library{all}, rate => '100k', allow => qr/./) } 1, 2;
    my $file = target();
    my $child = start_player('get', url($edges[0]), '--edge', at($edges[1]), '-o', $file, '--json');
    await(sub { noted($file) > 1 && asked_pieces($edges[1]) > 0 }, 'both edges are at it', 30);
    $edges[1]->crash;
    my $run = end_player($child);
    is($run->{code}, 0, 'done') or diag $run->{err};
    is_film($file, $library{all}, 'the film');
    my $dead = at($edges[1]);
    like($run->{err}, qr/edge \Q$dead\E failed (?:once|\d+ times)/, 'said which edge failed');
    $edges[0]->stop;
};

subtest 'one edge gives flipped bytes' => sub {
    for my $protect (qw(none all)) {
        my $bad = { %{ $library{$protect} }, dir => "$dir/flipped-$protect" };
        system('cp', '-r', $library{$protect}{dir}, $bad->{dir}) == 0 or die;
        for my $piece (glob "$bad->{dir}/pieces/*/*") {
            my $bytes = slurp($piece);
            substr($bytes, length($bytes) / 2, 1) ^= "\x01";
            spew($piece, $bytes);
        }
        my ($liar, $honest) = (edge($bad), edge($library{$protect}));
        my $file = target();
        my $run = player('get', url($liar), '--edge', at($honest), '-o', $file, '--json');
        is($run->{code}, 0, "$protect: done") or diag $run->{err};
        is_film($file, $library{$protect}, "$protect: the film");
        my $liar_at = at($liar);
        like($run->{err}, qr/warning: edge \Q$liar_at\E gave \d+ damaged pieces? \([0-9a-f-]{36}/, "$protect: the liar is named");
        my ($report) = grep { $_->{url} eq $liar_at } @{ decode_json($run->{out})->{edges} };
        is($report->{pieces}, 0, "$protect: nothing of it was kept");

        my $alone = target();
        $run = player('get', url($liar), '-o', $alone);
        is($run->{code}, 65, "$protect: from the liar alone: 65");
        like($run->{err}, qr/damaged: \S+ gave [0-9a-f-]{36} damaged/, "$protect: says which piece");
        ok(!-e $alone, "$protect: no file");
        nothing_left($alone, "$protect: and nothing where nothing was right");
        $_->stop for $liar, $honest;
    }
};

subtest 'a slow edge does not hold up a fast one' => sub {
    my ($slow, $fast) = (edge($library{none}, rate => '5k'), edge($library{none}));
    my $file = target();
    my $begun = time;
    my $run = player('get', url($slow), '--edge', at($fast), '-o', $file, '--json');
    is($run->{code}, 0, 'done') or diag $run->{err};
    is_film($file, $library{none}, 'the film');
    cmp_ok(time - $begun, '<', 15, 'a piece from the slow edge alone would take 26 s');
    $_->stop for $slow, $fast;
};

subtest 'killed in the middle, the same command goes on' => sub {
    my ($slow, $fast) = (edge($library{all}, rate => '60k'), edge($library{all}));
    my $file = target();
    my $child = start_player('get', url($slow), '-o', $file, '--json');
    await(sub { noted($file) >= 3 }, 'three pieces are there', 30);
    kill 'KILL', $child->{pid};
    is(end_player($child)->{code}, 'signal 9', 'killed');
    ok(!-e $file, 'no half film under its name');
    my $held = noted($file);
    my %done = map { $_ => 1 } finished_pieces($slow);
    cmp_ok(scalar(keys %done), '>=', $held, 'the log shows what was done');
    my $run = player('get', url($fast), '-o', $file, '--json');
    is($run->{code}, 0, 'done') or diag $run->{err};
    is_film($file, $library{all}, 'the film');
    my $said = decode_json($run->{out});
    is($said->{pieces}{resumed}, $held, 'what was there is counted');
    my @asked = asked_pieces($fast);
    is(scalar(@asked), $said->{pieces}{total} - $held, 'the rest was asked');
    cmp_ok(scalar(grep { $done{$_} } @asked), '<=', keys(%done) - $held, 'and nothing of what was there');
    nothing_left($file, 'no state left');
    $_->stop for $slow, $fast;
};

subtest 'the only edge goes away, and comes back' => sub {
    my $edge = edge($library{partial}, rate => '100k', allow => qr/./);
    my $file = target();
    my $away = sub { $edge->crash };
    my $child = start_player('get', url($edge), '-o', $file, '--patience', 0);
    await(sub { noted($file) }, 'a piece is there', 30);
    $away->();
    my $run = end_player($child);
    is($run->{code}, 69, 'without patience: 69');
    like($run->{err}, qr/the server does not answer: .*\d+ of \d+ pieces are kept/, 'says so');

    my $held = noted($file);
    $edge->start;
    $child = start_player('get', url($edge), '-o', $file, '--json', '--sockets', 8);
    await(sub { noted($file) > $held }, 'another piece is there', 30);
    $away->();
    $edge->start;
    $run = end_player($child);
    is($run->{code}, 0, 'with patience it goes on by itself') or diag $run->{err};
    is_film($file, $library{partial}, 'the film');
    $edge->stop;
};

subtest 'what the disk lost is found and fetched again' => sub {
    for my $rendition (qw(file ts)) {
        my ($slow, $fast) = (edge($library{partial}, rate => '600k'), edge($library{partial}));
        my ($file, $well) = (target(), target());
        my @get = ('get', url($fast), '--rendition', $rendition);
        my $child = start_player('get', url($slow), '--rendition', $rendition, '--sockets', 1, '-o', $file);
        await(sub { noted($file) >= 2 }, "$rendition: two pieces are there", 30);
        kill 'KILL', $child->{pid};
        end_player($child);
        my $size = -s "$file.part";
        truncate "$file.part", $_ for 0, $size;
        my $run = player(@get, '-o', $file);
        is($run->{code}, 0, "$rendition: done") or diag $run->{err};
        like($run->{err}, qr/\d+ pieces were lost on the disk: fetching them again/, "$rendition: says so");
        is(player(@get, '-o', $well)->{code}, 0, "$rendition: once more, undisturbed");
        is(file_sha($file), file_sha($well), "$rendition: the same film");
        $_->stop for $slow, $fast;
    }
};

subtest 'Ctrl-C says what is kept' => sub {
    my $edge = edge($library{none}, rate => '60k');
    my $file = target();
    my $child = start_player('get', url($edge), '-o', $file);
    await(sub { noted($file) }, 'a piece is there', 30);
    kill 'INT', $child->{pid};
    my $run = end_player($child);
    is($run->{code}, 130, 'exit as a shell would say');
    like($run->{err}, qr/interrupted: .*\d+ of \d+ pieces are kept: the same command goes on/, 'says so');
    $edge->stop;
};

subtest 'the title was changed meanwhile' => sub {
    my $library = library(protect => 'partial');
    my $edge = edge($library, rate => '60k');
    my $file = target();
    my $child = start_player('get', url($edge), '-o', $file);
    await(sub { noted($file) }, 'a piece is there', 30);
    kill 'KILL', $child->{pid};
    end_player($child);
    my $changed = library(protect => 'partial', dir => $library->{dir}, seed => 2);
    isnt($changed->{sha256}, $library->{sha256}, 'another film');
    $edge->stop;
    $edge = edge($changed);
    my $run = player('get', url($edge), '-o', $file);
    is($run->{code}, 0, 'done') or diag $run->{err};
    like($run->{err}, qr/the title was changed since .*: starting anew/, 'says so');
    is_film($file, $changed, 'the new film');
    $edge->stop;
};

subtest 'a file that is there already' => sub {
    my $edge = edge($library{none});
    my $file = target();
    spew($file, 'precious');
    my $run = player('get', url($edge), '-o', $file);
    is($run->{code}, 73, 'refused');
    like($run->{err}, qr/\Q$file\E exists and is not this title: use --force/, 'and why');
    is(slurp($file), 'precious', 'untouched');
    is(player('get', url($edge), '-o', $file, '--force')->{code}, 0, '--force');
    is_film($file, $library{none}, 'replaces it');
    my $asked = () = asked_pieces($edge);
    $run = player('get', url($edge), '-o', $file);
    is($run->{code}, 0, 'the same film there: well');
    like($run->{err}, qr/is there already and is the same/, 'says so');
    is(scalar(() = asked_pieces($edge)), $asked, 'and fetches nothing');
    $edge->stop;
};

subtest 'tokens' => sub {
    my $edge = edge($library{all});
    my $now = int time;
    my %case = (
        'none'             => [ '', qr/a token is needed/ ],
        'expired'          => [ forge_token(iat => $now - 400, nbf => $now - 400, exp => $now - 100), qr/the token has expired: get a new one/ ],
        'for another film' => [ token('--title', 'other'), qr/the token is for another title/ ],
        'without rights'   => [ token('--title', 'film', '--rights', 'mc'), qr/the token does not allow this/ ],
        'no token at all'  => [ 'eyJub3RoaW5n', qr/the token was refused/ ],
    );
    for my $name (sort keys %case) {
        my ($token, $words) = @{ $case{$name} };
        my $file = target();
        my $run = player('get', url($edge, $token), '-o', $file, '--json');
        is($run->{code}, 77, "$name: 77");
        like($run->{err}, qr/^weir-player get: .*$words/, "$name: in words");
        ok(!-e $file && !-e "$file.part", "$name: nothing written");
        ok(decode_json($run->{out})->{error}{code}, "$name: in JSON too");
    }
    $edge->stop;
};

subtest 'keys' => sub {
    my $edge = edge($library{all}, keys => 0);
    my $file = target();
    my $run = player('get', url($edge), '-o', $file);
    is($run->{code}, 66, 'an edge without the key');
    like($run->{err}, qr/a content key is needed: .*--key-file/, 'says what to do');
    is(player('get', url($edge), '-o', $file, '--key-file', $library{all}{key})->{code}, 0, '--key-file');
    is_film($file, $library{all}, 'the film');
    $run = player('get', url($edge), '-o', target(), '--key-file', $library{partial}{key});
    is($run->{code}, 65, 'a wrong key');
    like($run->{err}, qr/the key is not this title's/, 'says so');
    spew("$dir/nokey", 'hello');
    is(player('get', url($edge), '-o', target(), '--key-file', "$dir/nokey")->{code}, 65, 'no key');
    $edge->stop;
};

subtest 'not there, or not an edge' => sub {
    my $edge = edge($library{none});
    (my $unknown = url($edge, token('--title', '*'))) =~ s/film$/unknown/;
    my $run = player('get', $unknown, '-o', target());
    is($run->{code}, 66, 'unknown title');
    like($run->{err}, qr/http:\/\/127\.0\.0\.1:\d+ has no title unknown/, 'says so');
    $edge->stop;

    my $site = edge($library{none}, locations => 'location / { default_type text/html; return 200 "<html>Welcome</html>"; }');
    $run = player('get', url($site), '-o', target());
    is($run->{code}, 69, 'a web site');
    like($run->{err}, qr/answered with a web page: is it an edge\?/, 'says so');
    my $port = $site->port;
    $site->stop;

    $run = player('get', "http://127.0.0.1:$port/t/film", '-o', target());
    is($run->{code}, 69, 'nobody');
    like($run->{err}, qr/the server does not answer: http:\/\/127\.0\.0\.1:$port/, 'says so');
    is(player('get', "http://127.0.0.1:$port/films/x", '-o', target())->{code}, 64, 'no title in the URL');
    is(player('get', 'http://127.0.0.1/t/film')->{code}, 64, 'no -o');
    my $token = token();
    is(player('get', url($edge, $token), url($edge, $token), '-o', target(), '--tokn', $token)->{code}, 64, 'too many words');
};

subtest 'damaged header files' => sub {
    my $library = library(protect => 'none');
    my $header = "$library->{dir}/titles/film/header.enp";
    my $good = slurp($header);
    my %bad = ('cut short' => substr($good, 0, 500), 'flipped' => $good ^ ("\0" x 200 . "\x10"), 'another thing' => 'x' x 5000,
        'empty' => '', 'huge' => substr($good, 0, 12) . pack('Q>', 2**40) . substr($good, 20));
    my $edge = edge($library, locations => "location /t/film/ { alias $library->{dir}/titles/film/; }");
    for my $name (sort keys %bad) {
        spew($header, $bad{$name});
        my $file = target();
        my $run = player('get', url($edge, ''), '-o', $file);
        is($run->{code}, 65, "$name: 65") or diag $run->{err};
        like($run->{err}, qr/header file|the file cannot be detected/, "$name: says so");
        ok(!-e "$file.part", "$name: nothing written");
    }
    $edge->stop;
};

subtest 'a full disk' => sub {
    plan skip_all => 'needs unshare -m (root)' if system('unshare -m true 2>/dev/null') != 0;
    my $edge = edge($library{none});
    my $disk = "$dir/disk";
    mkdir $disk;
    # A disk of 1 MiB; then room is made, and the same command is run again.
    my $script = 'mount -t tmpfs -o size=1m none "$0" && { "$@"; echo "code $?"; ls -A "$0"; mount -o remount,size=64m "$0";'
        . ' "$@"; echo "code $?"; sha256sum "$0"/film.mp4; }';
    my $run = player({ before => [ 'unshare', '-m', 'sh', '-c', $script, $disk ] }, 'get', url($edge), '-o', "$disk/film.mp4");
    like($run->{err}, qr/^weir-player get: no space: .*the disk is full: \S+ MiB are needed, \S+ \w+ are free/, 'says what is missing');
    is($run->{out}, "code 74\ncode 0\n$library{none}{sha256}  $disk/film.mp4\n", '74, nothing left, and well with room');
    $edge->stop;
};

subtest 'no more may be written in the middle' => sub {
    my ($slow, $fast) = (edge($library{all}, rate => '60k'), edge($library{all}));
    my $file = target();
    my $child = start_player('get', url($slow), '-o', $file);
    await(sub { noted($file) >= 2 }, 'two pieces are there', 30);
    # As a disk or quota that ran full where room cannot be reserved.
    system('prlimit', "--pid=$child->{pid}", '--fsize=1000') == 0 or die;
    my $run = end_player($child);
    is($run->{code}, 74, 'exit 74');
    like($run->{err}, qr/no space: \Q$file\E\.part.*: .*\d+ of \d+ pieces are kept: the same command goes on/, 'says so');
    my $held = noted($file);
    cmp_ok($held, '>=', 2, 'what was done is kept');
    $run = player('get', url($fast), '-o', $file, '--json');
    is($run->{code}, 0, 'with room again: done') or diag $run->{err};
    is(decode_json($run->{out})->{pieces}{resumed}, $held, 'from there on');
    is_film($file, $library{all}, 'the film');
    $_->stop for $slow, $fast;
};

is_deeply([ secrets_seen() ], [], 'no token and no key in anything that was printed');
finish();
