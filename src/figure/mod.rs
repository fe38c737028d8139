//! Pictures as files, independent of the window: plain data in, bytes out.

pub mod canvas;
pub mod curve;
pub mod scatter;

pub use canvas::{Canvas, Colour};
