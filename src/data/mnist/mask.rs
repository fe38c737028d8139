//! Masks that hide a part of a digit.

use rand::{Rng, RngExt};

use super::{PIXELS, SIDE};

/// Hidden pixels of an image of 28x28: 1 is hidden, 0 is kept.
pub type Mask = Vec<u8>;

/// The square from a quarter to three quarters of each side.
pub fn centre() -> Mask {
    let inside = SIDE / 4..3 * SIDE / 4;
    (0..PIXELS)
        .map(|i| u8::from(inside.contains(&(i / SIDE)) && inside.contains(&(i % SIDE))))
        .collect()
}

/// The left half.
pub fn left_half() -> Mask {
    (0..PIXELS).map(|i| u8::from(i % SIDE < SIDE / 2)).collect()
}

/// The upper half.
pub fn upper_half() -> Mask {
    (0..PIXELS).map(|i| u8::from(i / SIDE < SIDE / 2)).collect()
}

/// Nothing is seen.
pub fn everything() -> Mask {
    vec![1; PIXELS]
}

/// A random mask for training: nothing is seen once in ten times, so that the flow also knows what
/// a digit may be at all; else the centre, a rectangle, a side of the image, or brush strokes,
/// equally often.
pub fn draw(rng: &mut impl Rng) -> Mask {
    if rng.random_range(0..10_u8) == 0 {
        return everything();
    }
    match rng.random_range(0..4_u8) {
        0 => centre(),
        1 => rectangle(rng),
        2 => side(rng),
        _ => strokes(rng),
    }
}

/// Hides the pixels within `radius` of the line from `a` to `b`, in pixels from the top left.
pub fn brush(mask: &mut [u8], a: [f32; 2], b: [f32; 2], radius: f32, value: u8) {
    for (hidden, distance) in mask.iter_mut().zip(distances(a, b)) {
        if distance <= radius {
            *hidden = value;
        }
    }
}

/// Draws ink within `radius` of the line from `a` to `b` onto grey values `[28, 28]`. A pixel at
/// its edge takes as much of it as the line covers, as those of scanned digits do.
pub fn pen(ink: &mut [u8], a: [f32; 2], b: [f32; 2], radius: f32) {
    for (grey, distance) in ink.iter_mut().zip(distances(a, b)) {
        let covered = (radius + 0.5 - distance).clamp(0.0, 1.0);
        *grey = (*grey).max((255.0 * covered).round() as u8);
    }
}

/// How far the middle of each pixel is from the line from `a` to `b`, in pixels.
fn distances(a: [f32; 2], b: [f32; 2]) -> impl Iterator<Item = f32> {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length = along[0] * along[0] + along[1] * along[1];
    (0..PIXELS).map(move |i| {
        let at = [
            (i % SIDE) as f32 + 0.5 - a[0],
            (i / SIDE) as f32 + 0.5 - a[1],
        ];
        let share = if length > 0.0 {
            ((at[0] * along[0] + at[1] * along[1]) / length).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (at[0] - share * along[0]).hypot(at[1] - share * along[1])
    })
}

fn rectangle(rng: &mut impl Rng) -> Mask {
    let range = |rng: &mut _| {
        let extent = RngExt::random_range(rng, SIDE / 4..=3 * SIDE / 4);
        let from = RngExt::random_range(rng, 0..=SIDE - extent);
        from..from + extent
    };
    let (rows, cols) = (range(rng), range(rng));
    (0..PIXELS)
        .map(|i| u8::from(rows.contains(&(i / SIDE)) && cols.contains(&(i % SIDE))))
        .collect()
}

fn side(rng: &mut impl Rng) -> Mask {
    let depth = rng.random_range(SIDE / 4..=5 * SIDE / 8);
    let which = rng.random_range(0..4_u8);
    (0..PIXELS)
        .map(|i| {
            let (row, col) = (i / SIDE, i % SIDE);
            u8::from(match which {
                0 => row < depth,
                1 => row >= SIDE - depth,
                2 => col < depth,
                _ => col >= SIDE - depth,
            })
        })
        .collect()
}

fn strokes(rng: &mut impl Rng) -> Mask {
    let mut mask = vec![0; PIXELS];
    let end = SIDE as f32;
    let mut at = [rng.random_range(0.0..end), rng.random_range(0.0..end)];
    for _ in 0..rng.random_range(2..6_u8) {
        let to = [rng.random_range(0.0..end), rng.random_range(0.0..end)];
        brush(&mut mask, at, to, rng.random_range(1.5..4.0), 1);
        at = to;
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::mnist::CLASSES;

    #[test]
    fn the_centre_is_a_quarter_of_the_image() {
        let mask = centre();
        assert_eq!(
            mask.iter().map(|&m| usize::from(m)).sum::<usize>(),
            PIXELS / 4
        );
        assert_eq!(
            (mask[7 * SIDE + 7], mask[6 * SIDE + 7], mask[21 * SIDE + 20]),
            (1, 0, 0)
        );
    }

    #[test]
    fn random_masks_hide_some_and_keep_some() {
        use rand::SeedableRng;
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let mut hidden = 0;
        for _ in 0..200 * CLASSES {
            let mask = draw(&mut rng);
            let count = mask.iter().filter(|&&m| m == 1).count();
            assert!(count > 0 && mask.iter().all(|&m| m <= 1));
            hidden += count;
        }
        let share = hidden as f64 / (200 * CLASSES * PIXELS) as f64;
        assert!((0.2..0.6).contains(&share), "{share}");
    }

    #[test]
    fn halves_hide_half_and_a_pen_has_a_soft_edge() {
        for mask in [left_half(), upper_half()] {
            assert_eq!(
                mask.iter().map(|&m| usize::from(m)).sum::<usize>(),
                PIXELS / 2
            );
        }
        assert_eq!((left_half()[13], left_half()[14]), (1, 0));
        assert_eq!(
            (upper_half()[13 * SIDE + 27], upper_half()[14 * SIDE]),
            (1, 0)
        );
        let mut ink = vec![0; PIXELS];
        pen(&mut ink, [5.0, 14.0], [20.0, 14.0], 1.25);
        // Middles half a pixel off are covered whole, those 1.5 off by a quarter.
        let at = |row: usize| ink[row * SIDE + 10];
        assert_eq!((at(13), at(12), at(11)), (255, 64, 0));
    }

    #[test]
    fn a_brush_covers_its_stroke() {
        let mut mask = vec![0; PIXELS];
        brush(&mut mask, [5.0, 14.0], [20.0, 14.0], 2.0, 1);
        assert_eq!(
            (
                mask[14 * SIDE + 10],
                mask[14 * SIDE + 2],
                mask[20 * SIDE + 10]
            ),
            (1, 0, 0)
        );
        brush(&mut mask, [10.5, 14.5], [10.5, 14.5], 0.6, 0);
        assert_eq!(mask[14 * SIDE + 10], 0);
    }
}
