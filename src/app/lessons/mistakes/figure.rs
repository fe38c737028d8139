//! Right and wrong beside one another, as a figure.

use std::sync::Arc;

use super::Mistakes;
use super::words::{name, right_formula, wrong_formula};
use crate::app::curve::LossCurve;
use crate::app::figure::{Figure, Weights};
use crate::app::lesson::Lab;
use crate::app::pair::Both;
use crate::app::sketch::{self, Who};
use crate::app::time_label;
use crate::app::widgets::number;
use crate::app::widgets::verdict_plot;
use crate::figure::scene::Key;
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};

/// The colour of each side.
const TONES: [Tone; 2] = [Tone::Model, Tone::Error];

/// One run's losses.
struct Run {
    curve: LossCurve,
    steps: u64,
    floor: Option<f64>,
}

pub fn figure(lesson: &Mistakes, _lab: &Lab, t: f32) -> Option<Figure> {
    let (both, pair) = (lesson.both.clone()?, lesson.pair.as_ref()?);
    let runs = pair.runs.each_ref().map(|run| Run {
        curve: run.curve.clone(),
        steps: run.config.steps,
        floor: run.floor,
    });
    let step = pair.runs[1].step;
    let extent = pair.runs[0].config.dataset.extent();
    let target = lesson.ghost.as_ref().map(|ghost| ghost.form());
    let mistake = lesson.mistake;
    let formulas = [right_formula(mistake), wrong_formula(mistake)];
    let what = name(mistake);
    let weights = both.pictures[1].weights.clone();
    let draw = move |t: f32, _: &_| {
        let title = Text::from(format!("{what}, after {} steps, ", number::grouped(step)));
        let title = title.and(&time_label::moment(t));
        let pictures = pictures(&both, t, target.as_ref(), extent, formulas);
        Some(pictures.titled(title).over(losses(&runs)))
    };
    let mut figure = Figure::new(lesson.noise, t, draw);
    figure.source = format!("mistake `{what}`, seed {}, step {step}", lesson.seed);
    if let Some(weights) = weights {
        figure.weights = Weights::Mlp(weights);
    }
    Some(figure)
}

fn pictures(
    both: &Arc<Both>,
    t: f32,
    target: Option<&Form>,
    extent: f64,
    formulas: [&str; 2],
) -> Scene {
    let panel = |side: usize| {
        let picture = &both.pictures[side];
        let name = ["Right", "Wrong"][side];
        let who = Who {
            name,
            tone: TONES[side],
            frames: &picture.frames,
        };
        let off = picture.off_support.map(number::percent);
        let off = off.map_or(String::new(), |off| format!("{off} off support"));
        let title = Text::from(format!("{name}:  ")).and(formulas[side]);
        who.add(sketch::over_target(target.cloned(), extent), t, 8.0, 0)
            .titled(title)
            .noted(off)
    };
    Scene::row(vec![panel(0), panel(1)])
}

/// Loss, floor and excess of both on common axes.
fn losses(runs: &[Run; 2]) -> Scene {
    let (low, high) = verdict_plot::range(&[&runs[0].curve, &runs[1].curve]);
    let [low, high] = [low, high].map(|power| 10f64.powf(power));
    let panel = |side: usize| {
        let run = &runs[side];
        let last = run.steps.max(1) as f64;
        let x = Axis::linear(0.0, last).labelled("Step");
        let mut panel = Panel::curves(x, Axis::log(low, high).labelled("Loss and excess"));
        if let Some(floor) = run.floor {
            let line = Form::curve([[0.0, floor], [last, floor]], 0.8, true);
            panel = panel.with("floor", Tone::Exact, 1.0, line);
        }
        let positive = |points: &[[f64; 2]]| {
            let points = points.iter().copied().filter(|point| point[1] > 0.0);
            points.collect::<Vec<_>>()
        };
        let loss = Form::curve(positive(run.curve.smooth()), 1.1, false);
        let excess = Form::curve(positive(run.curve.excess()), 1.1, false);
        panel
            .with("loss", Tone::Ink, 1.0, loss)
            .with("excess", TONES[side], 1.0, excess)
    };
    let mut scene = Scene {
        aspect: Some(0.42),
        ..Scene::row(vec![panel(0), panel(1)])
    };
    scene = scene.entry("loss", Tone::Ink, Key::Line);
    if runs.iter().any(|run| run.floor.is_some()) {
        scene = scene.entry("floor", Tone::Exact, Key::Dashes);
    }
    scene
        .entry("excess, right", TONES[0], Key::Line)
        .entry("excess, wrong", TONES[1], Key::Line)
}
