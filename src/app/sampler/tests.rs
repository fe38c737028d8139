use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rand::SeedableRng;

use super::*;
use crate::kernel::Activation;

fn settings(solver: Solver, steps: usize, particles: usize) -> Settings {
    Settings {
        dataset: Dataset::Checkerboard {
            grid: 4,
            scale: 2.0,
        },
        path: Scheduler::CondOt,
        source: Source::Gaussian,
        solver,
        steps,
        particles,
        noise: 7,
    }
}

fn network() -> Arc<MlpWeights> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    Arc::new(MlpWeights::init(
        &[3, 16, 16, 2],
        Activation::Gelu,
        &mut rng,
    ))
}

fn sampler() -> (Sampler, Receiver<()>) {
    let (sender, woken) = channel();
    let wake = move || {
        // The test may have what it wanted already.
        let _ = sender.send(());
    };
    (Sampler::new(None, wake), woken)
}

/// The pictures once they satisfy `done`.
fn wait(sampler: &Sampler, woken: &Receiver<()>, done: impl Fn(&Pictures) -> bool) -> Pictures {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        let pictures = sampler.pictures();
        if done(&pictures) {
            return pictures;
        }
        let _ = woken.recv_timeout(Duration::from_millis(50));
    }
    panic!("no picture within a minute");
}

#[test]
fn a_million_particles_keep_fewer_frames_and_fit_into_one_buffer() {
    assert_eq!(frames_kept(Solver::Euler, 100, 10_000), [101, 101]);
    assert_eq!(frames_kept(Solver::Euler, 12, 1_000_000), [13, 13]);
    for particles in [200_000, 500_000, 1_000_000] {
        let [kept, wanted] = frames_kept(Solver::Rk4, 100, particles);
        assert!(kept < wanted && kept <= crate::render::frame_budget(particles));
    }
}

#[test]
fn both_fields_start_from_the_same_noise_and_the_exact_one_lands_on_the_board() {
    let (mut sampler, woken) = sampler();
    let settings = settings(Solver::Euler, 64, 3000);
    sampler.ask(Request {
        settings: settings.clone(),
        model: Some((5, network())),
    });
    let pictures = wait(&sampler, &woken, |p| p.model.is_some() && p.exact.is_some());
    let (model, exact) = (pictures.model.unwrap(), pictures.exact.unwrap());
    assert_eq!((model.version, exact.version), (5, 0));
    assert_eq!((model.nfe, exact.nfe), (64, 64));
    assert_eq!(model.frames.times.len(), 65);
    assert_eq!(model.frames.points[..6000], exact.frames.points[..6000]);
    assert!(
        exact.off_support.unwrap() < 0.005,
        "{:?}",
        exact.off_support
    );
    assert!(model.off_support.unwrap() > 0.2);
    assert!((pictures.floor.unwrap() - 1.6887).abs() < 2e-3);
}

#[test]
fn one_euler_step_of_the_exact_field_ends_at_the_mean() {
    let (mut sampler, woken) = sampler();
    sampler.ask(Request {
        settings: settings(Solver::Euler, 1, 500),
        model: None,
    });
    let exact = wait(&sampler, &woken, |p| p.exact.is_some()).exact.unwrap();
    let ends = &exact.frames.points[1000..];
    assert!(ends.iter().all(|v| v.abs() < 1e-4));
}

#[test]
fn every_solver_makes_a_picture_of_finite_positions() {
    let (mut sampler, woken) = sampler();
    for solver in Solver::ALL {
        let settings = settings(solver, 20, 600);
        sampler.ask(Request {
            settings: settings.clone(),
            model: Some((1, network())),
        });
        let pictures = wait(&sampler, &woken, |p| {
            let current =
                |s: &Option<Arc<Sampled>>| s.as_ref().is_some_and(|s| s.settings == settings);
            current(&p.model) && current(&p.exact)
        });
        for picture in [pictures.model.unwrap(), pictures.exact.unwrap()] {
            assert!(picture.frames.is_valid());
            assert!(
                picture.frames.points.iter().all(|v| v.is_finite()),
                "{solver}"
            );
            if !solver.is_adaptive() {
                assert_eq!(picture.nfe, solver.fixed_nfe(20));
            }
        }
    }
}

#[test]
fn the_newest_request_wins_and_an_older_one_is_given_up() {
    let (mut sampler, woken) = sampler();
    let start = Instant::now();
    sampler.ask(Request {
        settings: settings(Solver::Rk4, 200, 200_000),
        model: Some((1, network())),
    });
    std::thread::sleep(Duration::from_millis(20));
    let wanted = settings(Solver::Euler, 2, 100);
    sampler.ask(Request {
        settings: wanted.clone(),
        model: Some((1, network())),
    });
    let pictures = wait(&sampler, &woken, |p| p.exact.is_some());
    assert_eq!(pictures.exact.unwrap().settings, wanted);
    assert_eq!(pictures.model.unwrap().settings, wanted);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn new_weights_do_not_give_up_the_picture_in_progress() {
    let (mut sampler, woken) = sampler();
    let settings = settings(Solver::Euler, 50, 20_000);
    for version in 1..=20 {
        sampler.ask(Request {
            settings: settings.clone(),
            model: Some((version, network())),
        });
        std::thread::sleep(Duration::from_millis(2));
    }
    let pictures = wait(&sampler, &woken, |p| {
        p.model.as_ref().is_some_and(|m| m.version == 20)
    });
    assert_eq!(pictures.model.unwrap().frames.n, 20_000);
}

#[test]
fn no_particles_are_an_empty_picture() {
    let (mut sampler, woken) = sampler();
    sampler.ask(Request {
        settings: settings(Solver::Euler, 4, 0),
        model: Some((1, network())),
    });
    let pictures = wait(&sampler, &woken, |p| p.exact.is_some());
    assert!(!pictures.model.unwrap().frames.is_valid());
}
