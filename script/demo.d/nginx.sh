# The demo's three nginx: their configuration, start, health and end. Sourced by script/demo.
# shellcheck shell=bash disable=SC2154,SC2016,SC2046 # repo, dir, built, the addresses and title come from script/demo

master_pid() { # SERVER: its process id while it runs and is really ours
  local pid
  pid=$(cat "$dir/$1/nginx.pid" 2>/dev/null) && [ -n "$pid" ] || return 1
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "-p $dir/$1/" && echo "$pid"
}

running() {
  local server
  for server in "${servers[@]}"; do master_pid "$server" >/dev/null && return 0; done
  return 1
}

note_ended() { # says once which server is gone
  local server
  for server in "${servers[@]}"; do
    if [ -f "$dir/$server/up" ] && ! master_pid "$server" >/dev/null; then
      rm -f "$dir/$server/up"
      say "$server has ended; script/demo starts it again"
    fi
  done
}

stop_all() {
  local server pid pids=()
  for server in "${servers[@]}"; do
    if pid=$(master_pid "$server"); then
      pids+=("$pid")
      kill -TERM "$pid" 2>/dev/null || true
    fi
    rm -f "$dir/$server/up"
  done
  for pid in "${pids[@]}"; do
    timeout 5 tail --pid="$pid" -s 0.05 -f /dev/null || kill -KILL "$pid" 2>/dev/null || true
  done
}

# As root, workers are www-data, unless that account cannot reach this place (a home directory, say): then whoever owns it.
choose_user() {
  worker=''
  [ "$(id -u)" = 0 ] || return 0
  worker=www-data
  if ! setpriv --reuid=www-data --regid=www-data --clear-groups sh -c 'cd "$1" && cd "$2"' - "$dir" "$built" 2>/dev/null; then
    worker=$(stat -c %U "$repo")
    say "www-data cannot enter $dir or $built: workers run as $worker"
  fi
}

readable_by_workers() { # FILE…: a secret: the workers' group may read it, nobody else
  [ -z "$worker" ] || chgrp "$(id -gn "$worker")" "$@"
  chmod u=rwX,g=rX,o= "$@"
}

# One port for all, free on each address; the last one if it can be had, so that open pages and notes stay good.
choose_port() {
  port=$(perl -MIO::Socket::INET -e '
    my @hosts = splice @ARGV, 0, 3;
    for my $want (@ARGV, 8080 .. 8099, 0) {
      my ($port, @held) = ($want);
      for my $host (@hosts) {
        my $s = IO::Socket::INET->new(LocalAddr => $host, LocalPort => $port, Listen => 1, ReuseAddr => 1) or last;
        $port ||= $s->sockport;
        push @held, $s;
      }
      if (@held == @hosts) { print $port; exit }
    }
    exit 1' "$origin_address" "${edge_addresses[@]}" $(cat "$dir/port" 2>/dev/null)) ||
    die 69 "no port is free on $origin_address, ${edge_addresses[*]}"
  echo "$port" >"$dir/port"
}

edge_url() { echo "http://${edge_addresses[$1]}:$port"; } # INDEX

write_servers() {
  local i
  write_server origin "$origin_address" '' <<CONF
        # Whoever reaches an origin may have all of it: only its edges do.
        allow 127.0.0.0/8;
        deny  all;

        location / {
            weir_title;
            weir_root "$dir/library";
        }
CONF
  for i in 0 1; do
    write_server "edge-$((i + 1))" "${edge_addresses[$i]}" "
    weir_store zone=films:16m \"path=$dir/edge-$((i + 1))/store\" max_size=4g;

    upstream origin {
        server $origin_address:$port;
        keepalive 16;
    }" <<CONF
        set \$weir_web "$built/web";
        include "$repo/conf.d/watch.conf";

        location / {
            weir_title  "keys=$dir/keys";
            weir_origin @origin;
            weir_cache  films;
            weir_token  local "keys=$dir/auth/jwks.json";
        }
        location @origin {
            proxy_pass http://origin;
            include    "$repo/conf.d/fetch.conf";
        }
CONF
  done
}

write_server() { # NAME ADDRESS HTTP-LINES <SERVER-LINES
  local here=$dir/$1
  mkdir -p "$here/logs" "$here/temp"
  cat >"$here/nginx.conf" <<CONF
# Written by script/demo at each start.
load_module "$built/ngx_http_weir_module.so";
${worker:+user $worker $(id -gn "$worker");}
worker_processes 2;
pid       "$here/nginx.pid";
error_log "$here/logs/error.log" notice;
events { worker_connections 1024; }

http {
    include      /etc/nginx/mime.types;
    default_type application/octet-stream;
    sendfile     on;

    client_body_temp_path "$here/temp/body";
    proxy_temp_path       "$here/temp/proxy";
    fastcgi_temp_path     "$here/temp/fastcgi";
    uwsgi_temp_path       "$here/temp/uwsgi";
    scgi_temp_path        "$here/temp/scgi";

    include    "$repo/conf.d/log.conf";
    access_log "$here/logs/access.log" weir;
$3

    server {
        listen $2:$port;

        include "$repo/conf.d/status.conf";
$(cat)
    }
}
CONF
}

# Starts those that do not run.
start_servers() {
  local server
  for server in "${servers[@]}"; do
    if master_pid "$server" >/dev/null; then continue; fi
    rm -f "$dir/$server/nginx.pid"
    # Not our lock, not our terminal: nginx outlives both.
    if ! setsid nginx -p "$dir/$server/" -e "$dir/$server/logs/error.log" -c "$dir/$server/nginx.conf" 9>&- >"$dir/$server/logs/start.log" 2>&1; then
      cat "$dir/$server/logs/start.log" >&2
      die 70 "$server did not start"
    fi
    : >"$dir/$server/up"
  done
}

answers() { # URL: does it answer 2xx?
  curl -fsS -o /dev/null --noproxy '*' --max-time 5 "$@" 2>>"$dir/health.log"
}

await() { # WHAT COMMAND…
  local what=$1 deadline=$((SECONDS + 15))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || die 70 "$what: $(tail -1 "$dir/health.log"); see $dir/*/logs/error.log"
    sleep 0.1
  done
}

# Healthy is what a viewer needs: the page, the header and the first bytes of film from each edge.
wait_healthy() {
  local i
  : >"$dir/health.log"
  await "the origin does not answer" answers "http://$origin_address:$port/t/$title/header.enp"
  for i in 0 1; do
    await "edge-$((i + 1)) does not answer" answers "$(edge_url $i)/_weir/status"
    await "edge-$((i + 1)) serves no watch page" answers "$(edge_url $i)/watch/$title"
    await "edge-$((i + 1)) serves no header" answers "$(edge_url $i)/~$token/t/$title/header.enp"
    await "edge-$((i + 1)) serves no film" answers -r 0-65535 "$(edge_url $i)/~$token/t/$title/file.$extension"
  done
}
