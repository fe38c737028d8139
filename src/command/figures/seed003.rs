//! Seed 003: the checkerboard from scratch, its particles, its training.

use std::path::Path;

use anyhow::ensure;

use super::{
    Drawn, Run, Wish, over_target, reach, run_file, states, target_points, with_particles,
};
use crate::command::generate::{self, Source};
use crate::data::{self, Dataset};
use crate::figure::scene::{Entry, Key};
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};
use crate::kernel::{Mlp, MlpWeights};
use crate::train::kept::{self, Film};
use crate::train::probe::Probe;
use crate::train::{LossPoint, Mistake, ToyConfig, history};

/// Points of a panel in the seed's figures.
const PARTICLES: usize = 5000;
/// Euler steps of the seed's sampler.
const STEPS: usize = 100;
/// Times of its figure 4.
const TIMES: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
/// Numbers of steps, doubled each time.
const EULER: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
/// Steps before and after that the smoothed loss is the mean of.
const SMOOTH: usize = 25;
/// The run that comes with the program.
const STANDARD: &str = "builtin:checkerboard";

/// Figure 1: the source and the target.
pub fn distributions(wish: &Wish) -> anyhow::Result<Drawn> {
    let (start, dataset) = match wish.runs.is_empty() {
        true => (data::Source::Gaussian, Dataset::CHECKERBOARD),
        false => {
            let config = Run::wished(wish, STANDARD)?.config;
            (config.source, config.dataset)
        }
    };
    let from = generate::narrow(&wish.start(&start, PARTICLES)?);
    let data = target_points(&dataset, wish.seed(), wish.count(PARTICLES));
    let extent = dataset.extent().max(reach(&start));
    let panel = |name: &str, tone: Tone, points: &[f32]| {
        Panel::square(extent).with(name, tone, 0.5, Form::dots(points, 0.6))
    };
    let source = Text::from("Source ").and("π_0");
    let target = Text::from("Target ").and("π_1");
    let scene = Scene {
        panels: vec![
            panel("source", Tone::Source, &from).titled(source),
            panel("target", Tone::Model, &data).titled(target),
        ],
        columns: 2,
        shared: true,
        ..Scene::default()
    };
    Ok(Drawn {
        frames: vec![scene],
        fps: 1,
        source: match start {
            data::Source::Gaussian => format!("N(0, I) and {dataset}"),
            other => format!("{other} and {dataset}"),
        },
        sha256: None,
        ..Drawn::default()
    })
}

/// Figure 3: samples after 100 Euler steps.
pub fn samples(wish: &Wish) -> anyhow::Result<Drawn> {
    let run = Run::wished(wish, STANDARD)?;
    let x0 = wish.start(&run.config.source, PARTICLES)?;
    let x1 = states(&run.source, STEPS, &x0, &[1.0])?.remove(0);
    let panel = with_particles(over_target(&run.config.dataset), Tone::Model, &x1, 7.0);
    let scene = Scene {
        panels: vec![panel],
        columns: 1,
        legend: legend("samples"),
        ..Scene::default()
    };
    Ok(run.drawn(vec![scene], 1))
}

fn legend(what: &str) -> Vec<Entry> {
    let entry = |label: &str, tone, key| Entry {
        label: Text::from(label),
        tone,
        key,
    };
    vec![
        entry(what, Tone::Model, Key::Dot),
        entry("target", Tone::Ghost, Key::Area),
    ]
}

/// Figure 4: the particles on their way.
pub fn pi_t(wish: &Wish) -> anyhow::Result<Drawn> {
    let run = Run::wished(wish, STANDARD)?;
    let x0 = wish.start(&run.config.source, PARTICLES)?;
    let times = if wish.moving {
        wish.film_times()
    } else {
        TIMES.to_vec()
    };
    let way = states(&run.source, STEPS, &x0, &times)?;
    let panel = |i: usize, cm: f64| {
        let tone = if times[i] == 0.0 {
            Tone::Source
        } else {
            Tone::Model
        };
        with_particles(over_target(&run.config.dataset), tone, &way[i], cm)
    };
    let frames = if wish.moving {
        let frame = |i: usize| {
            let title = Text::maths(&format!("t = {:.2}", times[i]));
            single(panel(i, 8.0).titled(title))
        };
        (0..times.len()).map(frame).collect()
    } else {
        let titled = |i: usize| {
            let title = Text::maths(&format!("t = {}", TIMES[i]));
            panel(i, 5.5).titled(title)
        };
        vec![grid((0..times.len()).map(titled).collect(), 3)]
    };
    Ok(run.drawn(frames, 20))
}

fn single(panel: Panel) -> Scene {
    grid(vec![panel], 1)
}

fn grid(panels: Vec<Panel>, columns: usize) -> Scene {
    Scene {
        panels,
        columns,
        shared: true,
        ..Scene::default()
    }
}

/// Figure 5: the same noise through the network as it was while it learned.
pub fn iterations(wish: &Wish) -> anyhow::Result<Drawn> {
    ensure!(
        wish.runs.len() <= 1,
        "--run: this figure shows one run; {} were given",
        wish.runs.len()
    );
    let (name, config, moments) = match wish.runs.first() {
        Some(name) => {
            let config = Run::load(name)?.config;
            let moments = kept::load(Path::new(name), &config)?;
            ensure!(
                !moments.is_empty(),
                "{name}: holds no kept iterations; train it with --keep 0,2000,4000,5000"
            );
            (name.clone(), config, moments)
        }
        None => {
            let film = Film::pretrained()?;
            ("builtin:learning".to_owned(), film.config, film.kept)
        }
    };
    let wanted: Vec<u64> = match wish.moving {
        true => moments.iter().map(|kept| kept.step).collect(),
        false => kept::FIGURE.to_vec(),
    };
    let x0 = wish.start(&config.source, PARTICLES)?;
    let mut panels = Vec::new();
    for step in wanted {
        let Some(kept) = moments.iter().find(|kept| kept.step == step) else {
            let there: Vec<_> = moments.iter().map(|kept| kept.step.to_string()).collect();
            anyhow::bail!(
                "{name}: iteration {step} was not kept; there are {}",
                there.join(", ")
            );
        };
        let source = network(&kept.weights);
        let x1 = states(&source, STEPS, &x0, &[1.0])?.remove(0);
        let cm = if wish.moving { 8.0 } else { 4.0 };
        let panel = with_particles(over_target(&config.dataset), Tone::Model, &x1, cm);
        panels.push(panel.titled(format!("{step} iterations")));
    }
    Ok(Drawn {
        frames: frames(panels, wish.moving, 4),
        fps: 2,
        source: name,
        sha256: None,
        ..Drawn::default()
    })
}

fn network(weights: &MlpWeights) -> Source {
    Source::Model(Box::new(Mlp::new(weights)))
}

fn frames(panels: Vec<Panel>, moving: bool, columns: usize) -> Vec<Scene> {
    match moving {
        true => panels.into_iter().map(single).collect(),
        false => vec![grid(panels, columns)],
    }
}

/// What few steps cost: 1 to 128 Euler steps from the same noise.
pub fn steps(wish: &Wish) -> anyhow::Result<Drawn> {
    let run = Run::wished(wish, STANDARD)?;
    let x0 = wish.start(&run.config.source, PARTICLES)?;
    let mut panels = Vec::new();
    for steps in EULER {
        let x1 = states(&run.source, steps, &x0, &[1.0])?.remove(0);
        let cm = if wish.moving { 8.0 } else { 4.0 };
        let panel = with_particles(over_target(&run.config.dataset), Tone::Model, &x1, cm);
        let plural = if steps == 1 { "" } else { "s" };
        panels.push(panel.titled(format!("{steps} Euler step{plural}")));
    }
    let frames = frames(panels, wish.moving, 4);
    Ok(run.drawn(frames, 2))
}

/// The loss against its floor, and what is above it.
pub fn loss(wish: &Wish) -> anyhow::Result<Drawn> {
    ensure!(
        wish.runs.len() <= 1,
        "--run: this figure shows one run; {} were given",
        wish.runs.len()
    );
    let (source, config, log, sha256) = match wish.runs.first() {
        Some(name) => {
            let run = Run::load(name)?;
            let log = history::parse_log(&run_file(name, "log.csv")?);
            (run.name, run.config, log, Some(run.sha256))
        }
        None => {
            let film = Film::pretrained()?;
            ("builtin:learning".to_owned(), film.config, film.log, None)
        }
    };
    ensure!(!log.is_empty(), "{source}: log.csv holds no steps");
    Ok(Drawn {
        frames: vec![curves(&config, &log)],
        fps: 1,
        source,
        sha256,
        ..Drawn::default()
    })
}

/// The mean over as many steps before as after, fewer at both ends.
fn smoothed(log: &[LossPoint]) -> Vec<[f64; 2]> {
    let mut sums = vec![0.0];
    for point in log {
        sums.push(sums[sums.len() - 1] + f64::from(point.loss));
    }
    let mean = |i: usize| {
        let reach = SMOOTH.min(i).min(log.len() - 1 - i);
        let sum = sums[i + reach + 1] - sums[i - reach];
        [log[i].step as f64, sum / (2 * reach + 1) as f64]
    };
    (0..log.len()).map(mean).collect()
}

/// The loss that the run cannot go below, at its own law of t; none where it is not known: that
/// takes an exact field, N(0, I), independent pairs, and a loss that no mistake makes another one.
fn floor(config: &ToyConfig) -> Option<f64> {
    match config.mistake {
        Mistake::None | Mistake::SignFlip => Some(Probe::new(config, 1)?.floor()),
        _ => None,
    }
}

/// Left the loss and its floor, right the excess.
fn curves(config: &ToyConfig, log: &[LossPoint]) -> Scene {
    let last = log.last().map_or(1, |point| point.step) as f64;
    let x = || Axis::linear(0.0, last).labelled("Iteration");
    let losses = || log.iter().map(|p| [p.step as f64, f64::from(p.loss)]);
    let smooth = smoothed(log);
    let floor = floor(config);
    let low = losses()
        .map(|[_, loss]| loss)
        .chain(floor)
        .fold(f64::INFINITY, f64::min);
    let high = losses().map(|[_, loss]| loss).fold(low, f64::max);
    let air = 0.05 * (high - low);
    let y = Axis::linear(low - air, high + air).labelled("Loss");
    let mut left = Panel::curves(x(), y)
        .with("loss", Tone::Model, 0.2, Form::curve(losses(), 0.4, false))
        .with(
            "smoothed loss",
            Tone::Model,
            1.0,
            Form::curve(smooth, 1.1, false),
        );
    let entry = |label: &str, tone, key| Entry {
        label: Text::from(label),
        tone,
        key,
    };
    let mut legend = vec![entry("loss", Tone::Model, Key::Line)];
    if let Some(floor) = floor {
        let line = Form::curve([[0.0, floor], [last, floor]], 1.0, true);
        left = left.with("floor", Tone::Exact, 1.0, line);
        let label = format!("floor, {floor:.4}");
        legend.push(entry(&label, Tone::Exact, Key::Dashes));
    }
    let mut panels = vec![left];
    let excess: Vec<[f64; 2]> = log
        .iter()
        .filter_map(|p| Some([p.step as f64, f64::from(p.excess?)]))
        .filter(|[_, excess]| *excess > 0.0)
        .collect();
    if !excess.is_empty() {
        let values = || excess.iter().map(|p| p[1]);
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(0.0, f64::max);
        let y = Axis::log(0.8 * low, 1.25 * high).labelled("Excess loss");
        let curve = Form::curve(excess, 1.1, false);
        panels.push(Panel::curves(x(), y).with("excess", Tone::Source, 1.0, curve));
        legend.push(entry("excess above the floor", Tone::Source, Key::Line));
    }
    Scene {
        columns: panels.len(),
        panels,
        legend,
        ..Scene::default()
    }
}
