//! The lessons, one file each.

pub mod checkerboard;
pub mod learning;
pub mod mistakes;

use super::lesson::Lesson;

/// Every lesson, in teaching order.
pub fn all() -> Vec<Box<dyn Lesson>> {
    vec![
        Box::new(checkerboard::Checkerboard::default()),
        Box::new(learning::Learning::default()),
        Box::new(mistakes::Mistakes::default()),
    ]
}
