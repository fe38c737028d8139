//! What a figure shows, independent of size, theme and format.

use super::colour::Tone;
use super::text::Text;

/// Panels in rows and columns, with what they share.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Above everything.
    pub title: Option<Text>,
    /// Row by row.
    pub panels: Vec<Panel>,
    /// Panels in a row.
    pub columns: usize,
    /// Left of each row; empty for none.
    pub rows: Vec<Text>,
    /// Below everything.
    pub legend: Vec<Entry>,
    /// Right of everything: what the colours of heat maps mean.
    pub colour_bar: Option<ColourBar>,
    /// All panels have the same axes: only the outer ones are labelled.
    pub shared: bool,
}

impl Scene {
    /// Panels side by side, with shared axes.
    pub fn row(panels: Vec<Panel>) -> Self {
        Self {
            columns: panels.len().max(1),
            panels,
            shared: true,
            ..Self::default()
        }
    }
}

/// A line of the legend.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it says.
    pub label: Text,
    /// In which colour.
    pub tone: Tone,
    /// How it is shown.
    pub key: Key,
}

/// The sign of a legend entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A dot.
    Dot,
    /// A line.
    Line,
    /// A dashed line.
    Dashes,
    /// A filled square.
    Area,
}

/// The meaning of viridis.
#[derive(Clone, Debug)]
pub struct ColourBar {
    /// Beside it.
    pub label: Text,
    /// Values of its lower and upper end.
    pub range: [f64; 2],
}

/// One pair of axes.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Above it.
    pub title: Text,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// One unit is as long in x as in y.
    pub equal: bool,
    /// A frame on all sides, or only the two axes.
    pub framed: bool,
    /// From back to front.
    pub marks: Vec<Mark>,
}

/// One axis.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The values at its ends.
    pub range: [f64; 2],
    /// Logarithmic, or linear.
    pub log: bool,
    /// Beside it.
    pub label: Text,
    /// Marks with numbers.
    pub ticks: bool,
}

impl Axis {
    /// A linear axis.
    pub fn linear(low: f64, high: f64) -> Self {
        Self {
            range: ordered(low, high),
            log: false,
            label: Text::default(),
            ticks: true,
        }
    }

    /// A logarithmic axis; both ends are positive.
    pub fn log(low: f64, high: f64) -> Self {
        let low = if low > 0.0 { low } else { 1e-3 };
        let [low, high] = ordered(low, high.max(low * 1.5));
        Self {
            log: true,
            ..Self::linear(low, high)
        }
    }

    /// The same axis with a label.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<Text>) -> Self {
        self.label = label.into();
        self
    }

    /// The place of a value between the ends, 0 to 1; not finite where it has none.
    pub fn place(&self, value: f64) -> f64 {
        let [low, high] = self.range;
        if self.log {
            (value.ln() - low.ln()) / (high.ln() - low.ln())
        } else {
            (value - low) / (high - low)
        }
    }
}

/// Ends that are finite and apart.
fn ordered(low: f64, high: f64) -> [f64; 2] {
    let low = if low.is_finite() { low } else { 0.0 };
    match high.is_finite() && high > low {
        true => [low, high],
        false => [low, low + 1.0],
    }
}

impl Panel {
    /// A square, framed panel that shows [−extent, extent]².
    pub fn square(extent: f64) -> Self {
        Self {
            title: Text::default(),
            x: Axis::linear(-extent, extent),
            y: Axis::linear(-extent, extent),
            equal: true,
            framed: true,
            marks: Vec::new(),
        }
    }

    /// A panel of curves.
    pub fn curves(x: Axis, y: Axis) -> Self {
        Self {
            title: Text::default(),
            x,
            y,
            equal: false,
            framed: false,
            marks: Vec::new(),
        }
    }

    /// The same panel with a title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<Text>) -> Self {
        self.title = title.into();
        self
    }

    /// The same panel with one more mark in front.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, tone: Tone, alpha: f32, shape: Form) -> Self {
        self.marks.push(Mark {
            name: name.into(),
            tone,
            alpha,
            shape,
        });
        self
    }
}

/// Something that is drawn in the coordinates of its panel.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Its name in the CSV and NPZ.
    pub name: String,
    /// Its colour.
    pub tone: Tone,
    /// 0 (nothing) to 1 (opaque).
    pub alpha: f32,
    /// What it is.
    pub shape: Form,
}

/// The kinds of marks.
#[derive(Clone, Debug)]
pub enum Form {
    /// Dots of a radius in points. `[n]` of (x, y).
    Points {
        /// Their places.
        at: Vec<[f32; 2]>,
        /// In points.
        radius: f32,
    },
    /// Polylines of a width in points.
    Lines {
        /// Each of `[k]` of (x, y).
        lines: Vec<Vec<[f32; 2]>>,
        /// In points.
        width: f32,
        /// Dashed, or whole.
        dashed: bool,
    },
    /// Arrows from places along vectors.
    Arrows {
        /// Their starts.
        at: Vec<[f32; 2]>,
        /// Their vectors, in the units of the axes.
        vectors: Vec<[f32; 2]>,
        /// In points.
        width: f32,
    },
    /// Filled rectangles: lower and upper corners.
    Boxes(Vec<([f64; 2], [f64; 2])>),
    /// Values in viridis over the whole panel, row by row from the top. `[rows, columns]`
    Heat {
        /// The values.
        values: Vec<f32>,
        /// Values in a row.
        columns: usize,
        /// Values of the map's lower and upper end.
        range: [f64; 2],
    },
    /// Grey pictures in a grid over the whole panel, from the top left. `[n, height, width]` u8
    Images {
        /// The pixels.
        pixels: Vec<u8>,
        /// Width and height of one.
        size: [usize; 2],
        /// Pictures in a row.
        columns: usize,
    },
}

impl Form {
    /// Dots from interleaved coordinates.
    pub fn dots(points: &[f32], radius: f32) -> Self {
        Self::Points {
            at: points.as_chunks::<2>().0.to_vec(),
            radius,
        }
    }

    /// One curve.
    pub fn curve(points: impl IntoIterator<Item = [f64; 2]>, width: f32, dashed: bool) -> Self {
        let line = points.into_iter().map(|p| p.map(|v| v as f32)).collect();
        Self::Lines {
            lines: vec![line],
            width,
            dashed,
        }
    }
}
