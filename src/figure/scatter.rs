//! Scatter panels in a row, over the ghost of the target.

use super::canvas::{Canvas, Colour, GHOST, HAIRLINE, PAPER};

/// One square panel.
pub struct Panel<'a> {
    /// Interleaved points `[n, 2]`.
    pub points: &'a [f32],
    /// Their colour.
    pub colour: Colour,
}

/// The target's boxes behind the points: lower and upper corners.
pub type Ghost<'a> = &'a [([f64; 2], [f64; 2])];

/// Draws panels of `side` pixels in a row, each showing [-extent, extent]².
pub fn row(panels: &[Panel], ghost: Ghost, extent: f64, side: u32) -> Canvas {
    let gap = side / 16;
    let width = panels.len() as u32 * (side + gap) + gap;
    let mut canvas = Canvas::new(width.max(1), side + 2 * gap, PAPER);
    let side = side as f32;
    for (i, panel) in panels.iter().enumerate() {
        let left = gap as f32 + i as f32 * (side + gap as f32);
        let top = gap as f32;
        let place = |x: f64, y: f64| {
            [
                left + side * (0.5 + 0.5 * x / extent) as f32,
                top + side * (0.5 - 0.5 * y / extent) as f32,
            ]
        };
        for (low, high) in ghost {
            canvas.fill(place(low[0], high[1]), place(high[0], low[1]), GHOST);
        }
        let n = panel.points.len() / 2;
        // Fewer points are drawn larger, many points transparent, so that density shows.
        let radius = (side / 300.0) * (5000.0 / n.max(1) as f32).sqrt().clamp(0.6, 3.0);
        for point in panel.points.as_chunks::<2>().0 {
            let [x, y] = point.map(f64::from);
            if x.abs() < extent && y.abs() < extent {
                canvas.disc(place(x, y), radius, panel.colour, 0.6);
            }
        }
        canvas.frame([left, top], [left + side, top + side], HAIRLINE);
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::canvas::GENERATED;

    #[test]
    fn a_point_lands_where_it_belongs_and_the_ghost_lies_behind() {
        let panel = Panel {
            points: &[1.5, 1.5],
            colour: GENERATED,
        };
        let canvas = row(&[panel], &[([-2.0, -2.0], [-1.0, -1.0])], 3.0, 160);
        // (1.5, 1.5) is three quarters to the right and a quarter down, after a gap of ten.
        let [r, g, b] = canvas.pixel(10 + 120, 10 + 40);
        assert!(r > g && g > b, "{r} {g} {b}");
        assert_eq!(canvas.pixel(10 + 40, 10 + 120), GHOST);
        assert_eq!(canvas.pixel(10 + 80, 10 + 20), PAPER);
    }
}
