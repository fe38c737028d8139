//! One image training as the window sees it.

mod aside;
mod opening;
mod saving;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::models::Source;
use crate::app::copying::Copying;
use crate::app::curve::LossCurve;
use crate::app::widgets::path_picker::PathPicker;
use crate::device::{DeviceChoice, DeviceInfo};
use crate::train::images::log::Row;
use crate::train::images::{ImageConfig, ImageSnapshot, OpenedRun, Sheet, store};
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
    /// The folder of IDX files that is chosen for the next run.
    pub data: PathPicker,
    session: Option<Session<ImageSnapshot>>,
    /// A folder that is being read.
    opening: Option<Receiver<Result<(PathBuf, OpenedRun), String>>>,
    /// The folder that the run was opened from, until it trains on.
    folder: Option<PathBuf>,
    /// Sheets that the opened folder held.
    earlier: Vec<Arc<Sheet>>,
    pretrained: OnceCell<Vec<LossCurve>>,
    snapshot: Option<Arc<ImageSnapshot>>,
    version: u64,
    builtin: Arc<str>,
    wanted: bool,
    /// Its last save into a folder of the user's: the step.
    saved: Option<u64>,
    /// Saves into this folder are the program's own, and are not told.
    quiet: Option<PathBuf>,
    /// The step of the last of those, and whether one is on its way.
    kept_at: Option<u64>,
    keeping: bool,
    /// The folder that is being read is none of the user's.
    unsaved: bool,
    /// The folder that the run was opened from is being copied.
    copying: Option<Copying>,
    /// What the controls say once the folder has been read.
    after: Option<ImageConfig>,
    /// Where the run trains on once its kept state has been read.
    go_on: Option<DeviceChoice>,
    /// A run that had to make room.
    aside: Option<Box<Self>>,
    identity: u64,
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
            data: PathPicker::quiet(),
            session: None,
            opening: None,
            folder: None,
            earlier: Vec::new(),
            pretrained: OnceCell::new(),
            snapshot: None,
            version: 1,
            builtin: builtin.into(),
            wanted: false,
            saved: None,
            quiet: None,
            kept_at: None,
            keeping: false,
            unsaved: false,
            copying: None,
            after: None,
            go_on: None,
            aside: None,
            identity: 0,
            wake,
        }
    }

    /// Puts another saved model on the stage.
    pub fn stage(&mut self, name: &str) {
        self.builtin = name.into();
    }

    /// Whether there is a run of this window, or one that was opened.
    pub fn is_started(&self) -> bool {
        self.session.is_some() || self.folder.is_some()
    }

    /// Whether a thread trains it; one that was opened has none before it trains on.
    pub fn has_thread(&self) -> bool {
        self.session.is_some()
    }

    /// Loss and parts of the run, or of the pretrained model as long as there is none.
    pub fn curves(&self) -> (&LossCurve, &[LossCurve]) {
        if self.is_started() {
            return (&self.curve, &self.parts);
        }
        let read = || curves(&store::builtin_log(&self.builtin));
        match self.pretrained.get_or_init(read).split_first() {
            Some((loss, parts)) => (loss, parts),
            None => (&self.curve, &self.parts),
        }
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

    /// Starts from fresh weights, goes on (from the kept state of a run that has failed), or pauses.
    pub fn toggle(&mut self, device: DeviceChoice) {
        if let Some(folder) = self.refuge().map(Path::to_owned) {
            self.open_as(folder, true);
            self.go_on = Some(device);
        } else if self.session.is_none() || self.is_over() {
            self.begin(device);
            self.tell(Command::Run);
        } else if self.is_running() {
            self.tell(Command::Pause);
        } else {
            self.tell(Command::Run);
        }
    }

    /// One step, then pause.
    pub fn step(&mut self, device: DeviceChoice) {
        if self.session.is_none() || self.is_over() {
            self.begin(device);
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

    /// Starts a run, or goes on with the one that was opened; more epochs than it has done are
    /// taken from the controls.
    fn begin(&mut self, device: DeviceChoice) {
        let epochs = self.config.schedule().epochs;
        let (Some(folder), Some(running)) = (self.folder.take(), &mut self.running) else {
            return self.start(device);
        };
        let raised = epochs > running.schedule().epochs;
        if self.state != RunState::Paused && !raised {
            return self.start(device);
        }
        if raised {
            running.schedule_mut().epochs = epochs;
        }
        let (wake, config) = (Arc::clone(&self.wake), running.clone());
        self.state = RunState::Preparing;
        let start = Start::Resume(folder);
        let session = Session::images(config, start, device, true, move || wake());
        self.session = Some(session);
    }

    /// Takes what the training thread has sent; the sentences are failures.
    pub fn drain(&mut self) -> Vec<String> {
        let mut failures: Vec<String> = self.receive().into_iter().collect();
        failures.extend(self.take_copied());
        let Some(session) = &self.session else {
            return failures;
        };
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
                Event::Saved(path) if self.quiet.as_ref() == Some(&path) => {
                    self.kept_at = Some(self.step);
                    self.keeping = false;
                }
                Event::Saved(path) => {
                    self.saved = Some(self.step);
                    self.note = Some(format!("Saved to {}", path.display()));
                }
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
                    curve.push(&point(row, loss));
                }
            }
            self.snapshot = Some(self.with_earlier(snapshot));
        }
        failures
    }

    /// The film of an opened run goes on where it was.
    fn with_earlier(&self, snapshot: Arc<ImageSnapshot>) -> Arc<ImageSnapshot> {
        if self.earlier.is_empty() {
            return snapshot;
        }
        let new = snapshot.sheets.iter();
        // A finished run that is opened makes its last sheet again.
        let new = new.filter(|new| self.earlier.iter().all(|old| old.epoch != new.epoch));
        let sheets = self.earlier.iter().chain(new).cloned().collect();
        Arc::new(ImageSnapshot {
            sheets: Arc::new(sheets),
            ..(*snapshot).clone()
        })
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

fn point(row: &Row, loss: f32) -> LossPoint {
    LossPoint {
        step: row.step,
        loss,
        excess: None,
        seconds: row.seconds,
    }
}

/// The loss of a log and its parts.
fn curves(rows: &[Row]) -> Vec<LossCurve> {
    let count = rows.first().map_or(0, |row| row.values.len());
    let mut curves = vec![LossCurve::default(); count];
    for row in rows {
        for (curve, &loss) in curves.iter_mut().zip(&row.values) {
            curve.push(&point(row, loss));
        }
    }
    curves
}
