//! The lessons, one file each.

pub mod checkerboard;
pub mod conditional;
pub mod couplings;
pub mod likelihood;

use super::lesson::Lesson;

/// Every lesson, in teaching order.
pub fn all() -> Vec<Box<dyn Lesson>> {
    vec![
        Box::new(checkerboard::Checkerboard::default()),
        Box::new(conditional::Conditional::default()),
        Box::new(couplings::Couplings::default()),
        Box::new(likelihood::Likelihood::default()),
    ]
}
