//! Content and sizes that nobody would ask for.

use std::borrow::Cow;
use std::time::Instant;

use flowlab::figure::form::Map;
use flowlab::figure::format::{self, Frames};
use flowlab::figure::{Axis, Form, Format, Meta, Panel, Scene, Style, Tone, Watch, encode, mp4};

use super::common::*;

#[test]
fn odd_titles_do_no_harm_and_come_back() {
    for title in [
        "<b>&\"'</b> ]]>",
        "a\u{0}b\r\n\tc\u{7}",
        "π ≤ ∞ 漢字 🎲 \u{202E}x",
        ") Tj (\\",
        &"long ".repeat(200),
    ] {
        let style = Style {
            title: Some(title.to_owned()),
            ..small()
        };
        for kind in [
            Format::Png,
            Format::Svg,
            Format::Pdf,
            Format::Gif,
            Format::Npz,
            Format::Csv,
        ] {
            let bytes = write(&vectors(), kind, &style);
            assert_eq!(
                Meta::find(&bytes).unwrap().style.title.as_deref(),
                Some(title),
                "{kind:?}"
            );
            if kind == Format::Svg {
                parse(&bytes);
            }
        }
    }
}

/// Those that can be written here.
fn kinds() -> impl Iterator<Item = Format> {
    let there = |kind: &Format| *kind != Format::Mp4 || mp4::is_there();
    Format::ALL.into_iter().filter(there)
}

#[test]
fn no_points_one_point_and_points_that_are_none() {
    let bad = f32::NAN;
    let cases = [
        vec![],
        vec![[0.5, 0.5]],
        vec![[bad, 0.0], [0.0, bad], [f32::INFINITY, 0.0], [1e30, -1e30]],
    ];
    for at in cases {
        let lines = Form::Lines {
            lines: vec![at.clone(), vec![]],
            width: 1.0,
            dashed: true,
        };
        let arrows = Form::Arrows {
            at: at.clone(),
            vectors: at.clone(),
            width: 1.0,
        };
        let panel = Panel::curves(Axis::linear(bad.into(), 1.0), Axis::log(-1.0, f64::NAN))
            .with("a", Tone::Model, 1.0, Form::Points { at, radius: 1.0 })
            .with("b", Tone::Model, bad, lines)
            .with("c", Tone::Model, 1.0, arrows)
            .with(
                "d",
                Tone::Model,
                1.0,
                Form::Heat {
                    values: vec![],
                    columns: 0,
                    range: [0.0, 0.0],
                    map: Map::Diverging,
                },
            )
            .with(
                "e",
                Tone::Model,
                1.0,
                Form::Images {
                    pixels: vec![],
                    size: [0, 0],
                    columns: 0,
                },
            );
        for kind in kinds() {
            let bytes = write(&Scene::row(vec![panel.clone()]), kind, &small());
            assert!(!bytes.is_empty());
            if kind == Format::Svg {
                let text = String::from_utf8(bytes.clone()).unwrap();
                assert!(!text.contains("NaN") && !text.contains("inf"));
                parse(&bytes);
            }
        }
    }
    let empty = Scene::default();
    assert!(!write(&empty, Format::Png, &small()).is_empty());
    assert!(encode(&[], 1, Format::Png, &small(), &meta(&small())).is_err());
}

#[test]
fn a_million_points_become_pixels_in_bounded_time() {
    let scene = cloud(1_000_000);
    let style = Style {
        dpi: 150.0,
        ..small()
    };
    let started = Instant::now();
    for kind in [Format::Png, Format::Svg, Format::Pdf] {
        let bytes = write(&scene, kind, &style);
        assert!(bytes.len() < 2_000_000, "{kind:?}: {} bytes", bytes.len());
        if kind == Format::Svg {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains("<image") && !text.contains("<circle"));
            assert!(text.contains("<text"), "axes stay vectors");
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    assert!(seconds < 30.0, "{seconds} s");
}

#[test]
fn few_points_stay_vectors() {
    let text = String::from_utf8(write(&cloud(1000), Format::Svg, &small())).unwrap();
    assert_eq!(text.matches("<circle").count(), 1000);
}

#[test]
fn sizes_beyond_the_limits_are_refused() {
    let error = |style: Style| {
        let bytes = encode(&[vectors()], 1, Format::Png, &style, &meta(&style));
        bytes.unwrap_err().to_string()
    };
    let side = error(Style {
        width_cm: 100.0,
        dpi: 600.0,
        ..small()
    });
    assert!(side.contains("16384 a side"), "{side}");
    let area = error(Style {
        width_cm: 60.0,
        height_cm: Some(60.0),
        dpi: 620.0,
        ..small()
    });
    assert!(area.contains("200 million"), "{area}");
    assert!(
        error(Style {
            font_pt: 0.0,
            ..small()
        })
        .contains("font size")
    );
    let style = Style {
        dpi: 400.0,
        ..small()
    };
    let scene = vectors();
    let film = Frames {
        count: 600,
        fps: 20,
        scene: &|_| Some(Cow::Borrowed(&scene)),
    };
    let error = format::pictures(&film, &style, &Watch::default());
    assert!(error.unwrap_err().to_string().contains("600 frames"));
}

#[test]
fn a_film_that_nobody_waits_for_ends_early() {
    let scene = cloud(200);
    let watch = Watch::default();
    let drawn = std::sync::atomic::AtomicUsize::new(0);
    let film = Frames {
        count: 300,
        fps: 20,
        scene: &|_| {
            if drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 20 {
                watch.cancel();
            }
            Some(Cow::Borrowed(&scene))
        },
    };
    let style = small();
    let error = format::encode_watched(&film, Format::Gif, &style, &meta(&style), &watch);
    assert!(error.unwrap_err().to_string().contains("given up"));
    let drawn = drawn.into_inner();
    assert!(drawn < 200, "{drawn} frames");
}
