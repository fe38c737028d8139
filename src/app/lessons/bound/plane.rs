//! Both sides of the bound in the plane, where everything but the network is known.

use std::sync::atomic::AtomicBool;

use super::codec::{Decoder, bend};
use super::measured::{Measured, between, root_mean_square, w2};
use crate::app::exact::{Route, UpTo};
use crate::app::sampler::moving::{self, Plan};
use crate::flow::bound::{Terms, largest_singular_2x2, one_sided_2x2};
use crate::flow::{ExactField, Solver, VelocityField};
use crate::kernel::{Mlp, Trajectories};

/// Particles.
pub const PARTICLES: usize = 400;
/// Intervals of time between two measurements.
const INTERVALS: usize = 32;
/// The exact field outside its support is singular at t = 1; its error is read no later than
/// this, and the last thousandth counts as what stands there.
pub const LATEST: f32 = 0.999;
/// Midpoint steps: this method never looks at t = 1.
const STEPS: usize = 128;

/// Both flows and what was measured along them.
pub struct Plane {
    pub measured: Measured,
    /// The true flow of the codes, `[times, n, 2]`.
    pub truth: Trajectories,
    /// The learned one, from the same noise.
    pub learned: Trajectories,
}

/// Measures both sides; none when somebody cancelled or a solver gave up.
pub fn measure(
    field: ExactField,
    network: &Mlp,
    decoder: &Decoder,
    route: &Route,
    seed: u64,
    cancel: &AtomicBool,
) -> Option<Plane> {
    let mut times: Vec<f32> = (0..INTERVALS)
        .map(|i| i as f32 / INTERVALS as f32)
        .collect();
    times.extend([LATEST, 1.0]);
    let noise = moving::start(&route.source, seed, PARTICLES);
    let plan = Plan::new(Solver::Midpoint, STEPS);
    let exact = UpTo(field);
    let truth = plan.follow(&exact, times.clone(), &noise, cancel)?;
    let learned = plan.follow(network, times.clone(), &noise, cancel)?;
    let wide = 2 * PARTICLES;
    let state = |way: &Trajectories, k: usize| way.points[k * wide..(k + 1) * wide].to_vec();
    let mut terms = Terms {
        times: times.iter().map(|t| f64::from(*t)).collect(),
        ..Terms::default()
    };
    let mut apart = Vec::new();
    for (k, t) in times.iter().enumerate() {
        let (z, other) = (state(&truth, k), state(&learned, k));
        terms.field_error.push(if *t <= LATEST {
            let [mut v, mut guess] = [vec![0.0; wide], vec![0.0; wide]];
            exact.velocity(*t, &z, &mut v);
            network.velocity(*t, &z, &mut guess);
            root_mean_square(&v, &guess, 2).powi(2)
        } else {
            terms.field_error[k - 1]
        });
        apart.push(root_mean_square(&z, &other, 2));
        let points = between(&z, &other, &[0.0, 0.5, 1.0]);
        let [l, mu] = constants(network, *t, &points);
        terms.lipschitz.push(l);
        terms.one_sided.push(mu);
    }
    let end = times.len() - 1;
    let (z, other) = (state(&truth, end), state(&learned, end));
    let data = bend(&z);
    terms.reconstruction = root_mean_square(&data, &decoder.decode(&z), 2).powi(2);
    let points = between(&z, &other, &[0.0, 0.25, 0.5, 0.75, 1.0]);
    let (_, jacobians) = decoder.with_jacobians(&points);
    terms.decoder = largest(&jacobians, largest_singular_2x2);
    let made = decoder.decode(&other);
    let fresh = |seed: u64| bend(&moving::data(&route.dataset, seed, PARTICLES));
    let [a, b] = [seed ^ 0xB0, seed ^ 0xB1].map(fresh);
    let measured = Measured {
        apart,
        w2: w2(&data, &made, 2),
        coupled: root_mean_square(&data, &made, 2),
        others: Some([w2(&a, &made, 2), w2(&a, &b, 2)]),
        n: PARTICLES,
        terms,
    };
    Some(Plane {
        measured,
        truth,
        learned,
    })
}

/// The largest singular value and the largest eigenvalue of the symmetric part of the network's
/// Jacobian over points.
fn constants(network: &Mlp, t: f32, points: &[f32]) -> [f64; 2] {
    let mut v = vec![0.0; points.len()];
    let mut jacobians = vec![0.0; 2 * points.len()];
    network.velocity_and_jacobian(t, points, &mut v, &mut jacobians);
    [
        largest(&jacobians, largest_singular_2x2),
        largest(&jacobians, one_sided_2x2),
    ]
}

fn largest(jacobians: &[f32], of: fn([f64; 4]) -> f64) -> f64 {
    let each = jacobians.as_chunks::<4>().0.iter();
    each.map(|j| of(j.map(f64::from)))
        .fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::staged::Staged;
    use crate::flow::bound::{Growth, jacobian, largest_singular, one_sided};
    use crate::train::Checkpoint;
    use crate::train::probe::Probe;

    fn pretrained(steps: usize, seed: u64) -> (Plane, Mlp) {
        let staged = Staged::pretrained().expect("the program's own");
        let never = AtomicBool::new(false);
        let decoder = Decoder::learn(&staged.dataset, steps, &never).expect("learned");
        let network = Mlp::new(&staged.weights);
        let route = staged.route();
        let field = route.exact().expect("a board");
        let plane = measure(field, &network, &decoder, &route, seed, &never);
        (plane.expect("nobody cancels"), network)
    }

    #[test]
    fn the_left_side_lies_below_the_right_in_every_run() {
        for (steps, seed) in [(30, 0), (400, 1), (400, 2)] {
            let (plane, _) = pretrained(steps, seed);
            let measured = &plane.measured;
            let values = measured.chain().map(|link| link.value);
            assert!(measured.holds(), "{values:?}");
            for growth in Growth::ALL {
                let bound = measured.terms.apart(growth);
                let pairs = measured.apart.iter().zip(&bound);
                assert!(pairs.clone().all(|(apart, bound)| apart <= &(bound + 1e-4)));
            }
            // The network is a good one, and a decoder that learned little is a bad one.
            assert!(measured.w2 > 0.0 && measured.coupled < 2.0, "{values:?}");
            assert_eq!(measured.terms.reconstruction > 0.01, steps == 30);
        }
    }

    #[test]
    fn an_untrained_network_is_far_off_and_still_bounded() {
        use rand::SeedableRng;
        let staged = Staged::pretrained().expect("the program's own");
        let never = AtomicBool::new(false);
        let decoder = Decoder::learn(&staged.dataset, 200, &never).expect("learned");
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let weights = crate::kernel::MlpWeights::init(
            &[3, 24, 24, 2],
            crate::kernel::Activation::Gelu,
            &mut rng,
        );
        let route = staged.route();
        let field = route.exact().expect("a board");
        let plane = measure(field, &Mlp::new(&weights), &decoder, &route, 0, &never);
        let measured = plane.expect("nobody cancels").measured;
        assert!(measured.holds(), "{:?}", measured.chain().map(|l| l.value));
        assert!(measured.w2 > 0.3, "{}", measured.w2);
    }

    #[test]
    fn each_term_is_found_by_other_means() {
        let (plane, network) = pretrained(400, 0);
        let terms = &plane.measured.terms;
        // ∫E|v − vθ|² dt is d times the excess loss of fixed points along the path.
        let config = Checkpoint::load("builtin:checkerboard")
            .expect("there")
            .config;
        let staged = Staged::pretrained().expect("there");
        let probe = Probe::new(&config, 20_000).expect("an exact field");
        let excess = 2.0 * f64::from(probe.excess(&staged.weights));
        let widths = terms.times.windows(2).map(|t| t[1] - t[0]);
        let means = terms.field_error.windows(2).map(|e| 0.5 * (e[0] + e[1]));
        let plain: f64 = widths.zip(means).map(|(width, mean)| width * mean).sum();
        assert!((plain / excess - 1.0).abs() < 0.35, "{plain} {excess}");
        assert!(terms.excess() >= plain);
        // L and μ at a time: finite differences of the network, and power iteration.
        for k in [5, 20, 31] {
            let t = terms.times[k] as f32;
            let wide = 2 * PARTICLES;
            let state = |way: &Trajectories| way.points[k * wide..(k + 1) * wide].to_vec();
            let points = between(
                &state(&plane.truth),
                &state(&plane.learned),
                &[0.0, 0.5, 1.0],
            );
            let (mut l, mut mu) = (0.0_f64, f64::NEG_INFINITY);
            for x in points.chunks_exact(2) {
                let j = jacobian(x, 2e-3, |many| {
                    let mut v = vec![0.0; many.len()];
                    network.velocity(t, many, &mut v);
                    Ok::<_, String>(v)
                })
                .expect("a network");
                l = l.max(largest_singular(&j, 2));
                mu = mu.max(one_sided(&j, 2));
            }
            assert!(
                (l / terms.lipschitz[k] - 1.0).abs() < 0.02,
                "{l} {}",
                terms.lipschitz[k]
            );
            let away = (mu - terms.one_sided[k]).abs();
            assert!(away < 0.02 * l, "{mu} {}", terms.one_sided[k]);
        }
    }
}
