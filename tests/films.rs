//! Films out of the window: of the flow and of a training, made on a thread that can be stopped.

mod common;
mod harness;

use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers, vec2};
use egui_kittest::Node;
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::LaunchOptions;
use flowlab::figure::Meta;
use harness::{Window, on_cpu, press, said, settle, until};

fn open(lesson: &str) -> Window {
    let options = LaunchOptions {
        t: Some(1.0),
        ..on_cpu(lesson)
    };
    let mut harness = harness::window(options, 0.5);
    harness.set_size(vec2(1000.0, 900.0));
    harness
}

fn of_role<'a>(harness: &'a Window, role: Role, label: &str) -> Option<Node<'a>> {
    let mut nodes = harness.query_all_by_role(role);
    nodes.find(|node| node.accesskit_node().label().as_deref() == Some(label))
}

fn export_button(harness: &Window) -> Node<'_> {
    of_role(harness, Role::Button, "Export").expect("the button")
}

fn can_export(harness: &Window) -> bool {
    !export_button(harness).accesskit_node().is_disabled()
}

fn set(harness: &mut Window, name: &str, value: f64) {
    let field = of_role(harness, Role::SpinButton, name).expect("a field");
    field.set_value_accesskit(value);
    harness.run_steps(3);
}

/// Opens the card on a small GIF of `along`.
fn open_card(harness: &mut Window, along: &str, path: &Path) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run_steps(4);
    of_role(harness, Role::ComboBox, "Format")
        .expect("a menu")
        .click();
    harness.run_steps(2);
    // The menu's own text may be the same.
    let entries: Vec<_> = harness.query_all_by_label("GIF, a film").collect();
    entries.last().expect("an entry").click();
    harness.run_steps(3);
    harness.get_by_label(along).click();
    harness.run_steps(2);
    set(harness, "Width", 4.0);
    set(harness, "Resolution", 60.0);
    let fields: Vec<_> = harness.query_all_by_role(Role::TextInput).collect();
    let field = fields.last().expect("a field for the path");
    field.set_text_value_accesskit(path.to_str().expect("a path"));
    harness.run_steps(2);
}

fn write(harness: &mut Window, path: &Path) -> Vec<u8> {
    until(harness, "the film can be written", can_export);
    export_button(harness).click();
    harness.run_steps(2);
    let news = path.display().to_string();
    until(harness, "the film is written", |harness| {
        said(harness, "Written: ").is_some_and(|said| said == news)
    });
    std::fs::read(path).expect("the film")
}

/// Frames of a GIF, and whether the first and the last show different things.
fn frames(bytes: &[u8]) -> (usize, bool) {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(bytes).expect("a GIF");
    let mut all = Vec::new();
    while let Some(frame) = decoder.read_next_frame().expect("a frame") {
        all.push(frame.buffer.to_vec());
    }
    let moved = all.first() != all.last();
    (all.len(), moved)
}

#[test]
fn the_kept_iterations_of_a_training_become_a_film() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("learning.gif");
    let mut harness = open("learning");
    settle(&mut harness);
    open_card(&mut harness, "The training", &path);
    harness.get_by_label("14 moments");
    set(&mut harness, "Film", 7.0);
    let bytes = write(&mut harness, &path);
    // Two a second, and the last one stays for a moment.
    let (count, moved) = frames(&bytes);
    assert_eq!((count, moved), (14 + 1, true));
    let meta = Meta::find(&bytes).expect("its settings");
    assert_eq!(meta.figure, "lesson-learning");
    assert_eq!(meta.source, "builtin:learning");
}

#[test]
fn what_a_lesson_shows_while_it_trains_becomes_a_film() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("training.gif");
    let mut harness = open("checkerboard");
    settle(&mut harness);
    open_card(&mut harness, "The training", &path);
    harness.get_by_label("none yet: train in this lesson");
    assert!(!can_export(&harness), "there is nothing to write yet");
    press(&mut harness, Key::Escape);
    harness.state_mut().lab.training.config.steps = 100_000;
    press(&mut harness, Key::T);
    // The card counts on while the training goes on.
    open_card(&mut harness, "The training", &path);
    until(&mut harness, "more than one moment was kept", |harness| {
        let mut told = harness.query_all_by_label_contains(" moments");
        told.next().is_some()
    });
    let (count, moved) = frames(&write(&mut harness, &path));
    assert!(count > 1 && moved, "{count} frames");
}

#[test]
fn a_film_is_stopped_and_leaves_nothing() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.gif");
    let mut harness = open("checkerboard");
    settle(&mut harness);
    open_card(&mut harness, "A scrub of t", &path);
    set(&mut harness, "Width", 16.0);
    set(&mut harness, "Resolution", 90.0);
    set(&mut harness, "Film", 30.0);
    until(&mut harness, "the film can be written", can_export);
    export_button(&harness).click();
    harness.run_steps(2);
    // The window draws on while the frames are made.
    until(&mut harness, "frames are counted", |harness| {
        harness
            .query_all_by_label_contains(" / 61")
            .next()
            .is_some()
    });
    harness.get_by_label("Cancel").click();
    harness.run_steps(3);
    until(&mut harness, "the card can be closed", |harness| {
        of_role(harness, Role::Button, "Close").is_some()
    });
    assert!(said(&harness, "Written: ").is_none());
    let left = std::fs::read_dir(folder.path())
        .expect("the folder")
        .count();
    assert_eq!(left, 0, "nothing half written");
}
