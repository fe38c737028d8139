//! One image training as the window sees it.

use std::path::PathBuf;
use std::sync::Arc;

use super::models::Source;
use crate::app::curve::LossCurve;
use crate::device::{DeviceChoice, DeviceInfo};
use crate::train::images::{ImageConfig, ImageSnapshot};
use crate::train::{Command, Event, LossPoint, RunState, Session, Start};

/// The settings of the next run, and the present one.
pub struct DigitTraining {
    /// What the controls edit; a run keeps what it was started with.
    pub config: ImageConfig,
    /// What the present run was started with.
    pub running: Option<ImageConfig>,
    /// Where it stands.
    pub state: RunState,
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run; 0 before it is known.
    pub total: u64,
    /// Speed over the last second or so.
    pub steps_per_second: f64,
    /// What it trains on; none while it opens.
    pub device: Option<DeviceInfo>,
    /// The newest short notice.
    pub note: Option<String>,
    /// The loss of the run.
    pub curve: LossCurve,
    /// The parts of its loss, as often as they are told.
    pub parts: Vec<LossCurve>,
    session: Option<Session<ImageSnapshot>>,
    snapshot: Option<Arc<ImageSnapshot>>,
    version: u64,
    builtin: Arc<str>,
    wanted: bool,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl DigitTraining {
    /// Nothing runs at first; `builtin` is on the stage.
    pub fn new(config: ImageConfig, builtin: &str, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            config,
            running: None,
            state: RunState::Paused,
            step: 0,
            total: 0,
            steps_per_second: 0.0,
            device: None,
            note: None,
            curve: LossCurve::default(),
            parts: Vec::new(),
            session: None,
            snapshot: None,
            version: 1,
            builtin: builtin.into(),
            wanted: false,
            wake,
        }
    }

    /// Puts another saved model on the stage.
    pub fn stage(&mut self, name: &str) {
        self.builtin = name.into();
    }

    /// Whether a run was started in this window.
    pub fn is_started(&self) -> bool {
        self.session.is_some()
    }

    /// Whether it trains or is about to.
    pub fn is_running(&self) -> bool {
        self.wanted && !self.is_over()
    }

    /// Whether it can go on no further.
    pub fn is_over(&self) -> bool {
        matches!(self.state, RunState::Finished | RunState::Failed)
    }

    /// Whether the controls differ from the run in what only a reset applies.
    pub fn needs_reset(&self) -> bool {
        self.running.as_ref().is_some_and(|run| *run != self.config)
    }

    /// The newest state of the run.
    pub fn snapshot(&self) -> Option<&Arc<ImageSnapshot>> {
        self.snapshot.as_ref()
    }

    /// The model on the stage: the run's once it has done a step, else the pretrained one.
    pub fn source(&self) -> Source {
        match &self.snapshot {
            Some(snapshot) if snapshot.model.step > 0 => Source {
                version: self.version,
                name: Arc::clone(&self.builtin),
                model: Some(Arc::clone(&snapshot.model)),
                label: format!("your run, step {}", snapshot.model.step),
            },
            _ => Source {
                version: 0,
                name: Arc::clone(&self.builtin),
                model: None,
                label: "pretrained".to_owned(),
            },
        }
    }

    /// Starts from fresh weights, goes on, or pauses.
    pub fn toggle(&mut self, device: DeviceChoice) {
        if self.session.is_none() || self.is_over() {
            self.start(device);
            self.tell(Command::Run);
        } else if self.is_running() {
            self.tell(Command::Pause);
        } else {
            self.tell(Command::Run);
        }
    }

    /// Forgets the run; the pretrained model is on the stage again.
    pub fn reset(&mut self) {
        self.session = None;
        self.running = None;
        self.snapshot = None;
        self.curve = LossCurve::default();
        self.parts.clear();
        self.state = RunState::Paused;
        (self.step, self.total, self.steps_per_second) = (0, 0, 0.0);
        self.wanted = false;
        self.note = None;
    }

    /// One step, then pause.
    pub fn step(&mut self, device: DeviceChoice) {
        if self.session.is_none() || self.is_over() {
            self.start(device);
        }
        self.tell(Command::Step);
    }

    /// Sends a command to the run.
    pub fn tell(&mut self, command: Command) {
        self.wanted = command == Command::Run;
        if let Some(session) = &self.session {
            session.send(command);
        }
    }

    /// Asks the training thread to save; false when there is none.
    pub fn save(&self, folder: PathBuf) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| session.send(Command::Save(folder)))
    }

    /// Takes what the training thread has sent; the sentences are failures.
    pub fn drain(&mut self) -> Vec<String> {
        let Some(session) = &self.session else {
            return Vec::new();
        };
        let mut failures = Vec::new();
        for event in session.events() {
            match event {
                Event::Ready { device, .. } => self.device = Some(device),
                Event::State(state) => self.state = state,
                Event::Progress(progress) => {
                    progress.points.iter().for_each(|p| self.curve.push(p));
                    self.step = progress.step;
                    self.total = progress.total;
                    self.steps_per_second = progress.steps_per_second;
                }
                Event::Note(note) => self.note = Some(note),
                Event::Saved(path) => self.note = Some(format!("Saved to {}", path.display())),
                Event::Failed(sentence) => {
                    self.state = RunState::Failed;
                    failures.push(sentence);
                }
            }
        }
        if let Some(snapshot) = session.latest() {
            let known = self.snapshot.as_ref().map(|old| &old.model);
            if known.is_none_or(|model| !Arc::ptr_eq(model, &snapshot.model)) {
                self.version += 1;
            }
            if let Some(row) = &snapshot.last {
                let parts = row.values.get(1..).unwrap_or_default();
                self.parts.resize_with(parts.len(), LossCurve::default);
                for (curve, &loss) in self.parts.iter_mut().zip(parts) {
                    curve.push(&LossPoint {
                        step: row.step,
                        loss,
                        excess: None,
                        seconds: row.seconds,
                    });
                }
            }
            self.snapshot = Some(snapshot);
        }
        failures
    }

    fn start(&mut self, device: DeviceChoice) {
        self.reset();
        let wake = Arc::clone(&self.wake);
        let config = self.config.clone();
        self.running = Some(config.clone());
        self.state = RunState::Preparing;
        let session = Session::images(config, Start::Fresh, device, true, move || wake());
        self.session = Some(session);
    }
}
