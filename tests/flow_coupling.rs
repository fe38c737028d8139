//! Couplings of noise and data: exact against brute force, entropic in both limits.

use flowlab::data::Dataset;
use flowlab::flow::assignment::squared_distances;
use flowlab::flow::{Coupling, assignment, coupling_cost, sinkhorn};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

fn noise(rng: &mut ChaCha8Rng, n: usize) -> Vec<f32> {
    (0..2 * n).map(|_| rng.sample(StandardNormal)).collect()
}

fn batch(seed: u64, n: usize) -> (Vec<f32>, Vec<f32>, ChaCha8Rng) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x0 = noise(&mut rng, n);
    let mut x1 = vec![0.0; 2 * n];
    Dataset::CHECKERBOARD.sample_into(&mut rng, &mut x1);
    (x0, x1, rng)
}

fn costs(x0: &[f32], x1: &[f32]) -> Vec<f64> {
    let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    squared_distances(&wide(x0), &wide(x1))
}

/// Least mean cost over all permutations.
fn brute_force(n: usize, cost: &[f64]) -> f64 {
    fn search(n: usize, cost: &[f64], row: usize, used: &mut [bool], sum: f64, best: &mut f64) {
        if row == n {
            *best = best.min(sum);
            return;
        }
        for j in 0..n {
            if !used[j] {
                used[j] = true;
                search(n, cost, row + 1, used, sum + cost[row * n + j], best);
                used[j] = false;
            }
        }
    }
    let mut best = f64::INFINITY;
    search(n, cost, 0, &mut vec![false; n], 0.0, &mut best);
    best / n as f64
}

#[test]
fn minibatch_ot_costs_what_the_best_of_all_permutations_costs() {
    for n in 1..=7 {
        for seed in 0..20 {
            let (x0, x1, mut rng) = batch(seed, n);
            let partners = Coupling::OT.pair(&x0, &x1, &mut rng);
            let best = brute_force(n, &costs(&x0, &x1));
            let got = coupling_cost(&x0, &x1, &partners);
            assert!((got - best).abs() < 1e-6, "{n}, {seed}: {got} {best}");
        }
    }
}

#[test]
fn groups_are_solved_exactly_and_apart() {
    let (x0, x1, mut rng) = batch(3, 500);
    let partners = Coupling::MinibatchOt { group: 128 }.pair(&x0, &x1, &mut rng);
    let mut seen = partners.clone();
    seen.sort_unstable();
    assert_eq!(seen, (0..500).collect::<Vec<_>>(), "a permutation");
    for first in (0..500).step_by(128) {
        let end = 500.min(first + 128);
        let (a, b) = (&x0[2 * first..2 * end], &x1[2 * first..2 * end]);
        let cost = costs(a, b);
        let n = end - first;
        let exact: f64 = assignment(n, &cost)
            .iter()
            .enumerate()
            .map(|(i, j)| cost[i * n + j])
            .sum();
        let within: Vec<usize> = partners[first..end].iter().map(|j| j - first).collect();
        let got = coupling_cost(a, b, &within);
        assert!((got - exact / n as f64).abs() < 1e-6, "{got} {exact}");
    }
}

#[test]
fn larger_groups_cost_less() {
    let (x0, x1, mut rng) = batch(4, 1024);
    let costs: Vec<f64> = [1, 4, 16, 64, 256, 1024]
        .map(|group| {
            let coupling = if group == 1 {
                Coupling::Independent
            } else {
                Coupling::MinibatchOt { group }
            };
            coupling_cost(&x0, &x1, &coupling.pair(&x0, &x1, &mut rng))
        })
        .to_vec();
    assert!(costs.is_sorted_by(|a, b| a > b), "{costs:?}");
    // E|x0 - x1|² = 2 + 8/3 for independent pairs.
    assert!((costs[0] - 14.0 / 3.0).abs() < 0.4, "{costs:?}");
}

#[test]
fn both_marginals_of_the_plan_are_even() {
    let (x0, x1, _) = batch(5, 60);
    let n = 60;
    for epsilon in [0.01, 0.1, 1.0, 100.0] {
        let plan = sinkhorn(n, &costs(&x0, &x1), epsilon, 1e-4);
        assert!(plan.error < 1e-4, "{epsilon}: {}", plan.error);
        let share = 1.0 / n as f64;
        for i in 0..n {
            let row: f64 = plan.plan[i * n..(i + 1) * n].iter().sum();
            let column: f64 = (0..n).map(|k| plan.plan[k * n + i]).sum();
            assert!((row - share).abs() < 1e-12, "{epsilon}: row {row}");
            assert!((column - share).abs() < 2e-4, "{epsilon}: column {column}");
        }
    }
}

#[test]
fn the_entropic_plan_runs_from_ot_to_independent() {
    let (x0, x1, _) = batch(6, 40);
    let n = 40;
    let cost = costs(&x0, &x1);
    let of = |plan: &[f64]| -> f64 { plan.iter().zip(&cost).map(|(p, c)| p * c).sum() };
    let exact: f64 = assignment(n, &cost)
        .iter()
        .enumerate()
        .map(|(i, j)| cost[i * n + j] / n as f64)
        .sum();
    let mean = cost.iter().sum::<f64>() / (n * n) as f64;
    let values =
        [0.001, 0.01, 0.1, 1.0, 10.0, 1000.0].map(|e| of(&sinkhorn(n, &cost, e, 1e-5).plan));
    assert!(values.is_sorted(), "{values:?}");
    assert!(
        (values[0] - exact).abs() < 2e-3,
        "{values:?} against {exact}"
    );
    assert!((values[5] - mean).abs() < 0.02, "{values:?} against {mean}");
    // The plan that minimises <P, c> + ε KL costs at most ε ln n more than the best one.
    for (value, epsilon) in values.iter().zip([0.001, 0.01, 0.1]) {
        assert!(value - exact <= epsilon * (n as f64).ln() + 1e-3, "{value}");
    }
}

#[test]
fn drawn_partners_follow_the_plan() {
    let n = 4;
    let x0 = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
    let x1 = [0.2, 0.1, 0.9, 0.3, 0.4, 0.8, 1.2, 0.7];
    let coupling = Coupling::Sinkhorn {
        epsilon: 0.5,
        group: 4,
    };
    let plan = sinkhorn(n, &costs(&x0, &x1), 0.5, 3e-3).plan;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let draws = 20_000;
    let mut counts = [0.0; 16];
    for _ in 0..draws {
        for (i, j) in coupling.pair(&x0, &x1, &mut rng).into_iter().enumerate() {
            counts[i * n + j] += 1.0 / f64::from(draws);
        }
    }
    for (count, p) in counts.iter().zip(&plan) {
        let p = p * n as f64;
        let spread = (p * (1.0 - p) / f64::from(draws)).sqrt();
        assert!((count - p).abs() < 5.0 * spread, "{count} {p}");
    }
}

#[test]
fn names_read_back_and_faults_are_named() {
    for coupling in Coupling::ALL {
        assert_eq!(coupling.to_string().parse(), Ok(coupling));
        assert!(!coupling.label().is_empty() && coupling.explanation().ends_with('.'));
    }
    let other = Coupling::Sinkhorn {
        epsilon: 0.5,
        group: 64,
    };
    assert_eq!("sinkhorn:0.5,64".parse(), Ok(other));
    assert_eq!(other.to_string().parse(), Ok(other));
    assert_eq!(
        "minibatch-ot:512".parse(),
        Ok(Coupling::MinibatchOt { group: 512 })
    );
    let error = |text: &str| text.parse::<Coupling>().unwrap_err().to_string();
    assert!(error("ot").contains("minibatch-ot"));
    assert!(error("minibatch-ot:1").contains("2 to 4096"));
    assert!(error("minibatch-ot:x").contains("whole number"));
    assert!(error("sinkhorn:0").contains("0.001"));
    assert!(error("sinkhorn:nan").contains("0.001"));
    assert!(error("independent:3").contains("no parameter"));
}
