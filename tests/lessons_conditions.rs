//! The lessons whose flow is given a picture: a brush with the mouse and the keys, and its way back.

mod common;
mod harness;

use egui::{Key, Modifiers, Rect, vec2};
use egui_kittest::kittest::Queryable;
use flowlab::app::theme::Theme;
use harness::{Window, click, count, on_cpu, press, settle};

/// Names of what is painted on.
const DIGIT: &str = "The digit: drag to hide a part";
const MAP: &str = "The map: drag to draw";

fn window(lesson: &str) -> Window {
    let mut harness = harness::window(on_cpu(lesson), 0.5);
    harness.run_steps(3);
    harness
}

fn shows(harness: &Window, percent: &str) -> bool {
    let text = format!("{percent}\u{2009}%");
    harness.query_by_label(&text).is_some()
}

fn chord(harness: &mut Window, key: Key) {
    harness.key_press_modifiers(Modifiers::COMMAND, key);
    harness.run_steps(3);
}

/// Draws from one place of a canvas to another, in shares of its sides.
fn drag(harness: &mut Window, canvas: &str, from: [f32; 2], to: [f32; 2]) {
    let rect: Rect = harness.get_by_label(canvas).rect();
    let at = |place: [f32; 2]| rect.lerp_inside(vec2(place[0], place[1]));
    harness.drag_at(at(from));
    harness.run_steps(2);
    for share in [0.3, 0.7, 1.0] {
        let place = [0, 1].map(|k| from[k] + share * (to[k] - from[k]));
        harness.hover_at(at(place));
        harness.run_steps(2);
    }
    harness.drop_at(at(to));
    harness.run_steps(3);
}

#[test]
fn strokes_hide_show_and_are_taken_back() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("inpaint");
    assert!(shows(&harness, "25.0"), "the centre is hidden at first");
    press(&mut harness, Key::Num4);
    assert!(shows(&harness, "50.0"), "the left half");
    click(&mut harness, "Upper half");
    drag(&mut harness, DIGIT, [0.2, 0.8], [0.8, 0.8]);
    assert!(!shows(&harness, "50.0"), "a stroke hides more");
    chord(&mut harness, Key::Z);
    assert!(shows(&harness, "50.0"), "and is taken back whole");
    chord(&mut harness, Key::Y);
    assert!(!shows(&harness, "50.0"), "and redone");
    chord(&mut harness, Key::Z);
    chord(&mut harness, Key::Z);
    chord(&mut harness, Key::Z);
    assert!(shows(&harness, "25.0"), "presets are steps, too");
    click(&mut harness, "Eraser");
    drag(&mut harness, DIGIT, [0.3, 0.5], [0.7, 0.5]);
    assert!(!shows(&harness, "25.0"), "the eraser shows pixels again");
    click(&mut harness, "Clear");
    assert!(shows(&harness, "0.0"));
    assert!(harness.state().lab.training.messages.is_empty());
}

#[test]
fn the_brush_moves_by_keys() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("inpaint");
    click(&mut harness, "Clear");
    let time = harness.state().lab.clock.t();
    harness.get_by_label(DIGIT).focus();
    harness.run_steps(2);
    press(&mut harness, Key::ArrowRight);
    assert!(shows(&harness, "0.0"), "the brush is not down");
    press(&mut harness, Key::Space);
    assert!(!shows(&harness, "0.0"), "now it is");
    for _ in 0..4 {
        press(&mut harness, Key::ArrowDown);
    }
    press(&mut harness, Key::Space);
    assert_eq!(harness.state().lab.clock.t(), time, "the flow stands still");
    chord(&mut harness, Key::Z);
    assert!(shows(&harness, "0.0"), "one stroke from down to up");
}

#[test]
fn a_pen_draws_a_map_and_digits_come_of_it() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("semantic");
    click(&mut harness, "Clear");
    assert!(shows(&harness, "100.0"), "only paper");
    drag(&mut harness, MAP, [0.5, 0.15], [0.5, 0.85]);
    assert!(!shows(&harness, "100.0"), "ink");
    settle(&mut harness);
    let image = harness::picture(&mut harness, "semantic-one");
    let ink = count(&image, Theme::Light.palette().ink);
    assert!(ink > 500, "a stroke and the digits of it: {ink}");
    chord(&mut harness, Key::Z);
    assert!(shows(&harness, "100.0"));
    harness.key_press_modifiers(egui::Modifiers::SHIFT, Key::PageDown);
    harness.run_steps(2);
    assert!(!shows(&harness, "100.0"), "the map of a test digit");
}
