//! The loss floor against recorded values.

use flowlab::data::Dataset;
use flowlab::flow::{BoxUnion, MarginalField, Scheduler};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

fn board(name: &str) -> BoxUnion {
    let boxes = if name.starts_with("seed003") {
        Dataset::CHECKERBOARD.boxes()
    } else if name.starts_with("unit-variance") {
        Dataset::StandardBoard.boxes()
    } else {
        BoxUnion::grid(4, 2.0 / 0.45, |i, j| (i + j) % 2 == 0).ok()
    };
    boxes.expect("a board is boxes")
}

#[test]
fn floors_match_within_three_standard_errors() {
    let text = include_str!("data/loss_floor.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = 0;
    for record in reader.records() {
        let record = record.expect("a readable row");
        let name = match &record[2] {
            "" => record[1].to_owned(),
            parameter => format!("{}:{parameter}", &record[1]),
        };
        let scheduler: Scheduler = name.parse().expect("a known path");
        let number = |i: usize| record[i].parse::<f64>().expect("a number");
        let floor = MarginalField::new(&board(&record[0]), scheduler).loss_floor();
        let deviations = (floor - number(3)) / number(4);
        println!("{record:?}: {floor:.5}, {deviations:+.2} standard errors");
        assert!(deviations.abs() <= 3.0, "{record:?}: {floor}");
        rows += 1;
    }
    assert_eq!(rows, 18);
}

#[test]
fn floor_of_the_first_lesson() {
    let field = MarginalField::new(&board("seed003"), Scheduler::CondOt);
    let floor = field.loss_floor();
    assert!((floor - 1.689).abs() < 0.003, "{floor}");
    // The curve over time: Var(x1) = 4/3 at the start, 1 at the end, a hump between.
    let curve = [
        (0.008, 1.356),
        (0.11, 1.64),
        (0.31, 2.19),
        (0.41, 2.28),
        (0.61, 1.85),
        (0.81, 1.13),
        (0.91, 1.03),
    ];
    for (t, expected) in curve {
        let got = field.loss_floor_at(t);
        assert!((got - expected).abs() < 0.02, "t = {t}: {got}");
    }
    assert!((field.loss_floor_at(0.0) - 4.0 / 3.0).abs() < 1e-7);

    // A second way at one time: the mean over points of the path itself.
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let n = 40_000;
    for t in [0.2, 0.6, 0.95] {
        let table = field.at_time::<f64>(t);
        let mut scratch = table.scratch();
        let mean = (0..n)
            .map(|_| {
                let x1 = Dataset::CHECKERBOARD.sample(&mut rng);
                let x = x1.map(|x1| {
                    let x0: f64 = StandardNormal.sample(&mut rng);
                    t * x1 + (1.0 - t) * x0
                });
                table.at(x, &mut scratch).trace_cov
            })
            .sum::<f64>()
            / f64::from(n);
        let expected = mean / (1.0 - t) / (1.0 - t) / 2.0;
        let got = field.loss_floor_at(t);
        assert!(
            (got - expected).abs() < 0.015 * got,
            "{t}: {got} {expected}"
        );
    }
}

#[test]
fn floor_of_many_small_boxes() {
    // The same board cut into 32 × 32 cells has the same floor, by the coarser rule.
    let fine = BoxUnion::grid(32, 2.0, |i, j| (i / 8 + j / 8) % 2 == 1).expect("boxes");
    for scheduler in [Scheduler::CondOt, Scheduler::VP] {
        let expected = MarginalField::new(&board("seed003"), scheduler).loss_floor();
        let got = MarginalField::new(&fine, scheduler).loss_floor();
        assert!(
            (got - expected).abs() < 2e-4 * expected,
            "{scheduler}: {got} {expected}"
        );
    }
}
