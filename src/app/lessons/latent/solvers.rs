//! What every solver gives for its evaluations of the field: error and label accuracy.

use std::sync::Mutex;

use egui::{Align2, Color32, FontId, Painter, Rect, Stroke, pos2, vec2};

use super::work::{Key, Made, Shown};
use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::theme::{self, Palette};
use crate::app::widgets::chart::{Chart, LineKind};
use crate::app::widgets::number::percent;
use crate::figure::scene::Key as Sign;
use crate::figure::{Axis, Form, Panel, Scene, Tone};
use crate::flow::Solver;
use crate::train::images::solvers::{Begin, Point, Study, plans};

/// Samples of each run: ten of each digit.
const SAMPLES: usize = 100;
/// The axis of the evaluations.
const NFE: [f64; 2] = [1.0, 1000.0];
/// The least accuracy that is shown; a tenth is what guessing gives.
const LEAST: f64 = 0.0;

/// Runs every solver on the same noise, a point at a time.
///
/// # Errors
/// When a network cannot be loaded or a solver gives up.
pub fn study(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let cancelled = || job.is_cancelled();
    let (model, judge) = {
        let mut models = models::lock(models);
        (models.flow(source)?, models.judge()?)
    };
    let begun = job
        .pool
        .install(|| Begin::new(&model, &judge, key.seed, SAMPLES, &cancelled))?;
    let Some((begin, mut study)) = begun else {
        return Ok(());
    };
    for plan in plans() {
        job.show(Made::of(source, Ok(Shown::Solvers(study.clone()))));
        let point = job
            .pool
            .install(|| begin.run(&model, &judge, plan, &cancelled))?;
        match point {
            Some(point) => study.points.push(point),
            None => return Ok(()),
        }
    }
    job.show(Made::of(source, Ok(Shown::Solvers(study))));
    Ok(())
}

/// One curve of the charts.
type Curve = (Solver, Vec<[f64; 2]>);

/// A value of each run against its evaluations, solver by solver.
fn curves(study: &Study, value: fn(&Point) -> f64) -> Vec<Curve> {
    let of = |solver: Solver| {
        let points = study.points.iter().filter(|point| point.solver == solver);
        let points = points
            .map(|point| [point.nfe as f64, value(point)])
            .collect();
        (solver, points)
    };
    Solver::ALL.into_iter().map(of).collect()
}

/// The powers of ten around the errors.
fn error_range(study: &Study) -> [f64; 2] {
    let errors = study.points.iter().map(|point| point.error);
    let [low, high] = errors.fold([1e-2, 1.0], |[low, high], error| {
        [f64::min(low, error.max(1e-7)), f64::max(high, error)]
    });
    [
        10f64.powf(low.log10().floor()),
        10f64.powf(high.log10().ceil()),
    ]
}

/// The place of a solver among the colours and its name.
fn look(solver: Solver) -> (usize, &'static str) {
    let place = Solver::ALL.iter().position(|s| *s == solver);
    (place.unwrap_or_default(), solver.label())
}

/// What the charts say above.
fn titles(study: &Study) -> [String; 2] {
    let (nfe, accuracy) = study.reference;
    [
        format!("Error of the codes against Dopri5 at 1e−7 (NFE {nfe})"),
        format!(
            "Read as asked, of {} (Dopri5: {})",
            study.n,
            percent(accuracy)
        ),
    ]
}

/// Both charts.
pub fn paint(painter: &Painter, place: Rect, study: &Study, p: &Palette) {
    let beside = place.width() > 1.1 * place.height();
    let (first, second) = if beside {
        place.split_left_right_at_fraction(0.5)
    } else {
        place.split_top_bottom_at_fraction(0.5)
    };
    let [error, accuracy] = titles(study);
    let [low, high] = error_range(study).map(|v| v.log10().round() as i32);
    let y = (low..=high)
        .map(|k| (k as f32, tick(k)))
        .collect::<Vec<_>>();
    let values = curves(study, |point| point.error.max(1e-7).log10());
    let range = [low as f32, high as f32];
    chart(painter, first, &error, range, &y, &values, p);
    let y = [0.0_f32, 0.25, 0.5, 0.75, 1.0].map(|share| (share, percent(f64::from(share))));
    let values = curves(study, |point| point.accuracy);
    chart(
        painter,
        second,
        &accuracy,
        [LEAST as f32, 1.0],
        &y,
        &values,
        p,
    );
    if study.points.len() < study.of {
        let font = FontId::proportional(14.0);
        let at = second.right_bottom() - vec2(16.0, 44.0);
        let text = format!("run {} of {}…", study.points.len() + 1, study.of);
        painter.text(at, Align2::RIGHT_BOTTOM, text, font, p.muted);
    }
}

fn tick(power: i32) -> String {
    match power {
        0 => "1".to_owned(),
        power => format!("1e{power}").replace('-', "−"),
    }
}

fn chart(
    painter: &Painter,
    place: Rect,
    title: &str,
    y: [f32; 2],
    ticks: &[(f32, String)],
    curves: &[Curve],
    p: &Palette,
) {
    // The names stand below in two columns, in the order of the curves.
    let rows = Solver::ALL.len().div_ceil(2) as f32;
    let names = if place.height() > 320.0 {
        21.0 * rows + 12.0
    } else {
        0.0
    };
    let rect = Rect::from_min_max(
        pos2(place.left() + 56.0, place.top() + 36.0),
        pos2(place.right() - 18.0, place.bottom() - 46.0 - names),
    );
    if rect.height() < 40.0 || rect.width() < 60.0 {
        return;
    }
    let [from, to] = NFE.map(|nfe| nfe.log10() as f32);
    let chart = Chart {
        rect,
        x: [from, to],
        y,
    };
    let font = FontId::new(14.5, theme::semibold());
    let at = pos2(place.left() + 14.0, rect.top() - 12.0);
    painter.text(at, Align2::LEFT_BOTTOM, title, font, p.ink);
    let x = [1, 10, 100, 1000].map(|nfe: i32| ((nfe as f32).log10(), nfe.to_string()));
    chart.axes(painter, p, &x, ticks);
    let font = FontId::proportional(13.0);
    let at = pos2(rect.center().x, rect.bottom() + 20.0);
    painter.text(at, Align2::CENTER_TOP, "NFE", font.clone(), p.muted);
    for (solver, points) in curves {
        let (index, name) = look(*solver);
        let color = theme::category(p, index);
        let kind = kind(*solver);
        let at = |point: &[f64; 2]| [point[0].log10() as f32, point[1] as f32];
        chart.line(
            painter,
            points.iter().map(at),
            kind,
            Stroke::new(2.2, color),
        );
        for point in points {
            let [x, y] = at(point);
            mark(
                painter,
                chart.at(x, y.clamp(chart.y[0], chart.y[1])),
                *solver,
                color,
            );
        }
        if names > 0.0 {
            let column = index / rows as usize;
            let row = index % rows as usize;
            let left = place.left() + 20.0 + column as f32 * 0.46 * place.width();
            let y = place.bottom() - names + 21.0 * row as f32 + 10.0;
            let line = [pos2(left, y), pos2(left + 28.0, y)];
            let stroke = Stroke::new(2.2, color);
            if kind == LineKind::Solid {
                painter.line_segment(line, stroke);
            } else {
                painter.extend(egui::Shape::dashed_line(&line, stroke, 6.0, 4.0));
            }
            mark(painter, pos2(left + 14.0, y), *solver, color);
            let at = pos2(left + 36.0, y);
            painter.text(at, Align2::LEFT_CENTER, name, font.clone(), p.ink);
        }
    }
}

/// Solvers that choose their steps are dashed and square.
fn kind(solver: Solver) -> LineKind {
    if solver.is_adaptive() {
        LineKind::Dashed
    } else {
        LineKind::Solid
    }
}

fn mark(painter: &Painter, at: egui::Pos2, solver: Solver, color: Color32) {
    if solver.is_adaptive() {
        let square = Rect::from_center_size(at, vec2(7.5, 7.5));
        painter.rect_filled(square, 0.0, color);
    } else {
        painter.circle_filled(at, 4.0, color);
    }
}

/// The charts as a figure.
pub fn scene(study: &Study) -> Scene {
    let [error, accuracy] = titles(study);
    let [low, high] = error_range(study);
    let nfe = || Axis::log(NFE[0], NFE[1]).labelled("NFE");
    let panel = |title: String, y: Axis, curves: Vec<Curve>| {
        let mut panel = Panel::curves(nfe(), y).titled(title);
        for (solver, points) in curves.into_iter().filter(|(_, points)| !points.is_empty()) {
            let (index, name) = look(solver);
            let tone = Tone::Category(index as u8);
            let at = points.iter().map(|point| point.map(|v| v as f32)).collect();
            let line = Form::curve(points, 1.2, solver.is_adaptive());
            let dots = Form::Points { at, radius: 1.5 };
            panel = panel
                .with(name, tone, 1.0, line)
                .with(name, tone, 1.0, dots);
        }
        panel
    };
    let errors = curves(study, |point| point.error.max(1e-7));
    let shares = curves(study, |point| point.accuracy);
    let mut scene = Scene::apart(vec![
        panel(
            error,
            Axis::log(low, high).labelled("Root mean square"),
            errors,
        ),
        panel(accuracy, Axis::linear(LEAST, 1.0), shares),
    ]);
    for solver in Solver::ALL {
        let (index, name) = look(solver);
        let sign = match kind(solver) {
            LineKind::Solid => Sign::Line,
            LineKind::Dashed => Sign::Dashes,
        };
        scene = scene.entry(name, Tone::Category(index as u8), sign);
    }
    scene
}
