//! Solvers: order of convergence, tolerances, saved times, counted evaluations, likelihood.

use flowlab::data::Dataset;
use flowlab::flow::likelihood::Method;
use flowlab::flow::{
    Adaptive, Controller, IntegrateError, MarginalField, Scheduler, Solver, integrate_adaptive,
    integrate_fixed, log_likelihood,
};

/// x' = −2 t x + cos t.
fn smooth(t: f64, x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| -2.0 * t * x + t.cos()).collect()
}

fn end(solver: Solver, steps: usize) -> f64 {
    let solution = integrate_fixed(solver, steps, 0.0, 2.0, vec![1.0], &[2.0], |t, x| {
        smooth(t, x)
    });
    assert_eq!(solution.nfe, solver.fixed_nfe(steps));
    assert_eq!(solution.steps.len(), steps + 1);
    solution.states[0][0]
}

#[test]
fn errors_shrink_with_the_order() {
    let exact = end(Solver::Dopri5, 4000);
    for solver in Solver::ALL {
        let (coarse, fine) = match solver.tableau().order {
            5 => (64, 128),
            4 => (32, 64),
            _ => (200, 400),
        };
        let ratio = (end(solver, coarse) - exact) / (end(solver, fine) - exact);
        let order = ratio.abs().log2();
        let expected = f64::from(solver.tableau().order);
        assert!((order - expected).abs() < 0.25, "{solver}: order {order}");
    }
}

#[test]
fn tableaux_are_consistent() {
    for solver in Solver::ALL {
        let tableau = solver.tableau();
        let stages = tableau.c.len();
        assert_eq!((tableau.b.len(), tableau.a.len()), (stages, stages - 1));
        assert!((tableau.b.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        for (row, c) in tableau.a.iter().zip(&tableau.c[1..]) {
            assert!((row.iter().sum::<f64>() - c).abs() < 1e-14, "{solver}");
        }
        if let Some(error) = tableau.b_err {
            assert!(error.iter().sum::<f64>().abs() < 1e-15);
            // The embedded weights b − b_err are one order lower: Σ b̂ c^k = 1/(k + 1).
            for k in 0..tableau.order as i32 - 1 {
                let moment: f64 = tableau
                    .b
                    .iter()
                    .zip(error)
                    .zip(tableau.c)
                    .map(|((b, e), c)| (b - e) * c.powi(k))
                    .sum();
                assert!(
                    (moment - 1.0 / f64::from(k + 1)).abs() < 1e-14,
                    "{k}: {moment}"
                );
            }
        }
        assert_eq!(solver.to_string().parse(), Ok(solver));
        let json = serde_json::to_string(&solver).expect("json");
        assert_eq!(json, format!("\"{solver}\""));
    }
    assert!("rk45".parse::<Solver>().is_err());
}

#[test]
fn saved_times_of_fixed_steps() {
    // x' = 1: linear interpolation is exact.
    let save = [0.0, 0.1, 0.25, 0.6, 1.0];
    for solver in Solver::ALL {
        let solution = integrate_fixed(solver, 4, 0.0, 1.0, vec![2.0_f32], &save, |_, _| vec![1.0]);
        assert_eq!(solution.times, save);
        for (t, x) in save.iter().zip(&solution.states) {
            assert!(
                (f64::from(x[0]) - 2.0 - t).abs() < 1e-6,
                "{solver} at {t}: {x:?}"
            );
        }
    }
    // Saved or not, the result at the end of a step is the same.
    let field = |t: f64, x: &Vec<f64>| smooth(t, x);
    let all = integrate_fixed(
        Solver::Rk4,
        8,
        0.0,
        2.0,
        vec![1.0],
        &[0.25, 0.5, 2.0],
        field,
    );
    let first = integrate_fixed(Solver::Rk4, 1, 0.0, 0.25, vec![1.0], &[0.25], field);
    assert_eq!(all.states[0], first.states[0]);
    // Backwards in time, with as fine steps.
    let x1 = integrate_fixed(Solver::Rk4, 200, 0.0, 2.0, vec![1.0], &[2.0], field).states;
    let save = [1.0, 0.0];
    let back = integrate_fixed(Solver::Rk4, 200, 2.0, 0.0, x1[0].clone(), &save, field);
    assert!((back.states[1][0] - 1.0).abs() < 1e-6, "{:?}", back.states);
}

#[test]
fn adaptive_steps_meet_the_tolerance() {
    for controller in [Controller::Integral, Controller::ProportionalIntegral] {
        let mut last_nfe = 0;
        for tolerance in [1e-4, 1e-6, 1e-8, 1e-10] {
            let options = Adaptive {
                rtol: tolerance,
                atol: tolerance,
                controller,
                ..Adaptive::default()
            };
            let save = [0.0, 0.3, 0.7, 1.0, 3.0];
            let mut calls = 0;
            let solution =
                integrate_adaptive(&options, 0.0, 3.0, vec![1.0, -2.0], &save, |_, x| {
                    calls += 1;
                    x.clone()
                })
                .expect("a smooth field");
            assert_eq!(solution.nfe, calls);
            // One at the start, one for the first step, six for each step: the last stage of
            // a step is the first of the next.
            let tried = solution.steps.len() - 1 + solution.rejected;
            assert_eq!(calls, 2 + 6 * tried);
            for (t, x) in save.iter().zip(&solution.states) {
                assert!(solution.steps.contains(t), "steps end on saved times");
                let error = (x[0] - t.exp()).abs().max((x[1] + 2.0 * t.exp()).abs());
                assert!(
                    error <= 40.0 * tolerance * t.exp() * 2.0,
                    "{tolerance}: {error}"
                );
            }
            assert!(solution.nfe > last_nfe, "more accuracy costs more");
            last_nfe = solution.nfe;
        }
    }
}

/// One step of the embedded method b̂ = b − b_err for x' = −2 t x from x(0.9) = 1.
fn embedded_error(solver: Solver, h: f64) -> [f64; 2] {
    let tableau = solver.tableau();
    let slope = |t: f64, x: f64| -2.0 * t * x;
    let start: f64 = 0.9;
    let mut k: Vec<f64> = Vec::new();
    for (stage, c) in tableau.c.iter().enumerate() {
        let row = stage.checked_sub(1).map_or(&[][..], |i| tableau.a[i]);
        let x = 1.0 + h * row.iter().zip(&k).map(|(a, k)| a * k).sum::<f64>();
        k.push(slope(start + c * h, x));
    }
    let exact = (start * start - (start + h) * (start + h)).exp();
    let weighted = |weights: &[f64]| weights.iter().zip(&k).map(|(w, k)| w * k).sum::<f64>();
    let error = weighted(tableau.b_err.expect("a pair"));
    let step = 1.0 + h * weighted(tableau.b);
    [step - exact, step - h * error - exact]
}

#[test]
fn both_methods_of_each_pair_have_their_order() {
    // The error of one step shrinks like h^(order + 1): against the exact solution.
    for solver in Solver::ADAPTIVE {
        let order = f64::from(solver.tableau().order);
        let (coarse, fine) = (embedded_error(solver, 0.04), embedded_error(solver, 0.02));
        for (i, expected) in [(0, order + 1.0), (1, order)] {
            let found = (coarse[i] / fine[i]).abs().log2();
            assert!((found - expected).abs() < 0.25, "{solver}, {i}: {found}");
        }
    }
    assert!(
        Solver::ALL
            .into_iter()
            .filter(|s| s.is_adaptive())
            .eq(Solver::ADAPTIVE)
    );
}

#[test]
fn every_pair_meets_its_tolerance_and_counts_its_evaluations() {
    // x' = (−y, x) turns the plane; y' = −2 t y is a bell.
    let field = |t: f64, x: &Vec<f64>| vec![-x[1], x[0], -2.0 * t * x[2]];
    let exact = |t: f64| [t.cos(), t.sin(), (-t * t).exp()];
    for solver in Solver::ADAPTIVE {
        let stages = solver.tableau().c.len();
        let mut costs = Vec::new();
        // Fine enough for steps that are shorter than the way between two saved times.
        let coarsest = if solver == Solver::Dopri5 { 1e-7 } else { 1e-3 };
        for tolerance in [1.0, 0.1, 0.01, 0.001].map(|part| part * coarsest) {
            for controller in [Controller::Integral, Controller::ProportionalIntegral] {
                let options = Adaptive {
                    controller,
                    ..Adaptive::within(solver, tolerance)
                };
                let save = [0.4, 1.0, 2.0];
                let mut calls = 0;
                let start = vec![1.0, 0.0, 1.0];
                let solution = integrate_adaptive(&options, 0.0, 2.0, start, &save, |t, x| {
                    calls += 1;
                    field(t, x)
                });
                let solution = solution.expect("a smooth field");
                assert_eq!(solution.nfe, calls);
                // One at the start, one for the first step; a step that was thrown away keeps
                // its first stage, and so does one whose last stage opens the next.
                let taken = solution.steps.len() - 1;
                let new = if solver.tableau().fsal { 0 } else { taken - 1 };
                let tried = taken + solution.rejected;
                assert_eq!(calls, 2 + (stages - 1) * tried + new, "{solver}");
                for (t, x) in save.iter().zip(&solution.states) {
                    for (x, exact) in x.iter().zip(exact(*t)) {
                        let error = (x - exact).abs();
                        assert!(error < 25.0 * tolerance, "{solver} {tolerance}: {error}");
                    }
                }
                costs.push(calls);
            }
        }
        assert!(costs[0] < costs[6] && costs[1] < costs[7], "{costs:?}");
        // A hundredth of the tolerance asks for 100^(1/order) times the steps.
        let growth = costs[6] as f64 / costs[2] as f64;
        let expected = 100f64.powf(1.0 / f64::from(solver.tableau().order));
        assert!((growth / expected - 1.0).abs() < 0.35, "{solver}: {growth}");
    }
}

#[test]
fn the_pairs_agree_at_fine_tolerances() {
    let field = |t: f64, x: &Vec<f64>| vec![(3.0 * t).sin() - x[0] * x[0], x[0] - 0.5 * x[1]];
    let end = |solver, tolerance| {
        let options = Adaptive {
            max_steps: 1_000_000,
            ..Adaptive::within(solver, tolerance)
        };
        let solution = integrate_adaptive(&options, 0.0, 1.0, vec![0.5, -1.0], &[1.0], field);
        solution.expect("smooth").states[0].clone()
    };
    let wanted = end(Solver::Dopri5, 1e-12);
    for solver in Solver::ADAPTIVE {
        // Each step may err by the tolerance: 1e-10 keeps the whole way within 1e-8.
        for (x, wanted) in end(solver, 1e-10).iter().zip(&wanted) {
            assert!((x - wanted).abs() < 1e-8, "{solver}: {x} {wanted}");
        }
    }
}

#[test]
#[should_panic(expected = "rk4 has no error estimate")]
fn a_method_without_an_error_estimate_is_refused() {
    let options = Adaptive::within(Solver::Rk4, 1e-3);
    let _ = integrate_adaptive(&options, 0.0, 1.0, vec![1.0], &[], |_, x: &Vec<f64>| {
        x.clone()
    });
}

#[test]
fn adaptive_goes_backwards_and_stiff() {
    let options = Adaptive {
        rtol: 1e-9,
        atol: 1e-9,
        ..Adaptive::default()
    };
    let forth = integrate_adaptive(&options, 0.0, 1.0, vec![1.0], &[1.0], |t, x| smooth(t, x));
    let forth = forth.expect("smooth").states[0].clone();
    let back = integrate_adaptive(&options, 1.0, 0.0, forth, &[0.5, 0.0], |t, x| smooth(t, x));
    assert!((back.expect("smooth").states[1][0] - 1.0).abs() < 1e-7);
    // A jump in the slope makes it reject steps but not fail.
    let jump = |t: f64, _: &Vec<f64>| vec![if t < 0.31 { 0.0 } else { 100.0 }];
    let solution = integrate_adaptive(&options, 0.0, 1.0, vec![0.0], &[1.0], jump).expect("jump");
    assert!(solution.rejected > 0);
    assert!(
        (solution.states[0][0] - 69.0).abs() < 1e-5,
        "{:?}",
        solution.states
    );
}

#[test]
fn adaptive_reports_failure() {
    let options = Adaptive {
        max_steps: 5,
        ..Adaptive::default()
    };
    let wave = |t: f64, _: &Vec<f64>| vec![(200.0 * t).sin() * 100.0];
    let error = integrate_adaptive(&options, 0.0, 10.0, vec![1.0], &[], wave);
    assert!(
        matches!(error, Err(IntegrateError::TooManySteps { steps: 5, .. })),
        "{error:?}"
    );
    // x' = x² from 1 is infinite at t = 1.
    let blow_up = |_: f64, x: &Vec<f64>| vec![x[0] * x[0]];
    assert!(integrate_adaptive(&Adaptive::default(), 0.0, 2.0, vec![1.0], &[], blow_up).is_err());
    // Not a number beyond t = 1.
    let wall = |t: f64, _: &Vec<f64>| vec![(1.0 - t).sqrt()];
    let error = integrate_adaptive(&Adaptive::default(), 0.0, 2.0, vec![1.0], &[], wall);
    assert!(
        matches!(error, Err(IntegrateError::StepTooSmall { .. })),
        "{error:?}"
    );
    let nan = |_: f64, _: &Vec<f64>| vec![f64::NAN];
    assert!(integrate_adaptive(&Adaptive::default(), 0.0, 2.0, vec![1.0], &[], nan).is_err());
}

#[test]
fn likelihood_of_the_exact_field_is_its_density() {
    let board = Dataset::CHECKERBOARD.boxes().expect("boxes");
    let points = [0.3, -0.4, 1.2, 0.5, -1.7, 1.1, 0.0, 0.0, 2.3, -2.6];
    for scheduler in Scheduler::ALL {
        let field = MarginalField::new(&board, scheduler);
        let t1 = 0.9;
        let start: Vec<f64> = points
            .chunks_exact(2)
            .map(|x| field.at(0.0, [x[0], x[1]]).log_density)
            .collect();
        assert!(start.iter().all(|l| l.is_finite()));
        let options = Adaptive {
            rtol: 1e-8,
            atol: 1e-8,
            ..Adaptive::default()
        };
        let f = |t: f64, x: &[f64], v: &mut [f64], div: &mut [f64]| {
            let table = field.at_time::<f64>(t);
            let mut scratch = table.scratch();
            for i in 0..div.len() {
                let m = table.at([x[2 * i], x[2 * i + 1]], &mut scratch);
                v[2 * i..2 * i + 2].copy_from_slice(&m.velocity);
                div[i] = m.divergence;
            }
        };
        let adaptive = log_likelihood(&points, t1, Method::Adaptive(options), f).expect("smooth");
        let fixed = log_likelihood(&points, t1, Method::Fixed(Solver::Rk4, 400), f).expect("fixed");
        for i in 0..5 {
            let exact = field.at(t1, [points[2 * i], points[2 * i + 1]]).log_density;
            // The VP path does not begin exactly at a standard normal.
            let bound = if let Scheduler::Vp { .. } = scheduler {
                2e-2
            } else {
                1e-5
            };
            assert!(
                (adaptive.log_p[i] - exact).abs() < bound,
                "{scheduler}: {i}"
            );
            assert!(
                (fixed.log_p[i] - adaptive.log_p[i]).abs() < 1e-4,
                "{scheduler}: {i}"
            );
        }
    }
}
