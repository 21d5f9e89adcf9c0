# Configuration errors name the directive and the value; -t leaves nothing behind.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

sub check {
    my ($http, $expected, $name) = @_;
    my $nginx = Weir::Nginx->new(http => $http);
    my ($status, $out) = $nginx->test_config;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    if (defined $expected) {
        isnt $status, 0, "$name: refused";
        like $out, qr/\Q$expected\E/, "$name: says why";
    }
    else { is $status, 0, "$name: accepted" or diag $out }
    ok !-e $nginx->dir . '/store', "$name: -t makes no directory";
    File::Path::remove_tree($nginx->dir);
}
my $store = 'weir_store zone=a:1m path=%%DIR%%/store';
my $listen = 'listen 127.0.0.1:%%PORT%%;';
my $origin = 'location @o { proxy_pass http://127.0.0.1:1; }';

check("$store max_size=1g min_free=100m block=2m inactive=1d; server { $listen weir_root /srv/; weir_cache a; weir_origin \@o;
    location /x/ { weir_cache off; weir_root off; weir_origin off; } $origin }", undef, 'everything');
check("server { $listen weir_cache a; } $store;", undef, 'a store further down');
check("server { $listen weir_cache films; }", 'weir_cache "films": no such weir_store zone in ', 'unknown store');
check("server { $listen location / { weir_origin \@o; } }", 'weir_origin "@o": no such named location in this server in ', 'unknown origin');
check("server { $listen $origin } server { $listen server_name b; location / { weir_origin \@o; } }", 'weir_origin "@o": no such', "another server's origin");
check("server { $listen weir_origin o; }", 'weir_origin "o": must be a named location ("@name") or "off"', 'origin that is none');
check("server { $listen weir_root /a; weir_root /b; }", '"weir_root" directive is duplicate', 'twice');
check("weir_store path=/x zone=a;", 'weir_store "zone=a": must be zone=NAME:SIZE', 'zone without size');
check("weir_store path=/x zone=a:8k;", 'weir_store "zone=a:8k": the zone is too small', 'small zone');
check("weir_store path=/x zone=a:many;", 'weir_store "zone=a:many": the size is not one', 'size that is none');
check("weir_store zone=a:1m max_size=1g;", '"weir_store" directive needs path=DIR', 'no path');
check("weir_store path=/x max_size=1g;", '"weir_store" directive needs zone=NAME:SIZE', 'no zone');
check("$store max_size=big;", 'weir_store "max_size=big": the size is not one', 'max_size');
check("$store block=3m;", 'weir_store "block=3m": must be a power of two from 64k to 64m', 'block');
check("$store inactive=later;", 'weir_store "inactive=later": the time is not one', 'inactive');
check("$store levels=1:2;", 'weir_store "levels=1:2": no such parameter', 'foreign parameter');
check("$store; weir_store zone=a:1m path=/y;", 'weir_store "a": is there already', 'same name');
check("$store; weir_store zone=b:1m path=%%DIR%%/store/;", "is another store's directory", 'same directory');
check("server { $listen location / { weir_status format=xml; } }", 'weir_status "format=xml": must be format=json or format=prometheus', 'format');

# Files that nobody knows are removed at the start; others are not ours to touch.
my $nginx = Weir::Nginx->new(http => "$store; server { $listen location / { weir_cache a; weir_origin \@o; } $origin }");
$nginx->write('store/01/00112233445f-1', 'stale');
$nginx->write('store/01/README', 'mine');
$nginx->start;
ok !-e $nginx->dir . '/store/01/00112233445f-1', 'start: stale file removed';
ok -e $nginx->dir . '/store/01/README', "start: a stranger's file stays";
# A zone of another size is a new index: both generations work in one directory.
$nginx->write_conf(http => "weir_store zone=a:2m path=%%DIR%%/store; server { $listen location / { weir_cache a; weir_origin \@o; } $origin }");
$nginx->reload;
is get($nginx->port, '/x')->{status}, 502, 'reload with another zone size';
$nginx->stop;
done_testing();
