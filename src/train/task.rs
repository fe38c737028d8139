//! What a training thread runs.

use std::path::Path;
use std::time::Duration;

use super::history::LossPoint;
use crate::device::DeviceKind;

/// How often a run looks at what lies on its device.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time between two read-backs of losses and weights.
    pub publish: Duration,
    /// Whether each read-back takes a way over a network.
    pub far: bool,
}

impl Pace {
    /// On this machine: about thirty read-backs a second.
    pub const NEAR: Self = Self {
        publish: Duration::from_millis(33),
        far: false,
    };
    /// On another machine. Between two read-backs steps are sent without waiting for any, so that
    /// the way there and back (some ms to 100 ms) does not set the pace.
    pub const FAR: Self = Self {
        publish: Duration::from_millis(500),
        far: true,
    };

    /// The pace on a kind of device.
    pub fn on(kind: DeviceKind) -> Self {
        match kind {
            DeviceKind::Remote => Self::FAR,
            DeviceKind::Cpu | DeviceKind::Gpu | DeviceKind::SoftwareGpu => Self::NEAR,
        }
    }
}

/// Something that can be trained step by step.
pub trait Task {
    /// What a client needs to show the model of a moment.
    type Snapshot: Send + Sync + 'static;

    /// One optimiser step.
    ///
    /// # Errors
    /// When the device was lost or a helper thread ended.
    fn step(&mut self) -> Result<(), String>;

    /// Steps done.
    fn done(&self) -> u64;

    /// Steps of the whole run.
    fn total(&self) -> u64;

    /// Reads back the losses since the last call.
    ///
    /// # Errors
    /// When a loss is not finite; the task then holds the last good weights again.
    fn drain(&mut self) -> Result<Vec<LossPoint>, String>;

    /// The model of this moment.
    ///
    /// # Errors
    /// When the device was lost.
    fn snapshot(&mut self) -> Result<Self::Snapshot, String>;

    /// Changes the learning rate from the next step on.
    fn set_learning_rate(&mut self, lr: f64);

    /// The loss that no model can go below, where it is known.
    fn floor(&self) -> Option<f64>;

    /// Writes all that is needed to go on later.
    ///
    /// # Errors
    /// Names the file that could not be written.
    fn save(&mut self, folder: &Path) -> Result<(), String>;

    /// Time between two read-backs: about thirty a second, or less where each is a wait.
    fn publish_every(&self) -> Duration {
        Pace::NEAR.publish
    }

    /// Time between two saves under [`Command::KeepIn`](super::Command::KeepIn).
    fn save_every(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Whether something was reached since the last call that should be saved at once.
    fn take_save_due(&mut self) -> bool {
        false
    }

    /// Sentences for the client since the last call.
    fn take_notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}
