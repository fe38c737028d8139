//! The image side of the window: two trainings, and the models that draw digits for the lessons.

pub mod models;
pub mod training;

use std::sync::{Arc, Mutex};

use models::{Models, Source};
use training::DigitTraining;

use super::lesson::Status;
use crate::device::DeviceChoice;
use crate::train::images::{ImageConfig, LatentSettings, Schedule, VaeSettings};
use crate::train::{Command, LrSchedule};

/// What the image lessons share.
pub struct Digits {
    /// Training of the autoencoder.
    pub vae: DigitTraining,
    /// Training of the flow in its latent space.
    pub latent: DigitTraining,
    /// Networks in memory; locked only by the threads of lessons.
    pub models: Arc<Mutex<Models>>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The autoencoder.
    Vae,
    /// The flow in its latent space.
    Latent,
}

impl Digits {
    /// Nothing is opened before it is needed. `wake` is called on the training threads.
    pub fn new(wake: &Arc<dyn Fn() + Send + Sync>) -> Self {
        let vae = ImageConfig::Vae(VaeSettings::default());
        let latent = ImageConfig::Latent(LatentSettings {
            schedule: Schedule {
                lr: 5e-4,
                lr_schedule: LrSchedule::Cosine,
                warmup: 500,
                ..LatentSettings::default().schedule
            },
            ..LatentSettings::default()
        });
        Self {
            vae: DigitTraining::new(vae, "builtin:vae", Arc::clone(wake)),
            latent: DigitTraining::new(latent, "builtin:latent", Arc::clone(wake)),
            models: Arc::default(),
        }
    }

    /// One of the trainings.
    pub fn part(&mut self, part: Part) -> &mut DigitTraining {
        match part {
            Part::Vae => &mut self.vae,
            Part::Latent => &mut self.latent,
        }
    }

    /// Starts, goes on or pauses; the other one pauses, since they would share the processor.
    pub fn toggle(&mut self, part: Part, device: DeviceChoice) {
        let other = match part {
            Part::Vae => Part::Latent,
            Part::Latent => Part::Vae,
        };
        if self.part(other).is_running() {
            self.part(other).tell(Command::Pause);
        }
        self.part(part).toggle(device);
    }

    /// Takes what the training threads have sent; the sentences are failures.
    pub fn drain(&mut self) -> Vec<String> {
        let mut failures = self.vae.drain();
        failures.extend(self.latent.drain());
        failures
    }

    /// Whether one of them trains.
    pub fn is_running(&self) -> bool {
        self.vae.is_running() || self.latent.is_running()
    }

    /// What the status bar says of a training.
    pub fn status(&self, part: Part) -> Status {
        let training = match part {
            Part::Vae => &self.vae,
            Part::Latent => &self.latent,
        };
        Status {
            device: training.device.clone(),
            started: training.is_started(),
            step: training.step,
            steps: training.total,
            speed: training.steps_per_second,
            seed: training.config.schedule().seed,
            note: training.note.clone(),
        }
    }

    /// The flow on the stage.
    pub fn flow(&self) -> Source {
        self.latent.source()
    }

    /// The autoencoder on the stage.
    pub fn autoencoder(&self) -> Source {
        self.vae.source()
    }
}
