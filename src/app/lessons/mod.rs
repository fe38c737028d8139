//! The lessons, one file or folder each.

pub mod checkerboard;
pub mod field;
pub mod guidance;
pub mod latent;
pub mod paths;
pub mod steps;
pub mod vae;

use super::lesson::Lesson;

/// Every lesson, in teaching order.
pub fn all() -> Vec<Box<dyn Lesson>> {
    vec![
        Box::new(checkerboard::Checkerboard::default()),
        Box::new(paths::Paths::default()),
        Box::new(steps::Steps::default()),
        Box::new(field::Field::default()),
        Box::new(vae::Autoencoder::default()),
        Box::new(latent::Latent::default()),
        Box::new(guidance::Guidance::default()),
    ]
}
