//! Flags of `figure`.

use std::path::PathBuf;

use clap::Args;

use crate::command::figures::Recipe;
use crate::figure::{Sequential, Theme};

/// A time of the flow.
fn unit(text: &str) -> Result<f64, String> {
    let t: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    let inside = (0.0..=1.0).contains(&t);
    inside
        .then_some(t)
        .ok_or_else(|| format!("{t} lies outside 0 to 1"))
}

/// Flags of `figure`.
#[derive(Clone, Debug, Args)]
pub struct FigureArgs {
    /// Which one; --list names them.
    pub name: Option<Recipe>,
    /// Print the names, with a line each.
    #[arg(long)]
    pub list: bool,
    /// Write every figure into this folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "out"])]
    pub all: Option<PathBuf>,
    /// Format of --all.
    #[arg(long, default_value = "png", requires = "all",
          value_parser = ["png", "svg", "pdf", "gif", "apng", "csv", "npz", "mp4"])]
    pub format: String,
    /// Where to write: .png, .svg, .pdf, .gif, .apng, .csv, .npz, or .mp4 where ffmpeg is.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// A run folder or builtin:NAME in place of the usual one; some figures take several.
    #[arg(long, value_name = "CKPT")]
    pub run: Vec<String>,
    /// Make a figure again that was written before (PNG, APNG, SVG, PDF, GIF or MP4), here or from
    /// the window: the same content, size and look unless other flags change them.
    #[arg(long, visible_alias = "from", value_name = "FILE")]
    pub like: Option<PathBuf>,
    /// one-column (8.5 cm), two-columns (17.5 cm) or slide (16:9, 33.9 cm).
    #[arg(long, value_parser = ["one-column", "two-columns", "slide"])]
    pub size: Option<String>,
    /// Width in centimetres.
    #[arg(long, value_name = "W")]
    pub width_cm: Option<f64>,
    /// Height in centimetres; what the panels need by default.
    #[arg(long, value_name = "H")]
    pub height_cm: Option<f64>,
    /// Pixels per inch; 300 by default.
    #[arg(long, value_name = "D")]
    pub dpi: Option<f64>,
    /// Size of the type in points; 8 by default, 18 on slides.
    #[arg(long, value_name = "PT")]
    pub font_pt: Option<f64>,
    /// light or dark.
    #[arg(long)]
    pub theme: Option<Theme>,
    /// Colours of heat maps: viridis or cividis.
    #[arg(long)]
    pub map: Option<Sequential>,
    /// Without paper.
    #[arg(long)]
    pub transparent: bool,
    /// A title above the figure.
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Without frames, ticks and labels of axes.
    #[arg(long)]
    pub no_axes: bool,
    /// Without the legend.
    #[arg(long)]
    pub no_legend: bool,
    /// SVG: text as outlines, for programs that do not load embedded fonts (Inkscape).
    #[arg(long)]
    pub outlines: bool,
    /// Seed of the starting points.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Time of the flow of a lesson's figure, 0 to 1.
    #[arg(long, value_parser = unit)]
    pub t: Option<f64>,
    /// Fewer particles and frames, for a look.
    #[arg(long)]
    pub quick: bool,
    /// Replace an existing file.
    #[arg(long)]
    pub force: bool,
}
