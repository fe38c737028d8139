//! The edited digits and the error of the way back as a figure.

use super::Editing;
use super::picture::{MEASURES, decades, short};
use super::work::{self, Point, SOLVERS, STEPS, Sheet};
use crate::app::background::Background;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::data::mnist::SIDE;
use crate::figure::scene::Key;
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};
use crate::flow::Solver;

pub fn figure(lesson: &Editing, lab: &Lab, t: f32) -> Option<Figure> {
    let shown = lesson.sheet.as_ref().and_then(Background::value)?;
    if shown.is_err() {
        return None;
    }
    let points = lesson.points.as_ref().and_then(Background::value);
    let draw = move |t: f32, _: &_| {
        let sheet = shown.as_ref().as_ref().ok()?;
        let points = points.as_deref().and_then(|all| all.as_deref().ok());
        let title = sketch::time(t).plain(format!(", NFE {} each way", sheet.nfe));
        let scene = Scene::row(vec![digits(sheet, t)]).titled(title);
        Some(match points {
            Some(points) => scene.over(curves(points)),
            None => scene,
        })
    };
    Some(Figure::new(lesson.seed, t, draw).by_image(&lab.digits.flow()))
}

/// All cells; own labels and misread ones have frames.
fn digits(sheet: &Sheet, t: f32) -> Panel {
    let frame = work::FRAMES.nearest(t);
    let end = frame + 1 == sheet.way.len();
    let columns = sheet.columns;
    let panel = sketch::digits(&sheet.way[frame], columns);
    let middle = |cell: usize| {
        let [a, _, b, ..] = panel.around_image(cell, [SIDE, SIDE], columns)[..] else {
            return [0.0; 2];
        };
        [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])]
    };
    let misread = sheet.asked.iter().enumerate().filter_map(|(cell, asked)| {
        let (asked, read) = (*asked)?;
        (end && asked != read).then_some((cell, read))
    });
    let misread: Vec<(usize, u8)> = misread.collect();
    let half = SIDE as f32 / 2.0;
    let words = misread.iter().map(|(cell, read)| {
        let [x, y] = middle(*cell);
        (
            [x + half - 4.0, y + half - 5.0],
            Text::from(read.to_string()),
        )
    });
    let words = Form::Words {
        at: words.collect(),
        size: 0.7,
    };
    let cells: Vec<usize> = misread.iter().map(|(cell, _)| *cell).collect();
    let names = [&sheet.over[..], &sheet.before[..]].concat().join(", ");
    let side = if sheet.over.is_empty() {
        "Rows"
    } else {
        "Columns"
    };
    let panel = sketch::framed(panel, &sheet.own, columns, Tone::Exact);
    let panel = sketch::framed(panel, &cells, columns, Tone::Error);
    panel
        .with("read as", Tone::Error, 1.0, words)
        .titled(format!("{side}: {names}"))
}

/// The error of the way back over the steps, on codes and on pixels.
fn curves(points: &[Point]) -> Scene {
    let tones = [Tone::Model, Tone::Source, Tone::Exact];
    let panels = MEASURES.map(|(name, value)| {
        let [low, high] = decades(points, value).map(|decade| 10_f64.powi(decade));
        let most = STEPS[STEPS.len() - 1] as f64;
        let x = Axis::log(1.0, most).labelled("Steps each way");
        let mut panel = Panel::curves(x, Axis::log(low, high)).titled(name);
        let adaptive = points.iter().find(|point| point.solver.is_adaptive());
        if let Some(point) = adaptive {
            let y = value(&point.back);
            let line = Form::curve([[1.0, y], [most, y]], 0.9, true);
            panel = panel.with("Dopri5", Tone::Ink, 1.0, line);
        }
        for ((solver, _), tone) in SOLVERS.into_iter().zip(tones) {
            let line = points
                .iter()
                .filter(|point| point.solver == solver)
                .map(|point| [point.steps as f64, value(&point.back)]);
            let line = Form::curve(line, 1.2, false);
            panel = panel.with(short(solver), tone, 1.0, line);
        }
        panel
    });
    let mut scene = Scene::apart(panels.into());
    for ((solver, _), tone) in SOLVERS.into_iter().zip(tones) {
        scene = scene.entry(short(solver), tone, Key::Line);
    }
    let adaptive = points.iter().find(|point| point.solver == Solver::Dopri5);
    match adaptive {
        Some(point) => {
            let name = format!("Dopri5, NFE {}", point.back.nfe);
            scene.entry(name, Tone::Ink, Key::Dashes)
        }
        None => scene,
    }
}
