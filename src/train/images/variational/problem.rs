//! The task of variational flow matching.

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::model::{VariationalModel, networks};
use super::rung::LossTerm;
use super::settings::VariationalSettings;
use crate::data::Dataset;
use crate::data::pictures::{self, PictureSet};
use crate::flow::metric::energy_distance;
use crate::flow::solver::Solver;
use crate::flow::variational::Form;
use crate::nn::variational::Variational;
use crate::train::batch::{Purpose, stream};
use crate::train::images::config::ImageConfig;
use crate::train::images::engine::Loss;
use crate::train::images::task::{Measured, Problem};

/// Steps that count as an epoch where data are drawn afresh.
pub const POINT_STEPS: usize = 250;
/// Points of the energy distance after an epoch, and the Euler steps that they take.
const MEASURED: usize = 1000;
const MEASURED_STEPS: usize = 40;
/// Pictures of a sheet, the prior's mean first, and the Euler steps that they take.
const SHEET: usize = 16;
const SHEET_STEPS: usize = 25;

/// `‖v_θ(x_t, t) − dx_t‖² + KL(q(z|x)‖p) + ½ Σ [(x − μ_p)²/v_p + ln v_p]`, each with a weight and
/// a reduction of its own, with z ~ q(z|x) (seed 002).
pub struct VariationalProblem {
    config: ImageConfig,
    settings: VariationalSettings,
    data: Data,
    device: Device,
}

enum Data {
    Points(Dataset),
    Pictures(PictureSet),
}

impl Problem for VariationalProblem {
    type Model = Variational;

    fn new(config: ImageConfig, device: &Device, notes: &mut Vec<String>) -> Result<Self, String> {
        let ImageConfig::Variational(settings) = &config else {
            return Err(format!("not a variational run: {}", config.task()));
        };
        let data = match (settings.dataset.points(), settings.dataset.pictures()?) {
            (_, Some(mut set)) => {
                notes.append(&mut set.notes);
                let n = settings
                    .schedule
                    .images
                    .unwrap_or(usize::MAX)
                    .min(set.len());
                set.pixels.truncate(n * set.length());
                Data::Pictures(set)
            }
            (Some(dataset), None) => Data::Points(dataset.clone()),
            (None, None) => return Err("neither points nor pictures to learn from".to_owned()),
        };
        Ok(Self {
            settings: settings.clone(),
            data,
            device: device.clone(),
            config,
        })
    }

    fn config(&self) -> &ImageConfig {
        &self.config
    }

    fn images(&self) -> usize {
        match &self.data {
            Data::Points(_) => POINT_STEPS * self.settings.schedule.batch,
            Data::Pictures(set) => set.len(),
        }
    }

    fn init(&self, device: &Device) -> Variational {
        networks(&self.settings, device)
    }

    fn parts(&self) -> &'static [&'static str] {
        &["mse", "kl", "prior"]
    }

    fn loss(&self, model: &Variational, batch: &[usize], step: u64, device: &Device) -> Loss {
        let (n, d) = (batch.len(), self.settings.length());
        let mut rng = stream(self.settings.schedule.seed, Purpose::Batch, step);
        let x = match &self.data {
            Data::Points(dataset) => {
                let mut x = vec![0.0; n * d];
                dataset.sample_into(&mut rng, &mut x);
                x
            }
            Data::Pictures(set) => set.signed(batch),
        };
        let mut t = vec![0.0; n];
        self.settings.time.draw(&mut rng, 1.0, &mut t);
        let noise: Vec<f32> = (0..n * d).map(|_| rng.sample(StandardNormal)).collect();
        let put =
            |values, width| Tensor::<2>::from_data(TensorData::new(values, [n, width]), device);
        loss(&self.settings, model, put(x, d), put(noise, d), put(t, 1))
    }

    fn measure(&mut self, model: &Variational, _last: bool) -> Result<Measured, String> {
        let model = VariationalModel::from_parts(model.clone(), &self.settings, &self.device)?;
        let seed = self.settings.schedule.seed;
        match &self.data {
            Data::Points(dataset) => {
                let x0 = model.noise(seed, MEASURED);
                let drawn = model.carry(&x0, Solver::Euler, MEASURED_STEPS, &[], &mut |_| {})?;
                let truth = |batch| {
                    let mut points = vec![0.0; 2 * MEASURED];
                    dataset.sample_into(&mut stream(seed, Purpose::Probe, batch), &mut points);
                    points
                };
                let found = energy_distance(&drawn.x1, &truth(1));
                let null = energy_distance(&truth(2), &truth(3));
                Ok(Measured {
                    text: format!("energy distance {found:.5} (two true sets {null:.5})"),
                    images: None,
                })
            }
            Data::Pictures(set) => {
                let x0 = model.noise(seed, SHEET - 1);
                let drawn = model.carry(&x0, Solver::Euler, SHEET_STEPS, &[], &mut |_| {})?;
                let mut all = model.prior_mean().to_vec();
                all.extend(&drawn.x1);
                let bytes = pictures::bytes(&all);
                let mean =
                    drawn.x1.iter().map(|&x| f64::from(x)).sum::<f64>() / drawn.x1.len() as f64;
                Ok(Measured {
                    text: format!("mean pixel of the samples {mean:.3}"),
                    // A sheet holds grey pictures of 28 pixels a side.
                    images: (set.length() == 784 && set.channels == 1).then_some((bytes, 4)),
                })
            }
        }
    }
}

/// The loss of a batch x `[n, d]` with noise ε `[n, d]` and times t `[n, 1]`.
pub fn loss(
    settings: &VariationalSettings,
    model: &Variational,
    x: Tensor<2>,
    noise: Tensor<2>,
    t: Tensor<2>,
) -> Loss {
    let [n, d] = x.dims();
    let factor = |term: LossTerm| term.reduction.factor(n, d) as f32;
    let floor = settings.floor.map(|floor| floor as f32);
    // No term moves a prior that is not learned: it stays N(0, I).
    let [mean_p, logvar_p] = if settings.learned_prior {
        model.prior(floor)
    } else {
        model.held_prior(floor)
    };
    let posterior = if settings.posterior {
        model.posterior(x.clone())
    } else {
        None
    };
    let z = match &posterior {
        Some([mean, logvar]) => mean.clone() + (logvar.clone() * 0.5).exp() * noise.clone(),
        // A shared prior is fitted to the data by its own term only.
        None => mean_p.clone().detach() + (logvar_p.clone().detach() * 0.5).exp() * noise.clone(),
    };
    let followed = model.aggregate().map(|law| follow(z.clone(), law));
    let observed = noise * settings.noise as f32;
    // The prior is fitted to what lies at the end of the line.
    let end = match settings.form {
        Form::Cho => x.clone(),
        Form::Consistent => x.clone() + observed.clone(),
    };
    let (xt, dxt) = pair(settings.form, x, z, observed, t.clone());
    let error = model.velocity(xt, t) - dxt;
    let mse = (error.clone() * error).sum() * factor(settings.mse);
    let zero = || mse.clone().detach() * 0.0;
    let kl = match posterior {
        Some(q) => kl(settings.form, q, [mean_p.clone(), logvar_p.clone()]) * factor(settings.kl),
        None => zero(),
    };
    let prior = if settings.learned_prior {
        prior_term(end, [mean_p, logvar_p]) * factor(settings.prior)
    } else {
        zero()
    };
    let total = mse.clone() * settings.mse.weight as f32
        + kl.clone() * settings.kl.weight as f32
        + prior.clone() * settings.prior.weight as f32;
    Loss {
        total: match followed {
            Some(followed) => total + followed,
            None => total,
        },
        parts: vec![mse, kl, prior],
    }
}

/// Nothing, with the gradient that brings a law to mean and variance of the z `[n, d]` of all data:
/// that of `−ln N(z; law)`, mean over batch and coordinates. The z do not feel it.
fn follow(z: Tensor<2>, law: [Tensor<2>; 2]) -> Tensor<1> {
    let count = z.dims().iter().product::<usize>() as f32;
    let term = prior_term(z.detach(), law) / count;
    term.clone() - term.detach()
}

/// x_t and its target, as [`Form::pair`]; all `[n, d]`, t `[n, 1]`.
fn pair(
    form: Form,
    x: Tensor<2>,
    z: Tensor<2>,
    noise: Tensor<2>,
    t: Tensor<2>,
) -> (Tensor<2>, Tensor<2>) {
    let line = |x: Tensor<2>| x * t.clone() + z.clone() * (1.0 - t.clone());
    match form {
        Form::Cho => (line(x.clone()), x - z.clone() - noise),
        Form::Consistent => {
            let x = x + noise;
            (line(x.clone()), x - z.clone())
        }
    }
}

/// `Σ KL(q‖p)` over a batch, as [`crate::flow::variational::kl`]. The gradient does not reach the
/// prior; in the seed's code it reaches the one ln v_p that stands outside the quotient, which
/// halves the variance that the prior settles at.
fn kl(form: Form, [mean, logvar]: [Tensor<2>; 2], [mean_p, logvar_p]: [Tensor<2>; 2]) -> Tensor<1> {
    let shift = mean - mean_p.detach();
    let ratio = (logvar.clone().exp() + shift.clone() * shift) / logvar_p.clone().detach().exp();
    let level = match form {
        Form::Cho => logvar_p,
        Form::Consistent => logvar_p.detach(),
    };
    (logvar - level - ratio + 1.0).sum() * -0.5
}

/// `Σ ½ [(x − μ_p)²/v_p + ln v_p]` over a batch.
fn prior_term(x: Tensor<2>, [mean, logvar]: [Tensor<2>; 2]) -> Tensor<1> {
    let shift = x - mean;
    (shift.clone() * shift / logvar.clone().exp() + logvar).sum() * 0.5
}
