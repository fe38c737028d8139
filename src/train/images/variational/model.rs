//! A trained variational flow: its prior, posterior and velocity, and samples.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::rung::{Net, Origin};
use super::settings::VariationalSettings;
use crate::flow::{Adaptive, Solver, integrate_adaptive, integrate_fixed};
use crate::nn::mlp::read;
use crate::nn::residual::{ResidualConvConfig, ResidualMlpConfig};
use crate::nn::unet::UnetConfig;
use crate::nn::variational::{Body, Variational};
use crate::train::batch::{Purpose, stream};
use crate::train::images::config::ImageConfig;
use crate::train::images::params;
use crate::train::images::state::OnDevice;
use crate::train::images::store::SavedModel;

/// Why samples of a run cannot start from its aggregate posterior.
const NO_AGGREGATE: &str = "the run did not learn where its z lie: it has no posterior, or was \
                            trained without --aggregate";
/// Numbers that are carried together at most, whatever they are of.
const CHUNK: usize = 200_000;

/// A trained flow in memory.
pub struct VariationalModel {
    net: Variational,
    settings: VariationalSettings,
    prior: Law,
    aggregate: Option<Law>,
    origin: Origin,
    device: Device,
}

/// Means and standard deviations, `[d]` each.
#[derive(Clone, Debug)]
struct Law {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Law {
    fn read([mean, logvar]: [Tensor<2>; 2]) -> Result<Self, String> {
        let std = (logvar * 0.5).exp();
        Ok(Self {
            mean: read(mean)?,
            std: read(std)?,
        })
    }
}

/// What was drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// States at t = 1, `[n, d]`.
    pub x1: Vec<f32>,
    /// States at each of the times asked for, each `[n, d]`.
    pub way: Vec<Vec<f32>>,
    /// Evaluations of the field for the slowest sample.
    pub nfe: usize,
}

impl VariationalModel {
    /// Loads a run of `train variational` or a pretrained model such as `builtin:variational`.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn load(name: &str, device: &Device) -> Result<Self, String> {
        let saved = SavedModel::load(name).map_err(|error| error.to_string())?;
        Self::new(&saved, device).map_err(|error| format!("{name}: {error}"))
    }

    /// Puts a saved model onto a device.
    ///
    /// # Errors
    /// When the run is of another task, or a tensor does not fit.
    pub fn new(saved: &SavedModel, device: &Device) -> Result<Self, String> {
        let ImageConfig::Variational(settings) = &saved.config else {
            return Err(format!(
                "a run of `train {}`, but a variational flow is needed (`train variational`)",
                saved.config.task()
            ));
        };
        let net = params::load(networks(settings, device), &saved.network)?;
        Self::from_parts(net, settings, device)
    }

    /// Takes networks that are on a device already.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn from_parts(
        net: Variational,
        settings: &VariationalSettings,
        device: &Device,
    ) -> Result<Self, String> {
        let prior = Law::read(net.prior(settings.floor.map(|floor| floor as f32)))?;
        let aggregate = net.aggregate().map(Law::read).transpose()?;
        Ok(Self {
            origin: match aggregate {
                Some(_) => Origin::Aggregate,
                None => Origin::Prior,
            },
            prior,
            aggregate,
            net,
            settings: settings.clone(),
            device: device.clone(),
        })
    }

    /// How it was trained.
    pub fn settings(&self) -> &VariationalSettings {
        &self.settings
    }

    /// The prior's mean, `[d]`.
    pub fn prior_mean(&self) -> &[f32] {
        &self.prior.mean
    }

    /// The prior's standard deviations, `[d]`.
    pub fn prior_std(&self) -> &[f32] {
        &self.prior.std
    }

    /// What samples start from: the aggregate posterior's mean and variance where the run learned
    /// them, the prior otherwise.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The same model with samples that start elsewhere.
    ///
    /// # Errors
    /// When the run did not learn where its z lie.
    pub fn from_origin(mut self, origin: Origin) -> Result<Self, String> {
        if origin == Origin::Aggregate && self.aggregate.is_none() {
            return Err(NO_AGGREGATE.to_owned());
        }
        self.origin = origin;
        Ok(self)
    }

    /// Measures where the z of some data `[n, d]` lie, for a run that did not learn it; samples
    /// start there from now on.
    ///
    /// # Errors
    /// When the device was lost, or the run has no posterior.
    pub fn measure_aggregate(&mut self, x: &[f32]) -> Result<(), String> {
        if !self.settings.posterior {
            return Err(NO_AGGREGATE.to_owned());
        }
        let d = self.length();
        let mut sums = vec![[0.0_f64; 2]; d];
        for part in x.chunks((CHUNK / d).max(1) * d) {
            let [mean, std] = self.posterior(part)?;
            for (i, (mean, std)) in mean.iter().zip(&std).enumerate() {
                let [mean, std] = [mean, std].map(|&value| f64::from(value));
                sums[i % d][0] += mean;
                sums[i % d][1] += mean * mean + std * std;
            }
        }
        let n = (x.len() / d).max(1) as f64;
        let variance = |[mean, square]: &[f64; 2]| square / n - (mean / n).powi(2);
        self.aggregate = Some(Law {
            mean: sums.iter().map(|sum| (sum[0] / n) as f32).collect(),
            std: sums
                .iter()
                .map(|sum| variance(sum).max(0.0).sqrt() as f32)
                .collect(),
        });
        self.origin = Origin::Aggregate;
        Ok(())
    }

    /// Whether samples can start from an origin.
    pub fn knows(&self, origin: Origin) -> bool {
        origin == Origin::Prior || self.aggregate.is_some()
    }

    /// Mean and standard deviations of the normal that samples start from, `[d]` each.
    pub fn start(&self, origin: Origin) -> [&[f32]; 2] {
        let law = match (origin, &self.aggregate) {
            (Origin::Aggregate, Some(aggregate)) => aggregate,
            _ => &self.prior,
        };
        [&law.mean, &law.std]
    }

    /// `n` draws of where samples start, `[n, d]`: the noise of a seed, the same in every view.
    pub fn noise(&self, seed: u64, n: usize) -> Vec<f32> {
        self.noise_from(self.origin, seed, n)
    }

    /// The same from an origin of choice, by the same standard normal numbers.
    pub fn noise_from(&self, origin: Origin, seed: u64, n: usize) -> Vec<f32> {
        let [means, stds] = self.start(origin);
        let mut rng = stream(seed, Purpose::Noise, 0);
        let mut out = Vec::with_capacity(n * means.len());
        for _ in 0..n {
            for (mean, std) in means.iter().zip(stds) {
                let e: f32 = rng.sample(StandardNormal);
                out.push(mean + std * e);
            }
        }
        out
    }

    /// Mean and standard deviation of q(z|x), both `[n, d]`; the prior's where there is no
    /// posterior.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn posterior(&self, x: &[f32]) -> Result<[Vec<f32>; 2], String> {
        let n = x.len() / self.length();
        let both = if self.settings.posterior {
            self.net.posterior(self.upload(x))
        } else {
            None
        };
        match both {
            Some([mean, logvar]) => Ok([read(mean)?, read((logvar * 0.5).exp())?]),
            None => Ok([self.prior.mean.repeat(n), self.prior.std.repeat(n)]),
        }
    }

    /// Velocities `[n, d]` at one time.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn velocity(&self, x: &[f32], t: f32) -> Result<Vec<f32>, String> {
        read(self.field(self.upload(x), t))
    }

    /// Carries states `[n, d]` of t = 0 to t = 1, keeping them at `save_at`; `progress` is told
    /// how many are done. Adaptive solvers keep tolerances of 1e-5.
    ///
    /// # Errors
    /// When the device was lost, or an adaptive step becomes too small.
    pub fn carry(
        &self,
        x0: &[f32],
        solver: Solver,
        steps: usize,
        save_at: &[f64],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Drawn, String> {
        let d = self.length();
        let chunk = (CHUNK / d).max(1) * d;
        let mut drawn = Drawn {
            way: vec![Vec::new(); save_at.len()],
            ..Drawn::default()
        };
        let mut times = save_at.to_vec();
        times.push(1.0);
        for part in x0.chunks(chunk) {
            let start = OnDevice(self.upload(part));
            let velocity = |t: f64, x: &OnDevice<2>| OnDevice(self.field(x.0.clone(), t as f32));
            let mut solution = if solver.is_adaptive() {
                let options = Adaptive::within(solver, 1e-5);
                integrate_adaptive(&options, 0.0, 1.0, start, &times, velocity)
                    .map_err(|error| error.to_string())?
            } else {
                integrate_fixed(solver, steps.max(1), 0.0, 1.0, start, &times, velocity)
            };
            let end = solution.states.pop().ok_or("no state was kept")?;
            drawn.x1.extend(read(end.0)?);
            for (way, state) in drawn.way.iter_mut().zip(solution.states) {
                way.extend(read(state.0)?);
            }
            drawn.nfe = drawn.nfe.max(solution.nfe);
            progress(drawn.x1.len() / d);
        }
        Ok(drawn)
    }

    fn length(&self) -> usize {
        self.prior.mean.len()
    }

    fn field(&self, x: Tensor<2>, t: f32) -> Tensor<2> {
        let t = Tensor::full([x.dims()[0], 1], t, &self.device);
        self.net.velocity(x, t)
    }

    fn upload(&self, x: &[f32]) -> Tensor<2> {
        let d = self.length();
        Tensor::from_data(TensorData::new(x.to_vec(), [x.len() / d, d]), &self.device)
    }
}

/// The networks of some settings, with random weights.
pub fn networks(settings: &VariationalSettings, device: &Device) -> Variational {
    let shape = settings.dataset.shape();
    let channels = shape[2];
    let body = |widths: &[usize], outputs: usize, timed: bool| match settings.net {
        Net::Mlp => Body::Mlp(
            ResidualMlpConfig::new(channels, outputs, settings.hidden, settings.blocks, timed)
                .init(device),
        ),
        Net::Conv => {
            Body::Conv(ResidualConvConfig::new(channels, outputs, widths[0], timed).init(device))
        }
        Net::Unet => {
            Body::Unet(UnetConfig::new(channels, outputs, widths.to_vec(), timed).init(device))
        }
    };
    let velocity = body(&settings.widths, channels, true);
    let posterior = settings
        .posterior
        .then(|| body(&settings.posterior_widths, 2 * channels, false));
    let net = Variational::new(velocity, posterior, shape, device);
    if settings.posterior && settings.aggregate {
        net.with_aggregate(device)
    } else {
        net
    }
}
