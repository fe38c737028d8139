//! What a client and a training thread say to each other.

use std::path::PathBuf;

use super::history::LossPoint;
use crate::device::DeviceInfo;

/// What a client may ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Train on.
    Run,
    /// Stop after the step in progress.
    Pause,
    /// One step, then pause.
    Step,
    /// A new learning rate from the next step on.
    SetLearningRate(f64),
    /// Save the run into a folder now.
    Save(PathBuf),
    /// Save into a folder now and then and at the end.
    KeepIn(PathBuf),
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The device is open and the model built.
    Ready {
        /// What it trains on.
        device: DeviceInfo,
        /// The loss floor, where it is known.
        floor: Option<f64>,
    },
    /// The run's state changed.
    State(RunState),
    /// New losses.
    Progress(Progress),
    /// A sentence for the status bar.
    Note(String),
    /// The run was saved into this folder.
    Saved(PathBuf),
    /// Training stopped by an error; the sentence says what to do.
    Failed(String),
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// The device opens, kernels compile.
    Preparing,
    /// Waiting for a command.
    Paused,
    /// Training.
    Running,
    /// All steps done.
    Finished,
    /// Stopped by an error.
    Failed,
}

/// The losses since the last progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// One point a step, in order.
    pub points: Vec<LossPoint>,
    /// Speed over the last second or so.
    pub steps_per_second: f64,
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run.
    pub total: u64,
}
