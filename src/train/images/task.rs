//! What the image tasks have in common: epochs, losses, samples, saving, going on.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Device;

use super::config::ImageConfig;
use super::engine::{Engine, EngineState};
use super::log::{self, Row};
use super::order::Order;
use super::params;
pub use super::problem::{Measured, Problem};
use super::sheet::Sheet;
use super::store::{self, SavedModel};
use crate::device::{self, DeviceChoice, DeviceInfo, DeviceKind};
use crate::train::clock::Timer;
use crate::train::files::{self, CheckpointError};
use crate::train::history::LossPoint;
use crate::train::task::{Pace, Task};
use crate::train::toy::Start;

/// How often the last good state is copied to host memory.
const KEEP_EVERY: Duration = Duration::from_secs(10);
/// How often the weights are handed to the window within an epoch: on this machine, and on
/// another, from which some 20 MB come each time.
const SHOW_EVERY: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(30)];
/// A state of millions of numbers is not written every few steps.
const SAVE_EVERY: Duration = Duration::from_secs(30);

/// What a window shows of a run at a moment.
#[derive(Clone, Debug)]
pub struct ImageSnapshot {
    /// Steps done.
    pub step: u64,
    /// Steps of one epoch.
    pub steps_per_epoch: u64,
    /// The newest loss and its parts.
    pub last: Option<Row>,
    /// The film strip: one sheet for each finished epoch of this session.
    pub sheets: Arc<Vec<Arc<Sheet>>>,
    /// The model of a few seconds ago at most.
    pub model: Arc<SavedModel>,
}

/// One run of the image lab.
pub struct ImageTask<P: Problem> {
    problem: P,
    engine: Engine<P::Model>,
    order: Order,
    device: Device,
    info: DeviceInfo,
    total: u64,
    step: u64,
    drained: u64,
    seconds: f64,
    rows: Vec<Row>,
    pending: Vec<LossPoint>,
    sheets: Arc<Vec<Arc<Sheet>>>,
    model: Arc<SavedModel>,
    notes: Vec<String>,
    save_due: bool,
    failure: Option<String>,
    lr: Option<f64>,
    good: EngineState,
    kept: Timer,
    shown: Timer,
}

impl<P: Problem> ImageTask<P> {
    /// Opens the device, prepares the data and builds the model.
    ///
    /// # Errors
    /// A full sentence: settings out of range, a data set or run folder that cannot be read.
    pub fn new(
        config: ImageConfig,
        start: &Start,
        choice: DeviceChoice,
    ) -> Result<(Self, DeviceInfo), String> {
        config.validate().map_err(|error| error.to_string())?;
        let schedule = config.schedule().clone();
        let (device, info) = device::open(choice).map_err(|error| error.to_string())?;
        let mut notes = Vec::new();
        let mut problem = P::new(config, &device, &mut notes)?;
        let order = Order::new(schedule.seed, problem.images(), schedule.batch)?;
        let state = match start {
            Start::Fresh => {
                let fresh = params::fresh(schedule.seed, |device| problem.init(device))?;
                let weights = problem.first(params::collect(&fresh)?)?;
                EngineState {
                    step: 0,
                    average: schedule.ema.map(|_| weights.clone()),
                    moments: None,
                    weights,
                }
            }
            Start::Resume(folder) => {
                let state = store::load_state(folder).map_err(|error| error.to_string())?;
                let saved = SavedModel::load(&folder.to_string_lossy());
                problem.recall(&saved.map_err(|error| error.to_string())?)?;
                state.1
            }
        };
        let mut task = Self {
            engine: engine(&problem, state.clone(), &device, &info)?,
            total: schedule.epochs * order.steps_per_epoch(),
            step: state.step,
            drained: state.step,
            seconds: 0.0,
            rows: Vec::new(),
            pending: Vec::new(),
            sheets: Arc::default(),
            model: Arc::new(saved(&problem, &state)),
            notes,
            save_due: false,
            failure: None,
            lr: None,
            good: state,
            kept: Timer::start(),
            shown: Timer::start(),
            problem,
            order,
            device,
            info: info.clone(),
        };
        if task.step >= task.total {
            // A finished run that is opened again shows what it can do.
            task.end_of_epoch()?;
        }
        Ok((task, info))
    }

    fn end_of_epoch(&mut self) -> Result<(), String> {
        let epoch = self.step / self.order.steps_per_epoch();
        let best = self.engine.best()?;
        let measured = self.problem.measure(&best, self.step >= self.total)?;
        let since = self.step.saturating_sub(self.order.steps_per_epoch());
        let rows = self.rows.iter().filter(|row| row.step > since);
        let (sum, count) = rows.fold((0.0, 0_u32), |(sum, n), row| {
            (sum + f64::from(row.values[0]), n + 1)
        });
        if count > 0 {
            let mean = sum / f64::from(count);
            let mut note = format!("epoch {epoch}: mean loss {mean:.4}");
            if !measured.text.is_empty() {
                note = format!("{note}, {}", measured.text);
            }
            self.notes.push(format!("{note}, {:.0} s", self.seconds));
        }
        if let Some((images, columns)) = measured.images {
            let sheet = Arc::new(Sheet {
                epoch,
                columns,
                images,
            });
            Arc::make_mut(&mut self.sheets).push(sheet);
        }
        self.model = Arc::new(saved(&self.problem, &self.engine.state()?));
        self.save_due = true;
        Ok(())
    }

    /// Takes the losses from the device into the log.
    fn read_losses(&mut self) -> Result<(), String> {
        let losses = self.engine.take_losses()?;
        let count = losses.len();
        for (i, values) in losses.into_iter().enumerate() {
            let step = self.drained + 1;
            if let Some(bad) = values.iter().find(|value| !value.is_finite()) {
                return Err(self.restore(step, *bad));
            }
            self.drained = step;
            // Steps between two read-backs share the time between them evenly.
            let share = (count - 1 - i) as f64 / count as f64;
            let since = self.rows.last().map_or(0.0, |row| row.seconds);
            let seconds = self.seconds - share * (self.seconds - since);
            self.pending.push(LossPoint {
                step,
                loss: values[0],
                excess: None,
                seconds,
            });
            let epoch = (step - 1) / self.order.steps_per_epoch() + 1;
            self.rows.push(Row {
                step,
                epoch,
                values,
                seconds,
            });
        }
        Ok(())
    }

    /// Back to the last weights that were finite.
    fn restore(&mut self, step: u64, loss: f32) -> String {
        let good = self.good.clone();
        let sentence = format!(
            "the loss became {loss} at step {step} with learning rate {}; the weights of step {} \
             are kept. Lower the learning rate and reset.",
            self.lr.unwrap_or(self.problem.config().schedule().lr),
            good.step
        );
        match engine(&self.problem, good.clone(), &self.device, &self.info) {
            Ok(engine) => self.engine = engine,
            Err(error) => return format!("{sentence} ({error})"),
        }
        self.step = good.step;
        self.drained = good.step;
        self.rows.retain(|row| row.step <= good.step);
        self.model = Arc::new(saved(&self.problem, &good));
        sentence
    }
}

impl<P: Problem> Task for ImageTask<P> {
    type Snapshot = ImageSnapshot;

    fn step(&mut self) -> Result<(), String> {
        let started = Instant::now();
        let mut schedule = self.problem.config().schedule().clone();
        if let Some(lr) = self.lr {
            schedule.lr = lr;
        }
        let lr = schedule.rate(self.step, self.total);
        let batch = self.order.batch(self.step);
        let autodiff = self.device.clone().autodiff();
        let (problem, step) = (&self.problem, self.step);
        self.engine
            .step(lr, |model| problem.loss(model, batch, step, &autodiff));
        self.step += 1;
        self.seconds += started.elapsed().as_secs_f64();
        if self.step.is_multiple_of(self.order.steps_per_epoch()) {
            match self.read_losses() {
                Ok(()) => self.end_of_epoch()?,
                // Told by the next read-back, so that the good weights are shown and saved.
                Err(sentence) => self.failure = Some(sentence),
            }
        }
        Ok(())
    }

    fn done(&self) -> u64 {
        self.step
    }

    fn total(&self) -> u64 {
        self.total
    }

    fn drain(&mut self) -> Result<Vec<LossPoint>, String> {
        if let Some(sentence) = self.failure.take() {
            return Err(sentence);
        }
        self.read_losses()?;
        if self.kept.is_over(KEEP_EVERY) {
            let state = self.engine.state()?;
            if state.is_finite() {
                self.good = state;
            }
            self.kept = Timer::start();
        }
        Ok(std::mem::take(&mut self.pending))
    }

    fn snapshot(&mut self) -> Result<ImageSnapshot, String> {
        let show_every = SHOW_EVERY[usize::from(Pace::on(self.info.kind).far)];
        if self.step > self.model.step && self.shown.is_over(show_every) {
            self.model = Arc::new(saved(&self.problem, &self.engine.state()?));
            self.shown = Timer::start();
        }
        Ok(ImageSnapshot {
            step: self.step,
            steps_per_epoch: self.order.steps_per_epoch(),
            last: self.rows.last().cloned(),
            sheets: Arc::clone(&self.sheets),
            model: Arc::clone(&self.model),
        })
    }

    fn publish_every(&self) -> Duration {
        Pace::on(self.info.kind).publish
    }

    fn set_learning_rate(&mut self, lr: f64) {
        self.lr = Some(lr);
    }

    fn floor(&self) -> Option<f64> {
        None
    }

    fn save(&mut self, folder: &Path) -> Result<(), String> {
        // A lost device keeps its weights, and infinite ones cannot be gone on from; those in host
        // memory are some seconds old.
        let state = match self.engine.state() {
            Ok(state) if state.is_finite() => state,
            _ => self.good.clone(),
        };
        let tell = |error: CheckpointError| error.to_string();
        saved(&self.problem, &state)
            .write(folder, false)
            .map_err(tell)?;
        self.problem.write_companions(folder).map_err(tell)?;
        let samples = folder.join("samples");
        for sheet in self.sheets.iter() {
            let path = samples.join(format!("epoch-{:04}.png", sheet.epoch));
            std::fs::create_dir_all(&samples)
                .map_err(|error| format!("{}: {error}", samples.display()))?;
            // A sheet does not change after its epoch, but a run may be replaced by another.
            let png = sheet.png()?;
            if std::fs::read(&path).is_ok_and(|old| old == png) {
                continue;
            }
            files::write_atomically(&path, &png).map_err(tell)?;
        }
        let parts = self.problem.parts();
        log::write(&folder.join("log.csv"), parts, state.step, &self.rows).map_err(tell)?;
        // The state comes last: after a stop in between, an older state resumes, and what the
        // other files have more than it is written again.
        store::write_state(folder, &state).map_err(tell)
    }

    fn save_every(&self) -> Duration {
        SAVE_EVERY
    }

    fn take_save_due(&mut self) -> bool {
        std::mem::take(&mut self.save_due)
    }

    fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}

fn engine<P: Problem>(
    problem: &P,
    state: EngineState,
    device: &Device,
    info: &DeviceInfo,
) -> Result<Engine<P::Model>, String> {
    let schedule = problem.config().schedule();
    Engine::new(
        problem.init(device),
        state,
        schedule.ema,
        [
            schedule.weight_decay,
            schedule.clip.unwrap_or(f64::INFINITY),
        ],
        info.kind == DeviceKind::Cpu,
    )
}

fn saved<P: Problem>(problem: &P, state: &EngineState) -> SavedModel {
    SavedModel {
        config: problem.config().clone(),
        step: state.step,
        network: state.best().to_vec(),
        beside: problem.beside(),
    }
}
