//! How large a figure is and how it looks; what a file says about itself.

use serde::{Deserialize, Serialize};

use super::colour::{Sequential, Theme};

/// Points in a centimetre.
pub const POINTS_PER_CM: f64 = 72.0 / 2.54;
/// Most pixels along a side, and in all.
pub const MOST_PIXELS: (f64, f64) = (16_384.0, 200e6);

/// Size and look. Lengths of type are in points of 1/72 inch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    /// Width of the sheet in centimetres.
    pub width_cm: f64,
    /// Height of the sheet; what the panels need where it is not given.
    pub height_cm: Option<f64>,
    /// Pixels per inch of PNG, GIF and APNG, and of what SVG and PDF hold as pixels.
    pub dpi: f64,
    /// Size of the type in points.
    pub font_pt: f64,
    /// Light or dark.
    pub theme: Theme,
    /// The colours of heat maps.
    #[serde(skip_serializing_if = "Sequential::is_usual")]
    pub map: Sequential,
    /// No paper.
    pub transparent: bool,
    /// Above the figure, in place of its own title; an empty one leaves it out.
    pub title: Option<String>,
    /// Frames, ticks and labels.
    pub axes: bool,
    /// The legend, where the figure has one.
    pub legend: bool,
    /// SVG: text as outlines, for programs that do not load the embedded faces.
    pub outlines: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self::TWO_COLUMNS
    }
}

impl Style {
    /// The width of a page of text with two columns.
    pub const TWO_COLUMNS: Style = Style {
        width_cm: 17.5,
        height_cm: None,
        dpi: 300.0,
        font_pt: 8.0,
        theme: Theme::Light,
        map: Sequential::Viridis,
        transparent: false,
        title: None,
        axes: true,
        legend: true,
        outlines: false,
    };

    /// The width of one column.
    pub const ONE_COLUMN: Style = Style {
        width_cm: 8.5,
        ..Self::TWO_COLUMNS
    };

    /// A slide of 16:9 (13⅓ by 7½ inches), to be read from afar.
    pub const SLIDE: Style = Style {
        width_cm: 33.867,
        height_cm: Some(19.05),
        dpi: 150.0,
        font_pt: 18.0,
        ..Self::TWO_COLUMNS
    };

    /// Refuses sizes that no format can hold.
    ///
    /// # Errors
    /// Names the measure and its limits.
    pub fn check(&self) -> Result<(), StyleError> {
        let measures = [
            ("width", Some(self.width_cm), 1.0, 500.0, "cm"),
            ("height", self.height_cm, 1.0, 500.0, "cm"),
            ("resolution", Some(self.dpi), 30.0, 2400.0, "dpi"),
            ("font size", Some(self.font_pt), 2.0, 200.0, "pt"),
        ];
        for (name, value, low, high, unit) in measures {
            if let Some(value) = value
                && !(low..=high).contains(&value)
            {
                return Err(StyleError(format!(
                    "{name}: {value} {unit} lies outside {low} to {high} {unit}"
                )));
            }
        }
        Ok(())
    }

    /// The paper as `0xRRGGBB`.
    pub fn paper_name(&self) -> String {
        let [r, g, b] = self.theme.paper();
        format!("0x{r:02X}{g:02X}{b:02X}")
    }

    /// The number of pixels of a sheet, in points, at this resolution.
    ///
    /// # Errors
    /// Says which limit it breaks and what to do.
    pub fn pixels(&self, width: f64, height: f64) -> Result<[u32; 2], StyleError> {
        let [w, h] = [width, height].map(|side| (side * self.dpi / 72.0).round().max(1.0));
        let (side, area) = MOST_PIXELS;
        if w > side || h > side || w * h > area {
            return Err(StyleError(format!(
                "{w} x {h} pixels are too many: at most {side} a side and {:.0} million in all; \
                 ask for fewer dpi or a smaller figure",
                area / 1e6
            )));
        }
        Ok([w as u32, h as u32])
    }
}

/// A size that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StyleError(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_out_of_range_are_named() {
        let wrong = |style: Style| style.check().unwrap_err().to_string();
        let width = Style {
            width_cm: 0.0,
            ..Style::default()
        };
        assert!(wrong(width).starts_with("width: 0 cm"));
        let dpi = Style {
            dpi: f64::NAN,
            ..Style::default()
        };
        assert!(wrong(dpi).starts_with("resolution"));
        let large = Style {
            dpi: 2400.0,
            ..Style::default()
        };
        let error = large.pixels(2000.0, 100.0).unwrap_err().to_string();
        assert!(error.contains("66667 x 3333 pixels"), "{error}");
        assert!(Style::SLIDE.check().is_ok() && Style::ONE_COLUMN.check().is_ok());
    }
}
