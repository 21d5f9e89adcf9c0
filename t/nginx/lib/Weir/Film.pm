package Weir::Film;

# Real titles for tests of the module: a short film made by FFmpeg once a checkout, cut by the real `weir split`, and tokens,
# good ones by `weir token`, bad ones by hand.
#
#   my $film = film();                                        # {path, bytes}
#   split_film($dir, title => 'film', protect => 'all', key_file => …);
#   my $signer = signer($dir);  $signer->{jwks};  token($signer, titles => ['film'], ttl => 300);
#   my $pieces = pieces($dir, 'film');                        # the JSON view's renditions by kind

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use Fcntl qw(:flock);
use File::Path qw(make_path);
use File::Temp qw(tempfile);
use JSON::PP qw(decode_json);
use MIME::Base64 qw(encode_base64url decode_base64url);
use Weir::Nginx;

our @EXPORT = qw(film split_film header_json signer token forged_token slurp spew);

# WEIR_TOOL: another build of `weir`, for instance a fast one when the module is a sanitized one.
sub weir { return $ENV{WEIR_TOOL} || "$Weir::Nginx::root/build/$Weir::Nginx::preset/weir" }

sub slurp { my ($path) = @_; open my $file, '<:raw', $path or die "$path: $!"; local $/; return scalar <$file> }
sub spew  { my ($path, $bytes) = @_; open my $file, '>:raw', $path or die "$path: $!"; print $file $bytes; close $file; return $path }

sub run {
    my @command = @_;
    open my $pipe, '-|', @command or die "$command[0]: $!";
    local $/;
    my $out = <$pipe>;
    close $pipe or die "@command ended with " . ($? >> 8);
    return $out;
}

# About 3 MB of H.264 and AAC, 12 seconds, a key frame a second. `moov_last`: its index at the end.
sub film {
    my (%options) = @_;
    my $dir  = "$Weir::Nginx::root/build/test-media";
    my $path = "$dir/film" . ($options{moov_last} ? '-moov-last' : '') . '.mp4';
    make_path($dir);
    open my $lock, '>', "$dir/lock" or die "$dir/lock: $!";
    flock $lock, LOCK_EX;
    if (!-s $path) {
        run(qw(ffmpeg -nostdin -v error -y -f lavfi -i), 'testsrc2=size=480x270:rate=25:duration=12,noise=alls=24:allf=t',
            qw(-f lavfi -i), 'sine=frequency=440:duration=12',
            qw(-c:v libx264 -preset ultrafast -b:v 2M -g 25 -pix_fmt yuv420p -c:a aac -b:a 96k -shortest),
            ($options{moov_last} ? () : qw(-movflags +faststart)), '-f', 'mp4', "$path.part");
        rename "$path.part", $path or die "$path: $!";
    }
    return { path => $path, bytes => slurp($path) };
}

# Cuts the film into the library $dir. Options: title (film), source, protect, key_file, every, rendition, piece_size (256K).
sub split_film {
    my ($dir, %options) = @_;
    my @arguments = ('--title', $options{title} || 'film', '--piece-size', $options{piece_size} || '256K',
        '--segment-seconds', $options{segment_seconds} || 2);
    push @arguments, '--protect',       $options{protect}   if $options{protect};
    push @arguments, '--key-file',      $options{key_file}  if $options{key_file};
    push @arguments, '--partial-every', $options{every}     if $options{every};
    push @arguments, '--rendition',     $options{rendition} if $options{rendition};
    run(weir(), 'split', $options{source} || film()->{path}, '-o', $dir, @arguments, '--json');
    return header_json($dir, $options{title} || 'film');
}

sub header_json {
    my ($dir, $title) = @_;
    return decode_json(run(weir(), 'inspect', "$dir/titles/$title/header.enp", '--json'));
}

# A private key and its JWK set below $dir.
sub signer {
    my ($dir, $name) = @_;
    $name ||= 'signer';
    my $key = "$dir/$name.pem";
    run(weir(), qw(token keygen -o), $key);
    spew("$dir/$name.jwks", run(weir(), qw(token jwks), $key));
    return { key => $key, jwks => "$dir/$name.jwks", kid => decode_json(slurp("$dir/$name.jwks"))->{keys}[0]{kid} };
}

sub token {
    my ($signer, %options) = @_;
    my @arguments = map { ('--title', $_) } @{ $options{titles} || ['film'] };
    push @arguments, map { ('--rights', $_) } @{ $options{rights} || ['play'] };
    push @arguments, '--ttl', $options{ttl} || 300;
    push @arguments, '--audience', $options{audience} if $options{audience};
    push @arguments, '--sid', $options{sid} if $options{sid};
    my $token = run(weir(), qw(token issue --key), $signer->{key}, @arguments);
    chomp $token;
    return $token;
}

# A token of any header and claims, signed with the signer's key (or `signature` as it is given).
sub forged_token {
    my ($signer, %options) = @_;
    my $now    = int time;
    my %header = (alg => 'EdDSA', kid => $signer->{kid}, typ => 'JWT', %{ $options{header} || {} });
    my %claims = (
        iss => 'test', iat => $now, nbf => $now, exp => $now + 300, jti => 'jti-1', cdniv => 1,
        enp => { sid => 'sid-1', ast => ['film'], rts => ['play'] }, %{ $options{claims} || {} },
    );
    delete @claims{ @{ $options{without} || [] } };
    my $json  = JSON::PP->new->canonical;
    my $input = join '.', map { encode_base64url($json->encode($_)) } \%header, \%claims;
    return "$input." . ($options{signature} // encode_base64url(sign($signer, $input)));
}

sub sign {
    my ($signer, $input) = @_;
    my ($file, $path) = tempfile(UNLINK => 1);
    print $file $input;
    close $file;
    return run(qw(openssl pkeyutl -sign -rawin -inkey), $signer->{key}, '-in', $path);
}

1;
