//! MMD, null bands, round trips, path energy, Hutchinson's estimate and normalised densities.

use flowlab::data::Dataset;
use flowlab::flow::likelihood::{Method, grid, hutchinson_divergence, log_likelihood};
use flowlab::flow::metric::{
    NullBand, energy_distance, mmd, normalised_path_energy, path_energy, round_trip,
};
use flowlab::flow::{Adaptive, ExactField, Scheduler, integrate_adaptive};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

fn normal(seed: u64, n: usize, shift: f64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..2 * n)
        .map(|k| rng.sample::<f64, _>(StandardNormal) + if k % 2 == 0 { shift } else { 0.0 })
        .collect()
}

fn signs(rng: &mut ChaCha8Rng, n: usize) -> Vec<f64> {
    (0..n)
        .map(|_| if rng.random() { 1.0 } else { -1.0 })
        .collect()
}

#[test]
fn mmd_is_zero_for_equal_sets_and_known_for_two_points() {
    let a = normal(1, 300, 0.0);
    assert!(mmd(&a, &a) < 1e-7);
    // One point each: the median distance is their distance, so k(a, b) = e^(−1/2).
    let two = mmd(&[0.0, 0.0], &[3.0, 4.0]);
    assert!(
        (two - (2.0 - 2.0 * (-0.5_f64).exp()).sqrt()).abs() < 1e-12,
        "{two}"
    );
    let all_in_one_place = mmd(&[1.0, 1.0], &[1.0, 1.0]);
    assert_eq!(all_in_one_place, 0.0);
}

#[test]
fn mmd_matches_the_closed_form_of_two_gaussians() {
    // E k over N(0, I) and N(μ, I) in the plane: k̄(d) = h²/(h² + 2) exp(−d²/(2(h² + 2))).
    let shift = 1.0;
    let (a, b) = (normal(2, 4000, 0.0), normal(3, 4000, shift));
    let width = {
        // The median distance of the pooled sets, found anew.
        let pool = [&a[..2000], &b[..2000]].concat();
        let mut d = Vec::new();
        for i in 0..pool.len() / 2 {
            for j in 0..i {
                d.push((pool[2 * i] - pool[2 * j]).hypot(pool[2 * i + 1] - pool[2 * j + 1]));
            }
        }
        d.sort_by(f64::total_cmp);
        d[d.len() / 2]
    };
    let square = width * width;
    let kernel = |d: f64| square / (square + 2.0) * (-0.5 * d * d / (square + 2.0)).exp();
    let exact = (2.0 * kernel(0.0) - 2.0 * kernel(shift)).sqrt();
    let got = mmd(&a, &b);
    assert!((got - exact).abs() < 0.02, "{got} {exact}");
}

#[test]
fn null_bands_hold_true_batches_and_leave_out_wrong_ones() {
    let values: Vec<f64> = (0..8)
        .map(|k| energy_distance(&normal(10 + 2 * k, 500, 0.0), &normal(11 + 2 * k, 500, 0.0)))
        .collect();
    let band = NullBand::of(&values);
    let fresh = energy_distance(&normal(90, 500, 0.0), &normal(91, 500, 0.0));
    let wrong = energy_distance(&normal(92, 500, 0.3), &normal(93, 500, 0.0));
    assert!(
        (fresh - band.mean).abs() < 5.0 * band.sd,
        "{fresh} {band:?}"
    );
    assert!(wrong > band.mean + 5.0 * band.sd, "{wrong} {band:?}");
    let known = NullBand::of(&[1.0, 2.0, 3.0, 4.0]);
    assert!((known.mean - 2.5).abs() < 1e-12);
    assert!((known.sd - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
}

#[test]
fn a_straight_shift_has_the_least_energy() {
    let a = normal(4, 200, 0.0);
    let b: Vec<f64> = a.chunks(2).flat_map(|p| [p[0] + 3.0, p[1] - 4.0]).collect();
    let half: Vec<f64> = a.chunks(2).flat_map(|p| [p[0] + 1.5, p[1] - 2.0]).collect();
    let way = [a.clone(), half, b.clone()].concat();
    let energy = path_energy(&[0.0, 0.5, 1.0], &way);
    assert!((energy - 25.0).abs() < 1e-9);
    assert!(normalised_path_energy(energy, 5.0) < 1e-9);
    assert!((normalised_path_energy(50.0, 5.0) - 1.0).abs() < 1e-12);
    assert!((round_trip(&a, &b) - 5.0).abs() < 1e-12);
    assert_eq!(round_trip(&a, &a), 0.0);
}

#[test]
fn going_back_returns_to_the_noise() {
    let field = Dataset::EightGaussians
        .exact(Scheduler::CondOt)
        .expect("exact");
    let x0 = normal(5, 200, 0.0);
    let options = Adaptive {
        rtol: 1e-9,
        atol: 1e-9,
        ..Adaptive::default()
    };
    let velocity = |t: f64, x: &Vec<f64>| {
        let mut v = vec![0.0; x.len()];
        field.at_time::<f64>(t).velocities(x, &mut v);
        v
    };
    let carry = |from: f64, to: f64, x: Vec<f64>| {
        integrate_adaptive(&options, from, to, x, &[to], velocity)
            .expect("smooth")
            .states
            .remove(0)
    };
    let x1 = carry(0.0, 1.0, x0.clone());
    let back = carry(1.0, 0.0, x1);
    assert!(round_trip(&x0, &back) < 1e-6, "{}", round_trip(&x0, &back));
}

#[test]
fn hutchinson_is_exact_in_the_mean_and_off_by_the_mixed_derivatives() {
    let fields = [
        Dataset::CHECKERBOARD
            .exact(Scheduler::CondOt)
            .expect("exact"),
        Dataset::EightGaussians
            .exact(Scheduler::Cosine)
            .expect("exact"),
    ];
    for field in fields {
        for t in [0.2, 0.6, 0.9] {
            let x = [0.3, -0.4];
            let velocity = |x: &[f64], v: &mut [f64]| {
                field.at_time::<f64>(t).velocities(x, v);
            };
            let exact = field.at(t, x).divergence;
            // All four signs: the mixed derivatives cancel.
            let probes = [1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0];
            let mut div = [0.0];
            hutchinson_divergence(&x, &probes, 1e-5, &mut div, velocity);
            assert!(
                (div[0] - exact).abs() < 1e-5 * exact.abs().max(1.0),
                "{div:?} {exact}"
            );
            // One probe is off by ±(∂v_x/∂y + ∂v_y/∂x).
            let h = 1e-5;
            let v = |x: [f64; 2]| field.at(t, x).velocity;
            let mixed = (v([x[0], x[1] + h])[0] - v([x[0], x[1] - h])[0] + v([x[0] + h, x[1]])[1]
                - v([x[0] - h, x[1]])[1])
                / (2.0 * h);
            for (probe, sign) in [([1.0, 1.0], 1.0), ([1.0, -1.0], -1.0)] {
                hutchinson_divergence(&x, &probe, h, &mut div, velocity);
                let expected = exact + sign * mixed;
                assert!((div[0] - expected).abs() < 1e-4 * expected.abs().max(1.0));
            }
        }
    }
}

/// ln p of points by the exact divergence, or by `probes` random ones.
fn log_p(field: &ExactField, x: &[f64], t1: f64, probes: Option<&[f64]>) -> Vec<f64> {
    let method = Method::Adaptive(Adaptive::default());
    log_likelihood(x, t1, method, |t, x, v, div| {
        let table = field.at_time::<f64>(t);
        let mut scratch = table.scratch();
        for (i, p) in x.chunks_exact(2).enumerate() {
            let at = table.at([p[0], p[1]], &mut scratch);
            v[2 * i..2 * i + 2].copy_from_slice(&at.velocity);
            div[i] = at.divergence;
        }
        if let Some(probes) = probes {
            hutchinson_divergence(x, probes, 1e-5, div, |x, v| table.velocities(x, v));
        }
    })
    .expect("smooth")
    .log_p
}

#[test]
fn hutchinson_likelihoods_agree_within_their_own_error() {
    let field = Dataset::EightGaussians
        .exact(Scheduler::CondOt)
        .expect("exact");
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let n = 60;
    let x: Vec<f64> = (0..n)
        .flat_map(|_| Dataset::EightGaussians.sample(&mut rng))
        .collect();
    let exact = log_p(&field, &x, 1.0, None);
    // The integrated divergence against the closed form of the density.
    let mixture = Dataset::EightGaussians.mixture().expect("a mixture");
    for (p, x) in exact.iter().zip(x.chunks(2)) {
        let closed = mixture.log_density([x[0], x[1]]).expect("a density");
        assert!((p - closed).abs() < 2e-3, "{p} {closed}");
    }
    // Each repeat draws one probe for each point; the mean over repeats approaches the truth.
    let repeats: Vec<Vec<f64>> = (0..24)
        .map(|_| log_p(&field, &x, 1.0, Some(&signs(&mut rng, 2 * n))))
        .collect();
    let mut within = 0;
    for i in 0..n {
        let values: Vec<f64> = repeats.iter().map(|row| row[i]).collect();
        let band = NullBand::of(&values);
        let error = band.sd / (values.len() as f64).sqrt();
        within += usize::from((band.mean - exact[i]).abs() <= 3.0 * error + 2e-3);
    }
    assert!(
        within >= n - 2,
        "{within} of {n} within three standard errors"
    );
}

#[test]
fn densities_integrate_to_one() {
    for (dataset, t1) in [
        (Dataset::EightGaussians, 1.0),
        (Dataset::CHECKERBOARD, 0.95),
    ] {
        let field = dataset.exact(Scheduler::CondOt).expect("exact");
        let (points, area) = grid(48, dataset.extent());
        assert_eq!(points.len(), 2 * 48 * 48);
        let total: f64 = log_p(&field, &points, t1, None)
            .iter()
            .map(|p| p.exp() * area)
            .sum();
        assert!((total - 1.0).abs() < 5e-3, "{dataset}: {total}");
    }
}
