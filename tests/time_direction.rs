//! Counting t from the data changes numbers that are shown, and nothing else.
//!
//! The switch belongs to the whole program, so this is the only test of its process.

mod common;
mod harness;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use flowlab::app::time_label;
use harness::{Window, on_cpu, press, settle};

fn switch(window: &mut Window) {
    window.key_press_modifiers(Modifiers::SHIFT, Key::T);
    window.run_steps(3);
}

#[test]
fn t_is_relabelled_everywhere_and_the_picture_stays() {
    if !common::gpu_here() {
        return;
    }
    assert_eq!(time_label::moment(0.25), "t = 0.25");
    let mut window = harness::window(on_cpu("paths"), 0.5);
    press(&mut window, Key::Home);
    (0..3).for_each(|_| {
        window.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
        window.run_steps(1);
    });
    settle(&mut window);
    window.get_by_label("0.30");
    window.get_by_label("To the noise, t = 0 (Home)");
    let before = window.render().expect("a picture");
    switch(&mut window);
    assert!(window.state().lab.settings.from_data);
    // It is no start of a training.
    assert!(!window.state().lab.training.is_running());
    window.get_by_label("0.70");
    window.get_by_label("To the noise, t = 1 (Home)");
    window.get_by_label("To the data, t = 0 (End)");
    assert!((window.state().lab.clock.t() - 0.3).abs() < 1e-9);
    assert_eq!(time_label::moment(0.25_f32), "t = 0.75");
    assert_eq!(time_label::axis(), "1 − t");
    // Only digits have changed: most pixels are as they were.
    let after = window.render().expect("a picture");
    let changed = before.pixels().zip(after.pixels()).filter(|(a, b)| a != b);
    let (changed, all) = (changed.count(), before.pixels().len());
    assert!(changed > 0 && changed * 100 < all, "{changed} of {all}");
    // Figures are labelled the same way.
    let figure = window.state().figure_at(0.3).expect("a figure");
    let never = std::sync::atomic::AtomicBool::new(false);
    let scene = figure.scene(&never).expect("a scene");
    assert!(format!("{scene:?}").contains("0.70"));
    switch(&mut window);
    window.get_by_label("0.30");
    assert_eq!(time_label::moment(0.25), "t = 0.25");
}
