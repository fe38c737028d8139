//! The window as it looks on a small projector, on a usual one and at 4K, light and dark.

mod common;
mod harness;

use egui::{Key, vec2};
use egui_kittest::SnapshotResults;
use flowlab::app::LaunchOptions;
use harness::{on_cpu, picture, press, settle, small_snapshot};

/// Lessons whose stages differ most: particles beside plots, tables of pictures, digits.
const LESSONS: [&str; 4] = ["checkerboard", "steps", "latent", "paths"];
/// Names of the screens, their sizes in points, and pixels per point.
const SCREENS: [(&str, [f32; 2], f32); 3] = [
    ("720p", [1280.0, 720.0], 1.0),
    ("1080p", [1920.0, 1080.0], 1.0),
    ("4k", [1920.0, 1080.0], 2.0),
];

#[test]
fn lessons_look_as_before_on_every_screen_in_both_themes() {
    if !common::gpu_here() {
        return;
    }
    let mut results = SnapshotResults::new();
    for lesson in LESSONS {
        for (screen, [width, height], pixels_per_point) in SCREENS {
            let options = LaunchOptions {
                t: Some(0.6),
                ..on_cpu(lesson)
            };
            let mut window = harness::window(options, pixels_per_point);
            window.set_size(vec2(width, height));
            for theme in ["light", "dark"] {
                settle(&mut window);
                let name = format!("{screen}_{lesson}_{theme}");
                let image = picture(&mut window, &name);
                assert_eq!(image.width() as f32, width * pixels_per_point);
                results.add(small_snapshot(&image, &name));
                press(&mut window, Key::D);
            }
        }
    }
}
