//! Every lesson of the list: it says what it is, opens by its name and draws.

mod common;

use egui::vec2;
use egui_kittest::Harness;
use flowlab::app::{App, LaunchOptions, lessons};
use flowlab::device::DeviceChoice;

#[test]
fn every_lesson_opens_and_draws() {
    if !common::gpu_here() {
        return;
    }
    for lesson in lessons::all() {
        let name = lesson.name();
        let options = LaunchOptions {
            device: DeviceChoice::Cpu,
            lesson: Some(name.to_owned()),
            t: Some(0.6),
            ..LaunchOptions::default()
        };
        let mut harness = Harness::builder()
            .with_size(vec2(1280.0, 800.0))
            .with_pixels_per_point(0.5)
            .with_max_steps(64)
            .wgpu()
            .build_eframe(move |cc| App::new(cc, options).expect("the window is built"));
        harness.run_steps(3);
        let image = harness.render().expect("a picture");
        let first = image.get_pixel(0, 0);
        let drawn = image.pixels().filter(|pixel| *pixel != first).count();
        assert!(drawn > 5000, "{name}: {drawn} pixels");
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
