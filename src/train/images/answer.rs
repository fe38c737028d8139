//! What a conditional flow is asked about digits, and how its answers are judged.

use super::condition::{self, Condition};
use super::sampler::LatentModel;
use crate::data::mnist::{Digits, PIXELS, mask, regions};

/// Grey of hidden pixels in a picture of a task.
const HIDDEN: u8 = 110;

/// A condition made from digits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// For [`super::Request::given`].
    pub given: Vec<f32>,
    /// What is seen of each digit, as grey pictures `[n, 28, 28]`.
    pub shown: Vec<u8>,
    /// The masks `[n, 28, 28]`, 1 is hidden; empty for label maps.
    pub masks: Vec<u8>,
}

impl LatentModel {
    /// Digits with a part hidden (the centre, or `picture` `[28, 28]` for all), or their label
    /// maps (or `picture`, the map of all).
    ///
    /// # Errors
    /// Without a condition; when the device was lost.
    pub fn task(
        &self,
        condition: Condition,
        digits: &Digits,
        picture: Option<&[u8]>,
    ) -> Result<Task, String> {
        match condition {
            Condition::None => Err(
                "a flow without a condition completes nothing; train one with \
                                    --condition inpaint or semantic"
                    .to_owned(),
            ),
            Condition::Semantic => {
                let maps: Vec<u8> = match picture {
                    Some(map) => map.repeat(digits.len()),
                    None => digits
                        .pixels
                        .chunks_exact(PIXELS)
                        .flat_map(regions::regions)
                        .collect(),
                };
                Ok(Task {
                    given: condition::semantic(&maps),
                    shown: regions::to_grey(&maps),
                    masks: Vec::new(),
                })
            }
            Condition::Inpaint => {
                let one = picture.map_or_else(mask::centre, <[u8]>::to_vec);
                self.hidden(digits, one.repeat(digits.len()))
            }
        }
    }

    /// Digits with a mask each, `[n, 28, 28]`, 1 is hidden.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn hidden(&self, digits: &Digits, masks: Vec<u8>) -> Result<Task, String> {
        let shown = shown(&digits.pixels, &masks);
        Ok(Task {
            given: condition::inpaint(
                self.vae(),
                self.space(),
                &digits.pixels,
                &masks,
                self.device(),
            )?,
            shown,
            masks,
        })
    }
}

/// What is seen of digits `[n, 28, 28]`: hidden pixels are grey.
pub fn shown(pixels: &[u8], masks: &[u8]) -> Vec<u8> {
    let pairs = pixels.iter().zip(masks);
    let seen = pairs.map(|(&grey, &hidden)| if hidden == 0 { grey } else { HIDDEN });
    seen.collect()
}

/// Puts the kept pixels of the originals back into answers, in place.
pub fn keep(images: &mut [u8], originals: &[u8], masks: &[u8]) {
    for ((made, &original), &hidden) in images.iter_mut().zip(originals).zip(masks) {
        if hidden == 0 {
            *made = original;
        }
    }
}

/// Mean squared difference of the kept pixels, grey values 0 to 1; none when all are hidden.
pub fn kept_error(images: &[u8], originals: &[u8], masks: &[u8]) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u64);
    for ((&made, &original), &hidden) in images.iter().zip(originals).zip(masks) {
        if hidden == 0 {
            sum += ((f64::from(made) - f64::from(original)) / 255.0).powi(2);
            count += 1;
        }
    }
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_pixels_come_back_and_only_they_are_compared() {
        let original = [0, 255, 255, 0];
        let masks = [0, 0, 1, 1];
        let mut made = [51, 255, 7, 9];
        let error = kept_error(&made, &original, &masks).unwrap();
        assert!((error - 0.04 / 2.0).abs() < 1e-12);
        keep(&mut made, &original, &masks);
        assert_eq!(made, [0, 255, 7, 9]);
        assert_eq!(kept_error(&made, &original, &masks), Some(0.0));
        assert_eq!(kept_error(&made, &original, &[1; 4]), None);
    }
}
