//! The image side of the window: its trainings, and the models that draw digits for the lessons.

pub mod models;
pub mod time_grid;
pub mod training;

use std::sync::{Arc, Mutex};

use models::{Models, Source};
use training::DigitTraining;

use super::lesson::Status;
use crate::device::DeviceChoice;
use crate::train::files::CheckpointError;
use crate::train::images::condition::DROP_WITH_CONDITION;
use crate::train::images::{
    Condition, ImageConfig, LatentSettings, Normalise, SavedModel, Schedule, VaeSettings,
    VariationalSettings,
};
use crate::train::{Command, LrSchedule};

/// What the image lessons share.
pub struct Digits {
    /// Training of the autoencoder.
    pub vae: DigitTraining,
    /// Training of the flow in its latent space.
    pub latent: DigitTraining,
    /// Training of the flow that completes digits.
    pub inpaint: DigitTraining,
    /// Training of the flow from label maps.
    pub semantic: DigitTraining,
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
    /// The flow that completes digits.
    Inpaint,
    /// The flow from label maps.
    Semantic,
    /// Variational flow matching in the plane.
    Points,
    /// Variational flow matching over digits.
    Pictures,
}

impl Part {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Vae,
        Self::Latent,
        Self::Inpaint,
        Self::Semantic,
        Self::Points,
        Self::Pictures,
    ];

    /// The name in a session.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vae => "vae",
            Self::Latent => "latent",
            Self::Inpaint => "inpaint",
            Self::Semantic => "semantic",
            Self::Points => "points",
            Self::Pictures => "pictures",
        }
    }
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
        // As the pretrained ones were trained.
        let conditional = |condition| {
            ImageConfig::Latent(LatentSettings {
                schedule: Schedule {
                    epochs: 5,
                    lr: 6e-4,
                    lr_schedule: LrSchedule::Cosine,
                    warmup: 200,
                    weight_decay: 0.01,
                    ..LatentSettings::default().schedule
                },
                normalise: Normalise::Coordinate,
                condition,
                drop: DROP_WITH_CONDITION,
                from: Some("builtin:latent".to_owned()),
                ..LatentSettings::default()
            })
        };
        let points = ImageConfig::Variational(VariationalSettings::points());
        let pictures = ImageConfig::Variational(VariationalSettings::pictures());
        let training = |config, name| DigitTraining::new(config, name, Arc::clone(wake));
        Self {
            vae: training(vae, "builtin:vae"),
            latent: training(latent, "builtin:latent"),
            inpaint: training(conditional(Condition::Inpaint), models::INPAINT),
            semantic: training(conditional(Condition::Semantic), models::SEMANTIC),
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
            Part::Inpaint => &mut self.inpaint,
            Part::Semantic => &mut self.semantic,
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
        Part::ALL
            .into_iter()
            .any(|part| self.training(part).is_running())
    }

    /// One of the trainings, to look at.
    pub fn training(&self, part: Part) -> &DigitTraining {
        match part {
            Part::Vae => &self.vae,
            Part::Latent => &self.latent,
            Part::Inpaint => &self.inpaint,
            Part::Semantic => &self.semantic,
            Part::Points => &self.points,
            Part::Pictures => &self.pictures,
        }
    }

    /// Puts a saved flow on the stage of the lessons on its condition.
    ///
    /// # Errors
    /// Names the file at fault.
    pub fn stage_flow(&mut self, run: &str) -> Result<(), CheckpointError> {
        let condition = match SavedModel::load(run)?.config {
            ImageConfig::Latent(settings) => settings.condition,
            _ => Condition::None,
        };
        let training = match condition {
            Condition::None => &mut self.latent,
            Condition::Inpaint => &mut self.inpaint,
            Condition::Semantic => &mut self.semantic,
        };
        training.stage(run);
        Ok(())
    }

    /// What the status bar says of a training.
    pub fn status(&self, part: Part) -> Status {
        let training = self.training(part);
        Status {
            device: training.device.clone(),
            has_thread: training.has_thread(),
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
