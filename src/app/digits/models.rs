//! Networks of the image lab in host memory, for pictures of the lessons.
//!
//! Pictures are made on the processor even when a GPU trains: the networks are small, and a view
//! must not wait for training.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::data::mnist::Mnist;
use crate::device::{self, Device, DeviceChoice};
use crate::nn::vae::Vae;
use crate::train::images::{Judge, LatentModel, SavedModel, VariationalModel, space};

/// The pretrained variational flow in the plane.
pub const POINTS: &str = "builtin:variational2d";
/// The one over digits.
pub const PICTURES: &str = "builtin:variational";
/// The same network over digits, trained as long with a shared prior N(0, I).
pub const VANILLA: &str = "builtin:variational-vanilla";

/// A model on the stage.
#[derive(Clone, Debug)]
pub struct Source {
    /// Grows with each change of the weights; 0 for the pretrained model.
    pub version: u64,
    /// The pretrained model's name.
    pub name: Arc<str>,
    /// The weights of a run; none for the pretrained model.
    pub model: Option<Arc<SavedModel>>,
    /// For the caption.
    pub label: String,
}

impl Source {
    fn saved(&self) -> Result<Arc<SavedModel>, String> {
        match &self.model {
            Some(model) => Ok(Arc::clone(model)),
            None => SavedModel::load(&self.name)
                .map(Arc::new)
                .map_err(|error| error.to_string()),
        }
    }
}

/// Networks that were used last; each is loaded when it is first asked for.
#[derive(Default)]
pub struct Models {
    device: Option<Device>,
    flow: Option<(u64, LatentModel)>,
    vae: Option<(u64, Vae)>,
    judge: Option<Judge>,
    variational: HashMap<Arc<str>, (u64, Arc<VariationalModel>)>,
}

impl Models {
    /// The processor's device.
    ///
    /// # Errors
    /// When burn does not open it.
    pub fn device(&mut self) -> Result<Device, String> {
        if self.device.is_none() {
            let (device, _) = device::open(DeviceChoice::Cpu).map_err(|error| error.to_string())?;
            self.device = Some(device);
        }
        self.device.clone().ok_or_else(|| "no device".to_owned())
    }

    /// The flow of a source, with the autoencoder that it was trained in.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn flow(&mut self, source: &Source) -> Result<&LatentModel, String> {
        let device = self.device()?;
        if self.flow.as_ref().map(|(version, _)| *version) != Some(source.version) {
            let vae = SavedModel::load("builtin:vae").map_err(|error| error.to_string())?;
            let model = LatentModel::new(&*source.saved()?, &vae, &device)?;
            self.flow = Some((source.version, model));
        }
        let loaded = self.flow.as_ref().map(|(_, model)| model);
        loaded.ok_or_else(|| "no flow".to_owned())
    }

    /// The autoencoder of a source.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn vae(&mut self, source: &Source) -> Result<&Vae, String> {
        let device = self.device()?;
        if self.vae.as_ref().map(|(version, _)| *version) != Some(source.version) {
            let vae = space::load_vae(&*source.saved()?, &device)?;
            self.vae = Some((source.version, vae));
        }
        let loaded = self.vae.as_ref().map(|(_, vae)| vae);
        loaded.ok_or_else(|| "no autoencoder".to_owned())
    }

    /// The variational flow of a source; it stays in memory as long as a picture needs it.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn variational(&mut self, source: &Source) -> Result<Arc<VariationalModel>, String> {
        let device = self.device()?;
        match self.variational.get(&source.name) {
            Some((version, model)) if *version == source.version => Ok(Arc::clone(model)),
            _ => {
                let model = Arc::new(VariationalModel::new(&*source.saved()?, &device)?);
                let kept = (source.version, Arc::clone(&model));
                self.variational.insert(Arc::clone(&source.name), kept);
                Ok(model)
            }
        }
    }

    /// The classifier that reads generated digits.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn judge(&mut self) -> Result<&Judge, String> {
        let device = self.device()?;
        if self.judge.is_none() {
            let saved = SavedModel::load("builtin:classifier").map_err(|e| e.to_string())?;
            self.judge = Some(Judge::new(&saved, &device)?);
        }
        self.judge
            .as_ref()
            .ok_or_else(|| "no classifier".to_owned())
    }
}

impl Models {
    /// The flow of a source and the classifier together.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn flow_and_judge(&mut self, source: &Source) -> Result<(&LatentModel, &Judge), String> {
        self.flow(source)?;
        self.judge()?;
        match (&self.flow, &self.judge) {
            (Some((_, flow)), Some(judge)) => Ok((flow, judge)),
            _ => Err("no flow".to_owned()),
        }
    }
}

/// The lock's content; a panic elsewhere leaves networks behind that can be loaded again.
pub fn lock(models: &Mutex<Models>) -> std::sync::MutexGuard<'_, Models> {
    models.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The digits in the program.
///
/// # Errors
/// When they cannot be read, which would be a fault of the build.
pub fn digits() -> Result<Arc<Mnist>, String> {
    Mnist::builtin().map_err(|error| error.to_string())
}
