//! The exact excess loss of a network on fixed points: no label noise, so it falls smoothly.

use super::batch::{Batch, Purpose, stream};
use super::config::ToyConfig;
use super::mistake::Mistake;
use super::time::TimeSampling;
use crate::flow::coupling::Coupling;
use crate::kernel::{Mlp, MlpWeights};

/// Points `x_t`, times and the exact marginal velocity there.
pub struct Probe {
    points: Batch,
    exact: Vec<f32>,
    floor: f64,
}

impl Probe {
    /// Draws `n` points along the path at uniform times, whatever the run's own time law or
    /// mistake: the excess of two runs can be compared.
    ///
    /// None where there is no exact field: it needs a Gaussian source and independent pairs.
    pub fn new(config: &ToyConfig, n: usize) -> Option<Self> {
        if !config.source.is_gaussian() || config.coupling != Coupling::Independent {
            return None;
        }
        let field = config.dataset.exact(config.path)?;
        let law = config.time;
        let config = ToyConfig {
            batch: n,
            time: TimeSampling::Uniform,
            mistake: Mistake::None,
            ..config.clone()
        };
        let points = Batch::draw_from(&config, &mut stream(config.seed, Purpose::Probe, 0));
        let mut exact = Vec::with_capacity(2 * n);
        for (i, &t) in points.t.iter().enumerate() {
            let x = [points.xt[2 * i], points.xt[2 * i + 1]].map(f64::from);
            exact.extend(field.at(f64::from(t), x).velocity.map(|v| v as f32));
        }
        Some(Self {
            floor: field.loss_floor_under(|t| law.density(t)),
            points,
            exact,
        })
    }

    /// The loss that no network can go below, `L* = ∫ q(t) c_t² E[tr Cov(x1 | x_t)] / d dt`, at
    /// the run's own law q of t: the level that its loss curve falls to.
    pub fn floor(&self) -> f64 {
        self.floor
    }

    /// `E‖v_θ(x_t, t) − v*(x_t, t)‖² / 2` at uniform t, the loss above the floor.
    pub fn excess(&self, weights: &MlpWeights) -> f32 {
        let mut velocity = vec![0.0; self.exact.len()];
        Mlp::new(weights).forward_xt(&self.points.t, &self.points.xt, &mut velocity);
        let sum: f64 = velocity
            .iter()
            .zip(&self.exact)
            .map(|(v, e)| f64::from(v - e).powi(2))
            .sum();
        (sum / velocity.len() as f64) as f32
    }
}
