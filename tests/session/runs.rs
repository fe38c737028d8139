//! Runs that have to make room and come back, and keys that reach no run that is not shown.

use eframe::App as _;
use egui::{Key, Modifiers};
use flowlab::app::log::Kind;
use flowlab::train::RunState;

use crate::common;
use crate::harness::{self, Window, on_cpu, press, until};

fn press_with(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

#[test]
fn an_unsaved_run_of_the_image_lab_makes_room_and_comes_back() {
    if !common::gpu_here() {
        return;
    }
    let mut window = harness::window(on_cpu("variational"), 0.5);
    let training = |window: &Window| {
        let points = &window.state().lab.digits.points;
        (points.is_started(), points.step, points.state)
    };
    press(&mut window, Key::T);
    until(&mut window, "some steps are done", |w| training(w).1 > 2);
    press(&mut window, Key::T);
    until(&mut window, "it rests", |w| {
        training(w).2 == RunState::Paused
    });
    let step = training(&window).1;
    let losses = window.state().lab.digits.points.curve.raw().len();

    press_with(&mut window, Modifiers::SHIFT, Key::R);
    assert!(!training(&window).0);
    let note = window.state().lab.digits.points.note.clone();
    assert!(note.is_some_and(|note| note.contains("Ctrl+Z")));
    press_with(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(training(&window), (true, step, RunState::Paused));
    let points = &window.state().lab.digits.points;
    assert_eq!(points.curve.raw().len(), losses);
    assert!(points.snapshot().is_some());
    press_with(&mut window, Modifiers::COMMAND, Key::Y);
    assert!(!training(&window).0, "the reset is done again");
    press_with(&mut window, Modifiers::COMMAND, Key::Z);

    press(&mut window, Key::T);
    until(&mut window, "it trains on", |w| training(w).1 > step);
    // A run that is put aside while it trains pauses there.
    press_with(&mut window, Modifiers::SHIFT, Key::R);
    press_with(&mut window, Modifiers::COMMAND, Key::Z);
    until(&mut window, "it is back and rests", |w| {
        let (started, at, state) = training(w);
        started && at > step && state == RunState::Paused
    });
    window.state_mut().on_exit();
}

#[test]
fn keys_of_the_lab_in_the_plane_do_nothing_where_none_of_it_is_shown() {
    if !common::gpu_here() {
        return;
    }
    let mut window = harness::window(on_cpu("vae"), 0.5);
    window.run_steps(3);
    let config = window.state().lab.training.config.clone();
    press_with(&mut window, Modifiers::SHIFT, Key::PageDown);
    press_with(&mut window, Modifiers::SHIFT, Key::PageUp);
    press(&mut window, Key::N);
    let training = &window.state().lab.training;
    assert_eq!(training.config, config);
    assert!(training.run().is_none(), "nothing trains unseen");
}

#[test]
fn what_happens_to_sessions_and_figures_is_told_in_every_lesson() {
    if !common::gpu_here() {
        return;
    }
    for lesson in ["vae", "mistakes", "paths"] {
        let mut window = harness::window(on_cpu(lesson), 0.5);
        window.run_steps(2);
        let said = "Session saved to lecture.flowlab";
        window.state_mut().lab.training.note = Some(said.to_owned());
        window.run_steps(2);
        let lines = window.state().lab.training.log.lines();
        let told = lines
            .iter()
            .filter(|line| line.kind == Kind::Notice && line.text == said);
        assert_eq!(told.count(), 1, "{lesson}");
    }
}
