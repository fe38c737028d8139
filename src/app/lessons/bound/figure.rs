//! The two flows, the distance over t and the chain as a figure.

use super::Bound;
use super::digits::Digits;
use super::measured::Measured;
use super::picture::{curves, decades, number, position};
use super::plane::{PARTICLES, Plane};
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::time_label;
use crate::app::widgets::flow_layers::Target;
use crate::figure::scene::Key;
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};
use crate::kernel::Trajectories;

/// Colours of the curves: measured, then each bound.
const TONES: [Tone; 4] = [Tone::Error, Tone::Exact, Tone::Model, Tone::Source];
/// Colours of the chain.
const LINKS: [Tone; 6] = [
    Tone::Ink,
    Tone::Error,
    Tone::Error,
    Tone::Exact,
    Tone::Model,
    Tone::Source,
];

pub fn figure(lesson: &Bound, lab: &Lab, t: f32) -> Option<Figure> {
    if lesson.digits {
        let made = lesson.shown_digits()?;
        if made.is_err() {
            return None;
        }
        let draw = move |_: f32, _: &_| Some(digits(made.as_ref().as_ref().ok()?));
        return Some(Figure::new(lesson.seed, t, draw).by_image(&lab.digits.flow()));
    }
    let made = lesson.shown_plane()?;
    if made.is_err() {
        return None;
    }
    let target = lesson
        .target
        .as_ref()
        .map(|(_, target)| Target::form(target));
    let extent = lab.training.dataset().extent();
    let draw = move |t: f32, _: &_| {
        let made = made.as_ref().as_ref().ok()?;
        let panel = sketch::over_target(target.clone(), extent);
        Some(plane(made, panel, t))
    };
    Some(Figure::new(lesson.seed, t, draw).by(lab.training.staged()))
}

fn plane(made: &Plane, panel: Panel, t: f32) -> Scene {
    let all = |way: &Trajectories| -> Vec<[f32; 2]> {
        (0..PARTICLES).map(|i| position(way, t, i)).collect()
    };
    let (truth, learned) = (all(&made.truth), all(&made.learned));
    let lines = truth.iter().zip(&learned).map(|(a, b)| vec![*a, *b]);
    let lines = Form::lines(lines.collect(), 0.6, false);
    let dots = |at: Vec<[f32; 2]>| Form::Points { at, radius: 0.9 };
    let codes = panel
        .with("apart", Tone::Error, 0.8, lines)
        .with("true", Tone::Exact, 1.0, dots(truth))
        .with("learned", Tone::Model, 1.0, dots(learned))
        .titled(Text::from("Codes, ").and(&time_label::moment(t)));
    Scene::apart(vec![codes, over_time(&made.measured, Some(t))])
        .entry("true", Tone::Exact, Key::Dot)
        .entry("learned", Tone::Model, Key::Dot)
        .over(chain(&made.measured))
}

fn digits(made: &Digits) -> Scene {
    let data = format!("Where the true flow of {} digits ends", made.data);
    Scene::apart(vec![
        sketch::digits(&made.truth, 10).titled(data),
        sketch::digits(&made.made, 10).titled("What the learned flow makes"),
        over_time(&made.measured, None),
    ])
    .over(chain(&made.measured))
}

/// The distance of the codes over t with its bounds.
fn over_time(measured: &Measured, t: Option<f32>) -> Panel {
    let all = curves(measured);
    let [low, high] = decades(all.iter().flat_map(|(_, v)| v.iter().skip(2).copied()));
    let [low, high] = [low, high].map(|k| 10f64.powi(k));
    let mut panel = Panel::curves(
        Axis::linear(0.0, 1.0).labelled(Text::maths(time_label::axis())),
        Axis::log(low, high),
    )
    .titled("Distance of the codes: measured (solid), bounds (dashed)");
    if let Some(t) = t {
        let line = vec![[t, low as f32], [t, high as f32]];
        panel = panel.with("t", Tone::Muted, 0.8, Form::lines(vec![line], 0.5, false));
    }
    for (index, ((name, values), tone)) in all.into_iter().zip(TONES).enumerate() {
        let points = measured.terms.times.iter().zip(values);
        let points = points.map(|(t, v)| [*t, v]).filter(|[_, v]| *v >= low);
        panel = panel.with(name, tone, 1.0, Form::curve(points, 1.2, index > 0));
    }
    panel
}

/// The chain as bars; the name of each stands above it.
fn chain(measured: &Measured) -> Scene {
    let links = measured.chain();
    let [low, high] = decades(links.iter().map(|link| link.value));
    let [low, high] = [low, high].map(|k| 10f64.powi(k));
    let rows = links.len() as f64;
    let mut y = Axis::linear(0.0, rows);
    y.ticks = false;
    let mut panel = Panel::curves(Axis::log(low, high), y).titled("Each is below the next");
    let middle = (low * high).sqrt() as f32;
    for (i, (link, tone)) in links.into_iter().zip(LINKS).enumerate() {
        let bottom = rows - 1.0 - i as f64;
        let bar = (
            [low, bottom + 0.1],
            [link.value.clamp(low, high), bottom + 0.42],
        );
        let at = [middle, bottom as f32 + 0.68];
        let words = Text::from(format!("{}: {}", link.name, number(link.value)));
        let words = Form::Words {
            at: vec![(at, words)],
            size: 0.9,
        };
        panel = panel
            .with(link.name, tone, 0.8, Form::Boxes(vec![bar]))
            .with("words", Tone::Ink, 1.0, words);
    }
    Scene::apart(vec![panel])
}
