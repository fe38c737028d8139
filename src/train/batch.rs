//! Training batches, made on the host from a seeded stream and always one ahead of the step.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::config::ToyConfig;
use super::mistake::Mistake;
use crate::data::Source;
use crate::flow::coupling::Coupling;
use crate::flow::path::ProbPath;

/// One batch of conditional flow matching.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Source points, `[batch, 2]`.
    pub x0: Vec<f32>,
    /// The data points that they are paired with, `[batch, 2]`.
    pub x1: Vec<f32>,
    /// `x_t = α_t x1 + σ_t x0`, `[batch, 2]`.
    pub xt: Vec<f32>,
    /// Times, `[batch]`.
    pub t: Vec<f32>,
    /// The regression target `α'_t x1 + σ'_t x0`, `[batch, 2]`.
    pub dxt: Vec<f32>,
    /// What loss and gradient are multiplied by: 1 where nothing is done wrong.
    pub loss_scale: f32,
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
pub enum Purpose {
    /// Initial weights.
    Weights = 0,
    /// The batch of a step.
    Batch = 1,
    /// Points that the excess loss is measured on.
    Probe = 2,
    /// Starting points of samples.
    Noise = 3,
}

impl Batch {
    /// Draws the batch of step `index`: x0 from the source, x1 from the dataset, paired by the
    /// coupling, t from the time law; then the configured mistake is made.
    pub fn draw(config: &ToyConfig, index: u64) -> Self {
        Self::draw_from(config, &mut stream(config.seed, Purpose::Batch, index))
    }

    /// Draws a batch of the configured size from a generator.
    pub fn draw_from(config: &ToyConfig, rng: &mut ChaCha8Rng) -> Self {
        let n = config.batch;
        let mut x1 = vec![0.0; 2 * n];
        config.dataset.sample_into(rng, &mut x1);
        let mut x0 = vec![0.0; 2 * n];
        config.source.sample_into(rng, &mut x0);
        if config.coupling != Coupling::Independent {
            let partners = pair(config.coupling, &x0, &x1, rng);
            x1 = partners
                .into_iter()
                .flat_map(|j| [x1[2 * j], x1[2 * j + 1]])
                .collect();
        }
        let mut t = vec![0.0; n];
        let t_max = config.path.t_max() as f32;
        config.time.draw(rng, t_max, &mut t);
        let (mut xt, mut dxt) = (vec![0.0; 2 * n], vec![0.0; 2 * n]);
        ProbPath::new(config.path).sample_into(&x0, &x1, &t, &mut xt, &mut dxt);
        let mut batch = Self {
            x0,
            x1,
            xt,
            t,
            dxt,
            loss_scale: config.mistake.loss_scale(n),
        };
        batch.spoil(config, rng);
        batch
    }

    /// Makes the configured mistake.
    fn spoil(&mut self, config: &ToyConfig, rng: &mut ChaCha8Rng) {
        match config.mistake {
            Mistake::None | Mistake::SummedLoss => {}
            Mistake::X1ForXt => self.xt.clone_from(&self.x1),
            Mistake::SignFlip => {
                for v in &mut self.dxt {
                    *v = -*v;
                }
            }
            Mistake::NoTime => {
                for t in &mut self.t {
                    *t = rng.random();
                }
            }
            Mistake::WrongSigma => {
                for i in 0..self.t.len() {
                    let alpha = config.path.at(self.t[i]).alpha;
                    for j in [2 * i, 2 * i + 1] {
                        self.xt[j] = alpha * self.x1[j] + (1.0 - alpha * alpha) * self.x0[j];
                    }
                }
            }
        }
    }
}

/// [`Coupling::pair`] with the groups spread over all threads, each with a stream of its own, so
/// that the result does not depend on their number.
fn pair(coupling: Coupling, x0: &[f32], x1: &[f32], rng: &mut impl Rng) -> Vec<usize> {
    let group = coupling.group().unwrap_or(1);
    let seed = rng.random();
    x0.par_chunks(2 * group)
        .zip(x1.par_chunks(2 * group))
        .enumerate()
        .flat_map_iter(|(k, (x0, x1))| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(k as u64);
            let within = coupling.pair(x0, x1, &mut rng);
            within.into_iter().map(move |j| k * group + j)
        })
        .collect()
}

/// `n` points of N(0, I), `[n, 2]`: the noise of a seed, the same in every view.
pub fn noise(seed: u64, n: usize) -> Vec<f32> {
    noise_from(&Source::Gaussian, seed, n)
}

/// `n` points of a source, `[n, 2]`: where the particles of a seed start.
pub fn noise_from(source: &Source, seed: u64, n: usize) -> Vec<f32> {
    let mut points = vec![0.0; 2 * n];
    source.sample_into(&mut stream(seed, Purpose::Noise, 0), &mut points);
    points
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
