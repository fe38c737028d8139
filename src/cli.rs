//! The command line: clap types only.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::data::Dataset;
use crate::device::DeviceChoice;
use crate::flow::scheduler::Scheduler;
use crate::flow::solver::Solver;
use crate::kernel::Activation;
use crate::train::Preset;

mod figure;
mod images;
mod toy;
mod variational;

pub use figure::FigureArgs;
pub use images::{
    ImageSampleArgs, PackArgs, ReconstructArgs, TrainClassifierArgs, TrainImageArgs,
    TrainLatentArgs, TrainVaeArgs,
};
pub use toy::{TrainTableArgs, TrainToyArgs};
pub use variational::TrainVariationalArgs;

/// A desktop lab that teaches flow matching live.
#[derive(Debug, Parser)]
#[command(
    name = "flowlab",
    version,
    about,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do without a window.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// The window's flags.
    #[command(flatten)]
    pub window: WindowArgs,
    /// The file that holds the token of `serve` and of `--device remote:ws://HOST:PORT`; left out,
    /// the token comes from FLOWLAB_TOKEN.
    #[cfg(feature = "remote")]
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// Flags of the window.
#[derive(Clone, Debug, Args)]
pub struct WindowArgs {
    /// Open at this lesson.
    #[arg(long, value_name = "NAME")]
    pub lesson: Option<String>,
    /// Open at this beat of the lesson, counted from 1.
    #[arg(long, value_name = "N")]
    pub beat: Option<usize>,
    /// Start from this preset: seed003, seed003-cosine or seed001.
    #[arg(long)]
    pub preset: Option<Preset>,
    /// Open this session, saved with Ctrl+Shift+S.
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    pub session: Option<PathBuf>,
    /// Where training runs: auto, gpu or cpu.
    #[arg(long, default_value_t)]
    pub device: DeviceChoice,
    /// Save what the window shows into a PNG, then close.
    #[arg(long, value_name = "FILE.png")]
    pub screenshot: Option<PathBuf>,
    /// Seconds to wait before the screenshot.
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    pub after: f64,
    /// Window size in points.
    #[arg(long, value_name = "WxH", default_value = "1280x800", value_parser = parse_size)]
    pub size: [f32; 2],
    /// Start with the particles at this time, 0 to 1.
    #[arg(long, value_name = "T")]
    pub t: Option<f32>,
    /// Start with trajectories on.
    #[arg(long)]
    pub trajectories: bool,
    /// Start with the exact field's particles beside the network's.
    #[arg(long)]
    pub exact_field: bool,
    /// Start with the velocity field as arrows.
    #[arg(long)]
    pub arrows: bool,
    /// Start training at once.
    #[arg(long)]
    pub train: bool,
    /// light or dark.
    #[arg(long, value_parser = ["light", "dark"])]
    pub theme: Option<String>,
    /// Start in lecture mode: larger, without side panels.
    #[arg(long)]
    pub lecture: bool,
    /// Write how long each picture takes into this CSV, and show it in the status bar.
    #[arg(long, value_name = "FILE.csv")]
    pub frame_times: Option<PathBuf>,
    /// Replace the screenshot and frame time files when they exist.
    #[arg(long)]
    pub force: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Train a model.
    #[command(subcommand)]
    Train(TrainVerb),
    /// Draw samples from a checkpoint or from the exact field.
    Sample(SampleArgs),
    /// Evaluate the exact marginal field, and a model's, at points.
    Field(FieldArgs),
    /// Print a scheduler's coefficients as CSV.
    Scheduler(SchedulerArgs),
    /// Measure a checkpoint against the exact answer.
    Eval(EvalArgs),
    /// Turn a PyTorch state dict into a run folder.
    Import(ImportArgs),
    /// Draw test images above what the autoencoder makes of them.
    Reconstruct(ReconstructArgs),
    /// Copy a run's model alone into a folder, in float16.
    Pack(PackArgs),
    /// Write a figure of the seeds as PNG, SVG, PDF, GIF, APNG, MP4, or its numbers.
    Figure(Box<FigureArgs>),
    /// Time the pieces that the lab's speed is made of.
    Bench(BenchArgs),
    /// List the GPU adapters and say which device `auto` takes.
    Devices,
    /// Let other machines train on this one's device.
    #[cfg(feature = "remote")]
    Serve(ServeArgs),
}

/// Flags of `serve`.
#[cfg(feature = "remote")]
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 takes a free one. Other machines reach only another address than
    /// this one. The connection is not encrypted, but with --identity-file.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7117")]
    pub bind: std::net::SocketAddr,
    /// What is served: auto, gpu or cpu.
    #[arg(long, default_value_t)]
    pub device: DeviceChoice,
    /// The file with this server's secret key, made where there is none: serves over encrypted
    /// connections (QUIC by iroh), and prints the public key that clients name.
    #[arg(long, value_name = "FILE")]
    pub identity_file: Option<std::path::PathBuf>,
    /// Clients at a time.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub clients: u16,
}

/// What to train.
#[derive(Debug, Subcommand)]
pub enum TrainVerb {
    /// The 2-D lab: an MLP flow on points.
    Toy(Box<TrainToyArgs>),
    /// Every data set along every path, briefly, as a table of what each learned.
    Table(TrainTableArgs),
    /// The autoencoder of the image lab.
    Vae(Box<TrainVaeArgs>),
    /// The flow in the autoencoder's latent space.
    Latent(Box<TrainLatentArgs>),
    /// The classifier that judges images.
    Classifier(Box<TrainClassifierArgs>),
    /// Variational flow matching (seed 002) over points or pictures.
    Variational(Box<TrainVariationalArgs>),
}

/// What carries noise to data, and how: flags that `sample` and `eval` share.
#[derive(Clone, Debug, Args)]
pub struct FlowArgs {
    /// A run folder or builtin:NAME; left out with --exact.
    #[arg(
        value_name = "CKPT",
        required_unless_present = "exact",
        conflicts_with = "exact"
    )]
    pub checkpoint: Option<String>,
    /// The exact marginal field in place of a checkpoint, in f64.
    #[arg(long)]
    pub exact: bool,
    /// Target of the exact field.
    #[arg(long, requires = "exact")]
    pub dataset: Option<Dataset>,
    /// Path of the exact field.
    #[arg(long, requires = "exact")]
    pub path: Option<Scheduler>,
    /// euler, midpoint, heun, rk4, adaptive-heun, bosh3 or dopri5.
    #[arg(long, default_value = "euler")]
    pub solver: Solver,
    /// Solver steps; the last three solvers choose their own.
    #[arg(long, default_value_t = 100, value_parser = parse_steps)]
    pub steps: usize,
    /// Seed of the starting points.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// Flags of `sample`.
#[derive(Clone, Debug, Args)]
pub struct SampleArgs {
    /// What carries the points.
    #[command(flatten)]
    pub flow: FlowArgs,
    /// How many points (10000 by default) or images (64 by default).
    #[arg(long)]
    pub n: Option<usize>,
    /// Flags of image models.
    #[command(flatten)]
    pub images: ImageSampleArgs,
    /// Starting points from a CSV with columns x,y.
    #[arg(long, value_name = "F.csv")]
    pub x0: Option<PathBuf>,
    /// Keep the whole way: arrays t [k] and xt [k, n, 2] (npz only).
    #[arg(long)]
    pub trajectory: bool,
    /// No stage is evaluated later than 1 - E; 1e-4 by default where the field is singular.
    #[arg(long, value_name = "E")]
    pub t_end: Option<f64>,
    /// Where to write: .npz, .csv or .png.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub force: bool,
}

/// Flags of `field`.
#[derive(Clone, Debug, Args)]
pub struct FieldArgs {
    /// The probability path.
    #[arg(long)]
    pub path: Scheduler,
    /// The target.
    #[arg(long, default_value = "checkerboard")]
    pub dataset: Dataset,
    /// A CSV with columns t,x,y.
    #[arg(long, value_name = "F.csv")]
    pub points: PathBuf,
    /// Adds model_vx,model_vy of this checkpoint.
    #[arg(long, value_name = "CKPT")]
    pub model: Option<String>,
    /// The CSV to write.
    #[arg(long, value_name = "G.csv")]
    pub out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub force: bool,
}

/// Flags of `scheduler`.
#[derive(Clone, Debug, Args)]
pub struct SchedulerArgs {
    /// condot, sigma-min:S, poly:N, linear-vp, cosine or vp.
    pub path: Scheduler,
    /// Times, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    pub t: Vec<f64>,
}

/// Flags of `eval`.
#[derive(Clone, Debug, Args)]
pub struct EvalArgs {
    /// What is measured.
    #[command(flatten)]
    pub flow: FlowArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Samples to draw: 20000 points or 5000 images by default; of an autoencoder or a classifier
    /// the test images that it is measured on, all of them by default.
    #[arg(long)]
    pub n: Option<usize>,
    /// Flags of image models.
    #[command(flatten)]
    pub images: ImageSampleArgs,
}

/// Flags of `import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// The state dict: network.0.weight [out, in], network.0.bias, network.2.weight, …
    pub file: PathBuf,
    /// The target it was trained on.
    #[arg(long)]
    pub dataset: Dataset,
    /// The path it was trained with.
    #[arg(long)]
    pub path: Scheduler,
    /// Between its layers: gelu, relu, silu or tanh.
    #[arg(long, default_value = "gelu")]
    pub activation: Activation,
    /// The run folder to write.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace a run that is in the folder already.
    #[arg(long)]
    pub force: bool,
}

/// Flags of `bench`.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Print the README's table, with the machine named.
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// With --markdown: PyTorch's column, from benches/pytorch_baseline.py --json.
    #[arg(long, value_name = "FILE.json", requires = "markdown")]
    pub baseline: Option<PathBuf>,
    /// Fewer repeats.
    #[arg(long)]
    pub quick: bool,
    /// Where the training step is timed: auto, gpu or cpu.
    #[arg(long, default_value_t)]
    pub device: DeviceChoice,
}

fn parse_steps(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(steps @ 1..=1_000_000) => Ok(steps),
        _ => Err("ask for 1 to 1000000 steps".to_owned()),
    }
}

fn parse_size(text: &str) -> Result<[f32; 2], String> {
    let wrong = || format!("`{text}` is no size; write it as 1280x800");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let side = |text: &str| match text.parse::<f32>() {
        Ok(side) if (64.0..=16_384.0).contains(&side) => Ok(side),
        _ => Err(wrong()),
    };
    Ok([side(width)?, side(height)?])
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(parse_size("1280x800"), Ok([1280.0, 800.0]));
        for wrong in ["1280", "0x0", "axb", "1e9x1"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
