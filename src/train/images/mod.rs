//! Training of the image lab: an autoencoder, a flow in its latent space, a classifier that
//! judges both, and variational flow matching. One [`ImageTask`] runs any of them inside a
//! [`Session`].

pub mod answer;
mod augment;
pub mod classifier;
pub mod condition;
pub mod config;
pub mod engine;
pub mod frechet;
pub mod latent;
pub mod log;
pub mod metrics;
pub mod normalise;
pub mod opened;
mod order;
pub mod params;
pub mod problem;
pub mod reader;
pub mod sampler;
mod schedule;
pub mod sheet;
pub mod solvers;
pub mod space;
pub mod state;
pub mod store;
pub mod task;
pub mod vae;
pub mod variational;

pub use classifier::{ClassifierProblem, Judge};
pub use condition::Condition;
pub use config::{ClassifierSettings, ImageConfig, LatentSettings, Schedule, VaeSettings};
pub use latent::LatentProblem;
pub use normalise::Normalise;
pub use opened::OpenedRun;
pub use sampler::{LatentModel, Request, Samples};
pub use sheet::Sheet;
pub use store::SavedModel;
pub use task::{ImageSnapshot, ImageTask};
pub use vae::VaeProblem;
pub use variational::{VariationalModel, VariationalProblem, VariationalSettings};

use super::message::Command;
use super::session::Session;
use super::toy::Start;
use crate::device::DeviceChoice;

impl Session<ImageSnapshot> {
    /// Starts a run of the image lab on a thread of its own.
    pub fn images(
        config: ImageConfig,
        start: Start,
        device: DeviceChoice,
        paused: bool,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let session = match config {
            ImageConfig::Vae(_) => Self::spawn(
                move || ImageTask::<VaeProblem>::new(config, &start, device),
                wake,
            ),
            ImageConfig::Latent(_) => Self::spawn(
                move || ImageTask::<LatentProblem>::new(config, &start, device),
                wake,
            ),
            ImageConfig::Classifier(_) => Self::spawn(
                move || ImageTask::<ClassifierProblem>::new(config, &start, device),
                wake,
            ),
            ImageConfig::Variational(_) => Self::spawn(
                move || ImageTask::<VariationalProblem>::new(config, &start, device),
                wake,
            ),
        };
        if !paused {
            session.send(Command::Run);
        }
        session
    }
}
