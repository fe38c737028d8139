//! One run as the window sees it: a training, or a run folder that was opened.

mod saving;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::copying::Copying;
use super::curve::LossCurve;
use super::training::Staged;
use crate::device::{DeviceChoice, DeviceInfo};
use crate::flow::coupling::Coupling;
use crate::train::history::parse_log;
use crate::train::{Checkpoint, Command, Event, Kept, RunState, Session, Snapshot, Start};
use crate::train::{ToyConfig, kept};

/// Names a run for as long as the window is open.
pub type RunId = u64;
/// Called on a training thread when there is something new.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A session and what is known of it.
pub struct Run {
    /// Names it.
    pub id: RunId,
    /// For people, such as `Run 2`.
    pub name: String,
    /// Which of the runs' colours and line styles it has.
    pub color: usize,
    /// Whether its curve is drawn.
    pub shown: bool,
    /// None until an opened run is trained on.
    session: Option<Session<Snapshot>>,
    reopen: Option<Reopen>,
    /// What it was started with; the learning rate follows the control.
    pub config: ToyConfig,
    /// Where it stands.
    pub state: RunState,
    /// Steps done.
    pub step: u64,
    /// Speed over the last second or so.
    pub steps_per_second: f64,
    /// Losses so far.
    pub curve: LossCurve,
    /// What it trains on; none while it opens.
    pub device: Option<DeviceInfo>,
    /// The loss no network goes below, where it is known.
    pub floor: Option<f64>,
    snapshot: Option<Arc<Snapshot>>,
    /// Grows with each change of its weights; unique among all runs.
    version: u64,
    touched: bool,
    /// Its last save into a folder of the user's: the step.
    saved: Option<u64>,
    /// Saves into this folder are the program's own, and are not told.
    quiet: Option<PathBuf>,
    /// The step of the last of those, and whether one is on its way.
    kept_at: Option<u64>,
    keeping: bool,
    /// The folder that it was opened from is being copied.
    copying: Option<Copying>,
    /// Whether it was last told to train. The state follows a little later.
    wanted: bool,
}

/// What training on from an opened folder needs.
struct Reopen {
    folder: PathBuf,
    device: DeviceChoice,
    wake: Wake,
}

/// A run folder, read on a thread of its own.
pub struct Opened {
    folder: PathBuf,
    checkpoint: Checkpoint,
    kept: Vec<Kept>,
    curve: LossCurve,
    floor: Option<f64>,
}

impl Opened {
    /// Reads a run folder on a thread of its own; `wake` is called when that is done.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub fn read_apart(
        folder: PathBuf,
        wake: Wake,
    ) -> std::io::Result<Receiver<Result<Self, String>>> {
        let (send, reader) = channel();
        let read = move || {
            // The window may be gone by now.
            let _ = send.send(Self::read(&folder));
            wake();
        };
        let thread = thread::Builder::new().name("flowlab-open".to_owned());
        thread.spawn(read).map(|_| reader)
    }

    /// Reads a run folder: settings, weights, kept moments and losses.
    ///
    /// # Errors
    /// Names the file at fault.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let text = |error: crate::train::CheckpointError| error.to_string();
        let checkpoint = Checkpoint::load(&folder.to_string_lossy()).map_err(text)?;
        let kept = kept::load(folder, &checkpoint.config).map_err(text)?;
        // A folder that was imported has no losses.
        let log = std::fs::read_to_string(folder.join("log.csv")).unwrap_or_default();
        let mut curve = LossCurve::default();
        parse_log(&log).iter().for_each(|point| curve.push(point));
        let config = &checkpoint.config;
        let field = config.dataset.exact(config.path);
        let field = field
            .filter(|_| config.source.is_gaussian() && config.coupling == Coupling::Independent);
        let floor = field.map(|field| field.loss_floor());
        Ok(Self {
            folder: folder.to_owned(),
            checkpoint,
            kept,
            curve,
            floor,
        })
    }
}

/// What a run has sent since the last look.
#[derive(Default)]
pub struct News {
    /// Sentences for the banner.
    pub failures: Vec<String>,
    /// The newest sentence for the status bar.
    pub note: Option<String>,
    /// Whether there are new weights.
    pub weights: bool,
}

impl Run {
    /// Starts from fresh weights, paused. `wake` is called on the training thread.
    pub fn start(config: ToyConfig, device: DeviceChoice, wake: Wake) -> Self {
        let session = Session::toy(config.clone(), Start::Fresh, device, true, move || wake());
        Self {
            session: Some(session),
            ..Self::idle(config)
        }
    }

    /// A run from its folder; it trains on from there when it is told to.
    pub fn open(opened: Opened, device: DeviceChoice, wake: Wake) -> Self {
        let Checkpoint {
            config,
            step,
            weights,
        } = opened.checkpoint;
        let over = step >= config.steps;
        let name = opened.folder.file_name();
        Self {
            name: name.map_or(String::new(), |name| name.to_string_lossy().into_owned()),
            state: if over {
                RunState::Finished
            } else {
                RunState::Paused
            },
            step,
            curve: opened.curve,
            floor: opened.floor,
            snapshot: Some(Arc::new(Snapshot {
                step,
                weights: Arc::new(weights),
                kept: opened.kept,
            })),
            touched: true,
            saved: Some(step),
            reopen: Some(Reopen {
                folder: opened.folder,
                device,
                wake,
            }),
            ..Self::idle(config)
        }
    }

    fn idle(config: ToyConfig) -> Self {
        Self {
            id: 0,
            name: String::new(),
            color: 0,
            shown: true,
            session: None,
            reopen: None,
            config,
            state: RunState::Preparing,
            step: 0,
            steps_per_second: 0.0,
            curve: LossCurve::default(),
            device: None,
            floor: None,
            snapshot: None,
            version: 0,
            touched: false,
            saved: None,
            quiet: None,
            kept_at: None,
            keeping: false,
            copying: None,
            wanted: false,
        }
    }

    /// Weights at earlier iterations, in order.
    pub fn kept(&self) -> &[Kept] {
        self.snapshot
            .as_ref()
            .map_or(&[], |snapshot| &snapshot.kept)
    }

    /// Its newest weights for a picture; none before it has any.
    pub fn staged(&self) -> Option<Staged> {
        self.snapshot.as_ref().map(|snapshot| Staged {
            weights: Arc::clone(&snapshot.weights),
            dataset: self.config.dataset.clone(),
            path: self.config.path,
            source: self.config.source.clone(),
            name: self.name.clone(),
            label: self.label(),
            // Once it trains on, the folder's weights are older ones.
            file: (self.reopen.as_ref()).map(|r| r.folder.to_string_lossy().into_owned()),
            version: self.version,
        })
    }

    /// Names the present weights.
    pub fn set_version(&mut self, version: u64) {
        self.version = version;
    }

    /// Whether a thread trains it; one that was opened has none before it trains on.
    pub fn has_thread(&self) -> bool {
        self.session.is_some()
    }

    /// Whether it was ever told to train.
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// The newest weights.
    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// Whether it trains or is about to.
    pub fn is_running(&self) -> bool {
        self.wanted && !self.is_over()
    }

    /// Whether it can go on no further.
    pub fn is_over(&self) -> bool {
        matches!(self.state, RunState::Finished | RunState::Failed)
    }

    /// Seconds left at the present speed.
    pub fn eta(&self) -> Option<f64> {
        let left = self.config.steps.saturating_sub(self.step) as f64;
        (self.steps_per_second > 0.0).then(|| left / self.steps_per_second)
    }

    /// For the caption of its weights, for example `training, step 1234`.
    pub fn label(&self) -> String {
        let word = match self.state {
            RunState::Preparing | RunState::Running => "training",
            RunState::Paused => "paused",
            RunState::Finished => "trained",
            RunState::Failed => "stopped",
        };
        let step = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.step);
        format!("{word}, step {step}")
    }

    /// Sends run, pause or step.
    pub fn tell(&mut self, command: Command) {
        self.wanted = command == Command::Run;
        if matches!(command, Command::Run | Command::Step) {
            self.touched = true;
            if let Some(reopen) = self.reopen.take() {
                let (config, start) = (self.config.clone(), Start::Resume(reopen.folder));
                let wake = reopen.wake;
                let wake = move || wake();
                let session = Session::toy(config, start, reopen.device, true, wake);
                self.session = Some(session);
            }
        }
        self.send(command);
    }

    /// Sets the learning rate of the next step.
    pub fn set_learning_rate(&mut self, lr: f64) {
        self.config.lr = lr;
        self.send(Command::SetLearningRate(lr));
    }

    fn send(&self, command: Command) -> bool {
        let session = self.session.as_ref();
        session.is_some_and(|session| session.send(command))
    }

    /// Takes what the training thread has sent; never waits.
    pub fn drain(&mut self) -> News {
        let mut news = News::default();
        self.take_copied(&mut news);
        let Some(session) = &self.session else {
            return news;
        };
        for event in session.events() {
            match event {
                Event::Ready { device, floor } => {
                    self.device = Some(device);
                    self.floor = floor;
                }
                Event::State(state) => self.state = state,
                Event::Progress(progress) => {
                    for point in &progress.points {
                        self.curve.push(point);
                    }
                    self.step = progress.step;
                    self.steps_per_second = progress.steps_per_second;
                }
                Event::Note(note) => news.note = Some(note),
                Event::Saved(path) if self.quiet.as_ref() == Some(&path) => {
                    self.kept_at = Some(self.step);
                    self.keeping = false;
                }
                Event::Saved(path) => {
                    self.saved = Some(self.step);
                    news.note = Some(format!("Saved to {}", path.display()));
                }
                Event::Failed(sentence) => {
                    self.state = RunState::Failed;
                    news.failures.push(sentence);
                }
            }
        }
        if let Some(snapshot) = session.latest() {
            self.step = self.step.max(snapshot.step);
            self.snapshot = Some(snapshot);
            news.weights = true;
        }
        news
    }
}
