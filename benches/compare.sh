#!/usr/bin/env bash
# Flow Lab beside PyTorch on a noisy machine: runs the two alternately and prints, for each
# figure, the ratio of the medians and of the best, ours over theirs (below 1 is faster).
#
#   benches/compare.sh [ROUNDS] [FLOWLAB]      5 and target/release/flowlab by default
#
# PYTHON names an interpreter that has torch; COMPILE=1 compares with torch.compile too;
# BASELINE=FILE.json keeps PyTorch's medians for `flowlab bench --markdown --baseline`.
# Ends with 1 where a ratio of the medians is over its limit.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
rounds=${1:-5}
flowlab=${2:-${CARGO_TARGET_DIR:-$here/target}/release/flowlab}
python=${PYTHON:-python3}
threads=$(nproc)
flags=(--json --threads "$threads" --runs 60)
[ "${COMPILE:-0}" = 1 ] || flags+=(--no-compile)
"$python" -c 'import torch' || { echo "PYTHON=$python has no torch" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for round in $(seq "$rounds"); do
  "$flowlab" bench --json --quick --device cpu >>"$work/ours"
  "$python" "$here/benches/pytorch_baseline.py" "${flags[@]}" >>"$work/theirs"
  "$python" "$here/benches/pytorch_images.py" --json --threads "$threads" >>"$work/images"
  echo "round $round of $rounds" >&2
done
"$python" - "$work" "${BASELINE:-}" <<'PYTHON'
import json, statistics, sys

# The largest ratio of the medians that is good enough.
LIMITS = {
    ("eager", "toy_train_step_ms"): 0.5, ("compiled", "toy_train_step_ms"): 0.65,
    ("eager", "toy_sample_s"): 0.5,
    ("eager", "latent_epoch_s"): 1.2, ("eager", "vae_epoch_s"): 1.3,
}

ours, theirs, images = ([json.loads(line) for line in open(f"{sys.argv[1]}/{name}")]
                        for name in ("ours", "theirs", "images"))
for run, epochs in zip(theirs, images):
    run["eager"] |= epochs
print(f"torch {theirs[0]['torch']}, {theirs[0]['threads']} threads, {len(ours)} rounds")
print(f"{'':30}{'Flow Lab':>10}{'PyTorch':>10}{'medians':>9}{'best':>7}{'limit':>7}")
missed, baseline = [], {"torch": theirs[0]["torch"], "threads": theirs[0]["threads"]}
for kind in ("eager", "compiled"):
    for key in ("toy_train_step_ms", "toy_sample_s", "latent_epoch_s", "vae_epoch_s"):
        if key not in theirs[0].get(kind, {}):
            continue
        a = [run[key]["value"] for run in ours]
        b = [run[kind][key] for run in theirs]
        a_mid, b_mid = statistics.median(a), statistics.median(b)
        best = min(a) / min(run[kind][key + "_best"] for run in theirs)
        baseline.setdefault(kind, {})[key] = b_mid
        limit = LIMITS.get((kind, key))
        if limit is not None and a_mid / b_mid > limit:
            missed.append(f"{kind} {key}")
        print(f"{kind + ' ' + key:30}{a_mid:10.3f}{b_mid:10.3f}{a_mid / b_mid:9.2f}{best:7.2f}"
              f"{limit or '-':>7}")
if sys.argv[2]:
    with open(sys.argv[2], "w") as file:
        json.dump(baseline, file)
if missed:
    sys.exit("over the limit: " + ", ".join(missed))
PYTHON
