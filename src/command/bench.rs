//! `flowlab bench`

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::{Device, Distribution, Tensor};
use rayon::prelude::*;
use serde::Serialize;

use super::bench_table::{self, Baseline};
use super::generate;
use super::output;
use crate::cli::BenchArgs;
use crate::device::{self, DeviceKind};
use crate::flow::marginal::MarginalField;
use crate::flow::solver::Solver;
use crate::kernel::{Mlp, sample};
use crate::train::batch::{Batches, Purpose, stream};
use crate::train::engine::{BurnEngine, Engine, EngineState, FusedEngine};
use crate::train::images::problem::Problem;
use crate::train::images::{
    ImageConfig, ImageTask, LatentProblem, LatentSettings, Schedule, VaeProblem, VaeSettings,
};
use crate::train::{Checkpoint, Preset, Start, Task, ToyConfig};

/// Particles and Euler steps of the sampling figure.
pub const PARTICLES: usize = 10_000;
pub const STEPS: usize = 100;
/// Images of which codes are made for the transformer's step.
const LATENT_IMAGES: usize = 2048;
/// Side of the square matrices of the peak.
const MATRIX: usize = 1024;

/// A figure and the device it was taken on.
#[derive(Debug, Serialize)]
pub struct Figure {
    pub value: f64,
    pub device: String,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub struct Report {
    pub toy_train_step_ms: Figure,
    pub toy_sample_s: Figure,
    pub gemm_gflops: Figure,
    pub toy_sample_gflops: Figure,
    pub exact_field_mpoints_per_s: Figure,
    pub latent_epoch_s: Figure,
    pub vae_epoch_s: Figure,
}

/// Times the pieces that the lab's speed is made of; each figure is the median of its repeats.
///
/// # Errors
/// A device that does not open; a baseline that cannot be read.
pub fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let repeats = if args.quick { 3 } else { 11 };
    let threads = rayon::current_num_threads();
    let cpu = |value| Figure {
        value,
        device: format!("CPU, {threads} threads"),
    };
    let step = train_step(args, repeats)?;
    let sampling = sampling(repeats);
    let report = Report {
        toy_train_step_ms: step,
        gemm_gflops: cpu(matrix_peak(repeats)),
        toy_sample_gflops: cpu(sampling_flop() / sampling * 1e-9),
        toy_sample_s: cpu(sampling),
        exact_field_mpoints_per_s: cpu(exact_field(repeats)),
        latent_epoch_s: latent_epoch(args, repeats)?,
        vae_epoch_s: vae_epoch(args, repeats)?,
    };
    if args.markdown {
        return output::print(bench_table::markdown(&report, baseline.as_ref()));
    }
    if args.json {
        return output::print(format_args!("{}\n", serde_json::to_string(&report)?));
    }
    let serde_json::Value::Object(figures) = serde_json::to_value(&report)? else {
        unreachable!("a report is an object");
    };
    for (name, figure) in figures {
        let value = figure["value"].as_f64().unwrap_or(f64::NAN);
        output::print(format_args!(
            "{name:26} {value:10.3}  {}\n",
            figure["device"].as_str().unwrap_or("")
        ))?;
    }
    Ok(())
}

/// Median seconds of a call, after one call that warms up.
fn median(repeats: usize, mut call: impl FnMut()) -> f64 {
    call();
    let mut seconds: Vec<f64> = (0..repeats)
        .map(|_| {
            let started = Instant::now();
            call();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[repeats / 2]
}

/// An epoch of the 4 x 128 transformer over 60 000 codes, from its step: batch 128, AdamW, EMA.
fn latent_epoch(args: &BenchArgs, repeats: usize) -> anyhow::Result<Figure> {
    let settings = LatentSettings {
        schedule: Schedule {
            images: Some(LATENT_IMAGES),
            ..LatentSettings::default().schedule
        },
        ..LatentSettings::default()
    };
    epoch::<LatentProblem>(ImageConfig::Latent(settings), args, repeats)
}

/// An epoch of the autoencoder over 60 000 digits, from its step: batch 128, Adam.
fn vae_epoch(args: &BenchArgs, repeats: usize) -> anyhow::Result<Figure> {
    let settings = VaeSettings {
        schedule: Schedule {
            images: Some(LATENT_IMAGES),
            ..VaeSettings::default().schedule
        },
        ..VaeSettings::default()
    };
    epoch::<VaeProblem>(ImageConfig::Vae(settings), args, repeats)
}

fn epoch<P: Problem>(
    config: ImageConfig,
    args: &BenchArgs,
    repeats: usize,
) -> anyhow::Result<Figure> {
    let steps = 60_000_usize.div_ceil(config.schedule().batch);
    let (mut task, info) = ImageTask::<P>::new(config, &Start::Fresh, args.device)
        .map_err(|error| anyhow::anyhow!(error))?;
    let mut failure = None;
    let seconds = median(repeats, || {
        failure = failure.take().or(task.step().err());
        // The read-back waits for the device.
        failure = failure.take().or(task.drain().err());
    });
    if let Some(error) = failure {
        anyhow::bail!("{error}");
    }
    Ok(Figure {
        value: steps as f64 * seconds,
        device: info.label,
    })
}

/// One optimiser step of seed 003 as a run takes it: its batch, which another thread draws,
/// gradients, Adam, read-back.
fn train_step(args: &BenchArgs, repeats: usize) -> anyhow::Result<Figure> {
    let config = ToyConfig::preset(Preset::Seed003);
    let mut rng = stream(config.seed, Purpose::Weights, 0);
    let weights = crate::kernel::MlpWeights::init(&config.shape(), config.activation, &mut rng);
    let state = EngineState {
        weights,
        average: None,
        moments: None,
    };
    let (device, info) = device::open(args.device)?;
    let mut engine: Box<dyn Engine> = match info.kind {
        DeviceKind::Cpu => Box::new(FusedEngine::new(state, None)),
        _ => Box::new(BurnEngine::new(state, None, &device)),
    };
    let batches = Batches::start(config.clone(), 0);
    let per_call = if args.quick { 3 } else { 20 };
    let mut failure = None;
    let seconds = median(repeats, || {
        for _ in 0..per_call {
            let step = batches
                .next()
                .and_then(|batch| engine.step(&batch, config.lr));
            failure = failure.take().or(step.err());
        }
        failure = failure.take().or(engine.take_losses().err());
    });
    if let Some(error) = failure {
        anyhow::bail!("{error}");
    }
    Ok(Figure {
        value: 1e3 * seconds / f64::from(per_call),
        device: info.label,
    })
}

fn sampling(repeats: usize) -> f64 {
    let checkpoint = Checkpoint::load("builtin:checkerboard").expect("it is part of the binary");
    let mlp = Mlp::new(&checkpoint.weights);
    let x0: Vec<f32> = generate::noise(0, PARTICLES)
        .iter()
        .map(|&x| x as f32)
        .collect();
    median(repeats.min(5), || {
        black_box(sample(&mlp, Solver::Euler, STEPS, 0.0, 1.0, &x0, &[1.0]));
    })
}

/// Multiplications and additions of the sampling figure's matrix products.
fn sampling_flop() -> f64 {
    let shape = ToyConfig::preset(Preset::Seed003).shape();
    let products: usize = shape.windows(2).map(|pair| 2 * pair[0] * pair[1]).sum();
    (products * PARTICLES * STEPS) as f64
}

/// Gflop/s of a large f32 matrix product of the `gemm` crate, as burn's CPU backend calls it.
fn matrix_peak(repeats: usize) -> f64 {
    let device = Device::flex();
    let random =
        || Tensor::<2>::random([MATRIX, MATRIX], Distribution::Uniform(-1.0, 1.0), &device);
    let (a, b) = (random(), random());
    let seconds = median(repeats, || {
        black_box(a.clone().matmul(b.clone()).into_data());
    });
    2.0 * (MATRIX as f64).powi(3) / seconds * 1e-9
}

/// Million evaluations a second of the checkerboard's exact velocity, in f32 on all threads.
fn exact_field(repeats: usize) -> f64 {
    let config = ToyConfig::default();
    let boxes = config
        .dataset
        .boxes()
        .expect("a checkerboard is made of boxes");
    let field = MarginalField::new(&boxes, config.path);
    let points: Vec<f32> = generate::noise(0, PARTICLES)
        .iter()
        .map(|&x| x as f32)
        .collect();
    let mut out = vec![0.0_f32; points.len()];
    let times = 20;
    let seconds = median(repeats, || {
        for i in 0..times {
            // The midpoints of equal parts of [0, 1].
            let table = field.at_time::<f32>((f64::from(i) + 0.5) / f64::from(times));
            let blocks = out.par_chunks_mut(1024).zip(points.par_chunks(1024));
            blocks.for_each(|(out, x)| table.velocities(x, out));
        }
        black_box(&out);
    });
    f64::from(times) * PARTICLES as f64 / seconds * 1e-6
}
