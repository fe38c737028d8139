//! Runs beside one another, the time machine, the mistakes and painted targets, in the window.

mod common;
mod harness;

use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::theme::Theme;
use flowlab::data::Dataset;
use flowlab::train::RunState;
use flowlab::train::images::ImageConfig;
use harness::{Window, click, count, on_cpu, picture, press, said, settle, until};

fn window(lesson: &str) -> Window {
    harness::window(on_cpu(lesson), 1.0)
}

/// The iteration that the second slider stands at.
fn iteration(harness: &Window) -> f64 {
    let slider = harness.get_by_label("Iteration");
    slider.accesskit_node().numeric_value().expect("a number")
}

#[test]
fn the_time_machine_shows_the_pretrained_run_at_once_and_scrubs_both_times() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("learning");
    until(&mut harness, "the moments are read", |harness| {
        harness.query_by_label("Iteration 5\u{2009}000").is_some()
    });
    assert_eq!(iteration(&harness), 5000.0);
    let model = Theme::Light.palette().model;
    settle(&mut harness);
    assert!(count(&picture(&mut harness, "learning"), model) > 10_000);
    press(&mut harness, Key::ArrowDown);
    assert_eq!(iteration(&harness), 4000.0);
    click(&mut harness, "Iteration 100");
    assert_eq!(iteration(&harness), 100.0);
    press(&mut harness, Key::I);
    until(&mut harness, "the iterations play", |harness| {
        iteration(harness) > 100.0
    });
    press(&mut harness, Key::I);
    let rail = harness.get_by_label("Iteration").rect();
    harness.drag_at(rail.left_center() + vec2(14.0, 0.0));
    harness.run_steps(1);
    harness.drop_at(rail.left_center() + vec2(14.0, 0.0));
    harness.run_steps(2);
    assert_eq!(iteration(&harness), 0.0);
    press(&mut harness, Key::B);
    for name in ["Iteration 0", "Iteration 4\u{2009}000"] {
        harness.get_by_label(name);
    }
    assert!(harness.query_by_label("Iteration 100").is_none());
    picture(&mut harness, "four_stages");
    press(&mut harness, Key::Home);
    assert_eq!(harness.state().lab.clock.t(), 0.0);
}

#[test]
fn the_time_machine_follows_a_run_of_the_window() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("learning");
    harness.state_mut().lab.training.config.steps = 60;
    press(&mut harness, Key::T);
    until(&mut harness, "the run has ended", |harness| {
        let run = harness.state().lab.training.run();
        run.is_some_and(|run| run.kept().len() == 6)
    });
    until(&mut harness, "its last moment is on the stage", |harness| {
        harness.query_by_label("Iteration 60").is_some() && iteration(harness) == 60.0
    });
    assert!(harness.query_by_label("Iteration 5\u{2009}000").is_none());
}

#[test]
fn runs_stand_beside_one_another_and_come_back() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("checkerboard");
    press(&mut harness, Key::T);
    press(&mut harness, Key::N);
    let steps = |harness: &Window| -> Vec<u64> {
        let runs = harness.state().lab.training.runs().iter();
        runs.map(|run| run.step).collect()
    };
    until(&mut harness, "both train", |harness| {
        let steps = steps(harness);
        steps.len() == 2 && steps.iter().all(|step| *step > 60)
    });
    let training = &harness.state().lab.training;
    assert!(training.runs().iter().all(|run| run.is_running()));
    assert_eq!(training.run().expect("a run").name, "Run 2");
    let names: Vec<String> = training
        .staged_all()
        .into_iter()
        .map(|(_, staged)| staged.name)
        .collect();
    assert_eq!(names, ["Run 2", "Pretrained", "Run 1", "Run 2"]);
    let [first, second] = Theme::Light.palette().runs[..2] else {
        panic!("two colours");
    };
    let image = picture(&mut harness, "two_runs");
    assert!(count(&image, first) > 100 && count(&image, second) > 100);
    click(&mut harness, "Hide the curve of Run 1");
    assert!(!harness.state().lab.training.runs()[0].shown);
    click(&mut harness, "Run 1");
    let current = |harness: &Window| {
        let run = harness.state().lab.training.run();
        run.map(|run| run.name.clone())
    };
    assert_eq!(current(&harness).as_deref(), Some("Run 1"));
    click(&mut harness, "What to do with Run 1");
    click(&mut harness, "Remove");
    assert_eq!(harness.state().lab.training.runs().len(), 1);
    assert_eq!(current(&harness).as_deref(), Some("Run 2"));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(2);
    assert_eq!(current(&harness).as_deref(), Some("Run 1"));
    // The run whose removal was taken back goes on from where it was.
    let kept = steps(&harness)[0];
    press(&mut harness, Key::T);
    until(&mut harness, "it trains on", |harness| {
        steps(harness)[0] > kept
    });
}

#[test]
fn a_saved_run_is_opened_beside_the_others_and_trains_on() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("checkerboard");
    press(&mut harness, Key::T);
    until(&mut harness, "a few steps are done", |harness| {
        let run = harness.state().lab.training.run();
        run.is_some_and(|run| run.step > 30)
    });
    press(&mut harness, Key::T);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("board");
    harness.state_mut().lab.training.save(path.clone());
    until(&mut harness, "the run is saved", |harness| {
        let note = &harness.state().lab.training.note;
        note.as_ref().is_some_and(|note| note.starts_with("Saved"))
    });
    harness.key_press_modifiers(Modifiers::COMMAND, Key::O);
    harness.run_steps(4);
    let field = harness.get_by_role(egui::Role::TextInput);
    field.set_text_value_accesskit(path.to_str().expect("a path"));
    harness.run_steps(2);
    click(&mut harness, "Open");
    until(&mut harness, "the run is open", |harness| {
        harness.state().lab.training.runs().len() == 2
    });
    let training = &harness.state().lab.training;
    let [saved, opened] = training.runs() else {
        panic!("two runs");
    };
    assert_eq!(opened.name, "board");
    assert_eq!(opened.step, saved.step);
    assert_eq!(opened.curve.raw(), saved.curve.raw());
    assert_eq!(opened.kept().len(), saved.kept().len());
    assert!((opened.floor.expect("a floor") - saved.floor.expect("a floor")).abs() < 1e-9);
    let kept = opened.step;
    press(&mut harness, Key::T);
    until(&mut harness, "it trains on", |harness| {
        let run = harness.state().lab.training.run();
        run.is_some_and(|run| run.name == "board" && run.step > kept)
    });
    // A folder without a run is told in a sentence.
    let empty = folder.path().join("nothing");
    harness.state_mut().lab.training.open(empty);
    until(&mut harness, "the failure is told", |harness| {
        !harness.state().lab.training.messages.is_empty()
    });
    let message = &harness.state().lab.training.messages[0];
    assert!(message.contains("config.json"), "{message}");
}

#[test]
fn a_run_of_the_image_lab_is_saved_and_opened_in_its_lesson() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("vae");
    let ImageConfig::Vae(settings) = &mut harness.state_mut().lab.digits.vae.config else {
        panic!("the settings of the autoencoder");
    };
    settings.channels = [2, 2, 4];
    let schedule = &mut settings.schedule;
    (schedule.images, schedule.batch, schedule.epochs) = (Some(64), 16, 500);
    let started = settings.clone();
    press(&mut harness, Key::T);
    until(&mut harness, "an epoch is over", |harness| {
        let vae = &harness.state().lab.digits.vae;
        vae.step > 5 && vae.snapshot().is_some_and(|shown| !shown.sheets.is_empty())
    });
    press(&mut harness, Key::T);
    until(&mut harness, "it pauses", |harness| {
        harness.state().lab.digits.vae.state == RunState::Paused
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("own");
    let answer = |harness: &mut Window, key: Key, button: &str| {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run_steps(4);
        let fields: Vec<_> = harness.query_all_by_role(egui::Role::TextInput).collect();
        let field = fields.last().expect("a field");
        field.set_text_value_accesskit(path.to_str().expect("a path"));
        harness.run_steps(2);
        click(harness, button);
    };
    answer(&mut harness, Key::S, "Save");
    until(&mut harness, "the run is saved", |harness| {
        let note = &harness.state().lab.digits.vae.note;
        note.as_ref().is_some_and(|note| note.starts_with("Saved"))
    });
    assert!(harness.state().lab.training.messages.is_empty());
    let saved = &harness.state().lab.digits.vae;
    let (step, losses) = (saved.step, saved.curve.raw().to_vec());
    harness.key_press_modifiers(Modifiers::SHIFT, Key::R);
    harness.run_steps(2);
    assert!(!harness.state().lab.digits.vae.is_started());

    answer(&mut harness, Key::O, "Open");
    until(&mut harness, "the run is open", |harness| {
        harness.state().lab.digits.vae.is_started()
    });
    let opened = &harness.state().lab.digits.vae;
    assert_eq!(opened.step, step);
    assert_eq!(opened.config, ImageConfig::Vae(started));
    assert_eq!(opened.curve.raw().len(), losses.len());
    assert_eq!(opened.parts.len(), 2);
    let sheets = opened.snapshot().expect("a model").sheets.len();
    assert!(sheets > 0);
    press(&mut harness, Key::T);
    until(&mut harness, "it trains on", |harness| {
        let vae = &harness.state().lab.digits.vae;
        let film = vae.snapshot().map_or(0, |shown| shown.sheets.len());
        vae.step > step && film > sheets
    });
    press(&mut harness, Key::T);

    // A run of another kind is told in a sentence.
    harness.state_mut().lab.digits.latent.open(path);
    until(&mut harness, "the failure is told", |harness| {
        !harness.state().lab.training.messages.is_empty()
    });
    let message = &harness.state().lab.training.messages[0];
    assert!(message.contains("train vae"), "{message}");
}

#[test]
fn the_network_and_the_exact_field_are_measured_beside_the_truth() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("checkerboard");
    settle(&mut harness);
    click(&mut harness, "Measure");
    let mut off = Vec::new();
    for (button, whose) in [
        ("Measure the network", "Pretrained: pretrained"),
        ("The exact field", "The exact field; "),
    ] {
        click(&mut harness, button);
        until(&mut harness, "it is measured", |harness| {
            said(harness, whose).is_some() && harness.query_by_label("Measuring…").is_none()
        });
        for name in [
            "Off support",
            "Cell masses",
            "Sliced W₂",
            "MMD",
            "NLL gap",
            "Round trip",
        ] {
            assert!(harness.query_by_label(name).is_some(), "{name}");
        }
        off.push(harness.query_all_by_label("no").count());
    }
    // The exact field is as good as the truth in more figures than the network.
    assert!(off[1] < off[0], "{off:?}");
}

#[test]
fn right_and_wrong_train_at_once_and_change_by_key() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("mistakes");
    let palette = Theme::Light.palette();
    // Both train, so that there is always something on its way: the first pictures will do.
    let shows = |harness: &mut Window, color| {
        let start = std::time::Instant::now();
        while count(&picture(harness, "mistakes"), color) < 1500 {
            assert!(start.elapsed().as_secs() < 120, "no particles");
            harness.run_steps(3);
        }
    };
    shows(&mut harness, palette.model);
    shows(&mut harness, palette.error);
    click(&mut harness, "Pause");
    harness.get_by_label("Train both");
    for name in ["Time forgotten", "Summed loss"] {
        click(&mut harness, name);
        harness.get_by_label("Pause");
    }
    harness.key_press_modifiers(egui::Modifiers::SHIFT, Key::PageDown);
    harness.run_steps(2);
    press(&mut harness, Key::T);
    harness.get_by_label("Train both");
    // The window's own runs are left alone.
    assert!(harness.state().lab.training.runs().is_empty());
    for key in [Key::Num1, Key::R, Key::D, Key::F] {
        press(&mut harness, key);
        harness.render().expect("a picture");
    }
    assert!(harness.state().lab.training.messages.is_empty());
}

#[test]
fn a_painted_target_is_trained_on() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("checkerboard");
    harness.run_steps(2);
    click(&mut harness, "Target: Checkerboard");
    harness.get_by_label("Coupling").rect();
    harness.state_mut().lab.training.wants = Some(flowlab::app::training::Card::Paint);
    harness.run_steps(4);
    let pixels = harness.get_by_label("Pixels to paint on").rect();
    // A bent stroke, with the pointer held down.
    harness.drag_at(pixels.lerp_inside(vec2(0.2, 0.3)));
    harness.run_steps(1);
    for k in 1..=12 {
        let along = k as f32 / 12.0;
        let at = vec2(0.2 + 0.6 * along, 0.3 + 0.5 * (3.0 * along).sin().abs());
        harness.hover_at(pixels.lerp_inside(at));
        harness.run_steps(1);
    }
    harness.drop_at(pixels.lerp_inside(vec2(0.8, 0.37)));
    harness.run_steps(2);
    picture(&mut harness, "painting");
    click(&mut harness, "Train on it");
    let painted = |harness: &Window| {
        let run = harness.state().lab.training.run().expect("a run");
        match &run.config.dataset {
            Dataset::Painted(painted) => painted.grid().painted(),
            other => panic!("{other:?}"),
        }
    };
    assert!(painted(&harness) > 12, "{} pixels", painted(&harness));
    until(&mut harness, "it trains", |harness| {
        let run = harness.state().lab.training.run();
        run.is_some_and(|run| run.step > 20 && run.floor.is_some())
    });
    picture(&mut harness, "painted_training");
}

#[test]
fn a_new_target_keeps_the_old_weights_until_training_starts() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = window("checkerboard");
    harness.run_steps(2);
    harness.state_mut().lab.training.config.dataset = Dataset::Moons;
    harness.run_steps(2);
    let training = &harness.state().lab.training;
    assert_eq!(training.dataset(), Dataset::CHECKERBOARD);
    assert!(training.needs_reset());
    harness.get_by_label_contains("Changed settings apply");
    press(&mut harness, Key::T);
    until(&mut harness, "it trains", |harness| {
        let training = &harness.state().lab.training;
        training.dataset() == Dataset::Moons && training.run().is_some_and(|run| run.step > 0)
    });
    assert!(!harness.state().lab.training.needs_reset());
}
