//! The lessons, one file or folder each.

pub mod bound;
pub mod checkerboard;
pub mod conditional;
pub mod couplings;
pub mod editing;
pub mod field;
pub mod guidance;
pub mod inpaint;
pub mod latent;
pub mod learning;
pub mod likelihood;
pub mod mistakes;
pub mod paths;
pub mod semantic;
pub mod steps;
pub mod vae;
pub mod variational;
pub mod variational_digits;

use super::lesson::Lesson;

/// Every lesson, in teaching order.
pub fn all() -> Vec<Box<dyn Lesson>> {
    vec![
        Box::new(checkerboard::Checkerboard::default()),
        Box::new(paths::Paths::default()),
        Box::new(steps::Steps::default()),
        Box::new(field::Field::default()),
        Box::new(conditional::Conditional::default()),
        Box::new(couplings::Couplings::default()),
        Box::new(learning::Learning::default()),
        Box::new(likelihood::Likelihood::default()),
        Box::new(variational::Variational::default()),
        Box::new(mistakes::Mistakes::default()),
        Box::new(vae::Autoencoder::default()),
        Box::new(latent::Latent::default()),
        Box::new(guidance::Guidance::default()),
        Box::new(inpaint::Inpaint::default()),
        Box::new(semantic::Semantic::default()),
        Box::new(editing::Editing::default()),
        Box::new(variational_digits::VariationalDigits::default()),
        Box::new(bound::Bound::default()),
    ]
}
