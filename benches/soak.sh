#!/usr/bin/env bash
# Trains in the window for some minutes, starting afresh every 40 seconds, and prints how much the
# resident memory grew after the first five minutes, when every buffer has its size.
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
warm_up=${WARM_UP:-300}

"$flowlab" --device cpu --train &
window=$!
trap 'kill "$window" 2>/dev/null || true' EXIT
id=$(xdotool search --sync --onlyvisible --name "Flow Lab$" | head -n 1)
xdotool windowfocus "$id"

rss() { awk '/^VmRSS/ { print $2 }' "/proc/$window/status"; }
# The mean of five readings, a second apart: pictures come and go.
mean_rss() {
  local sum=0
  for _ in 1 2 3 4 5; do
    sum=$((sum + $(rss)))
    sleep 1
  done
  echo $((sum / 5))
}
# Shift+R starts from fresh weights, T trains, L and Space let the particles move.
again() { xdotool key --delay 200 shift+r t; }

xdotool key --delay 200 l space
started=$SECONDS
first=
peak=0
while [ $((SECONDS - started)) -lt $((60 * minutes)) ]; do
  sleep 40
  kill -0 "$window"
  now=$(rss)
  if [ -z "$first" ] && [ $((SECONDS - started)) -ge "$warm_up" ]; then
    first=$(mean_rss)
    echo "after $((SECONDS - started)) s: $((first / 1024)) MiB"
  fi
  [ "$now" -le "$peak" ] || peak=$now
  echo "  $((SECONDS - started)) s  $((now / 1024)) MiB"
  again
done
sleep 15
last=$(mean_rss)
[ -n "$first" ] || { echo "too short: the warm-up alone takes $warm_up s" >&2; exit 1; }
awk -v a="$first" -v b="$last" -v p="$peak" -v m="$minutes" 'BEGIN {
  grown = 100 * (b - a) / a
  printf "%g minutes: %.1f MiB, then %.1f MiB (peak %.1f MiB): %+.2f %%\n",
    m, a / 1024, b / 1024, p / 1024, grown
  exit grown >= 2
}'
