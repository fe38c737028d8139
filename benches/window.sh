#!/usr/bin/env bash
# The pace of the real window, with nobody at it: drags t to and fro, without and while training
# on the processor, and prints the time of a picture (median and 99th percentile) and the ratio
# of the two 99th percentiles. Then it watches a window at rest for three seconds.
#
#   benches/window.sh [FLOWLAB]        the binary; target/release/flowlab by default
#
# Needs xdotool, and Xvfb where there is no display. SECONDS_OF_SCRUB=20 drags longer; ROUNDS=3
# alternates the two more often (the machine may be noisy). Ends with 1 where training takes more
# than half of the pace again, or a window at rest draws.
set -euo pipefail

if [ -z "${DISPLAY:-}" ]; then
  exec xvfb-run -a -s "-screen 0 1280x800x24" "$0" "$@"
fi
here=$(cd "$(dirname "$0")/.." && pwd)
flowlab=${1:-${CARGO_TARGET_DIR:-$here/target}/release/flowlab}
scrub=${SECONDS_OF_SCRUB:-10}
rounds=${ROUNDS:-2}
work=$(mktemp -d)
window=
finish() {
  [ -z "$window" ] || kill "$window" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# The knob of t at 1280x800: to and fro over 280 points, sixty moves a second.
moves() {
  awk -v n="$((scrub * 60))" 'BEGIN {
    for (i = 0; i < n; i++) {
      x = i % 280; if (int(i / 280) % 2) x = 280 - x
      printf "mousemove %d 694 sleep 0.0155 ", 520 + x
    }
  }'
}

lines() { wc -l <"$1"; }

# percentile FILE SHARE
percentile() {
  sort -n "$1" | awk -v p="$2" '{ v[NR] = $1 } END {
    if (NR == 0) { print "nan"; exit }
    i = int(p * (NR - 1) + 1.5); if (i > NR) i = NR; print v[i]
  }'
}

# open FILE ARGUMENTS…
open() {
  local file=$1
  shift
  "$flowlab" --device cpu --frame-times "$file" --t 0.5 "$@" 2>"$work/log" &
  window=$!
  xdotool search --sync --onlyvisible --name "Flow Lab$" >/dev/null
  sleep "${WARM_UP:-6}"
}

close() {
  kill "$window"
  wait "$window" 2>/dev/null || true
  window=
}

# scrub NAME FILE: appends the work and the interval of every picture of a drag.
scrub() {
  local from
  xdotool mousemove 520 694 mousedown 1
  sleep 0.5
  from=$(lines "$2")
  # shellcheck disable=SC2046
  xdotool $(moves)
  tail -n +"$((from + 1))" "$2" | cut -d, -f2 >>"$work/$1.work"
  tail -n +"$((from + 1))" "$2" | cut -d, -f3 >>"$work/$1.interval"
  xdotool mouseup 1
}

# row NAME: median and 99th percentile of the work and of the interval.
row() {
  printf '%-22s %6d  %8.2f %8.2f  %8.2f %8.2f\n' "$1" "$(lines "$work/$1.work")" \
    "$(percentile "$work/$1.work" 0.5)" "$(percentile "$work/$1.work" 0.99)" \
    "$(percentile "$work/$1.interval" 0.5)" "$(percentile "$work/$1.interval" 0.99)"
}

for round in $(seq "$rounds"); do
  open "$work/still$round.csv"
  scrub still "$work/still$round.csv"
  if [ "$round" = 1 ]; then
    xdotool mousemove 1 1
    sleep 2
    before=$(lines "$work/still1.csv")
    sleep 3
    idle=$(($(lines "$work/still1.csv") - before))
  fi
  close
  open "$work/training$round.csv" --train
  scrub training "$work/training$round.csv"
  close
done

echo "                       frames  work ms      p99   every ms      p99"
row still
row training
awk -v a="$(percentile "$work/training.work" 0.99)" -v b="$(percentile "$work/still.work" 0.99)" \
  -v c="$(percentile "$work/training.interval" 0.99)" \
  -v d="$(percentile "$work/still.interval" 0.99)" -v idle="$idle" \
  'BEGIN {
    printf "p99 with training / without: work %.2f, interval %.2f (limit 1.5)\n", a / b, c / d
    print "pictures of a window at rest in 3 s: " idle
    exit !(a / b <= 1.5 && c / d <= 1.5 && idle == 0)
  }'
