//! Figures as files: every format is opened again by other programs, and says the same.

mod command;
mod common;
mod lessons;
mod odd;
mod others;
mod runs;

use std::io::Cursor;
use std::path::Path;

use common::*;
use flowlab::command::figures::{Recipe, Wish};
use flowlab::figure::colour;
use flowlab::figure::page::MOST_VECTOR_DOTS;
use flowlab::figure::{Form, Format, Meta, Panel, Scene, Style, Theme, Tone, encode, mp4};
use resvg::tiny_skia;

#[test]
fn every_figure_in_every_format_opens_again() {
    let style = small();
    // Measuring every solver and the bound of digits takes minutes each; what they draw is drawn
    // for the lessons, too.
    let long = |recipe: &Recipe| matches!(recipe, Recipe::Solvers | Recipe::Bound);
    for recipe in Recipe::all().into_iter().filter(|recipe| !long(recipe)) {
        for moving in [false, true] {
            let wish = Wish {
                moving,
                quick: true,
                ..Wish::default()
            };
            let drawn = recipe.draw(&wish).unwrap();
            assert!(!drawn.frames.is_empty());
            for kind in Format::ALL
                .into_iter()
                .filter(|kind| kind.moves() == moving)
                .filter(|kind| *kind != Format::Mp4 || mp4::is_there())
            {
                let bytes = encode(&drawn.frames, drawn.fps, kind, &style, &meta(&style)).unwrap();
                check(kind, &bytes, drawn.frames.len());
                assert_eq!(Meta::find(&bytes), Some(meta(&style)), "{recipe} {kind:?}");
            }
        }
    }
}

fn check(kind: Format, bytes: &[u8], frames: usize) {
    match kind {
        Format::Png => {
            let image = decode(bytes);
            assert_eq!(image.width(), 227);
            let paper = image.get_pixel(0, 0);
            assert!(
                image.pixels().any(|pixel| pixel != paper),
                "an empty picture"
            );
        }
        Format::Svg => {
            let tree = parse(bytes);
            // 8 cm in CSS pixels.
            assert!((tree.size().width() - 302.36).abs() < 0.1);
        }
        Format::Pdf => {
            assert!(bytes.starts_with(b"%PDF-1.6") && bytes.ends_with(b"%%EOF"));
        }
        Format::Gif => {
            let mut decoder = gif::DecodeOptions::new().read_info(bytes).unwrap();
            let mut count = 0;
            while decoder.read_next_frame().unwrap().is_some() {
                count += 1;
            }
            assert_eq!(count, frames);
        }
        Format::Apng => {
            let reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
            let animation = reader
                .info()
                .animation_control()
                .map_or(1, |a| a.num_frames);
            assert_eq!(animation as usize, frames);
        }
        Format::Mp4 => assert_eq!(&bytes[4..8], b"ftyp"),
        Format::Csv => {
            let mut reader = csv::ReaderBuilder::new()
                .comment(Some(b'#'))
                .from_reader(bytes);
            assert_eq!(
                reader.headers().unwrap(),
                vec!["panel", "mark", "line", "x", "y"]
            );
            let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
            assert!(rows.len() > 10);
            assert!(rows.iter().all(|row| row[3].parse::<f32>().is_ok()));
        }
        Format::Npz => {
            let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
            assert!(archive.len() > 1);
            for i in 0..archive.len() {
                let mut file = archive.by_index(i).unwrap();
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
                npyz::NpyFile::new(&bytes[..]).unwrap();
            }
        }
    }
}

#[test]
fn png_carries_its_resolution_and_settings() {
    let style = Style {
        dpi: 300.0,
        ..small()
    };
    let bytes = write(&vectors(), Format::Png, &style);
    let reader = png::Decoder::new(Cursor::new(&bytes)).read_info().unwrap();
    let info = reader.info();
    assert_eq!(info.pixel_dims.unwrap().xppu, 11_811);
    assert_eq!(info.width, 945);
    assert_eq!(info.color_type, png::ColorType::Rgb);
    let text = info
        .uncompressed_latin1_text
        .iter()
        .find(|t| t.keyword == "flowlab")
        .unwrap();
    assert!(text.text.contains("\"seed\":7"));
    let clear = Style {
        transparent: true,
        ..style
    };
    let bytes = write(&vectors(), Format::Png, &clear);
    let image = image::load_from_memory(&bytes).unwrap().to_rgba8();
    assert_eq!(image.get_pixel(0, 0).0[3], 0);
}

#[test]
fn resvg_draws_the_svg_as_the_png_is() {
    for theme in [Theme::Light, Theme::Dark] {
        let style = Style {
            outlines: true,
            dpi: 144.0,
            theme,
            ..small()
        };
        let png = decode(&write(&vectors(), Format::Png, &style));
        let tree = parse(&write(&vectors(), Format::Svg, &style));
        let mut sheet = tiny_skia::Pixmap::new(png.width(), png.height()).unwrap();
        let scale = png.width() as f32 / tree.size().width();
        resvg::render(
            &tree,
            tiny_skia::Transform::from_scale(scale, scale),
            &mut sheet.as_mut(),
        );
        let drawn = decode(&sheet.encode_png().unwrap());
        let apart = difference(&png, &drawn);
        assert!(apart < 1.0, "{theme:?}: {apart}");
        let blank = image::RgbImage::from_pixel(png.width(), png.height(), *png.get_pixel(0, 0));
        assert!(
            difference(&png, &blank) > 5.0 * apart,
            "the bound must mean something"
        );
    }
}

#[test]
fn poppler_and_librsvg_draw_what_the_png_shows() {
    let scenes = [
        ("vectors", vectors()),
        ("pictures", pictures()),
        ("parts", parts()),
        ("cloud", cloud(MOST_VECTOR_DOTS + 1)),
    ];
    for (name, scene) in scenes {
        let style = Style {
            dpi: 144.0,
            ..small()
        };
        pages(&scene, style).agree(name, 0.15, 0.15);
    }
}

#[test]
fn text_of_a_pdf_can_be_searched() {
    let pdf = write(&vectors(), Format::Pdf, &small());
    let Some(mut tool) = tool("pdftotext") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.pdf");
    std::fs::write(&path, pdf).unwrap();
    let out = tool.arg("-raw").arg(&path).arg("-").output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(
        text.contains("A small figure") && text.contains("Excess"),
        "{text}"
    );
}

/// Small scenes as text. `UPDATE_SNAPSHOTS=1` writes them anew.
#[test]
fn the_svg_of_small_scenes_stays_as_it_is() {
    let one = Scene::row(vec![Panel::square(1.0).with(
        "one",
        Tone::Source,
        1.0,
        Form::dots(&[0.0, 0.5], 2.0),
    )]);
    let bare = Style {
        axes: false,
        legend: false,
        transparent: true,
        ..small()
    };
    let cases = [
        ("figure-vectors", vectors(), small()),
        (
            "figure-dark",
            vectors(),
            Style {
                theme: Theme::Dark,
                height_cm: Some(4.0),
                ..small()
            },
        ),
        ("figure-bare", one, bare),
        ("figure-parts", parts(), small()),
    ];
    for (name, scene, style) in cases {
        let svg = String::from_utf8(write(&scene, Format::Svg, &style)).unwrap();
        let svg = match (svg.find("<style>"), svg.find("</style>")) {
            (Some(start), Some(end)) => format!("{}{}", &svg[..start], &svg[end + 9..]),
            _ => svg,
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/{name}.svg"));
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&path, &svg).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(
            kept == svg,
            "{} differs; look, then UPDATE_SNAPSHOTS=1",
            path.display()
        );
    }
}

#[test]
fn figures_and_the_window_use_the_same_colours() {
    use flowlab::app::theme;
    let pairs = [
        (Theme::Light, theme::Theme::Light),
        (Theme::Dark, theme::Theme::Dark),
    ];
    for (ours, windows) in pairs {
        let palette = windows.palette();
        let same = [
            (Tone::Ink, palette.ink),
            (Tone::Muted, palette.muted),
            (Tone::Hairline, palette.hairline),
            (Tone::Source, palette.source),
            (Tone::Model, palette.model),
            (Tone::Exact, palette.exact),
            (Tone::Error, palette.error),
        ];
        let series = (0..6).map(|i| (Tone::Series(i), theme::series(palette, i.into())));
        let cells = (0..9).map(|i| (Tone::Category(i), theme::category(palette, i.into())));
        let classes = (0..10).map(|i| (Tone::Class(i), theme::class(palette, i)));
        let all = same.into_iter().chain(series).chain(cells).chain(classes);
        for (tone, colour) in all {
            let [r, g, b, _] = colour.to_array();
            let [x, y, z] = tone.colour(ours);
            // The window rounds a mixture in its own way.
            let off = r.abs_diff(x).max(g.abs_diff(y)).max(b.abs_diff(z));
            assert!(off <= 1, "{tone:?} {ours:?}: {off}");
        }
        for share in [-1.0_f32, -0.3, 0.0, 0.6, 1.0] {
            let [r, g, b, _] = theme::diverging(palette, share).to_array();
            let [x, y, z] = colour::diverging(f64::from(0.5 * share + 0.5), ours);
            // Figures lie on white paper, the stage is a shade darker.
            let off = r.abs_diff(x).max(g.abs_diff(y)).max(b.abs_diff(z));
            assert!(off <= 6, "{share} {ours:?}: {off}");
        }
    }
}
