//! Weights kept at chosen iterations, so that a run can be looked at as it was while it learned.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::config::ToyConfig;
use super::files::{CheckpointError, content, read_capped};
use super::history::{self, LossPoint};
use super::tensors::{Number, Tensors, push_mlp, write_tensors_of};
use crate::kernel::{Activation, MlpWeights};

/// Iterations that seed 003 shows in its fifth figure.
pub const FIGURE: [u64; 4] = [0, 2000, 4000, 5000];
/// Moments kept of one run at most.
pub const MOST: usize = 24;
/// Memory for the moments of one run, in bytes.
const MEMORY: usize = 48 << 20;
/// The file in a run folder.
const FILE: &str = "kept.safetensors";

/// The weights after some optimiser steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Optimiser steps done.
    pub step: u64,
    /// The weights to sample with.
    pub weights: Arc<MlpWeights>,
}

/// Iterations to keep of a run of `total` steps whose weights take `bytes`: 0, then 1, 2, 3, 5, 7
/// times each power of ten from 10 on, those of seed 003's figure, and the last.
pub fn schedule(total: u64, bytes: usize) -> Vec<u64> {
    let mut steps = BTreeSet::from(FIGURE);
    let mut decade = 10_u64;
    while decade <= total {
        steps.extend([1, 2, 3, 5, 7].map(|m| decade.saturating_mul(m)));
        match decade.checked_mul(10) {
            Some(next) => decade = next,
            None => break,
        }
    }
    // The last step tells nothing new right after another kept one.
    let mut steps: Vec<u64> = steps.into_iter().filter(|step| *step <= total).collect();
    if steps.last().is_none_or(|last| total - last > total / 50) {
        steps.push(total);
    }
    thinned(steps, (MEMORY / bytes.max(1)).clamp(2, MOST))
}

/// At most `most` of the steps, evenly chosen, the first and the last among them.
fn thinned(steps: Vec<u64>, most: usize) -> Vec<u64> {
    let n = steps.len();
    if n <= most {
        return steps;
    }
    (0..most)
        .map(|i| steps[(i * (n - 1) + (most - 1) / 2) / (most - 1)])
        .collect()
}

/// The moments of one run so far.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    wanted: Vec<u64>,
    kept: Vec<Kept>,
}

impl Archive {
    /// Wants the steps of [`schedule`].
    pub fn new(config: &ToyConfig) -> Self {
        let shape = config.shape();
        let numbers: usize = shape.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
        Self {
            wanted: schedule(config.steps, 4 * numbers),
            kept: Vec::new(),
        }
    }

    /// Wants these steps instead.
    pub fn choose(&mut self, mut steps: Vec<u64>) {
        steps.sort_unstable();
        steps.dedup();
        self.kept
            .retain(|kept| steps.binary_search(&kept.step).is_ok());
        self.wanted = steps;
    }

    /// Whether the weights after `step` steps are wanted and not there yet.
    pub fn wants(&self, step: u64) -> bool {
        self.wanted.binary_search(&step).is_ok()
            && self.kept.last().is_none_or(|kept| kept.step < step)
    }

    /// Keeps weights; those that are not finite are left out.
    pub fn put(&mut self, step: u64, weights: MlpWeights) {
        if weights.is_finite() {
            let weights = Arc::new(weights);
            self.kept.push(Kept { step, weights });
        }
    }

    /// Goes back to `step`, in a run that diverged or goes on from a folder.
    pub fn rewind(&mut self, step: u64) {
        self.kept.retain(|kept| kept.step <= step);
    }

    /// All moments, in order.
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// Writes the moments into a run folder, in half precision.
    ///
    /// # Errors
    /// Names the file that could not be written.
    pub fn save(&self, folder: &Path) -> Result<(), CheckpointError> {
        let mut tensors = Vec::new();
        for kept in &self.kept {
            push_mlp(
                &mut tensors,
                &prefix(kept.step),
                &kept.weights,
                Number::Half,
            );
        }
        let steps: Vec<String> = self.kept.iter().map(|k| k.step.to_string()).collect();
        let last = self.kept.last().map_or(0, |kept| kept.step);
        let more = [("kept".to_owned(), steps.join(","))];
        write_tensors_of(&folder.join(FILE), tensors, Number::Half, last, more)
    }

    /// Takes over the moments of a run folder, up to a step.
    ///
    /// # Errors
    /// Names the file and the tensor at fault; a missing file is no error.
    pub fn resume(
        &mut self,
        folder: &Path,
        config: &ToyConfig,
        step: u64,
    ) -> Result<(), CheckpointError> {
        self.kept = load(folder, config)?;
        self.rewind(step);
        self.kept.truncate(MOST);
        Ok(())
    }
}

fn prefix(step: u64) -> String {
    format!("step.{step}.")
}

/// The moments of a run folder; none where it has no such file.
///
/// # Errors
/// Names the file and the tensor at fault.
pub fn load(folder: &Path, config: &ToyConfig) -> Result<Vec<Kept>, CheckpointError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    parse(&path, &read_capped(&path)?, config.activation)
}

fn parse(path: &Path, bytes: &[u8], activation: Activation) -> Result<Vec<Kept>, CheckpointError> {
    let tensors = Tensors::parse(path, bytes)?;
    let mut kept: Vec<Kept> = Vec::new();
    for text in tensors.text("kept").split(',').filter(|t| !t.is_empty()) {
        let step: u64 = text
            .parse()
            .map_err(|_| content(path, format!("kept: `{text}` is not an iteration")))?;
        if kept.last().is_some_and(|last| last.step >= step) {
            return Err(content(path, format!("kept: {step} is out of order")));
        }
        let weights = Arc::new(tensors.mlp(&prefix(step), activation)?);
        kept.push(Kept { step, weights });
    }
    Ok(kept)
}

/// A run whose moments come with the program.
pub struct Film {
    /// How it was trained.
    pub config: ToyConfig,
    /// Its moments.
    pub kept: Vec<Kept>,
    /// Its losses.
    pub log: Vec<LossPoint>,
}

impl Film {
    /// Seed 003's run, kept at 0, 10, 20, …, 5000 iterations (`assets/weights/README.md`).
    ///
    /// # Errors
    /// Names the file, should one in the binary be damaged.
    pub fn pretrained() -> Result<Self, CheckpointError> {
        let path = Path::new("builtin:learning");
        let wrong = |error: &dyn std::fmt::Display| content(path, error.to_string());
        let config = include_bytes!("../../assets/weights/learning/config.json");
        let config: ToyConfig = serde_json::from_slice(config).map_err(|e| wrong(&e))?;
        let kept = include_bytes!("../../assets/weights/learning/kept.safetensors");
        let log: &[u8] = include_bytes!("../../assets/weights/learning/log.csv.gz");
        let mut text = String::new();
        flate2::read::GzDecoder::new(log)
            .read_to_string(&mut text)
            .map_err(|e| wrong(&e))?;
        Ok(Self {
            kept: parse(path, kept, config.activation)?,
            log: history::parse_log(&text),
            config,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_logarithmic_and_holds_the_figure_of_seed_003() {
        let steps = schedule(5001, 201_224);
        assert_eq!(
            steps,
            [
                0, 10, 20, 30, 50, 70, 100, 200, 300, 500, 700, 1000, 2000, 3000, 4000, 5000
            ]
        );
        assert_eq!(schedule(5, 1), [0, 5]);
        assert_eq!(schedule(1, 1), [0, 1]);
        assert_eq!(*schedule(25_000, 1).last().unwrap(), 25_000);
    }

    #[test]
    fn memory_is_bounded_whatever_the_network_and_the_length() {
        for total in [1, 40, 5001, 1_000_000, u64::MAX] {
            for bytes in [0, 200_000, 3_200_000, 2_000_000_000] {
                let steps = schedule(total, bytes);
                assert!((2..=MOST).contains(&steps.len()), "{total} {bytes}");
                assert!(steps.len() == 2 || steps.len() * bytes <= MEMORY);
                assert!(steps.windows(2).all(|pair| pair[0] < pair[1]));
                assert_eq!(steps[0], 0);
                assert!(total - steps.last().unwrap() <= total / 50);
            }
        }
    }

    #[test]
    fn an_archive_keeps_each_wanted_moment_once_and_comes_back_from_its_file() {
        let config = ToyConfig {
            hidden: 8,
            layers: 2,
            steps: 40,
            ..ToyConfig::default()
        };
        let weights = |value: f32| {
            let mut rng = super::super::batch::stream(0, super::super::batch::Purpose::Weights, 0);
            let mut weights = MlpWeights::init(&config.shape(), config.activation, &mut rng);
            weights.layers[0].bias[0] = value;
            weights
        };
        let mut archive = Archive::new(&config);
        for step in 0..=40 {
            if archive.wants(step) {
                archive.put(step, weights(step as f32));
            }
            assert!(!archive.wants(step));
        }
        let steps: Vec<u64> = archive.kept().iter().map(|kept| kept.step).collect();
        assert_eq!(steps, [0, 10, 20, 30, 40]);
        archive.put(41, weights(f32::NAN));
        assert_eq!(archive.kept().len(), 5);
        let folder = tempfile::tempdir().unwrap();
        archive.save(folder.path()).unwrap();
        let loaded = load(folder.path(), &config).unwrap();
        assert_eq!(loaded.len(), 5);
        assert_eq!(loaded[3].weights.layers[0].bias[0], 30.0);
        archive.rewind(25);
        assert_eq!(archive.kept().len(), 3);
        assert!(archive.wants(30));
        archive.choose(vec![20, 0, 20]);
        let steps: Vec<u64> = archive.kept().iter().map(|kept| kept.step).collect();
        assert_eq!(steps, [0, 20]);
    }

    #[test]
    fn the_pretrained_film_begins_untrained_and_ends_low() {
        let film = Film::pretrained().unwrap();
        let steps: Vec<u64> = film.kept.iter().map(|kept| kept.step).collect();
        assert!(FIGURE.iter().all(|step| steps.contains(step)), "{steps:?}");
        let mut measured = film.log.iter().filter_map(|point| point.excess);
        let first = measured.next().unwrap();
        assert!(measured.next_back().unwrap() < 0.1 * first);
    }
}
