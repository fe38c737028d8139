//! The image side of the window: its trainings, and the models that draw digits for the lessons.

pub mod models;
pub mod training;

use std::sync::{Arc, Mutex};

use models::{Models, Source};
use training::DigitTraining;

use super::lesson::Status;
use crate::device::DeviceChoice;
use crate::train::images::{
    ImageConfig, LatentSettings, Schedule, VaeSettings, VariationalSettings,
};
use crate::train::{Command, LrSchedule};

/// What the image lessons share.
pub struct Digits {
    /// Training of the autoencoder.
    pub vae: DigitTraining,
    /// Training of the flow in its latent space.
    pub latent: DigitTraining,
    /// Training of variational flow matching in the plane.
    pub points: DigitTraining,
    /// Training of variational flow matching over digits.
    pub pictures: DigitTraining,
    /// Networks in memory; locked only by the threads of lessons.
    pub models: Arc<Mutex<Models>>,
}

/// Which of the trainings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The autoencoder.
    Vae,
    /// The flow in its latent space.
    Latent,
    /// Variational flow matching in the plane.
    Points,
    /// Variational flow matching over digits.
    Pictures,
}

impl Part {
    const ALL: [Self; 4] = [Self::Vae, Self::Latent, Self::Points, Self::Pictures];
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
        let points = ImageConfig::Variational(VariationalSettings::points());
        let pictures = ImageConfig::Variational(VariationalSettings::pictures());
        let training = |config, name| DigitTraining::new(config, name, Arc::clone(wake));
        Self {
            vae: training(vae, "builtin:vae"),
            latent: training(latent, "builtin:latent"),
            points: training(points, models::POINTS),
            pictures: training(pictures, models::PICTURES),
            models: Arc::default(),
        }
    }

    /// One of the trainings.
    pub fn part(&mut self, part: Part) -> &mut DigitTraining {
        match part {
            Part::Vae => &mut self.vae,
            Part::Latent => &mut self.latent,
            Part::Points => &mut self.points,
            Part::Pictures => &mut self.pictures,
        }
    }

    /// Starts, goes on or pauses; the others pause, since they would share the processor.
    pub fn toggle(&mut self, part: Part, device: DeviceChoice) {
        for other in Part::ALL.into_iter().filter(|other| *other != part) {
            if self.part(other).is_running() {
                self.part(other).tell(Command::Pause);
            }
        }
        self.part(part).toggle(device);
    }

    /// Takes what the training threads have sent; the sentences are failures.
    pub fn drain(&mut self) -> Vec<String> {
        Part::ALL
            .into_iter()
            .flat_map(|part| self.part(part).drain())
            .collect()
    }

    /// Whether one of them trains.
    pub fn is_running(&self) -> bool {
        [&self.vae, &self.latent, &self.points, &self.pictures]
            .into_iter()
            .any(DigitTraining::is_running)
    }

    /// What the status bar says of a training.
    pub fn status(&self, part: Part) -> Status {
        let training = match part {
            Part::Vae => &self.vae,
            Part::Latent => &self.latent,
            Part::Points => &self.points,
            Part::Pictures => &self.pictures,
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
