//! A run folder of the image lab, read back for the window.

use std::path::Path;
use std::sync::Arc;

use super::config::ImageConfig;
use super::log::{self, Row};
use super::store::{self, SavedModel};
use super::task::ImageSnapshot;

/// What a run folder holds for pictures and curves.
pub struct OpenedRun {
    /// Its settings; the autoencoder is the folder's own copy where there is one.
    pub config: ImageConfig,
    /// Losses so far.
    pub rows: Vec<Row>,
    /// The model and the film strip.
    pub snapshot: ImageSnapshot,
}

impl OpenedRun {
    /// Reads a run folder that can be trained on.
    ///
    /// # Errors
    /// Names the file at fault.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let text = |error: crate::train::CheckpointError| error.to_string();
        let (mut config, state) = store::load_state(folder).map_err(text)?;
        let own = folder.join("vae");
        if let ImageConfig::Latent(settings) = &mut config
            && own.join("config.json").is_file()
        {
            settings.vae = own.to_string_lossy().into_owned();
        }
        let mut model = SavedModel::load(&folder.to_string_lossy()).map_err(text)?;
        model.config = config.clone();
        // A folder may have lost its losses and samples and still be whole.
        let log = std::fs::read_to_string(folder.join("log.csv")).unwrap_or_default();
        let mut rows = log::parse(&log);
        rows.retain(|row| row.step <= state.step);
        let sheets = store::film(folder).unwrap_or_default();
        let sheets = sheets.into_iter().map(Arc::new).collect();
        let snapshot = ImageSnapshot {
            step: state.step,
            steps_per_epoch: steps_per_epoch(&rows),
            last: rows.last().cloned(),
            sheets: Arc::new(sheets),
            model: Arc::new(model),
        };
        Ok(Self {
            config,
            rows,
            snapshot,
        })
    }

    /// Whether all epochs are done.
    pub fn is_over(&self) -> bool {
        let total = self.config.schedule().epochs * self.snapshot.steps_per_epoch;
        total > 0 && self.snapshot.step >= total
    }
}

/// Steps of the first epoch; 0 as long as there is no second one and none has ended.
fn steps_per_epoch(rows: &[Row]) -> u64 {
    let first = rows.iter().filter(|row| row.epoch == 1);
    first.map(|row| row.step).max().unwrap_or(0)
}
