#!/usr/bin/perl
# weir split, inspect and merge over every container: what goes in comes out bit for bit, whatever the policy.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA;
use File::Compare qw(compare);
use Test::More;
use Weir::Tool;

my $lib = "$dir/lib";
my $key = "$dir/content.key";

# film => [--format's name, extension, type of the file, has a ts rendition]
my %films = (
    'faststart.mp4' => [ 'mp4', 'mp4', 'video/mp4', 1 ],
    'last.mp4' => [ 'mp4', 'mp4', 'video/mp4', 1 ],
    'fragmented.mp4' => [ 'mp4', 'mp4', 'video/mp4', 1 ],
    'h264.mkv' => [ 'mkv', 'mkv', 'video/x-matroska', 1 ],
    'vp8.webm' => [ 'mkv', 'webm', 'video/webm', 0 ],
    'mpeg4.avi' => [ 'avi', 'avi', 'video/x-msvideo', 0 ],
    'h264.avi' => [ 'avi', 'avi', 'video/x-msvideo', 1 ],
    'mpeg2.mpg' => [ 'mpeg', 'mpg', 'video/mpeg', 1 ],
    'h264.ts' => [ 'ts', 'ts', 'video/mp2t', 1 ],
    'wmv2.wmv' => [ 'asf', 'wmv', 'video/x-ms-asf', 0 ],
    'hevc.mp4' => [ 'mp4', 'mp4', 'video/mp4', 1 ],
    'song.mp3' => [ 'mp3', 'mp3', 'audio/mpeg', 1 ],
    'song.m4a' => [ 'mp4', 'm4a', 'audio/mp4', 1 ],
);
for my $name (sort keys %films) {
    my ($format, $ext, $mime, $ts) = @{ $films{$name} };
    my $film = film($name);
    for my $protect (qw(none partial all)) {
        my $title = "$name-$protect";
        my $made = eval {
            weir_json('split', $film, '-o', $lib, '--title', $title, '--piece-size', '100k', '--protect', $protect,
                '--partial-every', 3, '--key-file', $key, '--format', $format);
        };
        ok($made, "$title: split") or do { diag $@; next };
        my $header = "$lib/titles/$title/header.enp";
        is($made->{header}, $header, 'says where the header is');
        is(join(' ', map { $_->{kind} } @{ $made->{renditions} }), $ts ? 'file ts' : 'file', 'renditions');
        is("$made->{format} $made->{ext} $made->{mime}", "$format $ext $mime", 'format, extension, type');
        my ($code, undef, $err) = weir('merge', $header, '-o', "$dir/merged", '--key-file', $key);
        is($code, 0, 'merge') or diag $err;
        is(compare("$dir/merged", $film), 0, 'the same bytes');
        is($made->{sha256}, Digest::SHA->new(256)->addfile($film)->hexdigest, 'SHA-256 of the source');
        ($code, undef, $err) = weir('verify', $header, '--key-file', $key);
        is($code, 0, 'verify') or diag $err;

        my $json = weir_json('inspect', $header);
        my ($file) = grep { $_->{kind} eq 'file' } @{ $json->{renditions} };
        my @sealed = map { $_->{sealed} ? 1 : 0 } @{ $file->{pieces} };
        my @wanted = map { $protect eq 'all' || ($protect eq 'partial' && $_ % 3 == 0) ? 1 : 0 } 0 .. $#sealed;
        is_deeply(\@sealed, \@wanted, 'the policy decides which pieces are sealed');
        is(!!$json->{media_header}{sealed}, $protect ne 'none', 'and the media header');
        ok(abs($json->{duration} - 20) < 0.3, "duration $json->{duration}");
        my @big = grep { $_->{bytes} > 102400 } @{ $file->{pieces} };
        is(scalar @big, 0, 'no piece over --piece-size');
        if ($protect eq 'all') {
            my $piece = $file->{pieces}[0];
            my $stored = slurp("$lib/pieces/" . substr($piece->{uuid}, 0, 2) . "/$piece->{uuid}");
            is(index(slurp($film), substr $stored, 0, 64), -1, 'nothing of the film is legible in a sealed piece');
        }
    }
}
is((stat $key)[2] & 0777, 0600, 'the key file is its owner\'s alone');
is_deeply([ grep { /\.tmp/ } files_below($lib) ], [], 'nothing temporary is left');

# Piece sizes at the edges: pieces of one byte take a film of few bytes.
spew("$dir/start.mkv", substr slurp(film('h264.mkv')), 0, 9000);
for my $size ('1', '37', '65535', '65536', '65537', '64M') {
    my $film = $size =~ /^\d{1,2}$/ ? "$dir/start.mkv" : film('last.mp4');
    my $made = eval { weir_json('split', $film, '-o', $lib, '--title', 'odd', '--piece-size', $size, '--protect', 'all',
            '--key-file', $key, '--rendition', 'file', '--force') };
    ok($made, "--piece-size $size") or diag $@;
    is($made->{renditions}[0]{pieces}, $made->{size} - $made->{ranges}[0][1], 'a piece for each byte') if $size eq '1';
    weir('merge', "$lib/titles/odd/header.enp", '-o', "$dir/merged", '--key-file', $key);
    is(compare("$dir/merged", $film), 0, 'the same bytes');
}

# A film with damage in the middle is still that film; one that lost its end says so.
for my $name ('h264.mkv', 'h264.ts', 'last.mp4') {
    my $bytes = slurp(film($name));
    substr($bytes, length($bytes) / 2, 50_000) = "\xa5" x 50_000;
    spew("$dir/damaged-$name", $bytes);
    my $made = eval { weir_json('split', "$dir/damaged-$name", '-o', $lib, '--title', 'damaged', '--force') };
    ok($made, "$name with a damaged middle") or diag $@;
    weir('merge', "$lib/titles/damaged/header.enp", '-o', "$dir/merged");
    is(compare("$dir/merged", "$dir/damaged-$name"), 0, 'the same bytes');
}
my $whole = slurp(film('faststart.mp4'));
spew("$dir/tail-lost.mp4", substr $whole, 0, length($whole) * 3 / 4);
my $lost = weir_json('split', "$dir/tail-lost.mp4", '-o', $lib);
like("@{ $lost->{warnings} }", qr/cut short/, 'a film without its end is called one');
weir('merge', $lost->{header}, '-o', "$dir/merged");
is(compare("$dir/merged", "$dir/tail-lost.mp4"), 0, 'the same bytes');

# What a player needs first is in the header: no byte of the recorded reads lies in a piece.
for my $name ('faststart.mp4', 'last.mp4', 'h264.mkv', 'h264.ts') {
    my $made = weir_json('split', film($name), '-o', $lib, '--title', 'record', '--force', '--piece-size', '64k');
    my $outside = 0;
    for my $read (@{ $made->{reads} }) {
        $outside++ unless grep { $read->[0] >= $_->[0] && $read->[0] + $read->[1] <= $_->[0] + $_->[1] } @{ $made->{ranges} };
    }
    is($outside, 0, "$name: every read is in the media header");
    cmp_ok($made->{fast_start_bytes}, '<=', 65536, "$name: starts with one request");
}
my $last = weir_json('split', film('last.mp4'), '-o', $lib, '--title', 'record', '--force', '--piece-size', '64k');
cmp_ok($last->{ranges}[-1][0], '>', $last->{size} / 2, 'an index at the end of the source is in the media header');
my $record = 0;
$record += $_->[1] for @{ weir_json('split', film('h264.ts'), '-o', $lib, '--title', 'record', '--force')->{reads} };
cmp_ok($record, '<=', 128 << 10, 'the record of an MPEG-TS stays small');

# Titles.
for my $case ([ 'My Film (1999).mp4', 'My-Film-1999' ], [ '..hidden.mp4', 'hidden' ], [ "\xe6\x98\xa0\xe7\x94\xbb.mp4", qr/^film-[0-9a-f]{8}$/ ]) {
    symlink film('tiny.mp4'), "$dir/$case->[0]" or die;
    my $title = weir_json('split', "$dir/$case->[0]", '-o', $lib)->{title};
    ref $case->[1] ? like($title, $case->[1], 'title from a name in another script') : is($title, $case->[1], "title from $case->[0]");
}

# The report.
my ($code, $out, $err) = weir('split', film('last.mp4'), '-o', $lib, '--title', 'shown', '-v', '--piece-size', '64k');
is($code, 0, 'split -v');
like($out, qr/^Reads while opening, as recorded: \d+ reads in 2 runs/m, 'recorded reads');
like($out, qr/^Media header, as arranged: 2 ranges/m, 'arranged ranges');
like($out, qr/^Pieces of the file rendition: \d+$/m, 'pieces');
like($out, qr/… \d+ more …/, 'long tables are shortened');
like($out, qr/starts with [\d,]+ bytes in one request/, 'why it starts fast');
is($err, '', 'and nothing else');
like((weir('inspect', "$lib/titles/shown/header.enp"))[1], qr/^Media header, as arranged: 2 ranges.*^Pieces of the ts rendition/ms, 'inspect shows ranges and pieces');
like((weir('split', film('fragmented.mp4'), '-o', $lib, '--title', 'slow'))[2], qr/^weir split: warning: fragmented MP4 without an index.*faststart/, 'a slow starter is called one');
like((weir('split', film('vp8.webm'), '-o', $lib, '--title', 'nots'))[2], qr/^weir split: warning: no ts rendition, .*vp8/, 'no ts rendition: why');

# RFC 6381 strings.
for my $case ([ 'last.mp4', qr/^avc1\.[0-9a-f]{6} mp4a\.40\.2$/ ], [ 'h264.ts', qr/^avc1\.[0-9a-f]{6} mp4a\.40\.2$/ ], [ 'hevc.mp4', qr/^hvc1\.1\.6\.L\d+\S* ac-3$/ ],
    [ 'vp8.webm', qr/^vp8 opus$/ ], [ 'song.mp3', qr/^mp4a\.40\.34$/ ]) {
    weir_json('split', film($case->[0]), '-o', $lib, '--title', 'codecs', '--force');
    my $json = weir_json('inspect', "$lib/titles/codecs/header.enp");
    like(join(' ', map { $_->{rfc6381} // '-' } @{ $json->{streams} }), $case->[1], "$case->[0]: codec strings");
}

# Signed headers.
weir('token', 'keygen', '-o', "$dir/sign.key");
my (undef, $jwks) = weir('token', 'jwks', "$dir/sign.key");
spew("$dir/jwks.json", $jwks);
my $signed = weir_json('split', film('tiny.mp4'), '-o', $lib, '--title', 'signed', '--sign-key', "$dir/sign.key")->{header};
is((weir('verify', $signed, '--jwks', "$dir/jwks.json"))[0], 0, 'a signed header holds');
weir('token', 'keygen', '-o', "$dir/other.key");
(undef, $jwks) = weir('token', 'jwks', "$dir/other.key");
spew("$dir/other.json", $jwks);
($code, undef, $err) = weir('verify', $signed, '--jwks', "$dir/other.json");
is($code, 65, 'signed by a stranger');
like($err, qr/signature does not hold: its key/, 'and said so');
($code) = weir('verify', "$lib/titles/shown/header.enp", '--jwks', "$dir/jwks.json");
is($code, 65, 'not signed where a signature is asked for');

# A file's name may hold what a header's may not.
my $odd = "$dir/odd\n\xff\x1b[31m.mp4";
spew($odd, slurp(film('tiny.mp4')));
my $cleaned = weir_json('split', $odd, '-o', $lib, '--title', 'odd')->{header};
is(weir_json('inspect', $cleaned)->{name}, 'odd___[31m.mp4', 'a name that would not do is mended');
is((weir('merge', $cleaned, '-o', "$dir/odd-merged"))[0], 0, 'and merges');

done_testing;
