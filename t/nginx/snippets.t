# What README.md and conf.d show a web op is what nginx takes as it stands, but for names of this machine.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

my $key_set = '{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig",'
    . '"kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';

sub text_of {
    my ($name) = @_;
    open my $file, '<', "$Weir::Nginx::root/$name" or die "$name: $!";
    local $/;
    return scalar <$file>;
}

# (status, output) of nginx -t on the inside of an http block, with the paths of an installed system led into a scratch directory.
sub test_http {
    my ($http) = @_;
    my $nginx = Weir::Nginx->new(http => '');
    $nginx->write('jwks.json', $key_set);
    mkdir "$nginx->{dir}/$_" for qw(keys store library);
    my %places = (
        '/etc/weir/jwks.json' => '%%DIR%%/jwks.json', '/etc/weir/keys' => '%%DIR%%/keys', '/var/cache/weir' => '%%DIR%%/store',
        '/srv/weir' => '%%DIR%%/library', '/etc/nginx/weir/' => "$Weir::Nginx::root/conf.d/", '/var/log/nginx/' => '%%DIR%%/logs/',
    );
    $http =~ s/\Q$_\E/$places{$_}/g for sort { length $b <=> length $a } keys %places;
    $http =~ s/listen \d+;/listen 127.0.0.1:%%PORT%%;/g;
    $nginx->write_conf(http => $http);
    my @result = $nginx->test_config;
    File::Path::remove_tree($nginx->{dir});
    return @result;
}

sub loads {
    my ($http, $name) = @_;
    my ($status, $output) = test_http($http);
    is $status, 0, $name or diag $output;
    return;
}

my ($readme) = text_of('README.md') =~ /```nginx\n.*?^load_module [^\n]+\nhttp \{\n(.*?)^\}\n```/ms;
ok $readme, 'README.md shows a configuration' and loads($readme, 'and nginx takes it');
loads(text_of("conf.d/$_"), "conf.d/$_") for qw(edge.conf origin.conf);

# The examples of the reference, each in a server that has what they refer to.
my $page = text_of('docs/directives.md');
my $count = 0;
while ($page =~ /```nginx\n(.*?)```/gs) {
    my $example = $1;
    my $origin = $example =~ /location \@origin/ ? '' : 'location @origin { proxy_pass http://origin; }';
    my $store = $example =~ /weir_store/ ? '' : 'weir_store zone=films:8m path=/var/cache/weir;';
    loads("$store upstream origin { server 192.0.2.10; } server { listen 127.0.0.1:%%PORT%%; $origin $example }", 'docs/directives.md, example ' . ++$count);
}
ok $count, 'the reference has examples';

my ($status, $output) = test_http('server { listen 127.0.0.1:%%PORT%%; location / { weir_rout /srv/weir; } }');
isnt $status, 0, 'and what nginx does not take is noticed';

done_testing;
