//! The built-in distributions of the plane, one function each.

use std::f64::consts::{FRAC_PI_2, PI, SQRT_2, TAU};

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use crate::flow::mixture::{Gaussian, Mixture};

/// Noise of the two moons before they are standardised.
const MOONS_NOISE: f64 = 0.05;

/// Noise of the Swiss roll before it is standardised, in units of its radius.
const ROLL_NOISE: f64 = 0.5;

/// Standard deviation of each of the eight Gaussians.
const EIGHT_STD: f64 = SQRT_2 / 4.0;

pub(super) fn uniform(rng: &mut impl Rng) -> f64 {
    rng.random()
}

fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

pub(super) fn board(rng: &mut impl Rng, grid: usize, half: f64, parity: usize) -> [f64; 2] {
    let side = 2.0 * half / grid as f64;
    loop {
        let (i, j) = (rng.random_range(0..grid), rng.random_range(0..grid));
        if (i + j) % 2 == parity {
            return [i, j].map(|k| -half + (k as f64 + uniform(rng)) * side);
        }
    }
}

/// scikit-learn's `make_moons`, standardised with the moments of the distribution.
pub(super) fn moons(rng: &mut impl Rng) -> [f64; 2] {
    let (sin, cos) = (PI * uniform(rng)).sin_cos();
    let [x, y] = if rng.random() {
        [cos, sin]
    } else {
        [1.0 - cos, 0.5 - sin]
    };
    let noise = MOONS_NOISE * MOONS_NOISE;
    let var = [0.75 + noise, 9.0 / 16.0 - 1.0 / PI + noise];
    [
        (x + MOONS_NOISE * normal(rng) - 0.5) / var[0].sqrt(),
        (y + MOONS_NOISE * normal(rng) - 0.25) / var[1].sqrt(),
    ]
}

/// Columns 0 and 2 of scikit-learn's `make_swiss_roll`, standardised with the moments of the
/// distribution: (r cos r, r sin r) for r uniform in [3π/2, 9π/2].
pub(super) fn swiss_roll(rng: &mut impl Rng) -> [f64; 2] {
    let r = 1.5 * PI * (1.0 + 2.0 * uniform(rng));
    let (sin, cos) = r.sin_cos();
    let noise = ROLL_NOISE * ROLL_NOISE;
    let half_square = 9.75 * PI * PI / 2.0; // E[r²]/2
    let mean = [2.0, 2.0 / (3.0 * PI)];
    let var = [
        half_square - 0.25 - mean[0] * mean[0] + noise,
        half_square + 0.25 - mean[1] * mean[1] + noise,
    ];
    [
        (r * cos + ROLL_NOISE * normal(rng) - mean[0]) / var[0].sqrt(),
        (r * sin + ROLL_NOISE * normal(rng) - mean[1]) / var[1].sqrt(),
    ]
}

/// Centres on a circle of radius 2√2, standard deviation √2/4 (Grathwohl et al. 2019).
pub(super) fn eight_gaussians(rng: &mut impl Rng) -> [f64; 2] {
    let centre = eight_centre(rng.random_range(0..8));
    centre.map(|c| c + EIGHT_STD * normal(rng))
}

/// The same as a mixture.
pub(super) fn eight_mixture() -> Mixture {
    let parts = (0..8).map(|k| Gaussian {
        mean: eight_centre(k),
        std: EIGHT_STD,
        weight: 1.0,
    });
    Mixture::new(parts.collect()).expect("eight Gaussians of equal weight are a mixture")
}

fn eight_centre(k: u8) -> [f64; 2] {
    let (sin, cos) = (TAU * f64::from(k) / 8.0).sin_cos();
    [cos, sin].map(|c| 2.0 * SQRT_2 * c)
}

/// One and a half turns each (Grathwohl et al. 2019).
pub(super) fn two_spirals(rng: &mut impl Rng) -> [f64; 2] {
    let r = uniform(rng).sqrt() * 1.5 * TAU;
    let (sin, cos) = r.sin_cos();
    let sign = if rng.random() { 1.0 } else { -1.0 };
    [-cos * r, sin * r].map(|c| sign * (c + 0.5 * uniform(rng)) / 3.0 + 0.1 * normal(rng))
}

/// Radii 0.75, 1.5, 2.25 and 3 with noise 0.08, as many points on each.
pub(super) fn rings(rng: &mut impl Rng) -> [f64; 2] {
    let radius = 0.75 * f64::from(rng.random_range(1..=4));
    let (sin, cos) = (TAU * uniform(rng)).sin_cos();
    [cos, sin].map(|c| radius * c + 0.08 * normal(rng))
}

/// Gaussians stretched along five arms and turned by ¼ e^r (Johnson et al. 2016).
pub(super) fn pinwheel(rng: &mut impl Rng) -> [f64; 2] {
    let r = 1.0 + 0.3 * normal(rng);
    let across = 0.1 * normal(rng);
    let arm = f64::from(rng.random_range(0..5));
    let angle = TAU * arm / 5.0 + 0.25 * r.exp() - FRAC_PI_2;
    let (sin, cos) = angle.sin_cos();
    [
        2.0 * (r * cos - across * sin),
        2.0 * (r * sin + across * cos),
    ]
}
