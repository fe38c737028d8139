//! The lessons on variational flow matching in the window: rungs side by side, and their controls.

mod common;
mod harness;

use egui::Key;
use egui_kittest::kittest::Queryable;
use flowlab::app::theme::Theme;
use flowlab::train::images::ImageConfig;
use flowlab::train::images::variational::Rung;
use harness::{Window, click, count, on_cpu, picture, press, until};

fn window(lesson: &str) -> Window {
    harness::window(on_cpu(lesson), 1.0)
}

#[test]
fn rungs_stand_side_by_side_and_runs_of_the_window_join_them() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("variational");
    // The value of a label: the names in the table of figures.
    let listed = |harness: &Window, name: &str| harness.query_all_by_value(name).next().is_some();
    let pretrained = "Observation noise, pretrained";
    press(&mut harness, Key::Num6);
    until(&mut harness, "the pretrained rung is there", |harness| {
        listed(harness, pretrained)
    });
    // A run of the window joins them.
    let points = &mut harness.state_mut().lab.digits.points;
    let ImageConfig::Variational(settings) = &mut points.config else {
        panic!("a variational run");
    };
    (settings.hidden, settings.schedule.batch) = (8, 16);
    settings.schedule.epochs = 1;
    Rung::Posterior.apply(settings);
    press(&mut harness, Key::T);
    until(
        &mut harness,
        "the run has ended and stands there",
        |harness| listed(harness, "Your run") && harness.state().lab.digits.points.is_over(),
    );
    let kept = "Posterior, step 250";
    assert!(!listed(&harness, kept));
    click(&mut harness, "Keep this run");
    until(&mut harness, "the kept run stands there", |harness| {
        listed(harness, kept)
    });
    // It stays when the window forgets the run.
    harness.state_mut().lab.digits.points.reset();
    harness.run_steps(3);
    assert!(listed(&harness, kept) && !listed(&harness, "Your run"));
    let color = Theme::Light.palette().source;
    let two = count(&picture(&mut harness, "rungs"), color);
    assert!(two > 300, "{two}");
    press(&mut harness, Key::Num2);
    assert!(!listed(&harness, kept) && listed(&harness, pretrained));
    let one = count(&picture(&mut harness, "one_rung"), color);
    assert!(one < two / 2, "{one} of {two}");
    click(&mut harness, "Forget kept runs");
    press(&mut harness, Key::Num2);
    assert!(!listed(&harness, kept));
}

#[test]
fn the_controls_of_a_variational_run_reach_what_the_command_line_does() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("variational_digits");
    harness.run_steps(3);
    let settings = |harness: &Window| match &harness.state().lab.digits.pictures.config {
        ImageConfig::Variational(settings) => settings.clone(),
        other => panic!("{}", other.task()),
    };
    assert_eq!(settings(&harness).floor, None);
    click(&mut harness, "Floor of ln variance");
    assert_eq!(settings(&harness).floor, Some(0.0));
    harness.get_by_label("Floor").rect();
    harness.get_by_label("Noise σ").rect();
    click(&mut harness, "Networks, times and data");
    for name in ["Net", "Times", "Channels, level 4", "Posterior’s, level 1"] {
        harness.get_by_label(name).rect();
    }
    // It may lie below the edge of the panel.
    harness.get_by_label("Learn where z lies").click_accesskit();
    harness.run_steps(3);
    assert!(!settings(&harness).aggregate);
    click(&mut harness, "The seed’s numbers");
    assert_eq!(settings(&harness).widths, [128, 128, 128, 256]);
    assert_eq!(settings(&harness).kl.to_string(), "1:sum");
}
