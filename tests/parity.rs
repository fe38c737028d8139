//! What is exported is what is seen: the stage in the window and the figure of it, panel by panel.

mod common;
mod harness;

use std::sync::atomic::AtomicBool;

use egui::vec2;
use flowlab::app::LaunchOptions;
use flowlab::app::figure::Figure;
use flowlab::app::theme::Theme;
use flowlab::figure::layout::lay_out;
use flowlab::figure::page::{Page, Shape};
use flowlab::figure::{Format, Meta, Scene, Style, encode};
use harness::{on_cpu, picture, settle};
use image::RgbImage;

/// Cells along a side of the grid in which mean colours are compared: particles are thicker in one
/// picture than in the other, and cells even that out.
const CELLS: usize = 12;
/// The most that a panel of the figure may differ from the stage: particles and the target have
/// another weight in print. Measured: 0.08 to 0.25, the most where one step of Euler has thrown
/// single particles far out.
const MOST: f64 = 0.35;
/// Over all panels the figure is nearer to the stage than that of another time, and than itself
/// upside down, by this factor. Measured: 0.92 and 0.27 for the couplings, whose lines stay, to 0.27
/// and 0.13 for the checkerboard.
const NEARER: f64 = 0.95;
/// Smallest side of a panel in the window, in pixels.
const SIDE: u32 = 60;

/// A rectangle in pixels: left, top, right, bottom.
type Place = [u32; 4];

/// Mean ink of each cell: `[CELLS * CELLS]` of red, green and blue, 0 to 255.
type Inks = Vec<[f64; 3]>;

/// The stage of a lesson in lecture mode, where nothing but the stage has the stage's colour, and
/// the figure that an export writes.
fn seen(lesson: &str, t: f32) -> (RgbImage, Figure) {
    let options = LaunchOptions {
        t: Some(t),
        lecture: true,
        ..on_cpu(lesson)
    };
    let mut window = harness::window(options, 1.0);
    window.set_size(vec2(1500.0, 950.0));
    settle(&mut window);
    let image = picture(&mut window, &format!("parity-{lesson}"));
    let figure = window.state().figure_at(t).expect("a figure");
    (image::DynamicImage::ImageRgba8(image).to_rgb8(), figure)
}

/// The panels of a figure as its PNG shows them.
fn drawn(scene: &Scene, width_cm: f64) -> Vec<Inks> {
    let style = Style {
        width_cm,
        dpi: 250.0,
        ..Style::default()
    };
    let meta = Meta::default();
    let png = encode(std::slice::from_ref(scene), 1, Format::Png, &style, &meta);
    let image = image::load_from_memory(&png.expect("a PNG")).expect("a PNG");
    let image = image.to_rgb8();
    let page = lay_out(scene, &style);
    let frames = frames(&page, f64::from(image.width()) / page.width);
    frames.iter().map(|place| ink(&image, *place)).collect()
}

/// The square frames of a page, in pixels.
fn frames(page: &Page, scale: f64) -> Vec<Place> {
    let frame = |shape: &Shape| match shape {
        Shape::Line { points, .. } if points.len() == 6 && points[0] == points[4] => {
            let [a, b] = [points[0], points[2]];
            let square = ((b[0] - a[0]) - (b[1] - a[1])).abs() < 0.5;
            let place = [a[0], a[1], b[0], b[1]].map(|v| (f64::from(v) * scale).round() as u32);
            square.then_some(place)
        }
        _ => None,
    };
    let mut frames: Vec<Place> = Vec::new();
    for place in page.shapes.iter().filter_map(frame) {
        // One that is chosen has a second frame over the first.
        let again = |other: &Place| (0..4).all(|i| other[i].abs_diff(place[i]) <= 12);
        if !frames.iter().any(again) {
            frames.push(place);
        }
    }
    frames
}

/// The panels of the window: square areas of the stage's colour, from the upper left, row by row.
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
            let [left, top, right, bottom] = place;
            place = [left.min(x), top.min(y), right.max(x), bottom.max(y)];
            let (left, above) = (x.wrapping_sub(1), y.wrapping_sub(1));
            for (x, y) in [(left, y), (x + 1, y), (x, above), (x, y + 1)] {
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
    // The paper between particles is a part of the panel around it.
    let around = |a: &Place, b: &Place| {
        a != b && a[0] <= b[0] && a[1] <= b[1] && a[2] >= b[2] && a[3] >= b[3]
    };
    let mut found: Vec<Place> = (found.iter())
        .filter(|place| !found.iter().any(|other| around(other, place)))
        .copied()
        .collect();
    // One of many small ones may also be shown large.
    let mut sides: Vec<u32> = found.iter().map(|place| place[2] - place[0]).collect();
    sides.sort_unstable();
    if let Some(usual) = sides.get(sides.len() / 2) {
        found.retain(|place| place[2] - place[0] <= 4 * usual);
    }
    // Those of a row begin at nearly the same height.
    found.sort_by_key(|place| (place[1] / 8, place[0]));
    found
}

/// What is taken from the paper in each cell.
fn ink(image: &RgbImage, [left, top, right, bottom]: Place) -> Inks {
    // Within the frame and its soft edge.
    let [left, top, right, bottom] = [left + 3, top + 3, right - 3, bottom - 3];
    let mut sums = vec![([0.0; 3], 0_u32); CELLS * CELLS];
    for (y, x) in (top..bottom).flat_map(|y| (left..right).map(move |x| (y, x))) {
        let at = |v: u32, low: u32, high: u32| (v - low) as usize * CELLS / (high - low) as usize;
        let cell = &mut sums[at(y, top, bottom) * CELLS + at(x, left, right)];
        for (sum, value) in cell.0.iter_mut().zip(image.get_pixel(x, y).0) {
            *sum += f64::from(255 - value);
        }
        cell.1 += 1;
    }
    let mean = |(sum, n): ([f64; 3], u32)| sum.map(|v| v / f64::from(n.max(1)));
    sums.into_iter().map(mean).collect()
}

/// The factor that brings one ink to another as well as can be, and the share that is left: the
/// root of the squares over all cells and colours.
fn fit(from: &Inks, to: &Inks) -> (f64, f64) {
    let dot = |a: &Inks, b: &Inks| -> f64 {
        let pairs = a.iter().flatten().zip(b.iter().flatten());
        pairs.map(|(a, b)| a * b).sum()
    };
    let factor = dot(from, to) / dot(from, from).max(1e-9);
    let square: f64 = (from.iter().flatten().zip(to.iter().flatten()))
        .map(|(a, b)| (factor * a - b).powi(2))
        .sum();
    (factor, (square / dot(to, to).max(1e-9)).sqrt())
}

/// The same picture upside down.
fn turned(inks: &Inks) -> Inks {
    inks.chunks(CELLS).rev().flatten().copied().collect()
}

/// Compares every panel of the stage with that of the figure, and makes sure that the figure of
/// another time, where there is one that differs, is told from it.
fn compare(lesson: &str, t: f32, other: impl Into<Option<f32>>, least: usize) {
    if !common::gpu_here() {
        return;
    }
    let (window, figure) = seen(lesson, t);
    let never = AtomicBool::new(false);
    let scene = figure.scene(&never).expect("a scene");
    let same = drawn(&scene, figure.width_cm);
    let other = other.into();
    let wrong = figure.frame(other.unwrap_or(t), &never).expect("a scene");
    let wrong = drawn(&wrong, figure.width_cm);
    let stage: Vec<Inks> = panels(&window)
        .into_iter()
        .map(|place| ink(&window, place))
        .collect();
    assert!(stage.len() >= least, "{lesson}: {} panels", stage.len());
    assert_eq!(same.len(), stage.len(), "{lesson}: panels of the figure");
    let mut sums = [0.0; 3];
    for (place, seen) in stage.iter().enumerate() {
        let (factor, left) = fit(seen, &same[place]);
        let (_, later) = fit(seen, &wrong[place]);
        let (_, upside_down) = fit(seen, &turned(&same[place]));
        eprintln!(
            "{lesson} {place}: {factor:.2} of the ink, {left:.3} differ; at t = {other:?}: \
             {later:.3}; upside down: {upside_down:.3}"
        );
        assert!(left < MOST, "{lesson} {place}: {left}");
        for (sum, value) in sums.iter_mut().zip([left, later, upside_down]) {
            *sum += value;
        }
    }
    let [nearer, upright] = [sums[0] / sums[1], sums[0] / sums[2]];
    eprintln!("{lesson}: {nearer:.2} of that at t = {other:?}, {upright:.2} of that upside down");
    assert!(other.is_none() || nearer < NEARER, "{lesson}: {sums:?}");
    assert!(upright < NEARER, "{lesson}: {sums:?}");
}

#[test]
fn the_paths_are_exported_as_they_are_seen() {
    compare("paths", 0.7, 0.5, 5);
}

#[test]
fn the_grid_of_steps_is_exported_as_it_is_seen() {
    compare("steps", 1.0, 0.8, 32);
}

#[test]
fn the_checkerboard_is_exported_as_it_is_seen() {
    compare("checkerboard", 0.8, 0.5, 1);
}

#[test]
fn the_conditional_fields_are_exported_as_they_are_seen() {
    compare("conditional", 0.6, 0.3, 3);
}

#[test]
fn the_couplings_are_exported_as_they_are_seen() {
    compare("couplings", 0.9, 0.1, 3);
}

#[test]
fn the_moments_of_learning_are_exported_as_they_are_seen() {
    compare("learning", 1.0, 0.6, 14);
}

#[test]
fn the_pairs_of_a_posterior_are_exported_as_they_are_seen() {
    compare("variational", 0.6, 0.2, 3);
}

#[test]
fn a_mistake_is_exported_as_it_is_seen() {
    // Both have only begun to learn: little moves.
    compare("mistakes", 1.0, None, 2);
}

#[test]
fn the_bound_is_exported_as_it_is_seen() {
    compare("bound", 1.0, 0.7, 1);
}
