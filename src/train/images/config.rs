//! What the training runs of the image lab are made of: plain structs that are the command line,
//! the `config.json` of a run folder and the window's controls at once.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::normalise::Normalise;
pub use super::schedule::Schedule;
use super::variational::{Target, VariationalSettings};
use crate::data::mnist::CLASSES;
use crate::train::config::{ConfigError, LrSchedule, check};
use crate::train::time::TimeSampling;

/// Weights of a run at most. Its optimizer.safetensors holds four numbers for each, and files beyond
/// 256 MiB are not read back: a larger run could not be resumed.
const MOST_WEIGHTS: usize = 16_000_000;

/// Passes so many weights on, or says which settings ask for too many.
pub(super) fn check_weights(
    weights: usize,
    names: &'static str,
    values: String,
) -> Result<(), ConfigError> {
    let fits = weights <= MOST_WEIGHTS;
    check(fits, names, values, "at most 16000000 weights together")
}

/// The settings of one run, as `config.json` keeps them: the key `task` says which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum ImageConfig {
    /// The autoencoder.
    Vae(VaeSettings),
    /// The flow in its latent space.
    Latent(LatentSettings),
    /// The judge.
    Classifier(ClassifierSettings),
    /// Variational flow matching over points or pictures.
    Variational(VariationalSettings),
}

impl ImageConfig {
    /// The settings that every task has.
    pub fn schedule(&self) -> &Schedule {
        match self {
            Self::Vae(settings) => &settings.schedule,
            Self::Latent(settings) => &settings.schedule,
            Self::Classifier(settings) => &settings.schedule,
            Self::Variational(settings) => &settings.schedule,
        }
    }

    /// The same, to change them.
    pub fn schedule_mut(&mut self) -> &mut Schedule {
        match self {
            Self::Vae(settings) => &mut settings.schedule,
            Self::Latent(settings) => &mut settings.schedule,
            Self::Classifier(settings) => &mut settings.schedule,
            Self::Variational(settings) => &mut settings.schedule,
        }
    }

    /// The folder of IDX files that the pictures come from; none for MNIST, points, and other
    /// folders.
    pub fn data(&self) -> Option<&PathBuf> {
        match self {
            Self::Variational(settings) => match &settings.dataset {
                Target::Idx(folder) => Some(folder),
                _ => None,
            },
            _ => self.schedule().data.as_ref(),
        }
    }

    /// Takes the pictures from a folder of IDX files, or from MNIST.
    pub fn set_data(&mut self, folder: Option<PathBuf>) {
        match self {
            Self::Variational(settings) => {
                if let Target::Mnist | Target::Idx(_) = settings.dataset {
                    settings.dataset = folder.map_or(Target::Mnist, Target::Idx);
                }
            }
            _ => self.schedule_mut().data = folder,
        }
    }

    /// The value of `task`.
    pub fn task(&self) -> &'static str {
        match self {
            Self::Vae(_) => "vae",
            Self::Latent(_) => "latent",
            Self::Classifier(_) => "classifier",
            Self::Variational(_) => "variational",
        }
    }

    /// Checks that the run can start.
    ///
    /// # Errors
    /// Names the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.schedule().validate()?;
        match self {
            Self::Vae(settings) => settings.validate(),
            Self::Latent(settings) => settings.validate(),
            Self::Classifier(settings) => settings.validate(),
            Self::Variational(settings) => settings.validate(),
        }
    }
}

/// A run of the autoencoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VaeSettings {
    /// Batches, rates and seed.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// Weight β of the KL term, against the squared error summed over pixels of −1 to 1.
    pub kl: f64,
    /// Epochs over which β grows from nothing: at once, the decoder would learn to ignore the code.
    pub kl_warmup: f64,
    /// Channels after each halving of the image.
    pub channels: [usize; 3],
}

impl Default for VaeSettings {
    fn default() -> Self {
        Self {
            schedule: Schedule {
                epochs: 8,
                ..Schedule::default()
            },
            kl: 0.2,
            kl_warmup: 1.0,
            channels: [32, 64, 128],
        }
    }
}

impl VaeSettings {
    fn validate(&self) -> Result<(), ConfigError> {
        check(
            (0.0..=1e3).contains(&self.kl),
            "kl",
            self.kl.to_string(),
            "0 to 1000",
        )?;
        check(
            (0.0..=1e5).contains(&self.kl_warmup),
            "kl-warmup",
            self.kl_warmup.to_string(),
            "0 to 100000 epochs",
        )?;
        check(
            self.channels.iter().all(|c| (1..=1024).contains(c)),
            "channels",
            format!("{:?}", self.channels),
            "1 to 1024 each",
        )?;
        let [a, b, c] = self.channels;
        // Kernels of 3x3 on the way down, of 4x4 on the way up.
        check_weights(
            25 * (a * b + b * c),
            "channels",
            format!("{:?}", self.channels),
        )
    }
}

/// A run of the classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassifierSettings {
    /// Batches, rates and seed.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// Each image is moved by up to so many pixels either way, so that the place of a digit does
    /// not count.
    pub shift: usize,
    /// Each image is turned, sheared and scaled a little: by up to 10 degrees, 0.15 and 10 %, times
    /// this.
    pub warp: f64,
    /// A part of each image is hidden, as inpainting hides it: the classifier becomes a reader of
    /// what is seen.
    pub hide: bool,
}

impl Default for ClassifierSettings {
    fn default() -> Self {
        Self {
            schedule: Schedule {
                epochs: 4,
                lr_schedule: LrSchedule::Cosine,
                ..Schedule::default()
            },
            shift: 0,
            warp: 0.0,
            hide: false,
        }
    }
}

impl ClassifierSettings {
    fn validate(&self) -> Result<(), ConfigError> {
        check(
            self.shift <= 8,
            "shift",
            self.shift.to_string(),
            "0 to 8 pixels",
        )?;
        check(
            (0.0..=3.0).contains(&self.warp),
            "warp",
            self.warp.to_string(),
            "0 to 3",
        )
    }
}

/// A run of the flow in latent space.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LatentSettings {
    /// Batches, rates and seed.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// The autoencoder: a run folder or `builtin:vae`.
    pub vae: String,
    /// Numbers of a token inside the network.
    pub width: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Attention heads.
    pub heads: usize,
    /// Points along one side of a token.
    pub patch: usize,
    /// σ at t = 1: `x_t = (1 − (1 − σ_min) t) x0 + t x1`.
    pub sigma_min: f64,
    /// How times are drawn.
    pub time: TimeSampling,
    /// Probability that a label is replaced by "no class".
    pub drop: f64,
    /// How latents are brought to unit size.
    pub normalise: Normalise,
    /// What the network sees beside x_t, t and the class.
    pub condition: Condition,
    /// The latent flow whose weights and normalisation the run starts from; none means fresh ones.
    pub from: Option<String>,
}

impl Default for LatentSettings {
    fn default() -> Self {
        Self {
            schedule: Schedule {
                epochs: 20,
                lr: 1e-4,
                ema: Some(0.999),
                ..Schedule::default()
            },
            vae: "builtin:vae".to_owned(),
            width: 128,
            depth: 4,
            heads: 4,
            patch: 1,
            sigma_min: 1e-3,
            time: TimeSampling::Stratified,
            drop: 0.1,
            normalise: Normalise::Scale,
            condition: Condition::None,
            from: None,
        }
    }
}

impl LatentSettings {
    fn validate(&self) -> Result<(), ConfigError> {
        let Self {
            width,
            depth,
            heads,
            patch,
            sigma_min,
            drop,
            ..
        } = self;
        check(
            (4..=1024).contains(width) && width.is_multiple_of(4),
            "width",
            width.to_string(),
            "a multiple of 4 up to 1024",
        )?;
        check(
            (1..=32).contains(depth),
            "depth",
            depth.to_string(),
            "1 to 32",
        )?;
        // Attention, feed-forward layers and modulation of each block; time and output beside them.
        let weights = width * width * (18 * depth + 3);
        check_weights(weights, "width and depth", format!("{width} and {depth}"))?;
        check(
            *heads > 0 && width.is_multiple_of(*heads),
            "heads",
            heads.to_string(),
            "a divisor of the width",
        )?;
        check(
            [1, 2, 4].contains(patch),
            "patch",
            patch.to_string(),
            "1, 2 or 4",
        )?;
        check(
            (0.0..1.0).contains(sigma_min),
            "sigma-min",
            sigma_min.to_string(),
            "at least 0 and below 1",
        )?;
        check(
            (0.0..=1.0).contains(drop),
            "drop",
            drop.to_string(),
            "0 to 1",
        )
    }

    /// The label that stands for "no class".
    pub fn no_class(&self) -> u8 {
        CLASSES as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_round_trip_with_their_task() {
        for config in [
            ImageConfig::Vae(VaeSettings::default()),
            ImageConfig::Latent(LatentSettings::default()),
            ImageConfig::Classifier(ClassifierSettings::default()),
        ] {
            config.validate().unwrap();
            let json = serde_json::to_value(&config).unwrap();
            assert_eq!(json["task"], config.task());
            assert_eq!(json["batch"], 128);
            assert_eq!(serde_json::from_value::<ImageConfig>(json).unwrap(), config);
        }
        for normalise in Normalise::ALL {
            assert_eq!(normalise.to_string().parse(), Ok(normalise));
        }
    }

    #[test]
    fn the_rate_warms_up_and_cools_down() {
        let schedule = Schedule {
            lr: 1.0,
            warmup: 10,
            lr_schedule: LrSchedule::Cosine,
            ..Schedule::default()
        };
        assert!((schedule.rate(0, 1000) - 0.1).abs() < 1e-3);
        assert!((schedule.rate(9, 1000) - 1.0).abs() < 1e-3);
        assert!(schedule.rate(999, 1000) < 1e-5);
    }

    #[test]
    fn bad_settings_are_named() {
        let bad = |change: fn(&mut LatentSettings)| {
            let mut settings = LatentSettings::default();
            change(&mut settings);
            ImageConfig::Latent(settings)
                .validate()
                .unwrap_err()
                .to_string()
        };
        assert!(bad(|s| s.heads = 3).starts_with("heads"));
        assert!(bad(|s| s.patch = 3).starts_with("patch"));
        assert!(bad(|s| s.schedule.lr = f64::NAN).starts_with("lr"));
        assert!(bad(|s| s.schedule.batch = 0).starts_with("batch"));
        assert!(bad(|s| s.drop = 1.5).starts_with("drop"));
        assert!(bad(|s| s.sigma_min = 1.0).starts_with("sigma-min"));
        let large = bad(|s| (s.width, s.depth) = (1024, 32));
        assert!(large.starts_with("width and depth = 1024 and 32 is"));
        let large = ImageConfig::Vae(VaeSettings {
            channels: [1024; 3],
            ..VaeSettings::default()
        });
        let large = large.validate().unwrap_err().to_string();
        assert!(large.starts_with("channels") && large.contains("16000000"));
    }
}
