//! `flowlab eval`

use serde::Serialize;

use super::generate::{self, Source};
use super::images;
use super::output;
use super::sample;
use super::variational;
use crate::cli::{EvalArgs, FlowArgs};
use crate::train::measure::{self, Measures};
use crate::train::probe::Probe;
use crate::train::{Checkpoint, TimeSampling, ToyConfig};

/// Points of the excess loss, drawn along the path.
const EXCESS_POINTS: usize = 65_536;
/// Samples unless `--n` says otherwise.
const POINTS: usize = 20_000;
/// What is printed; none where the target has no exact field.
#[derive(Debug, Serialize)]
struct Report {
    /// `floor + excess`: the expected loss at uniform t, without the noise of a batch.
    loss: Option<f64>,
    /// The loss that no network can go below.
    floor: Option<f64>,
    /// `E‖v_θ − v*‖² / 2` along the path.
    excess: Option<f64>,
    #[serde(flatten)]
    measures: Measures,
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
    print(args.json, &report(args)?)
}

fn print(json: bool, report: &impl Serialize) -> anyhow::Result<()> {
    if json {
        return output::print(format_args!("{}\n", serde_json::to_string(report)?));
    }
    let serde_json::Value::Object(fields) = serde_json::to_value(report)? else {
        unreachable!("a report is an object");
    };
    for (name, value) in fields {
        output::print(format_args!("{name:22} {value}\n"))?;
    }
    Ok(())
}

fn report(args: &EvalArgs) -> anyhow::Result<Report> {
    let FlowArgs {
        solver,
        steps,
        seed,
        ..
    } = args.flow;
    let n = args.n.unwrap_or(POINTS);
    let settings = measure::Settings {
        solver,
        steps,
        seed,
        quick: false,
    };
    // Before the points are drawn: those alone could be too many.
    settings.check_fits(n)?;
    let subject = sample::subject(&args.flow)?;
    let (floor, excess) = loss(args, &subject.source)?;
    let x0 = generate::starting_points(None, &subject.start, seed, n)?;
    Ok(Report {
        loss: floor.zip(excess).map(|(floor, excess)| floor + excess),
        floor,
        excess,
        measures: measure::measure(&subject, &settings, &x0)?,
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
