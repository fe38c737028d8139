//! How good generated images are: read labels and the Fréchet distance, each with its error.

use super::classifier::Seen;
use super::frechet::{Gaussian, distance};

/// Blocks of the jackknife.
const BLOCKS: usize = 10;

/// A figure with its standard error from the sample size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure over all samples.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// The Fréchet distance of features `[n, d]` to a reference, with a delete-one-block jackknife
/// error. It is biased upwards by about d / n of its scale: compare only equal n.
///
/// # Errors
/// With fewer samples than two for each block.
pub fn fid(seen: &Seen, reference: &Gaussian) -> Result<Estimate, String> {
    let d = reference.mean.len();
    let n = seen.features.len() / d;
    if n < 2 * BLOCKS {
        return Err(format!(
            "--n: {n} samples are too few for a Fréchet distance; ask for at least {}",
            2 * BLOCKS
        ));
    }
    let value = distance(&Gaussian::fit(&seen.features, d), reference);
    let without = |block: usize| {
        let (first, last) = (n * block / BLOCKS, n * (block + 1) / BLOCKS);
        let kept = [&seen.features[..first * d], &seen.features[last * d..]].concat();
        distance(&Gaussian::fit(&kept, d), reference)
    };
    let parts: Vec<f64> = (0..BLOCKS).map(without).collect();
    let k = BLOCKS as f64;
    let mean = parts.iter().sum::<f64>() / k;
    let spread: f64 = parts.iter().map(|part| (part - mean).powi(2)).sum();
    Ok(Estimate {
        value,
        error: ((k - 1.0) / k * spread).sqrt(),
    })
}

/// Fraction of each class among the labels.
pub fn class_shares(labels: &[u8]) -> [f64; 10] {
    let mut shares = [0.0; 10];
    for &label in labels {
        if let Some(share) = shares.get_mut(usize::from(label)) {
            *share += 1.0 / labels.len() as f64;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_distr::StandardNormal;

    use super::*;
    use crate::train::batch::{Purpose, stream};

    fn draw(seed: u64, n: usize, shift: f32) -> Seen {
        let mut rng = stream(seed, Purpose::Noise, 0);
        let features = (0..2 * n).map(|_| shift + rng.sample::<f32, _>(StandardNormal));
        Seen {
            labels: vec![0; n],
            confidence: vec![1.0; n],
            features: features.collect(),
        }
    }

    #[test]
    fn the_distance_and_its_error_are_those_of_the_sample() {
        let reference = Gaussian {
            mean: vec![0.0; 2],
            covariance: vec![1.0, 0.0, 0.0, 1.0],
        };
        // A shift by 1 in both coordinates is a distance of 2; its standard error is
        // 2 √2 / √n, from the error of the mean.
        let found = fid(&draw(1, 4000, 1.0), &reference).unwrap();
        let expected = 2.0 * 2.0_f64.sqrt() / 4000.0_f64.sqrt();
        assert!((found.value - 2.0).abs() < 4.0 * expected, "{found:?}");
        assert!((0.4..2.5).contains(&(found.error / expected)), "{found:?}");
        assert!(fid(&draw(1, 19, 0.0), &reference).is_err());
    }

    #[test]
    fn shares_sum_to_one() {
        let shares = class_shares(&[0, 0, 9, 3]);
        assert_eq!(
            (shares[0], shares[9], shares[3], shares[1]),
            (0.5, 0.25, 0.25, 0.0)
        );
    }
}
