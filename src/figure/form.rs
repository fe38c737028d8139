//! What is drawn inside a panel.

use super::colour::Tone;
use super::style::POINTS_PER_CM;
use super::text::Text;

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

/// What a value's colour is taken from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Map {
    /// Viridis or cividis, as the style says.
    #[default]
    Sequential,
    /// Blue below, paper in the middle, vermilion above.
    Diverging,
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
    /// Values as colours over the whole panel, row by row from the top. `[rows, columns]`
    Heat {
        /// The values.
        values: Vec<f32>,
        /// Values in a row.
        columns: usize,
        /// Values of the map's lower and upper end.
        range: [f64; 2],
        /// Its colours.
        map: Map,
    },
    /// Words in the middle of places, at a share of the size of the type.
    Words {
        /// Places and what stands there.
        at: Vec<([f32; 2], Text)>,
        /// Relative to the type.
        size: f32,
    },
    /// Grey pictures in the middle of places, framed. `[n, height, width]` u8
    Stamps {
        /// Their middles.
        at: Vec<[f32; 2]>,
        /// Their side, in the units of the x axis.
        side: f32,
        /// The pixels.
        pixels: Vec<u8>,
        /// Width and height of one.
        size: [usize; 2],
        /// The colour of each frame.
        tones: Vec<Tone>,
    },
    /// Grey pictures in a grid over the whole panel, from the top left: 0 is paper, 255 is ink.
    /// `[n, height, width]` u8
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
    /// Dots so small that the density of all of them shows in a panel of about `cm` centimetres:
    /// together they would cover a seventh of it. Also their opacity: the eye needs a third of a
    /// point, smaller dots are paler instead.
    pub fn cloud(at: Vec<[f32; 2]>, cm: f64) -> (Self, f32) {
        const LEAST: f64 = 0.33;
        let n = at.len().max(1) as f64;
        let radius = cm * POINTS_PER_CM * (0.15 / (std::f64::consts::PI * n)).sqrt();
        let alpha = 0.7 * (radius / LEAST).clamp(0.07, 1.0);
        let radius = radius.clamp(LEAST, 1.5) as f32;
        (Self::Points { at, radius }, alpha as f32)
    }

    /// Dots from interleaved coordinates.
    pub fn dots(points: &[f32], radius: f32) -> Self {
        Self::Points {
            at: points.as_chunks::<2>().0.to_vec(),
            radius,
        }
    }

    /// Values `[side, side]` with their rows from the bottom, as maps of the plane keep them.
    pub fn heat(values: &[f32], side: usize, range: [f64; 2], map: Map) -> Self {
        let rows = values.chunks_exact(side.max(1)).rev();
        Self::Heat {
            values: rows.flatten().copied().collect(),
            columns: side,
            range,
            map,
        }
    }

    /// Whole or dashed lines.
    pub fn lines(lines: Vec<Vec<[f32; 2]>>, width: f32, dashed: bool) -> Self {
        Self::Lines {
            lines,
            width,
            dashed,
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
