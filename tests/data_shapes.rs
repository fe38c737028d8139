//! Every data set has the shape and the moments of its definition.

mod common;

use flowlab::data::Dataset;
use flowlab::flow::metric::{cell_mass, off_support};

use common::points;

/// Mean and standard deviation.
fn moments(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let var = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    [mean, var.sqrt()]
}

fn wide(dataset: &Dataset, n: usize) -> Vec<[f64; 2]> {
    let x = points(dataset, n, 3);
    x.chunks_exact(2)
        .map(|p| [p[0].into(), p[1].into()])
        .collect()
}

/// Two half circles of radius 1 about (0, 0) and (1, 1/2) with noise 0.05, at unit variance.
#[test]
fn moons_lie_on_their_arcs() {
    let noise = 0.05_f64;
    let pi = std::f64::consts::PI;
    let sd = [
        (0.75 + noise * noise).sqrt(),
        (9.0 / 16.0 - 1.0 / pi + noise * noise).sqrt(),
    ];
    let mut off = [vec![], vec![]];
    for [x, y] in wide(&Dataset::Moons, 40_000) {
        let [x, y] = [0.5 + sd[0] * x, 0.25 + sd[1] * y];
        // The signed distance to either arc along its radius; points beyond an end are left out.
        let upper = (x.hypot(y) - 1.0, y > 0.0);
        let lower = ((x - 1.0).hypot(y - 0.5) - 1.0, y < 0.5);
        let near = |(distance, inside): (f64, bool)| inside && distance.abs() < 5.0 * noise;
        assert!(near(upper) || near(lower) || y.abs() < 0.3 || (y - 0.5).abs() < 0.3);
        match (near(upper), near(lower)) {
            (true, false) => off[0].push(upper.0),
            (false, true) => off[1].push(lower.0),
            _ => {}
        }
    }
    for off in off {
        // A little more than half of each arc's points have no doubt about them.
        assert!((17_000..20_500).contains(&off.len()), "{}", off.len());
        let [mean, sd] = moments(&off);
        assert!(mean.abs() < 0.003, "mean {mean}");
        assert!((sd - noise).abs() < 0.002, "noise {sd}");
    }
}

/// (r cos r, r sin r), r uniform in [3π/2, 9π/2], with noise 1/2 in each coordinate.
#[test]
fn the_swiss_roll_turns_by_its_radius() {
    let pi = std::f64::consts::PI;
    let half_square = 9.75 * pi * pi / 2.0;
    let mean = [2.0, 2.0 / (3.0 * pi)];
    let sd = [
        (half_square - 0.25 - mean[0] * mean[0] + 0.25).sqrt(),
        (half_square + 0.25 - mean[1] * mean[1] + 0.25).sqrt(),
    ];
    let (mut off, mut turns) = (vec![], vec![]);
    for [x, y] in wide(&Dataset::SwissRoll, 40_000) {
        let [x, y] = [mean[0] + sd[0] * x, mean[1] + sd[1] * y];
        let (radius, angle) = (x.hypot(y), y.atan2(x));
        // The turn whose radius is nearest to the point's.
        let turn = ((radius - angle) / (2.0 * pi)).round();
        let r = angle + 2.0 * pi * turn;
        off.push(radius - r);
        turns.push(r);
    }
    let [mean, sd] = moments(&off);
    // E|x| is larger than r by σ²/2r, about 0.013 here.
    assert!((mean - 0.013).abs() < 0.01, "mean {mean}");
    assert!((sd - 0.5).abs() < 0.02, "noise {sd}");
    let [mean, sd] = moments(&turns);
    assert!((mean - 3.0 * pi).abs() < 0.05, "mean radius {mean}");
    assert!(
        (sd - 3.0 * pi / 12.0_f64.sqrt()).abs() < 0.05,
        "spread {sd}"
    );
}

#[test]
fn boards_fill_every_other_cell() {
    // Cells (column, row) that hold points, written out; rows from below.
    let board = ["0101", "1010", "0101", "1010"];
    for (dataset, half, flipped) in [
        (Dataset::CHECKERBOARD, 2.0, false),
        (Dataset::StandardBoard, 3.0_f64.sqrt(), true),
    ] {
        let mut counts = [[0; 4]; 4];
        for x in wide(&dataset, 16_000) {
            let [i, j] = x.map(|c| ((c + half) / (0.5 * half)).floor());
            assert!((0.0..4.0).contains(&i) && (0.0..4.0).contains(&j), "{x:?}");
            counts[j as usize][i as usize] += 1;
        }
        for (row, counts) in board.iter().zip(&counts) {
            for (cell, count) in row.bytes().zip(counts) {
                let filled = (cell == b'1') != flipped;
                let right = if filled { 1800..2200 } else { 0..1 };
                assert!(right.contains(count), "{dataset}: {counts:?}");
            }
        }
    }
}

#[test]
fn circles_spirals_and_arms_have_their_radii_and_numbers() {
    let tau = std::f64::consts::TAU;
    let n = 20_000;
    let mut of_ring = vec![vec![]; 5];
    for [x, y] in wide(&Dataset::Rings, n) {
        let radius = x.hypot(y);
        of_ring[((radius / 0.75).round() as usize).min(4)].push(radius);
    }
    assert!(of_ring[0].is_empty());
    for (k, radii) in of_ring.iter().enumerate().skip(1) {
        assert!(
            (4700..5300).contains(&radii.len()),
            "ring {k}: {}",
            radii.len()
        );
        let [mean, sd] = moments(radii);
        assert!((mean - 0.75 * k as f64).abs() < 0.01, "ring {k}: {mean}");
        assert!((sd - 0.08).abs() < 0.005, "ring {k}: {sd}");
    }

    let mut of_angle = vec![vec![]; 8];
    for [x, y] in wide(&Dataset::EightGaussians, n) {
        let k = (8.0 * y.atan2(x) / tau).round().rem_euclid(8.0) as usize;
        of_angle[k].push(x.hypot(y));
    }
    for radii in &of_angle {
        assert!((2250..2750).contains(&radii.len()), "{}", radii.len());
        let [mean, sd] = moments(radii);
        // E|x| is larger than 2√2 by about σ²/2|x|, 0.02.
        assert!((mean - 8.0_f64.sqrt() - 0.022).abs() < 0.03, "{mean}");
        assert!((sd - 2.0_f64.sqrt() / 4.0).abs() < 0.02, "{sd}");
    }

    // A spiral's point at radius r (up to a third of one and a half turns) stands at the angle π −
    // 3r, the other's at half a turn from it.
    let mut counts = [0; 2];
    let mut near = 0;
    for [x, y] in wide(&Dataset::TwoSpirals, n) {
        let radius = x.hypot(y);
        assert!(radius < tau / 2.0 + 0.9, "{radius}");
        let turned = (y.atan2(x) + 3.0 * radius) / tau;
        let phase = turned.rem_euclid(1.0);
        let second = (0.25..0.75).contains(&(phase - 0.5).rem_euclid(1.0));
        counts[usize::from(second)] += 1;
        let off = (2.0 * phase).rem_euclid(1.0);
        near += usize::from(!(0.25..0.75).contains(&off));
    }
    for count in counts {
        assert!(
            (0.45..0.55).contains(&(count as f64 / n as f64)),
            "{counts:?}"
        );
    }
    // Between the arms there are few.
    assert!(near as f64 > 0.7 * n as f64, "{near}");

    let mut arms = [0; 5];
    let mut clear = 0;
    for [x, y] in wide(&Dataset::Pinwheel, n) {
        let r = x.hypot(y) / 2.0;
        let arm = 5.0 * (y.atan2(x) + tau / 4.0 - 0.25 * r.exp()) / tau;
        arms[arm.round().rem_euclid(5.0) as usize] += 1;
        clear += usize::from((arm - arm.round()).abs() < 0.25);
    }
    for count in arms {
        assert!((3700..4300).contains(&count), "{arms:?}");
    }
    assert!(clear as f64 > 0.9 * n as f64, "{clear}");
}

#[test]
fn datasets_have_their_moments() {
    let n = 60_000;
    for dataset in Dataset::ALL {
        let x = points(&dataset, n, 7);
        assert_eq!(x, points(&dataset, n, 7), "a seed repeats");
        assert_ne!(x[..20], points(&dataset, 10, 8)[..], "another seed differs");
        assert_eq!(dataset.to_string().parse(), Ok(dataset.clone()));
        let json = serde_json::to_string(&dataset).expect("json");
        assert_eq!(
            serde_json::from_str::<Dataset>(&json).expect("json"),
            dataset
        );
        let extent = dataset.extent() as f32;
        let shown = x
            .chunks_exact(2)
            .filter(|p| p.iter().all(|c| c.abs() <= extent))
            .count();
        assert!(shown as f64 > 0.995 * n as f64, "{dataset}: {shown}");
        if let Some(union) = dataset.boxes() {
            assert_eq!(off_support(&union, &x), 0.0, "{dataset}");
            for mass in cell_mass(&union, &x) {
                assert!((mass - 0.125).abs() < 0.007, "{dataset}: {mass}");
            }
        }
        if matches!(
            dataset,
            Dataset::StandardBoard | Dataset::Moons | Dataset::SwissRoll
        ) {
            for axis in 0..2 {
                let values: Vec<f64> = x.chunks_exact(2).map(|p| f64::from(p[axis])).collect();
                let mean = values.iter().sum::<f64>() / n as f64;
                let var = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
                assert!(mean.abs() < 0.02, "{dataset}: mean {mean}");
                assert!((var - 1.0).abs() < 0.02, "{dataset}: variance {var}");
            }
        }
    }
    let fine: Dataset = "checkerboard:grid=6,scale=3".parse().expect("parameters");
    assert_eq!(
        fine,
        Dataset::Checkerboard {
            grid: 6,
            scale: 3.0
        }
    );
    assert_eq!(fine.boxes().expect("boxes").boxes.len(), 18);
    assert_eq!("checkerboard".parse(), Ok(Dataset::CHECKERBOARD));
    for bad in [
        "chess",
        "moons:grid=3",
        "checkerboard:grid=1",
        "checkerboard:size=4",
        "checkerboard:scale=x",
    ] {
        assert!(bad.parse::<Dataset>().is_err(), "{bad}");
    }
}
