//! What is exported is what is seen: the stage in the window and the figure of it, panel by panel.

mod common;
mod harness;

use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::LaunchOptions;
use flowlab::app::studio::{self, Order};
use flowlab::app::theme::Theme;
use flowlab::figure::Meta;
use flowlab::figure::layout::lay_out;
use flowlab::figure::page::Shape;
use harness::{Window, on_cpu, picture, press, said, settle, until};
use image::RgbImage;

/// Cells along a side of the grid in which mean colours are compared.
const CELLS: usize = 12;
/// Smallest side of a panel in the window, in pixels.
const SIDE: u32 = 60;

/// A rectangle in pixels: left, top, right, bottom.
type Place = [u32; 4];

/// The window's picture in lecture mode, where nothing but the stage has the stage's colour, and
/// the figure of it at 300 dpi with its frames.
fn both(lesson: &str, t: f32, keys: &[Key]) -> (RgbImage, RgbImage, Vec<Place>) {
    let options = LaunchOptions {
        t: Some(t),
        lecture: true,
        ..on_cpu(lesson)
    };
    let mut harness = harness::window(options, 1.0);
    harness.set_size(vec2(1500.0, 950.0));
    for key in keys {
        press(&mut harness, *key);
    }
    settle(&mut harness);
    let window = picture(&mut harness, &format!("parity-{lesson}"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("figure.png");
    export(&mut harness, &path);
    let bytes = std::fs::read(&path).expect("the figure");
    let meta = Meta::find(&bytes).expect("its settings");
    let figure = image::load_from_memory(&bytes).expect("a PNG").to_rgb8();
    // The same scene again, for the places of its panels.
    let drawn = studio::draw(&Order {
        lesson: lesson.to_owned(),
        times: vec![f64::from(t)],
        view: meta.view.clone(),
        ..Order::default()
    });
    let scene = drawn.expect("the lesson without a window").scenes.remove(0);
    let page = lay_out(&scene, &meta.style);
    let scale = f64::from(figure.width()) / page.width;
    let frames = page.shapes.iter().filter_map(|shape| match shape {
        Shape::Line { points, .. } if points.len() == 6 && points[0] == points[4] => {
            let [a, b] = [points[0], points[2]];
            let square = ((b[0] - a[0]) - (b[1] - a[1])).abs() < 0.5;
            let place = [a[0], a[1], b[0], b[1]].map(|v| (f64::from(v) * scale).round() as u32);
            square.then_some(place)
        }
        _ => None,
    });
    let frames = frames.collect();
    let window = image::DynamicImage::ImageRgba8(window).to_rgb8();
    (window, figure, frames)
}

/// Writes what the stage shows.
fn export(harness: &mut Window, path: &Path) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run_steps(4);
    let fields: Vec<_> = harness.query_all_by_role(Role::TextInput).collect();
    let field = fields.last().expect("a field for the path");
    field.set_text_value_accesskit(path.to_str().expect("a path"));
    harness.run_steps(2);
    let button = |harness: &Window| {
        let mut all = harness.query_all_by_role(Role::Button);
        let found = all.find(|node| {
            let node = node.accesskit_node();
            node.label().as_deref() == Some("Export") && !node.is_disabled()
        });
        found.map(|node| node.click()).is_some()
    };
    until(harness, "it can be written", button);
    until(harness, "it is written", |harness| {
        said(harness, "Written: ").is_some()
    });
}

/// The panels of the window: areas of the stage's colour, from the upper left, row by row.
fn panels(window: &RgbImage) -> Vec<Place> {
    let [r, g, b, _] = Theme::Light.palette().stage.to_array();
    let (width, height) = window.dimensions();
    let is_stage = |x: u32, y: u32| window.get_pixel(x, y).0 == [r, g, b];
    let mut seen = vec![false; (width * height) as usize];
    let mut found: Vec<Place> = Vec::new();
    for start in 0..width * height {
        let (x, y) = (start % width, start / width);
        if seen[start as usize] || !is_stage(x, y) {
            continue;
        }
        let mut place = [x, y, x, y];
        let mut open = vec![(x, y)];
        seen[start as usize] = true;
        while let Some((x, y)) = open.pop() {
            place = [
                place[0].min(x),
                place[1].min(y),
                place[2].max(x),
                place[3].max(y),
            ];
            let around = [
                (x.wrapping_sub(1), y),
                (x + 1, y),
                (x, y.wrapping_sub(1)),
                (x, y + 1),
            ];
            for (x, y) in around {
                if x < width && y < height && !seen[(y * width + x) as usize] && is_stage(x, y) {
                    seen[(y * width + x) as usize] = true;
                    open.push((x, y));
                }
            }
        }
        let [w, h] = [place[2] - place[0], place[3] - place[1]];
        if w >= SIDE && w.abs_diff(h) <= 3 {
            found.push([place[0], place[1], place[2] + 1, place[3] + 1]);
        }
    }
    // Those of a row begin at nearly the same height.
    found.sort_by_key(|place| (place[1] / 8, place[0]));
    found
}

/// What is taken from the paper in each cell: `[CELLS * CELLS]` of red, green, blue, 0 to 255.
fn ink(image: &RgbImage, place: Place) -> Vec<[f64; 3]> {
    let [left, top, right, bottom] = place;
    // Within the frame and its antialiased edge.
    let [left, top, right, bottom] = [left + 2, top + 2, right - 2, bottom - 2];
    let mut sums = vec![([0.0; 3], 0_u32); CELLS * CELLS];
    for (y, x) in (top..bottom).flat_map(|y| (left..right).map(move |x| (y, x))) {
        let at = |v: u32, low: u32, high: u32| (v - low) as usize * CELLS / (high - low) as usize;
        let cell = &mut sums[at(y, top, bottom) * CELLS + at(x, left, right)];
        let pixel = image.get_pixel(x, y).0;
        for (sum, value) in cell.0.iter_mut().zip(pixel) {
            *sum += f64::from(255 - value);
        }
        cell.1 += 1;
    }
    let mean = |(sum, n): ([f64; 3], u32)| sum.map(|v| v / f64::from(n.max(1)));
    sums.into_iter().map(mean).collect()
}

/// The factor that brings one ink to another as well as can be, and the share that is left.
fn fit(from: &[[f64; 3]], to: &[[f64; 3]]) -> (f64, f64) {
    let dot = |a: &[[f64; 3]], b: &[[f64; 3]]| -> f64 {
        let pairs = a.iter().flatten().zip(b.iter().flatten());
        pairs.map(|(a, b)| a * b).sum()
    };
    let factor = dot(from, to) / dot(from, from).max(1e-9);
    let square: f64 = (from.iter().flatten().zip(to.iter().flatten()))
        .map(|(a, b)| (factor * a - b).powi(2))
        .sum();
    (factor, (square / dot(to, to).max(1e-9)).sqrt())
}

fn compare(lesson: &str, t: f32, keys: &[Key], least: usize) {
    if !common::gpu_here() {
        return;
    }
    let (window, figure, frames) = both(lesson, t, keys);
    let panels = panels(&window);
    assert!(frames.len() >= least, "{lesson}: {} panels", frames.len());
    assert_eq!(
        panels.len(),
        frames.len(),
        "{lesson}: {panels:?} {frames:?}"
    );
    let inks: Vec<_> = panels
        .iter()
        .zip(&frames)
        .map(|(a, b)| (ink(&window, *a), ink(&figure, *b)))
        .collect();
    for (place, (seen, drawn)) in inks.iter().enumerate() {
        let (factor, left) = fit(seen, drawn);
        eprintln!("{lesson} {place}: {factor:.2} of the ink, {left:.3} differ");
        assert!((0.3..1.6).contains(&factor), "{lesson} {place}: {factor}");
        assert!(left < 0.2, "{lesson} {place}: {left}");
        // The same turned upside down is another picture.
        let turned: Vec<_> = drawn.chunks(CELLS).rev().flatten().copied().collect();
        let (_, turned) = fit(seen, &turned);
        eprintln!("    turned {turned:.3}");
    }
}

#[test]
fn the_checkerboard_is_exported_as_it_is_seen() {
    compare("checkerboard", 0.8, &[Key::Num2], 2);
}

#[test]
fn the_paths_are_exported_as_they_are_seen() {
    compare("paths", 0.7, &[], 2);
}

#[test]
fn the_grid_of_steps_is_exported_as_it_is_seen() {
    compare("steps", 1.0, &[], 6);
}
