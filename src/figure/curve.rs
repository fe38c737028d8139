//! A curve over a logarithmic or linear axis, with a reference line.

use super::canvas::{Canvas, Colour, HAIRLINE, PAPER};

/// A curve to draw.
pub struct Curve<'a> {
    /// Values at equal steps; values that are not finite leave gaps.
    pub values: &'a [f64],
    /// Its colour.
    pub colour: Colour,
}

/// Draws a curve into `width` x `height` pixels; `log` puts powers of ten on the vertical axis.
pub fn plot(curve: &Curve, reference: Option<(f64, Colour)>, log: bool, size: [u32; 2]) -> Canvas {
    let [width, height] = size;
    let mut canvas = Canvas::new(width, height, PAPER);
    let scale = |v: f64| if log { v.log10() } else { v };
    let finite = || {
        let marks = reference.iter().map(|(value, _)| *value);
        curve
            .values
            .iter()
            .copied()
            .chain(marks)
            .map(scale)
            .filter(|v| v.is_finite())
    };
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = if low < high {
        (low, high)
    } else {
        (low - 1.0, low + 1.0)
    };
    let (w, h) = (width as f32, height as f32);
    let margin = h / 16.0;
    let y = |v: f64| margin + (h - 2.0 * margin) * ((high - scale(v)) / (high - low)) as f32;
    let x = |i: usize| {
        let last = curve.values.len().saturating_sub(1).max(1);
        margin + (w - 2.0 * margin) * i as f32 / last as f32
    };
    if log && low.is_finite() {
        for power in low.ceil() as i32..=high.floor() as i32 {
            let at = y(10f64.powi(power));
            canvas.fill([margin, at], [w - margin, at + 1.0], HAIRLINE);
        }
    }
    canvas.frame([margin, margin], [w - margin, h - margin], HAIRLINE);
    if let Some((value, colour)) = reference {
        let at = y(value);
        canvas.line([margin, at], [w - margin, at], (h / 200.0).max(1.5), colour);
    }
    for (i, pair) in curve.values.windows(2).enumerate() {
        canvas.line(
            [x(i), y(pair[0])],
            [x(i + 1), y(pair[1])],
            (h / 150.0).max(1.5),
            curve.colour,
        );
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::canvas::{EXACT, GENERATED};

    #[test]
    fn a_falling_curve_starts_high_and_ends_low() {
        let values = [100.0, 10.0, f64::NAN, 1.0, 1.0];
        let curve = Curve {
            values: &values,
            colour: GENERATED,
        };
        let canvas = plot(&curve, Some((1.0, EXACT)), true, [320, 160]);
        // Edges are antialiased: a pixel shows the colour that it is nearest to.
        let shows = |x, y, colour: Colour| {
            let pixel = canvas.pixel(x, y);
            let distance = |c: &Colour| -> u32 {
                let squares = pixel.iter().zip(c).map(|(a, b)| a.abs_diff(*b));
                squares.map(|d| u32::from(d).pow(2)).sum()
            };
            let all = [PAPER, HAIRLINE, EXACT, GENERATED];
            let nearest = all.into_iter().min_by_key(distance);
            assert_eq!(nearest, Some(colour), "{pixel:?} at {x}, {y}");
        };
        shows(11, 11, GENERATED);
        shows(20, 149, EXACT);
        shows(305, 149, GENERATED);
        plot(
            &Curve {
                values: &[],
                colour: GENERATED,
            },
            None,
            true,
            [64, 64],
        );
    }
}
