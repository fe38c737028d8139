"""Opens every figure with programs of others and compares what they draw.

    flowlab figure --all DIR --format F     for F in png svg pdf gif apng mp4 csv npz
    python3 tests/figures/check.py DIR

Needs Pillow and numpy, and on the path rsvg-convert (librsvg2-bin), pdftoppm (poppler-utils) and
ffprobe (ffmpeg); what is missing is said and left out. SVG is compared as librsvg draws it: it
does not load the embedded faces, so ask for `--outlines`. The number is the mean absolute
difference of the grey values, 0 to 255, at a quarter of the size, beside that of blank paper.
Exit status 1 when a file does not open or differs by more than a sixth of its ink plus half a
grey value.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image


def grey(path, size=None):
    image = Image.open(path).convert("RGB")
    if size and image.size != size:
        image = image.resize(size, Image.LANCZOS)
    small = (max(1, image.width // 4), max(1, image.height // 4))
    return np.asarray(image.resize(small, Image.BOX), dtype=float)


def drawn(tool, path, size, folder):
    """What a program makes of a file, at the size of the PNG."""
    out = Path(folder) / "page.png"
    width, height = map(str, size)
    if tool == "rsvg-convert":
        args = ["-w", width, "-h", height, "-o", str(out), str(path)]
    else:
        args = ["-png", "-singlefile", "-scale-to-x", width, "-scale-to-y", height]
        args += [str(path), str(out.with_suffix(""))]
    subprocess.run([tool, *args], check=True, capture_output=True)
    return grey(out, size)


def numbers(path):
    """Arrays of an NPZ, or rows of a CSV."""
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            settings = json.loads(bytes(arrays["settings_json"]))
            count = sum(arrays[name].size for name in arrays.files)
        return f"{len(arrays.files)} arrays, {count} numbers, of {settings['figure']}"
    lines = path.read_text().splitlines()
    rows = [line.split(",") for line in lines[1:] if not line.startswith("#")]
    assert lines[0] == "panel,mark,line,x,y" and all(len(row) == 5 for row in rows)
    values = np.array([[float(x), float(y)] for *_, x, y in rows])
    return f"{len(values)} rows"


def film(path):
    if path.suffix == ".mp4":
        args = ["ffprobe", "-v", "error", "-count_frames", "-show_entries"]
        args += ["stream=nb_read_frames,width,height", "-of", "csv=p=0", str(path)]
        out = subprocess.run(args, check=True, capture_output=True, text=True).stdout
        return out.strip()
    image = Image.open(path)
    for frame in range(image.n_frames):
        image.seek(frame)
        image.load()
    return f"{image.n_frames} frames of {image.width} x {image.height}"


def main(folder):
    missing = [t for t in ("rsvg-convert", "pdftoppm", "ffprobe") if not shutil.which(t)]
    print(f"not installed: {', '.join(missing)}" if missing else "all programs are there")
    worst, faults = {}, []
    for path in sorted(folder.iterdir()):
        kind = path.suffix[1:]
        tool = {"svg": "rsvg-convert", "pdf": "pdftoppm", "mp4": "ffprobe"}.get(kind)
        if tool in missing:
            continue
        try:
            if kind in ("svg", "pdf"):
                png = path.with_suffix(".png")
                with tempfile.TemporaryDirectory() as scratch:
                    size = Image.open(png).size
                    own, other = grey(png), drawn(tool, path, size, scratch)
                apart = np.abs(own - other).mean()
                ink = np.abs(own - own[0, 0]).mean()
                said = f"apart {apart:.2f} of {ink:.2f}"
                worst[kind] = max(worst.get(kind, (0, "")), (apart / ink, path.name))
                if apart > ink / 6 + 0.5:
                    faults.append(f"{path.name}: {said}")
            elif kind in ("gif", "apng", "mp4"):
                said = film(path)
            elif kind == "png":
                image = Image.open(path)
                image.load()
                settings = json.loads(image.text["flowlab"])
                said = f"{image.size}, {image.info['dpi'][0]:.0f} dpi, {settings['figure']}"
            elif kind in ("csv", "npz"):
                said = numbers(path)
            else:
                continue
        except Exception as error:  # Any reason of another program's is a fault of the file.
            faults.append(f"{path.name}: {error}")
            continue
        print(f"{path.name:36} {said}")
    for kind, (share, name) in sorted(worst.items()):
        print(f"worst {kind}: {name}, {100 * share:.1f} % of its ink")
    print("\n".join(faults) or "no faults")
    return 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
