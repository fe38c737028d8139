//! `flowlab eval`

use rayon::prelude::*;
use serde::Serialize;

use super::generate::{self, DEFAULT_GAP, Source};
use super::images;
use super::sample::{self, Subject};
use super::variational;
use crate::cli::{EvalArgs, FlowArgs};
use crate::data::Dataset;
use crate::flow::likelihood::{self, Method, hutchinson_divergence, log_likelihood};
use crate::flow::metric::NullBand;
use crate::flow::{ExactField, Solver, metric};
use crate::train::batch::{Purpose, stream};
use crate::train::probe::Probe;
use crate::train::{Checkpoint, TimeSampling, ToyConfig};

/// Points of the excess loss, drawn along the path.
const EXCESS_POINTS: usize = 65_536;
/// Points of the exact W2, whose time grows with the cube.
const W2_POINTS: usize = 1000;
/// Points of the energy distance and of MMD, whose time grows with the square.
const ENERGY_POINTS: usize = 4000;
const MMD_POINTS: usize = 2000;
/// Data points of the likelihood, and of its estimate by Hutchinson's probes.
const NLL_POINTS: usize = 2000;
const HUTCHINSON_POINTS: usize = 500;
const PROBES: usize = 4;
/// Points that are sent back to the noise.
const ROUND_TRIP_POINTS: usize = 2000;
/// Cells along a side of the grid that the density is summed over.
const GRID: usize = 64;
/// Samples unless `--n` says otherwise.
const POINTS: usize = 20_000;
/// Directions of the sliced W2.
const DIRECTIONS: usize = 64;
/// Pairs of true batches of the null bands.
const REPEATS: u64 = 5;

/// What is measured; none where the target has no exact field or the source no density.
#[derive(Debug, Serialize)]
struct Report {
    /// `floor + excess`: the expected loss at uniform t, without the noise of a batch.
    loss: Option<f64>,
    /// The loss that no network can go below.
    floor: Option<f64>,
    /// `E‖v_θ − v*‖² / 2` along the path.
    excess: Option<f64>,
    /// Fraction of the samples outside the support.
    off_support: Option<f64>,
    /// Fraction of the samples in each cell.
    cell_mass: Option<Vec<f64>>,
    sliced_w2: f64,
    w2: f64,
    energy_distance: f64,
    mmd: f64,
    /// Mean of −ln p_model over data points.
    nll: Option<f64>,
    /// Entropy of the data: no model's `nll` is lower in expectation.
    nll_best: Option<f64>,
    /// `nll − nll_best`, the divergence KL(data ‖ model) but for the noise of the points.
    nll_gap: Option<f64>,
    /// The same likelihood from random probes of the divergence.
    hutchinson: Option<Hutchinson>,
    /// Sum of the model's density over a grid: 1 when likelihoods are normalised.
    density_integral: Option<f64>,
    /// `∫ E‖(x1 − x0) − v(x_t, t)‖² dt`, 0 for straight paths.
    straightness: f64,
    /// `∫ E‖v(x_t, t)‖² dt`.
    path_energy: f64,
    /// `|path_energy − W2²|/W2²` with W2 between source and data.
    normalised_path_energy: f64,
    /// Root mean square distance between noise and what comes back from the samples.
    round_trip: f64,
    /// Each metric between two independent batches of true data: as good as can be measured.
    null: Null,
    /// Evaluations of the field for one sample.
    nfe: usize,
    /// Samples drawn.
    n: usize,
}

#[derive(Debug, Serialize)]
struct Hutchinson {
    /// Mean of −ln p over the first points; the exact field's at t = 0.99.
    nll: f64,
    /// The same points and steps with the exact divergence.
    nll_exact: f64,
    /// Root mean square difference of ln p.
    rms: f64,
    /// Probes for each point.
    probes: usize,
}

/// Null bands.
#[derive(Debug, Serialize)]
struct Null {
    sliced_w2: Band,
    w2: Band,
    energy_distance: Band,
    mmd: Band,
    /// Largest distance of a cell's share from its true mass.
    cell_mass: Option<Band>,
}

#[derive(Debug, Serialize)]
struct Band {
    mean: f64,
    sd: f64,
}

/// Measures a checkpoint, or the exact field, against the target.
///
/// # Errors
/// Names the flag, file or tensor at fault.
pub fn run(args: &EvalArgs) -> anyhow::Result<()> {
    if images::task(&args.flow)?.as_deref() == Some("variational") {
        return print(args.json, &variational::measure(args)?);
    }
    if images::are_asked_for(&args.flow)? {
        return print(args.json, &images::measure(args)?);
    }
    images::refuse_flags(&args.images)?;
    print(args.json, &measure(args)?)
}

fn print(json: bool, report: &impl Serialize) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(report)?);
        return Ok(());
    }
    let serde_json::Value::Object(fields) = serde_json::to_value(report)? else {
        unreachable!("a report is an object");
    };
    for (name, value) in fields {
        println!("{name:22} {value}");
    }
    Ok(())
}

fn measure(args: &EvalArgs) -> anyhow::Result<Report> {
    let FlowArgs {
        solver,
        steps,
        seed,
        ..
    } = args.flow;
    let Subject {
        source,
        dataset,
        start,
    } = sample::subject(&args.flow)?;
    let boxes = dataset.boxes();
    let (floor, excess) = loss(args, &source)?;

    let n = args.n.unwrap_or(POINTS);
    let x0 = generate::starting_points(None, &start, seed, n)?;
    let times: Vec<f64> = (0..=steps).map(|i| i as f64 / steps as f64).collect();
    let way = source.trajectories(solver, steps, &x0, &times, None)?;
    let x1 = way.states.last().expect("times are not empty");
    let data = true_points(&dataset, seed, 1, n);

    let way_points = way.states.concat();
    let path_energy = metric::path_energy(&way.times, &way_points);
    let transport = metric::w2(first(&x0, W2_POINTS), first(&data, W2_POINTS));
    let back = source.back(solver, steps, first(x1, ROUND_TRIP_POINTS))?;
    let mut report = Report {
        loss: floor.zip(excess).map(|(floor, excess)| floor + excess),
        floor,
        excess,
        off_support: boxes.as_ref().map(|boxes| metric::off_support(boxes, x1)),
        cell_mass: boxes.as_ref().map(|boxes| metric::cell_mass(boxes, x1)),
        sliced_w2: metric::sliced_w2(x1, &data, DIRECTIONS),
        w2: metric::w2(first(x1, W2_POINTS), first(&data, W2_POINTS)),
        energy_distance: metric::energy_distance(
            first(x1, ENERGY_POINTS),
            first(&data, ENERGY_POINTS),
        ),
        mmd: metric::mmd(first(x1, MMD_POINTS), first(&data, MMD_POINTS)),
        nll: None,
        nll_best: dataset.entropy(),
        nll_gap: None,
        hutchinson: None,
        density_integral: None,
        straightness: metric::straightness(&way.times, &way_points),
        path_energy,
        normalised_path_energy: metric::normalised_path_energy(path_energy, transport),
        round_trip: metric::round_trip(first(&x0, ROUND_TRIP_POINTS), &back),
        null: null(&dataset, seed, n),
        nfe: way.nfe,
        n,
    };
    // The likelihood needs a source with a known density.
    if start.is_gaussian() {
        let exact = log_p(&source, first(&data, NLL_POINTS))?;
        let nll = -mean(&exact);
        report.nll = Some(nll);
        report.nll_gap = report.nll_best.map(|best| nll - best);
        report.hutchinson = Some(by_probes(&source, &data, seed)?);
        let (points, area) = likelihood::grid(GRID, dataset.extent());
        let density = match &source {
            Source::Model(_) => log_p(&source, &points)?,
            // Known at once; carried back from outside the support, the flow is stiff.
            Source::Exact(field) => closed_log_p(field, &points),
        };
        report.density_integral = Some(area * density.iter().map(|p| p.exp()).sum::<f64>());
    }
    Ok(report)
}

/// The loss floor and the excess above it.
fn loss(args: &EvalArgs, source: &Source) -> anyhow::Result<(Option<f64>, Option<f64>)> {
    let Some(name) = &args.flow.checkpoint else {
        let Source::Exact(field) = source else {
            unreachable!("without a checkpoint the source is exact");
        };
        return Ok((Some(field.loss_floor()), Some(0.0)));
    };
    let checkpoint = Checkpoint::load(name)?;
    // Other points than those that the training's own probe uses, and floor and excess at the
    // same law of t, so that they add up to the loss.
    let config = ToyConfig {
        seed: checkpoint.config.seed.wrapping_add(1 << 32),
        time: TimeSampling::Uniform,
        ..checkpoint.config.clone()
    };
    let probe = Probe::new(&config, EXCESS_POINTS);
    let excess = probe
        .as_ref()
        .map(|probe| f64::from(probe.excess(&checkpoint.weights)));
    Ok((probe.as_ref().map(Probe::floor), excess))
}

/// Data points of a seed; each batch has a number of its own.
fn true_points(dataset: &Dataset, seed: u64, batch: u64, n: usize) -> Vec<f64> {
    let mut data = vec![0.0_f32; 2 * n];
    dataset.sample_into(&mut stream(seed, Purpose::Probe, batch), &mut data);
    data.into_iter().map(f64::from).collect()
}

fn first(points: &[f64], n: usize) -> &[f64] {
    &points[..points.len().min(2 * n)]
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Every metric between pairs of independent true batches of the same sizes.
fn null(dataset: &Dataset, seed: u64, n: usize) -> Null {
    let boxes = dataset.boxes();
    let values: Vec<[f64; 5]> = (0..REPEATS)
        .into_par_iter()
        .map(|k| {
            let [a, b] = [2, 3].map(|offset| true_points(dataset, seed, 2 * k + offset, n));
            let off_mass = boxes.as_ref().map_or(0.0, |boxes| {
                metric::cell_mass(boxes, &a)
                    .iter()
                    .zip(&boxes.boxes)
                    .map(|(mass, cell)| (mass - cell.weight).abs())
                    .fold(0.0, f64::max)
            });
            [
                metric::sliced_w2(&a, &b, DIRECTIONS),
                metric::w2(first(&a, W2_POINTS), first(&b, W2_POINTS)),
                metric::energy_distance(first(&a, ENERGY_POINTS), first(&b, ENERGY_POINTS)),
                metric::mmd(first(&a, MMD_POINTS), first(&b, MMD_POINTS)),
                off_mass,
            ]
        })
        .collect();
    let band = |i: usize| {
        let column: Vec<f64> = values.iter().map(|row| row[i]).collect();
        let NullBand { mean, sd } = NullBand::of(&column);
        Band { mean, sd }
    };
    Null {
        sliced_w2: band(0),
        w2: band(1),
        energy_distance: band(2),
        mmd: band(3),
        cell_mass: boxes.as_ref().map(|_| band(4)),
    }
}

/// How a likelihood is integrated back to the noise, and from when.
fn method(source: &Source) -> (Method, f64) {
    match source {
        Source::Model(_) => (Method::Fixed(Solver::Rk4, 100), 1.0),
        Source::Exact(_) => (Method::Adaptive(Default::default()), 1.0 - DEFAULT_GAP),
    }
}

/// ln p of points, by integrating the exact divergence back to the noise.
fn log_p(source: &Source, points: &[f64]) -> anyhow::Result<Vec<f64>> {
    let (method, t1) = method(source);
    let field = |t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]| {
        source.velocity_and_divergence(t, x, v, div);
    };
    Ok(log_likelihood(points, t1, method, field)?.log_p)
}

/// ln p of points at the end of the exact flow, from its closed form.
fn closed_log_p(field: &ExactField, points: &[f64]) -> Vec<f64> {
    let table = field.at_time::<f64>(1.0 - DEFAULT_GAP);
    let mut scratch = table.scratch();
    let chunks = points.as_chunks::<2>().0;
    chunks
        .iter()
        .map(|x| table.at(*x, &mut scratch).log_density)
        .collect()
}

/// The likelihood of the first points with Hutchinson's estimate of the divergence, beside the
/// same steps with the exact one.
fn by_probes(source: &Source, data: &[f64], seed: u64) -> anyhow::Result<Hutchinson> {
    use rand::RngExt;
    let points = first(data, HUTCHINSON_POINTS);
    let mut rng = stream(seed, Purpose::Probe, 1000);
    let sign = |up: bool| if up { 1.0 } else { -1.0 };
    let probes: Vec<f64> = (0..PROBES * points.len())
        .map(|_| sign(rng.random()))
        .collect();
    // A network computes in f32, whose rounding a narrow difference would magnify. The exact
    // field bends within σ_t: it is left where a difference can still follow it.
    let (h, t1) = match source {
        Source::Model(_) => (1e-2, 1.0),
        Source::Exact(_) => (1e-4, 0.99),
    };
    let method = Method::Fixed(Solver::Rk4, 100);
    let exact = |t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]| {
        source.velocity_and_divergence(t, x, v, div);
    };
    let exact = log_likelihood(points, t1, method, exact)?.log_p;
    let field = |t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]| {
        v.copy_from_slice(&source.velocity(t, x));
        hutchinson_divergence(x, &probes, h, div, |x, v| {
            v.copy_from_slice(&source.velocity(t, x));
        });
    };
    let estimated = log_likelihood(points, t1, method, field)?.log_p;
    let squares = estimated.iter().zip(&exact).map(|(a, b)| (a - b).powi(2));
    Ok(Hutchinson {
        nll: -mean(&estimated),
        nll_exact: -mean(&exact),
        rms: mean(&squares.collect::<Vec<_>>()).sqrt(),
        probes: PROBES,
    })
}
