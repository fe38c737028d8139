//! The part of a digit that is hidden, under a brush.

use serde::{Deserialize, Serialize};

use crate::app::widgets::brush::Surface;
use crate::data::mnist::mask::{self, Mask};
use crate::data::mnist::{PIXELS, labels};

/// A mask `[28, 28]`, 1 is hidden. In a file it is 784 digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Hole(pub Mask);

/// What a stroke does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tool {
    /// Hides pixels.
    Brush,
    /// Shows them again.
    Eraser,
}

impl Hole {
    /// Nothing is hidden.
    pub fn none() -> Self {
        Self(vec![0; PIXELS])
    }

    /// The hidden share of the pixels.
    pub fn share(&self) -> f64 {
        self.0.iter().map(|v| f64::from(*v)).sum::<f64>() / PIXELS as f64
    }
}

/// A hole of one click, with its name and what it does.
type Preset = (&'static str, &'static str, fn() -> Mask);

/// All of them.
pub const PRESETS: [Preset; 3] = [
    ("Centre", "Hide the middle quarter (3)", mask::centre),
    ("Left half", "Hide the left half (4)", mask::left_half),
    ("Upper half", "Hide the upper half (5)", mask::upper_half),
];

impl Surface for Hole {
    type Tool = Tool;

    fn stroke(&mut self, tool: Tool, a: [f32; 2], b: [f32; 2], radius: f32) {
        mask::brush(&mut self.0, a, b, radius, u8::from(tool == Tool::Brush));
    }
}

impl From<Hole> for String {
    fn from(hole: Hole) -> Self {
        labels::to_text(&hole.0)
    }
}

impl TryFrom<String> for Hole {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        labels::from_text(&text, 2).map(Self)
    }
}
