# Calls `weir` as an admin does, and makes the films that tests split: small ones, by ffmpeg, once a build directory.
package Weir::Tool;
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Exporter 'import';
use Fcntl ':flock';
use File::Basename qw(basename);
use File::Find ();
use File::Path qw(make_path);
use File::Temp ();
use FindBin;
use JSON::PP;
use POSIX ();
use Time::HiRes qw(time);

our @EXPORT = qw(weir weir_json start_weir wait_for film slurp spew files_below $dir $weir);

my $build = "$FindBin::Bin/../../build";
our $weir = "$build/" . ($ENV{WEIR_PRESET} // 'dev') . '/weir';
our $dir = File::Temp::tempdir('weir-companions-XXXXXX', TMPDIR => 1, CLEANUP => 1);

sub slurp { open my $f, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar(<$f>) // '' }
sub spew { open my $f, '>:raw', $_[0] or die "$_[0]: $!"; print $f $_[1]; close $f or die "$_[0]: $!" }

# Starts `weir ARGS`, its output in $dir/out and $dir/err.
sub start_weir {
    my @args = @_;
    my $pid = fork() // die "fork: $!";
    return $pid if $pid;
    open STDOUT, '>', "$dir/out" or die;
    open STDERR, '>', "$dir/err" or die;
    open STDIN, '<', '/dev/null' or die;
    exec { $weir } $weir, @args or POSIX::_exit(127);
}

# (exit code or "signal N", stdout, stderr).
sub weir {
    my $pid = start_weir(@_);
    waitpid $pid, 0;
    my $status = $?;
    return ($status & 127 ? 'signal ' . ($status & 127) : $status >> 8, slurp("$dir/out"), slurp("$dir/err"));
}

# The object that `weir ARGS --json` prints; dies when it fails.
sub weir_json {
    my ($code, $out, $err) = weir(@_, '--json');
    die "weir @_: exit $code: $err" if $code ne '0';
    return decode_json($out);
}

# Waits until the condition holds; false when it does not within 30 s.
sub wait_for {
    my ($condition) = @_;
    my $until = time + 30;
    until ($condition->()) {
        return 0 if time > $until;
        select undef, undef, undef, 0.005;    # poll
    }
    return 1;
}

# Paths of all files and folders below, relative, sorted.
sub files_below {
    my ($root) = @_;
    return () unless -e $root;
    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub { push @found, substr $_, 1 + length $root if $_ ne $root } }, $root);
    return sort @found;
}

my $picture = '-f lavfi -i testsrc2=s=320x180:r=25:d=20';
my $sound = '-f lavfi -i sine=f=440:d=20';
my $h264 = '-c:v libx264 -preset ultrafast -bf 2 -g 25 -pix_fmt yuv420p';
my %recipes = (
    'faststart.mp4' => "$picture $sound $h264 -c:a aac -movflags +faststart",
    'last.mp4' => "$picture $sound $h264 -c:a aac",
    'fragmented.mp4' => "$picture $sound $h264 -c:a aac -movflags frag_keyframe+empty_moov+skip_trailer",
    'h264.mkv' => "$picture $sound $h264 -c:a aac",
    'vp8.webm' => "$picture $sound -c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus",
    'mpeg4.avi' => "$picture $sound -c:v mpeg4 -c:a libmp3lame",
    'h264.avi' => "$picture $sound -c:v libx264 -preset ultrafast -bf 0 -g 25 -pix_fmt yuv420p -c:a libmp3lame",
    'mpeg2.mpg' => "$picture $sound -c:v mpeg2video -g 25 -c:a mp2",
    'h264.ts' => "$picture $sound $h264 -c:a aac",
    'wmv2.wmv' => "$picture $sound -c:v wmv2 -c:a wmav2",
    'hevc.mp4' => "$picture $sound -c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=25 -tag:v hvc1 -c:a ac3",
    'song.mp3' => "$sound -c:a libmp3lame",
    'song.m4a' => "$sound -c:a aac",
    'picture.jpg' => "$picture -frames:v 1",
    'tiny.mp4' => '-f lavfi -i testsrc2=s=64x64:r=25:d=0.4 -c:v libx264 -preset ultrafast',
);

# The path of a film of that name.
sub film {
    my ($name) = @_;
    my $recipe = $recipes{$name} or die "no film $name";
    make_path("$build/media");
    my $folder = "$build/media/" . substr md5_hex($recipe), 0, 8;
    my $film = "$folder/$name";
    return $film if -e $film;
    open my $lock, '>>', "$build/media/lock" or die "lock: $!";
    flock $lock, LOCK_EX or die;
    return $film if -e $film;
    make_path($folder);
    system("ffmpeg -v error -y -nostdin $recipe $folder/new-$name") == 0 or die "ffmpeg cannot make $name";
    rename "$folder/new-$name", $film or die "$film: $!";
    return $film;
}

1;
