//! Label maps of digits: what a picture is made of, coarsely.

use super::{PIXELS, SIDE};

/// Labels of a map: paper, edge, body and core of the ink.
pub const LEVELS: usize = 4;
/// Grey values of one label.
const STEP: u8 = 64;

/// The label map of a digit `[28, 28]`, values 0 to 3: its grey values in four equal steps after
/// a mean over 3x3 pixels, which takes the pen's fine detail away.
pub fn regions(image: &[u8]) -> Vec<u8> {
    let at = |row: usize, col: usize| u32::from(image[row * SIDE + col]);
    (0..PIXELS)
        .map(|i| {
            let (row, col) = (i / SIDE, i % SIDE);
            let (mut sum, mut count) = (0, 0);
            for r in row.saturating_sub(1)..(row + 2).min(SIDE) {
                for c in col.saturating_sub(1)..(col + 2).min(SIDE) {
                    sum += at(r, c);
                    count += 1;
                }
            }
            (sum / count) as u8 / STEP
        })
        .collect()
}

/// The map as a grey picture, `[28, 28]`: label k is 85 k.
pub fn to_grey(map: &[u8]) -> Vec<u8> {
    map.iter().map(|&label| label.min(3) * 85).collect()
}

/// The map that a grey picture shows: the nearest of the four greys.
pub fn from_grey(grey: &[u8]) -> Vec<u8> {
    grey.iter()
        .map(|&value| ((u16::from(value) + 42) / 85) as u8)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_has_a_core_and_an_edge() {
        let mut image = vec![0; PIXELS];
        for row in 10..18 {
            for col in 10..18 {
                image[row * SIDE + col] = 255;
            }
        }
        let map = regions(&image);
        assert_eq!(map[14 * SIDE + 14], 3);
        // Outside the edge three of nine pixels are ink: 85 / 64 = 1; a row further none is.
        assert_eq!((map[9 * SIDE + 14], map[8 * SIDE + 14]), (1, 0));
        assert_eq!(map[10 * SIDE + 14], 2);
        assert_eq!(from_grey(&to_grey(&map)), map);
        assert!(map.iter().all(|&label| usize::from(label) < LEVELS));
    }
}
