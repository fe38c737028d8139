//! Variational flow matching (seed 002): the noise end z of a pair is drawn from a posterior
//! q(z|x) in place of a shared prior, and held near the prior by a KL term.
//!
//! The seed counts time from the data: its v is the negative of the dx_t/dt here.
//!
//! Source: Kyunghyun Cho, "Variational flow matching based generative models". It is not the
//! method of Eijkelboom et al. (2024), which has the same name.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::real::Real;

/// A normal distribution with independent coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagonal<'a> {
    /// Means, `[d]`.
    pub mean: &'a [f64],
    /// Logarithms of the variances, `[d]`.
    pub logvar: &'a [f64],
}

/// KL(q‖p) = −½ Σ [1 + ln v_q − ln v_p − (v_q + (μ_q − μ_p)²)/v_p] in nats.
///
/// # Panics
/// When the lengths differ.
pub fn kl(q: Diagonal, p: Diagonal) -> f64 {
    let d = q.mean.len();
    assert!(
        [q.logvar.len(), p.mean.len(), p.logvar.len()] == [d; 3],
        "both have one length"
    );
    let mut sum = 0.0;
    for i in 0..d {
        let shift = q.mean[i] - p.mean[i];
        let ratio = (q.logvar[i].exp() + shift * shift) / p.logvar[i].exp();
        sum -= 0.5 * (1.0 + q.logvar[i] - p.logvar[i] - ratio);
    }
    sum
}

/// The prior's own term ½ Σ [(x − μ_p)²/v_p + ln v_p]: −ln p(x) but for ½ d ln 2π.
///
/// # Panics
/// When the lengths differ.
pub fn prior_term(x: &[f64], p: Diagonal) -> f64 {
    let d = x.len();
    assert!(
        [p.mean.len(), p.logvar.len()] == [d; 2],
        "both have one length"
    );
    let mut sum = 0.0;
    for (i, x) in x.iter().enumerate() {
        let shift = x - p.mean[i];
        sum += 0.5 * (shift * shift / p.logvar[i].exp() + p.logvar[i]);
    }
    sum
}

/// Where the observation noise σ enters, with z = μ + s ε.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As in the seed's code: x_t from the clean x, `dx_t = (x − z) − σ ε`. Nothing moves along
    /// that line: at t = 1 the target points away from x by σ ε.
    Cho,
    /// x̃ = x + σ ε is one end of the line: `x_t = t x̃ + (1 − t) z`, `dx_t = x̃ − z`.
    #[default]
    Consistent,
}

impl Form {
    /// Both, in the order of the menus.
    pub const ALL: [Self; 2] = [Self::Cho, Self::Consistent];

    /// The name for a person.
    pub fn label(self) -> &'static str {
        match self {
            Self::Cho => "As in Cho's code",
            Self::Consistent => "Consistent",
        }
    }

    /// One coordinate of x_t and of the target dx_t.
    pub fn pair<T: Real>(self, x: T, z: T, noise: T, t: T) -> [T; 2] {
        let one = T::from_f64(1.0);
        match self {
            Self::Cho => [t * x + (one - t) * z, x - z - noise],
            Self::Consistent => [t * (x + noise) + (one - t) * z, x + noise - z],
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cho => "cho",
            Self::Consistent => "consistent",
        })
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|form| form.to_string() == text)
            .ok_or_else(|| format!("unknown form `{text}`; use cho or consistent"))
    }
}

/// The target's variance at fixed x_t, `E tr Cov(dx_t | x_t)/2`, the loss that no network can go
/// below at that time, from many pairs `[n, 2]`.
///
/// Pairs are gathered in square cells of side `cell`; in each one a plane is fitted to the targets
/// and what is left of them is counted, so that the slope of the velocity adds nothing. Cells of
/// fewer than eight pairs are left out. None when that leaves nothing.
pub fn target_variance<T: Real>(xt: &[T], dxt: &[T], cell: f64) -> Option<f64> {
    let mut cells: BTreeMap<[i64; 2], Cell> = BTreeMap::new();
    for (x, v) in xt.chunks_exact(2).zip(dxt.chunks_exact(2)) {
        let x = [x[0].to_f64(), x[1].to_f64()];
        let key = x.map(|x| (x / cell).floor() as i64);
        let place = [0, 1].map(|i| x[i] / cell - key[i] as f64 - 0.5);
        let v = [v[0].to_f64(), v[1].to_f64()];
        cells.entry(key).or_default().add(place, v);
    }
    let (mut sum, mut count) = (0.0, 0.0);
    for cell in cells.values().filter(|cell| cell.count >= FEWEST) {
        sum += cell.count * cell.variance();
        count += cell.count;
    }
    (count > 0.0).then(|| sum / count)
}

/// The same around one place, without a plane: which pairs have their x_t within `radius` of it, and
/// `tr Cov/2` of their targets. None with fewer than two of them.
pub fn targets_near<T: Real>(
    xt: &[T],
    dxt: &[T],
    place: [f64; 2],
    radius: f64,
) -> Option<(Vec<usize>, f64)> {
    let near: Vec<usize> = (0..xt.len() / 2)
        .filter(|&i| {
            let d = [0, 1].map(|k| xt[2 * i + k].to_f64() - place[k]);
            d[0] * d[0] + d[1] * d[1] <= radius * radius
        })
        .collect();
    if near.len() < 2 {
        return None;
    }
    let n = near.len() as f64;
    let mut variance = 0.0;
    for k in 0..2 {
        let of = |&i: &usize| dxt[2 * i + k].to_f64();
        let mean = near.iter().map(of).sum::<f64>() / n;
        variance += near.iter().map(|i| (of(i) - mean).powi(2)).sum::<f64>() / (n - 1.0);
    }
    Some((near, variance / 2.0))
}

/// Pairs that a cell needs: three go into the plane.
const FEWEST: f64 = 8.0;

/// Sums over the pairs of a cell; places run from −½ to ½.
#[derive(Default)]
struct Cell {
    count: f64,
    place: [f64; 2],
    square: [f64; 3],
    target: [f64; 2],
    target_square: [f64; 2],
    cross: [[f64; 2]; 2],
}

impl Cell {
    fn add(&mut self, x: [f64; 2], v: [f64; 2]) {
        self.count += 1.0;
        self.square[0] += x[0] * x[0];
        self.square[1] += x[0] * x[1];
        self.square[2] += x[1] * x[1];
        for k in 0..2 {
            self.place[k] += x[k];
            self.target[k] += v[k];
            self.target_square[k] += v[k] * v[k];
            self.cross[k][0] += v[k] * x[0];
            self.cross[k][1] += v[k] * x[1];
        }
    }

    /// Mean over coordinates of the squares that a plane leaves, over n − 3.
    fn variance(&self) -> f64 {
        let n = self.count;
        let [mx, my] = self.place.map(|sum| sum / n);
        let [xx, xy, yy] = [
            self.square[0] - n * mx * mx,
            self.square[1] - n * mx * my,
            self.square[2] - n * my * my,
        ];
        let determinant = xx * yy - xy * xy;
        let mut left = 0.0;
        for k in 0..2 {
            let mean = self.target[k] / n;
            let [a, b] = [
                self.cross[k][0] - n * mx * mean,
                self.cross[k][1] - n * my * mean,
            ];
            let all = self.target_square[k] - n * mean * mean;
            // Points on one line, or one point, leave the slope open; it then explains nothing.
            let explained = if determinant > 1e-12 {
                (a * a * yy - 2.0 * a * b * xy + b * b * xx) / determinant
            } else {
                0.0
            };
            left += (all - explained).max(0.0);
        }
        left / (2.0 * (n - 3.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_round_trip_as_text() {
        for form in Form::ALL {
            assert_eq!(form.to_string().parse(), Ok(form));
        }
        assert!("plus".parse::<Form>().unwrap_err().contains("plus"));
    }

    #[test]
    fn only_the_consistent_target_is_the_speed_of_its_own_line() {
        let (x, z, noise) = (0.7, -1.3, 0.05);
        let at = |form: Form, t: f64| form.pair(x, z, noise, t)[0];
        let slope = |form: Form| (at(form, 0.6) - at(form, 0.4)) / 0.2;
        let gap = |form: Form| slope(form) - form.pair(x, z, noise, 0.5)[1];
        assert!(gap(Form::Consistent).abs() < 1e-12);
        assert!((gap(Form::Cho) - noise).abs() < 1e-12);
    }

    #[test]
    fn a_shared_prior_with_noise_is_the_path_of_sigma_min() {
        // z = ε: x_t = t x + (1 − (1 − σ) t) ε, as in Lipman et al. (2023), equation 22.
        let (x, e, sigma, t) = (0.4_f64, -0.8, 0.1, 0.3);
        let [xt, dxt] = Form::Consistent.pair(x, e, sigma * e, t);
        assert!((xt - (t * x + (1.0 - (1.0 - sigma) * t) * e)).abs() < 1e-12);
        assert!((dxt - (x - (1.0 - sigma) * e)).abs() < 1e-12);
    }
}
