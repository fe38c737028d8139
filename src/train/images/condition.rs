//! What the velocity network of the latent flow is given beside x_t, t and the class.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::space::{LATENT, Space};
use crate::data::mnist::regions::LEVELS;
use crate::data::mnist::{PADDED, PIXELS, pad};
use crate::nn::mlp::read;
use crate::nn::vae::Vae;

/// Side of a latent code, and pixels of the padded image along one of its points.
const POINTS: usize = 4;
const CELL: usize = PADDED / POINTS;
/// Points of one channel of a code.
const AREA: usize = POINTS * POINTS;
/// Fields of a label map along one point of a code, and pixels along one of them: at the size of a
/// code alone (one field) a map no longer says which digit it is.
const FIELDS: usize = 4;
const FIELD: usize = CELL / FIELDS;
/// Probability that the label is left out in training: a condition stands for the class, so that
/// such a flow is mostly asked without one.
pub const DROP_WITH_CONDITION: f64 = 0.8;
/// Images that are encoded together.
const CHUNK: usize = 250;

/// A condition that is concatenated to x_t.
///
/// Source: "Flow matching in latent space" (Dao et al. 2023), sections on inpainting and on
/// semantic maps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Only the class.
    #[default]
    None,
    /// The code of the masked image and the mask: 4 + 1 channels.
    Inpaint,
    /// A label map of 16x16 fields: 4 labels in the 4x4 fields of each point of a code, through a
    /// learned rescaler (a 4x4 convolution of stride 4) into 8 channels.
    Semantic,
}

impl Condition {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::None, Self::Inpaint, Self::Semantic];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Inpaint => "inpaint",
            Self::Semantic => "semantic",
        }
    }

    /// Channels that come with each x_t.
    pub fn channels(self) -> usize {
        match self {
            Self::None => 0,
            Self::Inpaint => 5,
            Self::Semantic => LEVELS * FIELDS * FIELDS,
        }
    }

    /// Extra channels of the network's tokens, and channels of a map that is turned into them.
    pub(super) fn inputs(self) -> (usize, usize) {
        match self {
            Self::None => (0, 0),
            Self::Inpaint => (5, 0),
            Self::Semantic => (8, self.channels()),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|condition| condition.name() == text)
            .ok_or_else(|| format!("`{text}` is no condition; ask for none, inpaint or semantic"))
    }
}

/// `[E(x (1 − m)), m]` of images `[n, 28, 28]` and masks of the same shape (1 is hidden), as
/// channels `[n, 5, 4, 4]`: the normalised mean of the masked image's code, in which hidden
/// pixels are mid-grey, and the mask's mean over each point of the code.
///
/// # Errors
/// When the device was lost.
pub fn inpaint(
    vae: &Vae,
    space: &Space,
    images: &[u8],
    masks: &[u8],
    device: &Device,
) -> Result<Vec<f32>, String> {
    let mut given = Vec::with_capacity(images.len() / PIXELS * 5 * AREA);
    for (images, masks) in images
        .chunks(CHUNK * PIXELS)
        .zip(masks.chunks(CHUNK * PIXELS))
    {
        let mut seen = Vec::with_capacity(images.len() / PIXELS * PADDED * PADDED);
        for (image, mask) in images.chunks_exact(PIXELS).zip(masks.chunks_exact(PIXELS)) {
            let kept = image.iter().zip(mask).map(|(&grey, &hidden)| match hidden {
                0 => f32::from(grey) / 127.5 - 1.0,
                _ => 0.0,
            });
            seen.extend(pad(kept, -1.0));
        }
        let shape = [images.len() / PIXELS, 1, PADDED, PADDED];
        let seen = Tensor::from_data(TensorData::new(seen, shape), device);
        let mut codes = read(vae.encode(seen).0)?;
        space.enter(&mut codes);
        for (code, mask) in codes.chunks_exact(LATENT).zip(masks.chunks_exact(PIXELS)) {
            given.extend_from_slice(code);
            given.extend(shrink(mask.iter().map(|&hidden| f32::from(hidden))));
        }
    }
    Ok(given)
}

/// Label maps `[n, 28, 28]` as channels `[n, 4 · 16, 4, 4]`: the share of each label in each field
/// of 2x2 pixels, which is what one bilinear halving of the one-hot map is; the 4x4 fields of a
/// point of a code are channels of that point, label after label and row after row.
pub fn semantic(maps: &[u8]) -> Vec<f32> {
    let channels = Condition::Semantic.channels();
    let mut given = vec![0.0; maps.len() / PIXELS * channels * AREA];
    let share = 1.0 / (FIELD * FIELD) as f32;
    for (map, given) in (maps.chunks_exact(PIXELS)).zip(given.chunks_exact_mut(channels * AREA)) {
        // The padding is paper.
        let labels = pad(map.iter().map(|&label| f32::from(label)), 0.0);
        for (i, label) in labels.into_iter().enumerate() {
            let (row, column) = (i / PADDED, i % PADDED);
            let field = row % CELL / FIELD * FIELDS + column % CELL / FIELD;
            let channel = label as usize * FIELDS * FIELDS + field;
            given[channel * AREA + row / CELL * POINTS + column / CELL] += share;
        }
    }
    given
}

/// The mean over each 8x8 pixels of a padded picture, `[4, 4]`.
fn shrink(values: impl IntoIterator<Item = f32>) -> [f32; AREA] {
    let mut means = [0.0; AREA];
    for (i, value) in pad(values, 0.0).into_iter().enumerate() {
        let cell = i / PADDED / CELL * POINTS + i % PADDED / CELL;
        means[cell] += value / (CELL * CELL) as f32;
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::mnist::{SIDE, mask};

    #[test]
    fn maps_become_shares_that_sum_to_one() {
        let map: Vec<u8> = (0..PIXELS).map(|i| (i % SIDE / 7) as u8).collect();
        let given = semantic(&map);
        assert_eq!(given.len(), 64 * AREA);
        let at =
            |label: usize, field: usize, point: usize| given[(label * 16 + field) * AREA + point];
        for point in 0..AREA {
            for field in 0..16 {
                let sum: f32 = (0..LEVELS).map(|label| at(label, field, point)).sum();
                assert!((sum - 1.0).abs() < 1e-6, "{sum}");
            }
        }
        // Point 5 has columns 8..16 of the padded image, 6..14 of the map: one of label 0, then
        // seven of label 1. Its first field has two of them.
        for field in [0, 4, 8, 12] {
            assert_eq!([0, 1, 2].map(|label| at(label, field, 5)), [0.5, 0.5, 0.0]);
            assert_eq!(
                [0, 1, 2].map(|label| at(label, field + 3, 5)),
                [0.0, 1.0, 0.0]
            );
        }
    }

    #[test]
    fn a_mask_becomes_the_share_that_it_hides() {
        let shares = shrink(mask::centre().into_iter().map(f32::from));
        // Rows and columns 9..23 of the padded image: seven of eight in two points each way.
        for (point, share) in shares.into_iter().enumerate() {
            let inside = |i: usize| (1..3).contains(&i);
            let hidden = inside(point / POINTS) && inside(point % POINTS);
            let expected = if hidden { 49.0 / 64.0 } else { 0.0 };
            assert!((share - expected).abs() < 1e-6, "{point}: {share}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for condition in Condition::ALL {
            assert_eq!(condition.name().parse(), Ok(condition));
        }
        assert!("mask".parse::<Condition>().is_err());
    }
}
