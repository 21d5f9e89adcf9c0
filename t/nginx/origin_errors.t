# What a faulty origin makes of an answer: clear errors to all who wait, nothing wrong kept, nothing cut that can go on.
use FindBin;
use lib "$FindBin::Bin/lib";
use Weir::Test;

my ($origin, $backup, $closed) = (origin(), origin(), origin());
$closed->down;
my $nginx = nginx(workers => 2, vars => { ORIGIN => $origin->port, BACKUP => $backup->port, CLOSED => $closed->port }, http => <<'EOF');
    weir_store zone=films:4m path=%%DIR%%/store;
    upstream both { server 127.0.0.1:%%ORIGIN%% max_fails=0; server 127.0.0.1:%%BACKUP%% backup; }
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    proxy_read_timeout 500ms;
    weir_cache films;
    server {
        listen 127.0.0.1:%%PORT%% reuseport;
        location / { weir_origin @one; }
        location /both/ { weir_origin @both; }
        location /closed/ { weir_origin @closed; }
        location /forbidden/ { weir_origin @forbidden; }
        location @one { proxy_pass http://127.0.0.1:%%ORIGIN%%; }
        location @both { proxy_pass http://both; }
        location @closed { proxy_pass http://127.0.0.1:%%CLOSED%%; }
        location @forbidden { deny all; proxy_pass http://127.0.0.1:%%ORIGIN%%; }
    }
EOF
my $port = $nginx->port;

sub refused {
    my ($answer, $status, $code, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is "$answer->{status} " . problem_code($answer), "$status $code", $name or diag $answer->{head}, $answer->{body};
}

# 404 reaches all who wait, by one request.
$origin->serve('/none', status => 404, delay => 0.3, body => 'no');
my @all = fetch_all(map { { port => $port, path => '/none', after => 0.005 * $_ } } 1 .. 10);
refused($_, 404, 202, '404: status and code') for $all[0], $all[9];
is scalar(grep { $_->{status} == 404 } @all), 10, '404: everyone';
is scalar($origin->requests('/none')), 1, '404: one origin request';
is $all[0]{headers}{'cache-status'}, 'weir; fwd=miss; detail=not_found', '404: Cache-Status';
$origin->serve('/none', body => 'now there');
is get($port, '/none')->{body}, 'now there', '404 is not remembered';
$origin->serve('/gone', status => 410);
refused(get($port, '/gone'), 404, 202, '410 is as 404');

for my $status (500, 503, 403, 301) {
    $origin->serve("/s$status", status => $status, body => 'oops', headers => [ Location => 'http://elsewhere/' ]);
    refused(get($port, "/s$status"), 502, 302, "$status of the origin");
}
like get($port, '/s500')->{body}, qr/the origin answered 500/, 'says what the origin said';
refused(get($port, '/closed/x'), 502, 300, 'nobody listens');
refused(get($port, '/forbidden/x'), 502, 302, 'the named location refuses');
$origin->serve('/slow', body => 'x', delay => 2);
refused(get($port, '/slow'), 504, 301, 'no answer in time');

# An encoded body, a range nobody asked for.
$origin->serve('/encoded', body => 'x', headers => [ 'Content-Encoding' => 'gzip' ]);
refused(get($port, '/encoded'), 502, 302, 'encoded body');
$origin->serve('/part', status => 206, body => 'x', headers => [ 'Content-Range' => 'bytes 0-0/9' ]);
refused(get($port, '/part'), 502, 302, 'unasked range');

# Dies once in mid-body: goes on at the byte, with If-Range, and nobody sees it.
my $body = $origin->serve('/dies', size => 400_000, etag => '"d"', rate => 2_000_000, die_at => 150_000, die_times => 1);
@all = fetch_all(map { { port => $port, path => '/dies', after => 0.005 * $_ } } 1 .. 6);
is scalar(grep { $_->{complete} && $_->{body} eq $body } @all), 6, 'dies at 150000: all complete and identical';
my @asked = $origin->requests('/dies');
is scalar(@asked), 2, 'dies at 150000: two origin requests';
is "$asked[1]{range} $asked[1]{if_range}", 'bytes=150000- "d"', 'dies at 150000: resumed there, if unchanged';
like get($port, '/dies')->{headers}{'cache-status'}, qr/HIT/, 'dies at 150000: kept';

# By date where there is no ETag; without a validator a piece of unknown kind is not put together.
my $date = 'Mon, 02 Jan 2023 10:00:00 GMT';
$body = $origin->serve('/dated', size => 300_000, last_modified => $date, die_at => 100_000, die_times => 1);
identical get($port, '/dated')->{body}, $body, 'resumed by date';
is(($origin->requests('/dated'))[1]{if_range}, $date, 'resumed by date: If-Range');
$origin->serve('/unnamed', size => 300_000, die_at => 100_000, die_times => 1);
my $cut = get($port, '/unnamed');
ok !$cut->{complete}, 'no validator: the answer is cut, not mixed';
is length $cut->{body}, 100_000, 'no validator: the right beginning';

# The source goes away for good: the backup has the rest.
$body = $origin->serve('/both/film', size => 2_000_000, etag => '"f"', rate => 4_000_000, die_at => 700_000);
$backup->serve('/both/film', body => $body, etag => '"f"');
{
    my $pid = fork;
    if (!$pid) { await(sub { $origin->requests('/both/film') }, 'asked'); sleep 0.1; $origin->down; POSIX::_exit(0) }  # pace
    @all = fetch_all(map { { port => $port, path => '/both/film', after => 0.01 * $_ } } 1 .. 4);
    waitpid $pid, 0;
    waitpid $origin->{pid}, 0;
    delete $origin->{pid};
    $origin->up;
}
is scalar(grep { $_->{complete} && $_->{body} eq $body } @all), 4, 'backup: all complete and identical';
is scalar($backup->requests('/both/film')), 1, 'backup: asked once';
cmp_ok(($backup->requests('/both/film'))[0]{range} =~ /(\d+)/, '>', 0, 'backup: for the rest only');

# An origin without ranges: the beginning is skipped.
$body = $origin->serve('/plain', size => 300_000, etag => '"p"', ranges => 0, die_at => 100_000, die_times => 1);
identical get($port, '/plain')->{body}, $body, 'no ranges at the origin: whole answer used';

# Stalls: proxy_read_timeout, then on from there.
$body = $origin->serve('/stalls', size => 300_000, etag => '"s"', stall_at => 100_000);
identical get($port, '/stalls')->{body}, $body, 'stalled source: the rest from the next try';

# Always dies at the same byte: the answer is cut, with an error, never a clean end; then nothing is kept.
$origin->serve('/short', size => 200_000, etag => '"x"', ranges => 0, die_at => 100_000);
@all = fetch_all({ port => $port, path => '/short' }, { port => $port, path => '/short', after => 0.1 });
ok !$_->{complete} && length $_->{body} == 100_000, 'always short: cut, after the right bytes' for @all;
ok !$all[0]{timed_out}, 'always short: by the server';
$origin->serve('/shortchunks', size => 200_000, etag => '"x"', ranges => 0, die_at => 100_000, chunked => 1);
my $chunks = get($port, '/shortchunks');
ok !$chunks->{complete} && !$chunks->{timed_out}, 'always short, chunked: no last chunk';
my $old = (fetch_all({ port => $port, path => '/shortchunks', version => '1.0' }))[0];
ok $old->{reset}, 'always short, HTTP/1.0: the connection is reset';

# Announces more than it has; announces less.
$origin->serve('/long', body => 'x' x 1000, length => 2000, etag => '"l"', ranges => 0);
ok !get($port, '/long')->{complete}, 'announces more than it sends: cut';
$origin->serve('/less', body => 'x' x 1000, length => 500, etag => '"l"');
is length get($port, '/less')->{body}, 500, 'announces less: what it announced';

# Changes in mid-body.
my $first = $origin->serve('/changes', size => 200_000, etag => '"1"', die_at => 100_000, rate => 1_000_000, headers => [ 'X' => 1 ]);
{
    my $pid = fork;
    if (!$pid) {
        await(sub { $origin->requests('/changes') }, 'asked');
        $origin->serve('/changes', body => 'z' x 200_000, etag => '"2"');
        POSIX::_exit(0);
    }
    @all = fetch_all(map { { port => $port, path => '/changes' } } 1 .. 3);
    waitpid $pid, 0;
}
is scalar(grep { !$_->{complete} && $_->{body} eq substr $first, 0, 100_000 } @all), 3, 'changed in mid-body: an error, never mixed bytes';
$origin->serve('/changes', body => 'z' x 200_000, etag => '"2"');
identical get($port, '/changes')->{body}, 'z' x 200_000, 'changed in mid-body: the new version afterwards';

# Not to be kept.
$origin->serve('/private', body => 'x', headers => [ 'Cache-Control' => 'no-store' ]);
get($port, '/private') for 1 .. 2;
is scalar($origin->requests('/private')), 2, 'no-store: fetched each time';
$origin->forget->serve('/private', body => 'mine', rate => 20, headers => [ 'Cache-Control' => 'private' ]);
@all = fetch_all(map { { port => $port, path => '/private', after => 0.02 * $_ } } 1 .. 3);
is scalar($origin->requests('/private')), 3, 'private: not shared even while it is fetched';
is scalar(grep { $_->{body} eq 'mine' } @all), 3, 'private: bytes';
$origin->serve('/brief', body => 'old', headers => [ 'Cache-Control' => 'max-age=1' ]);
is get($port, '/brief')->{body}, 'old', 'max-age: fresh';
$origin->serve('/brief', body => 'new', headers => [ 'Cache-Control' => 'max-age=1' ]);
await(sub { get($port, '/brief')->{body} eq 'new' }, 'max-age: fetched again when stale', 5);

# One connection through all of it.
my $client = Weir::Client->new($port);
for my $path ('/none', '/s500', '/closed/x', '/dies', '/encoded', '/none') {
    $client->send(path => $path);
    ok $client->answer->{complete}, "keep-alive: $path";
}

# Nothing half-written stays.
await(sub { my @files = store_files($nginx->dir . '/store'); my $size = 0; $size += -s for @files; !grep { -s $_ == 104_096 } @files },
    'no half-written file stays');
finish();
