//! Sessions in the window.

use std::fs;
use std::path::{Path, PathBuf};

use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use flowlab::app::session::{self, Opened, SessionFile, parse};
use flowlab::app::{LaunchOptions, lessons};
use flowlab::data::{Dataset, Source};
use flowlab::flow::Scheduler;
use flowlab::train::{Preset, ToyConfig};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::common;
use crate::harness::{self, Window, on_cpu, settle, until};

fn open(lesson: &str) -> Window {
    harness::window(on_cpu(lesson), 0.5)
}

/// A file's contents, as a window opens it.
fn reread(session: &SessionFile) -> Opened {
    let (session, notes) = parse(&session.bytes()).expect("what was written can be read");
    assert!(notes.is_empty(), "{notes:?}");
    Opened {
        session,
        ..Opened::default()
    }
}

/// A window that starts with a session, as `--session` does.
fn reopened(session: &SessionFile) -> Window {
    let options = LaunchOptions {
        session: Some((PathBuf::from("session.json"), reread(session))),
        device: flowlab::device::DeviceChoice::Cpu,
        ..LaunchOptions::default()
    };
    let config = session.plane.config.clone();
    let mut harness = harness::window(options, 0.5);
    // The harness makes the next run small.
    harness.state_mut().lab.training.config = config;
    harness
}

/// Other values of the same kinds in every place of what a lesson shows.
fn shake(rng: &mut impl Rng, value: &mut Value) {
    match value {
        Value::Bool(on) => *on = rng.random(),
        Value::Number(number) if number.is_u64() => *value = json!(rng.random_range(0..40)),
        Value::Number(number) => {
            let old = number.as_f64().unwrap_or(0.0);
            *value = json!(f64::from((old + rng.random_range(-1.0..1.0)) as f32));
        }
        Value::Array(all) => all.iter_mut().for_each(|value| shake(rng, value)),
        Value::Object(all) => all.values_mut().for_each(|value| shake(rng, value)),
        Value::Null | Value::String(_) => {}
    }
}

fn one<T: Clone>(rng: &mut impl Rng, all: &[T]) -> T {
    all[rng.random_range(0..all.len())].clone()
}

/// A state that the controls can reach, from any other.
fn random(rng: &mut impl Rng, mut session: SessionFile) -> SessionFile {
    let names: Vec<&str> = lessons::all().iter().map(|lesson| lesson.name()).collect();
    one(rng, &names).clone_into(&mut session.lesson);
    session
        .lessons
        .values_mut()
        .for_each(|view| shake(rng, view));
    let window = &mut session.window;
    (window.grid, window.lessons_open, window.controls_open) =
        (rng.random(), rng.random(), rng.random());
    window.theme = if rng.random() {
        window.theme.toggled()
    } else {
        window.theme
    };
    window.zoom = one(rng, &[0.75, 1.0, 1.25]);
    session.time.t = one(rng, &[0.0, 0.37, 0.5, 1.0]);
    session.time.speed = one(rng, &[0.125, 1.0, 4.0]);
    session.time.looping = rng.random();
    let config = ToyConfig {
        dataset: one(rng, &Dataset::ALL),
        path: one(
            rng,
            &[Scheduler::CondOt, Scheduler::Cosine, Scheduler::Poly(2.5)],
        ),
        source: one(rng, &[Source::Gaussian, Source::Uniform]),
        hidden: rng.random_range(8..32),
        layers: rng.random_range(1..3),
        batch: rng.random_range(16..64),
        lr: rng.random_range(1e-4..1e-2),
        seed: rng.random(),
        ..ToyConfig::preset(one(rng, &Preset::ALL))
    };
    session.plane.fresh = rng.random::<bool>().then(|| config.clone());
    session.plane.config = config;
    for part in session.digits.values_mut() {
        part.config.schedule_mut().epochs = rng.random_range(1..30);
        part.config.schedule_mut().seed = rng.random_range(0..1000);
    }
    session
}

/// Whether two values are equal; `serde_json` reads some numbers one unit in the last place off.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) if x.is_f64() || y.is_f64() => {
            let [x, y] = [x, y].map(|number| number.as_f64().unwrap_or(f64::NAN));
            (x - y).abs() <= 1e-15 * x.abs().max(y.abs())
        }
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y))
        }
        (Value::Object(x), Value::Object(y)) => {
            let other = |name: &String| y.get(name);
            x.len() == y.len()
                && (x.iter()).all(|(name, x)| other(name).is_some_and(|y| same(x, y)))
        }
        _ => a == b,
    }
}

/// Fails with the entries that differ.
fn assert_same(a: &SessionFile, b: &SessionFile, what: &str) {
    let [a, b] = [a, b].map(|session| -> Value {
        serde_json::from_slice(&session.bytes()).expect("what is written is JSON")
    });
    let entries = a.as_object().expect("entries").iter();
    let parts = entries.flat_map(|(name, part)| match (name.as_str(), part) {
        ("lessons" | "digits", Value::Object(inside)) => {
            let inside = inside.iter();
            let inside = inside.map(|(lesson, part)| (format!("/{name}/{lesson}"), part.clone()));
            inside.collect::<Vec<_>>()
        }
        _ => vec![(format!("/{name}"), part.clone())],
    });
    for (place, part) in parts {
        let other = b.pointer(&place).unwrap_or(&Value::Null);
        assert!(same(&part, other), "{what}, {place}: {part} and {other}");
    }
    assert!(same(&a, &b), "{what}");
}

#[test]
fn any_state_of_every_lesson_comes_back_equal() {
    if !common::gpu_here() {
        return;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let (mut one, mut two) = (open("checkerboard"), open("steps"));
    for harness in [&mut one, &mut two] {
        harness.set_size(vec2(380.0, 310.0));
    }
    for case in 0..8 {
        let wanted = random(&mut rng, one.state().session());
        let opened = Opened {
            session: wanted,
            ..Opened::default()
        };
        one.state_mut().restore(&opened);
        one.run_steps(2);
        let before = one.state().session();
        two.state_mut().restore(&reread(&before));
        let after = two.state().session();
        assert_same(&before, &after, &format!("case {case}, at once"));
        two.run_steps(2);
        let after = two.state().session();
        assert_same(
            &before,
            &after,
            &format!("case {case}, {} drawn", before.lesson),
        );
        let messages = &two.state().lab.training.messages;
        assert!(messages.is_empty(), "{messages:?}");
    }
}

/// Lessons whose pictures come to rest within seconds without a GPU. Left out for the time they take
/// there: `steps` (32 panels), `field` and `couplings` (their curves), `learning` (its film),
/// `likelihood` and `bound` (integrals over the plane), both `variational` ones and the other lessons
/// of the image lab (their networks); and `mistakes`, which trains for as long as it is open.
const AT_REST: [&str; 3] = ["checkerboard", "paths", "conditional"];

/// Two windows keep their letters in other places of a texture, which rounds a few pixels' edges
/// differently: steps of 255.
const ROUNDING: u8 = 4;

/// Settings of these lessons that are not the usual ones.
fn unusual(lesson: &str) -> Value {
    match lesson {
        "checkerboard" => json!({
            "layers": {"model": true, "exact": true, "source": false, "target": true,
                       "paths": true, "arrows": true},
            "side_by_side": true,
            "sampling": {"solver": "heun", "steps": 8, "particles": 1000, "noise": 5},
        }),
        "paths" => json!({"view": "Sheet", "noise": 3, "particles": 1000, "trails": true}),
        "conditional" => json!({
            "shown": [true, false, true], "draws": 40, "seed": 3,
            "anchor": {"t": 0.4, "x": [0.3, -0.6]},
        }),
        other => panic!("no settings of {other}"),
    }
}

#[test]
fn the_picture_is_the_same_but_for_rounding() {
    if !common::gpu_here() {
        return;
    }
    for lesson in AT_REST {
        let mut before = open(lesson);
        before.set_size(vec2(800.0, 560.0));
        let usual = before.state().session();
        let mut session = usual.clone();
        session.time.t = 0.6;
        session.window.grid = true;
        session.window.lessons_open = false;
        session.window.theme = session.window.theme.toggled();
        let view = session
            .lessons
            .get_mut(lesson)
            .expect("the lesson is there");
        for (name, value) in unusual(lesson).as_object().expect("settings") {
            assert!(view.get(name).is_some(), "{lesson} has no {name}");
            view[name] = value.clone();
        }
        before.state_mut().restore(&reread(&session));
        settle(&mut before);
        let session = before.state().session();
        assert_ne!(session.lessons[lesson], usual.lessons[lesson], "{lesson}");
        let mut after = reopened(&session);
        after.set_size(vec2(800.0, 560.0));
        settle(&mut after);
        assert_same(&session, &after.state().session(), lesson);
        let pictures = [&mut before, &mut after].map(|window| window.render().expect("a picture"));
        let [before, after] = &pictures;
        assert_eq!(before.dimensions(), after.dimensions());
        let pairs = before.pixels().zip(after.pixels());
        let most = pairs.flat_map(|(a, b)| (0..4).map(|i| a[i].abs_diff(b[i])));
        let most = most.max().unwrap_or(0);
        assert!(
            most <= ROUNDING,
            "{lesson}: a pixel differs by {most} of 255"
        );
    }
}

fn keys(harness: &mut Window, key: Key) {
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, key);
    harness.run_steps(2);
}

fn press_button(harness: &mut Window, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

/// Types a path in the card that is open.
fn enter(harness: &mut Window, label: &str, path: &Path) {
    let field = harness.get_by_label_contains(label);
    field.focus();
    harness.run_steps(1);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    let field = harness.get_by_label_contains(label);
    field.type_text(&path.display().to_string());
    harness.run_steps(2);
}

#[test]
fn a_session_with_a_trained_run_is_saved_by_keys_and_opened_in_another_window() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk.json");
    let state = folder.path().join("state");
    let with_state = || LaunchOptions {
        state: Some(state.clone()),
        ..on_cpu("paths")
    };
    let mut one = harness::window(with_state(), 0.5);
    one.state_mut().lab.training.step();
    until(&mut one, "a step is done", |harness| {
        let run = harness.state().lab.training.run();
        run.is_some_and(|run| run.step == 1 && run.staged().is_some())
    });
    keys(&mut one, Key::S);
    enter(&mut one, "File for the lesson", &path);
    press_button(&mut one, "Save");
    let weights = folder.path().join("talk-runs/run-1/model.safetensors");
    until(
        &mut one,
        "the session and its weights are there",
        |harness| path.exists() && weights.exists() && harness.state().lab.training.note.is_some(),
    );
    let saved = session::open(&path).unwrap();
    assert_eq!(saved.session.plane.current, Some(0));
    assert_eq!(saved.session.plane.runs[0].folder, "talk-runs/run-1");

    let mut two = harness::window(with_state(), 0.5);
    two.state_mut().lab.settings.grid = true;
    keys(&mut two, Key::O);
    until(&mut two, "the last sessions are listed", |harness| {
        harness.query_by_label_contains("talk.json").is_some()
    });
    enter(&mut two, "File that a session", &path);
    press_button(&mut two, "Open");
    until(&mut two, "the run is there", |harness| {
        let app = harness.state();
        let training = &app.lab.training;
        !training.is_opening() && training.run().is_some() && !app.lab.settings.grid
    });
    let [a, b] = [&one, &two].map(|harness| {
        let run = harness.state().lab.training.run().unwrap();
        (run.name.clone(), run.step, run.staged().unwrap().weights)
    });
    assert_eq!(a, b);
    assert_eq!(
        two.state().lab.training.config,
        one.state().lab.training.config
    );

    // A damaged file changes nothing, and is told by name.
    fs::write(&path, "{\"format\": 2").unwrap();
    let before = two.state().session();
    two.state_mut().open_session(path.clone());
    until(&mut two, "the failure is told", |harness| {
        let messages = &harness.state().lab.training.messages;
        messages.iter().any(|text| text.contains("talk.json"))
    });
    assert_eq!(two.state().session(), before);
}

#[test]
fn the_command_line_is_copied() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = open("checkerboard");
    let line = harness.state().command_line().unwrap();
    assert!(
        line.starts_with("flowlab train toy --preset seed003 "),
        "{line}"
    );
    keys(&mut harness, Key::S);
    press_button(&mut harness, "Copy as command line");
    assert!(
        harness
            .query_by_label_contains("flowlab train toy")
            .is_some()
    );
    // What no command line holds asks for a file first.
    let image = open("latent");
    let sentence = image.state().command_line().unwrap_err();
    assert!(sentence.contains("Ctrl+Shift+S"), "{sentence}");
}
