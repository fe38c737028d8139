//! Schedulers against Meta's library, and the conversions of a path.

use flowlab::flow::{ProbPath, Scheduler, SchedulerError};
use proptest::prelude::*;

#[test]
fn coefficients_match_the_reference_library() {
    let text = include_str!("data/schedulers.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = 0;
    for record in reader.records() {
        let record = record.expect("a readable row");
        let scheduler: Scheduler = record[0].parse().expect("a known path");
        let number = |i: usize| record[i].parse::<f64>().expect("a number");
        let c = scheduler.at(number(1));
        for (i, got) in [c.alpha, c.sigma, c.d_alpha, c.d_sigma]
            .into_iter()
            .enumerate()
        {
            let expected = number(2 + i);
            // The library computes √(1 − α²) by subtraction, which costs it digits near t = 1.
            let bound = 2e-13 * (1.0 + expected.abs()) / c.sigma;
            assert!((got - expected).abs() <= bound, "{record:?}: {got}");
        }
        let narrow = scheduler.at(number(1) as f32);
        assert!((f64::from(narrow.alpha) - c.alpha).abs() < 1e-6);
        rows += 1;
    }
    assert_eq!(rows, 90);
}

#[test]
fn ends_are_noise_and_data() {
    for scheduler in Scheduler::ALL {
        let (start, end) = (scheduler.at(0.0), scheduler.at(1.0));
        match scheduler {
            // VP starts at exp(−10.05/2) of the data.
            Scheduler::Vp { .. } => assert!((start.alpha - (-5.025_f64).exp()).abs() < 1e-15),
            _ => assert_eq!((start.alpha, start.sigma), (0.0, 1.0), "{scheduler}"),
        }
        let floor = if let Scheduler::SigmaMin(min) = scheduler {
            min
        } else {
            0.0
        };
        assert_eq!((end.alpha, end.sigma), (1.0, floor), "{scheduler}");
        let last = scheduler.at(scheduler.t_max());
        assert!(
            last.d_sigma.is_finite() && last.d_alpha.is_finite(),
            "{scheduler}"
        );
    }
}

#[test]
fn names_round_trip() {
    let more = [
        Scheduler::SigmaMin(0.0),
        Scheduler::SigmaMin(1e-5),
        Scheduler::Poly(3.5),
        Scheduler::Vp {
            beta_min: 0.2,
            beta_max: 10.0,
        },
    ];
    for scheduler in Scheduler::ALL.into_iter().chain(more) {
        assert_eq!(scheduler.to_string().parse(), Ok(scheduler));
        let json = serde_json::to_string(&scheduler).expect("json");
        assert_eq!(json, format!("\"{scheduler}\""));
        assert_eq!(
            serde_json::from_str::<Scheduler>(&json).expect("json"),
            scheduler
        );
    }
    for bad in [
        "",
        "condott",
        "sigma-min",
        "sigma-min:1",
        "sigma-min:x",
        "sigma-min:-0.1",
        "poly:0.5",
        "poly:nan",
        "vp:1",
        "vp:5,1",
        "cosine:2",
    ] {
        assert!(bad.parse::<Scheduler>().is_err(), "{bad}");
    }
    let error: SchedulerError = "poly:0".parse::<Scheduler>().expect_err("n < 1");
    assert!(error.to_string().contains("poly:0"), "{error}");
    assert!(serde_json::from_str::<Scheduler>("\"poly:0\"").is_err());
}

fn schedulers() -> impl Strategy<Value = Scheduler> {
    prop_oneof![
        Just(Scheduler::CondOt),
        Just(Scheduler::LinearVp),
        Just(Scheduler::Cosine),
        Just(Scheduler::VP),
        (0.0..0.5).prop_map(Scheduler::SigmaMin),
        (1.0..4.0).prop_map(Scheduler::Poly),
        ((0.05..1.0), (2.0..25.0))
            .prop_map(|(beta_min, beta_max)| Scheduler::Vp { beta_min, beta_max }),
    ]
}

proptest! {
    #[test]
    fn derivatives_by_finite_differences(scheduler in schedulers(), t in 0.01..0.99_f64) {
        let h = 1e-6;
        let (up, down, c) = (scheduler.at(t + h), scheduler.at(t - h), scheduler.at(t));
        let d_alpha = (up.alpha - down.alpha) / (2.0 * h);
        let d_sigma = (up.sigma - down.sigma) / (2.0 * h);
        prop_assert!((c.d_alpha - d_alpha).abs() < 1e-6 * (1.0 + d_alpha.abs()));
        prop_assert!((c.d_sigma - d_sigma).abs() < 1e-6 * (1.0 + d_sigma.abs()));
        prop_assert!((scheduler.alpha_gap(t) - (1.0 - c.alpha)).abs() < 1e-14);
    }

    #[test]
    fn sample_is_the_path_and_its_slope(
        scheduler in schedulers(), t in 0.01..0.99_f64, x0 in -3.0..3.0_f64, x1 in -3.0..3.0_f64,
    ) {
        let path = ProbPath::new(scheduler);
        let (xt, dxt) = path.sample(x0, x1, t);
        let c = scheduler.at(t);
        prop_assert_eq!(xt, c.alpha * x1 + c.sigma * x0);
        let h = 1e-6;
        let slope = (path.sample(x0, x1, t + h).0 - path.sample(x0, x1, t - h).0) / (2.0 * h);
        prop_assert!((dxt - slope).abs() < 1e-5 * (1.0 + slope.abs()));
    }

    #[test]
    fn conversions_round_trip(
        scheduler in schedulers(), t in 0.05..0.95_f64, x0 in -3.0..3.0_f64, x1 in -3.0..3.0_f64,
    ) {
        // For a single pair of ends velocity, data and noise determine each other.
        let path = ProbPath::new(scheduler);
        let (xt, v) = path.sample(x0, x1, t);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-8 * (1.0 + a.abs() + b.abs());
        prop_assert!(near(path.x1_from_velocity(xt, v, t), x1));
        prop_assert!(near(path.noise_from_velocity(xt, v, t), x0));
        prop_assert!(near(path.velocity_from_x1(xt, x1, t), v));
        prop_assert!(near(path.velocity_from_noise(xt, x0, t), v));
        prop_assert!(near(path.x1_from_noise(xt, x0, t), x1));
        prop_assert!(near(path.noise_from_x1(xt, x1, t), x0));
        let score = path.score_from_velocity(xt, v, t);
        prop_assert!(near(score, -x0 / scheduler.at(t).sigma));
        prop_assert!(near(path.velocity_from_score(xt, score, t), v));
    }
}

#[test]
fn slices_match_scalars() {
    let path = ProbPath::new(Scheduler::Cosine);
    let (x0, x1, t) = ([0.1, -2.0, 1.5, 0.3], [1.0, 2.0, -0.5, 0.0], [0.25, 0.75]);
    let (mut xt, mut dxt) = ([0.0; 4], [0.0; 4]);
    path.sample_into(&x0, &x1, &t, &mut xt, &mut dxt);
    for i in 0..4 {
        assert_eq!((xt[i], dxt[i]), path.sample(x0[i], x1[i], t[i / 2]));
    }
}
