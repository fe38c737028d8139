//! Weights that a picture shows, and the choice among them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::exact::Route;
use super::run::RunId;
use crate::data::Source;
use crate::data::toy::Dataset;
use crate::flow::Scheduler;
use crate::kernel::MlpWeights;
use crate::train::Checkpoint;

/// What is on the stage at first.
const PRETRAINED: &str = "builtin:checkerboard";

/// Weights that can be sampled, and where they come from.
#[derive(Clone, Debug)]
pub struct Staged {
    /// The network.
    pub weights: Arc<MlpWeights>,
    /// What it was trained on.
    pub dataset: Dataset,
    /// The path it was trained on.
    pub path: Scheduler,
    /// Where its particles start.
    pub source: Source,
    /// Whose they are, for example `Run 2`.
    pub name: String,
    /// For the caption, for example `pretrained, step 5001`.
    pub label: String,
    /// The run folder or model of the program that holds these weights, if any does.
    pub file: Option<String>,
    /// Grows with each change of the weights.
    pub version: u64,
}

impl Staged {
    /// From its source along its path to its target.
    pub fn route(&self) -> Route {
        Route {
            source: self.source.clone(),
            path: self.path,
            dataset: self.dataset.clone(),
        }
    }

    /// The network that is on the stage before anything was trained.
    ///
    /// # Errors
    /// When it cannot be read, which would be a fault of the build.
    pub fn pretrained() -> Result<Self, String> {
        let checkpoint = Checkpoint::load(PRETRAINED);
        let Checkpoint {
            config,
            step,
            weights,
        } = checkpoint.map_err(|error| error.to_string())?;
        Ok(Self {
            weights: Arc::new(weights),
            dataset: config.dataset,
            path: config.path,
            source: config.source,
            name: "Pretrained".to_owned(),
            label: format!("pretrained, step {step}"),
            file: Some(PRETRAINED.to_owned()),
            version: 1,
        })
    }

    /// Where the weights come from, for the file of a figure.
    pub fn origin(&self) -> String {
        let unsaved = || format!("{}: {}", self.name, self.label);
        self.file.clone().unwrap_or_else(unsaved)
    }
}

/// What moves the particles of a row or a panel that does not follow its lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FieldChoice {
    /// The exact field.
    Exact,
    /// A network.
    Weights(WeightsChoice),
}

/// Weights that a panel may show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WeightsChoice {
    /// Those on the stage, whichever run is the current one.
    #[default]
    Current,
    /// The network that comes with the program.
    Pretrained,
    /// The newest of one run.
    Run(RunId),
}

/// A card over the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// Opens a run folder.
    OpenRun,
    /// Puts the settings of a figure back.
    Figure,
    /// Paints a target.
    Paint,
    /// Takes a target from an image.
    Image,
    /// Takes a target from a table of points.
    Table,
}
