# The demo's film: sample, split, keys and token. Sourced by script/demo.
# shellcheck shell=bash disable=SC2154,SC2034 # film, dir, built and worker come from script/demo

# Two minutes of H.264/AAC to check a seek by: the clock shows where you are, and the tone rises a semitone every ten seconds
# and pauses at each full one.
make_sample() { # FILE
  local clock="drawtext=font=monospace:text='%{pts\\:hms}':fontsize=h/6:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=16:x=(w-tw)/2:y=(h-th)/2"
  say "making a two-minute sample"
  ffmpeg -nostdin -v error -y \
    -f lavfi -i "testsrc2=size=1280x720:rate=25:duration=120" \
    -f lavfi -i "aevalsrc='0.2*sin(2*PI*t*220*pow(2,floor(t/10)/12))*gt(mod(t,1),0.08)':s=48000:d=120" \
    -vf "$clock" -c:v libx264 -preset superfast -crf 30 -g 50 -pix_fmt yuv420p -c:a aac -b:a 96k \
    -movflags +faststart -f mp4 "$1.part" >&2 || die 70 "FFmpeg could not make the sample"
  mv "$1.part" "$1"
}

prepare_title() {
  if [ -z "$film" ]; then
    film=$dir/sample.mp4
    [ -f "$film" ] || make_sample "$film"
  fi
  extension=$(tr -cd 'A-Za-z0-9' <<<"$(sed -n 's/.*\.//p' <<<"${film##*/}")")
  extension=${extension:-bin}
  title=$(sed 's/\.[^.]*$//; s/[^A-Za-z0-9._-]\{1,\}/-/g; s/^[.-]*//; s/-*$//' <<<"${film##*/}" | cut -c1-64)
  title=${title:-film}

  # Split once: again only when the film is another one, or was changed.
  local source
  source=$(stat -c '%n %s %Y' "$film")
  mkdir -p "$dir/library" "$dir/keys"
  if [ "$source" != "$(cat "$dir/source" 2>/dev/null)" ] || [ ! -f "$dir/library/titles/$title/header.enp" ]; then
    say "splitting and encrypting ${film##*/}"
    "$built/weir" split "$film" -o "$dir/library" --title "$title" --protect all --key-file "$dir/keys/$title.key" --force \
      >"$dir/split.log" || exit
    echo "$source" >"$dir/source"
  fi
  echo "$film" >"$dir/film"
  readable_by_workers "$dir/keys" "$dir/keys/$title.key"
}

make_keys() {
  mkdir -p "$dir/auth"
  if [ ! -f "$dir/auth/signing.key" ]; then
    (umask 077 && "$built/weir" token keygen -o "$dir/auth/signing.key" >/dev/null)
  fi
  "$built/weir" token jwks "$dir/auth/signing.key" >"$dir/auth/jwks.json"
}

# Twelve hours, which is what the right to download allows; script/demo again prints a fresh one.
issue_token() {
  token=$("$built/weir" token issue --key "$dir/auth/signing.key" --title "$title" --rights play,dl --ttl 43200)
}
