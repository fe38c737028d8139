//! What a screen reader is told, and what the pointer is: every control of every lesson has a name
//! and a sentence that explains it.

mod common;
mod harness;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Order, Rect};
use egui_kittest::Harness;
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

/// Controls without a sentence for the screen reader, each with its role and name and its place.
fn unexplained<S>(window: &Harness<'_, S>) -> Vec<(String, Rect)> {
    let mut found = Vec::new();
    for node in window.root().children_recursive() {
        let role = node.accesskit_node().role();
        // A line of a list says all that there is to say.
        if !egui::accessibility::is_input(role) || role == Role::ListBoxOption {
            continue;
        }
        // A tooltip over a picture would hide what the class looks at: its name says what it does.
        // The button in the corner of a card is egui's own.
        let name = node.accesskit_node().label().unwrap_or_default();
        let on_picture = [": enlarge", ": pin a point", ": click a digit"];
        if on_picture.iter().any(|end| name.ends_with(end))
            || name.starts_with("The point ")
            || name == "Close window"
        {
            continue;
        }
        let place = node.rect();
        let node = node.accesskit_node();
        let words = node.description().unwrap_or_default();
        if words.split_whitespace().count() < 2 {
            found.push((format!("{role:?} {name:?}"), place));
        }
    }
    found
}

/// Whether some tooltip is shown.
fn tooltip<S>(window: &Harness<'_, S>) -> bool {
    let layers = window
        .ctx
        .memory(|memory| memory.areas().visible_layer_ids());
    layers.iter().any(|layer| layer.order == Order::Tooltip)
}

/// Of the controls without a sentence of their own, those that stay silent under the pointer, too:
/// a line of settings may explain its controls together.
fn silent<S>(window: &mut Harness<'_, S>) -> Vec<String> {
    window.ctx.all_styles_mut(|style| {
        style.interaction.tooltip_delay = 0.0;
        style.interaction.tooltip_grace_time = 0.0;
        style.interaction.show_tooltips_only_when_still = false;
    });
    let mut silent = Vec::new();
    for (name, place) in unexplained(window) {
        window.event(egui::Event::PointerGone);
        window.run_steps(2);
        assert!(!tooltip(window), "a tooltip without a pointer");
        window.hover_at(place.center());
        window.run_steps(3);
        if !tooltip(window) {
            silent.push(name);
        }
    }
    window.event(egui::Event::PointerGone);
    window.run_steps(2);
    silent.dedup();
    silent
}

/// What is wrong with the controls that are shown, one line each.
fn check(window: &mut Window, what: &str, least: usize) -> Vec<String> {
    let wrong = window.unnamed_widgets();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    let all = controls(window);
    assert!(all >= least, "{what}: only {all} controls");
    let silent = silent(window);
    silent
        .iter()
        .map(|name| format!("{what}: {name}"))
        .collect()
}

#[test]
fn every_control_of_every_lesson_has_a_name_and_a_tooltip() {
    if !common::gpu_here() {
        return;
    }
    let mut silent = Vec::new();
    for lesson in lessons::all() {
        let name = lesson.name();
        let mut window = harness::window(on_cpu(name), 0.25);
        // High enough for everything at the side.
        window.set_size(egui::vec2(1280.0, 1600.0));
        window.run_steps(3);
        for view in 0..3 {
            silent.extend(check(&mut window, &format!("{name}, view {view}"), 15));
            press(&mut window, Key::B);
            window.run_steps(1);
        }
        press(&mut window, Key::PageDown);
        silent.extend(check(&mut window, &format!("{name}, told"), 15));
        press(&mut window, Key::F);
        silent.extend(check(&mut window, &format!("{name}, lecture mode"), 4));
    }
    assert!(silent.is_empty(), "nothing explains {silent:#?}");
}

#[test]
fn cards_and_lists_have_names_too() {
    if !common::gpu_here() {
        return;
    }
    let mut window = harness::window(on_cpu("checkerboard"), 0.25);
    window.run_steps(2);
    let mut silent = Vec::new();
    for (modifiers, key, more) in [
        (Modifiers::COMMAND, Key::K, 10),
        (Modifiers::COMMAND, Key::O, 2),
        (Modifiers::COMMAND, Key::E, 5),
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::S, 3),
        (Modifiers::COMMAND | Modifiers::SHIFT, Key::F, 3),
        (Modifiers::NONE, Key::F10, 2),
        (Modifiers::NONE, Key::F1, 0),
    ] {
        let before = controls(&window);
        window.key_press_modifiers(modifiers, key);
        window.run_steps(4);
        // The overlay of the keys lies where tooltips do, and has no control.
        if key == Key::F1 {
            assert!(window.unnamed_widgets().is_empty());
        } else {
            silent.extend(check(&mut window, &format!("{key:?}"), before + more));
        }
        press(&mut window, Key::Escape);
        window.run_steps(2);
        assert_eq!(controls(&window), before, "{key:?} stays open");
    }
    assert!(silent.is_empty(), "nothing explains {silent:#?}");
}

#[test]
fn a_control_without_a_tooltip_is_found() {
    let mut window = Harness::new_ui(|ui| {
        _ = ui.button("Silent");
        _ = ui.button("Explained").on_hover_text("What it does");
        let mut value = 1.0;
        let number = egui::DragValue::new(&mut value);
        let row = ui.horizontal(|ui| ui.name_inputs("Number", |ui| ui.add(number)));
        row.response.on_hover_text("For the whole row");
    });
    window.run_steps(2);
    assert_eq!(unexplained(&window).len(), 2);
    assert_eq!(silent(&mut window), ["Button \"Silent\""]);
}
