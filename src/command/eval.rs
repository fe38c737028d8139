//! `flowlab eval`

use serde::Serialize;

use super::generate::{self, DEFAULT_GAP, Source};
use super::{images, sample};
use crate::cli::{EvalArgs, FlowArgs};
use crate::flow::likelihood::{Method, log_likelihood};
use crate::flow::{Solver, metric};
use crate::train::batch::{Purpose, stream};
use crate::train::probe::Probe;
use crate::train::{Checkpoint, ToyConfig};

/// Points of the excess loss, drawn along the path.
const EXCESS_POINTS: usize = 65_536;
/// Points of the exact W2, whose time grows with the cube.
const W2_POINTS: usize = 1000;
/// Points of the energy distance, whose time grows with the square.
const ENERGY_POINTS: usize = 4000;
/// Data points of the likelihood.
const NLL_POINTS: usize = 2000;
/// Samples unless `--n` says otherwise.
const POINTS: usize = 20_000;
/// Directions of the sliced W2.
const DIRECTIONS: usize = 64;

/// What is measured; none where the target has no exact field.
#[derive(Debug, Serialize)]
struct Report {
    /// `floor + excess`: the expected loss, without the noise of a batch.
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
    /// Mean of −ln p_model over data points.
    nll: f64,
    /// Entropy of the data: no model's `nll` is lower in expectation.
    nll_best: Option<f64>,
    /// `∫ E‖(x1 − x0) − v(x_t, t)‖² dt`, 0 for straight paths.
    straightness: f64,
    /// Evaluations of the field for one sample.
    nfe: usize,
    /// Samples drawn.
    n: usize,
}

/// Measures a checkpoint, or the exact field, against the target.
///
/// # Errors
/// Names the flag, file or tensor at fault.
pub fn run(args: &EvalArgs) -> anyhow::Result<()> {
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
        println!("{name:16} {value}");
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
    let (source, dataset) = sample::source(&args.flow)?;
    let boxes = dataset.boxes();
    let (floor, excess) = loss(args, &source)?;

    let n = args.n.unwrap_or(POINTS);
    let x0 = generate::starting_points(None, seed, n)?;
    let times: Vec<f64> = (0..=steps).map(|i| i as f64 / steps as f64).collect();
    let way = source.trajectories(solver, steps, &x0, &times, None)?;
    let x1 = way.states.last().expect("times are not empty");
    let mut data = vec![0.0_f32; x1.len()];
    dataset.sample_into(&mut stream(seed, Purpose::Probe, 1), &mut data);
    let data: Vec<f64> = data.into_iter().map(f64::from).collect();

    let first = |points: &[f64], n: usize| points[..points.len().min(2 * n)].to_vec();
    Ok(Report {
        loss: floor.zip(excess).map(|(floor, excess)| floor + excess),
        floor,
        excess,
        off_support: boxes.as_ref().map(|boxes| metric::off_support(boxes, x1)),
        cell_mass: boxes.as_ref().map(|boxes| metric::cell_mass(boxes, x1)),
        sliced_w2: metric::sliced_w2(x1, &data, DIRECTIONS),
        w2: metric::w2(&first(x1, W2_POINTS), &first(&data, W2_POINTS)),
        energy_distance: metric::energy_distance(
            &first(x1, ENERGY_POINTS),
            &first(&data, ENERGY_POINTS),
        ),
        nll: nll(&source, &first(&data, NLL_POINTS))?,
        nll_best: boxes.as_ref().map(|boxes| boxes.entropy()),
        straightness: metric::straightness(&way.times, &way.states.concat()),
        nfe: way.nfe,
        n,
    })
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
    // Other points than those that the training's own probe uses.
    let config = ToyConfig {
        seed: checkpoint.config.seed.wrapping_add(1 << 32),
        ..checkpoint.config.clone()
    };
    let probe = Probe::new(&config, EXCESS_POINTS);
    let excess = probe
        .as_ref()
        .map(|probe| f64::from(probe.excess(&checkpoint.weights)));
    Ok((probe.as_ref().map(Probe::floor), excess))
}

/// Mean of −ln p over data points, by integrating the divergence back to the noise.
fn nll(source: &Source, data: &[f64]) -> anyhow::Result<f64> {
    let (method, t1) = match source {
        Source::Model(_) => (Method::Fixed(Solver::Rk4, 100), 1.0),
        Source::Exact(_) => (Method::Adaptive(Default::default()), 1.0 - DEFAULT_GAP),
    };
    let field = |t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]| {
        source.velocity_and_divergence(t, x, v, div);
    };
    let likelihood = log_likelihood(data, t1, method, field)?;
    let sum: f64 = likelihood.log_p.iter().sum();
    Ok(-sum / likelihood.log_p.len() as f64)
}
