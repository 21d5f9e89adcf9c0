package Weir::Test;

# What a test of the module begins with: `use Weir::Test;` brings Test::More, the client's functions, strict and warnings.
#
#   my $nginx = nginx(http => …);       started, stopped and checked by finish()
#   my $origin = origin();
#   await(sub { … }, 'what we wait for');
#   finish();                           # last line of a test instead of done_testing

use strict;
use warnings;

use Time::HiRes qw(sleep time);
use Test::More;
use Weir::Client;
use Weir::Nginx;
use Weir::Origin;

our @EXPORT = qw(nginx origin await bytes_of finish identical store_files problem_code);
my (@nginxes, @origins);
$SIG{PIPE} = q(IGNORE);

sub import {
    my $into = caller;
    strict->import;
    warnings->import;
    no strict 'refs';
    *{"${into}::$_"} = \&{"Weir::Test::$_"} for @EXPORT;
    *{"${into}::$_"} = \&{"Weir::Client::$_"} for @Weir::Client::EXPORT;
    *{"${into}::$_"} = \&{"Time::HiRes::$_"} for qw(sleep time);
    eval "package $into; use Test::More; 1" or die $@;
}

sub nginx { my $nginx = Weir::Nginx->new(@_); push @nginxes, $nginx; return $nginx->start }
sub origin { my $origin = Weir::Origin->new(@_); push @origins, $origin; return $origin }
sub bytes_of { return Weir::Origin::bytes_of(@_) }

sub await {
    my ($code, $what, $seconds) = @_;
    my $deadline = time + ($seconds || 10);
    while (time < $deadline) { my $value = $code->(); return $value if $value; sleep 0.01 }  # poll
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return fail("waited in vain: $what");
}

# Equality of long bodies without printing them.
sub identical {
    my ($got, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return pass($name) if $got eq $expected;
    my $at = 0;
    my $mask = $got ^ $expected;
    $at = $mask =~ /[^\0]/ ? $-[0] : 0;
    fail($name);
    return !diag(sprintf 'lengths %d and %d, first difference at %d', length $got, length $expected, $at);
}

# The files of a store below a directory.
sub store_files { my ($dir) = @_; return grep { -f } glob("$dir/*/*"), glob("$dir/*") }

# The frozen code of a problem+json answer, 0 when it is none.
sub problem_code {
    my ($answer) = @_;
    return 0 if ($answer->{headers}{'content-type'} // '') ne 'application/problem+json';
    return $answer->{body} =~ /"code":(\d+)/ ? $1 : 0;
}

sub finish {
    $_->stop for @nginxes;
    $_->stop for @origins;
    done_testing();
}

1;
