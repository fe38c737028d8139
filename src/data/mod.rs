//! Data sets.

pub mod density;
pub mod drawn;
pub mod mnist;
pub mod picture;
pub mod pictures;
pub mod points;
mod shapes;
pub mod source;
mod text;
pub mod toy;

pub use density::Density;
pub use drawn::{Painted, PixelGrid, Symmetry};
pub use points::PointSet;
pub use source::Source;
pub use toy::{Dataset, DatasetError};
