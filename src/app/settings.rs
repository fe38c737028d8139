//! What belongs to the window rather than to a lesson.

use serde::{Deserialize, Serialize};

use super::theme::Theme;
use crate::figure::Sequential;

/// How much larger everything is in lecture mode: the smallest type has 20 points then.
pub const LECTURE_ZOOM: f32 = 1.6;
/// Points a usual projector is high.
const USUAL_HEIGHT: f32 = 1080.0;

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
    /// Whether t is shown as counted from the data; see [`super::time_label`].
    pub from_data: bool,
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
            from_data: false,
        }
    }
}

impl Settings {
    /// The factor of all sizes in a window so many points high at zoom 1. A projector with more
    /// lines than usual does not shrink the lecture.
    pub fn zoom_factor(&self, height: f32) -> f32 {
        let zoom = if self.zoom.is_finite() {
            self.zoom.clamp(0.5, 3.0)
        } else {
            1.0
        };
        if self.lecture {
            zoom * lecture_zoom(height)
        } else {
            zoom
        }
    }
}

/// How much larger everything is in a lecture, in a window so many points high at zoom 1.
pub fn lecture_zoom(height: f32) -> f32 {
    LECTURE_ZOOM * (height / USUAL_HEIGHT).clamp(1.0, 3.0)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn the_lecture_is_as_large_on_every_projector() {
        let lecture = Settings {
            lecture: true,
            ..Settings::default()
        };
        // Points that are left for the layout: never fewer on a larger screen.
        let left = |height: f32| height / lecture.zoom_factor(height);
        assert_eq!(lecture.zoom_factor(720.0), LECTURE_ZOOM);
        assert_eq!(lecture.zoom_factor(1080.0), LECTURE_ZOOM);
        assert!((left(2160.0) - left(1080.0)).abs() < 1e-3);
        assert_eq!(Settings::default().zoom_factor(2160.0), 1.0);
    }

    /// The sources of the window, each line with its file.
    fn lines(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                lines(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let own = |line: &str| (path.clone(), line.to_owned());
                found.extend(text.lines().map(own));
            }
        }
    }

    /// The number that follows `before` in a line, and the rest after it.
    fn number_after<'a>(line: &'a str, before: &str) -> Option<(f32, &'a str)> {
        let rest = line.split_once(before)?.1;
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        Some((rest[..end].parse().ok()?, &rest[end..]))
    }

    #[test]
    fn the_lecture_can_be_read_from_the_last_row() {
        let mut all = Vec::new();
        lines(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app"),
            &mut all,
        );
        let (mut types, mut strokes) = (0, 0);
        for (path, line) in &all {
            let place = format!("{}: {}", path.display(), line.trim());
            for before in ["FontId::new(", "FontId::proportional("] {
                // A size in symbols is one that was computed; one below 3 is a share of it.
                if let Some((size, _)) = number_after(line, before).filter(|(size, _)| *size > 3.0)
                {
                    assert!(size * LECTURE_ZOOM >= 20.0, "small type, {place}");
                    types += 1;
                }
            }
            // Lines of data: not frames and axes, and not rays that are faint on purpose.
            let Some((width, color)) = number_after(line, "Stroke::new(") else {
                continue;
            };
            let series = [
                "p.model", "p.exact", "p.source", "p.error", "color)", "over)",
            ];
            let data = series.iter().any(|name| color.contains(name));
            let quiet = ["faint(", "stage", "toasts"]
                .iter()
                .any(|name| place.contains(name));
            // A product is thicker in lecture mode.
            if color.starts_with(',') && data && !quiet {
                assert!(width * LECTURE_ZOOM >= 2.5, "thin line, {place}");
                strokes += 1;
            }
        }
        assert!(types > 30 && strokes > 10, "{types} sizes, {strokes} lines");
    }
}
