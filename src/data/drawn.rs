//! A density drawn on a grid of pixels: every pixel is a box, so its exact field is known.

use rand::{Rng, RngExt};

use super::toy::DatasetError;
use crate::flow::{BoxUnion, WeightedBox};

/// Weights of the pixels of a square over [−2, 2]², for a brush to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixelGrid {
    side: usize,
    /// Row by row from the lower left.
    weights: Vec<u8>,
}

/// What else is painted with each pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symmetry {
    /// Nothing.
    #[default]
    None,
    /// Its mirror image left to right.
    X,
    /// Its mirror image top to bottom.
    Y,
    /// Both mirror images and the opposite pixel.
    Both,
    /// The pixels a quarter, half and three quarters of a turn away.
    Rotational,
}

impl Symmetry {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::None, Self::X, Self::Y, Self::Both, Self::Rotational];

    /// The name shown in a menu.
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "No symmetry",
            Self::X => "Left and right",
            Self::Y => "Top and bottom",
            Self::Both => "Both mirrors",
            Self::Rotational => "Quarter turns",
        }
    }

    /// A pixel and those painted with it; some may be the same.
    fn images(self, side: usize, [i, j]: [usize; 2]) -> [[usize; 2]; 4] {
        let last = side - 1;
        let (p, q) = (last - i, last - j);
        match self {
            Self::None => [[i, j]; 4],
            Self::X => [[i, j], [p, j], [i, j], [p, j]],
            Self::Y => [[i, j], [i, q], [i, j], [i, q]],
            Self::Both => [[i, j], [p, j], [i, q], [p, q]],
            Self::Rotational => [[i, j], [q, i], [p, q], [j, p]],
        }
    }
}

impl PixelGrid {
    /// Half the side of the square.
    pub const HALF: f64 = 2.0;
    /// The largest weight of a pixel.
    pub const FULL: u8 = 63;
    /// Pixels along a side at most.
    pub const MAX_SIDE: usize = 64;

    /// An empty grid.
    ///
    /// # Panics
    /// If `side` is not in 1 to 64.
    pub fn new(side: usize) -> Self {
        assert!(
            (1..=Self::MAX_SIDE).contains(&side),
            "a grid has 1 to 64 pixels a side"
        );
        PixelGrid {
            side,
            weights: vec![0; side * side],
        }
    }

    /// Pixels along each side.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The weight, 0 to 63, of a pixel (column, row), counted from the lower left.
    pub fn get(&self, [column, row]: [usize; 2]) -> u8 {
        self.weights[row * self.side + column]
    }

    /// Sets a pixel; larger weights count as 63.
    ///
    /// # Panics
    /// If the pixel lies outside the grid.
    pub fn set(&mut self, [column, row]: [usize; 2], weight: u8) {
        assert!(column < self.side && row < self.side, "outside the grid");
        self.weights[row * self.side + column] = weight.min(Self::FULL);
    }

    /// Sets every pixel to 0.
    pub fn clear(&mut self) {
        self.weights.fill(0);
    }

    /// Whether every pixel is 0.
    pub fn is_empty(&self) -> bool {
        self.weights.iter().all(|&weight| weight == 0)
    }

    /// Number of painted pixels.
    pub fn painted(&self) -> usize {
        self.weights.iter().filter(|&&weight| weight > 0).count()
    }

    /// The pixel that holds a point of the plane.
    pub fn pixel_at(&self, x: [f64; 2]) -> Option<[usize; 2]> {
        let scale = self.side as f64 / (2.0 * Self::HALF);
        let [column, row] = x.map(|c| ((c + Self::HALF) * scale).floor());
        let inside = |c: f64| (0.0..self.side as f64).contains(&c);
        (inside(column) && inside(row)).then_some([column as usize, row as usize])
    }

    /// Paints along a line from one point of the plane to another with a round brush of `size`
    /// pixels across, and the images of each pixel; weight 0 erases. Says whether a pixel changed.
    pub fn stroke(
        &mut self,
        from: [f64; 2],
        to: [f64; 2],
        size: f64,
        weight: u8,
        symmetry: Symmetry,
    ) -> bool {
        let pixel = 2.0 * Self::HALF / self.side as f64;
        let radius = 0.5 * size.max(1.0) * pixel;
        let way = [to[0] - from[0], to[1] - from[1]];
        let length = way[0].hypot(way[1]);
        if !length.is_finite() {
            return false;
        }
        let before = self.weights.clone();
        for row in 0..self.side {
            for column in 0..self.side {
                let centre = [column, row].map(|k| (k as f64 + 0.5) * pixel - Self::HALF);
                let off = [centre[0] - from[0], centre[1] - from[1]];
                let along = if length > 0.0 {
                    ((off[0] * way[0] + off[1] * way[1]) / (length * length)).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let gap = (off[0] - along * way[0]).hypot(off[1] - along * way[1]);
                // A brush of one pixel paints the pixel under it wherever it is held.
                let under = self.pixel_at(from) == Some([column, row])
                    || self.pixel_at(to) == Some([column, row]);
                if gap < radius || under {
                    for image in symmetry.images(self.side, [column, row]) {
                        self.set(image, weight);
                    }
                }
            }
        }
        before != self.weights
    }

    /// The same picture with another number of pixels, each taken from the nearest one.
    ///
    /// # Panics
    /// If `side` is not in 1 to 64.
    pub fn resized(&self, side: usize) -> Self {
        let mut grid = Self::new(side);
        for row in 0..side {
            for column in 0..side {
                let from = [column, row].map(|k| (2 * k + 1) * self.side / (2 * side));
                grid.set([column, row], self.get(from));
            }
        }
        grid
    }

    /// The distribution of the painted pixels; none for an empty grid.
    pub fn boxes(&self) -> Option<BoxUnion> {
        // One table of edges, so that neighbours share theirs to the last bit.
        let edge = |k: usize| Self::HALF * (2.0 * k as f64 / self.side as f64 - 1.0);
        let mut boxes = Vec::with_capacity(self.painted());
        for row in 0..self.side {
            for column in 0..self.side {
                let weight = self.get([column, row]);
                if weight > 0 {
                    boxes.push(WeightedBox {
                        lo: [edge(column), edge(row)],
                        hi: [edge(column + 1), edge(row + 1)],
                        weight: f64::from(weight),
                    });
                }
            }
        }
        BoxUnion::new(boxes).ok()
    }
}

/// A grid with something on it, ready to be drawn from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Painted {
    grid: PixelGrid,
    /// Running sums of the weights.
    sums: Vec<u32>,
}

impl Painted {
    /// Takes a grid.
    ///
    /// # Errors
    /// When nothing is painted on it.
    pub fn new(grid: PixelGrid) -> Result<Self, DatasetError> {
        if grid.is_empty() {
            return Err(DatasetError::Empty);
        }
        let mut sum = 0;
        let sums = grid
            .weights
            .iter()
            .map(|&weight| {
                sum += u32::from(weight);
                sum
            })
            .collect();
        Ok(Painted { grid, sums })
    }

    /// The grid.
    pub fn grid(&self) -> &PixelGrid {
        &self.grid
    }

    /// One point: a pixel by its weight, then anywhere on it.
    pub fn sample(&self, rng: &mut impl Rng) -> [f64; 2] {
        let side = self.grid.side;
        let total = self.sums[self.sums.len() - 1];
        let drawn = rng.random_range(0..total);
        let index = self.sums.partition_point(|&sum| sum <= drawn);
        [index % side, index / side]
            .map(|k| PixelGrid::HALF * (2.0 * (k as f64 + rng.random::<f64>()) / side as f64 - 1.0))
    }
}
