//! Flags that train the 2-D lab.

use std::path::PathBuf;

use clap::Args;

use crate::data::{Dataset, Source};
use crate::device::DeviceChoice;
use crate::flow::coupling::Coupling;
use crate::flow::scheduler::Scheduler;
use crate::kernel::Activation;
use crate::train::{LrSchedule, Mistake, Preset, TimeSampling};

/// Flags of `train toy`.
#[derive(Clone, Debug, Args)]
pub struct TrainToyArgs {
    /// The settings to start from: seed003, seed003-cosine or seed001.
    #[arg(long)]
    pub preset: Option<Preset>,
    /// Target, such as moons, checkerboard:grid=6,scale=3, image:F.png[:dark],
    /// points:F.csv[:raw] or painted:ROW/ROW/….
    #[arg(long)]
    pub dataset: Option<Dataset>,
    /// condot, sigma-min:S, poly:N, linear-vp, cosine or vp.
    #[arg(long)]
    pub path: Option<Scheduler>,
    /// Where particles start: gaussian, uniform or a dataset.
    #[arg(long)]
    pub source: Option<Source>,
    /// How pairs are chosen: independent, minibatch-ot[:GROUP] or sinkhorn[:EPS[,GROUP]].
    #[arg(long)]
    pub coupling: Option<Coupling>,
    /// How times are drawn: uniform, stratified or logit-normal[:MEAN:STD].
    #[arg(long)]
    pub time: Option<TimeSampling>,
    /// A mistake to make on purpose: x1-for-xt, sign-flip, no-time, wrong-sigma, summed-loss.
    #[arg(long)]
    pub mistake: Option<Mistake>,
    /// Optimiser steps.
    #[arg(long)]
    pub steps: Option<u64>,
    /// Points per step.
    #[arg(long)]
    pub batch: Option<usize>,
    /// Adam's learning rate.
    #[arg(long, allow_negative_numbers = true)]
    pub lr: Option<f64>,
    /// constant or cosine.
    #[arg(long)]
    pub lr_schedule: Option<LrSchedule>,
    /// Decay of the moving average of the weights, such as 0.999; 0 turns it off.
    #[arg(long, allow_negative_numbers = true)]
    pub ema: Option<f64>,
    /// Width of the hidden layers.
    #[arg(long)]
    pub hidden: Option<usize>,
    /// Number of hidden layers.
    #[arg(long)]
    pub layers: Option<usize>,
    /// gelu, relu, silu or tanh.
    #[arg(long)]
    pub activation: Option<Activation>,
    /// Seed of the weights and batches.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Keep the weights of these iterations in kept.safetensors, such as 0,2000,4000,5000; left
    /// out, about twenty on a log scale.
    #[arg(long, value_name = "STEPS", value_delimiter = ',')]
    pub keep: Option<Vec<u64>>,
    /// auto, gpu or cpu.
    #[arg(long, default_value_t)]
    pub device: DeviceChoice,
    /// The run folder to write.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with this run folder.
    #[arg(long, value_name = "DIR")]
    pub resume: Option<PathBuf>,
    /// Replace a run that is in the folder already.
    #[arg(long)]
    pub force: bool,
}

/// Flags of `train table`.
#[derive(Clone, Debug, Args)]
pub struct TrainTableArgs {
    /// Optimiser steps of each run.
    #[arg(long, default_value_t = 2000)]
    pub steps: u64,
    /// Points per step.
    #[arg(long, default_value_t = 1024)]
    pub batch: usize,
    /// Width of the hidden layers.
    #[arg(long, default_value_t = 128)]
    pub hidden: usize,
    /// Number of hidden layers.
    #[arg(long, default_value_t = 3)]
    pub layers: usize,
    /// Seed of the weights and batches.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// auto, gpu or cpu.
    #[arg(long, default_value_t)]
    pub device: DeviceChoice,
    /// The Markdown file to write; stdout when left out.
    #[arg(long, value_name = "FILE.md")]
    pub out: Option<PathBuf>,
    /// Replace an existing file.
    #[arg(long)]
    pub force: bool,
}
