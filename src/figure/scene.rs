//! What a figure shows, independent of size, theme and format.

use super::colour::Tone;
pub use super::form::{Form, Map, Mark};
use super::text::Text;

/// Pixels between two pictures of a grid.
pub const GAP: usize = 2;

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
    /// Height of panels of curves, in widths.
    pub aspect: Option<f32>,
    /// Parts below it with rows and columns of their own.
    pub below: Vec<Scene>,
}

impl Scene {
    /// Panels side by side, with shared axes.
    pub fn row(panels: Vec<Panel>) -> Self {
        let columns = panels.len();
        Self::grid(panels, columns)
    }

    /// Panels in rows, with shared axes.
    pub fn grid(panels: Vec<Panel>, columns: usize) -> Self {
        Self {
            columns: columns.max(1),
            panels,
            shared: true,
            ..Self::default()
        }
    }

    /// Panels side by side, each with its own axes.
    pub fn apart(panels: Vec<Panel>) -> Self {
        Self {
            shared: false,
            ..Self::row(panels)
        }
    }

    /// The same with a title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<Text>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// The same with another entry of the legend.
    #[must_use]
    pub fn entry(mut self, label: impl Into<Text>, tone: Tone, key: Key) -> Self {
        let label = label.into();
        self.legend.push(Entry { label, tone, key });
        self
    }

    /// The same with another part below.
    #[must_use]
    pub fn over(mut self, part: Scene) -> Self {
        self.below.push(part);
        self
    }

    /// All panels, those of the parts below last.
    pub fn all_panels(&self) -> Vec<&Panel> {
        let below = self.below.iter().flat_map(Scene::all_panels);
        self.panels.iter().chain(below).collect()
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

/// The meaning of a heat map's colours.
#[derive(Clone, Debug)]
pub struct ColourBar {
    /// Beside it.
    pub label: Text,
    /// Values of its lower and upper end.
    pub range: [f64; 2],
    /// Its colours.
    pub map: Map,
}

/// What surrounds a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A line on all sides.
    Box,
    /// The two axes.
    Axes,
    /// Nothing.
    None,
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
    /// What surrounds it.
    pub frame: Frame,
    /// Figures in small type under its axis.
    pub note: Text,
    /// Under it: what the colours of its heat map mean.
    pub bar: Option<ColourBar>,
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
            frame: Frame::Box,
            note: Text::default(),
            bar: None,
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
            frame: Frame::Axes,
            note: Text::default(),
            bar: None,
            marks: Vec::new(),
        }
    }

    /// A panel of grey pictures `[n, height, width]`; its units are their pixels.
    pub fn images(pixels: Vec<u8>, size: [usize; 2], columns: usize) -> Self {
        let count = pixels.len() / (size[0] * size[1]).max(1);
        let columns = columns.clamp(1, count.max(1));
        let rows = count.div_ceil(columns).max(1);
        let extent = |n: usize, side: usize| (n * (side + GAP) - GAP) as f64;
        let axis = |high: f64| Axis {
            ticks: false,
            ..Axis::linear(0.0, high)
        };
        let grid = Form::Images {
            pixels,
            size,
            columns,
        };
        Self {
            x: axis(extent(columns, size[0])),
            y: axis(extent(rows, size[1])),
            frame: Frame::None,
            ..Self::square(1.0)
        }
        .with("pictures", Tone::Ink, 1.0, grid)
    }

    /// The corners of a picture in such a panel, as a closed line.
    pub fn around_image(&self, index: usize, size: [usize; 2], columns: usize) -> Vec<[f32; 2]> {
        let step = size.map(|side| (side + GAP) as f32);
        let left = (index % columns.max(1)) as f32 * step[0];
        let top = self.y.range[1] as f32 - (index / columns.max(1)) as f32 * step[1];
        let (right, bottom) = (left + size[0] as f32, top - size[1] as f32);
        let [a, b] = [[left, top], [right, bottom]];
        vec![a, [b[0], a[1]], b, [a[0], b[1]], a]
    }

    /// The same panel with a title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<Text>) -> Self {
        self.title = title.into();
        self
    }

    /// The same panel with figures below.
    #[must_use]
    pub fn noted(mut self, note: impl Into<Text>) -> Self {
        self.note = note.into();
        self
    }

    /// The same panel without numbers on its axes.
    #[must_use]
    pub fn without_ticks(mut self) -> Self {
        (self.x.ticks, self.y.ticks) = (false, false);
        self
    }

    /// A heat map over the whole panel, with its bar below.
    #[must_use]
    pub fn heat(mut self, name: &str, form: Form, label: impl Into<Text>) -> Self {
        if let Form::Heat { range, map, .. } = form {
            let label = label.into();
            self.bar = Some(ColourBar { label, range, map });
        }
        self.with(name, Tone::Ink, 1.0, form)
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
