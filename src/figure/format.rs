//! From scenes to the bytes of a file.

use std::path::Path;

use super::layout::lay_out;
use super::numbers;
use super::page::Page;
use super::raster;
use super::scene::Scene;
use super::style::{Meta, Style, StyleError};
use super::{gif, pdf, png, svg};

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
    let pictures = |pages: &[Page]| -> Vec<_> {
        use rayon::prelude::*;
        pages
            .par_iter()
            .map(|page| raster::picture(page, size))
            .collect()
    };
    let film = || {
        let pixels = u64::from(size[0]) * u64::from(size[1]) * frames.len() as u64;
        if pixels > 1_000_000_000 {
            let count = frames.len();
            return Err(StyleError(format!(
                "{count} frames of {} x {} pixels are too many; ask for fewer dpi",
                size[0], size[1]
            )));
        }
        Ok(frames
            .iter()
            .map(|scene| lay_out(scene, style))
            .collect::<Vec<_>>())
    };
    Ok(match format {
        Format::Png => png::encode(&pictures(&[page]), fps, style.dpi, meta),
        Format::Apng => png::encode(&pictures(&film()?), fps, style.dpi, meta),
        Format::Gif => gif::encode(&pictures(&film()?), fps, meta)
            .map_err(|error| FigureError::Encoder(error.to_string()))?,
        Format::Svg => svg::encode(&page, style, meta, &title).into_bytes(),
        Format::Pdf => pdf::encode(&page, style, meta, &title),
        Format::Csv => numbers::csv(first, meta),
        Format::Npz => numbers::npz(first, meta).map_err(fault)?,
    })
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
