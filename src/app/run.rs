//! One training run as the window sees it.

use std::path::PathBuf;
use std::sync::Arc;

use super::curve::LossCurve;
use crate::device::{DeviceChoice, DeviceInfo};
use crate::train::{Command, Event, RunState, Session, Snapshot, Start, ToyConfig};

/// A session and what is known of it.
pub struct Run {
    session: Session<Snapshot>,
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
    /// Whether it was last told to train. The state follows a little later.
    wanted: bool,
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
    pub fn start(
        config: ToyConfig,
        device: DeviceChoice,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            session: Session::toy(config.clone(), Start::Fresh, device, true, wake),
            config,
            state: RunState::Preparing,
            step: 0,
            steps_per_second: 0.0,
            curve: LossCurve::default(),
            device: None,
            floor: None,
            snapshot: None,
            wanted: false,
        }
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
        self.session.send(command);
    }

    /// Sets the learning rate of the next step.
    pub fn set_learning_rate(&mut self, lr: f64) {
        self.config.lr = lr;
        self.session.send(Command::SetLearningRate(lr));
    }

    /// Asks the training thread to save; false when it has ended.
    pub fn save(&self, folder: PathBuf) -> bool {
        self.session.send(Command::Save(folder))
    }

    /// Takes what the training thread has sent; never waits.
    pub fn drain(&mut self) -> News {
        let mut news = News::default();
        for event in self.session.events() {
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
                Event::Saved(path) => news.note = Some(format!("Saved to {}", path.display())),
                Event::Failed(sentence) => {
                    self.state = RunState::Failed;
                    news.failures.push(sentence);
                }
            }
        }
        if let Some(snapshot) = self.session.latest() {
            self.step = self.step.max(snapshot.step);
            self.snapshot = Some(snapshot);
            news.weights = true;
        }
        news
    }
}
