//! The pairs, the samples and the curves as a figure.

use super::ladder_picture::{SHOWN_STEPS, TRAILS, energy_of, tone, variance_of};
use super::picture::{ELLIPSES, LINES, MEETING, RADIUS};
use super::work::{STEPS, Shown};
use super::{Beside, Variational};
use crate::app::background::Background;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch::{self, Who};
use crate::app::time_label;
use crate::data::Dataset;
use crate::figure::{Axis, Form, Panel, Scene, Tone};
use crate::flow::variational::targets_near;

/// Length of an arrow for a speed of 1, in units of the plane.
const ARROW: f32 = 0.35;
/// Corners of an ellipse.
const CORNERS: usize = 48;

pub fn figure(lesson: &Variational, lab: &Lab, t: f32) -> Option<Figure> {
    if lesson.ladder {
        return rungs(lesson, lab, t);
    }
    let shown = lesson.work.as_ref().and_then(Background::value)?;
    let Ok(shown) = shown.as_ref() else {
        return None;
    };
    let shown = shown.clone();
    let on: Vec<usize> = (0..3).filter(|index| lesson.shown[*index]).collect();
    if on.is_empty() {
        return None;
    }
    let (ellipses, curves, place) = (lesson.ellipses, lesson.curves, lesson.place);
    let draw = move |t: f32, _: &_| {
        let panel = |index: &usize| match index {
            2 => samples(&shown, t),
            _ => pairs(&shown, t, *index == 0, ellipses, place),
        };
        let scene = Scene::row(on.iter().map(panel).collect()).titled(sketch::time(t));
        Some(match curves {
            true => scene.over(plots(&shown, f64::from(t))),
            false => scene,
        })
    };
    let source = lab.digits.points.source();
    Some(Figure::new(lesson.seed, t, draw).by_image(&source))
}

/// The rungs side by side.
fn rungs(lesson: &Variational, lab: &Lab, t: f32) -> Option<Figure> {
    let beside = lesson.beside().ok().filter(|beside| !beside.is_empty())?;
    let curves = lesson.curves;
    let draw = move |t: f32, _: &_| {
        let scene = Scene::row(beside.iter().map(|rung| rung_panel(rung, t)).collect());
        let scene = scene.titled(sketch::time(t));
        Some(match curves {
            true => scene.over(rung_plots(&beside, f64::from(t))),
            false => scene,
        })
    };
    let source = lab.digits.points.source();
    Some(Figure::new(lesson.seed, t, draw).by_image(&source))
}

fn rung_panel((slot, stand): &Beside, t: f32) -> Panel {
    let who = Who {
        name: "samples",
        tone: tone(*slot),
        frames: &stand.frames,
    };
    let panel = board(&stand.dataset).titled(stand.name.as_str());
    let panel = who.add(panel, t, 4.0, TRAILS);
    match stand.over_null(SHOWN_STEPS) {
        Some(ratio) => panel.noted(format!("{ratio:.1} × null")),
        None => panel,
    }
}

fn rung_plots(beside: &[Beside], t: f64) -> Scene {
    let curve = |points: Vec<[f64; 2]>| Form::curve(points, 1.0, false);
    let variance: Vec<_> = beside.iter().map(|(_, stand)| variance_of(stand)).collect();
    let energy: Vec<_> = beside.iter().map(|(_, stand)| energy_of(stand)).collect();
    let all = variance.iter().flatten().map(|at| at[1]);
    let mut left = variance_panel(all, t);
    let level = beside.iter().find_map(|(_, stand)| stand.null);
    let values = || energy.iter().flatten().map(|at| at[1]).chain(level);
    let top = values().fold(1e-6, f64::max);
    let low = values().fold(top, f64::min).max(1e-6);
    let last = *STEPS.last().unwrap_or(&64) as f64;
    let axis = Axis::log(0.85, 1.2 * last).labelled("Euler steps");
    let mut right =
        Panel::curves(axis, Axis::log(0.7 * low, 1.4 * top)).titled("Energy distance to the data");
    for (((slot, stand), variance), energy) in beside.iter().zip(variance).zip(energy) {
        left = left.with(stand.name.as_str(), tone(*slot), 1.0, curve(variance));
        right = right.with(stand.name.as_str(), tone(*slot), 1.0, curve(energy));
    }
    if let Some(level) = level {
        let line = Form::curve([[0.85, level], [1.2 * last, level]], 0.8, true);
        right = right.with("True sets", Tone::Ink, 1.0, line);
    }
    Scene::apart(vec![left, right])
}

fn board(dataset: &Dataset) -> Panel {
    let panel = Panel::square(dataset.extent());
    match dataset.boxes() {
        Some(boxes) => panel.with(
            "target",
            Tone::Ghost,
            0.6,
            Form::Boxes(boxes.boxes.iter().map(|cell| (cell.lo, cell.hi)).collect()),
        ),
        None => panel,
    }
}

fn of(points: &[f32], i: usize) -> [f32; 2] {
    [points[2 * i], points[2 * i + 1]]
}

/// Pairs of one kind, and the targets of those that meet at the place.
fn pairs(shown: &Shown, t: f32, shared: bool, ellipses: bool, place: [f64; 2]) -> Panel {
    let (title, tone, z) = match shared {
        true => ("Independent pairs", Tone::Error, &shown.pairs.independent),
        false => ("Posterior’s pairs", Tone::Exact, &shown.pairs.posterior),
    };
    let x = &shown.pairs.x;
    let line = |i: usize| vec![of(z, i), of(x, i)];
    let now = |i: usize| [0, 1].map(|k| z[2 * i + k] + t * (x[2 * i + k] - z[2 * i + k]));
    let dots = |at: Vec<[f32; 2]>, radius| Form::Points { at, radius };
    let mut panel = board(&shown.dataset)
        .titled(title)
        .with(
            "pairs",
            tone,
            0.28,
            Form::lines((0..LINES).map(line).collect(), 0.5, false),
        )
        .with("now", tone, 1.0, dots((0..LINES).map(now).collect(), 0.8));
    if ellipses {
        let rings: Vec<_> = match shared {
            true => [1.0, 2.0]
                .map(|k| ellipse(shown.prior[0], shown.prior[1].map(|s| k * s)))
                .into(),
            false => (0..ELLIPSES)
                .map(|i| ellipse(of(&shown.pairs.mean, i), of(&shown.pairs.std, i)))
                .collect(),
        };
        panel = panel.with("q(z|x)", Tone::Source, 1.0, Form::lines(rings, 0.5, false));
        if !shared {
            let thread = |i| vec![of(&shown.pairs.mean, i), of(x, i)];
            let threads = (0..ELLIPSES).map(thread).collect();
            let ends = (0..ELLIPSES).map(|i| of(x, i)).collect();
            panel = panel
                .with("of x", Tone::Source, 0.6, Form::lines(threads, 0.4, false))
                .with("x", Tone::Ink, 1.0, dots(ends, 0.9));
        }
    }
    let (xt, dxt) = shown.pairs.at(&shown.settings, t, shared);
    let centre = place.map(|x| x as f32);
    let Some((near, variance)) = targets_near(&xt, &dxt, place, RADIUS) else {
        return panel.noted("no pair passes the place");
    };
    let meeting: Vec<usize> = near.iter().copied().take(MEETING).collect();
    let arrows = |vectors: Vec<[f32; 2]>, width| Form::Arrows {
        at: vec![centre; vectors.len()],
        vectors: vectors.iter().map(|v| v.map(|x| ARROW * x)).collect(),
        width,
    };
    let mean = [0, 1].map(|k| {
        let sum: f32 = near.iter().map(|&i| dxt[2 * i + k]).sum();
        sum / near.len() as f32
    });
    let strong = meeting.iter().map(|&i| line(i)).collect();
    let targets = meeting.iter().map(|&i| of(&dxt, i)).collect();
    panel
        .with("meeting pairs", tone, 0.85, Form::lines(strong, 0.6, false))
        .with("targets", tone, 1.0, arrows(targets, 0.8))
        .with("their mean", Tone::Ink, 1.0, arrows(vec![mean], 1.5))
        .noted(format!("variance of the targets {variance:.2}"))
}

fn samples(shown: &Shown, t: f32) -> Panel {
    let who = Who {
        name: "samples",
        tone: Tone::Model,
        frames: &shown.frames,
    };
    let panel = who.add(board(&shown.dataset).titled("Samples"), t, 5.0, 0);
    match (shown.energy.last(), &shown.null) {
        (Some(energy), Some(null)) => panel.noted(format!(
            "energy distance {:.1} times that of true sets",
            energy / null
        )),
        _ => panel,
    }
}

/// The axes of the target's variance over t, high enough for these values, with a line at t.
fn variance_panel(values: impl Iterator<Item = f64>, t: f64) -> Panel {
    let high = 1.08 * values.filter(|v| v.is_finite()).fold(1e-3, f64::max);
    let axis = Axis::linear(0.0, 1.0).labelled(time_label::axis());
    Panel::curves(axis, Axis::linear(0.0, high))
        .titled("Target’s variance at a point on the way")
        .with(
            "t",
            Tone::Muted,
            0.8,
            Form::curve([[t, 0.0], [t, high]], 0.5, true),
        )
}

/// The target's variance over t, and the energy distance over steps.
fn plots(shown: &Shown, t: f64) -> Scene {
    let floors = shown.floors.clone().unwrap_or_default();
    let all = floors.at.iter().flat_map(|row| [row[1], row[2]]);
    let column = |k: usize| floors.at.iter().map(move |row| [row[0], row[k]]);
    let variance = variance_panel(all, t)
        .with(
            "Independent pairs",
            Tone::Error,
            1.0,
            Form::curve(column(2), 1.0, true),
        )
        .with(
            "Posterior’s pairs",
            Tone::Exact,
            1.0,
            Form::curve(column(1), 1.0, false),
        );
    let top = shown.energy.iter().copied().fold(1e-6, f64::max);
    let level = shown.null.unwrap_or(top);
    let low = shown.energy.iter().copied().fold(level, f64::min).max(1e-6);
    let last = *STEPS.last().unwrap_or(&64) as f64;
    let axis = Axis::log(0.85, 1.2 * last).labelled("Euler steps");
    let steps = STEPS.iter().zip(&shown.energy);
    let steps = steps.map(|(&steps, &energy)| [steps as f64, energy]);
    let quality = Panel::curves(axis, Axis::log(0.7 * low, 1.4 * top))
        .titled("Energy distance to the data")
        .with("Samples", Tone::Model, 1.0, Form::curve(steps, 1.0, false))
        .with(
            "True sets",
            Tone::Ink,
            1.0,
            Form::curve([[0.85, level], [1.2 * last, level]], 0.8, true),
        );
    Scene::apart(vec![variance, quality])
}

fn ellipse(centre: [f32; 2], std: [f32; 2]) -> Vec<[f32; 2]> {
    let at = |i: usize| {
        let (sin, cos) = (std::f32::consts::TAU * i as f32 / CORNERS as f32).sin_cos();
        [centre[0] + std[0] * cos, centre[1] + std[1] * sin]
    };
    (0..=CORNERS).map(at).collect()
}
