//! Figures as files, independent of the window: a scene goes in, bytes come out.
//!
//! A [`Scene`] says what is shown. [`layout`] places it on a [`page::Page`] of the size that a
//! [`Style`] asks for: a short list of shapes in points, clipped and measured. Each format is one
//! small writer of that list, so all of them show the same. The raster is `tiny-skia`, with the
//! glyphs' outlines from `skrifa`; `resvg` and `krilla` would do the same from the SVG, but bring
//! features into crates that the window and the training share, which would build both twice. MP4
//! alone needs another program, `ffmpeg`.

pub mod colour;
pub mod form;
pub mod format;
pub mod layout;
pub mod meta;
pub mod mp4;
pub mod numbers;
pub mod page;
pub mod scene;
pub mod style;
pub mod text;
pub mod watch;

mod gif;
mod marks;
mod pdf;
mod png;
mod raster;
mod svg;
mod ticks;

pub use colour::{Sequential, Theme, Tone};
pub use format::{FigureError, Format, encode};
pub use meta::Meta;
pub use scene::{Axis, Form, Panel, Scene};
pub use style::Style;
pub use text::Text;
pub use watch::Watch;
