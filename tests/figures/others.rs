//! Programs that others wrote open what is exported, and show the same.
//!
//! They run where they are installed, and must be there where `FLOWLAB_REQUIRE_TOOLS=1`.

use std::path::Path;
use std::process::Command;

use flowlab::command::figures::{Recipe, Wish};
use flowlab::figure::{Format, Scene, Style, encode, mp4};
use serde_json::Value;

use super::common::*;

/// Python with Pillow and numpy; the system's, which holds what its packages install.
const PYTHON: &str = "/usr/bin/python3";

/// Opens everything in a folder and tells a line of JSON for each file.
const READER: &str = r##"
import csv, json, os, sys
import numpy
from PIL import Image, ImageSequence
for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    told = {"name": name}
    if name.endswith((".png", ".apng", ".gif")):
        picture = Image.open(path)
        told["size"] = picture.size
        told["dpi"] = picture.info.get("dpi", [0])[0]
        told["meta"] = picture.info.get("flowlab") or picture.info.get("comment", b"").decode("latin1")
        frames = [numpy.asarray(frame.convert("RGB"), dtype=float) for frame in ImageSequence.Iterator(picture)]
        told["frames"] = len(frames)
        told["spread"] = float(frames[0].std())
        told["moved"] = float(abs(frames[0] - frames[-1]).mean())
    elif name.endswith(".npz"):
        arrays = numpy.load(path)
        told["names"] = arrays.files
        told["numbers"] = int(sum(arrays[key].size for key in arrays.files))
    elif name.endswith(".csv"):
        lines = [line for line in open(path, encoding="utf-8") if not line.startswith("#")]
        rows = list(csv.reader(lines))
        told["names"] = rows[0]
        told["numbers"] = int(numpy.array([row[3:5] for row in rows[1:]], dtype=float).size)
    print(json.dumps(told))
"##;

/// Seeds' figures and lessons that are drawn in seconds, each of another kind: digits, heat maps,
/// clouds, curves, arrows. The faint curve of `seed003-loss` has thousands of zigzags thinner than a
/// pixel, which must not add up.
const SHOWN: [&str; 7] = [
    "seed000-epochs",
    "seed001-trajectories",
    "seed002-losses",
    "seed003-loss",
    "seed003-pi-t",
    "lesson-couplings",
    "lesson-field",
];

/// How far a page may be from the PNG, as a share of its ink. Poppler draws thin lines darker and
/// sets pictures on whole pixels: up to 0.2 of the ink where a figure is made of either. A figure that
/// is moved by one pixel is three times as far.
const POPPLER: f64 = 0.3;
const LIBRSVG: f64 = 0.15;

fn draw(name: &str, moving: bool) -> Vec<Scene> {
    let recipe: Recipe = name.parse().unwrap();
    let wish = Wish {
        moving,
        quick: true,
        ..Wish::default()
    };
    recipe.draw(&wish).unwrap().frames
}

fn style() -> Style {
    Style {
        width_cm: 12.0,
        dpi: 144.0,
        ..small()
    }
}

#[test]
fn seeds_and_lessons_look_the_same_in_poppler_and_librsvg() {
    for name in SHOWN {
        let frames = draw(name, false);
        let pages = pages(&frames[0], style());
        pages.agree(name, POPPLER, LIBRSVG);
    }
}

/// Pillow and numpy, where both are installed.
fn python() -> Option<Command> {
    let there = Path::new(PYTHON).is_file()
        && Command::new(PYTHON)
            .args(["-c", "import numpy, PIL"])
            .output()
            .is_ok_and(|out| out.status.success());
    if !there {
        missing("Python with Pillow and numpy");
    }
    there.then(|| Command::new(PYTHON))
}

#[test]
fn pillow_and_numpy_read_every_other_format() {
    let Some(mut python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let style = Style {
        width_cm: 6.0,
        ..style()
    };
    let (still, film) = (draw("seed003-pi-t", false), draw("seed003-pi-t", true));
    let count = film.len();
    let mut sizes = Vec::new();
    for kind in Format::ALL {
        if matches!(kind, Format::Svg | Format::Pdf | Format::Mp4) {
            continue;
        }
        let frames = if kind.moves() { &film } else { &still };
        let bytes = encode(frames, 5, kind, &style, &meta(&style)).unwrap();
        sizes.push(bytes.len());
        let path = folder.path().join(format!("figure.{}", kind.extension()));
        std::fs::write(path, bytes).unwrap();
    }
    let out = python
        .args(["-c", READER])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    let told = String::from_utf8(out.stdout).unwrap();
    let told: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(told.len(), sizes.len(), "{told:?}");
    for file in told {
        let name = file["name"].as_str().unwrap();
        match name {
            "figure.csv" => {
                let names = serde_json::json!(["panel", "mark", "line", "x", "y"]);
                assert_eq!(file["names"], names);
                assert!(file["numbers"].as_u64().unwrap() > 1000, "{file}");
            }
            "figure.npz" => {
                assert!(file["names"].as_array().unwrap().len() > 1, "{file}");
                assert!(file["numbers"].as_u64().unwrap() > 2000, "{file}");
            }
            _ => {
                // 6 cm at 144 dpi.
                assert_eq!(file["size"][0], 340, "{file}");
                let frames = if name == "figure.png" { 1 } else { count };
                assert_eq!(file["frames"], frames, "{file}");
                assert!(file["spread"].as_f64().unwrap() > 5.0, "{file}");
                let moved = file["moved"].as_f64().unwrap();
                assert_eq!(moved > 0.5, frames > 1, "{file}");
                assert!(file["meta"].as_str().unwrap().contains("\"seed\":7"));
                if name == "figure.png" {
                    assert!((file["dpi"].as_f64().unwrap() - 144.0).abs() < 0.1);
                }
            }
        }
    }
}

#[test]
fn ffmpeg_reads_the_film_that_it_made() {
    // A program that is not asked for: MP4 is for those who have it.
    if !mp4::is_there() {
        return;
    }
    let film = draw("seed003-pi-t", true);
    let style = style();
    let bytes = encode(&film, 5, Format::Mp4, &style, &meta(&style)).unwrap();
    let args = [
        "-loglevel",
        "error",
        "-i",
        "figure",
        "-vframes",
        "1",
        "page.png",
    ];
    if let Some(drawn) = drawn_by("ffmpeg", &args, &bytes, "page.png") {
        let first = decode(&write(&film[0], Format::Png, &style));
        // It needs even sides.
        let (w, h) = (
            drawn.width().min(first.width()),
            drawn.height().min(first.height()),
        );
        let cut = |image: &image::RgbImage| image::imageops::crop_imm(image, 0, 0, w, h).to_image();
        agrees("MP4", &cut(&first), &cut(&drawn), LIBRSVG);
    }
}
