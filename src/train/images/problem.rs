//! What tells one image training from another.

use std::path::Path;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Device;

use super::config::ImageConfig;
use super::engine::Loss;
use super::params::NamedTensor;
use super::store::SavedModel;
use crate::data::mnist::Mnist;
use crate::train::files::CheckpointError;

/// What one kind of image network is trained for.
pub trait Problem: Sized {
    /// The network.
    type Model: Module;

    /// Prepares the data; `device` is where the training will be, and `notes` gets what a user
    /// should know of the files.
    ///
    /// # Errors
    /// A full sentence.
    fn new(config: ImageConfig, device: &Device, notes: &mut Vec<String>) -> Result<Self, String>;

    /// The run's settings.
    fn config(&self) -> &ImageConfig;

    /// Number of training images.
    fn images(&self) -> usize;

    /// A network with random weights.
    fn init(&self, device: &Device) -> Self::Model;

    /// The weights that a fresh run starts from: random ones, or those of another run.
    ///
    /// # Errors
    /// Names the tensor that does not fit.
    fn first(&self, random: Vec<NamedTensor>) -> Result<Vec<NamedTensor>, String> {
        Ok(random)
    }

    /// Names of the parts of a loss, for the log.
    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    /// The loss of a step (from 0) on a batch of images; `device` builds autodiff graphs.
    fn loss(&self, model: &Self::Model, batch: &[usize], step: u64, device: &Device) -> Loss;

    /// Samples and measures at the end of an epoch; `last` when the run is over.
    ///
    /// # Errors
    /// When the device was lost.
    fn measure(&mut self, model: &Self::Model, last: bool) -> Result<Measured, String>;

    /// Takes back what was measured before the run was stopped.
    ///
    /// # Errors
    /// Names the tensor that is missing or does not fit.
    fn recall(&mut self, _saved: &SavedModel) -> Result<(), String> {
        Ok(())
    }

    /// What was measured on the data and belongs to the model, with names `space.…`.
    fn beside(&self) -> Vec<NamedTensor> {
        Vec::new()
    }

    /// Writes what else a run folder needs to stand alone.
    ///
    /// # Errors
    /// Names the file that could not be written.
    fn write_companions(&self, _folder: &Path) -> Result<(), CheckpointError> {
        Ok(())
    }
}

/// The result of [`Problem::measure`].
pub struct Measured {
    /// Figures in words, such as `test MSE 0.0038`; may be empty.
    pub text: String,
    /// Grey values `[n, 28, 28]` and images in a row.
    pub images: Option<(Vec<u8>, usize)>,
}

/// The digits that a run asks for.
///
/// # Errors
/// Names the file at fault.
pub fn digits(config: &ImageConfig, notes: &mut Vec<String>) -> Result<Arc<Mnist>, String> {
    let data = Mnist::load(config.schedule().data.as_ref()).map_err(|error| error.to_string())?;
    notes.extend_from_slice(&data.notes);
    Ok(data)
}
