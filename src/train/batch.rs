//! Training batches, made on the host from a seeded stream and always one ahead of the step.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::config::ToyConfig;
use crate::flow::path::ProbPath;

/// One batch of conditional flow matching.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// `x_t = α_t x1 + σ_t x0`, `[batch, 2]`.
    pub xt: Vec<f32>,
    /// Uniform times, `[batch]`.
    pub t: Vec<f32>,
    /// The regression target `α'_t x1 + σ'_t x0`, `[batch, 2]`.
    pub dxt: Vec<f32>,
}

/// The generator of one purpose and index of a run: each step has a stream of its own, so a
/// resumed run draws what an uninterrupted one would have drawn.
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(index.wrapping_mul(4).wrapping_add(purpose as u64));
    rng
}

/// What random numbers are for.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Purpose {
    /// Initial weights.
    Weights = 0,
    /// The batch of a step.
    Batch = 1,
    /// Points that the excess loss is measured on.
    Probe = 2,
    /// Starting points of samples.
    Noise = 3,
    /// The order of the images of an epoch. Far above the streams of the others' steps.
    Shuffle = 1 << 40,
}

impl Batch {
    /// Draws the batch of step `index`: x0 from N(0, I), x1 from the dataset, t uniform.
    pub fn draw(config: &ToyConfig, index: u64) -> Self {
        Self::draw_from(config, &mut stream(config.seed, Purpose::Batch, index))
    }

    /// Draws a batch of the configured size from a generator.
    pub fn draw_from(config: &ToyConfig, rng: &mut ChaCha8Rng) -> Self {
        let n = config.batch;
        let path = ProbPath::new(config.path);
        let t_max = config.path.t_max() as f32;
        let mut x1 = vec![0.0; 2 * n];
        config.dataset.sample_into(rng, &mut x1);
        let mut batch = Self {
            xt: vec![0.0; 2 * n],
            t: vec![0.0; n],
            dxt: vec![0.0; 2 * n],
        };
        for i in 0..n {
            let t = rng.random::<f32>() * t_max;
            batch.t[i] = t;
            for j in [2 * i, 2 * i + 1] {
                let x0: f32 = rng.sample(StandardNormal);
                (batch.xt[j], batch.dxt[j]) = path.sample(x0, x1[j], t);
            }
        }
        batch
    }
}

/// `n` points of N(0, I), `[n, 2]`: the noise of a seed, the same in every view.
pub fn noise(seed: u64, n: usize) -> Vec<f32> {
    let mut rng = stream(seed, Purpose::Noise, 0);
    (0..2 * n).map(|_| rng.sample(StandardNormal)).collect()
}

/// A thread that keeps the next batches ready.
pub struct Batches {
    ready: Receiver<Batch>,
}

impl Batches {
    /// Starts at step `first`; ends when dropped.
    pub fn start(config: ToyConfig, first: u64) -> Self {
        let (send, ready) = sync_channel(2);
        thread::Builder::new()
            .name("flowlab-batches".to_owned())
            .spawn(move || {
                let mut index = first;
                while send.send(Batch::draw(&config, index)).is_ok() {
                    index += 1;
                }
            })
            .expect("the system starts a thread");
        Self { ready }
    }

    /// The next batch in order.
    ///
    /// # Errors
    /// When the thread ended, which only a panic in it can cause.
    pub fn next(&self) -> Result<Batch, String> {
        self.ready
            .recv()
            .map_err(|_| "the thread that draws batches has ended".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_draw_the_same_numbers_alone_and_in_a_row() {
        let config = ToyConfig {
            batch: 64,
            ..ToyConfig::default()
        };
        let batches = Batches::start(config.clone(), 5);
        assert_eq!(batches.next().unwrap(), Batch::draw(&config, 5));
        assert_eq!(batches.next().unwrap(), Batch::draw(&config, 6));
        assert_ne!(Batch::draw(&config, 5), Batch::draw(&config, 6));
    }

    #[test]
    fn the_interpolation_can_be_undone() {
        // Condot: x_t + (1 - t) dx_t = x1, which must lie on the board.
        let config = ToyConfig::default();
        let board = config.dataset.boxes().unwrap();
        let batch = Batch::draw(&config, 0);
        for i in 0..config.batch {
            let rest = 1.0 - batch.t[i];
            let x1 = [0, 1].map(|j| f64::from(batch.xt[2 * i + j] + rest * batch.dxt[2 * i + j]));
            // A hair inside, since the sum rounds.
            let inside = [[-1e-5, -1e-5], [-1e-5, 1e-5], [1e-5, -1e-5], [1e-5, 1e-5]]
                .iter()
                .any(|d| board.contains([x1[0] + d[0], x1[1] + d[1]]));
            assert!(inside, "{x1:?}");
        }
    }
}
