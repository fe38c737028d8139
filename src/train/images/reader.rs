//! The class of a digit from what is seen of it: `p(c | seen)`.
//!
//! Completing a digit is drawing from `p(x | seen) = Σ_c p(c | seen) p(x | seen, c)`. The flow knows
//! what is seen by the code of the masked image, which tells the class badly; a network that looks
//! at the pixels tells it better. With the class drawn from it, or the likeliest one, the flow fills
//! what is left.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{Device, Tensor, TensorData, activation};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::classifier::{agreement, settings_of, sizes};
use super::params;
use super::store::SavedModel;
use crate::data::mnist::{CLASSES, Digits, PIXELS, SIDE, mask};
use crate::nn::classifier::Classifier;
use crate::nn::mlp::read;
use crate::train::batch::{Purpose, stream};

/// The reader that comes with the program.
pub const READER: &str = "builtin:reader";
/// Images that are read together.
const CHUNK: usize = 500;

/// Which class the flow is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The most probable one.
    Likeliest,
    /// One that is drawn as often as it is probable.
    Drawn,
}

impl Choice {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Likeliest, Self::Drawn];

    /// A class for each of `[n, 10]` probabilities.
    pub fn labels(self, shares: &[f32], seed: u64) -> Vec<u8> {
        match self {
            Self::Likeliest => likeliest(shares),
            Self::Drawn => drawn(shares, seed),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Likeliest => "likeliest",
            Self::Drawn => "drawn",
        })
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|c| c.to_string() == text);
        known.ok_or_else(|| format!("`{text}` is no choice of the class; use likeliest or drawn"))
    }
}

/// A trained network that tells `p(c | seen)`.
pub struct Reader {
    network: Classifier,
    device: Device,
}

impl Reader {
    /// Puts a run of `train classifier --hide`, or `builtin:reader`, onto a device.
    ///
    /// # Errors
    /// When the run is another one, or a tensor does not fit.
    pub fn new(saved: &SavedModel, device: &Device) -> Result<Self, String> {
        let settings = settings_of(saved)?;
        if !settings.hide {
            return Err(
                "it reads whole digits, but one of `train classifier --hide` is needed".to_owned(),
            );
        }
        let network = params::load(sizes(settings).init(device), &saved.network)?;
        Ok(Self::from_parts(network, device))
    }

    /// A network that is on the device already.
    pub fn from_parts(network: Classifier, device: &Device) -> Self {
        Self {
            network,
            device: device.clone(),
        }
    }

    /// `p(c | seen)`, `[n, 10]`, of images `[n, 28, 28]` and masks of the same shape (1 is hidden).
    ///
    /// # Errors
    /// When the device was lost.
    pub fn read(&self, pixels: &[u8], masks: &[u8]) -> Result<Vec<f32>, String> {
        let mut shares = Vec::with_capacity(pixels.len() / PIXELS * CLASSES);
        let chunks = pixels
            .chunks(CHUNK * PIXELS)
            .zip(masks.chunks(CHUNK * PIXELS));
        for (pixels, masks) in chunks {
            let images: Vec<f32> = pixels.iter().map(|&grey| f32::from(grey) / 255.0).collect();
            let logits = self.network.forward(seen(&images, masks, &self.device));
            shares.extend(read(activation::softmax(logits, 1))?);
        }
        Ok(shares)
    }

    /// The share of digits whose likeliest class is the true one while their centre is hidden.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn accuracy(&self, digits: &Digits) -> Result<f64, String> {
        let masks = mask::centre().repeat(digits.len());
        let shares = self.read(&digits.pixels, &masks)?;
        Ok(agreement(&likeliest(&shares), &digits.labels))
    }
}

/// Whether a run is one of `train classifier --hide`.
pub fn is_reader(saved: &SavedModel) -> bool {
    settings_of(saved).is_ok_and(|settings| settings.hide)
}

/// What a reader is given of images `[n, 28, 28]` of 0 to 1: greys of -1 to 1, hidden ones 0, and
/// the mask, `[n, 2, 28, 28]`.
pub(super) fn seen(images: &[f32], masks: &[u8], device: &Device) -> Tensor<4> {
    let mut values = Vec::with_capacity(2 * images.len());
    for (image, mask) in images.chunks_exact(PIXELS).zip(masks.chunks_exact(PIXELS)) {
        let grey = |(grey, hidden): (&f32, &u8)| match hidden {
            0 => 2.0 * grey - 1.0,
            _ => 0.0,
        };
        values.extend(image.iter().zip(mask).map(grey));
        values.extend(mask.iter().map(|&hidden| f32::from(hidden)));
    }
    let shape = [values.len() / (2 * PIXELS), 2, SIDE, SIDE];
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The most probable class of each of `[n, 10]`, the smaller digit of two.
pub fn likeliest(shares: &[f32]) -> Vec<u8> {
    let most = |row: &[f32]| {
        let best = (0..row.len())
            .rev()
            .max_by(|&a, &b| row[a].total_cmp(&row[b]));
        best.unwrap_or(0) as u8
    };
    shares.chunks_exact(CLASSES).map(most).collect()
}

/// A class for each of `[n, 10]`, as often as it is probable.
fn drawn(shares: &[f32], seed: u64) -> Vec<u8> {
    let mut rng = stream(seed, Purpose::Probe, 1);
    let mut draw = |row: &[f32]| {
        let mut left = rng.random_range(0.0..1.0_f32);
        let passed = row.iter().take_while(|share| {
            left -= **share;
            left >= 0.0
        });
        passed.count().min(CLASSES - 1) as u8
    };
    shares.chunks_exact(CLASSES).map(&mut draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_chosen_as_probable_as_they_are() {
        let mut row = [0.0; CLASSES];
        (row[3], row[7]) = (0.75, 0.25);
        let n = 4000;
        let shares = row.repeat(n);
        assert_eq!(Choice::Likeliest.labels(&shares, 0), vec![3; n]);
        let drawn = Choice::Drawn.labels(&shares, 0);
        assert!(drawn.iter().all(|label| [3, 7].contains(label)));
        let threes = drawn.iter().filter(|label| **label == 3).count() as f64 / n as f64;
        // Four standard deviations.
        assert!(
            (threes - 0.75).abs() < 4.0 * (0.75 * 0.25 / n as f64).sqrt(),
            "{threes}"
        );
        assert_eq!(drawn, Choice::Drawn.labels(&shares, 0));
        assert_ne!(drawn, Choice::Drawn.labels(&shares, 1));
        // Rounding leaves nobody without a class.
        assert_eq!(Choice::Drawn.labels(&[0.0; CLASSES], 0), [9]);
        for choice in Choice::ALL {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert!("best".parse::<Choice>().is_err());
    }

    #[test]
    fn hidden_pixels_are_not_seen() {
        let device = Device::flex();
        let mut mask = vec![0; PIXELS];
        mask[5] = 1;
        let images = [[0.25; PIXELS], {
            let mut other = [0.25; PIXELS];
            other[5] = 1.0;
            other
        }]
        .concat();
        let given = read(seen(&images, &mask.repeat(2), &device)).unwrap();
        let (a, b) = given.split_at(2 * PIXELS);
        assert_eq!(a, b);
        assert_eq!(
            (a[4], a[5], a[PIXELS + 4], a[PIXELS + 5]),
            (-0.5, 0.0, 0.0, 1.0)
        );
    }
}
