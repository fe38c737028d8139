//! Run folders: `config.json`, `model.safetensors` in PyTorch's layout, `optimizer.safetensors`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::adam::Moments;
use super::config::ToyConfig;
use super::engine::EngineState;
use super::files::{
    CheckpointError, content, prepare_folder, read_capped, together, write_atomically,
};
use super::tensors::{Number, Tensors, push_mlp, write_tensors};
use crate::kernel::{Activation, MlpWeights};

/// Pretrained models in the binary: name, `config.json`, `model.safetensors`.
const BUILTIN: [(&str, &[u8], &[u8]); 2] = [
    (
        "checkerboard",
        include_bytes!("../../assets/weights/checkerboard/config.json"),
        include_bytes!("../../assets/weights/checkerboard/model.safetensors"),
    ),
    (
        "moons",
        include_bytes!("../../assets/weights/moons/config.json"),
        include_bytes!("../../assets/weights/moons/model.safetensors"),
    ),
];

/// A trained network with the settings it was trained with.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// How it was trained.
    pub config: ToyConfig,
    /// Optimiser steps done.
    pub step: u64,
    /// The weights to sample with.
    pub weights: MlpWeights,
}

impl Checkpoint {
    /// Loads a run folder, or a model that comes with the program (`builtin:checkerboard`).
    ///
    /// # Errors
    /// Names the file and, inside it, the tensor at fault.
    pub fn load(name: &str) -> Result<Self, CheckpointError> {
        let (folder, config, model) = read(name)?;
        Self::from_bytes(&folder, &config, &model)
    }

    /// The SHA-256 of `model.safetensors`, in hexadecimal, to tell which weights made a figure.
    ///
    /// # Errors
    /// Names the file that could not be read.
    pub fn sha256(name: &str) -> Result<String, CheckpointError> {
        use sha2::Digest;
        let (_, _, model) = read(name)?;
        let digest = sha2::Sha256::digest(&model);
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn from_bytes(folder: &Path, config: &[u8], model: &[u8]) -> Result<Self, CheckpointError> {
        let config = parse_config(&folder.join("config.json"), config)?;
        let path = folder.join("model.safetensors");
        let tensors = Tensors::parse(&path, model)?;
        let weights = tensors.mlp("", config.activation)?;
        same_shape(&path, "", &weights, &config)?;
        let step = tensors.number("step")?;
        Ok(Self {
            config,
            step,
            weights,
        })
    }
}

/// The folder, `config.json` and `model.safetensors` of a checkpoint.
fn read(name: &str) -> Result<(PathBuf, Vec<u8>, Vec<u8>), CheckpointError> {
    if let Some(builtin) = name.strip_prefix("builtin:") {
        let (_, config, model) = BUILTIN
            .iter()
            .find(|(known, _, _)| *known == builtin)
            .ok_or_else(|| CheckpointError::UnknownBuiltin {
                name: name.to_owned(),
                known: BUILTIN
                    .map(|(known, _, _)| format!("builtin:{known}"))
                    .into_iter()
                    .chain(super::images::store::builtin_names())
                    .collect::<Vec<_>>()
                    .join(", "),
            })?;
        return Ok((PathBuf::from(name), config.to_vec(), model.to_vec()));
    }
    let folder = PathBuf::from(name);
    let config = read_capped(&folder.join("config.json"))?;
    let model = read_capped(&folder.join("model.safetensors"))?;
    Ok((folder, config, model))
}

/// Reads a state dict in the layout of seed 003's class, of any depth and width.
///
/// # Errors
/// Names the file and the tensor at fault.
pub fn import(path: &Path, activation: Activation) -> Result<MlpWeights, CheckpointError> {
    let bytes = read_capped(path)?;
    import_bytes(path, &bytes, activation)
}

/// The same from memory; `path` is for the errors.
///
/// # Errors
/// Names the tensor at fault.
pub fn import_bytes(
    path: &Path,
    bytes: &[u8],
    activation: Activation,
) -> Result<MlpWeights, CheckpointError> {
    Tensors::parse(path, bytes)?.mlp("", activation)
}

/// Writes a run folder: the settings, the weights to sample with, and all that `--resume` needs.
/// Nothing is replaced before all is on the disk: when that is full, the old run stays.
///
/// # Errors
/// Names the file that could not be written.
pub fn save(
    folder: &Path,
    config: &ToyConfig,
    step: u64,
    state: &EngineState,
) -> Result<(), CheckpointError> {
    together(|| {
        save_model(folder, config, step, state.best())?;
        save_state(folder, step, state)
    })
}

fn save_state(folder: &Path, step: u64, state: &EngineState) -> Result<(), CheckpointError> {
    let mut tensors = Vec::new();
    push_mlp(&mut tensors, "", &state.weights, Number::Single);
    if let Some(average) = &state.average {
        push_mlp(&mut tensors, "average.", average, Number::Single);
    }
    if let Some(moments) = &state.moments {
        let first = state.weights.from_flat(&moments.first);
        let second = state.weights.from_flat(&moments.second);
        push_mlp(&mut tensors, "exp_avg.", &first, Number::Single);
        push_mlp(&mut tensors, "exp_avg_sq.", &second, Number::Single);
    }
    write_tensors(&folder.join("optimizer.safetensors"), tensors, step)
}

/// Writes only what sampling needs: `config.json` and `model.safetensors`.
///
/// # Errors
/// Names the file that could not be written.
pub fn save_model(
    folder: &Path,
    config: &ToyConfig,
    step: u64,
    weights: &MlpWeights,
) -> Result<(), CheckpointError> {
    prepare_folder(folder, SystemTime::now())?;
    let json = serde_json::to_vec_pretty(config).expect("plain settings always serialise");
    let mut tensors = Vec::new();
    push_mlp(&mut tensors, "", weights, Number::Single);
    // Settings without the weights that they are of would be read by nobody.
    together(|| {
        write_atomically(&folder.join("config.json"), &json)?;
        write_tensors(&folder.join("model.safetensors"), tensors, step)
    })
}

/// Loads what `--resume` needs: settings, steps done, state.
///
/// # Errors
/// Names the file and the tensor at fault.
pub fn load_state(folder: &Path) -> Result<(ToyConfig, u64, EngineState), CheckpointError> {
    let path = folder.join("config.json");
    let config = parse_config(&path, &read_capped(&path)?)?;
    let path = folder.join("optimizer.safetensors");
    let bytes = read_capped(&path)?;
    let tensors = Tensors::parse(&path, &bytes)?;
    let step = tensors.number("step")?;
    let part = |prefix: &str| -> Result<Option<MlpWeights>, CheckpointError> {
        if !tensors.has(&format!("{prefix}network.0.weight")) {
            return Ok(None);
        }
        let part = tensors.mlp(prefix, config.activation)?;
        same_shape(&path, prefix, &part, &config)?;
        Ok(Some(part))
    };
    let weights = tensors.mlp("", config.activation)?;
    same_shape(&path, "", &weights, &config)?;
    let moments = match (part("exp_avg.")?, part("exp_avg_sq.")?) {
        (Some(first), Some(second)) => Some(Moments {
            time: step as usize,
            first: first.to_flat(),
            second: second.to_flat(),
        }),
        _ => None,
    };
    let average = part("average.")?;
    Ok((
        config,
        step,
        EngineState {
            weights,
            average,
            moments,
        },
    ))
}

/// Weights of another run than the settings beside them are refused; `prefix` is that of their
/// tensors' names.
pub(super) fn same_shape(
    path: &Path,
    prefix: &str,
    weights: &MlpWeights,
    config: &ToyConfig,
) -> Result<(), CheckpointError> {
    let (found, expected) = (weights.shape(), config.shape());
    if found == expected {
        return Ok(());
    }
    // The first layer that is another one; where one network is the longer, it is the one too many
    // or too few.
    let pairs = found.windows(2).zip(expected.windows(2));
    let layer = pairs
        .take_while(|(found, expected)| found == expected)
        .count();
    let reason = format!(
        "{prefix}network.{}.weight and the others form a network {found:?}, but config.json says \
         {expected:?}; both files must be of one run",
        2 * layer
    );
    Err(content(path, reason))
}

/// Reads and checks the settings of a run; `path` is for the errors.
///
/// # Errors
/// Names the setting at fault.
pub fn parse_config(path: &Path, bytes: &[u8]) -> Result<ToyConfig, CheckpointError> {
    let config: ToyConfig = serde_json::from_slice(bytes)
        .map_err(|error| content(path, format!("not the settings of a run: {error}")))?;
    config
        .validate()
        .map_err(|error| content(path, error.to_string()))?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::batch::{Purpose, stream};

    fn config(hidden: usize, layers: usize) -> ToyConfig {
        ToyConfig {
            hidden,
            layers,
            ..ToyConfig::default()
        }
    }

    fn weights(config: &ToyConfig) -> MlpWeights {
        let mut rng = stream(1, Purpose::Weights, 0);
        MlpWeights::init(&config.shape(), config.activation, &mut rng)
    }

    #[test]
    fn parts_of_a_state_that_are_of_another_network_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let own = config(8, 2);
        save_model(folder.path(), &own, 3, &weights(&own)).unwrap();
        let path = folder.path().join("optimizer.safetensors");
        let parts = ["average.", "exp_avg.", "exp_avg_sq."];
        for (other, layer) in [(config(16, 2), 0), (config(8, 3), 4), (config(8, 1), 2)] {
            for wrong in [&[""][..], &parts].concat() {
                let mut tensors = Vec::new();
                for part in [&[""][..], &parts].concat() {
                    let config = if part == wrong { &other } else { &own };
                    push_mlp(&mut tensors, part, &weights(config), Number::Single);
                }
                write_tensors(&path, tensors, 3).unwrap();
                let error = load_state(folder.path()).unwrap_err().to_string();
                let tensor = format!("optimizer.safetensors: {wrong}network.{layer}.weight");
                assert!(error.contains(&tensor), "{tensor}: {error}");
            }
        }
    }
}
