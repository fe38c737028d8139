//! What a posterior leaves to be learned, against independent pairs.

use rand::RngExt;
use rand_distr::StandardNormal;

use super::model::VariationalModel;
use super::rung::Origin;
use super::settings::VariationalSettings;
use crate::data::Dataset;
use crate::flow::variational::target_variance;
use crate::train::batch::{Purpose, stream};

/// Times at which the variance is estimated: middles of as many equal parts.
pub const TIMES: usize = 16;
/// Points that a network looks at in one go.
const CHUNK: usize = 16_384;

/// Pairs under both ways of drawing the noise end, with the same data and the same ε.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    /// Data, `[n, 2]`.
    pub x: Vec<f32>,
    /// ε, `[n, 2]`.
    pub noise: Vec<f32>,
    /// z from q(z|x), `[n, 2]`.
    pub posterior: Vec<f32>,
    /// z from the prior or from the aggregate, whatever x is, `[n, 2]`.
    pub independent: Vec<f32>,
    /// Means of q(z|x), `[n, 2]`.
    pub mean: Vec<f32>,
    /// Standard deviations of q(z|x), `[n, 2]`.
    pub std: Vec<f32>,
}

/// The target's variance at fixed x_t, mean over coordinates and x_t: the loss floor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Floors {
    /// With the posterior's pairs, mean over t.
    pub posterior: f64,
    /// With independent pairs, mean over t.
    pub independent: f64,
    /// `[t, posterior, independent]` at each time.
    pub at: Vec<[f64; 3]>,
}

impl Pairs {
    /// Draws `n` pairs; the independent noise is what samples start from at `origin`.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn draw(
        model: &VariationalModel,
        dataset: &Dataset,
        origin: Origin,
        n: usize,
        seed: u64,
    ) -> Result<Self, String> {
        let mut rng = stream(seed, Purpose::Probe, 77);
        let mut x = vec![0.0; 2 * n];
        dataset.sample_into(&mut rng, &mut x);
        let noise: Vec<f32> = (0..2 * n).map(|_| rng.sample(StandardNormal)).collect();
        let (mut mean, mut std) = (Vec::with_capacity(2 * n), Vec::with_capacity(2 * n));
        for part in x.chunks(2 * CHUNK) {
            let [m, s] = model.posterior(part)?;
            mean.extend(m);
            std.extend(s);
        }
        let posterior = (0..2 * n).map(|i| mean[i] + std[i] * noise[i]).collect();
        let [centre, width] = model.start(origin);
        let independent = (0..2 * n)
            .map(|i| centre[i % 2] + width[i % 2] * noise[i])
            .collect();
        Ok(Self {
            x,
            noise,
            posterior,
            independent,
            mean,
            std,
        })
    }

    /// x_t and the target `[n, 2]` each at a time; `shared` takes the independent pairs.
    pub fn at(&self, settings: &VariationalSettings, t: f32, shared: bool) -> (Vec<f32>, Vec<f32>) {
        let sigma = settings.noise as f32;
        let z = if shared {
            &self.independent
        } else {
            &self.posterior
        };
        let pairs = (0..z.len()).map(|i| {
            let noise = sigma * self.noise[i];
            settings.form.pair(self.x[i], z[i], noise, t)
        });
        pairs.map(|[xt, dxt]| (xt, dxt)).unzip()
    }

    /// Both floors; `stop` ends the work early, with none.
    pub fn floors(
        &self,
        model: &VariationalModel,
        cell: f64,
        stop: &dyn Fn() -> bool,
    ) -> Option<Floors> {
        let mut floors = Floors::default();
        for k in 0..TIMES {
            if stop() {
                return None;
            }
            let t = (k as f64 + 0.5) / TIMES as f64;
            let variance = |shared| {
                let (xt, dxt) = self.at(model.settings(), t as f32, shared);
                target_variance(&xt, &dxt, cell).unwrap_or(f64::NAN)
            };
            let row = [t, variance(false), variance(true)];
            floors.posterior += row[1] / TIMES as f64;
            floors.independent += row[2] / TIMES as f64;
            floors.at.push(row);
        }
        Some(floors)
    }
}
