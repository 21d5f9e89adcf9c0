#!/usr/bin/perl
# weir split and merge on what is no film, no header, or no argument: a clear line, the right code, nothing left behind.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP;
use Test::More;
use Weir::Tool;

my $lib = "$dir/new/lib";
my $film = film('last.mp4');
my $bytes = slurp($film);
srand 42;
my $noise = join '', map { chr rand 256 } 1 .. 500_000;

my %bad = (
    'text.mp4' => "This is not a film.\n" x 1000,
    'empty.mp4' => '',
    'one.mp4' => 'x',
    'zeros.mkv' => "\0" x 100_000,
    'noise.ts' => $noise,
    'short.mp4' => substr($bytes, 0, 100_000),    # moov is at the end
    'head.mkv' => substr(slurp(film('h264.mkv')), 0, 100),
    'page.html' => "<!DOCTYPE html><html><body>404</body></html>\n",
    'subtitles.srt' => "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" x 20,
    'list.ffconcat' => "ffconcat version 1.0\nfile $film\n",
    'list.m3u8' => "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n$film\n#EXT-X-ENDLIST\n",
    'picture.jpg' => slurp(film('picture.jpg')),
    'program.mp4' => slurp('/bin/true'),
);
for my $name (sort keys %bad) {
    spew("$dir/$name", $bad{$name});
    for my $format ('auto', $name =~ /\.(mp4|mkv|ts)$/ ? $1 : 'mp4') {
        my ($code, $out, $err) = weir('split', "$dir/$name", '-o', $lib, '--format', $format, '--protect', 'all', '--key-file', "$dir/k.key");
        is($code, 65, "$name as $format: refused");
        like($err, qr/^weir split: the file format is incorrect: \S*\Q$name\E\b.+\n$/, 'in one line that names it');
        is($out, '', 'nothing on stdout');
        ok(!-e "$dir/new", 'no folder is left');
        ok(!-e "$dir/k.key", 'no key is left');
    }
}

# A good film that is not what --format says.
for my $case ([ 'last.mp4', 'avi' ], [ 'h264.mkv', 'mp4' ], [ 'h264.ts', 'mpeg' ], [ 'mpeg4.avi', 'asf' ], [ 'song.mp3', 'mp4' ]) {
    my ($code, undef, $err) = weir('split', film($case->[0]), '-o', $lib, '--format', $case->[1]);
    is($code, 65, "$case->[0] as $case->[1]");
    like($err, qr/the file format is incorrect: .*it is \w+, not $case->[1]/, 'says what it is');
    ok(!-e "$dir/new", 'nothing is left');
}
is((weir('split', film('wmv2.wmv'), '-o', "$dir/names", '--format', 'wmv'))[0], 0, 'names of extensions are formats too');
my ($code, $out, $err) = weir('split', film('vp8.webm'), '-o', $lib, '--rendition', 'ts');
is($code, 65, '--rendition ts of a codec that MPEG-TS does not take');
like($err, qr/no ts rendition: .*vp8/, 'says which');
ok(!-e "$dir/new", 'nothing is left');

# Arguments.
for my $case (
    [ 64, qr/unknown command 'splot': did you mean 'split'\?/, 'splot' ],
    [ 64, qr/SOURCE is required/, 'split' ],
    [ 64, qr/--output is required/, 'split', $film ],
    [ 64, qr/--frob/, 'split', $film, '-o', $lib, '--frob' ],
    [ 64, qr/--piece-size: 'huge'/, 'split', $film, '-o', $lib, '--piece-size', 'huge' ],
    [ 64, qr/--piece-size: '65M'/, 'split', $film, '-o', $lib, '--piece-size', '65M' ],
    [ 64, qr/--piece-size: '0'/, 'split', $film, '-o', $lib, '--piece-size', '0' ],
    [ 64, qr/--format: 'xyz' is not known: .*mkv/, 'split', $film, '-o', $lib, '--format', 'xyz' ],
    [ 64, qr/--protect/, 'split', $film, '-o', $lib, '--protect', 'some' ],
    [ 64, qr/--key-file is needed/, 'split', $film, '-o', $lib, '--protect', 'all' ],
    [ 64, qr/--partial-every/, 'split', $film, '-o', $lib, '--partial-every', '1' ],
    [ 64, qr/--segment-seconds/, 'split', $film, '-o', $lib, '--segment-seconds', '0' ],
    [ 64, qr/--suffix/, 'split', $film, '-o', $lib, '--suffix', '../x' ],
    [ 64, qr/'..\/x' is no title id/, 'split', $film, '-o', $lib, '--title', '../x' ],
    [ 64, qr/is no title id/, 'split', $film, '-o', $lib, '--title', 'a' x 129 ],
    [ 66, qr/cannot open \S+none.mp4: No such file/, 'split', "$dir/none.mp4", '-o', $lib ],
    [ 74, qr/Is a directory/, 'split', $dir, '-o', $lib ],
    [ 65, qr/is not a regular file/, 'split', '/dev/null', '-o', $lib ],
    [ 65, qr/key cannot be used/, 'split', $film, '-o', $lib, '--protect', 'all', '--key-file', "$dir/text.mp4" ],
    [ 66, qr/a content key is needed|cannot open/, 'split', $film, '-o', $lib, '--sign-key', "$dir/none.pem" ],
) {
    my ($want, $pattern, @args) = @$case;
    my ($got, undef, $text) = weir(@args);
    is($got, $want, "weir @args[ 0 .. ($#args < 1 ? $#args : 1) ] …: exit $want");
    like($text, $pattern, 'and why');
    like($text, qr/^weir[^:]*: .*\n$/, 'in one line');
    ok(!-e "$dir/new", 'nothing is left');
}
($code, $out) = weir('split', "$dir/text.mp4", '-o', $lib, '--json');
is($code, 65, '--json');
is(decode_json($out)->{error}{name}, 'format_incorrect', 'an error for machines');
spew("$dir/file", 'x');
($code, undef, $err) = weir('split', $film, '-o', "$dir/file");
isnt($code, 0, 'a file as library');
like($err, qr/^weir split: .*\Q$dir\E\/file/, 'is named');

# Help.
for my $command ([], ['split'], ['merge'], ['inspect'], ['verify'], ['token'], [ 'token', 'issue' ]) {
    my ($exit, $help) = weir(@$command, '--help');
    is($exit, 0, "weir @$command --help");
    like($help, qr/Usage: weir/, 'has a usage line');
    is((weir(@$command, '--version'))[1] =~ /^weir \d+\.\d+\.\d+\n$/ ? 1 : 0, 1, 'and a version');
}
is((weir())[0], 64, 'weir alone');

done_testing;
