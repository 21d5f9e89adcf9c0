#!/usr/bin/perl
# weir split and merge when things break: signals, a killed process, a full disk, a new revision. Nothing half-written is kept.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use Fcntl ':mode';
use File::Compare qw(compare);
use File::Path qw(remove_tree);
use POSIX ();
use Test::More;
use Weir::Tool;

# A film long enough to be interrupted: what follows its last box is a hole, which costs no disk to read.
my $long = "$dir/long.mp4";
spew($long, slurp(film('faststart.mp4')));
truncate $long, 8 << 30 or die "truncate: $!";

sub staged { my ($lib) = @_; return scalar grep { m{^\.tmp-[^/]+/[0-9a-f-]{36}$} } files_below($lib) }

# Signals in the middle.
for my $case ([ INT => 130 ], [ TERM => 143 ], [ HUP => 129 ]) {
    my ($signal, $code) = @$case;
    my $pid = start_weir('split', $long, '-o', "$dir/cut", '--title', 'x', '--rendition', 'file', '--protect', 'all', '--key-file', "$dir/cut.key");
    ok(wait_for(sub { staged("$dir/cut") > 2 }), "$signal: pieces are being written");
    kill $signal, $pid;
    waitpid $pid, 0;
    is($? >> 8, $code, "exit $code");
    like(slurp("$dir/err"), qr/^weir split: interrupted: nothing half-written was kept$/m, 'says so');
    ok(!-e "$dir/cut", 'not even the folder is left');
    ok(!-e "$dir/cut.key", 'nor a key that nothing needs');
}

# Memory does not grow with the film. The kernel keeps the peak in VmHWM while the process lives.
{
    my $large = "$dir/large.mp4";
    spew($large, slurp(film('faststart.mp4')));
    truncate $large, 600 << 20 or die "truncate: $!";
    my $split = start_weir('split', $large, '-o', "$dir/large", '--title', 'x', '--rendition', 'file', '--protect', 'all', '--key-file', "$dir/large.key");
    my $peak = 0;
    wait_for(sub {
        my ($now) = eval { slurp("/proc/$split/status") } =~ /^VmHWM:\s+(\d+) kB/m;
        $peak = $now if $now;
        return waitpid($split, POSIX::WNOHANG()) == $split;
    });
    is($?, 0, 'a film of 600 MiB');
    cmp_ok($peak, '>', 1000, 'its peak of memory was seen');
    cmp_ok($peak, '<', 200_000, "below 200 MB: $peak kB");
    remove_tree("$dir/large");
}

# A signal leaves alone what was there.
my $lib = "$dir/lib";
weir_json('split', film('last.mp4'), '-o', $lib, '--title', 'x');
my @before = files_below($lib);
my $pid = start_weir('split', $long, '-o', $lib, '--title', 'x', '--rendition', 'file');
wait_for(sub { staged($lib) > 2 });
kill 'TERM', $pid;
waitpid $pid, 0;
is_deeply([ files_below($lib) ], \@before, 'an interrupted second split changes nothing');
is((weir('verify', "$lib/titles/x/header.enp"))[0], 0, 'the title is whole');

# A process killed outright leaves one folder, which goes with the next run, but not while its owner lives.
$pid = start_weir('split', $long, '-o', $lib, '--title', 'y', '--rendition', 'file');
wait_for(sub { staged($lib) > 2 });
weir_json('split', film('tiny.mp4'), '-o', $lib, '--title', 'meanwhile');
ok(staged($lib) > 2, 'another split does not touch the folder of one at work');
kill 'KILL', $pid;
waitpid $pid, 0;
ok(staged($lib) > 2, 'kill -9 leaves a folder');
is_deeply([ grep { !/^\.tmp-/ && !/meanwhile/ } grep { !m{^pieces/} } files_below($lib) ], [ 'pieces', 'titles', 'titles/x', 'titles/x/header.enp' ], 'and no title');
weir_json('split', film('tiny.mp4'), '-o', $lib, '--title', 'meanwhile');
is_deeply([ grep { /tmp/ } files_below($lib) ], [], 'the next run clears it away');
is((weir('verify', "$lib/titles/x/header.enp"))[0], 0, 'the title beside it is whole');

# One killed while it published: its journal says what to take back.
my $orphan = '00000000-0000-4000-8000-000000000001';
my $stale = "$lib/.tmp-00000000-0000-4000-8000-000000000002";
mkdir $stale or die;
mkdir "$lib/pieces/00";
spew("$lib/pieces/00/$orphan", 'x');
spew("$stale/lock", '');
spew("$stale/journal", "$lib/titles/z/header.enp\nnew $orphan\nend\n");
weir_json('split', film('tiny.mp4'), '-o', $lib, '--title', 'meanwhile');
ok(!-e "$lib/pieces/00/$orphan", 'pieces that no header got are taken back');
ok(!-e $stale, 'with their folder');

# Revisions.
my $first = weir_json('split', film('last.mp4'), '-o', $lib, '--title', 'rev', '--rendition', 'file', '--piece-size', '100k');
my @first = map { $_->{uuid} } @{ weir_json('inspect', $first->{header})->{renditions}[0]{pieces} };
my $inode = (stat $first->{header})[1];
my $second = weir_json('split', film('faststart.mp4'), '-o', $lib, '--title', 'rev', '--rendition', 'file');
ok($second->{replaced}, 'a second split of a title replaces it');
isnt($second->{revision}, $first->{revision}, 'by a new revision');
isnt((stat $second->{header})[1], $inode, 'its header takes the place by rename');
is($second->{removed_pieces}, scalar @first, 'the old pieces are gone');
is(scalar(grep { -e "$lib/pieces/" . substr($_, 0, 2) . "/$_" } @first), 0, 'all of them');
weir('merge', $second->{header}, '-o', "$dir/merged");
is(compare("$dir/merged", film('faststart.mp4')), 0, 'the new film comes out');
my $third = weir_json('split', film('last.mp4'), '-o', $lib, '--title', 'rev', '--rendition', 'file', '--keep-old');
is($third->{removed_pieces}, 0, '--keep-old');

# Two files whose names make the same title.
symlink film('tiny.mp4'), "$dir/same name.mp4";
symlink film('tiny.mp4'), "$dir/same-name.mp4";
weir_json('split', "$dir/same name.mp4", '-o', $lib);
my ($code, undef, $err) = weir('split', "$dir/same-name.mp4", '-o', $lib);
is($code, 73, 'another file does not replace a title by accident');
like($err, qr/title same-name exists and was made from same name\.mp4: name another with --title, or replace it with --force/, 'and why');
is((weir('split', "$dir/same-name.mp4", '-o', $lib, '--force'))[0], 0, '--force');
spew("$lib/titles/rev/header.enp", 'garbage');
is((weir('split', film('tiny.mp4'), '-o', $lib, '--title', 'rev'))[0], 73, 'a damaged header is not replaced unasked');

# The attribute that edges make ETags of.
SKIP: {
    my $piece = weir_json('inspect', "$lib/titles/x/header.enp")->{renditions}[0]{pieces}[0];
    my $path = "$lib/pieces/" . substr($piece->{uuid}, 0, 2) . "/$piece->{uuid}";
    my $python = "import os,sys; sys.stdout.write(os.getxattr(sys.argv[1],'user.weir.sha256').decode())";
    my $hex = qx(python3 -c "$python" '$path' 2>/dev/null);
    skip 'this file system keeps no user attributes', 1 if $hex eq '' && !attributes_work();
    is($hex, $piece->{sha256}, 'user.weir.sha256');
}
sub attributes_work {
    return system("python3 -c \"import os,sys; os.setxattr(sys.argv[1], 'user.test', b'x')\" '$dir/err' 2>/dev/null") == 0;
}

# A full disk, on a small tmpfs of our own.
SKIP: {
    my $can = system('unshare -m mount -t tmpfs none /mnt 2>/dev/null') == 0;
    skip 'no private mounts here (unshare -m): full disk not tried', 14 unless $can;
    mkdir "$dir/small";
    my $sh = sub {
        my ($size, $script) = @_;
        spew("$dir/script", "set -u\nmount -t tmpfs -o size=$size,mode=0755 none '$dir/small' || exit 99\ncd '$dir/small'\n$script\n");
        my $out = qx(unshare -m bash '$dir/script' 2>&1);
        return $out;
    };
    my $film = film('last.mp4');
    # Known before it starts.
    my $out = $sh->('1m', "'$weir' split '$film' -o lib; echo exit \$?; find . -mindepth 1");
    like($out, qr/^weir split: no space: lib: 1\.6 MiB are needed, [\d.]+ \S+ are free\nexit 74\n\z/, 'split on a disk too small says so at once, and leaves nothing');
    # Found out while writing: the file rendition fits, the ts rendition does not.
    $out = $sh->('2200k', "'$weir' split '$film' -o lib --piece-size 100k; echo exit \$?; find . -mindepth 1");
    like($out, qr/^weir split: no space: \S*small\/lib\/\S+: the disk is full: [\d.]+ \S+ are needed, [\d.]+ \S+ are free$/m, 'split whose disk fills up names path, need and room');
    like($out, qr/\nexit 74\n\z/, 'and leaves nothing');
    # With a revision in place that has to survive.
    $out = $sh->('3500k', "'$weir' split '$film' -o lib --rendition file >/dev/null && find . | sort >/dev/shm/before.\$\$; "
        . "'$weir' split '$film' -o lib --rendition both --title last; echo exit \$?; find . | sort | diff - /dev/shm/before.\$\$ && echo as before; '$weir' verify lib/titles/last/header.enp; rm /dev/shm/before.\$\$");
    like($out, qr/no space/, 'no room for the next revision');
    like($out, qr/exit 74\nas before\nlast: all \d+ pieces are right/, 'the one before stays as it was');
    # merge
    $out = $sh->('1m', "'$weir' merge '$lib/titles/x/header.enp' -o out.mp4; echo exit \$?; find . -mindepth 1");
    like($out, qr/^weir merge: no space: out\.mp4: the disk is full: 1\.6 MiB are needed, .* free\nexit 74\n\z/, 'merge on a full disk');
    # A key that cannot be written.
    $out = $sh->('8m', "dd if=/dev/zero of=fill bs=4k 2>/dev/null; '$weir' split '$film' -o '$dir/keyless' --protect all --key-file key; echo exit \$?; ls; ls '$dir/keyless'");
    like($out, qr/^weir split: no space: key: .*\nexit 74\nfill\nls: /, 'no key, no title');
    # Names run out before bytes.
    $out = $sh->('8m,nr_inodes=12', "'$weir' split '$film' -o lib --piece-size 64k; echo exit \$?; find . -mindepth 1");
    like($out, qr/no space.*\nexit 74\n\z/, 'no inodes left');
}

done_testing;
