//! Metrics, assignment and the data sets they are taken of.

mod common;

use flowlab::data::Dataset;
use flowlab::flow::assignment::{assignment, squared_distances};
use flowlab::flow::metric::{
    self, cell_mass, energy_distance, off_support, path_energy, sliced_w2, straightness, w2,
};
use flowlab::flow::special::{erfcx, log_normal_interval, normal_pdf};
use flowlab::flow::{BoxUnion, BoxesError, Real, WeightedBox};
use proptest::prelude::*;

use common::points;

/// Least cost over all permutations, by recursion.
fn brute_force(n: usize, cost: &[f64], row: usize, used: &mut Vec<bool>) -> f64 {
    if row == n {
        return 0.0;
    }
    let mut best = f64::INFINITY;
    for j in 0..n {
        if !used[j] {
            used[j] = true;
            best = best.min(cost[row * n + j] + brute_force(n, cost, row + 1, used));
            used[j] = false;
        }
    }
    best
}

fn total(n: usize, cost: &[f64], columns: &[usize]) -> f64 {
    let mut seen = vec![false; n];
    let sum = columns.iter().enumerate().map(|(i, &j)| {
        assert!(
            !std::mem::replace(&mut seen[j], true),
            "a column is used twice"
        );
        cost[i * n + j]
    });
    sum.sum()
}

proptest! {
    #[test]
    fn assignment_is_the_best_of_all(
        n in 1_usize..8, values in prop::collection::vec(-5.0..5.0_f64, 49), whole in any::<bool>(),
    ) {
        // Whole numbers make many ties.
        let cost: Vec<f64> = values[..n * n]
            .iter()
            .map(|c| if whole { c.round() } else { *c })
            .collect();
        let got = total(n, &cost, &assignment(n, &cost));
        let best = brute_force(n, &cost, 0, &mut vec![false; n]);
        prop_assert!((got - best).abs() < 1e-9, "{} {}", got, best);
    }

    #[test]
    fn assignment_on_a_line_sorts(values in prop::collection::vec(-5.0..5.0_f64, 120)) {
        // In one dimension the best plan for squared distances is monotone.
        let (a, b) = values.split_at(60);
        let cost: Vec<f64> = a.iter().flat_map(|x| b.iter().map(move |y| (x - y).powi(2))).collect();
        let got = total(60, &cost, &assignment(60, &cost));
        let (mut a, mut b) = (a.to_vec(), b.to_vec());
        a.sort_by(f64::total_cmp);
        b.sort_by(f64::total_cmp);
        let best: f64 = a.iter().zip(&b).map(|(x, y)| (x - y).powi(2)).sum();
        prop_assert!((got - best).abs() < 1e-8);
    }
}

#[test]
fn fault_13_lost_points_are_counted() {
    let points = [
        0.0,
        0.0,
        f32::NAN,
        0.0,
        0.0,
        f32::INFINITY,
        2e4,
        0.0,
        0.0,
        -2e4,
        5e3,
        -5e3,
    ];
    assert_eq!(metric::lost(&points), 4);
    assert_eq!(metric::lost::<f64>(&[]), 0);
}

#[test]
fn assignment_of_a_thousand_points() {
    let (a, b) = (
        points(&Dataset::Moons, 1000, 1),
        points(&Dataset::CHECKERBOARD, 1000, 2),
    );
    let [a, b] = [a, b].map(|p| p.into_iter().map(f64::from).collect::<Vec<_>>());
    let cost = squared_distances(&a, &b);
    let start = std::time::Instant::now();
    let columns = assignment(1000, &cost);
    println!("n = 1000: {:?}", start.elapsed());
    // No swap of two pairs improves an optimal plan.
    for i in 0..1000 {
        for k in 0..i {
            let (j, l) = (columns[i], columns[k]);
            let (now, swapped) = (
                cost[i * 1000 + j] + cost[k * 1000 + l],
                cost[i * 1000 + l] + cost[k * 1000 + j],
            );
            assert!(now <= swapped + 1e-9);
        }
    }
}

#[test]
fn distances_of_shifted_sets() {
    let a = points(&Dataset::Pinwheel, 300, 3);
    let (dx, dy) = (0.75, -0.5);
    // In another order, so that the plan is not the identity.
    let b: Vec<f32> = (0..300)
        .map(|i| (i * 7 + 3) % 300)
        .flat_map(|i| [a[2 * i] + dx, a[2 * i + 1] + dy])
        .collect();
    let shift = f64::from(dx).hypot(f64::from(dy));
    assert!((w2(&a, &b) - shift).abs() < 1e-6, "{}", w2(&a, &b));
    assert!(w2(&a, &a) < 1e-12 && sliced_w2(&a, &a, 16) < 1e-12);
    // The mean of cos² over directions is ½.
    let sliced = sliced_w2(&a, &b, 64);
    assert!((sliced - shift / 2.0_f64.sqrt()).abs() < 1e-6, "{sliced}");
    assert!(energy_distance(&a, &a).abs() < 1e-12);
    assert!(energy_distance(&a, &b) > 0.05);
}

#[test]
fn sliced_distance_of_unequal_sets() {
    // Twice the same points have the same distribution.
    let a = points(&Dataset::Rings, 100, 4);
    let doubled = [a.clone(), a.clone()].concat();
    assert!(sliced_w2(&a, &doubled, 8) < 1e-12);
    // {0} against {−1, 1, 1} on each axis: mean square 1, over directions (cos + sin)²/…
    let one = [0.0, 0.0];
    let three = [-1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
    let expected = (0..6)
        .map(|k| {
            (std::f64::consts::PI * (f64::from(k) + 0.5) / 6.0)
                .cos()
                .powi(2)
        })
        .sum::<f64>()
        / 6.0;
    assert!((sliced_w2(&one, &three, 6) - expected.sqrt()).abs() < 1e-12);
}

#[test]
fn energy_distance_of_two_points() {
    // 2·|a − b| − 0 − 0.
    assert!((energy_distance(&[0.0, 0.0], &[3.0, 4.0]) - 10.0).abs() < 1e-12);
}

#[test]
fn straight_paths_are_straight() {
    let times = [0.0, 0.25, 0.5, 1.0];
    let line: Vec<f64> = times
        .iter()
        .flat_map(|t| [3.0 * t, 1.0 - t, -t, 2.0 * t])
        .collect();
    assert!(straightness(&times, &line) < 1e-20);
    // Mean of |(3, −1)|² and |(−1, 2)|².
    assert!((path_energy(&times, &line) - 7.5).abs() < 1e-12);
    // There and on: speeds 2 then 0 against a chord of speed 1.
    let stop = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0];
    assert!((straightness(&[0.0, 0.5, 1.0], &stop) - 1.0).abs() < 1e-12);
}

#[test]
fn support_and_cells() {
    let board = Dataset::CHECKERBOARD.boxes().expect("boxes");
    assert_eq!(board.boxes.len(), 8);
    let (lo, hi) = board.bounds();
    assert_eq!((lo, hi), ([-2.0; 2], [2.0; 2]));
    assert!((board.entropy() - 8.0_f64.ln()).abs() < 1e-12);
    assert!((board.trace_covariance() - 8.0 / 3.0).abs() < 1e-12);
    assert!(board.mean().iter().all(|m| m.abs() < 1e-15));
    // Column 0 and row 1 differ in parity: a cell. Column 1, row 1: none.
    assert!(board.contains([-1.5, -0.5]) && !board.contains([-0.5, -0.5]));
    let x = [-1.5_f32, -0.5, -0.5, -0.5, 5.0, 0.0, -1.4, -0.6];
    assert_eq!(off_support(&board, &x), 0.5);
    let mass = cell_mass(&board, &x);
    assert_eq!(mass.iter().filter(|m| **m > 0.0).count(), 1);
    assert_eq!(mass[board.cell_of([-1.5, -0.5]).expect("a cell")], 0.5);
    let standard = Dataset::StandardBoard.boxes().expect("boxes");
    assert!((standard.entropy() - 6.0_f64.ln()).abs() < 1e-12);
    assert!((standard.trace_covariance() - 2.0).abs() < 1e-12);
    assert!(standard.contains([-1.5, -1.5]), "the other parity");
}

#[test]
fn boxes_are_checked() {
    let unit = |x: f64, w: f64| WeightedBox {
        lo: [x, 0.0],
        hi: [x + 1.0, 1.0],
        weight: w,
    };
    assert_eq!(BoxUnion::new(vec![]), Err(BoxesError::Empty));
    assert_eq!(
        BoxUnion::new(vec![unit(0.0, 0.0)]),
        Err(BoxesError::Weight(0))
    );
    assert_eq!(
        BoxUnion::new(vec![unit(f64::NAN, 1.0)]),
        Err(BoxesError::Corners(0))
    );
    let overlapping = vec![unit(0.0, 1.0), unit(5.0, 1.0), unit(0.5, 1.0)];
    assert_eq!(BoxUnion::new(overlapping), Err(BoxesError::Overlap(0, 2)));
    let union = BoxUnion::new(vec![unit(0.0, 1.0), unit(1.0, 3.0)]).expect("touching boxes");
    assert_eq!(union.boxes[1].weight, 0.75);
    let json = serde_json::to_string(&union).expect("json");
    assert_eq!(
        serde_json::from_str::<BoxUnion>(&json).expect("json"),
        union
    );
}

#[test]
fn special_functions() {
    for i in 0..2000 {
        let z = f64::from(i) * 0.02;
        let (tail, density) = z.normal_tail();
        if z < 37.0 {
            let mills = z.mills();
            assert!((mills * density / tail - 1.0).abs() < 1e-12, "z = {z}");
        }
        let narrow = (z as f32).mills();
        assert!(
            (f64::from(narrow) / f64::from(z as f32).mills() - 1.0).abs() < 5e-7,
            "z = {z}"
        );
        let e = (-(z as f32)).exp();
        let exact = (-f64::from(z as f32)).exp();
        assert!((f64::from(e) / exact - 1.0).abs() < 3e-7, "exp(-{z}): {e}");
    }
    assert_eq!(<f32 as Real>::exp(-100.0), 0.0);
    assert_eq!(<f32 as Real>::exp(0.0), 1.0);
    // 1/(x√π) (1 − 1/(2x²) + …), and a value from tables.
    assert!((erfcx(1.0) - 0.427_583_576_155_807).abs() < 1e-14);
    assert!((erfcx(50.0) - 0.011_281_536_265_323_772).abs() < 1e-16);
    for (a, b) in [(-1.0, 2.0), (0.5, 0.75), (-6.0, -5.5), (3.0, 9.0)] {
        // Simpson's rule.
        let n = 2000;
        let h = (b - a) / f64::from(n);
        let sum: f64 = (0..=n)
            .map(|i| {
                let weight = if i == 0 || i == n {
                    1.0
                } else {
                    f64::from(2 + 2 * (i % 2))
                };
                weight * normal_pdf(a + h * f64::from(i))
            })
            .sum();
        assert!(
            (log_normal_interval(a, b) - (sum * h / 3.0).ln()).abs() < 1e-9,
            "{a} {b}"
        );
    }
    let far = log_normal_interval(1000.0, 1001.0);
    assert!((far + 500_000.0 + (1000.0 * std::f64::consts::TAU.sqrt()).ln()).abs() < 1e-5);
}
