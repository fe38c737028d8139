#!/usr/bin/env bash
# make.sh BINARY [NAME…]   takes the pictures of the window that stand in README and guide, all of
# them or the named ones (lesson-steps, training, …), into the folder of this script.
# Needs Xvfb. Take them on a quiet machine: a lesson that still counts when its time is over shows
# it. `painted` is taken by hand.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,5s/^# //p' "$0" >&2; exit 2; }
binary=$(realpath "$1")
shift
cd "$(dirname "$0")"
wanted=" $* "

# No hint of the first start, no list of files: a folder of its own for what the lab remembers.
XDG_STATE_HOME=$(mktemp -d)
export XDG_STATE_HOME
mkdir "$XDG_STATE_HOME/flowlab"
touch "$XDG_STATE_HOME/flowlab/greeted"
trap 'rm -r "$XDG_STATE_HOME"' EXIT

# take NAME SECONDS FLAG…
take() {
    [ "$wanted" = "  " ] || [[ $wanted == *" $1 "* ]] || return 0
    echo "$1"
    xvfb-run -a -s "-screen 0 1920x1080x24" "$binary" \
        --screenshot "$1.png" --force --after "$2" "${@:3}"
}

take training 40 --train --device cpu
take trajectories 5 --exact-field --trajectories --t 0.5
take lecture 5 --lecture --theme dark --arrows --t 0.85 --size 1280x720
take lesson-paths 8 --lesson paths --t 0.6
take lesson-steps 20 --lesson steps --t 1
take lesson-field 20 --lesson field --t 0.6
take lesson-conditional 8 --lesson conditional --t 0.6
take lesson-couplings 25 --lesson couplings --t 0.6
take lesson-learning 12 --lesson learning --t 1
take lesson-likelihood 25 --lesson likelihood --t 1
take lesson-variational 20 --lesson variational --t 0.5
take lesson-mistakes 60 --lesson mistakes --train --t 1 --device cpu
take lesson-vae 12 --lesson vae
take lesson-latent 25 --lesson latent --t 0.6
take lesson-guidance 60 --lesson guidance
take lesson-inpaint 40 --lesson inpaint --t 1
take lesson-semantic 40 --lesson semantic --t 1
take lesson-editing 60 --lesson editing --t 1
take lesson-variational_digits 40 --lesson variational_digits --t 0.8
take lesson-bound 60 --lesson bound --t 1
