//! Run folders of the image lab: `config.json`, `model.safetensors`, `optimizer.safetensors`.

use std::borrow::Cow;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::config::ImageConfig;
use super::engine::EngineState;
use super::log::{self, Row};
use super::params::NamedTensor;
use super::sheet::Sheet;
use crate::train::files::{
    CheckpointError, content, prepare_folder, read_capped, together, write_atomically,
};
use crate::train::tensors::{Number, Tensors, write_tensors, write_tensors_of};

/// Pretrained models in the binary: name, `config.json`, `model.safetensors`.
const BUILTIN: [(&str, &[u8], &[u8]); 9] = [
    (
        "vae",
        include_bytes!("../../../assets/weights/vae/config.json"),
        include_bytes!("../../../assets/weights/vae/model.safetensors"),
    ),
    (
        "latent",
        include_bytes!("../../../assets/weights/latent/config.json"),
        include_bytes!("../../../assets/weights/latent/model.safetensors"),
    ),
    (
        "inpaint",
        include_bytes!("../../../assets/weights/inpaint/config.json"),
        include_bytes!("../../../assets/weights/inpaint/model.safetensors"),
    ),
    (
        "semantic",
        include_bytes!("../../../assets/weights/semantic/config.json"),
        include_bytes!("../../../assets/weights/semantic/model.safetensors"),
    ),
    (
        "classifier",
        include_bytes!("../../../assets/weights/classifier/config.json"),
        include_bytes!("../../../assets/weights/classifier/model.safetensors"),
    ),
    (
        "reader",
        include_bytes!("../../../assets/weights/reader/config.json"),
        include_bytes!("../../../assets/weights/reader/model.safetensors"),
    ),
    (
        "variational2d",
        include_bytes!("../../../assets/weights/variational2d/config.json"),
        include_bytes!("../../../assets/weights/variational2d/model.safetensors"),
    ),
    (
        "variational",
        include_bytes!("../../../assets/weights/variational/config.json"),
        include_bytes!("../../../assets/weights/variational/model.safetensors"),
    ),
    (
        "variational-vanilla",
        include_bytes!("../../../assets/weights/variational-vanilla/config.json"),
        include_bytes!("../../../assets/weights/variational-vanilla/model.safetensors"),
    ),
];

/// Samples of the pretrained flow after some of its epochs: `samples/epoch-….png` of its run.
const FILM: [(u64, &[u8]); 7] = [
    (
        1,
        include_bytes!("../../../assets/weights/latent/samples/epoch-0001.png"),
    ),
    (
        2,
        include_bytes!("../../../assets/weights/latent/samples/epoch-0002.png"),
    ),
    (
        5,
        include_bytes!("../../../assets/weights/latent/samples/epoch-0005.png"),
    ),
    (
        10,
        include_bytes!("../../../assets/weights/latent/samples/epoch-0010.png"),
    ),
    (
        15,
        include_bytes!("../../../assets/weights/latent/samples/epoch-0015.png"),
    ),
    (
        25,
        include_bytes!("../../../assets/weights/latent/samples/epoch-0025.png"),
    ),
    (
        66,
        include_bytes!("../../../assets/weights/latent/samples/epoch-0066.png"),
    ),
];

/// The film of the pretrained flow.
pub fn builtin_film() -> Vec<Sheet> {
    let sheets = FILM.iter();
    sheets
        .filter_map(|(epoch, png)| Sheet::from_png(*epoch, png).ok())
        .collect()
}

/// The sheets `samples/epoch-….png` of a run folder, by epoch.
///
/// # Errors
/// Names the file or folder that could not be read.
pub fn film(folder: &Path) -> Result<Vec<Sheet>, String> {
    let samples = folder.join("samples");
    let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", samples.display());
    let mut sheets = Vec::new();
    for entry in fs::read_dir(&samples).map_err(|error| fail(&error))? {
        let path = entry.map_err(|error| fail(&error))?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let epoch = stem.and_then(|stem| stem.strip_prefix("epoch-")?.parse().ok());
        let Some(epoch) = epoch.filter(|_| path.extension().is_some_and(|end| end == "png")) else {
            continue;
        };
        let png = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let sheet = Sheet::from_png(epoch, &png);
        sheets.push(sheet.map_err(|error| format!("{}: {error}", path.display()))?);
    }
    sheets.sort_by_key(|sheet| sheet.epoch);
    Ok(sheets)
}

/// The losses of a model that comes with the program; none of one that comes without them.
pub fn builtin_log(name: &str) -> Vec<Row> {
    let packed: &[u8] = match name {
        "builtin:vae" => include_bytes!("../../../assets/weights/vae/log.csv.gz"),
        "builtin:latent" => include_bytes!("../../../assets/weights/latent/log.csv.gz"),
        "builtin:variational2d" => {
            include_bytes!("../../../assets/weights/variational2d/log.csv.gz")
        }
        "builtin:variational" => include_bytes!("../../../assets/weights/variational/log.csv.gz"),
        _ => return Vec::new(),
    };
    let mut text = String::new();
    match flate2::read::MultiGzDecoder::new(packed).read_to_string(&mut text) {
        Ok(_) => log::parse(&text),
        Err(error) => unreachable!("{name}: its losses are part of the program: {error}"),
    }
}

/// Names beginning so are measured on the data and stored beside the network's own tensors.
const BESIDE: &str = "space.";

/// The model of a run, to sample with.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedModel {
    /// How it was trained.
    pub config: ImageConfig,
    /// Optimiser steps done.
    pub step: u64,
    /// The network's tensors; those of an average where the run keeps one.
    pub network: Vec<NamedTensor>,
    /// What was measured on the training set, such as the latents' scale.
    pub beside: Vec<NamedTensor>,
}

impl SavedModel {
    /// Loads a run folder, or a model that comes with the program such as `builtin:vae`.
    ///
    /// # Errors
    /// Names the file and, inside it, the tensor at fault.
    pub fn load(name: &str) -> Result<Self, CheckpointError> {
        let (config, model) = files(name)?;
        let folder = Path::new(name);
        let config = parse_config(&folder.join("config.json"), &config)?;
        let path = folder.join("model.safetensors");
        let tensors = Tensors::parse(&path, &model)?;
        let mut network = named(&tensors)?;
        let beside = network
            .extract_if(.., |tensor| tensor.name.starts_with(BESIDE))
            .collect();
        Ok(Self {
            config,
            step: tensors.number("step")?,
            network,
            beside,
        })
    }

    /// Writes what sampling needs: `config.json` and `model.safetensors`, in float16 if `half`.
    ///
    /// # Errors
    /// Names the file that could not be written.
    pub fn write(&self, folder: &Path, half: bool) -> Result<(), CheckpointError> {
        prepare_folder(folder, SystemTime::now())?;
        let json = serde_json::to_vec_pretty(&self.config).expect("plain settings serialise");
        let mut tensors = Vec::new();
        let number = if half { Number::Half } else { Number::Single };
        push(&mut tensors, "", &self.network, number);
        push(&mut tensors, "", &self.beside, number);
        // Settings without the weights that they are of would be read by nobody.
        together(|| {
            write_atomically(&folder.join("config.json"), &json)?;
            let path = folder.join("model.safetensors");
            write_tensors_of(&path, tensors, number, self.step, [])
        })
    }

    /// A measured tensor.
    ///
    /// # Errors
    /// When the file does not hold it.
    pub fn measured(&self, name: &str) -> Result<&NamedTensor, String> {
        self.beside
            .iter()
            .find(|tensor| tensor.name == name)
            .ok_or_else(|| format!("tensor {name} is missing"))
    }
}

/// The SHA-256 of `model.safetensors`, in hexadecimal, to tell which weights made a figure.
///
/// # Errors
/// Names the file that could not be read.
pub fn sha256(name: &str) -> Result<String, CheckpointError> {
    use sha2::Digest;
    let (_, model) = files(name)?;
    let digest = sha2::Sha256::digest(&model);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The image models that come with the program.
pub fn builtin_names() -> [String; 9] {
    BUILTIN.map(|(name, _, _)| format!("builtin:{name}"))
}

/// The task that a checkpoint was trained for; none for a run of the 2-D lab.
///
/// # Errors
/// Names the file that could not be read.
pub fn task_of(name: &str) -> Result<Option<String>, CheckpointError> {
    let path = Path::new(name).join("config.json");
    let bytes: Contents = match name.strip_prefix("builtin:") {
        Some(builtin) => match BUILTIN.iter().find(|(known, _, _)| *known == builtin) {
            Some((_, config, _)) => Cow::Borrowed(*config),
            None => return Ok(None),
        },
        None => read_capped(&path)?.into(),
    };
    let json: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|error| content(&path, format!("not the settings of a run: {error}")))?;
    Ok(json.get("task").and_then(|t| t.as_str()).map(str::to_owned))
}

/// Writes all that `--resume` needs beside the model.
///
/// # Errors
/// Names the file that could not be written.
pub fn write_state(folder: &Path, state: &EngineState) -> Result<(), CheckpointError> {
    let mut tensors = Vec::new();
    push(&mut tensors, "", &state.weights, Number::Single);
    if let Some(average) = &state.average {
        push(&mut tensors, "average.", average, Number::Single);
    }
    if let Some([first, second]) = &state.moments {
        push(&mut tensors, "exp_avg.", first, Number::Single);
        push(&mut tensors, "exp_avg_sq.", second, Number::Single);
    }
    let path = folder.join("optimizer.safetensors");
    write_tensors(&path, tensors, state.step)
}

/// Loads what `--resume` needs.
///
/// # Errors
/// Names the file and the tensor at fault.
pub fn load_state(folder: &Path) -> Result<(ImageConfig, EngineState), CheckpointError> {
    let path = folder.join("config.json");
    let config = parse_config(&path, &read_capped(&path)?)?;
    let path = folder.join("optimizer.safetensors");
    let bytes = read_capped(&path)?;
    let tensors = Tensors::parse(&path, &bytes)?;
    let mut weights = named(&tensors)?;
    let mut take = |prefix: &str| {
        let found: Vec<NamedTensor> = weights
            .extract_if(.., |tensor| tensor.name.starts_with(prefix))
            .map(|tensor| NamedTensor {
                name: tensor.name[prefix.len()..].to_owned(),
                ..tensor
            })
            .collect();
        (!found.is_empty()).then_some(found)
    };
    let average = take("average.");
    let first = take("exp_avg.");
    let second = take("exp_avg_sq.");
    Ok((
        config,
        EngineState {
            step: tensors.number("step")?,
            average,
            moments: first.zip(second).map(|(first, second)| [first, second]),
            weights,
        },
    ))
}

type Contents = Cow<'static, [u8]>;

fn files(name: &str) -> Result<(Contents, Contents), CheckpointError> {
    if let Some(builtin) = name.strip_prefix("builtin:") {
        let found = BUILTIN.iter().find(|(known, _, _)| *known == builtin);
        let (_, config, model) = found.ok_or_else(|| CheckpointError::UnknownBuiltin {
            name: name.to_owned(),
            known: builtin_names().join(", "),
        })?;
        return Ok((Cow::Borrowed(*config), Cow::Borrowed(*model)));
    }
    let folder = PathBuf::from(name);
    Ok((
        read_capped(&folder.join("config.json"))?.into(),
        read_capped(&folder.join("model.safetensors"))?.into(),
    ))
}

/// Reads and checks the settings of an image run; `path` is for the errors.
///
/// # Errors
/// Names the setting at fault.
pub fn parse_config(path: &Path, bytes: &[u8]) -> Result<ImageConfig, CheckpointError> {
    let config: ImageConfig = serde_json::from_slice(bytes)
        .map_err(|error| content(path, format!("not the settings of an image run: {error}")))?;
    config
        .validate()
        .map_err(|error| content(path, error.to_string()))?;
    Ok(config)
}

/// Every tensor, by name: the file's own directory has no order.
fn named(tensors: &Tensors) -> Result<Vec<NamedTensor>, CheckpointError> {
    let mut all = tensors.all()?;
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let named = all.into_iter().map(|(name, shape, values)| NamedTensor {
        name,
        shape,
        values,
    });
    Ok(named.collect())
}

fn push(
    tensors: &mut Vec<(String, Vec<usize>, Vec<u8>)>,
    prefix: &str,
    from: &[NamedTensor],
    number: Number,
) {
    for tensor in from {
        tensors.push((
            format!("{prefix}{}", tensor.name),
            tensor.shape.clone(),
            number.bytes(&tensor.values),
        ));
    }
}
