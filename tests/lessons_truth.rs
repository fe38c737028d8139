//! The lessons that show exact truths, under `egui_kittest`: conditional to marginal, couplings,
//! likelihood. What they compute is held by unit tests beside it; here it reaches the window.

mod common;
mod harness;

use egui::{Key, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::LaunchOptions;
use flowlab::app::theme::Theme;
use harness::{Window, changed, on_cpu, said, settle};

fn open(lesson: &str, t: f32) -> Window {
    let options = LaunchOptions {
        t: Some(t),
        ..on_cpu(lesson)
    };
    let mut harness = harness::window(options, 0.5);
    settle(&mut harness);
    harness
}

fn press(harness: &mut Window, key: Key) {
    harness::press(harness, key);
    settle(harness);
}

/// The numbers of a text such as `1 %, 40 %`.
fn numbers(text: &str) -> Vec<f64> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let words = text.split(|c: char| !is_part(c));
    words
        .filter_map(|word| word.trim_matches('.').parse().ok())
        .collect()
}

fn count(harness: &mut Window, color: egui::Color32) -> usize {
    harness::count(&harness.render().expect("a picture"), color)
}

fn posterior(harness: &Window) -> Vec<f64> {
    numbers(&said(harness, "Posterior of the cells: ").expect("the posterior"))
}

#[test]
fn the_point_is_dragged_and_the_posterior_follows() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = open("conditional", 0.9);
    let before = posterior(&harness);
    assert_eq!(before.len(), 8);
    assert!(
        (before.iter().sum::<f64>() - 100.0).abs() <= 4.0,
        "{before:?}"
    );
    // The fan is seen from −2.4 to 2.4: (1.35, 1.35 − 0.9) lies in the cell [1, 2] × [0, 1].
    let stage = harness.get_by_label("The point x on the stage").rect();
    let at = |x: f32, y: f32| stage.center() + vec2(x, -y) / 2.4 * 0.5 * stage.width();
    harness.drag_at(at(1.35, 0.45));
    harness.run_steps(1);
    harness.drop_at(at(1.35, 0.45));
    settle(&mut harness);
    let after = posterior(&harness);
    assert!(after.iter().any(|share| *share > 97.0), "{after:?}");
    assert_ne!(before, after);
    // The picture has the focus: the arrow keys move the point, not the time.
    for _ in 0..60 {
        harness.key_press(Key::ArrowLeft);
        harness.run_steps(1);
    }
    settle(&mut harness);
    assert_ne!(posterior(&harness), after);
    assert_eq!(harness.state().lab.clock.t(), f64::from(0.9_f32));
}

#[test]
fn time_sharpens_the_posterior() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = open("conditional", 0.0);
    let early = posterior(&harness);
    assert!(
        early.iter().all(|share| (share - 12.5).abs() <= 1.0),
        "{early:?}"
    );
    press(&mut harness, Key::End);
    let late = posterior(&harness);
    assert!(late.iter().any(|share| *share > 97.0), "{late:?}");
}

#[test]
fn each_picture_of_the_fan_can_be_switched_off_and_on() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = open("conditional", 0.5);
    for name in ["Fan", "Lines", "Flow", "Follow", "Rays"] {
        let is_on = |harness: &Window| {
            let toggled = harness.get_by_label(name).accesskit_node().toggled();
            toggled == Some(egui::accesskit::Toggled::True)
        };
        assert!(is_on(&harness), "{name}");
        harness.get_by_label(name).click();
        settle(&mut harness);
        assert!(!is_on(&harness), "{name}");
        harness.render().expect("a picture");
    }
    for key in [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5] {
        press(&mut harness, key);
    }
    assert!(count(&mut harness, Theme::Light.palette().categories[0]) > 10);
}

#[test]
fn couplings_are_measured_and_independence_meets_the_exact_floor() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = open("couplings", 0.5);
    assert!(said(&harness, "Batches of ").is_some_and(|size| size == "64"));
    let text = said(&harness, "From ").expect("how it was estimated");
    let exact = *numbers(&text).get(1).expect("the exact floor");
    assert!((exact - 1.6887).abs() < 1e-3, "{text}");
    let estimates: Vec<f64> = harness
        .query_all_by_label_contains("±")
        .filter_map(|node| {
            let node = node.accesskit_node();
            let text = node.label().or_else(|| node.value())?;
            // A figure, not a sentence that explains one.
            let is_figure = text.starts_with(|c: char| c.is_ascii_digit());
            is_figure.then(|| numbers(&text).first().copied())?
        })
        .collect();
    let [independent, optimal, sinkhorn] = estimates[..] else {
        panic!("three floors: {estimates:?}");
    };
    assert!((independent - exact).abs() < 0.08, "{independent} {exact}");
    assert!(
        optimal < sinkhorn && sinkhorn < independent,
        "{estimates:?}"
    );
    press(&mut harness, Key::ArrowUp);
    assert!(said(&harness, "Batches of ").is_some_and(|size| size == "128"));
    let palette = Theme::Light.palette();
    let with = count(&mut harness, palette.exact);
    press(&mut harness, Key::Num2);
    assert!(2 * count(&mut harness, palette.exact) < with, "{with}");
}

#[test]
fn the_likelihood_is_read_beside_the_entropy() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = open("likelihood", 1.0);
    harness.get_by_label("2.0794");
    let figures: Vec<f64> = harness
        .query_all_by_label_contains("±")
        .filter_map(|node| {
            let node = node.accesskit_node();
            let text = node.label().or_else(|| node.value())?;
            // A figure, not a sentence that explains one.
            let is_figure = text.starts_with(|c: char| c.is_ascii_digit());
            is_figure.then(|| numbers(&text).first().copied())?
        })
        .collect();
    // The mean by the trace, by Hutchinson's estimate, and the gap.
    assert!(figures.len() >= 3, "{figures:?}");
    assert!((2.08..2.4).contains(&figures[0]), "{figures:?}");
    assert!((figures[1] - figures[0]).abs() < 0.1, "{figures:?}");
    assert!(
        (figures[2] - (figures[0] - 2.0794)).abs() < 2e-3,
        "{figures:?}"
    );
    let map = harness
        .get_by_label("The point on the network’s density")
        .rect();
    let before = said(&harness, "At x = ");
    // A pointer that rests leaves the point where it is; one that moves takes it along.
    harness.hover_at(map.center());
    harness.run_steps(1);
    harness.hover_at(map.center() + 0.2 * map.size());
    settle(&mut harness);
    assert_ne!(
        said(&harness, "At x = "),
        before,
        "the pointer reads the map"
    );
    let exact = harness.render().expect("a picture");
    press(&mut harness, Key::Num4);
    let guessed = harness.render().expect("a picture");
    let differing = changed(&exact, &guessed);
    assert!(differing > 2000, "Hutchinson's map is noisier: {differing}");
}

/// The figures of the bound's terms: what the decoder loses first, L_g next.
fn terms(harness: &Window) -> Vec<f64> {
    let nodes = harness.query_all_by_label_contains("");
    let texts = nodes.filter_map(|node| {
        let node = node.accesskit_node();
        node.label().or_else(|| node.value())
    });
    let after = texts.skip_while(|text| text != "Terms");
    after.filter_map(|text| text.parse().ok()).collect()
}

#[test]
fn both_sides_of_the_bound_are_measured() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = open("bound", 1.0);
    let holds = "Each line of the chain is below the next";
    assert!(harness.query_by_label_contains(holds).is_some());
    let before = terms(&harness);
    assert!(before.len() >= 5, "{before:?}");
    // A decoder that is hardly trained loses more of the data.
    for _ in 0..5 {
        press(&mut harness, Key::ArrowDown);
    }
    assert!(harness.query_by_label_contains(holds).is_some());
    let after = terms(&harness);
    assert!(after[0] > 2.0 * before[0], "{before:?} {after:?}");
    // Time moves the particles only.
    let late = harness.render().expect("a picture");
    press(&mut harness, Key::Home);
    assert!(changed(&late, &harness.render().expect("a picture")) > 1000);
    // The last number in sight is t.
    assert_eq!(terms(&harness)[..7], after[..7]);
    // Digits wait until somebody asks for them.
    press(&mut harness, Key::Num2);
    assert!(!harness.state().is_busy());
    let measure = harness.get_by_label("Measure").accesskit_node();
    assert!(!measure.is_disabled());
}
