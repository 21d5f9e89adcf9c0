#!/usr/bin/env perl
# script/demo as a newcomer runs it: starts, says where, serves, survives an edge, stops; and says no clearly.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use HTTP::Tiny;
use JSON::PP qw(decode_json);
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
$ENV{WEIR_PRESET} ||= 'dev';
my $scratch = tempdir('weir-demo-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $scratch;
my $dir  = "$scratch/state";
my $film = "$scratch/A film, with: spaces.mp4";

# (exit code, stdout, stderr) of script/demo.
sub demo {
    my (@arguments) = @_;
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', "$scratch/out";
        open STDERR, '>', "$scratch/err";
        exec "$root/script/demo", @arguments or exit 127;
    }
    waitpid $pid, 0;
    return ($? >> 8, slurp("$scratch/out"), slurp("$scratch/err"));
}

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or return '';
    local $/;
    return scalar <$file> // '';
}

sub get { my ($url) = @_; return HTTP::Tiny->new(timeout => 10)->get($url) }

sub servers_left {
    return grep { (my $line = slurp("$_/cmdline")) =~ tr/\0/ /; $line =~ /nginx: master process.*\Q$dir\E/ } glob '/proc/[0-9]*';
}

END { my $status = $?; demo('--stop', '--dir', $dir) if $dir && -d $dir; $? = $status }

is system('ffmpeg', qw(-nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=25:duration=4 -f lavfi -i sine=duration=4
    -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -movflags +faststart), $film), 0, 'a film';

my ($code, $out, $err) = demo($film, '--detach', '--json', '--dir', $dir);
is $code, 0, 'it starts' or BAIL_OUT("script/demo: $err");
my $said = decode_json($out);
is $said->{title}, 'A-film-with-spaces', 'a title from the name';
is scalar @{ $said->{edges} }, 2, 'two edges';
is $said->{state_dir}, $dir, 'where it keeps its state';
my $token = $said->{token};
is $said->{watch}, "$said->{edges}[0]/watch/$said->{title}#token=$token&edges=" . join(',', @{ $said->{edges} }), 'the watch URL';

my $bytes = slurp($film);
for my $edge (@{ $said->{edges} }) {
    like get("$edge/watch/$said->{title}")->{content}, qr/<weir-|<script/, "$edge: the watch page";
    like get("$edge/watch/sw.js")->{headers}{'content-type'}, qr/javascript/, "$edge: its service worker";
    is get("$edge/t/$said->{title}/header.enp")->{status}, 401, "$edge: nothing without a token";
    ok get("$edge/~$token/t/$said->{title}/file.mp4")->{content} eq $bytes, "$edge: the film's bytes";
    like get("$edge/~$token/t/$said->{title}/master.m3u8")->{content}, qr/^#EXTM3U/, "$edge: HLS";
    is get("$edge/_weir/status")->{status}, 200, "$edge: status";
}
is system("$root/build/$ENV{WEIR_PRESET}/weir-player", 'get', "$said->{edges}[0]/~$token/t/$said->{title}",
    '--edge', $said->{edges}[1], '-o', "$scratch/got.mp4"), 0, 'weir-player get';
ok slurp("$scratch/got.mp4") eq $bytes, 'the same bytes';

is join(' ', grep { index(slurp($_), substr($token, -40)) >= 0 } glob("$dir/*/logs/*"), "$dir/state", "$dir/health.log"), '', 'no log holds the token';
is +(stat "$dir/demo.json")[2] & 077, 0, 'what holds the token is private';
is +(stat "$dir/keys/$said->{title}.key")[2] & 007, 0, 'so is the key';

($code, $out, $err) = demo('--dir', $dir);
is $code, 0, 'a second start';
like $err, qr/running already/, 'says so';
like $out, qr{watch\s+\Q$said->{edges}[0]/watch/}, 'and says the URL again';
my $other = "$scratch/other.mp4";
link $film, $other or die "link: $!";
($code, undef, $err) = demo($other, '--dir', $dir);
is $code, 75, 'another film meanwhile is refused';
like $err, qr/it shows .*A film/, 'with what is on';

chomp(my $pid = slurp("$dir/edge-1/nginx.pid"));
kill TERM => $pid;
my $deadline = time + 10;
select undef, undef, undef, 0.02 while -d "/proc/$pid" && time < $deadline;  # poll
ok get("$said->{edges}[1]/~$token/t/$said->{title}/file.mp4")->{content} eq $bytes, 'one edge ended, the other serves';
is +(demo('--dir', $dir))[0], 0, 'a start brings it back';
is get("$said->{edges}[0]/~$token/t/$said->{title}/header.enp")->{status}, 200, 'and it serves';

# As a reader of the demo's last lines would kill an edge, only harder: it cannot take its pid file along.
chomp($pid = slurp("$dir/edge-2/nginx.pid"));
my @workers = split ' ', slurp("/proc/$pid/task/$pid/children");
kill KILL => $pid, @workers;
$deadline = time + 10;
select undef, undef, undef, 0.02 while -d "/proc/$pid" && time < $deadline;  # poll

($code, undef, $err) = demo('--stop', '--dir', $dir);
is $code, 0, 'it stops';
unlike $err, qr/No such file/, 'though an edge was gone already';
is scalar(servers_left()), 0, 'nothing is left running';
like +(demo('--stop', '--dir', $dir))[2], qr/nothing runs/, 'stopping twice is no error';

open my $noise, '>', "$scratch/noise.mp4" or die $!;
print $noise "this is no film\n" x 1000;
close $noise;
($code, undef, $err) = demo("$scratch/noise.mp4", '--detach', '--dir', $dir);
is $code, 65, 'no film: the code';
like $err, qr/the file format is incorrect/, 'and the reason';
is scalar(servers_left()), 0, 'and nothing is left running';
($code, undef, $err) = demo("$scratch/none.mp4", '--dir', $dir);
is $code, 66, 'no such film: the code';
like $err, qr/none\.mp4: no such file/, 'and which';
make_path("$scratch/mine/photos");
($code, undef, $err) = demo('--dir', "$scratch/mine");
is $code, 73, 'a directory of somebody else is left alone';
is +(demo('--dtach'))[0], 64, 'an unknown option';

done_testing;
