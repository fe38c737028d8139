//! Seed 002: noise ends from a posterior in place of one shared prior.

use anyhow::{anyhow, ensure};

use super::{Drawn, Wish, run_file};
use crate::data::mnist::{Mnist, SIDE};
use crate::data::pictures;
use crate::device::{self, DeviceChoice};
use crate::figure::scene::Key;
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};
use crate::flow::{MarginalField, Scheduler, Solver};
use crate::train::images::log::{self, Row};
use crate::train::images::variational::study::Pairs;
use crate::train::images::{VariationalModel, store};

/// The flow over digits, the plain one beside it, and the flow in the plane.
const PICTURES: &str = "builtin:variational";
const PLAIN: &str = "builtin:variational-vanilla";
const POINTS: &str = "builtin:variational2d";
/// Pairs that the variance is estimated from, the side of the cells, and pairs that are drawn.
const PAIRS: usize = 120_000;
const CELL: f64 = 0.12;
const LINES: usize = 160;
/// Samples, how many stand in a row, and Euler steps of each.
const SAMPLES: usize = 40;
const COLUMNS: usize = 8;
const STEPS: usize = 50;
/// Grey values of the histogram, and the least share that is drawn.
const BINS: usize = 32;
const LEAST: f64 = 1e-4;
/// Test digits behind the histogram.
const DIGITS: usize = 500;
/// Steps before and after that a smoothed loss is the mean of.
const SMOOTH: usize = 25;
/// Colours of the variational flow and of the plain one.
const TONES: [Tone; 2] = [Tone::Model, Tone::Error];

fn load(name: &str) -> anyhow::Result<VariationalModel> {
    let (device, _) = device::open(DeviceChoice::Cpu)?;
    VariationalModel::load(name, &device).map_err(|error| anyhow!("--run: {error}"))
}

fn drawn(frames: Vec<Scene>, fps: u16, name: &str) -> Drawn {
    Drawn {
        frames,
        fps,
        source: name.to_owned(),
        sha256: store::sha256(name).ok(),
        ..Drawn::default()
    }
}

/// What the pairs of a posterior leave to be learned, against independent ones.
pub fn variance(wish: &Wish) -> anyhow::Result<Drawn> {
    let name = wish.one_run(POINTS)?;
    let model = load(&name)?;
    let dataset = model.settings().dataset.points().cloned();
    let dataset = dataset.ok_or_else(|| {
        anyhow!("--run: {name} is over pictures; this figure takes one in the plane")
    })?;
    let count = if wish.quick { 6000 } else { PAIRS };
    let cell = if wish.quick { 3.0 * CELL } else { CELL };
    let pairs = Pairs::draw(&model, &dataset, model.origin(), count, wish.seed())
        .map_err(|e| anyhow!(e))?;
    let floors = pairs.floors(&model, cell, &|| false).unwrap_or_default();
    let boxes = dataset.boxes();
    let plain = boxes
        .as_ref()
        .map(|boxes| MarginalField::new(boxes, Scheduler::CondOt).loss_floor());

    let of = |points: &[f32], i: usize| [points[2 * i], points[2 * i + 1]];
    let ways = |z: &[f32], title: &str, tone: Tone| {
        let lines = (0..LINES).map(|i| vec![of(z, i), of(&pairs.x, i)]);
        let ends = |points: &[f32]| Form::dots(&points[..2 * LINES], 0.8);
        let panel = super::over_target(&dataset).titled(title);
        panel
            .with(
                "pairs",
                tone,
                0.35,
                Form::lines(lines.collect(), 0.5, false),
            )
            .with("z", tone, 1.0, ends(z))
            .with("x", Tone::Ink, 1.0, ends(&pairs.x))
    };
    let above = Scene::row(vec![
        ways(
            &pairs.independent,
            "Independent pairs: they cross and cancel",
            TONES[1],
        ),
        ways(&pairs.posterior, "Pairs of the posterior q(z|x)", TONES[0]),
    ]);
    let column = |k: usize| floors.at.iter().map(move |row| [row[0], row[k]]);
    let all = column(1)
        .chain(column(2))
        .map(|[_, value]| value)
        .chain(plain);
    let high = all.filter(|v| v.is_finite()).fold(1e-3, f64::max);
    let x = Axis::linear(0.0, 1.0).labelled(Text::maths("t"));
    let y = Axis::linear(0.0, 1.08 * high);
    let mut panel = Panel::curves(x, y.labelled("Variance of the target"));
    let mut below = Scene::default();
    if let Some(plain) = plain {
        let line = Form::curve([[0.0, plain], [1.0, plain]], 0.9, true);
        panel = panel.with("from N(0, I), mean over t", Tone::Exact, 1.0, line);
    }
    for (k, label, mean, tone) in [
        (
            2,
            "independent pairs, z where samples start",
            floors.independent,
            TONES[1],
        ),
        (1, "pairs of the posterior", floors.posterior, TONES[0]),
    ] {
        panel = panel.with(label, tone, 1.0, Form::curve(column(k), 1.2, false));
        below = below.entry(format!("{label}, mean {mean:.2}"), tone, Key::Line);
    }
    if let Some(plain) = plain {
        let label = format!("plain flow from N(0, I), mean {plain:.2}");
        below = below.entry(label, Tone::Exact, Key::Dashes);
    }
    let below = Scene {
        panels: vec![panel],
        columns: 1,
        aspect: Some(0.34),
        ..below
    };
    Ok(drawn(vec![above.over(below)], 1, &name))
}

/// One flow over digits with its states at some times.
struct Way {
    title: &'static str,
    mean: Vec<u8>,
    states: Vec<Vec<u8>>,
}

/// The states of the wished flow, and of the plain one where none was wished for.
fn ways(wish: &Wish, count: usize, times: &[f64]) -> anyhow::Result<(String, Vec<Way>)> {
    let name = wish.one_run(PICTURES)?;
    let mut names = vec![(name.clone(), "Variational flow")];
    if wish.runs.is_empty() {
        names.push((PLAIN.to_owned(), "Plain flow, z from N(0, I)"));
    }
    let steps = if wish.quick { 2 } else { STEPS };
    let way = |(name, title): &(String, &'static str)| {
        let model = load(name)?;
        ensure!(
            model.settings().dataset.shape() == [SIDE, SIDE, 1],
            "--run: {name} does not make digits of 28 x 28 pixels, which this figure shows"
        );
        let x0 = model.noise(wish.seed(), count);
        let made = model.carry(&x0, Solver::Euler, steps, times, &mut |_| {});
        let made = made.map_err(|error| anyhow!(error))?;
        Ok(Way {
            title,
            mean: pictures::bytes(model.prior_mean()),
            states: made
                .way
                .iter()
                .map(|state| pictures::bytes(state))
                .collect(),
        })
    };
    let ways = names.iter().map(way).collect::<anyhow::Result<_>>()?;
    Ok((name, ways))
}

fn few(wish: &Wish) -> usize {
    if wish.quick { COLUMNS } else { SAMPLES }
}

/// Samples of the flow beside the mean of the prior that they start from.
pub fn samples(wish: &Wish) -> anyhow::Result<Drawn> {
    let times = match wish.moving {
        true => wish.film_times(),
        false => vec![0.0, 1.0],
    };
    let (name, ways) = ways(wish, few(wish), &times)?;
    let grid = |pixels: &[u8], title: String| {
        Panel::images(pixels.to_vec(), [SIDE, SIDE], COLUMNS).titled(title)
    };
    // The mean of the prior stands first, framed.
    let panel = |way: &Way, at: usize| {
        let pixels = [&way.mean[..], &way.states[at]].concat();
        let cut = pixels.len().min(few(wish) * SIDE * SIDE);
        let title = match times[at] {
            t if wish.moving => format!("{}, t = {t:.2}", way.title),
            0.0 => format!("{}: prior mean, then its draws", way.title),
            _ => "What the flow makes of them".to_owned(),
        };
        let panel = grid(&pixels[..cut], title);
        let frame = panel.around_image(0, [SIDE, SIDE], COLUMNS);
        let frame = Form::lines(vec![frame], 1.0, false);
        panel.with("prior mean", Tone::Source, 1.0, frame)
    };
    let frames = match wish.moving {
        true => (0..times.len())
            .map(|at| Scene::row(ways.iter().map(|way| panel(way, at)).collect()))
            .collect(),
        false => {
            let panels = ways.iter().flat_map(|way| [panel(way, 0), panel(way, 1)]);
            vec![Scene::grid(panels.collect(), 2)]
        }
    };
    Ok(drawn(frames, 20, &name))
}

/// Grey values of the data, of the prior and of what both flows make.
pub fn histogram(wish: &Wish) -> anyhow::Result<Drawn> {
    let (name, ways) = ways(wish, few(wish), &[0.0, 1.0])?;
    let digits = Mnist::builtin()?.test.first(DIGITS);
    let value = Axis::linear(-1.0, 1.0).labelled("Pixel value, −1 paper to 1 ink");
    let titles = ["Draws of the prior", "Samples"];
    let panel = |at: usize| {
        let y = Axis::log(LEAST, 1.0).labelled("Share");
        let panel = Panel::curves(value.clone(), y).titled(titles[at]);
        let curve = |bytes: &[u8], dashed| Form::curve(shares(bytes), 1.1, dashed);
        let panel = panel.with("test digits", Tone::Ink, 1.0, curve(&digits.pixels, true));
        ways.iter().zip(TONES).fold(panel, |panel, (way, tone)| {
            panel.with(way.title, tone, 1.0, curve(&way.states[at], false))
        })
    };
    let mut scene =
        Scene::row(vec![panel(0), panel(1)]).entry("test digits", Tone::Ink, Key::Dashes);
    for (way, tone) in ways.iter().zip(TONES) {
        scene = scene.entry(way.title, tone, Key::Line);
    }
    Ok(drawn(vec![scene], 1, &name))
}

/// Share of the pixels with each value.
fn shares(bytes: &[u8]) -> Vec<[f64; 2]> {
    let mut counts = [0_u32; BINS];
    for byte in bytes {
        counts[usize::from(*byte) * BINS / 256] += 1;
    }
    let share = |(i, count): (usize, &u32)| {
        let value = 2.0 * (i as f64 + 0.5) / BINS as f64 - 1.0;
        let share = f64::from(*count) / bytes.len().max(1) as f64;
        [value, share.max(LEAST)]
    };
    counts.iter().enumerate().map(share).collect()
}

/// The three terms of the loss while the networks learned.
pub fn losses(wish: &Wish) -> anyhow::Result<Drawn> {
    let name = wish.one_run(PICTURES)?;
    let rows = match name.starts_with("builtin:") {
        true => store::builtin_log(&name),
        false => log::parse(&run_file(&name, "log.csv")?),
    };
    let terms = [
        ("Flow: squared error of the velocity", Tone::Model),
        ("KL of q(z|x) from the prior", Tone::Source),
        ("Prior: −ln p(x)", Tone::Exact),
    ];
    ensure!(
        rows.len() > 1 && rows.iter().all(|row| row.values.len() > terms.len()),
        "--run: {name} holds no log of the three terms; train it with the verb `train variational`"
    );
    let last = rows[rows.len() - 1].step as f64;
    let panel = |(k, (title, tone)): (usize, (&str, Tone))| {
        let raw = points(&rows, k + 1);
        let values = || raw.iter().map(|p| p[1]).filter(|v| v.is_finite());
        let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
        let x = Axis::linear(0.0, last).labelled("Step");
        let y = match low > 0.0 {
            true => Axis::log(0.9 * low, 1.1 * high),
            false => Axis::linear(low.min(0.0), high),
        };
        let smooth = smoothed(&raw);
        Panel::curves(x, y)
            .titled(title)
            .with("raw", tone, 0.3, Form::curve(raw, 0.4, false))
            .with("smoothed", tone, 1.0, Form::curve(smooth, 1.2, false))
    };
    let panels: Vec<Panel> = terms.into_iter().enumerate().map(panel).collect();
    Ok(drawn(vec![Scene::apart(panels)], 1, &name))
}

fn points(rows: &[Row], term: usize) -> Vec<[f64; 2]> {
    let point = |row: &Row| [row.step as f64, f64::from(row.values[term])];
    rows.iter().map(point).collect()
}

/// The mean over as many points before as after, fewer at both ends.
fn smoothed(raw: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mean = |i: usize| {
        let reach = SMOOTH.min(i).min(raw.len() - 1 - i);
        let around = &raw[i - reach..=i + reach];
        let sum: f64 = around.iter().map(|point| point[1]).sum();
        [raw[i][0], sum / around.len() as f64]
    };
    (0..raw.len()).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_smoothing_keeps_the_ends() {
        let all: f64 = shares(&[0, 0, 255, 128])
            .iter()
            .map(|[_, share]| share)
            .sum();
        assert!((all - 1.0).abs() < 1e-2, "{all}");
        let raw: Vec<[f64; 2]> = (0..200).map(|i| [f64::from(i), f64::from(i % 2)]).collect();
        let smooth = smoothed(&raw);
        assert_eq!(smooth[0], raw[0]);
        assert_eq!(smooth[199], raw[199]);
        assert!((smooth[100][1] - 0.5).abs() < 0.02);
    }
}
