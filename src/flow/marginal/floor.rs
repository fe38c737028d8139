//! The loss that no network can go below.

use super::MarginalField;
use super::at_time::{AtTime, Masses};

/// Nodes and weights of the 8-point Gauss–Legendre rule on [−1, 1] (positive half).
const GAUSS_8: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];

/// The same for 4 points.
const GAUSS_4: [(f64, f64); 2] = [
    (0.339_981_043_584_856_3, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_9),
];

/// Time left out at the end; the same clamp as the VP path's, on which its floor depends.
const GAP: f64 = 1e-5;

/// Edges of an axis up to which the finer rule is used in space.
const FEW_EDGES: usize = 12;

impl MarginalField {
    /// Smallest possible mean-over-coordinates loss,
    /// L* = ∫ c_t² E[tr Cov(x1|x_t)]/2 dt over t in [0, 1 − 1e-5], with c_t = α̇ − σ̇α/σ.
    ///
    /// Gauss–Legendre panels in time and space; no random numbers.
    pub fn loss_floor(&self) -> f64 {
        // Panels are even in t up to ½, then even in ln(1 − t): some integrands grow like
        // 1/(1 − t).
        let head = [0.0, 0.1, 0.3, 0.5].map(|t: f64| -(1.0 - t).ln());
        let (from, to) = (head[3], -GAP.ln());
        let tail = (1..=6).map(|k| from + (to - from) * f64::from(k) / 6.0);
        let ends: Vec<f64> = head.into_iter().chain(tail).collect();
        let mut sum = 0.0;
        for pair in ends.windows(2) {
            each_node(&GAUSS_8, pair[0], pair[1], |u, weight| {
                let gap = (-u).exp();
                sum += weight * gap * self.loss_floor_at(1.0 - gap);
            });
        }
        sum
    }

    /// The same at one time, c_t² E[tr Cov(x1|x_t)]/2.
    pub fn loss_floor_at(&self, t: f64) -> f64 {
        let table = self.at_time::<f64>(t);
        let c = self.scheduler.at(self.clamped(t));
        let gain = c.d_alpha - c.d_sigma * c.alpha / c.sigma;
        0.5 * gain * gain * table.mean_trace()
    }
}

/// One axis at one node of the rule: the masses of its slabs, which of them are not zero, and
/// the weight of the node.
struct Node {
    masses: Masses<f64>,
    first: usize,
    end: usize,
    weight: f64,
}

impl AtTime<'_, f64> {
    /// E[tr Cov(x1|x_t)] = ∫(S2 − |S1|²/S0) dx with the sums S over boxes of mass, first and
    /// second moments. The masses of an axis are found once for each node of that axis.
    fn mean_trace(&self) -> f64 {
        let [columns, rows] = [0, 1].map(|axis| self.nodes(axis));
        let len = self.axes[1].slabs.len();
        let mut total = 0.0;
        for x in &columns {
            let mut sums = Masses::<f64>::new(len);
            for i in x.first..x.end {
                for j in 0..len {
                    let density = self.densities[i * len + j];
                    sums.mass[j] += x.masses.mass[i] * density;
                    sums.first[j] += x.masses.first[i] * density;
                    sums.second[j] += x.masses.second[i] * density;
                }
            }
            let mut part = 0.0;
            for y in &rows {
                let (mut mass, mut first, mut second) = (0.0, [0.0; 2], 0.0);
                for j in y.first..y.end {
                    mass += sums.mass[j] * y.masses.mass[j];
                    first[0] += sums.first[j] * y.masses.mass[j];
                    first[1] += sums.mass[j] * y.masses.first[j];
                    second += sums.second[j] * y.masses.mass[j] + sums.mass[j] * y.masses.second[j];
                }
                if mass > 1e-30 {
                    let mut spread = second - (first[0] * first[0] + first[1] * first[1]) / mass;
                    if self.late {
                        // Second moments of the noise are kept less one each.
                        spread += 2.0 * mass;
                    }
                    part += y.weight * spread;
                }
            }
            total += x.weight * part;
        }
        if self.late {
            let ratio = self.c.sigma * self.inv_alpha;
            ratio * ratio * total
        } else {
            total
        }
    }

    /// Gauss–Legendre nodes on panels of 3σ within 6σ of an edge, one panel between.
    fn nodes(&self, axis: usize) -> Vec<Node> {
        let table = &self.axes[axis];
        let gauss: &[(f64, f64)] = if table.edges.len() <= FEW_EDGES {
            &GAUSS_8
        } else {
            &GAUSS_4
        };
        let reach = 6.0 * self.sigma;
        let mut nodes = Vec::new();
        let mut scratch = self.scratch();
        let mut add = |from: f64, to: f64| {
            each_node(gauss, from, to, |x, weight| {
                self.masses::<true>([x, x], &mut scratch);
                let masses = scratch.axes[axis].clone();
                let held = |m: &f64| *m > 0.0;
                if let Some(first) = masses.mass.iter().position(held) {
                    let end = 1 + masses.mass.iter().rposition(held).unwrap_or(first);
                    nodes.push(Node {
                        masses,
                        first,
                        end,
                        weight,
                    });
                }
            });
        };
        let mut edges = table.edges.iter().map(|e| e.wide[0] + e.wide[1]).peekable();
        while let Some(edge) = edges.next() {
            // A run of edges less than two reaches apart, and the gap after it.
            let start = edge - reach;
            let mut last = edge;
            while let Some(next) = edges.next_if(|e| e - last <= 2.0 * reach) {
                last = next;
            }
            let panels = ((last + reach - start) / (3.0 * self.sigma)).ceil();
            let width = (last + reach - start) / panels;
            for k in 0..panels as usize {
                add(start + width * k as f64, start + width * (k + 1) as f64);
            }
            if let Some(next) = edges.peek() {
                add(last + reach, next - reach);
            }
        }
        nodes
    }
}

/// Calls `visit(x, weight)` for each node of a rule on [from, to].
fn each_node(rule: &[(f64, f64)], from: f64, to: f64, mut visit: impl FnMut(f64, f64)) {
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
