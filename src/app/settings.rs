//! What belongs to the window rather than to a lesson.

use serde::{Deserialize, Serialize};

use super::theme::Theme;
use crate::figure::Sequential;

/// How much larger everything is in lecture mode.
pub const LECTURE_ZOOM: f32 = 1.5;

/// Look and layout of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: Theme,
    /// The colours of heat maps.
    pub map: Sequential,
    /// Size of everything, 1 is normal.
    pub zoom: f32,
    /// Hide the side panels and enlarge, for the last row.
    pub lecture: bool,
    /// Show the list of lessons.
    pub lessons_open: bool,
    /// Show the controls.
    pub controls_open: bool,
    /// Grid lines on the stage.
    pub grid: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            map: Sequential::default(),
            zoom: 1.0,
            lecture: false,
            lessons_open: true,
            controls_open: true,
            grid: false,
        }
    }
}

impl Settings {
    /// The factor of all sizes.
    pub fn zoom_factor(&self) -> f32 {
        let zoom = if self.zoom.is_finite() {
            self.zoom.clamp(0.5, 3.0)
        } else {
            1.0
        };
        if self.lecture {
            zoom * LECTURE_ZOOM
        } else {
            zoom
        }
    }
}
