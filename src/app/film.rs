//! The moments of a training as moving pictures: the same noise through the weights of each kept
//! iteration, made on a thread of its own and kept until the noise or the run changes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::background::{Background, Job};
use super::run::RunId;
use super::sampler::{Sampled, Shots};
use crate::train::{Kept, ToyConfig};

/// Particles of one moment: enough to see the cells, few enough for two dozen moments.
const PARTICLES: usize = 4000;
/// Euler steps, each of which is a frame. 24 moments take 37 MiB.
const STEPS: usize = 48;

/// Whose moments are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FilmOf {
    /// The run that comes with the program.
    Pretrained,
    /// A run of this window.
    Run(RunId),
}

/// One moment.
#[derive(Clone)]
pub struct Shot {
    kept: Kept,
    /// The particles' way from t = 0 to t = 1.
    pub picture: Arc<Sampled>,
}

/// The moments that are ready, in the order of the iterations.
#[derive(Clone, Default)]
pub struct Reel {
    shots: Vec<Shot>,
    of: Option<(FilmOf, u64)>,
}

impl Reel {
    /// The moment of an iteration, once it is ready.
    pub fn at(&self, step: u64) -> Option<&Shot> {
        self.shots.iter().find(|shot| shot.kept.step == step)
    }
}

/// Makes the moments.
pub struct Projector {
    work: Background<(FilmOf, u64, Vec<u64>), Reel>,
}

impl Projector {
    /// Works on a thread of its own.
    pub fn new(work: Background<(FilmOf, u64, Vec<u64>), Reel>) -> Self {
        Self { work }
    }

    /// Asks for every moment of a run from the noise of a seed, the `first` one first. Moments
    /// that are there already are not made again.
    pub fn ask(&mut self, of: FilmOf, config: &ToyConfig, kept: &[Kept], noise: u64, first: u64) {
        let steps = kept.iter().map(|kept| kept.step).collect();
        let known = self
            .reel()
            .filter(|reel| reel.of == Some((of, noise)))
            .map_or(Vec::new(), |reel| reel.shots.clone());
        let (config, kept) = (config.clone(), kept.to_vec());
        self.work.ask((of, noise, steps), move |job| {
            let mut reel = Reel {
                shots: known,
                of: Some((of, noise)),
            };
            develop(&mut reel, &config, &kept, noise, first, job);
        });
    }

    /// What is ready; never waits.
    pub fn reel(&self) -> Option<Arc<Reel>> {
        self.work.value()
    }

    /// Whether moments are being made.
    pub fn is_busy(&self) -> bool {
        self.work.is_busy()
    }
}

fn develop(
    reel: &mut Reel,
    config: &ToyConfig,
    kept: &[Kept],
    noise: u64,
    first: u64,
    job: &Job<'_, Reel>,
) {
    let shots = Shots::new(config, noise, PARTICLES, STEPS);
    let wanted = |shot: &Shot| {
        kept.iter()
            .any(|k| Arc::ptr_eq(&k.weights, &shot.kept.weights))
    };
    reel.shots.retain(wanted);
    // The one on the stage, then the ends, then coarse to fine.
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by_key(|&i| {
        let end = i == 0 || i + 1 == kept.len();
        (kept[i].step != first, !end, i.reverse_bits())
    });
    for i in order {
        let known = reel.at(kept[i].step).is_some();
        if !known {
            let kept = kept[i].clone();
            let Some(picture) = shots.take(&kept.weights, kept.step, job.cancel, job.pool) else {
                return;
            };
            let picture = Arc::new(picture);
            reel.shots.push(Shot { kept, picture });
            reel.shots.sort_by_key(|shot| shot.kept.step);
        }
        job.show(reel.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::MlpWeights;
    use crate::train::batch::{Purpose, stream};

    #[test]
    fn every_moment_is_made_once_from_the_same_noise() {
        let config = ToyConfig {
            hidden: 8,
            layers: 1,
            ..ToyConfig::default()
        };
        let kept: Vec<Kept> = (0..4)
            .map(|seed| Kept {
                step: 10 * seed,
                weights: Arc::new(MlpWeights::init(
                    &config.shape(),
                    config.activation,
                    &mut stream(seed, Purpose::Weights, 0),
                )),
            })
            .collect();
        let mut projector = Projector::new(Background::new(|| {}));
        let wait = |projector: &Projector, n: usize| {
            while projector.reel().is_none_or(|reel| reel.shots.len() < n) || projector.is_busy() {
                std::thread::yield_now();
            }
            projector.reel().unwrap()
        };
        projector.ask(FilmOf::Pretrained, &config, &kept[..2], 1, 0);
        let before = wait(&projector, 2);
        projector.ask(FilmOf::Pretrained, &config, &kept, 1, 0);
        let after = wait(&projector, 4);
        let steps: Vec<u64> = after.shots.iter().map(|shot| shot.kept.step).collect();
        assert_eq!(steps, [0, 10, 20, 30]);
        let [old, new] = [&before, &after].map(|reel| &reel.at(10).unwrap().picture);
        assert!(Arc::ptr_eq(old, new), "it was made twice");
        let [a, b] = [0, 30].map(|step| &after.at(step).unwrap().picture.frames.points);
        assert_eq!(a[..2 * PARTICLES], b[..2 * PARTICLES], "the same noise");
        assert_ne!(a[2 * STEPS * PARTICLES..], b[2 * STEPS * PARTICLES..]);
    }
}
