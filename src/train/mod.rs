//! Training: a [`Task`] runs on a thread of its own inside a [`Session`], and talks to the window
//! or the command line by messages only.

pub mod adam;
pub mod batch;
pub mod checkpoint;
pub mod clock;
pub mod config;
pub mod engine;
pub mod files;
pub mod history;
pub mod images;
pub mod kept;
pub mod latest;
pub mod measure;
pub mod message;
pub mod mistake;
pub mod mover;
pub mod probe;
pub mod session;
pub mod task;
mod tensors;
pub mod time;
pub mod toy;
mod trainer;

pub use checkpoint::Checkpoint;
pub use config::{ConfigError, LrSchedule, Preset, ToyConfig};
pub use files::CheckpointError;
pub use history::LossPoint;
pub use kept::Kept;
pub use message::{Command, Event, Progress, RunState};
pub use mistake::Mistake;
pub use session::Session;
pub use task::Task;
pub use time::TimeSampling;
pub use toy::{Snapshot, Start};
