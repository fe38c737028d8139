//! The runs of the window: the settings of the next one, the present one, and the one before.

use std::path::PathBuf;
use std::sync::Arc;

use super::run::Run;
use crate::data::toy::Dataset;
use crate::device::DeviceChoice;
use crate::flow::Scheduler;
use crate::kernel::MlpWeights;
use crate::train::{Checkpoint, Command, Preset, ToyConfig};

/// The network that is on the stage before anything was trained.
const PRETRAINED: &str = "builtin:checkerboard";
/// Messages kept; an older one makes room.
const MESSAGES: usize = 4;
/// What saving says without a run.
pub const NOTHING_TO_SAVE: &str = "There is no run to save yet: press Train first.";

/// Weights that can be sampled, and where they come from.
#[derive(Clone, Debug)]
pub struct Staged {
    /// The network.
    pub weights: Arc<MlpWeights>,
    /// What it was trained on.
    pub dataset: Dataset,
    /// The path it was trained on.
    pub path: Scheduler,
    /// For the caption, for example `pretrained, step 5001`.
    pub label: String,
    /// Grows with each change of the weights.
    pub version: u64,
}

/// All runs of the window.
pub struct Training {
    /// The settings that the controls edit.
    pub config: ToyConfig,
    /// Where the next run trains.
    pub device: DeviceChoice,
    /// Failures that somebody should read.
    pub messages: Vec<String>,
    /// The newest short notice.
    pub note: Option<String>,
    run: Option<Run>,
    before: Option<Run>,
    pretrained: Option<Staged>,
    staged: Option<Staged>,
    versions: u64,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Training {
    /// Puts the pretrained network on the stage. `wake` is called on the training threads.
    pub fn new(
        preset: Preset,
        device: DeviceChoice,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let mut training = Self {
            config: ToyConfig::preset(preset),
            device,
            messages: Vec::new(),
            note: None,
            run: None,
            before: None,
            pretrained: None,
            staged: None,
            versions: 1,
            wake: Arc::new(wake),
        };
        match Checkpoint::load(PRETRAINED) {
            Ok(checkpoint) => {
                let staged = Staged {
                    weights: Arc::new(checkpoint.weights),
                    dataset: checkpoint.config.dataset.clone(),
                    path: checkpoint.config.path,
                    label: format!("pretrained, step {}", checkpoint.step),
                    version: 1,
                };
                training.staged = Some(staged.clone());
                training.pretrained = Some(staged);
            }
            Err(error) => training.report(error.to_string()),
        }
        if preset != Preset::default() {
            training.choose(preset);
        }
        training
    }

    /// The weights on the stage.
    pub fn staged(&self) -> Option<&Staged> {
        self.staged.as_ref()
    }

    /// The present run.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// The target on the stage.
    pub fn dataset(&self) -> Dataset {
        match (&self.run, &self.staged) {
            (Some(run), _) => run.config.dataset.clone(),
            (None, Some(staged)) => staged.dataset.clone(),
            (None, None) => self.config.dataset.clone(),
        }
    }

    /// The path on the stage.
    pub fn path(&self) -> Scheduler {
        match (&self.run, &self.staged) {
            (Some(run), _) => run.config.path,
            (None, Some(staged)) => staged.path,
            (None, None) => self.config.path,
        }
    }

    /// Whether a run trains.
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(Run::is_running)
    }

    /// Whether the controls differ from the run on the stage in what only a reset applies.
    pub fn needs_reset(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            let live = ToyConfig {
                lr: self.config.lr,
                ..run.config.clone()
            };
            live != self.config
        })
    }

    /// Whether a reset can be taken back.
    pub fn can_undo(&self) -> bool {
        self.before.is_some()
    }

    /// Takes what the training thread has sent; never waits.
    pub fn drain(&mut self) {
        let Some(run) = &mut self.run else {
            return;
        };
        let news = run.drain();
        if news.note.is_some() {
            self.note = news.note;
        }
        for sentence in news.failures {
            self.report(sentence);
        }
        if news.weights {
            self.stage_run();
        } else if let (Some(run), Some(staged)) = (&self.run, &mut self.staged)
            && run.snapshot().is_some()
        {
            staged.label = run.label();
        }
    }

    /// Puts the newest weights of the present run on the stage.
    fn stage_run(&mut self) {
        let Some(run) = &self.run else {
            return;
        };
        if let Some(snapshot) = run.snapshot() {
            self.versions += 1;
            self.staged = Some(Staged {
                weights: Arc::clone(&snapshot.weights),
                dataset: run.config.dataset.clone(),
                path: run.config.path,
                label: run.label(),
                version: self.versions,
            });
        }
    }

    /// Adds a message for the banner.
    pub fn report(&mut self, sentence: String) {
        if self.messages.len() >= MESSAGES {
            self.messages.remove(0);
        }
        self.messages.push(sentence);
    }

    /// Starts from fresh weights, goes on, or pauses.
    pub fn toggle(&mut self) {
        match &mut self.run {
            Some(run) if run.is_over() => self.start(Some(Command::Run)),
            Some(run) if run.is_running() => run.tell(Command::Pause),
            Some(run) => run.tell(Command::Run),
            None => self.start(Some(Command::Run)),
        }
    }

    /// One optimiser step, then pause.
    pub fn step(&mut self) {
        match &mut self.run {
            Some(run) if !run.is_over() => run.tell(Command::Step),
            _ => self.start(Some(Command::Step)),
        }
    }

    /// Fresh weights with the settings of the controls; the old run can be brought back.
    pub fn reset(&mut self) {
        self.start(None);
    }

    /// Exchanges the present run for the one before the last reset.
    pub fn undo(&mut self) {
        let Some(before) = self.before.take() else {
            return;
        };
        self.put_aside();
        self.config = before.config.clone();
        self.run = Some(before);
        self.stage_run();
    }

    /// Puts a preset's settings into the controls; unless a run trains, the stage follows.
    pub fn choose(&mut self, preset: Preset) {
        self.config = ToyConfig::preset(preset);
        if self.is_running() {
            return;
        }
        let fitting = self.pretrained.clone();
        match fitting.filter(|staged| staged.dataset == self.config.dataset) {
            Some(staged) => {
                self.put_aside();
                self.versions += 1;
                self.staged = Some(Staged {
                    version: self.versions,
                    ..staged
                });
            }
            None => self.start(None),
        }
    }

    /// The preset after (`1`) or before (`-1`) the present one.
    pub fn choose_next(&mut self, by: isize) {
        let all = Preset::ALL;
        let here = all.iter().position(|p| *p == self.config.preset);
        let there = (here.unwrap_or(0) as isize + by).rem_euclid(all.len() as isize);
        self.choose(all[there as usize]);
    }

    /// Sets the learning rate, at once where a run is there.
    pub fn set_learning_rate(&mut self, lr: f64) {
        self.config.lr = lr;
        if let Some(run) = &mut self.run {
            run.set_learning_rate(lr);
        }
    }

    /// Saves the run into a folder, on the training thread.
    pub fn save(&mut self, folder: PathBuf) {
        if !self.run.as_ref().is_some_and(|run| run.save(folder)) {
            self.report(NOTHING_TO_SAVE.to_owned());
        }
    }

    /// Starts a run; a setting out of range is reported instead.
    fn start(&mut self, first: Option<Command>) {
        if let Err(error) = self.config.validate() {
            return self.report(error.to_string());
        }
        self.put_aside();
        let wake = Arc::clone(&self.wake);
        let mut run = Run::start(self.config.clone(), self.device, move || wake());
        if let Some(command) = first {
            run.tell(command);
        }
        self.note = None;
        self.run = Some(run);
    }

    /// Keeps the present run, paused, for an undo.
    fn put_aside(&mut self) {
        if let Some(mut run) = self.run.take() {
            run.tell(Command::Pause);
            self.before = Some(run);
        }
    }
}
