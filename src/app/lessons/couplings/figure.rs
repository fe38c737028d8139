//! Pairs and curves as a figure.

use std::sync::Arc;

use super::panel::FLOOR;
use super::study::{POWERS, Row};
use super::{Couplings, Floor, NAMES, Pairs};
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::widgets::flow_layers::Target;
use crate::figure::scene::Key;
use crate::figure::{Axis, Form, Panel, Scene, Tone};
use crate::flow::coupling::coupling_cost;

/// The colour of each coupling.
const TONES: [Tone; 3] = [Tone::Error, Tone::Exact, Tone::Model];

pub fn figure(lesson: &Couplings, lab: &Lab, t: f32) -> Option<Figure> {
    let extent = lab.training.dataset().extent();
    let target = lesson.target.as_ref().map(Target::form);
    let pairs = lesson.pairs.as_ref().and_then(|work| work.value())?;
    let shown: Vec<usize> = (0..3).filter(|index| lesson.shown[*index]).collect();
    if shown.is_empty() {
        return None;
    }
    let curves = lesson.curves.then(|| {
        let rows = lesson.study.as_ref().and_then(|work| work.value());
        let floor = lesson.floor.as_ref().and_then(|work| work.value());
        (rows, floor, lesson.batch)
    });
    let draw = move |t: f32, _: &_| {
        let panel = |index: &usize| {
            let panel = sketch::over_target(target.clone(), extent).titled(NAMES[*index]);
            coupled(panel, &pairs, *index, t)
        };
        let scene = Scene::row(shown.iter().map(panel).collect())
            .titled(sketch::time(t))
            .entry("noise", Tone::Source, Key::Dot)
            .entry("data", Tone::Ink, Key::Dot);
        match &curves {
            Some((rows, floor, batch)) => {
                let rows = rows.as_deref().map_or(&[][..], |rows| rows);
                Some(scene.over(plots(rows, floor.as_ref(), &shown, *batch)))
            }
            None => Some(scene),
        }
    };
    Some(Figure::new(lesson.seed, t, draw))
}

/// One coupling of the batch: lines between the points, with the points on their way at t.
fn coupled(panel: Panel, pairs: &Pairs, index: usize, t: f32) -> Panel {
    let partners = &pairs.partners[index];
    let crowd = (64.0 / partners.len().max(1) as f32)
        .powf(0.33)
        .clamp(0.5, 1.5);
    let of = |points: &[f32], i: usize| [points[2 * i], points[2 * i + 1]];
    let ends: Vec<[[f32; 2]; 2]> = (partners.iter().enumerate())
        .map(|(i, &j)| [of(&pairs.x0, i), of(&pairs.x1, j)])
        .collect();
    let lines = ends.iter().map(|ends| ends.to_vec()).collect();
    let at = |s: f32| {
        let now = |[a, b]: &[[f32; 2]; 2]| [0, 1].map(|k| a[k] + s * (b[k] - a[k]));
        ends.iter().map(now).collect::<Vec<_>>()
    };
    let dots = |at: Vec<[f32; 2]>, radius: f32| Form::Points { at, radius };
    let cost = coupling_cost(&pairs.x0, &pairs.x1, partners);
    panel
        .with(
            "pairs",
            TONES[index],
            0.62,
            Form::lines(lines, 0.5 * crowd, false),
        )
        .with("noise", Tone::Source, 0.9, dots(at(0.0), 0.9 * crowd))
        .with("data", Tone::Ink, 1.0, dots(at(1.0), 0.7 * crowd))
        .with("now", TONES[index], 1.0, dots(at(t), 1.1 * crowd))
        .noted(format!("mean squared length {cost:.2}"))
}

/// Cost, floor and path energy against the batch size.
fn plots(rows: &[Row], floor: Option<&Arc<Floor>>, shown: &[usize], batch: usize) -> Scene {
    type Pick = fn(&Row, usize) -> [f64; 2];
    let kinds: [(&str, Pick); 3] = [
        ("Transport cost", |row, index| row.by[index].cost),
        (FLOOR, |row, index| row.by[index].floor),
        ("Path energy", |row, index| row.by[index].path_energy()),
    ];
    let [from, to] = [*POWERS.start(), *POWERS.end()].map(|power| f64::from(1_u32 << power));
    let mut panels = Vec::new();
    for (title, pick) in kinds {
        let exact = floor.filter(|_| title == FLOOR && shown.contains(&0));
        let values = rows
            .iter()
            .flat_map(|row| shown.iter().map(move |i| pick(row, *i)));
        let high = values.map(|[mean, error]| mean + error);
        let high = high
            .chain(exact.map(|floor| floor.all))
            .fold(1e-3, f64::max);
        let x = Axis::log(0.85 * from, 1.18 * to).labelled("Batch size");
        let mut panel = Panel::curves(x, Axis::linear(0.0, 1.08 * high)).titled(title);
        let b = batch as f32;
        let cursor = Form::lines(vec![vec![[b, 0.0], [b, 1.08 * high as f32]]], 0.5, true);
        panel = panel.with("batch", Tone::Muted, 0.8, cursor);
        if let Some(floor) = exact {
            let line = Form::curve([[from, floor.all], [to, floor.all]], 0.9, true);
            panel = panel.with("Independent, exact", Tone::Ink, 1.0, line);
        }
        for &index in shown {
            let at = |row: &Row| {
                let [mean, error] = pick(row, index);
                [row.batch as f64, mean, error]
            };
            let curve = Form::curve(rows.iter().map(at).map(|[x, y, _]| [x, y]), 1.1, false);
            let bars = rows.iter().map(at).map(|[x, y, error]| {
                [y - error, y + error]
                    .map(|y| [x as f32, y as f32])
                    .to_vec()
            });
            let bars = Form::lines(bars.collect(), 0.7, false);
            panel = panel.with(NAMES[index], TONES[index], 1.0, curve).with(
                format!("{} ± one error", NAMES[index]),
                TONES[index],
                1.0,
                bars,
            );
        }
        panels.push(panel);
    }
    let mut scene = Scene::apart(panels);
    for &index in shown {
        scene = scene.entry(NAMES[index], TONES[index], Key::Line);
    }
    if floor.is_some() && shown.contains(&0) {
        scene = scene.entry("independent, exact", Tone::Ink, Key::Dashes);
    }
    scene
}
