//! Weights in safetensors files: PyTorch's names and shapes, checked tensor by tensor.

use std::collections::HashMap;
use std::path::Path;

use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::files::{CheckpointError, content, write_atomically};
use crate::kernel::{Activation, LinearWeights, MlpWeights};

/// The newest layout of a run folder this version writes and reads.
const FORMAT_VERSION: &str = "1";

/// A tensor's name, shape and numbers.
pub(super) type Named = (String, Vec<usize>, Vec<f32>);

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Single,
    Half,
}

impl Number {
    fn dtype(self) -> Dtype {
        match self {
            Self::Single => Dtype::F32,
            Self::Half => Dtype::F16,
        }
    }

    pub(super) fn bytes(self, values: &[f32]) -> Vec<u8> {
        match self {
            Self::Single => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            // Half precision ends at 65 504: a wild weight must not become infinite.
            Self::Half => values
                .iter()
                .map(|v| v.clamp(-65_504.0, 65_504.0))
                .flat_map(|v| f16::from_f32(v).to_le_bytes())
                .collect(),
        }
    }
}

/// A parsed safetensors file that can name itself in errors.
pub(super) struct Tensors<'a> {
    path: &'a Path,
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> Tensors<'a> {
    pub(super) fn parse(path: &'a Path, bytes: &'a [u8]) -> Result<Self, CheckpointError> {
        let broken = |error| content(path, format!("not a whole safetensors file: {error}"));
        let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        if let Some(version) = metadata.get("format_version")
            && version != FORMAT_VERSION
        {
            return Err(content(
                path,
                format!(
                    "format_version {version} is of a newer Flow Lab; this one reads \
                     {FORMAT_VERSION}"
                ),
            ));
        }
        Ok(Self {
            path,
            tensors,
            metadata,
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// A text from the metadata, empty when it is not there.
    pub(super) fn text(&self, key: &str) -> &str {
        self.metadata.get(key).map_or("", String::as_str)
    }

    /// A whole number from the metadata, 0 when it is not there.
    pub(super) fn number(&self, key: &str) -> Result<u64, CheckpointError> {
        match self.metadata.get(key) {
            None => Ok(0),
            Some(text) => text
                .parse()
                .map_err(|_| content(self.path, format!("{key} = `{text}` is not a number"))),
        }
    }

    /// One tensor of a rank, as f32.
    fn tensor(&self, name: &str, rank: usize) -> Result<(Vec<usize>, Vec<f32>), CheckpointError> {
        let view = self
            .tensors
            .tensor(name)
            .map_err(|_| content(self.path, format!("tensor {name} is missing")))?;
        if view.shape().len() != rank {
            return Err(content(
                self.path,
                format!(
                    "tensor {name}: expected {rank} axes, found {:?}",
                    view.shape()
                ),
            ));
        }
        let values = self.values(name, &view)?;
        Ok((view.shape().to_vec(), values))
    }

    /// A tensor's numbers as f32; those of weights in the program are float16 on disk.
    fn values(&self, name: &str, view: &TensorView) -> Result<Vec<f32>, CheckpointError> {
        let data = view.data();
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => data
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
            Dtype::F16 => data
                .chunks_exact(2)
                .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
                .collect(),
            other => {
                return Err(content(
                    self.path,
                    format!("tensor {name}: expected F32 or F16, found {other:?}"),
                ));
            }
        };
        match values.iter().find(|value| !value.is_finite()) {
            None => Ok(values),
            Some(bad) => Err(content(
                self.path,
                format!("tensor {name} holds {bad}; the run that wrote it had diverged"),
            )),
        }
    }

    /// Every tensor: name, shape, numbers.
    pub(super) fn all(&self) -> Result<Vec<Named>, CheckpointError> {
        self.tensors
            .iter()
            .map(|(name, view)| {
                let values = self.values(name, &view)?;
                Ok((name.to_owned(), view.shape().to_vec(), values))
            })
            .collect()
    }

    /// The layers `network.0`, `network.2`, … under a prefix.
    pub(super) fn mlp(
        &self,
        prefix: &str,
        activation: Activation,
    ) -> Result<MlpWeights, CheckpointError> {
        let mut layers = Vec::new();
        loop {
            let name = format!("{prefix}network.{}", 2 * layers.len());
            if !layers.is_empty() && !self.has(&format!("{name}.weight")) {
                break;
            }
            let (shape, weight) = self.tensor(&format!("{name}.weight"), 2)?;
            let (_, bias) = self.tensor(&format!("{name}.bias"), 1)?;
            layers.push(LinearWeights {
                inputs: shape[1],
                outputs: shape[0],
                weight,
                bias,
            });
        }
        let weights = MlpWeights { activation, layers };
        weights
            .validate()
            .map_err(|error| content(self.path, error.to_string()))?;
        Ok(weights)
    }
}

pub(super) fn push_mlp(
    tensors: &mut Vec<(String, Vec<usize>, Vec<u8>)>,
    prefix: &str,
    weights: &MlpWeights,
    number: Number,
) {
    let bytes = |values: &[f32]| number.bytes(values);
    for (i, layer) in weights.layers.iter().enumerate() {
        let name = format!("{prefix}network.{}", 2 * i);
        tensors.push((
            format!("{name}.weight"),
            vec![layer.outputs, layer.inputs],
            bytes(&layer.weight),
        ));
        tensors.push((
            format!("{name}.bias"),
            vec![layer.outputs],
            bytes(&layer.bias),
        ));
    }
}

pub(super) fn write_tensors(
    path: &Path,
    tensors: Vec<(String, Vec<usize>, Vec<u8>)>,
    step: u64,
) -> Result<(), CheckpointError> {
    write_tensors_of(path, tensors, Number::Single, step, [])
}

pub(super) fn write_tensors_of(
    path: &Path,
    tensors: Vec<(String, Vec<usize>, Vec<u8>)>,
    number: Number,
    step: u64,
    more: impl IntoIterator<Item = (String, String)>,
) -> Result<(), CheckpointError> {
    let views: Vec<(&str, TensorView)> = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            let view = TensorView::new(number.dtype(), shape.clone(), bytes)
                .expect("the byte count follows from the shape");
            (name.as_str(), view)
        })
        .collect();
    let mut metadata = HashMap::from([
        ("format".to_owned(), "pt".to_owned()),
        ("format_version".to_owned(), FORMAT_VERSION.to_owned()),
        ("step".to_owned(), step.to_string()),
    ]);
    metadata.extend(more);
    let bytes = safetensors::serialize(views, Some(metadata))
        .map_err(|error| content(path, error.to_string()))?;
    write_atomically(path, &bytes)
}
