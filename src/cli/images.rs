//! Flags of the image lab.

use std::path::PathBuf;

use clap::Args;

use crate::device::DeviceChoice;
use crate::train::LrSchedule;
use crate::train::TimeSampling;
use crate::train::images::reader::Choice;
use crate::train::images::variational::Origin;
use crate::train::images::{Condition, Normalise};

/// Flags that the image trainings share.
#[derive(Clone, Debug, Args)]
pub struct TrainImageArgs {
    /// Passes over the training images.
    #[arg(long)]
    pub epochs: Option<u64>,
    /// Images per step.
    #[arg(long)]
    pub batch: Option<usize>,
    /// AdamW's learning rate.
    #[arg(long, allow_negative_numbers = true)]
    pub lr: Option<f64>,
    /// constant or cosine.
    #[arg(long)]
    pub lr_schedule: Option<LrSchedule>,
    /// Steps over which the learning rate grows from nothing at first.
    #[arg(long)]
    pub warmup: Option<u64>,
    /// AdamW's weight decay; 0 is plain Adam.
    #[arg(long, allow_negative_numbers = true)]
    pub weight_decay: Option<f64>,
    /// Decay of the moving average of the weights, such as 0.999; 0 turns it off.
    #[arg(long, allow_negative_numbers = true)]
    pub ema: Option<f64>,
    /// Gradients longer than this over all weights are shortened to it; 0 turns it off.
    #[arg(long, allow_negative_numbers = true)]
    pub clip: Option<f64>,
    /// Train on the first N images only.
    #[arg(long, value_name = "N")]
    pub images: Option<usize>,
    /// A folder with the four IDX files of MNIST or a set of its shape, raw or .gz.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Seed of the weights and batches.
    #[arg(long)]
    pub seed: Option<u64>,
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

/// Flags of `train vae`.
#[derive(Clone, Debug, Args)]
pub struct TrainVaeArgs {
    /// What every image training has.
    #[command(flatten)]
    pub common: TrainImageArgs,
    /// Weight of the KL term against the squared error summed over pixels of -1 to 1.
    #[arg(long, allow_negative_numbers = true)]
    pub kl: Option<f64>,
    /// Epochs over which the weight of the KL term grows from nothing.
    #[arg(long, allow_negative_numbers = true)]
    pub kl_warmup: Option<f64>,
    /// Channels after each halving of the image, such as 32,64,128.
    #[arg(long, value_delimiter = ',', value_name = "A,B,C")]
    pub channels: Option<Vec<usize>>,
}

/// Flags of `train latent`.
#[derive(Clone, Debug, Args)]
pub struct TrainLatentArgs {
    /// What every image training has.
    #[command(flatten)]
    pub common: TrainImageArgs,
    /// The autoencoder: a run folder or builtin:vae.
    #[arg(long, value_name = "CKPT")]
    pub vae: Option<String>,
    /// Numbers of a token inside the network.
    #[arg(long)]
    pub width: Option<usize>,
    /// Number of blocks.
    #[arg(long)]
    pub depth: Option<usize>,
    /// Attention heads.
    #[arg(long)]
    pub heads: Option<usize>,
    /// Points along one side of a token: 1, 2 or 4.
    #[arg(long)]
    pub patch: Option<usize>,
    /// Size of the noise that is left at t = 1.
    #[arg(long, allow_negative_numbers = true)]
    pub sigma_min: Option<f64>,
    /// stratified, uniform or logit-normal.
    #[arg(long)]
    pub time: Option<TimeSampling>,
    /// Probability that a label is replaced by "no class"; 0.1 at first, 0.8 with a condition.
    #[arg(long, allow_negative_numbers = true)]
    pub drop: Option<f64>,
    /// How latents are brought to unit size: scale or coordinate.
    #[arg(long)]
    pub normalise: Option<Normalise>,
    /// What the network sees beside the class: none, inpaint (the masked image and its mask) or
    /// semantic (a label map).
    #[arg(long)]
    pub condition: Option<Condition>,
    /// Start from the weights of this flow: a run folder or builtin:latent.
    #[arg(long, value_name = "CKPT", conflicts_with = "resume")]
    pub from: Option<String>,
}

/// Flags of `train classifier`.
#[derive(Clone, Debug, Args)]
pub struct TrainClassifierArgs {
    /// What every image training has.
    #[command(flatten)]
    pub common: TrainImageArgs,
    /// Move each image by up to so many pixels either way.
    #[arg(long, value_name = "PIXELS")]
    pub shift: Option<usize>,
    /// Turn, shear and scale each image a little; 1 is up to 10 degrees, 0.15 and 10 %.
    #[arg(long, value_name = "STRENGTH")]
    pub warp: Option<f64>,
    /// Hide a part of each image, as inpainting does: a reader of what is seen.
    #[arg(long)]
    pub hide: bool,
}

/// Flags of `sample` and `eval` for image models.
#[derive(Clone, Debug, Args)]
pub struct ImageSampleArgs {
    /// Draw this class only, 0 to 9; without it, classes are drawn as often as the data has them.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(0..10))]
    pub label: Option<u8>,
    /// Leave the class open ("no class"); labels are then 10.
    #[arg(long, conflicts_with = "label")]
    pub unconditional: bool,
    /// g in v = g v_class + (1 - g) v_none: 1 is plain, more is clearer and less varied.
    #[arg(long, value_name = "G", allow_negative_numbers = true, value_parser = parse_guidance)]
    pub guidance: Option<f32>,
    /// w in w v + (1 - w) v_nothing of an inpainting flow, where nothing of the picture is seen: more
    /// than 1 makes what is seen count more, so that answers are likelier and less varied.
    #[arg(long, value_name = "W", allow_negative_numbers = true, value_parser = parse_guidance)]
    pub emphasis: Option<f32>,
    /// Have the class read from what an inpainting flow sees, and tell it: likeliest, or drawn as
    /// often as it is probable (builtin:reader).
    #[arg(long, value_name = "CHOICE", conflicts_with_all = ["label", "unconditional"])]
    pub read: Option<Choice>,
    /// Hide these pixels of test digits and let an inpainting flow fill them: a PNG or JPEG,
    /// bright is hidden; without it the centre is hidden.
    #[arg(long, value_name = "F.png")]
    pub mask: Option<PathBuf>,
    /// With --mask: fill this digit, a PNG or JPEG, bright on dark, in place of test digits.
    #[arg(long, value_name = "F.png")]
    pub image: Option<PathBuf>,
    /// Draw digits for this label map: a PNG or JPEG of four greys, from paper (black) to core
    /// (white).
    #[arg(long, value_name = "F.png")]
    pub semantic: Option<PathBuf>,
    /// What samples of a variational flow start from: prior, or aggregate (mean and variance of all
    /// z together, the default where the run learned them).
    #[arg(long, value_name = "ORIGIN")]
    pub start: Option<Origin>,
    /// A folder with the data set to compare with.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where image models run: auto, gpu or cpu.
    #[arg(long)]
    pub device: Option<DeviceChoice>,
}

/// Flags of `reconstruct`.
#[derive(Clone, Debug, Args)]
pub struct ReconstructArgs {
    /// The autoencoder: a run folder or builtin:vae.
    #[arg(value_name = "CKPT", default_value = "builtin:vae")]
    pub checkpoint: String,
    /// How many test images.
    #[arg(long, default_value_t = 32)]
    pub n: usize,
    /// Seed that chooses them.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// A folder with another data set.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// auto, gpu or cpu.
    #[arg(long, default_value_t)]
    pub device: DeviceChoice,
    /// The PNG to write.
    #[arg(long, value_name = "F.png")]
    pub out: PathBuf,
    /// Replace an existing file.
    #[arg(long)]
    pub force: bool,
}

/// Flags of `pack`.
#[derive(Clone, Debug, Args)]
pub struct PackArgs {
    /// A run folder of the image lab.
    pub run: PathBuf,
    /// The folder to write config.json and model.safetensors into.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace a run that is in the folder already.
    #[arg(long)]
    pub force: bool,
}

fn parse_guidance(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(guidance) if (-20.0..=20.0).contains(&guidance) => Ok(guidance),
        _ => Err("ask for a number between -20 and 20".to_owned()),
    }
}
