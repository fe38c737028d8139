//! Data sets.

pub mod toy;

pub use toy::{Dataset, DatasetError};
