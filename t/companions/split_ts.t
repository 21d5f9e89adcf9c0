#!/usr/bin/perl
# The ts rendition: lossless, cut at key frames, one legal stream when its pieces are put one after the other.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Test::More;
use Weir::Tool;

sub ffmpeg_errors { my ($file) = @_; return scalar qx(ffmpeg -v error -nostdin -i $file -f null - 2>&1) }
sub frames {
    my ($file, $stream) = @_;
    chomp(my $n = qx(ffprobe -v error -select_streams $stream -count_packets -show_entries stream=nb_read_packets -of csv=p=0 $file | head -1));
    $n =~ s/\D//g;
    return $n;
}
# A stream's coded frames, whatever holds them: hash of each packet's decoded picture.
sub picture_hash { my ($file) = @_; return scalar qx(ffmpeg -v error -nostdin -i $file -map 0:v:0 -fps_mode passthrough -f hash -hash md5 - 2>&1) }

# What is wrong with a piece's start, or ''.
sub start_fault {
    my ($piece, $has_video) = @_;
    my @packets = unpack '(a188)3', $piece;
    my @pid = map { unpack('n', substr $_, 1, 2) & 0x1fff } @packets;
    return 'no sync byte' if grep { ord != 0x47 } @packets;
    return "first packet has PID $pid[0], not the PAT's" if $pid[0] != 0;
    my $pmt = unpack('n', substr $packets[0], 15, 2) & 0x1fff;
    return "second packet has PID $pid[1], not the PMT's ($pmt)" if $pid[1] != $pmt;
    return 'third packet starts no PES' unless ord(substr $packets[2], 1, 1) & 0x40;
    my $flags = ord substr $packets[2], 3, 1;
    return 'third packet is no random access point' unless $flags & 0x20 && ord(substr $packets[2], 5, 1) & 0x40;
    return '';
}

# Continuity counters that do not go on, over the whole stream.
sub continuity_faults {
    my ($bytes) = @_;
    my (%last, $faults);
    $faults = 0;
    for (my $at = 0; $at < length $bytes; $at += 188) {
        my (undef, $pid, $flags) = unpack 'CnC', substr $bytes, $at, 4;
        $pid &= 0x1fff;
        next unless $flags & 0x10;    # no payload: the counter rests
        my $counter = $flags & 15;
        $faults++ if defined $last{$pid} && $counter != ($last{$pid} + 1) % 16;
        $last{$pid} = $counter;
    }
    return $faults;
}

my $lib = "$dir/lib";
for my $case ([ 'last.mp4', 1 ], [ 'fragmented.mp4', 1 ], [ 'h264.mkv', 1 ], [ 'h264.avi', 1 ], [ 'h264.ts', 1 ], [ 'mpeg2.mpg', 1 ], [ 'hevc.mp4', 1 ], [ 'song.mp3', 0 ], [ 'song.m4a', 0 ]) {
    my ($name, $video) = @$case;
    my $film = film($name);
    my $header = weir_json('split', $film, '-o', $lib, '--title', $name, '--rendition', 'ts')->{header};
    my ($ts) = @{ weir_json('inspect', $header)->{renditions} };
    is($ts->{kind}, 'ts', "$name: ts");
    my ($all, $end, $expected, @faults, @short) = ('', 0, 0);
    for my $i (0 .. $#{ $ts->{pieces} }) {
        my $piece = $ts->{pieces}[$i];
        my $bytes = slurp("$lib/pieces/" . substr($piece->{uuid}, 0, 2) . "/$piece->{uuid}");
        $end++ unless $piece->{offset} == length $all;
        $all .= $bytes;
        my $fault = start_fault($bytes, $video);
        push @faults, "piece $i: $fault" if $fault;
        push @short, $piece->{duration} if $piece->{duration} < 6 && $i < $#{ $ts->{pieces} };
        spew("$dir/piece.ts", $bytes);
        my $errors = ffmpeg_errors("$dir/piece.ts");
        push @faults, "piece $i alone: $errors" if $errors;
    }
    is($ts->{size}, length $all, 'size');
    is($end, 0, 'offsets follow one another');
    is("@faults", '', 'every piece starts PAT, PMT, key frame, and decodes alone');
    is("@short", '', 'every piece but the last is as long as asked');
    is(scalar @{ $ts->{pieces} }, 4, '20 s in pieces of 6');
    ok(abs($ts->{pieces}[0]{time}) < 0.1, 'times start at zero');
    ok(abs($ts->{pieces}[2]{time} - 12) < 0.2, "the third piece starts at 12 s: $ts->{pieces}[2]{time}");
    is(continuity_faults($all), 0, 'continuity counters go on');
    spew("$dir/all.ts", $all);
    is(ffmpeg_errors("$dir/all.ts"), '', 'decodes without an error');
    if ($video) {
        is(frames("$dir/all.ts", 'v:0'), frames($film, 'v:0'), 'as many pictures as the source');
        is(picture_hash("$dir/all.ts"), picture_hash($film), 'the very pictures');
    }
    is(frames("$dir/all.ts", 'a:0'), frames($film, 'a:0'), 'as much sound') unless $name =~ /mp3|avi/;    # these demuxers pack frames differently
}

my $short = weir_json('split', film('last.mp4'), '-o', $lib, '--title', 'short', '--rendition', 'ts', '--segment-seconds', 2);
is($short->{renditions}[0]{pieces}, 10, '--segment-seconds 2');
my ($code, undef, $err) = weir('merge', $short->{header}, '-o', "$dir/merged");
is($code, 65, 'a title without file rendition cannot be merged');
like($err, qr/^weir merge: no such rendition: title short was split with --rendition ts/, 'and why');
ok(!-e "$dir/merged", 'no file appears');

# Two recordings one after the other: the clock jumps back, the ts rendition goes on.
spew("$dir/joined.ts", slurp(film('h264.ts')) x 2);
my $joined = weir_json('split', "$dir/joined.ts", '-o', $lib, '--rendition', 'ts');
my ($ts) = @{ weir_json('inspect', $joined->{header})->{renditions} };
my @times = map { $_->{time} } @{ $ts->{pieces} };
is_deeply(\@times, [ sort { $a <=> $b } @times ], 'times ascend over a joint') or diag "@times";
ok(abs($times[-1] + $ts->{pieces}[-1]{duration} - 40) < 1, 'and cover both parts');

done_testing;
