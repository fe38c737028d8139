//! What is exported is what is seen: the digits and maps on the stage and those of the figure, one
//! by one.

mod common;
mod harness;

use std::sync::atomic::AtomicBool;

use egui::{Shape, TextureId, vec2};
use flowlab::app::LaunchOptions;
use flowlab::app::theme::Theme;
use flowlab::figure::layout::lay_out;
use flowlab::figure::page::{Area, Page, Shape as Drawn};
use flowlab::figure::{Form, Format, Meta, Scene, Style, encode};
use harness::{Window, on_cpu, picture, settle};
use image::{RgbImage, imageops};

/// Cells along a side of a digit in which mean inks are compared: the window smooths what the file
/// shows as squares.
const CELLS: u32 = 7;
/// Places along a side of each cell.
const WITHIN: u32 = 6;
/// Share of a digit along each side that is left out: frames, and what is read, are there.
const EDGE: f64 = 0.15;
/// The most that a digit of the figure may differ from the stage's: the root of the squares over
/// all cells, as a share of the digit. Measured: 0.13 at most, 0.02 to 0.05 in the middle.
const MOST: f64 = 0.25;
/// Other digits, or the same at another time, differ by this factor more at least, in the middle.
/// Measured: 4.4 to 30.
const OTHERS: f64 = 2.0;
/// Smallest side of a digit in the window, in points.
const SIDE: f32 = 14.0;

/// Mean ink of each cell, 0 to 1.
type Digit = Vec<f64>;

/// The cells of a part of a picture, whose edges lie between pixels.
fn digit(image: &RgbImage, [left, top, width, height]: [f64; 4]) -> Digit {
    let ink = |x: f64, y: f64| {
        let pixel = imageops::interpolate_bilinear(image, x as f32 - 0.5, y as f32 - 0.5);
        let sum: u32 = pixel.map_or(765, |pixel| pixel.0.iter().map(|v| u32::from(*v)).sum());
        1.0 - f64::from(sum) / 765.0
    };
    let at = |step: u32| {
        let share = (f64::from(step) + 0.5) / f64::from(CELLS * WITHIN);
        EDGE + (1.0 - 2.0 * EDGE) * share
    };
    let cell = |row: u32, column: u32| {
        let steps = |from: u32| from * WITHIN..(from + 1) * WITHIN;
        let all = steps(row).flat_map(|y| steps(column).map(move |x| (x, y)));
        let sum: f64 = all
            .map(|(x, y)| ink(left + width * at(x), top + height * at(y)))
            .sum();
        sum / f64::from(WITHIN * WITHIN)
    };
    (0..CELLS)
        .flat_map(|row| (0..CELLS).map(move |column| (row, column)))
        .map(|(row, column)| cell(row, column))
        .collect()
}

/// How far a digit is from another, as a share of it.
fn difference(a: &Digit, b: &Digit) -> f64 {
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
    let apart = square(&mut a.iter().zip(b).map(|(a, b)| a - b));
    (apart / square(&mut b.iter().copied()).max(1e-9)).sqrt()
}

/// The digits of the window, in the order in which they are painted.
fn seen(window: &mut Window, name: &str) -> Vec<Digit> {
    let image = picture(window, name);
    let image = image::DynamicImage::ImageRgba8(image).to_rgb8();
    let mut places = Vec::new();
    for clipped in &window.output().shapes {
        find(&clipped.shape, &mut places);
    }
    places
        .into_iter()
        .map(|place| digit(&image, place))
        .collect()
}

/// Square pictures among the shapes.
fn find(shape: &Shape, places: &mut Vec<[f64; 4]>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| find(shape, places)),
        Shape::Mesh(mesh) if mesh.texture_id != TextureId::default() => {
            let rect = mesh.calc_bounds();
            let square = (rect.width() - rect.height()).abs() < 0.5 && rect.width() >= SIDE;
            if square && mesh.vertices.len() == 4 {
                let [x, y] = [rect.left(), rect.top()].map(f64::from);
                places.push([x, y, f64::from(rect.width()), f64::from(rect.height())]);
            }
        }
        _ => {}
    }
}

/// The digits of a figure as its PNG shows them, panel by panel.
fn drawn(scene: &Scene, width_cm: f64) -> Vec<Digit> {
    let style = Style {
        width_cm,
        dpi: 300.0,
        ..Style::default()
    };
    let meta = Meta::default();
    let png = encode(std::slice::from_ref(scene), 1, Format::Png, &style, &meta);
    let image = image::load_from_memory(&png.expect("a PNG"))
        .expect("a PNG")
        .to_rgb8();
    let page = lay_out(scene, &style);
    let scale = f64::from(image.width()) / page.width;
    let (grids, areas) = (grids(scene), areas(&page));
    assert_eq!(
        grids.len(),
        areas.len(),
        "each grid is a picture on the page"
    );
    let mut digits = Vec::new();
    for (grid, area) in grids.into_iter().zip(areas) {
        let place = [area.x, area.y, area.w, area.h].map(|v| scale * f64::from(v));
        let Some((count, columns)) = grid else {
            digits.push(digit(&image, place));
            continue;
        };
        // 28 pixels each, two between them.
        let unit = place[2] / (30 * columns - 2) as f64;
        for i in 0..count {
            let corner = |at: f64, steps: usize| at + unit * (30 * steps) as f64;
            let (x, y) = (corner(place[0], i % columns), corner(place[1], i / columns));
            digits.push(digit(&image, [x, y, 28.0 * unit, 28.0 * unit]));
        }
    }
    digits
}

/// Digits and columns of each grid of a scene; none for a map.
fn grids(scene: &Scene) -> Vec<Option<(usize, usize)>> {
    let marks = scene.panels.iter().flat_map(|panel| &panel.marks);
    let grid = |form: &Form| match form {
        Form::Images {
            pixels, columns, ..
        } => Some(Some((pixels.len() / 784, *columns))),
        Form::Heat { .. } => Some(None),
        _ => None,
    };
    let own = marks.filter_map(|mark| grid(&mark.shape));
    own.chain(scene.below.iter().flat_map(grids)).collect()
}

/// Where the pictures of a page are, without the bars that say what the colours of maps mean.
fn areas(page: &Page) -> Vec<Area> {
    let area = |shape: &Drawn| match shape {
        Drawn::Image { area, picture } if picture.width.min(picture.height) > 1 => Some(*area),
        _ => None,
    };
    page.shapes.iter().filter_map(area).collect()
}

/// A state of a lesson.
struct Case {
    lesson: &'static str,
    /// Counted from 1.
    beat: usize,
    /// Time of the flow, and another time that has to be told from it; none where nothing moves.
    times: (f32, Option<f32>),
    /// Pictures at the beginning that carry something else, too: the brush's hole.
    apart: usize,
    /// Whether a picture is told from its neighbour.
    distinct: bool,
}

/// Digits that are all different and do not move.
const CASE: Case = Case {
    lesson: "",
    beat: 1,
    times: (1.0, None),
    apart: 0,
    distinct: true,
};

/// Compares every picture of the figure with the one that the stage shows in its turn, and makes
/// sure that another one, or another time, is told from it.
fn compare(case: &Case) {
    if !common::gpu_here() {
        return;
    }
    let (t, other) = case.times;
    let options = LaunchOptions {
        t: Some(t),
        beat: Some(case.beat),
        theme: Some(Theme::Light),
        ..on_cpu(case.lesson)
    };
    let mut window = harness::window(options, 1.0);
    window.set_size(vec2(1500.0, 950.0));
    settle(&mut window);
    let name = format!("{}-{}", case.lesson, case.beat);
    let mut seen = seen(&mut window, &format!("parity-{name}"));
    let never = AtomicBool::new(false);
    let t = window.state().lab.clock.t() as f32;
    let figure = window.state().figure_at(t).expect("a figure");
    let mut same = drawn(&figure.scene(&never).expect("a scene"), figure.width_cm);
    assert_eq!(
        seen.len(),
        same.len(),
        "{name}: on the stage, and in the figure"
    );
    assert!(same.len() > case.apart + 1, "{name}: {}", same.len());
    let _ = (seen.drain(..case.apart), same.drain(..case.apart));
    let (near, most) = differences(&same, &seen);
    eprintln!(
        "{name}: {} pictures, {near:.3} in the middle, {most:.3} at most",
        same.len()
    );
    assert!(most < MOST, "{name}: {most}");
    if case.distinct {
        same.rotate_left(1);
        let (far, _) = differences(&same, &seen);
        eprintln!("{name}: their neighbours {far:.3}");
        assert!(far > OTHERS * near, "{name}: {near} and {far}");
    }
    if let Some(other) = other {
        let scene = figure.frame(other, &never).expect("a scene");
        let wrong = drawn(&scene, figure.width_cm).split_off(case.apart);
        let (far, _) = differences(&wrong, &seen);
        eprintln!("{name}: at t = {other} {far:.3}");
        assert!(far > OTHERS * near, "{name}: {near} and {far}");
    }
}

/// How far pictures are from others, in the middle and at most.
fn differences(some: &[Digit], others: &[Digit]) -> (f64, f64) {
    let pairs = some.iter().zip(others);
    let mut all: Vec<f64> = pairs.map(|(a, b)| difference(a, b)).collect();
    all.sort_by(f64::total_cmp);
    (all[all.len() / 2], all[all.len() - 1])
}

#[test]
fn states_and_predicted_ends() {
    compare(&Case {
        lesson: "latent",
        times: (0.6, Some(0.2)),
        ..CASE
    });
}

#[test]
fn the_same_noise_with_more_steps() {
    compare(&Case {
        lesson: "latent",
        beat: 4,
        ..CASE
    });
}

#[test]
fn guided_digits() {
    compare(&Case {
        lesson: "guidance",
        beat: 2,
        ..CASE
    });
}

#[test]
fn originals_and_reconstructions() {
    compare(&Case {
        lesson: "vae",
        ..CASE
    });
}

#[test]
fn digits_of_a_map() {
    compare(&Case {
        lesson: "semantic",
        times: (1.0, Some(0.5)),
        apart: 1,
        ..CASE
    });
}

#[test]
fn edited_digits() {
    compare(&Case {
        lesson: "editing",
        times: (1.0, Some(0.5)),
        ..CASE
    });
}

#[test]
fn fills_of_a_hole() {
    compare(&Case {
        lesson: "inpaint",
        times: (1.0, Some(0.5)),
        apart: 1,
        ..CASE
    });
}

#[test]
fn digits_of_the_variational_flow() {
    compare(&Case {
        lesson: "variational_digits",
        ..CASE
    });
}

#[test]
fn maps_of_the_field() {
    compare(&Case {
        lesson: "field",
        times: (0.6, Some(0.3)),
        ..CASE
    });
}

#[test]
fn maps_of_the_density() {
    compare(&Case {
        lesson: "likelihood",
        times: (0.6, Some(0.3)),
        // The network has learned its density.
        distinct: false,
        ..CASE
    });
}
