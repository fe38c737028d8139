//! The window without a display: built, pressed, drawn until nothing is on its way, and looked at.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Color32, Key, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResult};
use flowlab::app::{App, LaunchOptions};
use flowlab::device::DeviceChoice;
use image::RgbaImage;

/// A window under test.
pub type Window = Harness<'static, App>;

/// Longest wait for a worker, on a machine that does other things, too.
const PATIENCE: Duration = Duration::from_secs(300);

/// Options of a window that trains on the processor.
pub fn on_cpu(lesson: &str) -> LaunchOptions {
    LaunchOptions {
        device: DeviceChoice::Cpu,
        lesson: Some(lesson.to_owned()),
        ..LaunchOptions::default()
    }
}

/// A window of 1280 × 800 points whose next run is small.
pub fn window(options: LaunchOptions, pixels_per_point: f32) -> Window {
    Harness::builder()
        .with_size(vec2(1280.0, 800.0))
        .with_pixels_per_point(pixels_per_point)
        .with_max_steps(64)
        .wgpu()
        .build_eframe(move |cc| {
            let mut app = App::new(cc, options).expect("the window is built");
            let config = &mut app.lab.training.config;
            (config.batch, config.hidden, config.layers) = (256, 32, 2);
            app
        })
}

/// Draws until `done`; the workers' results come when they come.
pub fn until(harness: &mut Window, what: &str, done: impl Fn(&Window) -> bool) {
    let start = Instant::now();
    while !done(harness) {
        assert!(start.elapsed() < PATIENCE, "still waiting until {what}");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    harness.run_steps(2);
}

/// Draws until no picture is on its way.
pub fn settle(harness: &mut Window) {
    harness.run_steps(2);
    until(harness, "no picture is on its way", |harness| {
        !harness.state().is_busy()
    });
}

/// Draws until no picture is on its way, or for a few seconds: for what does not depend on it.
pub fn settle_a_while(harness: &mut Window) {
    harness.run_steps(2);
    let start = Instant::now();
    while harness.state().is_busy() && start.elapsed() < Duration::from_secs(4) {
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    harness.run_steps(2);
}

pub fn press(harness: &mut Window, key: Key) {
    harness.key_press(key);
    harness.run_steps(2);
}

pub fn click(harness: &mut Window, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

/// The window's picture; also a file where `FLOWLAB_PICTURES` names a folder.
pub fn picture(harness: &mut Window, name: &str) -> RgbaImage {
    let image = harness.render().expect("a picture");
    if let Some(folder) = pictures() {
        image
            .save(folder.join(format!("{name}.png")))
            .expect("the folder is there");
    }
    image
}

/// Width of a picture that is kept with the tests, in pixels.
const KEPT: u32 = 320;
/// How far a pixel may be off: one level of the kept picture in every channel.
const NEAR: f32 = 40.0;
/// Share of the pixels that may be further off: drivers round differently at edges.
const OTHERS: f32 = 0.008;

/// Compares a picture with the one that is kept: small, in few levels, so that layout and colours
/// can be told and the files stay small.
pub fn small_snapshot(image: &RgbaImage, name: &str) -> SnapshotResult {
    let height = (KEPT * image.height()).div_ceil(image.width());
    let mut small = image::imageops::thumbnail(image, KEPT, height);
    for pixel in small.pixels_mut() {
        pixel.0 = pixel.0.map(|level| level & 0xF8 | level >> 5);
    }
    let most = OTHERS * (KEPT * height) as f32;
    let options = SnapshotOptions::new()
        .threshold(NEAR)
        .max_failed_pixels(most as usize);
    egui_kittest::try_image_snapshot_options(&small, name, &options)
}

/// The folder for pictures, where somebody wants to look at them.
pub fn pictures() -> Option<PathBuf> {
    std::env::var_os("FLOWLAB_PICTURES").map(PathBuf::from)
}

/// Pixels within a small distance of a theme's colour.
pub fn count(image: &RgbaImage, color: Color32) -> usize {
    let near = |a: u8, b: u8| a.abs_diff(b) < 40;
    image
        .pixels()
        .filter(|p| near(p[0], color.r()) && near(p[1], color.g()) && near(p[2], color.b()))
        .count()
}

/// Pixels that differ visibly.
pub fn changed(a: &RgbaImage, b: &RgbaImage) -> usize {
    let pairs = a.pixels().zip(b.pixels());
    pairs
        .filter(|(a, b)| (0..3).any(|i| a[i].abs_diff(b[i]) > 24))
        .count()
}

/// What a label that begins like this says after it.
pub fn said(harness: &Window, begin: &str) -> Option<String> {
    let nodes = harness.query_all_by_label_contains(begin);
    nodes
        .filter_map(|node| {
            let node = node.accesskit_node();
            let text = node.label().or_else(|| node.value())?;
            text.strip_prefix(begin).map(str::to_owned)
        })
        .next()
}
