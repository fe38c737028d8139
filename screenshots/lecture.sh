#!/bin/bash
# lecture.sh BINARY DIR   gives the plan of docs/guide/lecture.md by Page Down alone, as a clicker
# does, and keeps a picture of each beat, 1920x1080 in lecture mode, with a sheet of all at 480
# pixels each. Fails where lessons or beats are not those of the plan.
# Needs Xvfb, xdotool and ImageMagick. WAIT=SECONDS is how long each beat has (8); FROM=N and TO=N
# give the Nth lessons of the plan only.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
plan=$(dirname "$(realpath "$0")")/../docs/guide/lecture.md
binary=$(realpath "$1")
# Title and beats of each lesson, in the order of the plan.
rows=$(sed -nE 's/^\|[^|]*\|[^|]*\| \[([^]]+)\]\([a-z_]+\.md\) \| ([0-9]+) \|.*/\1=\2/p' "$plan")
mapfile -t rows <<<"$rows"
wait=${WAIT:-8} from=${FROM:-1} to=${TO:-${#rows[@]}}
# Beat of the first lesson that starts a training.
trains=5
mkdir -p "$2"
cd "$2"
rm -f beat-*.png

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
# The pointer rests in a corner: no key of the lecture is a button of the mouse.
xdotool mousemove 1919 1079
sleep 2
for _ in $(seq 2 "$from"); do
    xdotool key ctrl+Next
    sleep 1
done

count=0
for number in $(seq "$from" "$to"); do
    row=${rows[$((number - 1))]}
    lesson=${row%=*}
    for beat in $(seq "${row#*=}"); do
        xdotool key Next
        sleep "$wait"
        # The title of the window ends with the lesson and the program.
        title=$(xdotool getwindowname "$window")
        case "$title" in
            "$lesson · Flow Lab" | *" · $lesson · Flow Lab") ;;
            *) echo "beat $beat of $lesson: the window says $title" >&2; exit 1 ;;
        esac
        import -window root "$(printf 'beat-%02d-%d.png' "$number" "$beat")"
        count=$((count + 1))
        if [ "$number" -eq 1 ] && [ "$beat" -eq "$trains" ]; then
            # The later lessons show the pretrained network: pause, and choose a preset it fits.
            xdotool key t key shift+Next
            sleep 1
        fi
    done
done
# One more leads on to the next lesson, or nowhere at the very end.
before=$(xdotool getwindowname "$window")
xdotool key Next
sleep "$wait"
after=$(xdotool getwindowname "$window")
if [ "$to" -lt "${#rows[@]}" ] && [ "$before" = "$after" ]; then
    echo "the window has more beats of $before than the plan" >&2
    exit 1
fi
montage beat-*.png -resize 480x -tile 4x -geometry +8+8 -background '#888' sheet.png
echo "$count beats in $PWD, all of them in sheet.png"
