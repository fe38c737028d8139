//! Sampling with the exact field against recorded end points and off-support percentages.

use flowlab::data::Dataset;
use flowlab::flow::metric::{cell_mass, off_support};
use flowlab::flow::{MarginalField, Scheduler, Solver, integrate_fixed};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

fn field(path: &str) -> MarginalField {
    let board = Dataset::CHECKERBOARD.boxes().expect("boxes");
    MarginalField::new(&board, path.parse::<Scheduler>().expect("a known path"))
}

/// Evaluations are clamped to t ≤ 1 − clamp; the steps still end at 1.
fn sample<T: flowlab::flow::Real>(
    field: &MarginalField,
    solver: Solver,
    steps: usize,
    clamp: f64,
    x0: Vec<T>,
) -> (Vec<T>, usize) {
    let mut solution = integrate_fixed(solver, steps, 0.0, 1.0, x0, &[1.0], |t, x: &Vec<T>| {
        let mut v = vec![T::ZERO; x.len()];
        field.at_time::<T>(t.min(1.0 - clamp)).velocities(x, &mut v);
        v
    });
    (solution.states.remove(0), solution.nfe)
}

#[test]
fn end_points_match() {
    let text = include_str!("data/endpoints_exact_field.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = 0;
    let mut worst = 0.0_f64;
    for record in reader.records() {
        let record = record.expect("a readable row");
        let number = |i: usize| record[i].parse::<f64>().expect("a number");
        let solver: Solver = record[1].parse().expect("a known solver");
        let steps: usize = record[2].parse().expect("a step count");
        let x0 = vec![number(4), number(5)];
        let (x1, _) = sample(&field(&record[0]), solver, steps, number(3), x0);
        for i in 0..2 {
            let error = (x1[i] - number(6 + i)).abs();
            worst = worst.max(error);
            assert!(error < 1e-6, "{record:?}: {x1:?}");
        }
        rows += 1;
    }
    println!("{rows} end points, largest error {worst:.1e}");
    assert_eq!(rows, 288);
}

/// Every row of a path, with an independent set of starting points.
fn off_support_of(path: &str, clamp: f64, seed: u64) {
    let n = 6000;
    let reference_n = 10_000.0;
    let field = field(path);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x0: Vec<f32> = (0..2 * n)
        .map(|_| StandardNormal.sample(&mut rng))
        .collect();
    let text = include_str!("data/off_support_exact_field.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = 0;
    for record in reader.records() {
        let record = record.expect("a readable row");
        if &record[0] != path {
            continue;
        }
        let solver: Solver = record[1].parse().expect("a known solver");
        let steps: usize = record[2].parse().expect("a step count");
        let expected = record[4].parse::<f64>().expect("a number") / 100.0;
        let (x1, nfe) = sample(&field, solver, steps, clamp, x0.clone());
        assert_eq!(nfe.to_string(), record[3]);
        let got = off_support(field.target(), &x1);
        let inside: f64 = cell_mass(field.target(), &x1).iter().sum();
        assert!((inside + got - 1.0).abs() < 1e-9);
        // Four standard deviations of the difference of two sample fractions.
        let p = expected.max(2.0 / reference_n);
        let deviation = (p * (1.0 - p) * (1.0 / f64::from(n) + 1.0 / reference_n)).sqrt();
        println!("{record:?}: {:.2} %", 100.0 * got);
        assert!(
            (got - expected).abs() < 4.0 * deviation,
            "{record:?}: {got}"
        );
        rows += 1;
    }
    assert!(rows >= 22, "{rows}");
}

#[test]
fn off_support_condot() {
    off_support_of("condot", 1e-4, 11);
}

#[test]
fn off_support_cosine() {
    off_support_of("cosine", 1e-4, 12);
}

#[test]
fn off_support_vp() {
    off_support_of("vp", 1e-5, 13);
}

#[test]
fn one_euler_step_lands_on_the_mean() {
    let target = Dataset::CHECKERBOARD.boxes().expect("boxes");
    let linear = MarginalField::new(&target, Scheduler::CondOt);
    let (x1, _) = sample(
        &linear,
        Solver::Euler,
        1,
        1e-4,
        vec![1.3_f64, -0.4, 0.0, 2.0],
    );
    assert!(x1.iter().all(|x| x.abs() < 1e-12), "{x1:?}");
}
