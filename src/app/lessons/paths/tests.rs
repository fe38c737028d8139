use std::sync::atomic::AtomicBool;

use super::ends::mean_distance;
use super::*;
use crate::app::exact::{Route, UpTo};
use crate::app::sampler::moving;
use crate::data::{Dataset, Source};

/// Positions at t = ½ and at t = 1 along the exact field of a path.
fn way(path: Scheduler, steps: usize) -> [Vec<f32>; 2] {
    let route = Route {
        source: Source::Gaussian,
        path,
        dataset: Dataset::CHECKERBOARD,
    };
    let field = UpTo(route.exact().unwrap());
    let noise = moving::noise(3, 400);
    let times = vec![0.5, 1.0];
    let moved = Plan::new(Solver::Midpoint, steps)
        .follow(&field, times, &noise, &AtomicBool::new(false))
        .unwrap();
    [moved.frame(0).to_vec(), moved.frame(1).to_vec()]
}

#[test]
fn two_different_fields_carry_the_same_noise_to_the_same_ends() {
    let [middle, end] = way(Scheduler::CondOt, 400);
    for path in [Scheduler::Cosine, Scheduler::Poly(2.0)] {
        let [other_middle, other_end] = way(path, 400);
        let (apart, ends) = (
            mean_distance(&middle, &other_middle),
            mean_distance(&end, &other_end),
        );
        assert!(apart > 0.04, "{path}: the ways differ, {apart}");
        assert!(ends < 0.01, "{path}: the ends agree, {ends}");
    }
}

#[test]
fn at_equal_signal_to_noise_two_paths_differ_by_a_scale() {
    // The cosine path at t = ½ has α/σ = 1, as the linear one at t = ½; the scale is √2.
    let [linear, _] = way(Scheduler::CondOt, 400);
    let [cosine, _] = way(Scheduler::Cosine, 400);
    let scaled: Vec<f32> = linear.iter().map(|x| x * 2f32.sqrt()).collect();
    let apart = mean_distance(&scaled, &cosine);
    assert!(apart < 2e-3, "{apart}");
}

#[test]
fn the_sheet_shows_stored_moments() {
    for t in sheet::TIMES {
        let frame = t * STEPS as f32;
        assert!(
            (frame - frame.round()).abs() < 1e-4,
            "{t} is between two frames"
        );
    }
}

#[test]
fn every_path_has_a_name_and_curves_from_noise_to_data() {
    let paths = Paths::default();
    assert_eq!(paths.schedulers().len(), NAMES.len());
    for path in paths.schedulers() {
        let [signal, noise] = side::schedule(path);
        assert!(signal[0][1] < 0.01 && noise[0][1] > 0.99, "{path}");
        let (last, rest) = (signal.last().unwrap()[1], noise.last().unwrap()[1]);
        assert!(last > 0.99 && rest <= 0.11, "{path}: {last} {rest}");
    }
}
