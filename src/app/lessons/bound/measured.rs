//! Both sides of the bound as they were measured.

use crate::flow::assignment;
use crate::flow::bound::{Growth, Terms};

/// Both sides, on one set of particles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The right side's terms.
    pub terms: Terms,
    /// (E|z − zθ|²)^½ at each time.
    pub apart: Vec<f64>,
    /// W2 of the data and what was made, by the best pairing.
    pub w2: f64,
    /// (E|x − xθ|²)^½ of those from the same noise.
    pub coupled: f64,
    /// W2 of what was made and other data, and of those data and other ones: what the number of
    /// samples alone makes of it. None where there are no other data.
    pub others: Option<[f64; 2]>,
    /// How many particles.
    pub n: usize,
}

/// One line of the chain from the left side to the right.
pub struct Link {
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Whether it was measured without the inequality.
    pub is_left: bool,
}

impl Measured {
    /// Every number is at most the next: what the inequalities say.
    pub fn chain(&self) -> [Link; 6] {
        let terms = &self.terms;
        let end = self.apart.last().copied().unwrap_or(0.0);
        let link = |name, value, is_left| Link {
            name,
            value,
            is_left,
        };
        let bound = |name, growth| link(name, terms.total(growth), false);
        let parts = terms.reconstruction.sqrt() + terms.decoder * end;
        [
            link("Distance W2, measured", self.w2, true),
            link("Paired by their noise", self.coupled, true),
            link("Two parts, codes measured", parts, true),
            bound("Bound with one-sided μ(t)", Growth::OneSided),
            bound("Bound with L(t)", Growth::Along),
            bound("Bound with max L", Growth::Largest),
        ]
    }

    /// Whether no link of the chain is larger than the next, but for rounding: where the best
    /// pairing is that of the noise, the first two are the same sum in another order.
    pub fn holds(&self) -> bool {
        const ROUNDING: f64 = 1.0 + 1e-9;
        let chain = self.chain();
        chain
            .windows(2)
            .all(|pair| pair[0].value <= ROUNDING * pair[1].value)
    }
}

/// (mean |a_i − b_i|²)^½ of points of `d` numbers.
pub fn root_mean_square(a: &[f32], b: &[f32], d: usize) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    (squares.sum::<f64>() / (a.len() / d).max(1) as f64).sqrt()
}

/// W2 of two sets of as many points of `d` numbers, by exact assignment.
pub fn w2(a: &[f32], b: &[f32], d: usize) -> f64 {
    let n = a.len() / d;
    let square = |i: usize, j: usize| {
        let (a, b) = (&a[i * d..(i + 1) * d], &b[j * d..(j + 1) * d]);
        let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>()
    };
    let cost: Vec<f64> = (0..n * n).map(|k| square(k / n, k % n)).collect();
    let partners = assignment(n, &cost);
    let sum: f64 = (partners.iter().enumerate())
        .map(|(i, j)| cost[i * n + j])
        .sum();
    (sum / n.max(1) as f64).sqrt()
}

/// Points between two sets at some fractions of the way, all of one fraction together.
pub fn between(a: &[f32], b: &[f32], fractions: &[f32]) -> Vec<f32> {
    let at = |s: &f32| {
        let s = *s;
        a.iter().zip(b).map(move |(a, b)| a + s * (b - a))
    };
    fractions.iter().flat_map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::metric;

    #[test]
    fn distances_agree_with_those_of_the_plane() {
        let a = [0.0, 0.0, 1.0, 1.0, -2.0, 0.5];
        let b = [1.1, 0.9, -2.0, 0.0, 0.3, 0.1];
        assert!((w2(&a, &b, 2) - metric::w2(&a, &b)).abs() < 1e-12);
        assert!(w2(&a, &b, 2) < root_mean_square(&a, &b, 2));
        assert_eq!(
            between(&a[..2], &b[..2], &[0.0, 0.5]),
            [0.0, 0.0, 0.55, 0.45]
        );
    }
}
