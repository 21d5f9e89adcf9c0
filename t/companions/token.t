#!/usr/bin/perl
# weir token, as an admin calls it.
use strict;
use warnings;
use FindBin;
use File::Temp qw(tempdir);
use JSON::PP;
use MIME::Base64 qw(encode_base64url decode_base64url);
use Test::More;

my $weir = "$FindBin::Bin/../../build/" . ($ENV{WEIR_PRESET} // 'dev') . '/weir';
my $dir = tempdir('weir-token-XXXXXX', TMPDIR => 1, CLEANUP => 1);

# Runs `weir token ARGS`: (exit code, stdout, stderr).
sub token {
    my @args = @_;
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', "$dir/out" or die;
        open STDERR, '>', "$dir/err" or die;
        open STDIN, '<', -e "$dir/in" ? "$dir/in" : '/dev/null' or die;
        exec $weir, 'token', @args or die "$weir: $!";
    }
    waitpid $pid, 0;
    my $status = $?;
    return ($status & 127 ? "signal $status" : $status >> 8, slurp("$dir/out"), slurp("$dir/err"));
}
sub slurp { open my $f, '<:raw', $_[0] or die "$_[0]: $!"; local $/; return scalar(<$f>) // '' }
sub spew { open my $f, '>:raw', $_[0] or die "$_[0]: $!"; print $f $_[1]; close $f or die }
sub issue {
    my ($code, $out, $err) = token('issue', '--key', "$dir/key", @_);
    is($code, 0, "issue @_") or diag $err;
    chomp $out;
    return $out;
}
# A token signed by our key with any header and claims.
sub forge {
    my ($header, $claims) = @_;
    my $input = join '.', map { encode_base64url(encode_json($_)) } $header, $claims;
    spew("$dir/message", $input);
    system('openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', "$dir/key", '-in', "$dir/message", '-out', "$dir/signature") == 0
        or die 'openssl';
    return "$input." . encode_base64url(slurp("$dir/signature"));
}

# keygen, jwks
my ($code, $out, $err) = token('keygen', '-o', "$dir/key");
is($code, 0, 'keygen');
is((stat "$dir/key")[2] & 0777, 0600, 'a private key is its owner\'s alone');
like(slurp("$dir/key"), qr/^-----BEGIN PRIVATE KEY-----\n/, 'PEM');
unlike($out, qr/PRIVATE/, 'the key itself is not printed');
my $before = slurp("$dir/key");
($code, $out, $err) = token('keygen', '-o', "$dir/key");
is($code, 73, 'keygen does not overwrite');
like($err, qr/^weir token keygen: \Q$dir\E\/key exists already\n$/, 'and says so');
is(slurp("$dir/key"), $before, 'the key is untouched');
is_deeply([glob "$dir/.key*"], [], 'no temporary file is left');
($code) = token('keygen', '-o', "$dir/none/key");
is($code, 66, 'keygen into a folder that is not there');

($code, $out) = token('jwks', "$dir/key");
is($code, 0, 'jwks');
my $set = decode_json($out);
is(scalar @{$set->{keys}}, 1, 'one key');
is($set->{keys}[0]{$_->[0]}, $_->[1], $_->[0]) for ['kty', 'OKP'], ['crv', 'Ed25519'], ['alg', 'EdDSA'], ['use', 'sig'];
ok(!exists $set->{keys}[0]{d}, 'no private part');
spew("$dir/jwks", $out);
my $kid = $set->{keys}[0]{kid};
token('keygen', '-o', "$dir/other");
(undef, $out) = token('jwks', "$dir/other");
spew("$dir/other.jwks", $out);
(undef, $out) = token('jwks', "$dir/key", "$dir/other", "$dir/key");
is(scalar @{decode_json($out)->{keys}}, 2, 'two keys, each once');
($code, undef, $err) = token('jwks', "$dir/jwks");
is($code, 65, 'jwks of what is no key');
like($err, qr/the key cannot be used: \Q$dir\E\/jwks: no private key/, 'and says so');
($code) = token('jwks', "$dir/none");
is($code, 66, 'jwks of a file that is not there');

# issue, verify
my $token = issue('--title', 'film', '--sub', 'viewer');
my @parts = split /\./, $token;
is_deeply(decode_json(decode_base64url($parts[0])), {alg => 'EdDSA', kid => $kid, typ => 'JWT'}, 'its header');
my $claims = decode_json(decode_base64url($parts[1]));
is($claims->{exp} - $claims->{iat}, 300, 'five minutes by default');
is_deeply($claims->{enp}{rts}, ['play'], 'right play by default');
($code, $out) = token('verify', $token, '--jwks', "$dir/jwks", '--title', 'film');
is($code, 0, 'verify');
like($out, qr/^the token is valid\n.*titles +film\n.*expires +in \d+ s\n/s, 'and prints what it grants');
($code, $out) = token('verify', $token, '--jwks', "$dir/jwks", '--json');
is(decode_json($out)->{jti}, $claims->{jti}, 'verify --json');
spew("$dir/in", "$token\n");
($code) = token('verify', '-', '--jwks', "$dir/jwks");
is($code, 0, 'a token from standard input');
unlink "$dir/in";
my $many = issue('--title', 'a', '--title', 'b', '--rights', 'play,dl', '--ttl', '43200', '--plays', 3, '--window', 60, '--max-sockets', 9,
    '--sid', 'S', '--audience', 'tokyo', '--issuer', 'me');
is_deeply(decode_json(decode_base64url((split /\./, $many)[1]))->{enp},
    {sid => 'S', ast => ['a', 'b'], rts => ['play', 'dl'], mxc => 9, cnt => 3, win => 60}, 'every option');
(undef, $out) = token('issue', '--key', "$dir/key", '--title', '*', '--json');
is_deeply([sort keys %{decode_json($out)}], [qw(expires_at jti sid token)], 'issue --json');

# what issue refuses
for (
    [['--title', '../film'], "--title '../film' is no title id"],
    [['--title', 'film', '--rights', 'fly'], "--rights 'fly': there are play, dl, live, mc and publish"],
    [['--title', 'film', '--ttl', '301'], '--ttl: the token lives 301 s; with its rights at most 300 s are allowed'],
    [['--title', 'film', '--rights', 'dl', '--ttl', '43201'], '43200'],
    [['--title', 'film', '--sub', 'x' x 300], 'at most 256 bytes'],
    [[map { ('--title', 'a-rather-long-title-' . $_) } 1 .. 40], 'at most 1024'],
    [[], 'required'],
) {
    my ($args, $why) = @$_;
    my ($code, $out, $err) = token('issue', '--key', "$dir/key", @$args);
    is($code, 64, "refused: $why");
    is($out, '', 'and nothing issued');
    like($err, qr/^weir token issue: .*\Q$why\E/, 'because');
}

# what verify refuses
sub refused {
    my ($what, $why, @args) = @_;
    my ($code, $out, $err) = token('verify', @args);
    is($code, 65, $what);
    like($err, qr/^weir token verify: .*$why/, 'because');
    unlike($err, qr/\Q$args[0]\E/, 'the token is not repeated') if length $args[0] > 20;
}
my @jwks = ('--jwks', "$dir/jwks");
refused('another title', 'for other titles', $token, @jwks, '--title', 'other');
refused('another right', 'lacks the right dl', $token, @jwks, '--right', 'dl');
refused('another edge group', 'for the edges of tokyo', $many, @jwks, '--audience', 'osaka');
refused('another key set', 'kid names no key', $token, '--jwks', "$dir/other.jwks");
refused('a changed token', 'signature does not hold', join('.', @parts[0, 1], 'A' x 86), @jwks);
refused('8 KiB of it', '8192 bytes', 'A' x 8192, @jwks);
refused('no token at all', 'not header.claims.signature', 'film', @jwks);
my %good = (%$claims);
my $head = {alg => 'EdDSA', kid => $kid, typ => 'JWT'};
my $now = time;
refused('an expired token', 'expired (4[0-9]|5[0-9]) s ago', forge($head, {%good, iat => $now - 140, nbf => $now - 140, exp => $now - 40}), @jwks);
refused('a token of tomorrow', 'not valid until', forge($head, {%good, iat => $now + 86400, nbf => $now + 86400, exp => $now + 86500}), @jwks);
refused('alg none', 'not signed with EdDSA', forge({%$head, alg => 'none'}, \%good), @jwks);
refused('alg HS256', 'not signed with EdDSA', forge({%$head, alg => 'HS256'}, \%good), @jwks);
refused('cdniuc', 'cdniuc is not supported', forge($head, {%good, cdniuc => 'regex:.*'}), @jwks);
($code, undef, $err) = token('verify', $token, '--jwks', "$dir/none");
is($code, 66, 'a key set that is not there');
spew("$dir/bad", '{"keys":[]}');
($code, undef, $err) = token('verify', $token, '--jwks', "$dir/bad");
is($code, 65, 'a key set without keys');
like($err, qr/\Q$dir\E\/bad: key set: no Ed25519 key/, 'and says so');
($code) = token('verify', $token, @jwks, '--title', 'a/b');
is($code, 64, 'a title that is none is the caller\'s mistake');

done_testing();
