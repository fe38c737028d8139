//! The window under `egui_kittest`: it is built, trained, scrubbed, resized and looked at without
//! a display, drawn by whatever adapter there is (lavapipe in CI).

mod common;
mod harness;

use std::time::{Duration, Instant};

use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, SnapshotResults};
use flowlab::app::theme::Theme;
use flowlab::app::{App, LaunchOptions};
use flowlab::device::DeviceChoice;

fn window() -> Harness<'static, App> {
    harness::window(
        LaunchOptions {
            device: DeviceChoice::Cpu,
            ..LaunchOptions::default()
        },
        1.0,
    )
}

/// Draws until `done`; the workers' results come when they come.
fn until(harness: &mut Harness<'static, App>, what: &str, done: impl Fn(&App) -> bool) {
    let start = Instant::now();
    while !done(harness.state()) {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "still waiting until {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    harness.step();
}

/// Draws until the pictures of both fields are there.
fn settle(harness: &mut Harness<'static, App>) {
    harness.run_steps(2);
    until(harness, "the particles are there", |app| {
        !app.lab.sampler.is_busy()
    });
    harness.run_steps(3);
}

fn steps_done(app: &App) -> u64 {
    app.lab.training.run().map_or(0, |run| run.step)
}

/// Pixels within a small distance of a theme's colour.
fn count(image: &image::RgbaImage, color: egui::Color32) -> usize {
    let near = |a: u8, b: u8| a.abs_diff(b) < 40;
    image
        .pixels()
        .filter(|p| near(p[0], color.r()) && near(p[1], color.g()) && near(p[2], color.b()))
        .count()
}

fn press(harness: &mut Harness<'static, App>, key: Key) {
    harness.key_press(key);
    harness.run_steps(2);
}

#[test]
fn the_pretrained_network_is_on_the_stage_from_the_first_picture() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    settle(&mut harness);
    let app = harness.state();
    let staged = app.lab.training.staged().expect("a pretrained network");
    assert!(
        staged.label.starts_with("pretrained, step "),
        "{}",
        staged.label
    );
    assert!(app.lab.training.messages.is_empty());
    let palette = Theme::Light.palette();
    let image = harness.render().expect("a picture");
    assert!(
        count(&image, palette.model) > 3000,
        "{}",
        count(&image, palette.model)
    );
}

#[test]
fn ten_steps_of_training_fill_the_plots() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    settle(&mut harness);
    let palette = Theme::Light.palette();
    let before = count(&harness.render().expect("a picture"), palette.error);
    for step in 1..=10 {
        press(&mut harness, Key::Period);
        until(&mut harness, "a step is done", |app| {
            steps_done(app) == step
        });
    }
    let run = harness.state().lab.training.run().expect("a run");
    assert_eq!(run.curve.raw().len(), 10);
    assert!((run.floor.expect("a floor") - 1.6887).abs() < 3e-3);
    let device = run.device.as_ref().expect("a device");
    assert!(device.label.contains("CPU"), "{device}");
    let staged = harness.state().lab.training.staged().expect("weights");
    assert_eq!(staged.label, "paused, step 10");
    press(&mut harness, Key::T);
    until(&mut harness, "the excess was measured", |app| {
        app.lab
            .training
            .run()
            .is_some_and(|run| run.curve.excess().len() >= 3)
    });
    press(&mut harness, Key::T);
    settle(&mut harness);
    let after = count(&harness.render().expect("a picture"), palette.error);
    assert!(
        after > before,
        "the excess plot shows nothing: {after} pixels, {before} before"
    );
}

#[test]
fn training_starts_pauses_resets_and_comes_back() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    harness.run_steps(2);
    harness.get_by_label("Train").click();
    harness.run_steps(2);
    until(&mut harness, "it trains", |app| steps_done(app) >= 5);
    assert!(harness.state().lab.training.is_running());
    press(&mut harness, Key::T);
    assert!(!harness.state().lab.training.is_running());
    until(&mut harness, "it paused", |app| {
        app.lab
            .training
            .staged()
            .is_some_and(|staged| staged.label.starts_with("paused"))
    });
    let kept = steps_done(harness.state());
    harness.key_press_modifiers(Modifiers::SHIFT, Key::R);
    harness.run_steps(2);
    until(&mut harness, "fresh weights are there", |app| {
        app.lab
            .training
            .staged()
            .is_some_and(|staged| staged.label == "paused, step 0")
    });
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(2);
    assert_eq!(steps_done(harness.state()), kept);
}

#[test]
fn time_moves_by_key_by_slider_and_by_playing() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    harness.run_steps(2);
    let t = |harness: &Harness<'static, App>| harness.state().lab.clock.t();
    press(&mut harness, Key::Home);
    assert_eq!(t(&harness), 0.0);
    press(&mut harness, Key::ArrowRight);
    assert!((t(&harness) - 0.01).abs() < 1e-9);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
    harness.run_steps(1);
    assert!((t(&harness) - 0.11).abs() < 1e-9);
    let rail = harness.get_by_label("Time of the flow").rect();
    harness.drag_at(rail.center());
    harness.run_steps(1);
    harness.drop_at(rail.center());
    harness.run_steps(1);
    assert!((t(&harness) - 0.5).abs() < 0.02, "{}", t(&harness));
    press(&mut harness, Key::Space);
    let before = t(&harness);
    harness.run_steps(3);
    assert!(harness.state().lab.clock.playing() && t(&harness) > before);
    press(&mut harness, Key::Space);
    assert!(!harness.state().lab.clock.playing());
    press(&mut harness, Key::End);
    assert_eq!(t(&harness), 1.0);
}

#[test]
fn keys_are_left_to_a_text_field_that_has_the_focus() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    press(&mut harness, Key::Home);
    press(&mut harness, Key::Period);
    until(&mut harness, "there is a run", |app| steps_done(app) == 1);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
    harness.run_steps(4);
    press(&mut harness, Key::End);
    press(&mut harness, Key::T);
    assert_eq!(harness.state().lab.clock.t(), 0.0);
    assert!(!harness.state().lab.training.is_running());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run");
    let field = harness.get_by_role(egui::Role::TextInput);
    field.set_text_value_accesskit(path.to_str().expect("a path"));
    harness.run_steps(2);
    harness.get_by_label("Save").click();
    harness.run_steps(2);
    until(&mut harness, "the run is saved", |app| {
        app.lab
            .training
            .note
            .as_ref()
            .is_some_and(|note| note.starts_with("Saved to"))
    });
    assert!(path.join("model.safetensors").is_file());
}

#[test]
fn each_switch_works_once_and_back() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    settle(&mut harness);
    let is_on = |harness: &Harness<'static, App>, name: &str| {
        let toggled = harness.get_by_label(name).accesskit_node().toggled();
        toggled == Some(egui::accesskit::Toggled::True)
    };
    let keys = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
    ];
    let names = ["Network", "Exact", "Source", "Target", "Paths", "Arrows"];
    for (name, key) in names.into_iter().zip(keys) {
        let before = is_on(&harness, name);
        harness.get_by_label(name).click();
        harness.run_steps(3);
        assert_eq!(is_on(&harness, name), !before, "{name} by the mouse");
        harness.render().expect("a picture");
        press(&mut harness, key);
        assert_eq!(is_on(&harness, name), before, "{name} by its key");
    }
    for key in [
        Key::G,
        Key::D,
        Key::B,
        Key::L,
        Key::OpenBracket,
        Key::CloseBracket,
        Key::F1,
    ] {
        press(&mut harness, key);
        harness.render().expect("a picture");
    }
    assert_eq!(harness.state().lab.settings.theme, Theme::Dark);
    assert!(harness.state().lab.clock.looping);
    harness.get_by_label("Keys");
    press(&mut harness, Key::Escape);
    assert!(harness.query_by_label("Keys").is_none());
}

#[test]
fn the_exact_field_appears_in_its_colour() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    settle(&mut harness);
    let green = Theme::Light.palette().exact;
    let before = count(&harness.render().expect("a picture"), green);
    press(&mut harness, Key::Num2);
    settle(&mut harness);
    let after = count(&harness.render().expect("a picture"), green);
    assert!(after > before + 3000, "{before} before, {after} after");
}

#[test]
fn every_size_is_drawn() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    press(&mut harness, Key::Num2);
    press(&mut harness, Key::Num6);
    settle(&mut harness);
    let sizes = [
        (1.0, 1.0),
        (40.0, 900.0),
        (900.0, 40.0),
        (360.0, 300.0),
        (719.0, 500.0),
        (2560.0, 1440.0),
    ];
    for (width, height) in sizes {
        harness.set_size(vec2(width, height));
        harness.run_steps(3);
        harness
            .render()
            .unwrap_or_else(|error| panic!("{width} x {height}: {error}"));
    }
    harness.set_size(vec2(1280.0, 800.0));
    for _ in 0..2 {
        press(&mut harness, Key::F);
        settle(&mut harness);
        harness.render().expect("lecture mode");
    }
    assert!(!harness.state().lab.settings.lecture);
}

#[test]
fn a_failure_is_a_banner_that_can_be_dismissed() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    let config = &mut harness.state_mut().lab.training.config;
    (config.lr, config.layers) = (1e6, 4);
    press(&mut harness, Key::T);
    until(&mut harness, "training failed", |app| {
        !app.lab.training.messages.is_empty()
    });
    let message = harness.state().lab.training.messages[0].clone();
    harness.run_steps(2);
    harness.get_by_label(&message);
    harness.get_by_label("Dismiss").click();
    harness.run_steps(2);
    assert!(harness.state().lab.training.messages.is_empty());
    // The window lives on, and a new run can be started.
    harness.state_mut().lab.training.config.lr = 1e-3;
    press(&mut harness, Key::T);
    until(&mut harness, "it trains again", |app| steps_done(app) >= 1);
}

#[test]
fn settings_out_of_range_are_reported_not_run() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window();
    harness.state_mut().lab.training.config.batch = 0;
    press(&mut harness, Key::T);
    let training = &harness.state().lab.training;
    assert!(training.run().is_none());
    assert!(
        training.messages[0].starts_with("batch"),
        "{:?}",
        training.messages
    );
}

#[test]
fn the_window_looks_as_it_did() {
    if !common::gpu_here() {
        return;
    }
    let mut results = SnapshotResults::new();
    for (name, theme, keys) in [
        ("dark_paths", Theme::Dark, vec![Key::Num5]),
        ("side_by_side", Theme::Light, vec![Key::Num2, Key::Num6]),
    ] {
        let launch = LaunchOptions {
            device: DeviceChoice::Cpu,
            theme: Some(theme),
            t: Some(0.6),
            ..LaunchOptions::default()
        };
        let mut harness = harness::window(launch, 0.5);
        keys.into_iter().for_each(|key| press(&mut harness, key));
        settle(&mut harness);
        let image = harness.render().expect("a picture");
        results.add(harness::small_snapshot(&image, name));
    }
}
