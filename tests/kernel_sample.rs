//! The sampler against a plain loop over particles.

mod kernel_naive;

use std::sync::atomic::{AtomicBool, Ordering};

use flowlab::flow::{Solver, VelocityField};
use flowlab::kernel::{Activation, Mlp, MlpWeights, sample, sample_or_cancel};
use kernel_naive::{network, numbers, on_threads, velocity};

/// Positions of one particle at the ends of all steps.
fn plain(
    weights: &MlpWeights,
    solver: Solver,
    steps: usize,
    span: [f64; 2],
    start: [f64; 2],
) -> Vec<[f64; 2]> {
    let tableau = solver.tableau();
    let h = (span[1] - span[0]) / steps as f64;
    let mut path = vec![start];
    for step in 0..steps {
        let x = path[step];
        let t = span[0] + h * step as f64;
        let mut k: Vec<[f64; 2]> = Vec::new();
        for (stage, c) in tableau.c.iter().enumerate() {
            let mut at = x;
            for (k, a) in k.iter().zip(if stage == 0 {
                &[][..]
            } else {
                tableau.a[stage - 1]
            }) {
                at = [at[0] + h * a * k[0], at[1] + h * a * k[1]];
            }
            k.push(velocity(weights, t + c * h, at));
        }
        let mut end = x;
        for (k, b) in k.iter().zip(tableau.b) {
            end = [end[0] + h * b * k[0], end[1] + h * b * k[1]];
        }
        path.push(end);
    }
    path
}

#[test]
fn every_solver_agrees_with_the_plain_loop_forward_and_backward() {
    let weights = network(&[3, 24, 24, 2], Activation::Gelu);
    let mlp = Mlp::new(&weights);
    let (n, steps) = (300, 8);
    let x0 = numbers(2 * n, 1);
    for solver in Solver::ALL {
        for span in [[0.0, 1.0], [0.9, 0.25]] {
            // All ends of steps, then a time at a quarter of the third step.
            let mut times: Vec<f32> = (0..=steps)
                .map(|i| (span[0] + (span[1] - span[0]) * i as f64 / steps as f64) as f32)
                .collect();
            times.push((span[0] + (span[1] - span[0]) * 2.25 / steps as f64) as f32);
            let [t0, t1] = span.map(|t| t as f32);
            let got = sample(&mlp, solver, steps, t0, t1, &x0, &times);
            assert_eq!((got.n, &got.times), (n, &times));
            for i in 0..n {
                let start = [x0[2 * i].into(), x0[2 * i + 1].into()];
                let mut path = plain(&weights, solver, steps, span, start);
                let (a, b) = (path[2], path[3]);
                path.push([0, 1].map(|c| a[c] + 0.25 * (b[c] - a[c])));
                for (k, wanted) in path.iter().enumerate() {
                    for (&x, wanted) in got.frame(k)[2 * i..].iter().zip(wanted) {
                        let error = (f64::from(x) - wanted).abs();
                        assert!(error < 2e-5, "{solver} {span:?} frame {k}: {error}");
                    }
                }
            }
        }
    }
}

#[test]
fn evaluations_are_counted() {
    let mlp = Mlp::new(&network(&[3, 4, 2], Activation::Relu));
    let nfe = |solver| sample(&mlp, solver, 5, 0.0, 1.0, &[0.0; 2], &[]).nfe;
    assert_eq!(Solver::ALL.map(nfe), [5, 10, 10, 20, 10, 15, 30]);
}

#[test]
fn the_first_and_the_last_frame_are_exact() {
    let mlp = Mlp::new(&network(&[3, 10, 2], Activation::Tanh));
    let x0 = numbers(2 * 700, 2);
    let whole = sample(&mlp, Solver::Heun, 7, 0.0, 1.0, &x0, &[0.0, 1.0]);
    assert_eq!(whole.frame(0), x0);
    // More frames between, in any order and outside the interval, change nothing.
    let times = [0.5, 1.0, 3.0, 0.0, -1.0, 0.1];
    let more = sample(&mlp, Solver::Heun, 7, 0.0, 1.0, &x0, &times);
    assert_eq!(more.frame(1), whole.frame(1));
    assert_eq!(more.frame(2), whole.frame(1));
    assert_eq!(more.frame(3), x0);
    assert_eq!(more.frame(4), x0);
    // The frame of a step's end does not depend on the rounding of its time.
    let steps: Vec<f32> = (0..=7).map(|i| i as f32 / 7.0).collect();
    let ends = sample(&mlp, Solver::Heun, 7, 0.0, 1.0, &x0, &steps);
    let mut x = x0;
    for i in 0..7 {
        assert_eq!(ends.frame(i), x, "frame {i}");
        x = ends.frame(i + 1).to_vec();
    }
    assert_eq!(ends.frame(7), whole.frame(1));
}

#[test]
fn threads_do_not_change_a_bit() {
    let mlp = Mlp::new(&network(&[3, 40, 40, 2], Activation::Gelu));
    let x0 = numbers(2 * 2001, 3);
    let run = |threads| {
        on_threads(threads, || {
            sample(&mlp, Solver::Rk4, 4, 0.0, 1.0, &x0, &[0.3, 1.0])
        })
    };
    let one = run(1);
    assert!(one.points.iter().all(|x| x.is_finite()));
    for threads in [2, 3, 7] {
        assert_eq!(run(threads), one, "{threads} threads");
    }
}

#[test]
fn no_particles_give_empty_frames() {
    let mlp = Mlp::new(&network(&[3, 4, 2], Activation::Relu));
    let got = sample(&mlp, Solver::Euler, 3, 0.0, 1.0, &[], &[0.0, 1.0]);
    assert_eq!((got.n, got.points.len(), got.times.len()), (0, 0, 2));
}

/// `dx/dt = (1, t)`, that asks to be stopped when it is called for the fourth time.
struct Stops<'a> {
    cancel: &'a AtomicBool,
    calls: std::sync::atomic::AtomicUsize,
}

impl VelocityField<f32> for Stops<'_> {
    fn velocity(&self, t: f32, _: &[f32], out: &mut [f32]) {
        if self.calls.fetch_add(1, Ordering::Relaxed) == 3 {
            self.cancel.store(true, Ordering::Relaxed);
        }
        for v in out.chunks_mut(2) {
            v.copy_from_slice(&[1.0, t]);
        }
    }

    fn label(&self) -> &str {
        "stops"
    }
}

#[test]
fn a_cancelled_run_stops_between_two_steps() {
    let cancel = AtomicBool::new(false);
    let field = Stops {
        cancel: &cancel,
        calls: 0.into(),
    };
    let got = sample_or_cancel(
        &field,
        Solver::Euler,
        100,
        0.0,
        1.0,
        &[0.0; 4],
        &[1.0],
        &cancel,
    );
    assert!(got.is_none());
    assert_eq!(field.calls.load(Ordering::Relaxed), 4);
}

#[test]
fn a_field_that_is_no_network_is_integrated_too() {
    let never = AtomicBool::new(false);
    let field = Stops {
        cancel: &AtomicBool::new(false),
        calls: 0.into(),
    };
    let field: &dyn VelocityField<f32> = &field;
    let got = sample_or_cancel(
        field,
        Solver::Midpoint,
        10,
        0.0,
        2.0,
        &[5.0, 6.0],
        &[2.0],
        &never,
    )
    .expect("nobody cancels");
    assert!((got.points[0] - 7.0).abs() < 1e-5);
    assert!((got.points[1] - 8.0).abs() < 1e-5);
}
