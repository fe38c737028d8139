//! Scenes to draw, and programs of others to look at them with.

use std::process::Command;

use flowlab::figure::form::Map;
use flowlab::figure::scene::{ColourBar, Entry, Key};
use flowlab::figure::{Axis, Form, Format, Meta, Panel, Scene, Style, Text, Tone, encode};
use resvg::usvg;

pub fn small() -> Style {
    Style {
        width_cm: 8.0,
        dpi: 72.0,
        font_pt: 6.0,
        ..Style::default()
    }
}

pub fn meta(style: &Style) -> Meta {
    Meta {
        figure: "test".to_owned(),
        version: "0".to_owned(),
        style: style.clone(),
        source: "builtin:none".to_owned(),
        weights_sha256: Some("ab".repeat(32)),
        seed: 7,
        ..Meta::default()
    }
}

pub fn write(scene: &Scene, format: Format, style: &Style) -> Vec<u8> {
    encode(std::slice::from_ref(scene), 5, format, style, &meta(style)).unwrap()
}

/// One of everything but pictures.
pub fn vectors() -> Scene {
    let curve = (0..=40).map(|i| f64::from(i) / 40.0).map(|x| [x, x * x]);
    let dots = [[-1.0, 0.5], [0.0, 0.0], [1.5, -1.5], [9.0, 9.0]];
    let field = Panel::square(2.0)
        .titled(Text::from("Field at ").and("t = 0.5"))
        .with(
            "target",
            Tone::Ghost,
            1.0,
            Form::Boxes(vec![([-1.0, -1.0], [0.0, 3.0])]),
        )
        .with(
            "points",
            Tone::Source,
            0.8,
            Form::Points {
                at: dots.to_vec(),
                radius: 2.0,
            },
        )
        .with(
            "arrows",
            Tone::Exact,
            1.0,
            Form::Arrows {
                at: vec![[-1.5, -1.5], [0.5, 0.5]],
                vectors: vec![[1.0, 0.5], [0.0, 1.0]],
                width: 0.8,
            },
        );
    let curves = Panel::curves(
        Axis::linear(0.0, 1.0).labelled(Text::maths("t")),
        Axis::log(1e-3, 1.0).labelled("Excess loss"),
    )
    .with("curve", Tone::Model, 1.0, Form::curve(curve, 1.0, false))
    .with(
        "floor",
        Tone::Muted,
        1.0,
        Form::curve([[0.0, 0.1], [1.0, 0.1]], 1.0, true),
    );
    Scene {
        title: Some(Text::from("A small figure")),
        panels: vec![field, curves],
        columns: 2,
        rows: vec![Text::from("row")],
        legend: vec![
            Entry {
                label: Text::from("points"),
                tone: Tone::Source,
                key: Key::Dot,
            },
            Entry {
                label: Text::from("floor"),
                tone: Tone::Muted,
                key: Key::Dashes,
            },
            Entry {
                label: Text::from("target"),
                tone: Tone::Ghost,
                key: Key::Area,
            },
        ],
        ..Scene::default()
    }
}

/// A heat map with its colour bar, and pictures.
pub fn pictures() -> Scene {
    let values = (0..48)
        .map(|i| if i == 5 { f32::NAN } else { i as f32 })
        .collect();
    let heat = Form::Heat {
        values,
        columns: 8,
        range: [0.0, 47.0],
        map: Map::Sequential,
    };
    let grey = (0..4 * 9).map(|i| (7 * i) as u8).collect();
    let grid = Form::Images {
        pixels: grey,
        size: [3, 3],
        columns: 2,
    };
    Scene {
        colour_bar: Some(ColourBar {
            label: Text::maths("p_t(x)"),
            range: [0.0, 47.0],
            map: Map::Sequential,
        }),
        ..Scene::row(vec![
            Panel::square(1.0).with("density", Tone::Ink, 1.0, heat),
            Panel::square(1.0).with("digits", Tone::Ink, 1.0, grid),
        ])
    }
}

/// Two parts under one another: a map with its bar and words, and digits with frames and notes.
pub fn parts() -> Scene {
    let values: Vec<f32> = (0..16).map(|i| i as f32 - 8.0).collect();
    let heat = Form::heat(&values, 4, [-8.0, 8.0], Map::Diverging);
    let words = Form::Words {
        at: vec![
            ([0.0, 0.5], Text::from("49 %")),
            ([f32::NAN, 0.0], Text::from("nowhere")),
        ],
        size: 0.8,
    };
    let map = Panel::square(1.0)
        .titled("A title that is longer than its panel is wide, and is set smaller")
        .heat("map", heat, "Divergence")
        .with("words", Tone::Ink, 1.0, words)
        .noted("under the axis");
    let grey: Vec<u8> = (0..3 * 9).map(|i| (9 * i) as u8).collect();
    let stamps = Form::Stamps {
        at: vec![[0.5, 0.5], [9.0, 9.0]],
        side: 0.4,
        pixels: grey[..18].to_vec(),
        size: [3, 3],
        tones: vec![Tone::Class(1), Tone::Class(2)],
    };
    let digits = Panel::images(grey, [3, 3], 3);
    let frame = Form::lines(vec![digits.around_image(1, [3, 3], 3)], 1.0, false);
    let digits = digits
        .with("frame", Tone::Error, 1.0, frame)
        .noted("1 of 3");
    Scene::row(vec![
        map,
        Panel::square(1.0).with("stamps", Tone::Ink, 1.0, stamps),
    ])
    .titled("Above")
    .over(
        Scene::apart(vec![digits])
            .titled("Below")
            .entry("frame", Tone::Error, Key::Line),
    )
}

pub fn cloud(n: usize) -> Scene {
    let at = |i: usize| {
        let s = i as f32 * 0.618_034;
        [4.0 * s.fract() - 2.0, 4.0 * (s * 1.324_718).fract() - 2.0]
    };
    let at = (0..n).map(at).collect();
    Scene::row(vec![Panel::square(2.0).with(
        "cloud",
        Tone::Model,
        0.5,
        Form::Points { at, radius: 0.5 },
    )])
}

pub fn parse(svg: &[u8]) -> usvg::Tree {
    usvg::Tree::from_data(svg, &usvg::Options::default()).expect("well-formed SVG")
}

/// The mean difference of two pictures over all channels, 0 to 255.
pub fn difference(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / a.as_raw().len() as f64
}

/// The lightness of a picture's ink: its mean difference from a sheet of its first pixel.
pub fn ink(image: &image::RgbImage) -> f64 {
    let blank = image::RgbImage::from_pixel(image.width(), image.height(), *image.get_pixel(0, 0));
    difference(image, &blank)
}

/// A quarter of the size: other programs place edges and dots on other fractions of a pixel.
pub fn quarter(image: &image::RgbImage) -> image::RgbImage {
    image::imageops::thumbnail(image, image.width() / 4, image.height() / 4)
}

pub fn decode(png: &[u8]) -> image::RgbImage {
    image::load_from_memory(png).expect("a PNG").to_rgb8()
}

/// Says that a program is not there; where `FLOWLAB_REQUIRE_TOOLS=1` says that it must be, fails.
pub fn missing(name: &str) {
    let required = std::env::var("FLOWLAB_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(
        !required,
        "FLOWLAB_REQUIRE_TOOLS=1, but {name} is not installed"
    );
    eprintln!("{name} is not installed: not compared with it");
}

/// A program of others, where it is installed.
pub fn tool(name: &str) -> Option<Command> {
    let found =
        std::env::split_paths(&std::env::var_os("PATH")?).any(|dir| dir.join(name).is_file());
    if !found {
        missing(name);
    }
    found.then(|| Command::new(name))
}

/// What another program makes of a file, as a PNG of the size of `like`.
pub fn drawn_by(name: &str, args: &[&str], file: &[u8], out: &str) -> Option<image::RgbImage> {
    let mut tool = tool(name)?;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("figure"), file).unwrap();
    let status = tool.args(args).current_dir(folder.path()).status().unwrap();
    assert!(status.success(), "{name} refused the file");
    Some(decode(&std::fs::read(folder.path().join(out)).unwrap()))
}

/// The page that a program makes of a file has the ink of the PNG in the same places. Each program
/// rounds edges, dots and letters in its own way, which a quarter of the size evens out.
pub fn agrees(what: &str, png: &image::RgbImage, drawn: &image::RgbImage, share: f64) {
    let [a, b] = [png, drawn].map(quarter);
    let apart = difference(&a, &b);
    let ink = ink(&a);
    eprintln!("{what}: {apart:.3} of {ink:.2}");
    assert!(apart < share * ink, "{what}: {apart} of {ink}");
}

/// A scene as our PNG, and as poppler and librsvg draw our PDF and SVG where they are installed.
pub struct Pages {
    png: image::RgbImage,
    pdf: Option<image::RgbImage>,
    svg: Option<image::RgbImage>,
}

/// The pages of a scene, all of the size of the PNG.
pub fn pages(scene: &Scene, style: Style) -> Pages {
    let png = decode(&write(scene, Format::Png, &style));
    let [width, height] = [png.width(), png.height()].map(|side| side.to_string());
    let args = [
        "-png",
        "-singlefile",
        "-scale-to-x",
        &width,
        "-scale-to-y",
        &height,
        "figure",
        "page",
    ];
    let pdf = write(scene, Format::Pdf, &style);
    let pdf = drawn_by("pdftoppm", &args, &pdf, "page.png");
    // Letters as outlines: librsvg draws text with the faces that the machine has.
    let outlines = Style {
        outlines: true,
        ..style
    };
    let args = ["-w", &width, "-h", &height, "-o", "page.png", "figure"];
    let svg = write(scene, Format::Svg, &outlines);
    let svg = drawn_by("rsvg-convert", &args, &svg, "page.png");
    Pages { png, pdf, svg }
}

impl Pages {
    /// Each page has the ink of the PNG in the same places, but for a share of it.
    pub fn agree(&self, name: &str, poppler: f64, librsvg: f64) {
        let pages = [("PDF", &self.pdf, poppler), ("SVG", &self.svg, librsvg)];
        for (kind, page, share) in pages {
            if let Some(page) = page {
                agrees(&format!("{kind} of {name}"), &self.png, page, share);
            }
        }
    }
}
