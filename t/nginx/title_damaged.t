# Damaged header files and pieces, in the library and at the origin: a clear error, never a wrong byte, and once the origin
# is repaired the edge is right again.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;
use Weir::Film;
use File::Copy qw(copy);
use JSON::PP qw(decode_json);
use File::Temp qw(tempdir);

my $keys   = tempdir('weir-keys-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $origin = nginx(vars => { KEYS => $keys }, http => <<'EOX');
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { weir_title keys=%%KEYS%%; weir_root %%DIR%%/lib; }
        # An origin that does not look at what it sends.
        location /blind/t/ { alias %%DIR%%/lib/titles/; }
        location ~ ^/blind/p/(..)(.*)$ { alias %%DIR%%/lib/pieces/$1/$1$2; }
    }
EOX
my $lib  = $origin->dir . '/lib';
my $json = split_film($lib, protect => 'all', key_file => "$keys/film.key");
my $good = slurp("$lib/titles/film/header.enp");
my $film = film()->{bytes};
my $edge = nginx(workers => 2, vars => { ORIGIN => $origin->port, KEYS => $keys }, http => <<'EOX');
    weir_store zone=films:8m path=%%DIR%%/store;
    server {
        listen 127.0.0.1:%%PORT%%;
        location / { weir_title keys=%%KEYS%%; weir_origin @origin; weir_cache films; }
        location = /_weir/status { weir_status; }
        location @origin {
            rewrite ^(.*)$ /blind$1 break;
            proxy_pass http://127.0.0.1:%%ORIGIN%%; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
        }
    }
EOX
my ($local, $remote) = ($origin->port, $edge->port);
my $alive = join ' ', sort($origin->workers, $edge->workers);

# ---- header files ----
my %table = section_table($good);
my @damaged = (
    [ 'a flipped bit in the pieces',  102, flip($good, $table{3}{offset} + 40) ],
    [ 'a flipped bit in the preamble', 102, flip($good, 9) ],
    [ 'a flipped bit in the titles data', 102, flip($good, $table{1}{offset} + 3) ],
    [ 'cut in half',                  101, substr($good, 0, length($good) / 2) ],
    [ 'cut in the preamble',          101, substr($good, 0, 20) ],
    [ 'one byte too long',            102, $good . 'x' ],
    [ 'an unknown critical section',  104, patched(sub { substr $_[0], 32 + 24 * (table_size($_[0]) - 1), 4, pack 'nn', 77, 1 }) ],
    [ 'a section of 2^63 bytes',      102, patched(sub { substr $_[0], 32 + 16, 8, pack 'Q>', 1 << 63 }) ],
    [ 'a section at 2^64 - 1',        102, patched(sub { substr $_[0], 32 + 24 + 8, 8, pack 'Q>', ~0 }) ],
    [ '65 sections',                  102, patched(sub { substr $_[0], 20, 4, pack 'N', 65 }) ],
    [ 'major version 9',              103, patched(sub { substr $_[0], 4, 2, pack 'n', 9 }) ],
    [ 'another kind of file',         100, 'RIFF' . 'x' x 2000 ],
);
for my $case (@damaged) {
    my ($name, $code, $bytes) = @$case;
    (my $title = $name) =~ tr/a-zA-Z0-9/-/c;
    mkdir "$lib/titles/$title";
    spew("$lib/titles/$title/header.enp", $bytes);
    my $got = get($local, "/t/$title/file.mp4");
    is $got->{status}, 500, "$name, in the library: 500";
    my $said = problem_code($got);
    ok $said == $code || ($said >= 100 && $said < 110), "$name: code $said";
    like $origin->error_log, qr{\[error\].*header file "titles/\Q$title\E/header\.enp" in the library: .+\($said\)}, "$name: the log names file and rule";
    for my $view ('file.mp4', 'header.enp', 'ts.m3u8', 'header.enp?format=json', 'key') {
        $got = get($remote, "/t/$title/$view");
        is $got->{status}, 502, "$name, from the origin, $view: 502";
    }
    spew("$lib/titles/$title/header.enp", $good);
    $got = await(sub { my $a = get($remote, "/t/$title/ts.m3u8"); $a->{status} == 200 && $a }, "$name: repaired at the origin, right at the edge");
}

# ---- pieces ----
my ($file) = grep { $_->{kind} eq 'file' } @{ $json->{renditions} };
my $third = $file->{pieces}[2];
my $path  = "$lib/pieces/" . substr($third->{uuid}, 0, 2) . "/$third->{uuid}";
copy($path, "$path.good") or die;
my $stored = slurp($path);
my $place = 2 * 65552 + 100;  # in its third record
replace($path, flip($stored, $place));
sub cut_right {
    my ($got, $name) = @_;
    ok !$got->{complete}, "$name: cut";
    identical $got->{body}, substr($film, 0, length $got->{body}), "$name: what came is right";
    cmp_ok length $got->{body}, '<=', $third->{offset} + 2 * 65536, "$name: nothing from the damaged record on";
    cmp_ok length $got->{body}, '>=', $third->{offset}, "$name: everything before its piece";
}
for my $case ([ $local, $origin, 'library' ], [ $remote, $edge, 'edge' ]) {
    my ($port, $nginx, $name) = @$case;
    cut_right(get($port, '/t/film/file.mp4'), "flipped byte, $name");
    like $nginx->error_log, qr/\[error\].*piece $third->{uuid} of "film" \(number 2\).*record 2 of/, "flipped byte, $name: the log says where";
    my $head = get($port, '/t/film/file.mp4', Range => 'bytes=' . ($third->{offset} + 140_000) . '-');
    is "$head->{status} " . problem_code($head), '502 111', "flipped byte first, $name: 502";
}
replace($path, $stored);
my $again = get($remote, '/t/film/file.mp4');
identical $again->{body}, $film, 'the edge forgot the damaged piece and fetched it anew';
await(sub { get($local, '/t/film/file.mp4')->{body} eq $film }, 'so does the library, repaired');

# Of those already at the edge nothing is asked again: a new title, its pieces damaged before anybody came.
my $short = split_film($lib, title => 'short', rendition => 'file');
my ($first) = @{ $short->{renditions}[0]{pieces} };
my $first_path = "$lib/pieces/" . substr($first->{uuid}, 0, 2) . "/$first->{uuid}";
my $first_bytes = slurp($first_path);
replace($first_path, substr $first_bytes, 0, -10);
my $range = "bytes=$first->{offset}-";
is problem_code(get($_, '/t/short/file.mp4', Range => $range)), 111, 'a piece too short: refused before the answer begins' for $local, $remote;
unlink $first_path;
await(sub { problem_code(get($_, '/t/short/file.mp4', Range => $range)) == 110 }, 'a piece that is missing: 502') for $local, $remote;
spew($first_path, '<html>hello</html>');
await(sub { get($_, '/t/short/file.mp4', Range => $range)->{status} == 502 }, 'a page instead of a piece: 502') for $local, $remote;
replace($first_path, $first_bytes);
await(sub { get($_, '/t/short/file.mp4')->{body} eq $film }, 'repaired') for $local, $remote;

my $counted = decode_json(get($remote, '/_weir/status')->{body})->{titles};
cmp_ok $counted->{headers_refused}, '>=', 5 * 9, 'headers that were refused are counted';
cmp_ok $counted->{pieces_corrupt}, '>=', 2, 'and pieces';

is join(' ', sort($origin->workers, $edge->workers)), $alive, 'no worker died';
finish();

sub replace { my ($to, $bytes) = @_; spew("$to.new", $bytes); rename "$to.new", $to or die "$to: $!"; return }
sub flip { my ($bytes, $at) = @_; substr($bytes, $at, 1) ^= "\x10"; return $bytes }
sub table_size { return unpack 'N', substr $_[0], 20, 4 }

sub section_table {
    my ($header) = @_;
    my %table;
    for my $i (reverse 0 .. table_size($header) - 1) {
        my ($type, $flags, $crc, $offset, $length) = unpack 'nnNQ>Q>', substr $header, 32 + 24 * $i, 24;
        $table{$type} = { offset => $offset, length => $length };
    }
    return %table;
}

# The good header with a change to its preamble or table, and their checksum right again.
sub patched {
    my ($change) = @_;
    my $header   = $good;
    my $sections = table_size($header);
    $change->($header);
    substr $header, 28, 4, pack 'N', crc32c(substr($header, 0, 28) . substr $header, 32, 24 * $sections);
    return $header;
}

sub crc32c {
    my ($bytes) = @_;
    my $crc = 0xffffffff;
    for my $byte (unpack 'C*', $bytes) {
        $crc ^= $byte;
        $crc = $crc & 1 ? ($crc >> 1) ^ 0x82f63b78 : $crc >> 1 for 1 .. 8;
    }
    return $crc ^ 0xffffffff;
}
