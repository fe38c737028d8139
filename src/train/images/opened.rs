//! A run folder of the image lab, read back for the window.

use std::path::Path;
use std::sync::Arc;

use super::config::ImageConfig;
use super::latent::autoencoder;
use super::log::{self, Row};
use super::store::{self, SavedModel};
use super::task::ImageSnapshot;
use super::variational::problem::POINT_STEPS;
use crate::data::mnist::Mnist;

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
        if let ImageConfig::Latent(settings) = &mut config {
            settings.vae = autoencoder(folder, settings);
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
            steps_per_epoch: steps_per_epoch(&config, &rows),
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

/// Steps of one epoch, from the losses where the second one has begun, else from the data: the last
/// row of a first epoch does not say whether it has ended. 0 where the data are no longer there;
/// such a run counts as one that is not over.
fn steps_per_epoch(config: &ImageConfig, rows: &[Row]) -> u64 {
    let second = |pair: &&[Row]| pair[0].epoch == 1 && pair[1].epoch == 2;
    match rows.windows(2).find(second) {
        Some(pair) => pair[0].step,
        None => images(config).map_or(0, |n| (n / config.schedule().batch) as u64),
    }
}

/// Number of training images, as the task counts them.
fn images(config: &ImageConfig) -> Option<usize> {
    let all = match config {
        ImageConfig::Variational(settings) => match settings.dataset.points() {
            Some(_) => return Some(POINT_STEPS * settings.schedule.batch),
            None => settings.dataset.pictures().ok().flatten()?.len(),
        },
        _ => Mnist::load(config.schedule().data.as_ref())
            .ok()?
            .train
            .len(),
    };
    Some(config.schedule().images.unwrap_or(all).min(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::images::engine::EngineState;
    use crate::train::images::{VaeSettings, VariationalSettings};

    fn rows(steps: u64, per_epoch: u64) -> Vec<Row> {
        let row = |step: u64| Row {
            step,
            epoch: (step - 1) / per_epoch + 1,
            values: vec![1.0],
            seconds: 1.0,
        };
        (1..=steps).map(row).collect()
    }

    #[test]
    fn an_epoch_is_counted_before_it_has_ended() {
        let mut settings = VaeSettings::default();
        let vae = ImageConfig::Vae(settings.clone());
        assert_eq!(steps_per_epoch(&vae, &rows(50, 468)), 468);
        assert_eq!(steps_per_epoch(&vae, &[]), 468);
        // What was done says more than what the data are now.
        assert_eq!(steps_per_epoch(&vae, &rows(50, 40)), 40);
        settings.schedule.images = Some(130);
        settings.schedule.batch = 64;
        let small = ImageConfig::Vae(settings.clone());
        assert_eq!(steps_per_epoch(&small, &rows(1, 2)), 2);
        settings.schedule.data = Some("/nowhere/flowlab".into());
        assert_eq!(steps_per_epoch(&ImageConfig::Vae(settings), &rows(1, 2)), 0);
        let points = ImageConfig::Variational(VariationalSettings::default());
        assert_eq!(steps_per_epoch(&points, &rows(3, 250)), 250);
    }

    #[test]
    fn a_run_of_one_epoch_is_over_at_its_last_step_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut model = SavedModel::load("builtin:vae").unwrap();
        model.config.schedule_mut().epochs = 1;
        model.config.schedule_mut().batch = 128;
        model.config.schedule_mut().images = None;
        for (step, over) in [(50, false), (467, false), (468, true)] {
            model.step = step;
            model.write(folder.path(), false).unwrap();
            let state = EngineState {
                step,
                weights: model.network.clone(),
                average: None,
                moments: None,
            };
            store::write_state(folder.path(), &state).unwrap();
            let path = folder.path().join("log.csv");
            log::write(&path, &[], step, &rows(step, 468)).unwrap();
            let opened = OpenedRun::read(folder.path()).unwrap();
            assert_eq!(opened.snapshot.steps_per_epoch, 468);
            assert_eq!(opened.is_over(), over, "{step}");
        }
    }
}
