//! The exact field against itself: ends of time, derivatives, continuity, total mass, speed.

use flowlab::data::Dataset;
use flowlab::flow::{
    BoxUnion, Marginal, MarginalField, Real, Scheduler, VelocityField, WeightedBox,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

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

/// A board of uneven boxes and weights, for which no symmetry hides a mistake.
fn uneven() -> BoxUnion {
    let boxes = [
        ([-1.5, -0.5], [-0.25, 1.0], 0.3),
        ([0.0, 0.0], [0.75, 2.0], 0.45),
        ([-0.25, -1.75], [1.5, -0.5], 0.2),
        ([1.0, 1.25], [1.0625, 1.75], 0.05),
    ];
    let boxes = boxes.map(|(lo, hi, weight)| WeightedBox { lo, hi, weight });
    BoxUnion::new(boxes.to_vec()).expect("valid boxes")
}

#[test]
fn exact_values_at_both_ends() {
    for scheduler in Scheduler::ALL {
        let field = MarginalField::new(&uneven(), scheduler);
        let x = [0.3, -1.1];
        let mean = uneven().mean();
        let c = scheduler.at(0.0_f64);
        let start = field.at(0.0, x);
        if c.alpha == 0.0 {
            for i in 0..2 {
                let v = c.d_alpha * mean[i] + c.d_sigma * x[i];
                assert!((start.velocity[i] - v).abs() < 1e-13, "{scheduler}");
                assert!((start.mean_x1[i] - mean[i]).abs() < 1e-13, "{scheduler}");
                assert!((start.score[i] + x[i]).abs() < 1e-13, "{scheduler}");
            }
            let log = -0.5 * (x[0] * x[0] + x[1] * x[1]) - std::f64::consts::TAU.ln();
            assert!((start.log_density - log).abs() < 1e-13, "{scheduler}");
            assert!((start.trace_cov - uneven().trace_covariance()).abs() < 1e-13);
        }
        // Inside a box v → α̇ x at the end, the density is that of the target.
        let end = field.at(1.0, x);
        let c = scheduler.at(scheduler.t_max());
        let density: f64 = 0.2 / (1.75 * 1.25);
        for (i, x) in x.into_iter().enumerate() {
            let v = c.d_alpha * x;
            assert!(
                (end.velocity[i] - v).abs() < 1e-4 * (1.0 + v.abs()),
                "{scheduler}"
            );
        }
        assert!((end.log_density - density.ln()).abs() < 5e-3, "{scheduler}");
    }
    let linear = MarginalField::new(&board(), Scheduler::CondOt);
    let v = linear.at(1.0, [0.25, -0.75]).velocity;
    assert!(
        (v[0] - 0.25).abs() < 1e-6 && (v[1] + 0.75).abs() < 1e-6,
        "{v:?}"
    );
    let v = linear.at(1.0_f32, [0.25, -0.75]).velocity;
    assert!(
        (v[0] - 0.25).abs() < 1e-6 && (v[1] + 0.75).abs() < 1e-6,
        "{v:?}"
    );
}

#[test]
fn finite_everywhere() {
    let places = [0.0, 1e-30, 0.5, 1.0, -2.0, 2.0, 7.0, -30.0, 31.5, 1e3, -1e6];
    let times = [
        0.0, 1e-12, 1e-5, 0.01, 0.1, 0.3, 0.499, 0.501, 0.8, 0.99, 0.99999, 1.0,
    ];
    for target in [
        board(),
        uneven(),
        Dataset::StandardBoard.boxes().expect("boxes"),
    ] {
        for scheduler in Scheduler::ALL {
            let field = MarginalField::new(&target, scheduler);
            for t in times {
                for x in places {
                    for y in places {
                        let wide = field.at(t, [x, y]);
                        let narrow = field.at(t as f32, [x as f32, y as f32]);
                        let at = format!("{scheduler}, t = {t}, x = {x}, y = {y}");
                        assert!(
                            numbers(&wide).iter().all(|n| n.is_finite()),
                            "{at}: {wide:?}"
                        );
                        assert!(
                            numbers(&narrow).iter().all(|n| n.is_finite()),
                            "{at}: {narrow:?}"
                        );
                        assert!(
                            wide.trace_cov >= 0.0 && wide.trace_cov < 12.0,
                            "{at}: {wide:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn near_and_far_ways_agree_on_any_boxes() {
    // The robust way shares no formula with the plain one inside the support.
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let fine = BoxUnion::grid(48, 2.0, |i, j| (i * 7 + j * j) % 5 < 2).expect("boxes");
    for target in [uneven(), fine] {
        for scheduler in Scheduler::ALL {
            let field = MarginalField::new(&target, scheduler);
            for _ in 0..300 {
                let t: f64 = rng.random();
                let x = [rng.random_range(-3.0..3.0), rng.random_range(-3.0..3.0)];
                let table = field.at_time::<f64>(t);
                let (a, b) = (
                    numbers(&table.at(x, &mut table.scratch())),
                    numbers(&table.at_robust(x)),
                );
                let narrow = numbers(&field.at_time::<f32>(t).at_robust(x.map(|x| x as f32)));
                let table = field.at_time::<f32>(t);
                let x32 = x.map(|x| x as f32);
                let plain = numbers(&table.at(x32, &mut table.scratch()));
                let wide = numbers(&field.at_time::<f64>(t).at_robust(x32.map(f64::from)));
                for i in 0..7 {
                    let at = format!("{scheduler}, t = {t}, x = {x:?}, column {i}");
                    let bound = 1.0 + b[i].abs() + a[0].abs() + a[1].abs();
                    assert!(
                        (a[i] - b[i]).abs() < 1e-9 * bound,
                        "{at}: {} {}",
                        a[i],
                        b[i]
                    );
                    let (p, q) = (plain[i], narrow[i]);
                    assert!((p - wide[i]).abs() < 2e-4 * bound, "{at}: {p} {}", wide[i]);
                    assert!((q - wide[i]).abs() < 2e-4 * bound, "{at}: {q} {}", wide[i]);
                }
            }
        }
    }
}

#[test]
fn derivatives_by_finite_differences() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let h = 1e-5;
    for scheduler in Scheduler::ALL {
        let field = MarginalField::new(&uneven(), scheduler);
        let log = |t: f64, x: [f64; 2]| field.at(t, x).log_density;
        for _ in 0..200 {
            let t = rng.random_range(0.02..0.95);
            let x = [rng.random_range(-2.5..2.5), rng.random_range(-2.5..2.5)];
            let m = field.at(t, x);
            let (mut divergence, mut score) = (0.0, [0.0; 2]);
            for i in 0..2 {
                let (mut up, mut down) = (x, x);
                up[i] += h;
                down[i] -= h;
                let (v_up, v_down) = (field.at(t, up).velocity, field.at(t, down).velocity);
                divergence += (v_up[i] - v_down[i]) / (2.0 * h);
                score[i] = (log(t, up) - log(t, down)) / (2.0 * h);
            }
            let at = format!("{scheduler}, t = {t}, x = {x:?}: {m:?}");
            let bound = 1e-4 * (1.0 + m.divergence.abs());
            assert!(
                (divergence - m.divergence).abs() < bound,
                "{at}, {divergence}"
            );
            for i in 0..2 {
                let bound = 1e-4 * (1.0 + m.score[i].abs());
                assert!((score[i] - m.score[i]).abs() < bound, "{at}, {score:?}");
            }
            // Continuity: ∂ ln p/∂t + v·∇ ln p + ∇·v = 0.
            let rate = (log(t + h, x) - log(t - h, x)) / (2.0 * h);
            let flow = m.velocity[0] * m.score[0] + m.velocity[1] * m.score[1];
            let bound = 1e-4 * (1.0 + rate.abs() + flow.abs());
            assert!((rate + flow + m.divergence).abs() < bound, "{at}, {rate}");
        }
    }
}

#[test]
fn density_integrates_to_one() {
    for scheduler in Scheduler::ALL {
        for t in [0.0, 0.2, 0.5, 0.8] {
            let field = MarginalField::new(&uneven(), scheduler);
            let table = field.at_time::<f64>(t);
            let mut scratch = table.scratch();
            // The trapezoidal rule is exact to rounding for functions as smooth as these.
            let (n, half) = (160, 6.4);
            let step = 2.0 * half / n as f64;
            let mut sum = 0.0;
            for i in 0..=n {
                for j in 0..=n {
                    let x = [i, j].map(|k| -half + step * k as f64);
                    sum += table.at(x, &mut scratch).log_density.exp();
                }
            }
            let total = sum * step * step;
            assert!((total - 1.0).abs() < 1e-6, "{scheduler}, t = {t}: {total}");
        }
    }
}

#[test]
fn posterior_gives_the_mean() {
    let union = uneven();
    for t in [0.0, 0.3, 0.7, 0.99] {
        let field = MarginalField::new(&union, Scheduler::CondOt);
        for x in [[0.1, 0.2], [-2.0, 3.0], [40.0, 1.0]] {
            let p = field.posterior(t, x);
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            // Mean over boxes of each box's own exact mean.
            let mut mean = [0.0; 2];
            for (b, p) in union.boxes.iter().zip(&p) {
                let single = BoxUnion::new(vec![*b]).expect("one box");
                let m = MarginalField::new(&single, Scheduler::CondOt).at(t, x);
                mean[0] += p * m.mean_x1[0];
                mean[1] += p * m.mean_x1[1];
            }
            let m = field.at(t, x).mean_x1;
            assert!((m[0] - mean[0]).abs() < 1e-9 && (m[1] - mean[1]).abs() < 1e-9);
        }
    }
    assert_eq!(
        MarginalField::new(&union, Scheduler::CondOt)
            .posterior(0.0_f64, [3.0, 1.0])
            .len(),
        4
    );
}

#[test]
fn slices_match_single_points() {
    let field = MarginalField::new(&board(), Scheduler::Cosine);
    let x: Vec<f32> = (0..200)
        .map(|i| ((i * 37) % 101) as f32 / 20.0 - 2.5)
        .collect();
    let mut out = vec![0.0; x.len()];
    for t in [0.0_f32, 0.4, 0.9, 1.0] {
        field.velocity(t, &x, &mut out);
        for (x, v) in x.chunks_exact(2).zip(out.chunks_exact(2)) {
            let single = field.at(t, [x[0], x[1]]).velocity;
            for i in 0..2 {
                assert!((single[i] - v[i]).abs() <= 1e-5 * (1.0 + v[i].abs()));
            }
        }
    }
}

/// Speed on the checkerboard, in evaluations a second on one core.
#[test]
fn fast_enough_to_scrub() {
    let field = MarginalField::new(&board(), Scheduler::CondOt);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let n = 2000;
    let mut x: Vec<f32> = (0..2 * n)
        .map(|_| StandardNormal.sample(&mut rng))
        .collect();
    let mut v = vec![0.0; 2 * n];
    let start = std::time::Instant::now();
    let steps = 100;
    for i in 0..steps {
        field.velocity(i as f32 / steps as f32, &x, &mut v);
        for (x, v) in x.iter_mut().zip(&v) {
            *x += v / steps as f32;
        }
    }
    let rate = (n * steps) as f64 / start.elapsed().as_secs_f64() / 1e6;
    println!("exact field, f32, one thread: {rate:.2} M evaluations/s");
    // A tenth of the aim, so that a busy machine does not fail the test; only when optimised.
    assert!(
        cfg!(debug_assertions) || rate > 0.25,
        "{rate} M evaluations/s"
    );
}
