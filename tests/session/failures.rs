//! A run that has failed goes on from what the window kept of it.

use std::path::Path;

use eframe::App as _;
use egui::Key;
use flowlab::app::LaunchOptions;
use flowlab::train::{Command, RunState};

use crate::autosave::{sessions, step, train};
use crate::common;
use crate::harness::{self, Window, on_cpu, press, until};

/// A lesson in a window that remembers things in a folder.
fn open(lesson: &str, state: &Path) -> Window {
    let options = LaunchOptions {
        state: Some(state.to_owned()),
        ..on_cpu(lesson)
    };
    harness::window(options, 0.5)
}

#[test]
fn a_run_that_has_failed_goes_on_from_what_was_kept() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut window = open("checkerboard", folder.path());
    train(&mut window);
    let kept = step(&window);
    until(&mut window, "it is kept", |_| {
        !sessions(folder.path()).is_empty()
    });
    let (name, rate) = {
        let training = &window.state().lab.training;
        (training.run().unwrap().name.clone(), training.config.lr)
    };

    window.state_mut().lab.training.set_learning_rate(1e300);
    window.state_mut().lab.training.toggle();
    until(&mut window, "it fails", |window| {
        let run = window.state().lab.training.run();
        run.is_some_and(|run| run.refuge().is_some())
    });
    window.state_mut().lab.training.set_learning_rate(rate);
    window.run_steps(2);
    harness::click(&mut window, "Go on");
    until(&mut window, "it trains on", |window| {
        step(window) > kept + 20
    });
    let training = &window.state().lab.training;
    assert_eq!(training.runs().len(), 1, "in its own place");
    let run = training.run().unwrap();
    assert!(run.is_running() && run.name == name);
    // Its curve begins where it did, and has every step once.
    let raw = run.curve.raw();
    assert!(raw[0][0] <= 1.0 && raw.is_sorted_by(|a, b| a[0] < b[0]));
    window.state_mut().on_exit();
}

#[test]
fn a_failed_training_of_the_image_lab_goes_on_too() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut window = open("variational", folder.path());
    let training = |window: &Window| {
        let digits = &window.state().lab.digits;
        let points = &digits.points;
        (points.step, points.state, points.refuge().is_some())
    };
    press(&mut window, Key::T);
    until(&mut window, "some steps are done", |w| training(w).0 > 2);
    press(&mut window, Key::T);
    until(&mut window, "it rests", |w| {
        training(w).1 == RunState::Paused
    });
    let kept = training(&window).0;
    until(&mut window, "it is kept", |_| {
        !sessions(folder.path()).is_empty()
    });

    let too_large = Command::SetLearningRate(1e300);
    window.state_mut().lab.digits.points.tell(too_large);
    press(&mut window, Key::T);
    until(&mut window, "it fails", |w| training(w).2);
    window.run_steps(2);
    harness::click(&mut window, "Go on");
    until(&mut window, "it trains on", |w| {
        let (step, state, _) = training(w);
        state == RunState::Running && step > kept + 5
    });
    window.state_mut().on_exit();
}
