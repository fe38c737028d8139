//! The right thing and a known mistake, trained side by side from the same seed in seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::background::Background;
use super::lesson::Lab;
use super::run::{Run, Wake};
use super::sampler::{Sampled, Shots};
use crate::device::DeviceChoice;
use crate::kernel::MlpWeights;
use crate::train::mistake::Mistake;
use crate::train::{Command, LrSchedule, ToyConfig};

/// Steps that one of the two may be ahead: they share the processor evenly.
const LEAD: u64 = 40;
/// Time between two pictures while they train.
const PAUSE: Duration = Duration::from_millis(350);
/// Particles, and Euler steps, each of which is a frame.
const PARTICLES: usize = 4000;
const STEPS: usize = 48;

/// The settings of the right run: small enough to be trained while somebody looks on.
pub fn config(seed: u64) -> ToyConfig {
    ToyConfig {
        hidden: 128,
        layers: 3,
        batch: 1024,
        steps: 3000,
        lr: 5e-3,
        lr_schedule: LrSchedule::Cosine,
        seed,
        ..ToyConfig::default()
    }
}

/// Both runs.
pub struct Pair {
    /// The right one and the wrong one.
    pub runs: [Run; 2],
    wanted: bool,
    version: u64,
}

impl Pair {
    /// Starts both, on the processor: networks this small are not faster elsewhere.
    pub fn start(mistake: Mistake, seed: u64, wake: &Wake) -> Self {
        let run = |mistake| {
            let config = ToyConfig {
                mistake,
                ..config(seed)
            };
            Run::start(config, DeviceChoice::Cpu, Arc::clone(wake))
        };
        let mut pair = Self {
            runs: [run(Mistake::None), run(mistake)],
            wanted: true,
            version: 0,
        };
        pair.keep_even();
        pair
    }

    /// Whether they train.
    pub fn is_running(&self) -> bool {
        self.wanted && !self.is_over()
    }

    /// Whether both have come to their end.
    pub fn is_over(&self) -> bool {
        self.runs.iter().all(Run::is_over)
    }

    /// Pauses both, or goes on.
    pub fn toggle(&mut self) {
        self.wanted = !self.wanted;
        self.keep_even();
    }

    /// Takes what the threads have sent; never waits. Failures come back as sentences.
    pub fn drain(&mut self) -> Vec<String> {
        let mut failures = Vec::new();
        for run in &mut self.runs {
            let news = run.drain();
            self.version += u64::from(news.weights);
            failures.extend(news.failures);
        }
        self.keep_even();
        failures
    }

    /// The one that is ahead waits for the other.
    fn keep_even(&mut self) {
        let places = self.runs.each_ref().map(|run| (run.step, run.is_over()));
        for (i, run) in self.runs.iter_mut().enumerate() {
            let (other, over) = places[1 - i];
            let ahead = !over && run.step > other + LEAD;
            let go = self.wanted && !ahead;
            if go != run.is_running() && !run.is_over() {
                run.tell(if go { Command::Run } else { Command::Pause });
            }
        }
    }
}

/// The particles of both.
pub struct Both {
    /// The right ones and the wrong ones.
    pub pictures: [Arc<Sampled>; 2],
}

/// Moves the particles of both from the same noise.
pub struct Screen {
    work: Background<(u64, u64, u64), Both>,
    asked: Option<Instant>,
    starts: u64,
}

impl Screen {
    /// Works on a thread of its own.
    pub fn new(lab: &Lab) -> Self {
        Self {
            work: lab.background(),
            asked: None,
            starts: 0,
        }
    }

    /// The next pair is another one, even if its weights have the same number.
    pub fn begin(&mut self) {
        self.starts += 1;
    }

    /// Asks for the newest weights of both, not more often than training can bear.
    pub fn ask(&mut self, pair: &Pair, noise: u64) {
        let soon = self.asked.is_some_and(|at| at.elapsed() < PAUSE);
        if self.work.is_busy() || (soon && pair.is_running()) {
            return;
        }
        let [Some(right), Some(wrong)] = pair.runs.each_ref().map(Run::snapshot) else {
            return;
        };
        let weights = [right, wrong].map(|snapshot| Arc::clone(&snapshot.weights));
        let config = pair.runs[0].config.clone();
        self.asked = Some(Instant::now());
        self.work
            .ask((self.starts, pair.version, noise), move |job| {
                let shots = Shots::new(&config, noise, PARTICLES, STEPS);
                let [right, wrong] = weights;
                let picture = |weights: &Arc<MlpWeights>| {
                    let sampled = shots.take(weights, 0, job.cancel, job.pool);
                    sampled.map(Arc::new)
                };
                if let (Some(right), Some(wrong)) = (picture(&right), picture(&wrong)) {
                    job.show(Both {
                        pictures: [right, wrong],
                    });
                }
            });
    }

    /// The newest pictures; never waits.
    pub fn both(&self) -> Option<Arc<Both>> {
        self.work.value()
    }

    /// Whether pictures are being made.
    pub fn is_busy(&self) -> bool {
        self.work.is_busy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(pair: &mut Pair, done: impl Fn(&Pair) -> bool) {
        let end = Instant::now() + Duration::from_secs(120);
        while !done(pair) {
            assert!(Instant::now() < end, "it takes too long");
            assert_eq!(pair.drain(), Vec::<String>::new());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn both_train_evenly_and_pause_together() {
        let wake: Wake = Arc::new(|| {});
        let mut pair = Pair::start(Mistake::SignFlip, 3, &wake);
        wait(&mut pair, |pair| pair.runs.iter().all(|run| run.step >= 50));
        let [right, wrong] = pair.runs.each_ref().map(|run| run.step);
        // A run reports some thirty times a second, so it may be a little further than told.
        assert!(right.abs_diff(wrong) < 400, "{right} and {wrong}");
        pair.toggle();
        assert!(!pair.is_running() && !pair.runs.iter().any(Run::is_running));
        let config = pair.runs.each_ref().map(|run| run.config.clone());
        assert_eq!(config[0].mistake, Mistake::None);
        assert_eq!(config[1].mistake, Mistake::SignFlip);
        assert_eq!(config[0].seed, config[1].seed);
        pair.toggle();
        assert!(pair.is_running());
    }
}
