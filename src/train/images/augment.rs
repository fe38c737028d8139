//! Images that vary a little each time they are learned from.

use rand::{Rng, RngExt};

use crate::data::mnist::{PIXELS, SIDE};

/// Turn in radians, shear, scale and pixels at a strength of 1.
const TURN: f32 = 0.17;
const SHEAR: f32 = 0.15;
const SCALE: f32 = 0.1;
const MOVE: f32 = 1.5;

/// Moves each image `[n, 28, 28]` by up to `reach` whole pixels, and warps it by up to `strength`;
/// background (0) comes in.
pub fn vary(images: &mut [f32], reach: usize, strength: f64, rng: &mut impl Rng) {
    let reach = reach as i32;
    for image in images.chunks_exact_mut(PIXELS) {
        if reach > 0 {
            let [down, right] = [(); 2].map(|()| rng.random_range(-reach..=reach));
            shift(image, down, right);
        }
        if strength > 0.0 {
            let strength = strength as f32;
            let numbers = [(); 6].map(|()| strength * rng.random_range(-1.0..=1.0_f32));
            warp(image, numbers);
        }
    }
}

/// Moves an image `[28, 28]` by whole pixels; background comes in.
fn shift(image: &mut [f32], down: i32, right: i32) {
    let old = image.to_vec();
    for (i, value) in image.iter_mut().enumerate() {
        let row = (i / SIDE) as i32 - down;
        let col = (i % SIDE) as i32 - right;
        let inside = 0..SIDE as i32;
        *value = if inside.contains(&row) && inside.contains(&col) {
            old[row as usize * SIDE + col as usize]
        } else {
            0.0
        };
    }
}

/// Turns, shears, scales in x and y, and moves an image about its middle, as far as these shares of
/// the constants above say; between pixels it is linear.
fn warp(image: &mut [f32], [turn, shear, wide, high, down, right]: [f32; 6]) {
    let old = image.to_vec();
    let at = |row: i32, col: i32| {
        let inside = 0..SIDE as i32;
        if inside.contains(&row) && inside.contains(&col) {
            old[row as usize * SIDE + col as usize]
        } else {
            0.0
        }
    };
    let (sin, cos) = (TURN * turn).sin_cos();
    let (wide, high) = (1.0 + SCALE * wide, 1.0 + SCALE * high);
    let middle = 0.5 * (SIDE as f32 - 1.0);
    for (i, value) in image.iter_mut().enumerate() {
        let y = (i / SIDE) as f32 - middle;
        let x = (i % SIDE) as f32 - middle;
        let from = [
            wide * cos * x + (SHEAR * shear - high * sin) * y + MOVE * right + middle,
            wide * sin * x + high * cos * y + MOVE * down + middle,
        ];
        let [col, row] = from.map(f32::floor);
        let [across, along] = [from[0] - col, from[1] - row];
        let (row, col) = (row as i32, col as i32);
        let [above, below] =
            [row, row + 1].map(|row| at(row, col) * (1.0 - across) + at(row, col + 1) * across);
        *value = above * (1.0 - along) + below * along;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::batch::{Purpose, stream};

    fn spot(row: usize, col: usize) -> Vec<f32> {
        let mut image = vec![0.0; PIXELS];
        image[row * SIDE + col] = 1.0;
        image
    }

    #[test]
    fn a_shift_moves_and_a_warp_of_nothing_changes_nothing() {
        let mut image = spot(3, 4);
        shift(&mut image, 2, -1);
        assert_eq!(image, spot(5, 3));
        warp(&mut image, [0.0; 6]);
        assert_eq!(image, spot(5, 3));
        shift(&mut image, 0, -4);
        assert!(image.iter().all(|v| *v == 0.0), "it left the image");
    }

    #[test]
    fn a_warp_moves_as_far_as_it_says_and_turns_about_the_middle() {
        // The new image looks two thirds of 1.5 pixels further down, and so shows the spot higher.
        let mut image = spot(10, 10);
        warp(&mut image, [0.0, 0.0, 0.0, 0.0, 2.0 / 3.0, 0.0]);
        assert!((image[9 * SIDE + 10] - 1.0).abs() < 1e-5);
        let near = |v: usize| (10..18).contains(&v);
        let mut image: Vec<f32> = (0..PIXELS)
            .map(|i| f32::from(u8::from(near(i / SIDE) && near(i % SIDE))))
            .collect();
        warp(&mut image, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let sum: f32 = image.iter().sum();
        assert!((sum - 64.0).abs() < 1.0, "a turn keeps the area: {sum}");
        let middle: f32 = (0..PIXELS).map(|i| image[i] * (i / SIDE) as f32).sum();
        assert!((middle / sum - 13.5).abs() < 0.05);
    }

    #[test]
    fn images_vary_by_their_seed_alone() {
        let varied = |seed: u64| {
            let mut images = [spot(10, 10), spot(14, 14)].concat();
            vary(&mut images, 1, 1.0, &mut stream(seed, Purpose::Batch, 0));
            images
        };
        assert_eq!(varied(1), varied(1));
        assert_ne!(varied(1), varied(2));
        let mut plain = spot(10, 10);
        vary(&mut plain, 0, 0.0, &mut stream(1, Purpose::Batch, 0));
        assert_eq!(plain, spot(10, 10));
    }
}
