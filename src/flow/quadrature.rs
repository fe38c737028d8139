//! Gauss–Legendre rules, and the panels in time that loss floors are integrated on.

/// Nodes and weights of the 8-point Gauss–Legendre rule on [−1, 1] (positive half).
pub const GAUSS_8: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];

/// The same for 4 points.
pub const GAUSS_4: [(f64, f64); 2] = [
    (0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_9),
];

/// Time left out at the end; the same clamp as the VP path's, on which its floor depends.
const GAP: f64 = 1e-5;

/// ∫ f(t) dt over [0, 1 − 1e-5] for a function that may grow like 1/(1 − t): panels are even in
/// t up to ½, then even in ln(1 − t).
pub fn over_time(mut f: impl FnMut(f64) -> f64) -> f64 {
    let head = [0.0, 0.1, 0.3, 0.5].map(|t: f64| -(1.0 - t).ln());
    let (from, to) = (head[3], -GAP.ln());
    let tail = (1..=6).map(|k| from + (to - from) * f64::from(k) / 6.0);
    let ends: Vec<f64> = head.into_iter().chain(tail).collect();
    let mut sum = 0.0;
    for pair in ends.windows(2) {
        each_node(&GAUSS_8, pair[0], pair[1], |u, weight| {
            let gap = (-u).exp();
            sum += weight * gap * f(1.0 - gap);
        });
    }
    sum
}

/// Calls `visit(x, weight)` for each node of a rule on [from, to].
pub fn each_node(rule: &[(f64, f64)], from: f64, to: f64, mut visit: impl FnMut(f64, f64)) {
    let (mid, half) = (0.5 * (from + to), 0.5 * (to - from));
    for &(node, weight) in rule {
        visit(mid - half * node, half * weight);
        visit(mid + half * node, half * weight);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauss_rules_are_exact_up_to_their_degree() {
        let integral = |rule: &[(f64, f64)], power: i32| {
            let mut sum = 0.0;
            each_node(rule, -1.0, 3.0, |x, weight| sum += weight * x.powi(power));
            sum
        };
        for (rule, degree) in [(&GAUSS_8[..], 15), (&GAUSS_4[..], 7)] {
            for power in 0..=degree {
                let n = power + 1;
                let exact = (3.0_f64.powi(n) - (-1.0_f64).powi(n)) / f64::from(n);
                let got = integral(rule, power);
                assert!(
                    (got - exact).abs() < 1e-13 * exact.abs(),
                    "{power}: {got} {exact}"
                );
            }
        }
    }
}
