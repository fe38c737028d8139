//! From scenes to the bytes of a file.

use std::borrow::Cow;
use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::layout::lay_out;
use super::meta::Meta;
use super::numbers;
use super::page::Picture;
use super::raster;
use super::scene::Scene;
use super::style::{Style, StyleError};
use super::watch::Watch;
use super::{gif, mp4, pdf, png, svg};

/// Most pixels of all frames of an animation.
const MOST_FILM: f64 = 500e6;

/// The kinds of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Pixels.
    #[default]
    Png,
    /// Vectors, for the web and drawing programs.
    Svg,
    /// Vectors, for LaTeX.
    Pdf,
    /// Frames of at most 256 colours.
    Gif,
    /// Frames in all colours.
    Apng,
    /// A film, through the program ffmpeg.
    Mp4,
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
    /// Nobody wants it any more.
    #[error("the figure was given up")]
    Cancelled,
}

impl Format {
    /// Every kind.
    pub const ALL: [Format; 8] = [
        Self::Png,
        Self::Svg,
        Self::Pdf,
        Self::Gif,
        Self::Apng,
        Self::Mp4,
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
            Self::Mp4 => "mp4",
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
        matches!(self, Self::Gif | Self::Apng | Self::Mp4)
    }
}

/// The frames of a figure, made when they are drawn: many of a million points would not fit into
/// memory at once.
pub struct Frames<'a> {
    /// How many.
    pub count: usize,
    /// Frames a second.
    pub fps: u16,
    /// One of them; none when it was given up.
    pub scene: &'a (dyn Fn(usize) -> Option<Cow<'a, Scene>> + Sync),
}

/// Writes frames, of which still formats take the first, at `fps` frames a second.
///
/// # Errors
/// A size out of range; for MP4, a missing ffmpeg.
pub fn encode(
    frames: &[Scene],
    fps: u16,
    format: Format,
    style: &Style,
    meta: &Meta,
) -> Result<Vec<u8>, FigureError> {
    let frames = Frames {
        count: frames.len(),
        fps,
        scene: &|i| frames.get(i).map(Cow::Borrowed),
    };
    encode_watched(&frames, format, style, meta, &Watch::default())
}

/// The same for frames that are made one by one, with somebody who waits.
///
/// # Errors
/// A size out of range; for MP4, a missing ffmpeg; when it was given up.
pub fn encode_watched(
    frames: &Frames<'_>,
    format: Format,
    style: &Style,
    meta: &Meta,
    watch: &Watch,
) -> Result<Vec<u8>, FigureError> {
    style.check()?;
    if frames.count == 0 {
        return Err(FigureError::Empty);
    }
    let fps = frames.fps;
    if format.moves() {
        let pictures = pictures(frames, style, watch)?;
        return match format {
            Format::Gif => gif::encode(&pictures, fps, meta, watch)
                .map_err(|error| FigureError::Encoder(error.to_string())),
            Format::Mp4 => mp4::encode(&pictures, fps, style, meta, watch),
            _ => Ok(png::encode(&pictures, fps, style.dpi, meta)),
        };
    }
    let first = (frames.scene)(0).ok_or(FigureError::Cancelled)?;
    let page = lay_out(&first, style);
    let size = style.pixels(page.width, page.height)?;
    let title = title(&first, style, meta);
    let fault = |error: std::io::Error| FigureError::Encoder(error.to_string());
    Ok(match format {
        Format::Svg => svg::encode(&page, style, meta, &title).into_bytes(),
        Format::Pdf => pdf::encode(&page, style, meta, &title),
        Format::Csv => numbers::csv(&first, meta),
        Format::Npz => numbers::npz(&first, meta).map_err(fault)?,
        _ => png::encode(&[raster::picture(&page, size)], fps, style.dpi, meta),
    })
}

/// The size of a figure in pixels.
///
/// # Errors
/// A measure out of range, or more pixels than a file should have.
pub fn pixels(scene: &Scene, style: &Style) -> Result<[u32; 2], StyleError> {
    style.check()?;
    let page = lay_out(scene, style);
    style.pixels(page.width, page.height)
}

/// The frames as pixels, all of one size.
///
/// # Errors
/// More pixels than memory is worth; when it was given up.
pub fn pictures(
    frames: &Frames<'_>,
    style: &Style,
    watch: &Watch,
) -> Result<Vec<Picture>, FigureError> {
    style.check()?;
    let first = (frames.scene)(0).ok_or(FigureError::Cancelled)?;
    let page = lay_out(&first, style);
    drop(first);
    let size = style.pixels(page.width, page.height)?;
    let all = f64::from(size[0]) * f64::from(size[1]) * frames.count as f64;
    if all > MOST_FILM {
        let [w, h] = size;
        return Err(FigureError::Encoder(format!(
            "{} frames of {w} x {h} pixels are too many; ask for fewer dpi, a smaller figure or a \
             shorter film",
            frames.count
        )));
    }
    watch.begin(frames.count);
    let draw = |i: usize| {
        if watch.is_cancelled() {
            return Err(FigureError::Cancelled);
        }
        let scene = (frames.scene)(i).ok_or(FigureError::Cancelled)?;
        let picture = raster::picture(&lay_out(&scene, style), size);
        watch.step();
        Ok(picture)
    };
    (0..frames.count).into_par_iter().map(draw).collect()
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
