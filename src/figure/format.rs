//! From scenes to the bytes of a file.

use std::path::Path;

use rayon::prelude::*;

use super::layout::lay_out;
use super::numbers;
use super::page::Picture;
use super::raster;
use super::scene::Scene;
use super::style::{Meta, Style, StyleError};
use super::{gif, pdf, png, svg};

/// Most pixels of all frames of an animation.
const MOST_FILM: f64 = 500e6;

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Vectors, for the web and drawing programs.
    Svg,
    /// Vectors, for LaTeX.
    Pdf,
    /// Frames of at most 256 colours.
    Gif,
    /// Frames in all colours.
    Apng,
    /// Numbers as text.
    Csv,
    /// Numbers for numpy.
    Npz,
}

/// A figure that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// Its size.
    #[error("{0}")]
    Style(#[from] StyleError),
    /// It has no frame.
    #[error("the figure has no content")]
    Empty,
    /// An encoder refused it.
    #[error("{0}")]
    Encoder(String),
}

impl Format {
    /// Every kind.
    pub const ALL: [Format; 7] = [
        Self::Png,
        Self::Svg,
        Self::Pdf,
        Self::Gif,
        Self::Apng,
        Self::Csv,
        Self::Npz,
    ];

    /// How its files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Gif => "gif",
            Self::Apng => "apng",
            Self::Csv => "csv",
            Self::Npz => "npz",
        }
    }

    /// The kind that a file's name asks for.
    pub fn of(path: &Path) -> Option<Self> {
        let kind = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|f| f.extension() == kind)
    }

    /// Whether it can move.
    pub fn moves(self) -> bool {
        matches!(self, Self::Gif | Self::Apng)
    }
}

/// Writes frames, of which still formats take the first, at `fps` frames a second.
///
/// # Errors
/// A size out of range.
pub fn encode(
    frames: &[Scene],
    fps: u16,
    format: Format,
    style: &Style,
    meta: &Meta,
) -> Result<Vec<u8>, FigureError> {
    style.check()?;
    let first = frames.first().ok_or(FigureError::Empty)?;
    let title = title(first, style, meta);
    let fault = |error: std::io::Error| FigureError::Encoder(error.to_string());
    let page = lay_out(first, style);
    let size = style.pixels(page.width, page.height)?;
    Ok(match format {
        Format::Png => png::encode(&[raster::picture(&page, size)], fps, style.dpi, meta),
        Format::Apng => png::encode(&pictures(frames, style)?, fps, style.dpi, meta),
        Format::Gif => gif::encode(&pictures(frames, style)?, fps, meta)
            .map_err(|error| FigureError::Encoder(error.to_string()))?,
        Format::Svg => svg::encode(&page, style, meta, &title).into_bytes(),
        Format::Pdf => pdf::encode(&page, style, meta, &title),
        Format::Csv => numbers::csv(first, meta),
        Format::Npz => numbers::npz(first, meta).map_err(fault)?,
    })
}

/// The frames as pixels, all of one size.
///
/// # Errors
/// More pixels than memory is worth.
pub fn pictures(frames: &[Scene], style: &Style) -> Result<Vec<Picture>, FigureError> {
    style.check()?;
    let first = lay_out(frames.first().ok_or(FigureError::Empty)?, style);
    let size = style.pixels(first.width, first.height)?;
    let all = f64::from(size[0]) * f64::from(size[1]) * frames.len() as f64;
    if all > MOST_FILM {
        let [w, h] = size;
        return Err(FigureError::Encoder(format!(
            "{} frames of {w} x {h} pixels are too many; ask for fewer dpi",
            frames.len()
        )));
    }
    let draw = |scene: &Scene| raster::picture(&lay_out(scene, style), size);
    Ok(frames.par_iter().map(draw).collect())
}

/// What the file is called inside: the title, or the figure's name.
fn title(scene: &Scene, style: &Style, meta: &Meta) -> String {
    let own = || scene.title.as_ref().map(super::text::Text::characters);
    let title = style.title.clone().or_else(own).unwrap_or_default();
    if title.is_empty() {
        meta.figure.clone()
    } else {
        title
    }
}
