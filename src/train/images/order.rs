//! Which images a step sees.

use rand::seq::SliceRandom;

use crate::train::batch::{Purpose, stream};

/// A fresh shuffle of all images for each epoch, cut into batches; a last part that fills no
/// batch is left out, so that every step has the same shapes.
pub struct Order {
    seed: u64,
    images: usize,
    batch: usize,
    epoch: Option<u64>,
    indices: Vec<usize>,
}

impl Order {
    /// # Errors
    /// When the batch is larger than the set.
    pub fn new(seed: u64, images: usize, batch: usize) -> Result<Self, String> {
        if batch == 0 || batch > images {
            return Err(format!(
                "batch = {batch} is out of range: 1 to {images}, the number of training images"
            ));
        }
        Ok(Self {
            seed,
            images,
            batch,
            epoch: None,
            indices: Vec::new(),
        })
    }

    /// Steps of one epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        (self.images / self.batch) as u64
    }

    /// The images of step `step` (from 0): the same for a run that was resumed.
    pub fn batch(&mut self, step: u64) -> &[usize] {
        let (epoch, place) = (step / self.steps_per_epoch(), step % self.steps_per_epoch());
        if self.epoch != Some(epoch) {
            self.indices = (0..self.images).collect();
            let mut rng = stream(self.seed, Purpose::Shuffle, epoch);
            self.indices.shuffle(&mut rng);
            self.epoch = Some(epoch);
        }
        let first = place as usize * self.batch;
        &self.indices[first..first + self.batch]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_sees_every_image_once_and_resumes_anywhere() {
        let mut order = Order::new(7, 10, 5).unwrap();
        assert_eq!(order.steps_per_epoch(), 2);
        let mut seen = [order.batch(0).to_vec(), order.batch(1).to_vec()].concat();
        let second = order.batch(3).to_vec();
        assert_ne!(seen[5..], second);
        seen.sort_unstable();
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
        assert_eq!(Order::new(7, 10, 5).unwrap().batch(3), second);
        assert_ne!(Order::new(8, 10, 5).unwrap().batch(3), second);
        assert_eq!(Order::new(0, 11, 5).unwrap().steps_per_epoch(), 2);
        assert!(Order::new(0, 3, 5).is_err());
    }
}
