//! Data sets.

pub mod source;
pub mod toy;

pub use source::Source;
pub use toy::{Dataset, DatasetError};
