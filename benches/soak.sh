#!/usr/bin/env bash
# Trains in the window for some minutes, starting afresh every 40 seconds, and prints how much the
# resident memory grew: the mean of the last five minutes against that of the five after the warm-up,
# when the list of runs is full (eight of them) and every buffer has its size.
#
#   benches/soak.sh [MINUTES] [FLOWLAB]      30 and target/release/flowlab by default
#
# Needs xdotool, and Xvfb where there is no display. Fails when the memory grew by 2 % or more.
set -euo pipefail

if [ -z "${DISPLAY:-}" ]; then
  exec xvfb-run -a -s "-screen 0 1280x800x24" "$0" "$@"
fi
here=$(cd "$(dirname "$0")/.." && pwd)
minutes=${1:-30}
flowlab=${2:-${CARGO_TARGET_DIR:-$here/target}/release/flowlab}
warm_up=${WARM_UP:-360}

"$flowlab" --device cpu --train &
window=$!
trap 'kill "$window" 2>/dev/null || true' EXIT
id=$(xdotool search --sync --onlyvisible --name "Flow Lab$" | head -n 1)
xdotool windowfocus "$id"

# Resident memory and its anonymous part, in KiB. The rest are pages of the program's own file, which
# the kernel takes away and brings back as it likes.
rss() { awk '/^VmRSS/ { all = $2 } /^RssAnon/ { own = $2 } END { print all, own }' "/proc/$window/status"; }
# Shift+R starts from fresh weights, T trains, L and Space let the particles move.
again() { xdotool key --delay 200 shift+r t; }

xdotool key --delay 200 l space
started=$SECONDS
end=$((started + 60 * minutes))
while [ $SECONDS -lt $end ]; do
  # Every eight seconds of a run; pictures come and go.
  for _ in 1 2 3 4 5; do
    sleep 8
    kill -0 "$window"
    now="$((SECONDS - started)) $(rss)"
    echo "$now"
  done
  # awk may keep its lines to the end.
  awk '{ printf "  %d s  %.0f MiB (%.0f anonymous)\n", $1, $2 / 1024, $3 / 1024 }' <<<"$now" >&2
  again
done | awk -v minutes="$minutes" -v warm_up="$warm_up" '
  BEGIN { last = 60 * minutes - 300 }
  { if ($2 > peak) peak = $2 }
  $1 >= warm_up && $1 < warm_up + 300 { n++; a += $2; own_a += $3 }
  $1 >= last { m++; b += $2; own_b += $3 }
  END {
    if (!n || !m || last < warm_up) { print "too short: warm-up and two means take " warm_up + 600 " s"; exit 1 }
    grown = 100 * (b / m - a / n) / (a / n)
    printf "%g minutes: %.1f MiB, then %.1f MiB (anonymous %.1f, then %.1f; peak %.1f): %+.2f %%\n",
      minutes, a / n / 1024, b / m / 1024, own_a / n / 1024, own_b / m / 1024, peak / 1024, grown
    exit grown >= 2
  }'
