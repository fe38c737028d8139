//! What a screen reader is told: every control of every lesson has a name.

mod common;
mod harness;

use egui::{Key, Modifiers};
use egui_kittest::kittest::NodeT;
use flowlab::app::lessons;
use harness::{Window, on_cpu, press};

/// What can be pressed, moved or typed into.
fn controls(window: &Window) -> usize {
    let nodes = window.root().children_recursive();
    let role = |node: &egui_kittest::Node<'_>| node.accesskit_node().role();
    nodes
        .filter(|node| egui::accessibility::is_input(role(node)))
        .count()
}

fn check(window: &Window, what: &str, least: usize) {
    let wrong = window.unnamed_widgets();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    let all = controls(window);
    assert!(all >= least, "{what}: only {all} controls");
}

#[test]
fn every_control_of_every_lesson_has_a_name() {
    if !common::gpu_here() {
        return;
    }
    for lesson in lessons::all() {
        let name = lesson.name();
        let mut window = harness::window(on_cpu(name), 0.25);
        window.run_steps(3);
        for view in 0..3 {
            check(&window, &format!("{name}, view {view}"), 15);
            press(&mut window, Key::B);
            window.run_steps(1);
        }
        press(&mut window, Key::PageDown);
        check(&window, &format!("{name}, told"), 15);
        press(&mut window, Key::F);
        check(&window, &format!("{name}, lecture mode"), 4);
    }
}

#[test]
fn cards_and_lists_have_names_too() {
    if !common::gpu_here() {
        return;
    }
    let mut window = harness::window(on_cpu("checkerboard"), 0.25);
    window.run_steps(2);
    for (modifiers, key, more) in [
        (Modifiers::COMMAND, Key::K, 10),
        (Modifiers::COMMAND, Key::O, 2),
        (Modifiers::COMMAND, Key::E, 5),
        (Modifiers::NONE, Key::F10, 2),
        (Modifiers::NONE, Key::F1, 0),
    ] {
        let before = controls(&window);
        window.key_press_modifiers(modifiers, key);
        window.run_steps(4);
        check(&window, &format!("{key:?}"), before + more);
        press(&mut window, Key::Escape);
        window.run_steps(2);
        assert_eq!(controls(&window), before, "{key:?} stays open");
    }
}
