//! Every lesson of the list: it says what it is, opens by its name, looks the same as before, and
//! outlives each of its controls.

mod common;
mod harness;

use egui::accesskit::Role;
use egui::{Key, vec2};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::exporting::NOTHING_TO_EXPORT;
use flowlab::app::training::{NOT_SAVED, NOTHING_TO_SAVE};
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

/// What can be pressed, but the list of lessons: that belongs to the frame.
fn own_controls(harness: &Window) -> Vec<(Role, String)> {
    let titles: Vec<&str> = lessons::all().iter().map(|lesson| lesson.title()).collect();
    let is_lesson = |label: &str| {
        let place = label.split_once("  ");
        place.is_some_and(|(number, title)| number.parse::<u8>().is_ok() && titles.contains(&title))
    };
    let mut found = controls(harness);
    found.retain(|(_, label)| !is_lesson(label));
    found.dedup();
    found
}

/// Opens a lesson and turns it to its next views.
fn open_at(lesson: &str, view: usize) -> Window {
    let mut harness = open(lesson);
    settle_a_while(&mut harness);
    for _ in 0..view {
        press(&mut harness, Key::B);
        settle_a_while(&mut harness);
    }
    harness
}

/// Presses a control, moves a slider, and takes the second entry of a menu; false if it is gone.
fn use_control(harness: &mut Window, role: Role, label: &str) -> bool {
    let node = harness
        .query_all_by_role(role)
        .find(|node| node.accesskit_node().label().unwrap_or_default() == label);
    let Some(node) = node else {
        return false;
    };
    node.click();
    match role {
        Role::Slider => {
            node.focus();
            harness.run_steps(1);
            harness.key_press(Key::ArrowRight);
        }
        Role::ComboBox => {
            let before = controls(harness);
            harness.run_steps(2);
            let mut entries = controls(harness);
            entries.retain(|entry| !before.contains(entry));
            if let Some((role, label)) = entries.get(1).or(entries.first()) {
                let mut all = harness.query_all_by_role(*role);
                let named = |node: &egui_kittest::Node<'_>| {
                    node.accesskit_node().label().as_ref() == Some(label)
                };
                all.find(named).expect("an entry of the menu").click();
            }
        }
        _ => {}
    }
    harness.run_steps(2);
    // Closes what has opened over the window.
    harness.key_press(Key::Escape);
    harness.run_steps(1);
    true
}

#[test]
fn every_lesson_outlives_each_of_its_controls() {
    if !common::gpu_here() {
        return;
    }
    for name in names() {
        let mut known: Vec<(Role, String)> = Vec::new();
        // Other views have other controls; what was there before is not pressed again.
        for view in 0..3 {
            let mut harness = open_at(name, view);
            let mut all = own_controls(&harness);
            assert!(all.len() >= 8, "{name} has controls: {all:?}");
            all.retain(|control| !known.contains(control));
            for (role, label) in &all {
                // A press may have closed a panel or enlarged a picture: then the lesson opens
                // afresh.
                if !is_there(&harness, *role, label) {
                    assert_quiet(&mut harness, name);
                    harness = open_at(name, view);
                }
                assert!(
                    use_control(&mut harness, *role, label),
                    "{name}: {role:?} {label:?} cannot be found again"
                );
            }
            assert_quiet(&mut harness, name);
            known.extend(all);
        }
    }
}

/// Saving before there is a run, or where none is saved, and exporting before there is a picture are answered in a
/// sentence; nothing else may go wrong.
fn assert_quiet(harness: &mut Window, name: &str) {
    harness.render().expect("a picture");
    let messages = harness.state().lab.training.messages.iter();
    let wrong: Vec<_> = messages
        .filter(|m| ![NOTHING_TO_SAVE, NOT_SAVED, NOTHING_TO_EXPORT].contains(&m.as_str()))
        .collect();
    assert!(wrong.is_empty(), "{name}: {wrong:?}");
}

/// Where the curves of the lesson on guidance stand, in pixels.
const CHARTS: (std::ops::Range<u32>, std::ops::Range<u32>) = (318..462, 44..366);

#[test]
fn every_lesson_looks_as_before() {
    if !common::gpu_here() {
        return;
    }
    let mut results = SnapshotResults::new();
    for lesson in names() {
        // Its curves of the way back take more than a minute without a GPU.
        if lesson == "editing" {
            continue;
        }
        let mut harness = open(lesson);
        let guidance = lesson == "guidance";
        if guidance {
            // Its curves take more than a minute without a GPU: the sheet alone is compared.
            until(&mut harness, "the sheet is whole", |harness| {
                harness.query_by_label_contains("30 steps").is_some()
            });
        } else {
            settle(&mut harness);
        }
        if lesson == "mistakes" {
            // Only the end of both trainings is the same every time.
            until(&mut harness, "both are trained", |harness| {
                harness.query_by_label("Train again").is_some()
            });
            settle(&mut harness);
        }
        let mut image = harness.render().expect("a picture");
        if guidance {
            for (x, y) in CHARTS.0.flat_map(|x| CHARTS.1.map(move |y| (x, y))) {
                image.put_pixel(x, y, image::Rgba([128, 128, 128, 255]));
            }
        }
        let name = format!("lesson_{lesson}");
        results.add(harness::small_snapshot(&image, &name));
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
