//! Seed 001: two paths to the checkerboard side by side, and the ways of single particles.

use anyhow::ensure;

use super::{Drawn, Run, Wish, over_target, reach, with_particles};
use crate::command::generate::{self, Source};
use crate::command::sample;
use crate::data::{self, Dataset};
use crate::figure::scene::{Entry, Key};
use crate::figure::{Form, Panel, Scene, Text, Tone};
use crate::flow::Solver;
use crate::flow::scheduler::Scheduler;

/// Times of the seed's figure: most happens near the end.
const TIMES: [f64; 7] = [0.1, 0.5, 0.7, 0.9, 0.95, 0.97, 1.0];
/// Particles of the seed's figure.
const PARTICLES: usize = 10_000;
/// Runge-Kutta steps: enough that the stiff end of the VP path is drawn as it is.
const STEPS: usize = 400;
/// The exact VP field is singular at t = 1; the seed stops here.
const GAP: f64 = 1e-5;
/// Paths of the seed's second figure, and points along each.
const PATHS: usize = 200;
const POINTS: usize = 200;

/// A flow of the first figure.
struct Row {
    name: &'static str,
    dataset: Dataset,
    source: Source,
    /// Where its particles start: the same points in each row that has the same source.
    x0: Vec<f64>,
}

/// `checkers_at_t.png`: two rows (straight path, VP diffusion), seven times, the same noise.
pub fn checkers(wish: &Wish) -> anyhow::Result<Drawn> {
    ensure!(
        wish.runs.len() <= 4,
        "--run: at most four runs fit; {} were given",
        wish.runs.len()
    );
    let dataset = Dataset::StandardBoard;
    let mut rows = Vec::new();
    let mut sha256 = Vec::new();
    for name in &wish.runs {
        let run = Run::load(name)?;
        let x0 = wish.start(&run.config.source, PARTICLES)?;
        rows.push(Row {
            name: path_name(run.config.path),
            dataset: run.config.dataset,
            source: run.source,
            x0,
        });
        sha256.push(run.sha256);
    }
    if rows.is_empty() {
        for path in [Scheduler::CondOt, Scheduler::VP] {
            let field = sample::exact_field(&dataset, path)?;
            let source = Source::Exact(Box::new(field));
            rows.push(Row {
                name: path_name(path),
                dataset: dataset.clone(),
                source,
                x0: wish.start(&data::Source::Gaussian, PARTICLES)?,
            });
        }
    }
    let times = if wish.moving {
        wish.film_times()
    } else {
        TIMES.to_vec()
    };
    let steps = if wish.quick { 40 } else { STEPS };
    let mut ways = Vec::new();
    for Row { source, x0, .. } in &rows {
        let gap = matches!(source, Source::Exact(_)).then_some(GAP);
        let way = source.trajectories(Solver::Midpoint, steps, x0, &times, gap)?;
        ways.push(way.states);
    }
    let panel = |row: usize, i: usize, cm: f64| {
        let panel = over_target(&rows[row].dataset);
        with_particles(panel, Tone::Model, &ways[row][i], cm)
    };
    let frames = if wish.moving {
        let frame = |i: usize| Scene {
            title: Some(Text::maths(&format!("t = {:.2}", times[i]))),
            panels: (0..rows.len())
                .map(|row| panel(row, i, 8.0).titled(rows[row].name))
                .collect(),
            columns: rows.len(),
            shared: true,
            ..Scene::default()
        };
        (0..times.len()).map(frame).collect()
    } else {
        let mut panels = Vec::new();
        for row in 0..rows.len() {
            for (i, t) in TIMES.iter().enumerate() {
                let mut panel = panel(row, i, 2.3);
                if row == 0 {
                    panel = panel.titled(Text::maths(&format!("t = {t:.2}")));
                }
                panels.push(panel);
            }
        }
        vec![Scene {
            panels,
            columns: TIMES.len(),
            rows: rows.iter().map(|row| Text::from(row.name)).collect(),
            shared: true,
            ..Scene::default()
        }]
    };
    let source = match wish.runs.is_empty() {
        true => format!("exact fields of {dataset}, condot and vp"),
        false => wish.runs.join(", "),
    };
    Ok(Drawn {
        frames,
        fps: 20,
        source,
        sha256: (!sha256.is_empty()).then(|| sha256.join(",")),
        ..Drawn::default()
    })
}

/// What a row of the figure is called.
fn path_name(path: Scheduler) -> &'static str {
    match path {
        Scheduler::CondOt => "CondOT path",
        Scheduler::SigmaMin(_) => "OT path with minimal noise",
        Scheduler::Poly(_) => "Polynomial path",
        Scheduler::LinearVp => "Linear VP path",
        Scheduler::Cosine => "Cosine path",
        Scheduler::Vp { .. } => "VP diffusion path",
    }
}

/// `trajectories.png`: noise in black, dashed paths, samples in navy.
pub fn trajectories(wish: &Wish) -> anyhow::Result<Drawn> {
    let run = Run::wished(wish, "builtin:moons")?;
    let start = &run.config.source;
    let x0 = generate::starting_points(None, start, wish.seed(), PATHS)?;
    // Only a distribution without structure is called noise.
    let from = match start {
        data::Source::Data(_) => "source ",
        data::Source::Gaussian | data::Source::Uniform => "noise ",
    };
    let times: Vec<f64> = (0..=POINTS).map(|i| i as f64 / POINTS as f64).collect();
    let way = run
        .source
        .trajectories(Solver::Midpoint, POINTS, &x0, &times, None)?;
    let states: Vec<Vec<f32>> = way.states.iter().map(|x| generate::narrow(x)).collect();
    let extent = run.config.dataset.extent().max(reach(start));
    let scene = |last: usize| {
        let path = |i: usize| -> Vec<[f32; 2]> {
            let at = |x: &Vec<f32>| [x[2 * i], x[2 * i + 1]];
            states[..=last].iter().map(at).collect()
        };
        let lines = Form::Lines {
            lines: (0..PATHS).map(path).collect(),
            width: 0.45,
            dashed: true,
        };
        let panel = Panel::square(extent)
            .with("paths", Tone::Muted, 0.75, lines)
            .with("x0", Tone::Ink, 1.0, Form::dots(&states[0], 1.2))
            .with("xt", Tone::Navy, 1.0, Form::dots(&states[last], 1.2));
        let t = times[last];
        let entry = |label: Text, tone: Tone, key: Key| Entry { label, tone, key };
        let end = match last == POINTS {
            true => Text::from("samples ").and("x_1"),
            false => Text::from("particles at ").and(&format!("t = {t:.2}")),
        };
        Scene {
            panels: vec![panel],
            columns: 1,
            legend: vec![
                entry(Text::from(from).and("x_0"), Tone::Ink, Key::Dot),
                entry(Text::from("paths ").and("x_t"), Tone::Muted, Key::Dashes),
                entry(end, Tone::Navy, Key::Dot),
            ],
            ..Scene::default()
        }
    };
    let frames = match wish.moving {
        true => {
            let step = if wish.quick { 50 } else { 4 };
            (0..=POINTS).step_by(step).map(scene).collect()
        }
        false => vec![scene(POINTS)],
    };
    Ok(run.drawn(frames, 20))
}
