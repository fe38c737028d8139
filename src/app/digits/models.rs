//! Networks of the image lab in host memory, for pictures of the lessons.
//!
//! Pictures are made on the processor even when a GPU trains: the networks are small, and a view
//! must not wait for training.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::data::mnist::Mnist;
use crate::device::{self, Device, DeviceChoice};
use crate::nn::vae::Vae;
use crate::train::images::reader::{READER, Reader};
use crate::train::images::{ImageConfig, Judge, LatentModel, SavedModel, VariationalModel, space};

/// The pretrained variational flow in the plane.
pub const POINTS: &str = "builtin:variational2d";
/// The one over digits.
pub const PICTURES: &str = "builtin:variational";
/// The same network over digits, trained as long with a shared prior N(0, I).
pub const VANILLA: &str = "builtin:variational-vanilla";

/// The pretrained flow that completes digits.
pub const INPAINT: &str = "builtin:inpaint";
/// The one that makes digits of label maps.
pub const SEMANTIC: &str = "builtin:semantic";

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
    /// The folder of the pictures that it was trained on; none for MNIST.
    pub fn data(&self) -> Option<&PathBuf> {
        self.model.as_ref()?.config.data()
    }

    fn saved(&self) -> Result<Arc<SavedModel>, String> {
        match &self.model {
            Some(model) => Ok(Arc::clone(model)),
            None => SavedModel::load(&self.name)
                .map(Arc::new)
                .map_err(|error| error.to_string()),
        }
    }
}

/// Networks that were used last; each is loaded when it is first asked for. They are handed out as
/// `Arc`, so that the lock is held no longer than loading takes.
#[derive(Default)]
pub struct Models {
    device: Option<Device>,
    flows: HashMap<Arc<str>, (u64, Arc<LatentModel>)>,
    vae: Option<(u64, Arc<Vae>)>,
    judge: Option<Arc<Judge>>,
    reader: Option<Arc<Reader>>,
    data: Option<(PathBuf, Arc<Mnist>)>,
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

    /// The flow of a source, with the autoencoder that it was trained in; it stays in memory as
    /// long as a picture needs it.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn flow(&mut self, source: &Source) -> Result<Arc<LatentModel>, String> {
        let device = self.device()?;
        match self.flows.get(&source.name) {
            Some((version, model)) if *version == source.version => Ok(Arc::clone(model)),
            _ => {
                let model = match &source.model {
                    None => LatentModel::load(&source.name, &device)?,
                    Some(saved) => {
                        let vae = match &saved.config {
                            ImageConfig::Latent(settings) => &settings.vae,
                            _ => "builtin:vae",
                        };
                        let vae = SavedModel::load(vae).map_err(|error| error.to_string())?;
                        LatentModel::new(saved, &vae, &device)?
                    }
                };
                let model = Arc::new(model);
                let kept = (source.version, Arc::clone(&model));
                self.flows.insert(Arc::clone(&source.name), kept);
                Ok(model)
            }
        }
    }

    /// The autoencoder of a source.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn vae(&mut self, source: &Source) -> Result<Arc<Vae>, String> {
        let device = self.device()?;
        match &self.vae {
            Some((version, vae)) if *version == source.version => Ok(Arc::clone(vae)),
            _ => {
                let vae = Arc::new(space::load_vae(&*source.saved()?, &device)?);
                self.vae = Some((source.version, Arc::clone(&vae)));
                Ok(vae)
            }
        }
    }

    /// The pictures that a source was trained on: MNIST, or those of a folder.
    ///
    /// # Errors
    /// Names the file at fault.
    pub fn images(&mut self, source: &Source) -> Result<Arc<Mnist>, String> {
        let Some(folder) = source.data() else {
            return digits();
        };
        match &self.data {
            Some((known, data)) if known == folder => Ok(Arc::clone(data)),
            _ => {
                let data = Mnist::load(Some(folder)).map_err(|error| error.to_string())?;
                self.data = Some((folder.clone(), Arc::clone(&data)));
                Ok(data)
            }
        }
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
    pub fn judge(&mut self) -> Result<Arc<Judge>, String> {
        let device = self.device()?;
        once(&mut self.judge, "builtin:classifier", |saved| {
            Judge::new(saved, &device)
        })
    }

    /// The network that reads a digit's class from what is seen of it.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn reader(&mut self) -> Result<Arc<Reader>, String> {
        let device = self.device()?;
        once(&mut self.reader, READER, |saved| {
            Reader::new(saved, &device)
        })
    }
}

/// A network that comes with the program, loaded when it is first asked for.
fn once<T>(
    kept: &mut Option<Arc<T>>,
    name: &str,
    make: impl FnOnce(&SavedModel) -> Result<T, String>,
) -> Result<Arc<T>, String> {
    if let Some(network) = kept {
        return Ok(Arc::clone(network));
    }
    let saved = SavedModel::load(name).map_err(|error| error.to_string())?;
    Ok(Arc::clone(kept.insert(Arc::new(make(&saved)?))))
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
