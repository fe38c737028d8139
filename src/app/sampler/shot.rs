//! Pictures of the networks of one run at several moments, all from the same noise.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use rayon::ThreadPool;

use super::{Sampled, Settings};
use crate::flow::{BoxUnion, Solver, metric};
use crate::kernel::{Mlp, MlpWeights, sample_or_cancel};
use crate::render::Frames;
use crate::train::ToyConfig;
use crate::train::batch::noise_from;

/// What stays the same from one network to the next.
pub struct Shots {
    settings: Settings,
    x0: Vec<f32>,
    boxes: Option<BoxUnion>,
}

impl Shots {
    /// Particles of the noise of a seed, which Euler steps carry.
    pub fn new(config: &ToyConfig, noise: u64, particles: usize, steps: usize) -> Self {
        Self {
            x0: noise_from(&config.source, noise, particles),
            boxes: config.dataset.boxes(),
            settings: Settings {
                dataset: config.dataset.clone(),
                path: config.path,
                source: config.source.clone(),
                solver: Solver::Euler,
                steps,
                particles,
                noise,
            },
        }
    }

    /// The particles through a network, with every state on the way; none when nobody wants them
    /// any more, or the weights are those of no network.
    pub fn take(
        &self,
        weights: &Arc<MlpWeights>,
        version: u64,
        cancel: &AtomicBool,
        pool: &ThreadPool,
    ) -> Option<Sampled> {
        let mlp = Mlp::try_new(weights)
            .inspect_err(|error| log::warn!("weights that cannot be drawn: {error}"))
            .ok()?;
        let steps = self.settings.steps;
        let times: Vec<f32> = (0..=steps).map(|i| i as f32 / steps as f32).collect();
        let x0 = &self.x0;
        let moved = pool.install(|| {
            sample_or_cancel(&mlp, Solver::Euler, steps, 0.0, 1.0, x0, &times, cancel)
        })?;
        let ends = moved.frame(steps);
        let off = self.boxes.as_ref();
        let off = off.map(|boxes| metric::off_support(boxes, ends));
        Some(Sampled {
            off_support: off.filter(|share| share.is_finite()),
            lost: metric::lost(ends),
            nfe: moved.nfe,
            frames: Frames::new(moved.times.into(), moved.points.into(), moved.n),
            settings: self.settings.clone(),
            version,
            weights: Some(Arc::clone(weights)),
            fetched: OnceLock::new(),
        })
    }
}
