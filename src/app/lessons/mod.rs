//! The lessons, one file or folder each.

pub mod checkerboard;
pub mod conditional;
pub mod couplings;
pub mod field;
pub mod likelihood;
pub mod paths;
pub mod steps;

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
        Box::new(likelihood::Likelihood::default()),
    ]
}
