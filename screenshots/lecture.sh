#!/bin/bash
# lecture.sh BINARY DIR   gives the whole lecture by Page Down alone, as a clicker does, and keeps
# a picture of each beat, 1920x1080 in lecture mode, with a sheet of all at 480 pixels each.
# Needs Xvfb, xdotool and ImageMagick. WAIT=SECONDS is how long each beat has (8); FROM=N opens the
# Nth lesson first.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
binary=$(realpath "$1")
mkdir -p "$2"
cd "$2"
wait=${WAIT:-8} from=${FROM:-1}
# Beat of the first lesson that starts a training.
trains=5

display=:$((90 + RANDOM % 900))
Xvfb "$display" -screen 0 1920x1080x24 -nolisten tcp >Xvfb.log 2>&1 &
server=$!
lab=
trap 'kill $lab $server 2>/dev/null || true' EXIT
export DISPLAY=$display
for _ in $(seq 50); do
    xdotool getdisplaygeometry >/dev/null 2>&1 && break
    sleep 0.2
done

# No hint of the first start, no list of files: a folder of its own for what the lab remembers.
export XDG_STATE_HOME=$PWD/state
mkdir -p state/flowlab
touch state/flowlab/greeted
"$binary" --lecture --device cpu >flowlab.log 2>&1 &
lab=$!
window=$(timeout 60 xdotool search --sync --onlyvisible --name "Flow Lab" | head -1)
xdotool windowmove "$window" 0 0 windowsize "$window" 1920 1080 windowfocus "$window"
xdotool mousemove 1919 1079
sleep 2
for _ in $(seq 2 "$from"); do
    xdotool key ctrl+Next
    sleep 1
done

last= count=0
while kill -0 "$lab"; do
    xdotool key Next
    sleep "$wait"
    picture=$(printf 'beat-%03d.png' $((count + 1)))
    import -window root "$picture"
    now=$(convert "$picture" rgba:- | sha256sum)
    # After the last beat Page Down leads nowhere.
    if [ "$now" = "$last" ]; then
        rm "$picture"
        break
    fi
    last=$now count=$((count + 1))
    if [ "$from" -eq 1 ] && [ "$count" -eq "$trains" ]; then
        # The later lessons show the pretrained network: pause, and choose a preset that it fits.
        xdotool key t key shift+Next
        sleep 1
    fi
done
montage beat-*.png -resize 480x -tile 4x -geometry +8+8 -background '#888' sheet.png
echo "$count beats in $PWD, all of them in sheet.png"
