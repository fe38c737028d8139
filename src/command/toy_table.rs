//! `flowlab train table`: every data set along every path, trained for a short while.

use std::fmt::Write;
use std::time::Instant;

use anyhow::{anyhow, ensure};

use super::generate::{self, Source};
use super::output;
use crate::cli::TrainTableArgs;
use crate::data::Dataset;
use crate::flow::{Scheduler, Solver, metric};
use crate::kernel::MlpWeights;
use crate::train::batch::{Purpose, stream};
use crate::train::probe::Probe;
use crate::train::toy::ToyTask;
use crate::train::{Checkpoint, LrSchedule, Start, Task, ToyConfig};

/// Points of the energy distance.
const POINTS: usize = 2000;
/// Euler steps of the samples.
const STEPS: usize = 50;
/// Points that the excess loss is read on.
const PROBE: usize = 16_384;
/// A run has learned when the excess loss fell below this part of its start …
const EXCESS_LEFT: f64 = 0.5;
/// … or the energy distance, above what two sets of true points differ by, below this part.
const ENERGY_LEFT: f64 = 0.1;

/// One run.
struct Row {
    dataset: Dataset,
    path: Scheduler,
    floor: Option<f64>,
    /// Before and after.
    excess: Option<[f64; 2]>,
    energy: [f64; 2],
    /// Energy distance of two sets of true points.
    null: f64,
    seconds: f64,
}

/// Trains them all and writes the table as Markdown, to stdout or a file.
///
/// # Errors
/// Settings out of range, training that fails, runs that did not learn.
pub fn run(args: &TrainTableArgs) -> anyhow::Result<()> {
    if let Some(out) = &args.out {
        output::check_free(out, args.force)?;
    }
    let mut rows = Vec::new();
    let all = Dataset::ALL.len() * Scheduler::ALL.len();
    for dataset in Dataset::ALL {
        for path in Scheduler::ALL {
            let row = train(args, &dataset, path)?;
            let done = rows.len() + 1;
            eprintln!("{done}/{all} {}", line(&row).trim());
            rows.push(row);
        }
    }
    let text = table(args, &rows);
    match &args.out {
        Some(out) => output::write(out, text.as_bytes())?,
        None => output::print(text)?,
    }
    let failed: Vec<String> = rows
        .iter()
        .filter(|row| !row.learned())
        .map(|row| format!("{} along {}", row.dataset, row.path))
        .collect();
    ensure!(
        failed.is_empty(),
        "{} of {all} runs did not learn: {}",
        failed.len(),
        failed.join(", ")
    );
    Ok(())
}

fn train(args: &TrainTableArgs, dataset: &Dataset, path: Scheduler) -> anyhow::Result<Row> {
    let config = ToyConfig {
        dataset: dataset.clone(),
        path,
        steps: args.steps,
        batch: args.batch,
        hidden: args.hidden,
        layers: args.layers,
        lr: 2e-3,
        lr_schedule: LrSchedule::Cosine,
        ema: Some(0.99),
        seed: args.seed,
        ..ToyConfig::default()
    };
    let started = Instant::now();
    let (mut task, _) =
        ToyTask::new(config.clone(), &Start::Fresh, args.device).map_err(|error| anyhow!(error))?;
    let probe = Probe::new(&config, PROBE);
    let excess = |weights: &MlpWeights| probe.as_ref().map(|p| f64::from(p.excess(weights)));
    let state = |task: &mut ToyTask| {
        let weights = task.snapshot().map_err(|error| anyhow!(error))?.weights;
        let energy = energy(&config, &weights)?;
        anyhow::Ok((excess(&weights), energy))
    };
    let before = state(&mut task)?;
    for step in 1..=args.steps {
        task.step().map_err(|error| anyhow!(error))?;
        if step.is_multiple_of(100) || step == args.steps {
            // A loss that is no number ends the run here.
            task.drain().map_err(|error| anyhow!(error))?;
        }
    }
    let after = state(&mut task)?;
    Ok(Row {
        floor: probe.as_ref().map(Probe::floor),
        excess: before.0.zip(after.0).map(|(a, b)| [a, b]),
        energy: [before.1, after.1],
        null: metric::energy_distance(&true_points(&config, 2), &true_points(&config, 3)),
        seconds: started.elapsed().as_secs_f64(),
        dataset: dataset.clone(),
        path,
    })
}

/// Energy distance of samples of a network to true points.
fn energy(config: &ToyConfig, weights: &MlpWeights) -> anyhow::Result<f64> {
    let source = Source::model(&Checkpoint {
        config: config.clone(),
        step: 0,
        weights: weights.clone(),
    });
    let x0 = generate::starting_points(None, &config.source, config.seed, POINTS)?;
    let way = source.trajectories(Solver::Euler, STEPS, &x0, &[1.0], None)?;
    Ok(metric::energy_distance(
        &generate::narrow(&way.states[0]),
        &true_points(config, 1),
    ))
}

fn true_points(config: &ToyConfig, batch: u64) -> Vec<f32> {
    let mut points = vec![0.0; 2 * POINTS];
    let mut rng = stream(config.seed, Purpose::Probe, batch);
    config.dataset.sample_into(&mut rng, &mut points);
    points
}

impl Row {
    /// Whether the excess loss fell; none where it is not known.
    fn by_excess(&self) -> Option<bool> {
        self.excess
            .map(|[before, after]| after < EXCESS_LEFT * before)
    }

    /// Whether the samples came near the target.
    fn by_energy(&self) -> bool {
        self.energy[1] - self.null < ENERGY_LEFT * self.energy[0]
    }

    /// Where the velocity itself is singular at t = 1 the excess falls slowly, because of the last
    /// instants, long after the samples are right; and of some targets it is not known. So either
    /// will do.
    fn learned(&self) -> bool {
        self.by_excess() == Some(true) || self.by_energy()
    }
}

fn yes(learned: bool) -> &'static str {
    if learned { "yes" } else { "no" }
}

fn line(row: &Row) -> String {
    let number = |x: Option<f64>| x.map_or("–".to_owned(), |x| format!("{x:.4}"));
    format!(
        "| {} | `{}` | {} | {} | {} | {:.4} | {:.4} | {:.4} | {} | {} | {:.1} |\n",
        row.dataset.label(),
        row.path,
        number(row.floor),
        number(row.excess.map(|e| e[0])),
        number(row.excess.map(|e| e[1])),
        row.energy[0],
        row.energy[1],
        row.null,
        row.by_excess().map_or("–", yes),
        yes(row.by_energy()),
        row.seconds,
    )
}

fn table(args: &TrainTableArgs, rows: &[Row]) -> String {
    let mut text = String::new();
    let TrainTableArgs {
        steps,
        batch,
        hidden,
        layers,
        seed,
        ..
    } = args;
    writeln!(
        text,
        "# Every data set along every path\n\n\
         Made by `flowlab train table --steps {steps} --batch {batch} --hidden {hidden} --layers \
         {layers} --seed {seed}`: Adam at 2e-3 falling as a cosine, averaged weights. *Floor* is \
         the loss that no network can go below, *excess* what is left above it, both known where \
         the exact field is. *Energy* is the energy distance of {POINTS} samples ({STEPS} Euler \
         steps) to true points, *null* that of two sets of true points. *Learned by \
         excess*: it fell below half of its start; *by energy*: the distance above the null one \
         fell below a tenth of its start. A run that shows neither fails the command. Along \
         `linear-vp` and `vp` the velocity is singular at t = 1, and the last instants keep the \
         excess up.\n"
    )
    .expect("a string takes all text");
    text.push_str(
        "| data | path | floor | excess before | after | energy before | after | null | learned by \
         excess | by energy | seconds |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        text.push_str(&line(row));
    }
    text
}
