//! The task of the 2-D lab: conditional flow matching of an MLP on a point distribution.

#[cfg(test)]
mod tests;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::{Batches, Purpose, stream};
use super::checkpoint;
use super::clock::Timer;
use super::config::ToyConfig;
use super::engine::{BurnEngine, Engine, EngineState, FusedEngine};
use super::files::{self, CheckpointError};
use super::history::LossPoint;
use super::images::log;
use super::kept::{Archive, Kept};
use super::message::Command;
use super::probe::Probe;
use super::session::Session;
use super::task::{Pace, Task};
use crate::device::{self, DeviceChoice, DeviceInfo, DeviceKind};
use crate::kernel::MlpWeights;

/// Points of the probe, and how often it is read: on this machine and on another.
const PROBE_POINTS: usize = 4096;
const PROBE_EVERY: [u64; 2] = [25, 100];

/// How often the last good state is copied to host memory.
const KEEP_EVERY: Duration = Duration::from_secs(1);

/// The weights at a moment of the training.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Steps done.
    pub step: u64,
    /// The weights to sample with: averaged ones where the run keeps an average.
    pub weights: Arc<MlpWeights>,
    /// The weights at earlier iterations, in order.
    pub kept: Vec<Kept>,
}

/// Where a run begins.
#[derive(Clone, Debug)]
pub enum Start {
    /// Fresh weights from the seed.
    Fresh,
    /// A run folder that was saved before.
    Resume(PathBuf),
}

/// One run of the 2-D lab.
pub struct ToyTask {
    config: ToyConfig,
    engine: Box<dyn Engine>,
    batches: Batches,
    probe: Option<Probe>,
    pace: Pace,
    step: u64,
    drained: u64,
    excess: Option<f32>,
    measured: Vec<(u64, f32)>,
    seconds: f64,
    good: (u64, EngineState),
    kept: Timer,
    log: Vec<LossPoint>,
    /// Rows of the log from before this session, and the time of the last, in seconds.
    earlier: (String, f64),
    archive: Archive,
    /// Moments that are in a folder already.
    archived: Option<(PathBuf, u64)>,
}

impl ToyTask {
    /// Opens the device and builds the model on it.
    ///
    /// # Errors
    /// A full sentence: settings out of range, a device that does not open, a run folder that
    /// cannot be read.
    pub fn new(
        config: ToyConfig,
        start: &Start,
        choice: DeviceChoice,
    ) -> Result<(Self, DeviceInfo), String> {
        config.validate().map_err(|error| error.to_string())?;
        let mut archive = Archive::new(&config);
        let (step, state) = match start {
            Start::Fresh => {
                let mut rng = stream(config.seed, Purpose::Weights, 0);
                let weights = MlpWeights::init(&config.shape(), config.activation, &mut rng);
                let state = EngineState {
                    average: config.ema.map(|_| weights.clone()),
                    weights,
                    moments: None,
                };
                (0, state)
            }
            Start::Resume(folder) => {
                let (saved, step, state) =
                    checkpoint::load_state(folder).map_err(|error| error.to_string())?;
                if saved.shape() != config.shape() || saved.activation != config.activation {
                    return Err(format!(
                        "{}: holds a network {:?} with {}, but {:?} with {} is asked for",
                        folder.display(),
                        saved.shape(),
                        saved.activation,
                        config.shape(),
                        config.activation
                    ));
                }
                let resumed = archive.resume(folder, &config, step).and_then(|()| {
                    let path = folder.join("kept.safetensors");
                    let mut kept = archive.kept().iter();
                    kept.try_for_each(|kept| {
                        let prefix = format!("step.{}.", kept.step);
                        checkpoint::same_shape(&path, &prefix, &kept.weights, &config)
                    })
                });
                resumed.map_err(|error| error.to_string())?;
                (step, state)
            }
        };
        if archive.wants(step) {
            archive.put(step, state.best().clone());
        }
        let (device, info) = device::open(choice).map_err(|error| error.to_string())?;
        let engine: Box<dyn Engine> = match info.kind {
            DeviceKind::Cpu => Box::new(FusedEngine::new(state.clone(), config.ema)),
            _ => Box::new(BurnEngine::new(state.clone(), config.ema, &device)),
        };
        let mut task = Self {
            batches: Batches::start(config.clone(), step),
            probe: Probe::new(&config, PROBE_POINTS),
            engine,
            pace: Pace::on(info.kind),
            step,
            drained: step,
            excess: None,
            measured: Vec::new(),
            seconds: 0.0,
            good: (step, state),
            kept: Timer::start(),
            log: Vec::new(),
            earlier: earlier(start, step),
            archive,
            archived: None,
            config,
        };
        // The first rows of the log have a value too.
        task.measure()?;
        Ok((task, info))
    }

    /// Keeps the weights of these iterations instead of the usual ones.
    pub fn keep(&mut self, steps: Vec<u64>) {
        self.archive.choose(steps);
    }

    fn measure(&mut self) -> Result<(), String> {
        if let Some(probe) = &self.probe {
            let excess = probe.excess(&self.engine.best()?);
            self.measured.push((self.step, excess));
        }
        Ok(())
    }

    /// Back to the last weights that were finite.
    fn restore(&mut self, step: u64, loss: f32) -> String {
        let (good_step, state) = self.good.clone();
        // The device is left alone: sampling needs only the weights in host memory.
        self.engine = Box::new(FusedEngine::new(state, self.config.ema));
        self.pace = Pace::NEAR;
        self.step = good_step;
        self.drained = good_step;
        self.archive.rewind(good_step);
        format!(
            "the loss became {loss} at step {step} with learning rate {}; the weights of step \
             {good_step} are kept. Lower the learning rate and reset.",
            self.config.lr
        )
    }
}

impl Task for ToyTask {
    type Snapshot = Snapshot;

    fn step(&mut self) -> Result<(), String> {
        let batch = self.batches.next()?;
        let started = Instant::now();
        let lr = self
            .config
            .lr_schedule
            .rate(self.config.lr, self.step, self.config.steps);
        self.engine.step(&batch, lr)?;
        self.step += 1;
        self.seconds += started.elapsed().as_secs_f64();
        let probe_every = PROBE_EVERY[usize::from(self.pace.far)];
        if self.step.is_multiple_of(probe_every) || self.step == self.config.steps {
            self.measure()?;
        }
        if self.archive.wants(self.step) {
            self.archive.put(self.step, self.engine.best()?);
        }
        Ok(())
    }

    fn done(&self) -> u64 {
        self.step
    }

    fn total(&self) -> u64 {
        self.config.steps
    }

    fn drain(&mut self) -> Result<Vec<LossPoint>, String> {
        let losses = self.engine.take_losses()?;
        if losses.is_empty() {
            // What is measured by now belongs to the rows that come.
            return Ok(Vec::new());
        }
        let count = losses.len();
        let mut points = Vec::with_capacity(count);
        let mut measured = std::mem::take(&mut self.measured).into_iter().peekable();
        for (i, loss) in losses.into_iter().enumerate() {
            let step = self.drained + 1;
            if !loss.is_finite() {
                return Err(self.restore(step, loss));
            }
            if let Some((_, excess)) = measured.next_if(|(at, _)| *at <= step) {
                self.excess = Some(excess);
            }
            self.drained = step;
            // Steps between two read-backs share the time between them evenly.
            let share = (count - 1 - i) as f64 / count as f64;
            let since = self.log.last().map_or(0.0, |point| point.seconds);
            points.push(LossPoint {
                step,
                loss,
                excess: self.excess,
                seconds: self.seconds - share * (self.seconds - since),
            });
        }
        self.log.extend_from_slice(&points);
        if self.kept.is_over(KEEP_EVERY) || self.step == self.config.steps {
            let state = self.engine.state()?;
            if state.is_finite() {
                self.good = (self.step, state);
            }
            self.kept = Timer::start();
        }
        Ok(points)
    }

    fn snapshot(&mut self) -> Result<Snapshot, String> {
        Ok(Snapshot {
            step: self.step,
            weights: Arc::new(self.engine.best()?),
            kept: self.archive.kept().to_vec(),
        })
    }

    fn publish_every(&self) -> Duration {
        self.pace.publish
    }

    fn set_learning_rate(&mut self, lr: f64) {
        self.config.lr = lr;
    }

    fn floor(&self) -> Option<f64> {
        self.probe.as_ref().map(Probe::floor)
    }

    fn save(&mut self, folder: &Path) -> Result<(), String> {
        // A lost device keeps its weights, and infinite ones cannot be gone on from; those in host
        // memory are some seconds old.
        let (step, state) = match self.engine.state() {
            Ok(state) if state.is_finite() => (self.step, state),
            _ => self.good.clone(),
        };
        let newest = self.archive.kept().last().map_or(0, |kept| kept.step);
        let archived = Some((folder.to_owned(), newest));
        let rows = self.log.partition_point(|point| point.step <= step);
        let saved = files::together(|| {
            checkpoint::save(folder, &self.config, step, &state)?;
            if self.archived != archived {
                self.archive.save(folder)?;
            }
            write_log(folder, &self.earlier, &self.log[..rows])
        });
        saved.map_err(|error: CheckpointError| error.to_string())?;
        self.archived = archived;
        Ok(())
    }
}

/// The rows that a run goes on from, whatever folder it is saved into, and their time.
fn earlier(start: &Start, step: u64) -> (String, f64) {
    match start {
        Start::Fresh => (String::new(), 0.0),
        // A folder may have lost its losses and still be whole.
        Start::Resume(folder) => {
            let log = fs::read_to_string(folder.join("log.csv")).unwrap_or_default();
            log::earlier(&log, step + 1, 3)
        }
    }
}

/// Writes `log.csv`: the rows of before this session, then its own.
fn write_log(
    folder: &Path,
    (earlier, offset): &(String, f64),
    log: &[LossPoint],
) -> Result<(), CheckpointError> {
    let path = folder.join("log.csv");
    let fail = |error| files::io_error(&path, error);
    let mut bytes = format!("step,loss,excess,seconds\n{earlier}").into_bytes();
    for point in log {
        let excess = point.excess.map_or("nan".to_owned(), |e| e.to_string());
        let seconds = point.seconds + offset;
        writeln!(bytes, "{},{},{excess},{seconds:.3}", point.step, point.loss).map_err(fail)?;
    }
    files::write_atomically(&path, &bytes)
}

impl Session<Snapshot> {
    /// Starts a run of the 2-D lab on a thread of its own.
    pub fn toy(
        config: ToyConfig,
        start: Start,
        device: DeviceChoice,
        paused: bool,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self::toy_keeping(config, start, device, paused, None, wake)
    }

    /// Like [`Self::toy`], keeping the weights of chosen iterations.
    pub fn toy_keeping(
        config: ToyConfig,
        start: Start,
        device: DeviceChoice,
        paused: bool,
        keep: Option<Vec<u64>>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let make = move || {
            let (mut task, info) = ToyTask::new(config, &start, device)?;
            if let Some(steps) = keep {
                task.keep(steps);
            }
            Ok((task, info))
        };
        let session = Self::spawn(make, wake);
        if !paused {
            session.send(Command::Run);
        }
        session
    }
}
