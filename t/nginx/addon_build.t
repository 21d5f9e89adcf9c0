# nginx's own way: ./configure --add-dynamic-module=REPOSITORY in a source tree builds a module that nginx loads.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;
use File::Path qw(make_path);

my $source = '/usr/share/nginx/src';
-x "$source/configure" or plan skip_all => "no nginx source tree in $source (Debian package nginx-dev)";
$Weir::Nginx::preset eq 'dev' or plan skip_all => 'built once, whatever the preset';

# Kept, so that only what changed is built again; unoptimised, which is as good for this.
my $dir = "$Weir::Nginx::root/build/test-addon";
make_path($dir);
system(qw(cp -rpT), $source, "$dir/src") == 0 or die 'cp';
$ENV{CMAKE_BUILD_TYPE} = 'Debug';
chdir "$dir/src" or die "$dir/src: $!";

like scalar(`./configure --add-module=$Weir::Nginx::root 2>&1`), qr/ngx_http_weir_module: is a dynamic module only: use --add-dynamic-module=/,
    'linking it into nginx is refused';
my $configured = `./configure --with-compat --add-dynamic-module=$Weir::Nginx::root 2>&1`;
is $?, 0, 'configure' or diag $configured;
my $made = `nice make -j2 -f objs/Makefile modules 2>&1`;
is $?, 0, 'make modules' or diag $made;
ok -s 'objs/ngx_http_weir_module.so', 'the module is in objs/';

my $conf = "$dir/nginx.conf";
open my $file, '>', $conf or die "$conf: $!";
print $file "load_module $dir/src/objs/ngx_http_weir_module.so;\nerror_log stderr;\npid $dir/pid;\nevents {}\n",
    "http { server { location / { weir_title; weir_root /srv/weir; } } }\n";
close $file;
my $tested = `nginx -t -p $dir -c $conf 2>&1`;
is $?, 0, 'nginx loads it and knows its directives' or diag $tested;

system('cp', '-rT', $source, "$dir/old") == 0 or die 'cp';
chdir "$dir/old" or die "$dir/old: $!";
system(q(sed -i 's/^#define nginx_version .*/#define nginx_version 1021006/' src/core/nginx.h)) == 0 or die 'sed';
like scalar(`./configure --with-compat --add-dynamic-module=$Weir::Nginx::root 2>&1`), qr/needs nginx 1\.22 or newer/, 'an older nginx is refused';

chdir '/';
finish();
