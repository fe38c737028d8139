//! The runs of the window, the settings of the next one, and the weights on the stage.

use std::path::PathBuf;
use std::sync::Arc;

use super::exact::Route;
use super::log::{Kind, Log};
use super::opening::Opening;
use super::run::{Run, RunId, Wake};
use super::runs::Runs;
pub use super::staged::{Card, FieldChoice, Staged, WeightsChoice};
use crate::data::Source;
use crate::data::toy::Dataset;
use crate::device::DeviceChoice;
use crate::flow::Scheduler;
use crate::train::{Command, Preset, ToyConfig};

/// Messages kept; an older one makes room.
const MESSAGES: usize = 4;
/// What saving says without a run.
pub const NOTHING_TO_SAVE: &str = "There is no run to save yet: press Train first.";
/// And where a lesson has runs of its own.
pub const NOT_SAVED: &str =
    "The runs of this lesson are made anew from its seed and are not saved.";

/// All runs of the window.
pub struct Training {
    /// The settings that the controls edit.
    pub config: ToyConfig,
    /// Where the next run trains.
    pub device: DeviceChoice,
    /// The devices to choose from.
    pub devices: Vec<DeviceChoice>,
    /// Failures that somebody should read.
    pub messages: Vec<String>,
    /// Everything that was reported in the session.
    pub log: Log,
    /// The newest short notice.
    pub note: Option<String>,
    /// The card that is asked for.
    pub wants: Option<Card>,
    pub(super) runs: Runs,
    pub(super) opening: Vec<Opening>,
    pretrained: Option<Staged>,
    pub(super) staged: Option<Staged>,
    pub(super) versions: u64,
    pub(super) wake: Wake,
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
            devices: device.choices(),
            messages: Vec::new(),
            log: Log::default(),
            note: None,
            wants: None,
            runs: Runs::default(),
            opening: Vec::new(),
            pretrained: None,
            staged: None,
            versions: 1,
            wake: Arc::new(wake),
        };
        match Staged::pretrained() {
            Ok(staged) => {
                training.staged = Some(staged.clone());
                training.pretrained = Some(staged);
            }
            Err(sentence) => training.report(sentence),
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

    /// The weights of a choice; those on the stage where the chosen run is gone or has none.
    pub fn staged_by(&self, choice: WeightsChoice) -> Option<Staged> {
        let chosen = match choice {
            WeightsChoice::Current => None,
            WeightsChoice::Pretrained => self.pretrained.clone(),
            WeightsChoice::Run(id) => self.runs.get(id).and_then(Run::staged),
        };
        chosen.or_else(|| self.staged.clone())
    }

    /// Every choice of weights that can be sampled now, the current one first.
    pub fn staged_all(&self) -> Vec<(WeightsChoice, Staged)> {
        let own = [
            (WeightsChoice::Current, self.staged.clone()),
            (WeightsChoice::Pretrained, self.pretrained.clone()),
        ];
        let runs = self.runs().iter();
        let runs = runs.map(|run| (WeightsChoice::Run(run.id), run.staged()));
        let all = own.into_iter().chain(runs);
        all.filter_map(|(choice, s)| Some((choice, s?))).collect()
    }

    /// The current run.
    pub fn run(&self) -> Option<&Run> {
        self.runs.current()
    }

    /// Every run, the oldest first.
    pub fn runs(&self) -> &[Run] {
        self.runs.all()
    }

    /// A run, to rename or hide it.
    pub fn run_mut(&mut self, id: RunId) -> Option<&mut Run> {
        self.runs.get_mut(id)
    }

    /// Source, path and target of the current run, else of the weights on the stage, else of the
    /// controls.
    pub fn route(&self) -> Route {
        match (self.run(), &self.staged) {
            (Some(run), _) => Route::from(&run.config),
            (None, Some(weights)) => weights.route(),
            (None, None) => Route::from(&self.config),
        }
    }

    /// Where the particles on the stage start.
    pub fn source(&self) -> Source {
        self.route().source
    }

    /// The target on the stage.
    pub fn dataset(&self) -> Dataset {
        self.route().dataset
    }

    /// The path on the stage.
    pub fn path(&self) -> Scheduler {
        self.route().path
    }

    /// Whether the current run trains.
    pub fn is_running(&self) -> bool {
        self.run().is_some_and(Run::is_running)
    }

    /// Whether the controls differ from the run on the stage in what only a reset applies.
    pub fn needs_reset(&self) -> bool {
        let Some(run) = self.run() else {
            // The pretrained network stays until a training has weights for the new target.
            let wanted = Route::from(&self.config);
            return (self.staged.as_ref()).is_some_and(|staged| staged.route() != wanted);
        };
        let live = ToyConfig {
            lr: self.config.lr,
            ..run.config.clone()
        };
        live != self.config
    }

    /// Whether a reset or a removal can be taken back.
    pub fn can_undo(&self) -> bool {
        self.runs.can_undo()
    }

    /// Takes what the training threads have sent; never waits.
    pub fn drain(&mut self) {
        self.receive();
        let current = self.run().map(|run| run.id);
        let mut failures = Vec::new();
        let mut weights = false;
        for run in self.runs.all_mut() {
            let news = run.drain();
            if news.weights {
                self.versions += 1;
                run.set_version(self.versions);
                weights |= Some(run.id) == current;
            }
            if news.note.is_some() {
                self.note = news.note;
            }
            failures.extend(news.failures);
        }
        failures.into_iter().for_each(|text| self.report(text));
        if weights {
            self.stage_run();
        } else if let (Some(run), Some(staged)) = (self.runs.current(), &mut self.staged)
            && run.snapshot().is_some()
        {
            staged.label = run.label();
            staged.name.clone_from(&run.name);
        }
    }

    /// Puts the newest weights of the current run on the stage; old ones stay until it has any.
    pub(super) fn stage_run(&mut self) {
        if let Some(staged) = self.run().and_then(Run::staged) {
            self.staged = Some(staged);
        }
    }

    /// Reports a failure.
    pub fn report(&mut self, sentence: String) {
        self.log.add(Kind::Failure, &sentence);
        if self.messages.len() >= MESSAGES {
            self.messages.remove(0);
        }
        self.messages.push(sentence);
    }

    /// Starts from fresh weights, goes on (from the kept state of a run that has failed), or pauses.
    pub fn toggle(&mut self) {
        match self.runs.current_mut() {
            Some(run) if run.refuge().is_some() => self.go_on(),
            Some(run) if run.is_over() => self.start(Some(Command::Run)),
            Some(run) if run.is_running() => run.tell(Command::Pause),
            Some(run) => run.tell(Command::Run),
            None => self.start(Some(Command::Run)),
        }
    }

    /// One optimiser step, then pause.
    pub fn step(&mut self) {
        match self.runs.current_mut() {
            Some(run) if !run.is_over() => run.tell(Command::Step),
            _ => self.start(Some(Command::Step)),
        }
    }

    /// Fresh weights with the settings of the controls; the old run can be brought back.
    pub fn reset(&mut self) {
        self.start(None);
    }

    /// Trains fresh weights with the settings of the controls; the old run pauses.
    pub fn start_afresh(&mut self) {
        self.start(Some(Command::Run));
    }

    /// Starts a run beside the others, which train on.
    pub fn start_beside(&mut self) {
        self.begin(Some(Command::Run));
    }

    /// Exchanges the current run for the one before the last reset, or brings a removed one back.
    pub fn undo(&mut self) {
        let left = self.run().map(|run| run.id);
        if self.runs.undo() {
            // Of two runs that exchange places only one trains.
            if let Some(run) = left.and_then(|id| self.runs.get_mut(id))
                && run.is_running()
            {
                run.tell(Command::Pause);
            }
            self.follow();
        }
    }

    /// Makes a run the current one; it and the others go on as they are.
    pub fn choose_run(&mut self, id: RunId) {
        self.runs.choose(id);
        self.follow();
    }

    /// Puts the network that comes with the program back on the stage.
    pub fn choose_pretrained(&mut self) {
        self.runs.leave();
        self.follow();
    }

    /// Takes a run out of the list; an undo brings it back.
    pub fn remove(&mut self, id: RunId) {
        self.runs.remove(id);
        self.follow();
    }

    /// Controls and stage follow the current run, or the pretrained network without one.
    pub(super) fn follow(&mut self) {
        match self.runs.current() {
            Some(run) => {
                self.config = run.config.clone();
                self.stage_run();
            }
            None => {
                self.versions += 1;
                self.staged = self.pretrained.clone();
                if let Some(staged) = &mut self.staged {
                    staged.version = self.versions;
                }
            }
        }
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
                self.runs.leave();
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
        if let Some(run) = self.runs.current_mut() {
            run.set_learning_rate(lr);
        }
    }

    /// Saves the run into a folder, on the training thread.
    pub fn save(&mut self, folder: PathBuf) {
        let run = self.runs.current_mut();
        if !run.is_some_and(|run| run.save(folder)) {
            self.report(NOTHING_TO_SAVE.to_owned());
        }
    }

    /// Starts a run in place of the current one, which pauses.
    pub(super) fn start(&mut self, first: Option<Command>) {
        if self.config.validate().is_ok() {
            self.pause();
        }
        self.begin(first);
    }

    pub(super) fn pause(&mut self) {
        if let Some(run) = self.runs.current_mut().filter(|run| run.is_running()) {
            run.tell(Command::Pause);
        }
    }

    /// Starts a run; a setting out of range is reported instead.
    fn begin(&mut self, first: Option<Command>) {
        if let Err(error) = self.config.validate() {
            return self.report(error.to_string());
        }
        let mut run = Run::start(self.config.clone(), self.device, Arc::clone(&self.wake));
        if let Some(command) = first {
            run.tell(command);
        }
        self.note = None;
        self.runs.add(run);
    }
}
