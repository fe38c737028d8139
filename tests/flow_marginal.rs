//! The exact field against reference values of 50 and 400 digits.

use flowlab::data::Dataset;
use flowlab::flow::{BoxUnion, Marginal, MarginalField, Real, Scheduler};

struct Row {
    scheduler: Scheduler,
    t: f64,
    x: [f64; 2],
    /// vx, vy, log_p, divergence, e1x, e1y, trace_cov
    expected: [f64; 7],
}

fn read(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .records()
        .map(|record| {
            let record = record.expect("a readable row");
            let name = match &record[1] {
                "" => record[0].to_owned(),
                parameter => format!("{}:{parameter}", &record[0]),
            };
            let number = |i: usize| record[i].parse::<f64>().expect("a number");
            Row {
                scheduler: name.parse().expect("a known path"),
                t: number(2),
                x: [number(3), number(4)],
                expected: std::array::from_fn(|i| number(5 + i)),
            }
        })
        .collect()
}

/// The 50-digit table, and a 400-digit one with points far outside.
///
/// Fifty digits are too few for tⁿ with n = 2, 3 and t ≤ 1e-6: m² falls below 1e-24, and the
/// 50-digit table has traces such as −5e30 there, where 8/3 is the limit. The 400-digit table
/// begins with those 28 rows, and they are taken from it.
fn rows() -> Vec<Row> {
    let mut table = read(include_str!("data/marginal_checkerboard.csv"));
    assert_eq!(table.len(), 784);
    let extra = read(include_str!("data/marginal_extra.csv"));
    assert_eq!(extra.len(), 508);
    table.retain(|row| !(matches!(row.scheduler, Scheduler::Poly(_)) && row.t <= 1e-6));
    assert_eq!(table.len(), 784 - 28);
    table.extend(extra);
    table
}

fn numbers<T: Real>(m: &Marginal<T>) -> [f64; 7] {
    [
        m.velocity[0],
        m.velocity[1],
        m.log_density,
        m.divergence,
        m.mean_x1[0],
        m.mean_x1[1],
        m.trace_cov,
    ]
    .map(T::to_f64)
}

fn board() -> BoxUnion {
    Dataset::CHECKERBOARD.boxes().expect("a board is boxes")
}

/// Largest relative error of each column; |v| is the length of the velocity.
fn worst(rows: &[Row], eval: impl Fn(&Row) -> [f64; 7]) -> [f64; 7] {
    let mut worst = [0.0_f64; 7];
    for row in rows {
        let got = eval(row);
        let speed = row.expected[0].hypot(row.expected[1]);
        for i in 0..7 {
            let size = if i < 2 { speed } else { row.expected[i].abs() };
            let error = (got[i] - row.expected[i]).abs() / (1.0 + size);
            worst[i] = if error.is_nan() {
                f64::NAN
            } else {
                worst[i].max(error)
            };
        }
    }
    worst
}

#[test]
fn every_row_in_f64() {
    let rows = rows();
    for robust in [false, true] {
        let errors = worst(&rows, |row| {
            let field = MarginalField::new(&board(), row.scheduler);
            let table = field.at_time::<f64>(row.t);
            numbers(&if robust {
                table.at_robust(row.x)
            } else {
                table.at(row.x, &mut table.scratch())
            })
        });
        println!("f64, robust = {robust}: {errors:?}");
        assert!(errors.iter().all(|&e| e <= 1e-8), "{errors:?}");
    }
}

#[test]
fn every_row_in_f32() {
    assert_eq!(rows().len(), 1264);
    // Time is f64 in both: 1 − t of the rows at 0.99999 would be off by 0.14 % as f32.
    for robust in [false, true] {
        let eval = |row: &Row| {
            let field = MarginalField::new(&board(), row.scheduler);
            let table = field.at_time::<f32>(row.t);
            let x = row.x.map(|x| x as f32);
            numbers(&if robust {
                table.at_robust(x)
            } else {
                table.at(x, &mut table.scratch())
            })
        };
        let (near, far): (Vec<Row>, Vec<Row>) =
            rows().into_iter().partition(|row| row.x[0].abs() < 1000.0);
        let errors = worst(&near, eval);
        println!("f32, robust = {robust}: {errors:?}");
        // The robust way is only taken far out. At (0, 0), where cells meet, the terms of its
        // divergence cancel from 10⁵ to 0.1.
        let bound = |i: usize| if robust && i == 3 { 1e-2 } else { 2e-4 };
        assert!((0..7).all(|i| errors[i] <= bound(i)), "{errors:?}");
        // At x = 8000 an f32 resolves positions to 5e-4, which E[x1|x] inherits.
        let errors = worst(&far, eval);
        println!("f32, robust = {robust}, |x| = 8000: {errors:?}");
        assert_eq!(far.len(), 80);
        assert!(errors[..3].iter().all(|&e| e <= 2e-4), "{errors:?}");
        assert!(errors[3..].iter().all(|&e| e <= 2e-3), "{errors:?}");
    }
}

#[test]
fn f32_time_is_as_good_as_its_rounding() {
    for scheduler in Scheduler::ALL {
        let field = MarginalField::new(&board(), scheduler);
        for row in rows().iter().filter(|row| row.x[0].abs() < 5.0) {
            let (t, x) = (row.t as f32, row.x.map(|x| x as f32));
            let got = numbers(&field.at(t, x));
            let exact = numbers(&field.at(f64::from(t), x.map(f64::from)));
            let speed = exact[0].hypot(exact[1]);
            for i in 0..7 {
                let size = if i < 2 { speed } else { exact[i].abs() };
                assert!(
                    (got[i] - exact[i]).abs() <= 1e-4 * (1.0 + size),
                    "{scheduler}, t = {t}, x = {x:?}, column {i}: {} and {}",
                    got[i],
                    exact[i]
                );
            }
        }
    }
}
