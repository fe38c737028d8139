//! Every lesson of the list: it says what it is, opens by its name, looks the same as before, and
//! outlives each of its controls.

mod common;
mod harness;

use egui::accesskit::Role;
use egui::{Key, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{SnapshotOptions, SnapshotResults};
use flowlab::app::training::NOTHING_TO_SAVE;
use flowlab::app::{LaunchOptions, lessons};
use harness::{Window, on_cpu, picture, press, settle, settle_a_while, until};

fn options(lesson: &str) -> LaunchOptions {
    LaunchOptions {
        t: Some(0.6),
        ..on_cpu(lesson)
    }
}

/// Half a pixel a point: small files that still show layout and colours.
fn open(lesson: &str) -> Window {
    harness::window(options(lesson), 0.5)
}

/// Every lesson's name, or the one that `FLOWLAB_LESSON` holds: for whoever works on it.
fn names() -> Vec<&'static str> {
    let only = std::env::var("FLOWLAB_LESSON").ok();
    let all = lessons::all();
    let names = all.iter().map(|lesson| lesson.name());
    names
        .filter(|name| only.as_ref().is_none_or(|only| only == name))
        .collect()
}

/// Names and roles of what can be pressed in the window.
fn controls(harness: &Window) -> Vec<(Role, String)> {
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
            if !node.is_disabled() {
                found.push((role, node.label().unwrap_or_default()));
            }
        }
    }
    found
}

fn is_there(harness: &Window, role: Role, label: &str) -> bool {
    harness
        .query_all_by_role(role)
        .any(|node| node.accesskit_node().label().unwrap_or_default() == label)
}

#[test]
fn every_lesson_outlives_each_of_its_controls() {
    if !common::gpu_here() {
        return;
    }
    for name in names() {
        let mut harness = open(name);
        settle_a_while(&mut harness);
        let all = controls(&harness);
        assert!(all.len() >= 8, "{name} has controls: {all:?}");
        let mut pressed = 0;
        for (role, label) in &all {
            // A press may have closed a panel or enlarged a picture: then the lesson opens afresh.
            if !is_there(&harness, *role, label) {
                assert_quiet(&mut harness, name);
                harness = open(name);
                settle_a_while(&mut harness);
            }
            let node = harness
                .query_all_by_role(*role)
                .find(|node| node.accesskit_node().label().unwrap_or_default() == *label);
            let Some(node) = node else {
                continue;
            };
            node.click();
            pressed += 1;
            harness.run_steps(2);
            // Closes what has opened over the window.
            harness.key_press(Key::Escape);
            harness.run_steps(1);
        }
        assert!(
            2 * pressed >= all.len(),
            "{name}: {pressed} of {}",
            all.len()
        );
        assert_quiet(&mut harness, name);
    }
}

/// Saving before there is a run is answered in a sentence; nothing else may go wrong.
fn assert_quiet(harness: &mut Window, name: &str) {
    harness.render().expect("a picture");
    let messages = harness.state().lab.training.messages.iter();
    let wrong: Vec<_> = messages.filter(|m| *m != NOTHING_TO_SAVE).collect();
    assert!(wrong.is_empty(), "{name}: {wrong:?}");
}

#[test]
fn every_lesson_looks_as_before() {
    if !common::gpu_here() {
        return;
    }
    let mut results = SnapshotResults::new();
    // The curves of the lessons on guidance and editing take more than a minute without a GPU.
    for lesson in names() {
        if ["guidance", "editing"].contains(&lesson) {
            continue;
        }
        let mut harness = open(lesson);
        settle(&mut harness);
        if lesson == "mistakes" {
            // Only the end of both trainings is the same every time.
            until(&mut harness, "both are trained", |harness| {
                harness.query_by_label("Train again").is_some()
            });
            settle(&mut harness);
        }
        // Drivers round differently at edges: a few hundredths of the pixels may differ.
        let options = SnapshotOptions::new()
            .threshold(3.0)
            .max_failed_pixels(2000);
        let image = harness.render().expect("a picture");
        let name = format!("lesson_{lesson}");
        results.add(egui_kittest::try_image_snapshot_options(
            &image, &name, &options,
        ));
    }
}

#[test]
fn every_lesson_fits_windows_of_all_sizes() {
    if !common::gpu_here() {
        return;
    }
    for name in names() {
        // Whoever wants to look at the pictures wants to read them.
        let pixels_per_point = if harness::pictures().is_some() {
            1.0
        } else {
            0.5
        };
        let mut harness = harness::window(options(name), pixels_per_point);
        let look = |harness: &mut Window, what: &str, width: f32, height: f32| {
            harness.set_size(vec2(width, height));
            settle_a_while(harness);
            picture(harness, &format!("{name}-{what}"));
        };
        look(&mut harness, "720", 1280.0, 720.0);
        press(&mut harness, Key::F);
        look(&mut harness, "lecture", 1280.0, 720.0);
        press(&mut harness, Key::D);
        look(&mut harness, "lecture-dark", 1920.0, 1080.0);
        press(&mut harness, Key::F);
        look(&mut harness, "dark", 1920.0, 1080.0);
        for (width, height) in [(1.0, 1.0), (360.0, 300.0), (719.0, 500.0), (300.0, 900.0)] {
            harness.set_size(vec2(width, height));
            harness.run_steps(2);
            harness
                .render()
                .unwrap_or_else(|error| panic!("{name}, {width} x {height}: {error}"));
        }
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
        assert!(
            lesson.sentence().ends_with(['.', '?']),
            "{}",
            lesson.sentence()
        );
        assert!(
            all[..i].iter().all(|other| other.name() != lesson.name()),
            "{} twice",
            lesson.name()
        );
    }
}
