//! The loss that no network can go below.

use super::MarginalField;
use super::at_time::{AtTime, Masses};
use crate::flow::quadrature::{GAUSS_4, GAUSS_8, each_node, over_time};

/// Edges of an axis up to which the finer rule is used in space.
const FEW_EDGES: usize = 12;

impl MarginalField {
    /// Smallest possible mean-over-coordinates loss,
    /// L* = ∫ c_t² E[tr Cov(x1|x_t)]/2 dt over t in [0, 1 − 1e-5], with c_t = α̇ − σ̇α/σ.
    ///
    /// Gauss–Legendre panels in time and space; no random numbers.
    pub fn loss_floor(&self) -> f64 {
        over_time(|t| self.loss_floor_at(t))
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
