//! Every lesson of the list: it opens by its name, draws, looks the same as before, and outlives
//! each of its controls.

mod common;

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::vec2;
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use flowlab::app::{App, LaunchOptions, lessons};
use flowlab::device::DeviceChoice;

/// Controls that leave the window: they open a dialog of the system or the web.
const OUTSIDE: [&str; 4] = ["Browse", "Open…", "Choose…", "File…"];

fn open(lesson: &str) -> Harness<'static, App> {
    let options = LaunchOptions {
        device: DeviceChoice::Cpu,
        lesson: Some(lesson.to_owned()),
        t: Some(0.6),
        ..LaunchOptions::default()
    };
    let mut harness = Harness::builder()
        .with_size(vec2(1280.0, 800.0))
        .with_pixels_per_point(0.5)
        .with_max_steps(64)
        .wgpu()
        .build_eframe(move |cc| {
            let mut app = App::new(cc, options).expect("the window is built");
            let config = &mut app.lab.training.config;
            (config.batch, config.hidden, config.layers) = (128, 16, 2);
            app
        });
    settle(&mut harness);
    harness
}

/// Draws until no picture is on its way.
fn settle(harness: &mut Harness<'static, App>) {
    harness.run_steps(2);
    let start = Instant::now();
    while harness.state().is_busy() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    harness.run_steps(2);
}

/// Names and roles of what can be pressed in the window.
fn controls(harness: &Harness<'static, App>) -> Vec<(Role, String)> {
    let roles = [
        Role::Button,
        Role::CheckBox,
        Role::RadioButton,
        Role::ComboBox,
        Role::Slider,
        Role::SpinButton,
    ];
    let mut found = Vec::new();
    for role in roles {
        for node in harness.query_all_by_role(role) {
            let node = node.accesskit_node();
            let label = node.label().unwrap_or_default();
            let hidden = node.is_disabled() || OUTSIDE.iter().any(|word| label.contains(word));
            if !hidden {
                found.push((role, label));
            }
        }
    }
    found
}

#[test]
fn every_lesson_outlives_each_of_its_controls() {
    if !common::gpu_here() {
        return;
    }
    for lesson in lessons::all() {
        let name = lesson.name();
        let mut harness = open(name);
        let all = controls(&harness);
        assert!(all.len() >= 8, "{name} has controls: {all:?}");
        for (role, label) in all {
            // A press may have closed a panel or changed a name; what is gone is not pressed.
            let node = harness
                .query_all_by_role(role)
                .find(|node| node.accesskit_node().label().unwrap_or_default() == label);
            let Some(node) = node else {
                continue;
            };
            node.click();
            harness.run_steps(2);
            harness.key_press(egui::Key::Escape);
            harness.run_steps(1);
        }
        let messages = &harness.state().lab.training.messages;
        assert!(messages.is_empty(), "{name}: {messages:?}");
    }
}

#[test]
fn every_lesson_says_what_it_is() {
    let all = lessons::all();
    for (i, lesson) in all.iter().enumerate() {
        for text in [
            lesson.name(),
            lesson.title(),
            lesson.sentence(),
            lesson.formula(),
            lesson.source(),
        ] {
            assert!(!text.trim().is_empty(), "{}", lesson.name());
            assert!(!text.contains('\\'), "no raw TeX: {text}");
        }
        assert!(lesson.sentence().ends_with('.'), "{}", lesson.sentence());
        assert!(
            all[..i].iter().all(|other| other.name() != lesson.name()),
            "{} twice",
            lesson.name()
        );
    }
}

#[test]
fn every_lesson_looks_as_before() {
    if !common::gpu_here() {
        return;
    }
    let mut results = SnapshotResults::new();
    for lesson in lessons::all() {
        let mut harness = open(lesson.name());
        // Drivers round differently at edges: a few hundredths of the pixels may differ.
        let options = SnapshotOptions::new()
            .threshold(2.0)
            .max_failed_pixels(2000);
        let image = harness.render().expect("a picture");
        let name = format!("lesson_{}", lesson.name());
        results.add(egui_kittest::try_image_snapshot_options(
            &image, &name, &options,
        ));
    }
}
