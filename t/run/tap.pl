#!/usr/bin/env perl
# Runs TAP test programs as prove does and writes "PASSED FAILED SKIPPED" to COUNTS: tests, not files. A file that
# breaks off, plans wrongly or exits non-zero counts as a failure even if each of its tests passed.
# Usage: tap.pl COUNTS FILE…
use strict;
use warnings;
use TAP::Harness;

$| = 1;

my ($counts, @files) = @ARGV;
my $harness = TAP::Harness->new({
    verbosity => 0,
    failures  => 1,
    timer     => 1,
    merge     => 0,
    exec      => sub { [-x $_[1] ? () : ($^X), $_[1]] },
});
my $all = $harness->runtests(@files);

my ($passed, $failed, $skipped) = (0, 0, 0);
for my $parser ($all->parsers(@files)) {
    my $skips = () = $parser->skipped;
    my $bad = () = $parser->failed;
    $bad ||= 1 if $parser->has_problems;
    $skips ||= 1 if defined $parser->skip_all;
    $passed += ($parser->passed) - (() = $parser->skipped);
    $failed += $bad;
    $skipped += $skips;
}
open my $out, '>', $counts or die "$counts: $!\n";
print $out "$passed $failed $skipped\n";
close $out or die "$counts: $!\n";
exit($failed ? 1 : 0);
