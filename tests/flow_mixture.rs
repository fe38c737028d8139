//! The exact fields of mixtures and point sets, against closed forms, differences and draws.

use flowlab::data::Dataset;
use flowlab::flow::{
    BoxUnion, ExactField, Gaussian, MarginalField, Mixture, MixtureField, Scheduler, VelocityField,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

fn part(mean: [f64; 2], std: f64, weight: f64) -> Gaussian {
    Gaussian { mean, std, weight }
}

/// Different deviations and weights, one of them a single point.
fn uneven() -> Mixture {
    Mixture::new(vec![
        part([1.5, -0.5], 0.3, 2.0),
        part([-1.0, 0.8], 0.7, 1.0),
        part([0.2, 1.9], 0.0, 0.5),
    ])
    .expect("a mixture")
}

fn points() -> Vec<[f64; 2]> {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    (0..40).map(|_| Dataset::Moons.sample(&mut rng)).collect()
}

fn targets() -> [Mixture; 3] {
    [
        uneven(),
        Dataset::EightGaussians.mixture().expect("a mixture"),
        Mixture::empirical(&points()).expect("points"),
    ]
}

const PLACES: [[f64; 2]; 4] = [[0.3, -0.4], [1.6, 0.2], [-1.1, -1.3], [0.0, 2.5]];

#[test]
fn one_gaussian_has_the_textbook_field() {
    // x_t is N(mμ, S I) and v = mean' + (S'/2S)(x − mean) for a Gaussian.
    let (mean, std) = ([0.7, -1.2], 0.6);
    let target = Mixture::new(vec![part(mean, std, 3.0)]).expect("a mixture");
    for path in Scheduler::ALL {
        let field = MixtureField::new(&target, path);
        for t in [0.0, 0.2, 0.5, 0.9, 0.999] {
            let c = path.at(t);
            let variance = c.alpha * c.alpha * std * std + c.sigma * c.sigma;
            let rate = c.alpha * c.d_alpha * std * std + c.sigma * c.d_sigma;
            for x in PLACES {
                let at = field.at(t, x);
                for i in 0..2 {
                    let off = x[i] - c.alpha * mean[i];
                    let v = c.d_alpha * mean[i] + rate / variance * off;
                    assert!(
                        (at.velocity[i] - v).abs() < 1e-9 * v.abs().max(1.0),
                        "{path} {t}"
                    );
                    assert!((at.score[i] + off / variance).abs() < 1e-9, "{path} {t}");
                }
                let divergence = 2.0 * rate / variance;
                assert!((at.divergence - divergence).abs() < 1e-9 * divergence.abs().max(1.0));
                let trace = 2.0 * std * std * c.sigma * c.sigma / variance;
                assert!((at.trace_cov - trace).abs() < 1e-12, "{path} {t}");
            }
        }
    }
}

#[test]
fn divergence_and_score_are_derivatives() {
    let h = 1e-5;
    for target in targets() {
        for path in [Scheduler::CondOt, Scheduler::Cosine, Scheduler::VP] {
            let field = MixtureField::new(&target, path);
            for t in [0.05, 0.4, 0.7, 0.9] {
                for x in PLACES {
                    let at = field.at(t, x);
                    let shifted = |i: usize, d: f64| {
                        let mut x = x;
                        x[i] += d;
                        field.at(t, x)
                    };
                    let mut divergence = 0.0;
                    for i in 0..2 {
                        let (up, down) = (shifted(i, h), shifted(i, -h));
                        divergence += (up.velocity[i] - down.velocity[i]) / (2.0 * h);
                        let score = (up.log_density - down.log_density) / (2.0 * h);
                        let scale = at.score[i].abs().max(1.0);
                        assert!(
                            (score - at.score[i]).abs() < 1e-4 * scale,
                            "{path} {t} {x:?}"
                        );
                    }
                    let scale = at.divergence.abs().max(10.0);
                    assert!(
                        (divergence - at.divergence).abs() < 1e-3 * scale,
                        "{path} {t} {x:?}: {divergence} {}",
                        at.divergence
                    );
                }
            }
        }
    }
}

#[test]
fn the_density_obeys_the_continuity_equation() {
    // ∂ ln p/∂t = −∇·v − v·∇ ln p.
    let h = 1e-6;
    for target in targets() {
        for path in [Scheduler::CondOt, Scheduler::Cosine, Scheduler::VP] {
            let field = MixtureField::new(&target, path);
            for t in [0.1, 0.5, 0.85] {
                for x in PLACES {
                    let at = field.at(t, x);
                    let change = (field.at(t + h, x).log_density - field.at(t - h, x).log_density)
                        / (2.0 * h);
                    let flow = at.velocity[0] * at.score[0] + at.velocity[1] * at.score[1];
                    let expected = -at.divergence - flow;
                    let scale = at.divergence.abs().max(flow.abs()).max(1.0);
                    assert!(
                        (change - expected).abs() < 1e-5 * scale,
                        "{path} {t} {x:?}: {change} {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn velocity_is_a_weighted_mean_of_conditional_velocities() {
    let (t, x) = (0.6, [0.3, -0.4]);
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for target in targets() {
        let at = MixtureField::new(&target, Scheduler::CondOt).at(t, x);
        // Importance sampling: draw x1, weigh by N(x; t x1, (1 − t)² I).
        let (mut sum, mut mean, mut second) = (0.0, [0.0; 2], 0.0);
        for _ in 0..400_000 {
            let mut pick = rng.random::<f64>();
            let part = target
                .parts()
                .iter()
                .find(|p| {
                    pick -= p.weight;
                    pick < 0.0
                })
                .unwrap_or(&target.parts()[0]);
            let x1 = part
                .mean
                .map(|m| m + part.std * rng.sample::<f64, _>(StandardNormal));
            let x0 = [0, 1].map(|i| (x[i] - t * x1[i]) / (1.0 - t));
            let weight = (-0.5 * (x0[0] * x0[0] + x0[1] * x0[1])).exp();
            sum += weight;
            second += weight * (x1[0] * x1[0] + x1[1] * x1[1]);
            for i in 0..2 {
                mean[i] += weight * x1[i];
            }
        }
        let mean = mean.map(|m| m / sum);
        for i in 0..2 {
            assert!((mean[i] - at.mean_x1[i]).abs() < 0.02, "{mean:?} {at:?}");
            let v = (at.mean_x1[i] - x[i]) / (1.0 - t);
            assert!((v - at.velocity[i]).abs() < 1e-9, "{at:?}");
        }
        let trace = second / sum - mean[0] * mean[0] - mean[1] * mean[1];
        assert!((trace - at.trace_cov).abs() < 0.03, "{trace} {at:?}");
        // The density p_t(x) = E N(x; t x1, (1 − t)² I).
        let density = sum / 400_000.0 / (std::f64::consts::TAU * (1.0 - t) * (1.0 - t));
        assert!((density.ln() - at.log_density).abs() < 0.02, "{density}");
    }
}

#[test]
fn a_fine_row_of_points_acts_like_a_box() {
    // 64 × 64 points fill one box evenly.
    let n = 64;
    let at = |k: usize| (k as f64 + 0.5) / n as f64 * 2.0 - 1.0;
    let grid: Vec<[f64; 2]> = (0..n * n).map(|k| [at(k % n), at(k / n)]).collect();
    let points = MixtureField::new(
        &Mixture::empirical(&grid).expect("points"),
        Scheduler::CondOt,
    );
    let square = BoxUnion::grid(1, 1.0, |_, _| true).expect("a box");
    let boxes = MarginalField::new(&square, Scheduler::CondOt);
    // Later the noise is no longer wide against the spacing.
    for t in [0.1, 0.3, 0.5] {
        for x in PLACES {
            let (a, b) = (points.at(t, x), boxes.at(t, x));
            for i in 0..2 {
                assert!((a.velocity[i] - b.velocity[i]).abs() < 2e-3, "{t} {x:?}");
            }
            assert!((a.log_density - b.log_density).abs() < 2e-3, "{t} {x:?}");
            assert!((a.trace_cov - b.trace_cov).abs() < 2e-3, "{t} {x:?}");
        }
    }
}

#[test]
fn both_precisions_agree_and_weights_sum_to_one() {
    for target in targets() {
        let field = ExactField::Mixture(MixtureField::new(&target, Scheduler::CondOt));
        for t in [0.0, 0.3, 0.8, 0.99] {
            let mut narrow = vec![0.0_f32; 2 * PLACES.len()];
            let x: Vec<f32> = PLACES.iter().flatten().map(|&x| x as f32).collect();
            VelocityField::<f32>::velocity(&field, t as f32, &x, &mut narrow);
            for (k, x) in PLACES.into_iter().enumerate() {
                let wide = field.at(f64::from(t as f32), x);
                for i in 0..2 {
                    let scale = wide.velocity[i].abs().max(1.0);
                    let error = f64::from(narrow[2 * k + i]) - wide.velocity[i];
                    assert!(error.abs() < 2e-3 * scale, "{t} {x:?}: {error}");
                }
                let weights = field.posterior(t, x);
                assert_eq!(weights.len(), field.centres().len());
                assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn floors_match_closed_form_and_monte_carlo() {
    // One Gaussian, linear path: c_t² · 2τ²s²/S/2 = τ²/S, S = t²τ² + (1 − t)².
    let std = 0.5;
    let one = Mixture::new(vec![part([1.0, 2.0], std, 1.0)]).expect("a mixture");
    let field = MixtureField::new(&one, Scheduler::CondOt);
    let exact = |t: f64| std * std / (t * t * std * std + (1.0 - t) * (1.0 - t));
    for t in [0.0, 0.4, 0.99] {
        assert!((field.loss_floor_at(t) - exact(t)).abs() < 1e-9, "{t}");
    }
    // ∫ τ²/(t²τ² + (1 − t)²) dt = τ π/2 over [0, 1].
    let whole = std * std::f64::consts::FRAC_PI_2;
    assert!(
        (field.loss_floor() - whole).abs() < 1e-4,
        "{}",
        field.loss_floor()
    );

    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let eight = Dataset::EightGaussians;
    let moons = Mixture::empirical(&points()).expect("points");
    let empirical = MixtureField::new(&moons, Scheduler::CondOt);
    let cases: [(ExactField, f64); 2] = [
        (eight.exact(Scheduler::CondOt).expect("exact"), 0.01),
        (ExactField::Mixture(empirical), 0.03),
    ];
    let set = points();
    for (k, (field, tolerance)) in cases.iter().enumerate() {
        let t = 0.55;
        let n = 60_000;
        let mut sum = 0.0;
        for _ in 0..n {
            let x1 = if k == 0 {
                eight.sample(&mut rng)
            } else {
                set[rng.random_range(0..set.len())]
            };
            let x0 = [(); 2].map(|()| rng.sample::<f64, _>(StandardNormal));
            let x = [0, 1].map(|i| t * x1[i] + (1.0 - t) * x0[i]);
            let v = field.at(t, x).velocity;
            sum += (0..2).map(|i| (x1[i] - x0[i] - v[i]).powi(2)).sum::<f64>() / 2.0;
        }
        let (mean, floor) = (sum / f64::from(n), field.loss_floor_at(t));
        assert!(
            (mean - floor).abs() < tolerance * mean.max(0.3),
            "{mean} {floor}"
        );
    }
    // The law of t only weighs the times.
    let (field, _) = &cases[0];
    let late = field.loss_floor_under(|t| if t > 0.5 { 2.0 } else { 0.0 });
    let early = field.loss_floor_under(|t| if t > 0.5 { 0.0 } else { 2.0 });
    assert!((0.5 * (late + early) - field.loss_floor()).abs() < 1e-9);
}

#[test]
fn data_sets_know_their_fields() {
    let path = Scheduler::CondOt;
    assert!(matches!(
        Dataset::CHECKERBOARD.exact(path),
        Some(ExactField::Boxes(_))
    ));
    assert!(matches!(
        Dataset::EightGaussians.exact(path),
        Some(ExactField::Mixture(_))
    ));
    assert!(Dataset::Moons.exact(path).is_none());
    // Entropy of eight well separated Gaussians: ln 8 + ln(2πe τ²).
    let tau = 2.0_f64.sqrt() / 4.0;
    let apart = 8.0_f64.ln() + (std::f64::consts::TAU * tau * tau).ln() + 1.0;
    let entropy = Dataset::EightGaussians.entropy().expect("known");
    assert!(
        entropy < apart && apart - entropy < 0.05,
        "{entropy} {apart}"
    );
    let (mean, trace) = Dataset::EightGaussians
        .exact(path)
        .expect("exact")
        .data_moments();
    assert!(
        mean[0].abs() < 1e-12 && (trace - 8.25).abs() < 1e-12,
        "{trace}"
    );
}

#[test]
fn wrong_mixtures_are_refused() {
    assert!(Mixture::new(Vec::new()).is_err());
    assert!(Mixture::new(vec![part([0.0; 2], 1.0, 1.0); 4097]).is_err());
    for bad in [
        part([f64::NAN, 0.0], 1.0, 1.0),
        part([0.0; 2], -1.0, 1.0),
        part([0.0; 2], 1.0, 0.0),
        part([0.0; 2], f64::INFINITY, 1.0),
    ] {
        let error = Mixture::new(vec![part([0.0; 2], 1.0, 1.0), bad]).unwrap_err();
        assert!(error.to_string().contains("component 1"), "{error}");
    }
}
