//! Data sets.

pub mod mnist;
pub mod toy;

pub use toy::{Dataset, DatasetError};
