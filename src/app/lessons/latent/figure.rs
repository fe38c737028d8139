//! The views of the lesson as figures.

use std::sync::Arc;

use super::picture::COLUMNS;
use super::work::{CLASSES, FRAMES, Flow, Made, Map, PICTURED, Row, Shown};
use super::{Latent, View};
use crate::app::background::Background;
use crate::app::digits::time_grid::TimeGrid;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::widgets::number;
use crate::data::mnist::{PIXELS, SIDE};
use crate::figure::scene::Key;
use crate::figure::{Form, Panel, Scene, Text, Tone};

/// Runs of solvers that are worth a figure while more are on their way.
const ENOUGH: usize = 8;

pub fn figure(lesson: &Latent, lab: &Lab, t: f32) -> Option<Figure> {
    let source = lab.digits.flow();
    let figure = if lesson.view == View::Film {
        let panels = lesson.film.panels();
        if panels.is_empty() {
            return None;
        }
        let draw = move |_: f32, _: &_| Some(Scene::grid(panels.clone(), panels.len().min(5)));
        Figure::new(lesson.seed, t, draw)
    } else {
        let work = lesson.slot().and_then(|slot| lesson.work[slot].as_ref());
        let made: Arc<Made> = work.and_then(Background::value)?;
        match &made.shown {
            Err(_) => return None,
            // One point makes no curve.
            Ok(Shown::Solvers(study)) if study.points.len() < ENOUGH => return None,
            Ok(_) => {}
        }
        Figure::new(lesson.seed, t, move |t, _| match &made.shown {
            Ok(Shown::Flow(flowing)) => Some(flow(flowing, t, &made.label)),
            Ok(Shown::Steps(rows)) => Some(steps(rows)),
            Ok(Shown::Map(made)) => Some(map(made, t)),
            Ok(Shown::Solvers(study)) => Some(super::solvers::scene(study)),
            Err(_) => None,
        })
    };
    Some(figure.by_image(&source))
}

/// The state and the predicted end at t.
fn flow(made: &Flow, t: f32, label: &str) -> Scene {
    let frame = TimeGrid(made.now.len()).nearest(t);
    let title = sketch::time(t).plain(format!(", {label}, NFE {}", made.nfe));
    Scene::row(vec![
        sketch::digits(&made.now[frame], COLUMNS).titled("The state, decoded"),
        sketch::digits(&made.end[frame], COLUMNS).titled("The end as predicted here"),
    ])
    .titled(title)
}

/// The same noise with more and more steps.
fn steps(rows: &[Row]) -> Scene {
    let panel = |row: &Row| {
        let title = format!("{}, NFE {}", row.name, number::grouped(row.nfe as u64));
        sketch::digits(&row.pictures, CLASSES).titled(title)
    };
    Scene::grid(rows.iter().map(panel).collect(), 2)
}

/// Codes on their first two principal components, with the pictures of some.
fn map(made: &Map, t: f32) -> Scene {
    let (frame, weight) = FRAMES.around(t);
    let places = made.places.iter().flatten();
    let reach = places
        .map(|at| at[0].abs().max(at[1].abs()))
        .fold(1.0_f32, f32::max);
    let here = |i: usize| {
        let (a, b) = (made.places[frame][i], made.places[frame + 1][i]);
        [0, 1].map(|k| a[k] + weight * (b[k] - a[k]))
    };
    let mut panel = Panel::square(f64::from(1.07 * reach)).without_ticks();
    panel.x.label = "First principal component".into();
    panel.y.label = "Second principal component".into();
    let tone = |label: u8| Tone::Class(label % 10);
    for class in 0..CLASSES as u8 {
        let of_class = || (0..made.labels.len()).filter(|i| made.labels[*i] == class);
        let ways = of_class().map(|i| {
            let mut way: Vec<_> = (0..=frame).map(|f| made.places[f][i]).collect();
            way.push(here(i));
            way
        });
        let ways = Form::lines(ways.collect(), 0.45, false);
        let dots = of_class().filter(|i| *i >= PICTURED).map(here);
        let dots = Form::Points {
            at: dots.collect(),
            radius: 1.5,
        };
        panel = panel
            .with(format!("ways of {class}"), tone(class), 0.45, ways)
            .with(format!("codes of {class}"), tone(class), 1.0, dots);
    }
    let count = PICTURED.min(made.labels.len());
    let shown = FRAMES.nearest(t);
    let stamps = Form::Stamps {
        at: (0..count).map(here).collect(),
        side: 0.1 * reach,
        pixels: made.pictures[shown].grey[..count * PIXELS].to_vec(),
        size: [SIDE, SIDE],
        tones: (0..count).map(|i| tone(made.labels[i])).collect(),
    };
    panel = panel.with("pictures", Tone::Ink, 1.0, stamps);
    let share = number::percent(made.share);
    let title = sketch::time(t).plain(format!(", the plane shows {share} of the variance"));
    let mut scene = Scene::row(vec![panel]).titled(Text(title.0));
    for class in 0..CLASSES as u8 {
        scene = scene.entry(class.to_string(), tone(class), Key::Dot);
    }
    scene
}
