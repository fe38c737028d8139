//! A laid-out figure: shapes in points from the upper left corner, ready for any writer.

use super::colour::Colour;
use super::text::Text;

/// A sheet and what lies on it, from back to front.
#[derive(Clone, Debug)]
pub struct Page {
    /// In points of 1/72 inch.
    pub width: f64,
    /// In points.
    pub height: f64,
    /// The paper; none where it is transparent.
    pub paper: Option<Colour>,
    /// From back to front.
    pub shapes: Vec<Shape>,
}

/// A colour with an opacity from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// Red, green, blue.
    pub colour: Colour,
    /// Opacity.
    pub alpha: f32,
}

/// A rectangle in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Extent to the right.
    pub w: f32,
    /// Extent downwards.
    pub h: f32,
}

/// Which point of a text its place names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// Pixels without premultiplication, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue, opacity.
    pub rgba: Vec<u8>,
}

/// One thing on a page. Everything is clipped already.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A filled rectangle.
    Rect {
        /// Its place.
        area: Area,
        /// Its colour.
        ink: Ink,
    },
    /// A polyline with round joins.
    Line {
        /// Its points.
        points: Vec<[f32; 2]>,
        /// In points.
        width: f32,
        /// Its colour.
        ink: Ink,
        /// Dashed, or whole.
        dashed: bool,
    },
    /// A filled polygon.
    Polygon {
        /// Its corners.
        points: Vec<[f32; 2]>,
        /// Its colour.
        ink: Ink,
    },
    /// Discs, one over the other.
    Dots {
        /// Their middles.
        at: Vec<[f32; 2]>,
        /// In points.
        radius: f32,
        /// Their colour.
        ink: Ink,
        /// What a raster of them has to cover.
        area: Area,
    },
    /// A picture.
    Image {
        /// Its place.
        area: Area,
        /// Its pixels.
        picture: Picture,
    },
    /// A line of text.
    Label {
        /// Place of the anchor on the baseline.
        at: [f32; 2],
        /// What the place names.
        anchor: Anchor,
        /// Turned to read upwards.
        upwards: bool,
        /// Size of the type in points.
        size: f32,
        /// Its colour.
        ink: Ink,
        /// What it says.
        text: Text,
    },
}

impl Shape {
    /// Moves it down, in points.
    pub fn lower(&mut self, by: f32) {
        match self {
            Self::Rect { area, .. } | Self::Image { area, .. } => area.y += by,
            Self::Line { points, .. } | Self::Polygon { points, .. } => {
                points.iter_mut().for_each(|point| point[1] += by);
            }
            Self::Dots { at, area, .. } => {
                at.iter_mut().for_each(|point| point[1] += by);
                area.y += by;
            }
            Self::Label { at, .. } => at[1] += by,
        }
    }
}

/// Above this number of dots, vector formats hold a picture of them instead.
pub const MOST_VECTOR_DOTS: usize = 20_000;

impl Page {
    /// The number of dots.
    pub fn dots(&self) -> usize {
        let count = |shape: &Shape| match shape {
            Shape::Dots { at, .. } => at.len(),
            _ => 0,
        };
        self.shapes.iter().map(count).sum()
    }
}
