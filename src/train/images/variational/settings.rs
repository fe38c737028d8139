//! The settings of a variational run.

use serde::{Deserialize, Serialize};

use super::rung::{LossTerm, Net, Reduction};
use super::target::Target;
use crate::data::Dataset;
use crate::flow::variational::Form;
use crate::train::config::{ConfigError, LrSchedule, check};
use crate::train::images::config::{Schedule, check_weights};
use crate::train::time::TimeSampling;

/// Observation noise of seed 002, σ² = 0.01.
pub const SIGMA: f64 = 0.1;

/// A run of variational flow matching, in the plane or over pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariationalSettings {
    /// Batches, rates and seed; an epoch over points is 250 steps.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// What is learned.
    pub dataset: Target,
    /// The networks.
    pub net: Net,
    /// Whether z comes from q(z|x); from the prior otherwise.
    pub posterior: bool,
    /// Whether the prior's mean and variance are learned; N(0, I) otherwise.
    pub learned_prior: bool,
    /// Observation noise σ; 0 turns it off.
    pub noise: f64,
    /// Where it enters.
    pub form: Form,
    /// Weight and reduction of the squared error of the velocity.
    pub mse: LossTerm,
    /// Of KL(q‖p).
    pub kl: LossTerm,
    /// Of the prior's own term.
    pub prior: LossTerm,
    /// The prior's log-variance never falls below this; the seed's ReLU is 0.
    pub floor: Option<f64>,
    /// Channels of the velocity's levels, the full picture first; a convolutional net takes the
    /// first only.
    pub widths: Vec<usize>,
    /// Channels of the posterior's levels.
    pub posterior_widths: Vec<usize>,
    /// Width of the networks over points.
    pub hidden: usize,
    /// Pairs of layers of the networks over points.
    pub blocks: usize,
    /// How times are drawn.
    pub time: TimeSampling,
    /// Whether mean and variance of all z together are learned, for samples to start from; runs
    /// of before have none.
    #[serde(default)]
    pub aggregate: bool,
}

impl Default for VariationalSettings {
    fn default() -> Self {
        Self::points()
    }
}

impl VariationalSettings {
    /// The 2-D lab: every rung of the seed's ladder on, weights that keep the posterior alive.
    pub fn points() -> Self {
        Self {
            schedule: Schedule {
                epochs: 20,
                batch: 256,
                lr: 2e-3,
                lr_schedule: LrSchedule::Cosine,
                ema: Some(0.999),
                clip: Some(1.0),
                ..Schedule::default()
            },
            dataset: Target::Points(Dataset::CHECKERBOARD),
            net: Net::Mlp,
            posterior: true,
            learned_prior: true,
            noise: SIGMA,
            form: Form::Consistent,
            mse: LossTerm::new(1.0, Reduction::Mean),
            kl: LossTerm::new(1.5, Reduction::Sample),
            prior: LossTerm::new(1.0, Reduction::Sample),
            floor: None,
            widths: Vec::new(),
            posterior_widths: Vec::new(),
            hidden: 64,
            blocks: 2,
            time: TimeSampling::Stratified,
            aggregate: true,
        }
    }

    /// Pictures: U-Nets that two cores can train.
    pub fn pictures() -> Self {
        Self {
            schedule: Schedule {
                epochs: 4,
                batch: 64,
                ema: Some(0.999),
                clip: Some(1.0),
                ..Schedule::default()
            },
            dataset: Target::Mnist,
            net: Net::Unet,
            kl: LossTerm::new(0.02, Reduction::Sample),
            widths: vec![16, 16, 32, 64],
            posterior_widths: vec![8, 16, 16, 32],
            ..Self::points()
        }
    }

    /// The seed's own numbers: wide networks, sums beside a mean, the ReLU on the prior.
    pub fn as_in_the_seed(mut self) -> Self {
        self.form = Form::Cho;
        self.mse = LossTerm::new(1.0, Reduction::Mean);
        self.kl = LossTerm::new(1.0, Reduction::Sum);
        self.prior = LossTerm::new(1.0, Reduction::Sum);
        self.floor = Some(0.0);
        self.time = TimeSampling::Uniform;
        self.aggregate = false;
        self.schedule.ema = None;
        self.schedule.lr = 1e-3;
        self.schedule.lr_schedule = LrSchedule::Constant;
        if self.dataset.points().is_none() {
            self.widths = vec![128, 128, 128, 256];
            self.posterior_widths = self.widths.clone();
            self.schedule.epochs = 100;
        }
        self
    }

    /// Numbers of a point or picture.
    pub fn length(&self) -> usize {
        self.dataset.shape().iter().product()
    }

    /// Checks that the run can start.
    ///
    /// # Errors
    /// Names the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let points = self.dataset.points().is_some();
        check(
            points == (self.net == Net::Mlp),
            "net",
            self.net.to_string(),
            if points {
                "mlp, for points"
            } else {
                "conv or unet, for pictures"
            },
        )?;
        check(
            (0.0..=1.0).contains(&self.noise),
            "noise",
            self.noise.to_string(),
            "0 to 1",
        )?;
        check(
            self.floor
                .is_none_or(|floor| (-20.0..=20.0).contains(&floor)),
            "floor",
            format!("{:?}", self.floor),
            "-20 to 20",
        )?;
        check(
            (1..=4096).contains(&self.hidden),
            "hidden",
            self.hidden.to_string(),
            "1 to 4096",
        )?;
        check(
            self.blocks <= 64,
            "blocks",
            self.blocks.to_string(),
            "0 to 64",
        )?;
        // The velocity's network, and the posterior's beside it.
        let networks = 1 + usize::from(self.posterior);
        if points {
            let weights = networks * (2 * self.blocks + 1) * self.hidden * self.hidden;
            return check_weights(
                weights,
                "hidden and blocks",
                format!("{} and {}", self.hidden, self.blocks),
            );
        }
        let levels = self.dataset.shape()[0].ilog2().min(6) as usize;
        for (name, widths) in [
            ("widths", &self.widths),
            ("posterior-widths", &self.posterior_widths),
        ] {
            let fits = (1..=levels).contains(&widths.len())
                && widths.iter().all(|width| (1..=1024).contains(width));
            check(
                fits,
                name,
                format!("{widths:?}"),
                "one to four numbers of 1 to 1024 (five at side 32), each level halving the picture",
            )?;
        }
        let posterior = match self.posterior {
            true => self.net_weights(&self.posterior_widths),
            false => 0,
        };
        let weights = self.net_weights(&self.widths) + posterior;
        check_weights(
            weights,
            "widths and posterior-widths",
            format!("{:?} and {:?}", self.widths, self.posterior_widths),
        )
    }

    /// Weights between the levels of a network over pictures, whose kernels are 3x3.
    fn net_weights(&self, widths: &[usize]) -> usize {
        if self.net == Net::Conv {
            return 9 * 2 * widths[0] * widths[0];
        }
        // Each pair is joined once on the way down and once, beside the skip, on the way up.
        let pairs = widths.windows(2);
        let levels: usize = pairs.map(|w| 9 * w[0] * (w[1] + w[1] + w[0])).sum();
        // The layer that tells every point of the whole.
        levels + widths[widths.len() - 1].pow(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_no_run_could_resume_are_refused() {
        let said = |settings: VariationalSettings| settings.validate().unwrap_err().to_string();
        let points = said(VariationalSettings {
            hidden: 4096,
            blocks: 64,
            ..VariationalSettings::points()
        });
        assert!(
            points.starts_with("hidden and blocks = 4096 and 64"),
            "{points}"
        );
        let pictures = said(VariationalSettings {
            widths: vec![1024; 4],
            ..VariationalSettings::pictures()
        });
        assert!(
            pictures.starts_with("widths and posterior-widths"),
            "{pictures}"
        );
        for settings in [
            VariationalSettings::points(),
            VariationalSettings::pictures(),
        ] {
            settings.validate().unwrap();
            settings.as_in_the_seed().validate().unwrap();
        }
    }
}
