# What the demo tells: to people, and with --json to scripts. Sourced by script/demo.
# shellcheck shell=bash disable=SC2154 # dir, port, title, token and film come from script/demo

# What a second script/demo must know; no secrets.
write_state() { printf '%s\n' "$port" "$title" "$extension" >"$dir/state"; }
read_state() { { read -r port && read -r title && read -r extension; } <"$dir/state"; }

report() {
  local one two origin watch get
  one=$(edge_url 0)
  two=$(edge_url 1)
  origin=http://$origin_address:$port
  # In the fragment, because that never reaches a server or its log.
  watch="$one/watch/$title#token=$token&edges=$one,$two"
  get="$built/weir-player get '$one/~$token/t/$title' --edge $two -o ${title}.$extension"
  local object
  object=$(jq -n --arg watch "$watch" --arg title "$title" --arg token "$token" --arg origin "$origin" --arg dir "$dir" \
    --arg file "$one/~$token/t/$title/file.$extension" --arg hls "$one/~$token/t/$title/master.m3u8" --arg film "$(cat "$dir/film")" \
    '{watch: $watch, title: $title, token: $token, edges: $ARGS.positional, origin: $origin, file: $file, hls: $hls, film: $film,
      state_dir: $dir}' --args "$one" "$two")
  (umask 077 && echo "$object" >"$dir/demo.json")
  if [ -n "$json" ]; then
    echo "$object"
    return
  fi
  cat <<TEXT

  Weir is on air with ${film:-$(cat "$dir/film")}

  watch     $watch

  any player (virtual file)
            $one/~$token/t/$title/file.$extension
  HLS       $one/~$token/t/$title/master.m3u8
  download  $get

  status    $one/_weir/status   $two/_weir/status
  logs      $dir/*/logs/
  an edge dies while the film plays: kill \$(cat $dir/edge-1/nginx.pid)
  the token holds for twelve hours; script/demo again prints a fresh one

TEXT
}
