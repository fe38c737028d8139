//! Entropic optimal transport between two sets of n points of equal weight.
//!
//! The plan is P_ij = exp((f_i + g_j − c_ij)/ε) with rows and columns that sum to 1/n
//! (Cuturi 2013). The potentials are kept as logarithms; between two looks at them, scalings
//! u and v of a kernel that they stabilise are iterated by multiplications alone, and ε is
//! lowered in stages (Schmitzer 2019).

// Iterator chains are not inlined across crates without link-time optimisation.
#![allow(clippy::needless_range_loop)]

/// Scalings between two looks at the potentials, and looks at the last ε.
const INNER: usize = 20;
const OUTER: usize = 100;
/// Looks at each ε on the way down.
const OUTER_BEFORE: usize = 2;
/// Ratio of one ε and the next.
const STAGE: f64 = 4.0;
/// Scalings beyond this are absorbed into the potentials.
const LARGE: f64 = 1e30;

/// The plan and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Sinkhorn {
    /// Weights of the pairs, `[n, n]`, row-major; they sum to 1.
    pub plan: Vec<f64>,
    /// Σ |column sum − 1/n| when it stopped; rows are exact.
    pub error: f64,
    /// Updates of both scalings, all stages together.
    pub iterations: usize,
}

/// The plan of least Σ P_ij c_ij + ε KL(P ‖ independent); `cost` is `[n, n]`, row-major.
///
/// It stops when the column sums miss 1/n by no more than `tolerance` in all, of a total of 1.
///
/// # Panics
/// If `cost` does not have n² finite entries or ε is not positive.
pub fn sinkhorn(n: usize, cost: &[f64], epsilon: f64, tolerance: f64) -> Sinkhorn {
    assert_eq!(cost.len(), n * n, "the cost matrix must be square");
    assert!(epsilon > 0.0, "the entropy must be positive");
    assert!(cost.iter().all(|c| c.is_finite()), "a cost is not finite");
    let mut state = State {
        n,
        cost,
        f: vec![0.0; n],
        g: vec![0.0; n],
        kernel: vec![0.0; n * n],
        tolerance,
        iterations: 0,
    };
    let mean = cost.iter().sum::<f64>() / cost.len().max(1) as f64;
    let mut stage = mean.max(epsilon);
    while stage > STAGE * epsilon {
        state.solve(stage, OUTER_BEFORE);
        stage /= STAGE;
    }
    let error = state.solve(epsilon, OUTER);
    // Rows last: a partner is drawn for each row.
    state.absorb_rows(epsilon);
    Sinkhorn {
        plan: state.kernel,
        error,
        iterations: state.iterations,
    }
}

struct State<'a> {
    n: usize,
    cost: &'a [f64],
    f: Vec<f64>,
    g: Vec<f64>,
    kernel: Vec<f64>,
    tolerance: f64,
    iterations: usize,
}

impl State<'_> {
    /// Iterates at one ε; the error left in the columns.
    fn solve(&mut self, epsilon: f64, looks: usize) -> f64 {
        let n = self.n;
        let weight = 1.0 / n as f64;
        let (mut u, mut v) = (vec![1.0; n], vec![1.0; n]);
        let mut columns = vec![0.0; n];
        let mut error = f64::INFINITY;
        for _ in 0..looks {
            self.absorb_columns(epsilon);
            self.absorb_rows(epsilon);
            u.fill(1.0);
            v.fill(1.0);
            for _ in 0..INNER {
                self.iterations += 1;
                self.column_sums(&u, &mut columns);
                error = 0.0;
                for j in 0..n {
                    error += (columns[j] * v[j] - weight).abs();
                    v[j] = weight / columns[j];
                }
                for i in 0..n {
                    u[i] = weight / dot(&self.kernel[i * n..][..n], &v);
                }
                let large = |s: &f64| !(1.0 / LARGE..LARGE).contains(s);
                if error < self.tolerance || u.iter().chain(&v).any(large) {
                    break;
                }
            }
            for i in 0..n {
                self.f[i] += bounded(epsilon * u[i].ln());
                self.g[i] += bounded(epsilon * v[i].ln());
            }
            if error < self.tolerance {
                break;
            }
        }
        error
    }

    /// f_i = −ε ln(n Σ_j exp((g_j − c_ij)/ε)) and the kernel that goes with it.
    fn absorb_rows(&mut self, epsilon: f64) {
        let n = self.n;
        for i in 0..n {
            let costs = &self.cost[i * n..][..n];
            let row = &mut self.kernel[i * n..][..n];
            let mut least = f64::INFINITY;
            for j in 0..n {
                least = least.min(costs[j] - self.g[j]);
            }
            let mut sum = 0.0;
            for j in 0..n {
                row[j] = ((least + self.g[j] - costs[j]) / epsilon).exp();
                sum += row[j];
            }
            let scale = 1.0 / (n as f64 * sum);
            for weight in row {
                *weight *= scale;
            }
            self.f[i] = least + epsilon * scale.ln();
        }
    }

    /// g_j = −ε ln(n Σ_i exp((f_i − c_ij)/ε)).
    fn absorb_columns(&mut self, epsilon: f64) {
        let n = self.n;
        let mut least = vec![f64::INFINITY; n];
        for i in 0..n {
            let costs = &self.cost[i * n..][..n];
            for j in 0..n {
                least[j] = least[j].min(costs[j] - self.f[i]);
            }
        }
        let mut sums = vec![0.0; n];
        for i in 0..n {
            let costs = &self.cost[i * n..][..n];
            for j in 0..n {
                sums[j] += ((least[j] + self.f[i] - costs[j]) / epsilon).exp();
            }
        }
        for j in 0..n {
            self.g[j] = least[j] - epsilon * (n as f64 * sums[j]).ln();
        }
    }

    fn column_sums(&self, u: &[f64], columns: &mut [f64]) {
        columns.fill(0.0);
        for i in 0..self.n {
            let row = &self.kernel[i * self.n..][..self.n];
            for j in 0..row.len() {
                columns[j] += u[i] * row[j];
            }
        }
    }
}

/// Four partial sums, so that the additions need not wait for each other.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let whole = a.len() / 4 * 4;
    for k in (0..whole).step_by(4) {
        for lane in 0..4 {
            sums[lane] += a[k + lane] * b[k + lane];
        }
    }
    for k in whole..a.len() {
        sums[0] += a[k] * b[k];
    }
    sums.iter().sum()
}

/// A change of a potential; an overflowed scaling changes nothing, the next look repairs it.
fn bounded(change: f64) -> f64 {
    if change.is_finite() { change } else { 0.0 }
}
