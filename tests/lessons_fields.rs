//! The lessons on paths, steps and the field under `egui_kittest`: every view is drawn and
//! looked at.

mod common;
mod harness;

use egui::{Key, pos2, vec2};
use egui_kittest::kittest::Queryable;
use flowlab::app::LaunchOptions;
use flowlab::app::theme::{Palette, Theme};
use harness::{Window, changed, click, count, on_cpu, press, settle, until};
use image::RgbaImage;

fn window(lesson: &str, t: f32, theme: Theme) -> Window {
    let options = LaunchOptions {
        theme: Some(theme),
        t: Some(t),
        ..on_cpu(lesson)
    };
    harness::window(options, 1.0)
}

/// The window's picture once everything is on it.
fn picture(harness: &mut Window, name: &str) -> RgbaImage {
    settle(harness);
    harness::picture(harness, name)
}

fn light() -> &'static Palette {
    Theme::Light.palette()
}

#[test]
fn paths_show_the_same_noise_on_five_paths_from_the_first_picture() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("paths", 0.6, Theme::Light);
    let image = picture(&mut harness, "paths-side");
    press(&mut harness, Key::Home);
    let start = picture(&mut harness, "paths-start");
    assert!(changed(&image, &start) > 20_000, "time moves all panels");
    for key in [Key::Num3, Key::Num4] {
        press(&mut harness, key);
        let without = picture(&mut harness, "paths-without");
        assert!(
            changed(&start, &without) > 2000,
            "{key:?} switches a path off"
        );
        press(&mut harness, key);
    }
    let again = picture(&mut harness, "paths-again");
    assert!(changed(&start, &again) < 500, "and on again");
    click(&mut harness, "Network");
    let network = picture(&mut harness, "paths-network");
    assert!(count(&network, light().model) > count(&again, light().model) + 200);
}

#[test]
fn paths_show_the_sheet_and_the_same_ends() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("paths", 0.5, Theme::Light);
    click(&mut harness, "Seven times");
    let sheet = picture(&mut harness, "paths-sheet");
    assert!(count(&sheet, light().exact) > 1500);
    assert!(count(&sheet, light().source) > 1500);
    press(&mut harness, Key::B);
    let middle = picture(&mut harness, "paths-ends");
    press(&mut harness, Key::End);
    let end = picture(&mut harness, "paths-ends-1");
    assert!(changed(&middle, &end) > 10_000);
}

#[test]
fn steps_show_a_grid_that_fills_and_a_panel_that_grows() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("steps", 1.0, Theme::Light);
    let image = picture(&mut harness, "steps");
    assert!(count(&image, light().exact) > 5000);
    click(&mut harness, "Midpoint, 4: enlarge");
    press(&mut harness, Key::Num3);
    let large = picture(&mut harness, "steps-large");
    assert!(count(&large, light().error) > 300, "rings at E[x1|x]");
    click(&mut harness, "All panels");
    press(&mut harness, Key::Num3);
    let back = picture(&mut harness, "steps-back");
    assert!(changed(&image, &back) < 3000, "{}", changed(&image, &back));
    click(&mut harness, "Network");
    let network = picture(&mut harness, "steps-network");
    assert!(count(&network, light().model) > 4000);
    press(&mut harness, Key::Num2);
    press(&mut harness, Key::Num6);
    let last = picture(&mut harness, "steps-last-euler");
    assert!(changed(&back, &last) > 1000);
    click(&mut harness, "Equal NFE");
    picture(&mut harness, "steps-nfe");
    press(&mut harness, Key::B);
    let paths = picture(&mut harness, "steps-paths");
    assert!(count(&paths, light().source) > 1000, "the diffusion row");
}

#[test]
fn a_particle_under_the_pointer_stands_out_in_every_panel() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("steps", 1.0, Theme::Light);
    let before = picture(&mut harness, "steps-quiet");
    let panel = harness.get_by_label("Euler, 128: enlarge").rect();
    harness.hover_at(panel.center() + vec2(-4.0, -4.0));
    harness.run_steps(3);
    let after = picture(&mut harness, "steps-hover");
    for name in ["Euler, 8", "RK 4, 64", "Heun, 32", "Midpoint, 4"] {
        let rect = harness.get_by_label(&format!("{name}: enlarge")).rect();
        let (x, y) = (rect.left() as u32, rect.top() as u32);
        let side = rect.width() as u32;
        let part =
            |image: &RgbaImage| image::imageops::crop_imm(image, x, y, side, side).to_image();
        let n = changed(&part(&before), &part(&after));
        assert!(n > 25, "{name}: {n} pixels");
    }
}

#[test]
fn the_field_shows_network_exact_and_difference() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("field", 0.6, Theme::Light);
    let speed = picture(&mut harness, "field-speed");
    press(&mut harness, Key::Num4);
    let density = picture(&mut harness, "field-density");
    assert!(changed(&speed, &density) > 50_000);
    press(&mut harness, Key::Num5);
    let divergence = picture(&mut harness, "field-divergence");
    assert!(changed(&density, &divergence) > 50_000);
    press(&mut harness, Key::Num5);
    press(&mut harness, Key::Num1);
    press(&mut harness, Key::Num2);
    let arrows = picture(&mut harness, "field-arrows");
    assert!(changed(&divergence, &arrows) > 50_000);
    // A click pins the inspector's point.
    harness.hover_at(pos2(500.0, 300.0));
    harness.run_steps(3);
    let hovered = picture(&mut harness, "field-hover");
    assert!(
        changed(&arrows, &hovered) > 200,
        "the numbers follow the pointer"
    );
}

#[test]
fn a_target_without_an_exact_field_leaves_the_network() {
    if !common::gpu_here() {
        return;
    }
    for lesson in ["paths", "steps", "field"] {
        let mut harness = window(lesson, 0.7, Theme::Light);
        harness.run_steps(2);
        let training = &mut harness.state_mut().lab.training;
        training.config.dataset = flowlab::data::toy::Dataset::Moons;
        training.reset();
        until(&mut harness, "the moons are on the stage", |harness| {
            let staged = harness.state().lab.training.staged();
            staged.is_some_and(|staged| staged.dataset.boxes().is_none())
        });
        let image = picture(&mut harness, &format!("{lesson}-moons"));
        assert!(count(&image, light().model) > 50, "{lesson}");
    }
}

#[test]
fn particles_start_where_the_run_starts() {
    if !common::gpu_here() {
        return;
    }
    for lesson in ["paths", "steps", "field", "conditional", "couplings"] {
        let mut harness = window(lesson, 0.0, Theme::Light);
        harness.run_steps(2);
        let training = &mut harness.state_mut().lab.training;
        training.config.source = flowlab::data::Source::Uniform;
        training.reset();
        until(&mut harness, "the run starts elsewhere", |harness| {
            !harness.state().lab.training.source().is_gaussian()
                && harness.state().lab.training.staged().is_some()
        });
        let image = picture(&mut harness, &format!("{lesson}-uniform"));
        assert!(count(&image, light().model) > 50, "{lesson}");
        // One line says why there is no exact answer.
        let said = harness
            .query_all_by_label_contains("a Gaussian source")
            .next();
        assert!(said.is_some(), "{lesson}");
    }
}

#[test]
fn a_row_of_steps_and_a_panel_of_paths_show_a_chosen_run() {
    if !common::gpu_here() {
        return;
    }
    for (lesson, place, back) in [
        ("steps", "Heun", "As chosen above"),
        ("paths", "Linear", "Exact field"),
    ] {
        let mut harness = window(lesson, 1.0, Theme::Light);
        let before = picture(&mut harness, &format!("{lesson}-exact"));
        let orange = count(&before, light().model);
        click(&mut harness, &format!("{place}: choose its field"));
        click(&mut harness, "Pretrained");
        let chosen = picture(&mut harness, &format!("{lesson}-chosen"));
        let now = count(&chosen, light().model);
        assert!(now > orange + 500, "{lesson}: {orange}, then {now}");
        click(
            &mut harness,
            &format!("{place}, Pretrained: choose its field"),
        );
        click(&mut harness, back);
        let after = picture(&mut harness, &format!("{lesson}-back"));
        let apart = changed(&before, &after);
        assert!(apart < 3000, "{lesson}: {apart}");
    }
}
