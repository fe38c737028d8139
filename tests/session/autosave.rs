//! What a window would lose is there at the next start, and only then.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use eframe::App as _;
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use flowlab::app::{LaunchOptions, session};
use flowlab::train::{Checkpoint, RunState};

use crate::common;
use crate::harness::{self, Window, on_cpu, press, until};

/// A small window that remembers things in a folder.
fn open(state: &Path) -> Window {
    let options = LaunchOptions {
        state: Some(state.to_owned()),
        ..on_cpu("paths")
    };
    let mut harness = harness::window(options, 0.5);
    harness.set_size(vec2(900.0, 600.0));
    harness.run_steps(2);
    harness
}

/// The folders of all windows.
fn folders(state: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(state.join("autosave")).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

/// The sessions in them.
pub fn sessions(state: &Path) -> Vec<PathBuf> {
    let all = folders(state).into_iter();
    let all = all.map(|folder| folder.join("session.json"));
    all.filter(|path| path.exists()).collect()
}

/// Trains a few steps, then pauses.
pub fn train(harness: &mut Window) {
    harness.state_mut().lab.training.toggle();
    until(harness, "some steps are done", |harness| {
        let run = harness.state().lab.training.run();
        run.is_some_and(|run| run.step > 2)
    });
    harness.state_mut().lab.training.toggle();
    until(harness, "it rests", |harness| {
        let run = harness.state().lab.training.run();
        run.is_some_and(|run| run.state == RunState::Paused)
    });
}

pub fn step(harness: &Window) -> u64 {
    harness.state().lab.training.run().map_or(0, |run| run.step)
}

/// The weights of the only run of a session.
fn weights(path: &Path) -> Checkpoint {
    let opened = session::open(path).expect("it is whole");
    let run = &opened.session.plane.runs[0];
    let folder = &opened.folders[&run.folder];
    Checkpoint::load(&folder.to_string_lossy()).expect("its weights are whole")
}

#[test]
fn fault_26_a_window_closed_with_unsaved_work_asks_nothing_and_offers_it_at_the_next_start() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut one = open(&state);
    train(&mut one);
    let steps = step(&one);
    let kept = one.state().lab.training.run().unwrap().staged().unwrap();
    // Closing takes no more than its two seconds, and no question is asked.
    let start = Instant::now();
    one.state_mut().on_exit();
    assert!(start.elapsed() < Duration::from_secs(20));
    drop(one);
    let [path] = &sessions(&state)[..] else {
        panic!("{:?}", folders(&state));
    };
    let checkpoint = weights(path);
    assert_eq!(checkpoint.step, steps);
    assert_eq!(checkpoint.weights, *kept.weights);

    // Later: it is offered again. Nothing of it is on the stage before somebody says so.
    for _ in 0..2 {
        let mut two = open(&state);
        until(&mut two, "the card is there", |harness| {
            harness.query_by_label("Resume").is_some()
        });
        assert!(two.query_by_label_contains("Run 1 at step").is_some());
        assert!(two.state().lab.training.run().is_none());
        harness::click(&mut two, "Later");
        assert!(two.query_by_label("Resume").is_none());
        two.state_mut().on_exit();
    }

    let mut three = open(&state);
    until(&mut three, "the card is there", |harness| {
        harness.query_by_label("Resume").is_some()
    });
    harness::click(&mut three, "Resume");
    until(&mut three, "the run is back", |harness| {
        step(harness) == steps
    });
    let run = three.state().lab.training.run().unwrap();
    assert!(!run.is_running(), "nothing trains by itself");
    assert_eq!(run.staged().unwrap().weights, kept.weights);

    // Saved by its user, it is not offered any more.
    let mine = folder.path().join("mine");
    three.state_mut().lab.training.save(mine.clone());
    until(&mut three, "it is saved", |harness| {
        let note = harness.state().lab.training.note.clone();
        note.is_some_and(|note| note.starts_with("Saved to"))
    });
    assert_eq!(
        Checkpoint::load(&mine.to_string_lossy()).unwrap().step,
        steps
    );
    three.state_mut().on_exit();
    until(&mut three, "nothing is kept any more", |_| {
        folders(&state).is_empty()
    });
    drop(three);

    let mut four = open(&state);
    four.run_steps(3);
    assert!(four.query_by_label("Resume").is_none());
    // Nothing was trained: nothing is kept.
    four.state_mut().on_exit();
    assert!(folders(&state).is_empty(), "{:?}", folders(&state));
}

#[test]
fn a_leftover_can_be_thrown_away_and_a_window_without_a_state_folder_keeps_none() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut one = open(folder.path());
    train(&mut one);
    one.state_mut().on_exit();
    drop(one);
    assert_eq!(sessions(folder.path()).len(), 1);
    // As every test and every screenshot.
    let mut none = harness::window(on_cpu("paths"), 0.5);
    train(&mut none);
    assert!(none.query_by_label("Resume").is_none());
    none.state_mut().on_exit();
    drop(none);
    assert_eq!(sessions(folder.path()).len(), 1);

    let mut two = open(folder.path());
    until(&mut two, "the card is there", |harness| {
        harness.query_by_label("Discard").is_some()
    });
    harness::click(&mut two, "Discard");
    until(&mut two, "it is gone", |_| {
        folders(folder.path()).is_empty()
    });
}

#[test]
fn fault_21_two_windows_keep_apart_what_they_save() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let (mut one, mut two) = (open(state), open(state));
    for harness in [&mut one, &mut two] {
        train(harness);
    }
    let count = |number: usize| move |_: &Window| sessions(state).len() == number;
    until(&mut one, "the first is saved", |_| {
        !sessions(state).is_empty()
    });
    until(&mut two, "both are saved", count(2));
    // A third window sees that both are alive.
    let mut three = open(state);
    std::thread::sleep(Duration::from_millis(300));
    three.run_steps(4);
    assert!(three.query_by_label("Resume").is_none());
    drop(three);
    // The end of one leaves the other's alone.
    one.state_mut().lab.training.save(state.join("mine"));
    until(&mut one, "it is saved by its user", count(1));
    one.state_mut().on_exit();
    drop(one);
    assert_eq!(sessions(state).len(), 1);
    two.state_mut().on_exit();
    let [path] = &sessions(state)[..] else {
        panic!("{:?}", folders(state));
    };
    assert_eq!(weights(path).step, step(&two));
}

#[test]
fn fault_33_a_state_folder_that_cannot_be_written_is_told_once() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a file");
    fs::write(&state, "no folder").unwrap();
    let mut harness = open(&state);
    train(&mut harness);
    until(&mut harness, "it is told", |harness| {
        let messages = &harness.state().lab.training.messages;
        messages.iter().any(|text| text.contains("a file"))
    });
    assert_eq!(harness.state().lab.training.messages.len(), 1);
    harness.state_mut().on_exit();
    assert_eq!(fs::read_to_string(&state).unwrap(), "no folder");
}

/// Set in the process that is killed.
const CHILD: &str = "FLOWLAB_AUTOSAVE_CHILD";

#[test]
fn a_killed_window_leaves_whole_weights_that_are_seconds_old() {
    if let Some(state) = std::env::var_os(CHILD) {
        let mut harness = open(Path::new(&state));
        // A fast machine would be through with an ordinary run before it is killed.
        harness.state_mut().lab.training.config.steps = 1_000_000;
        harness.state_mut().lab.training.toggle();
        until(&mut harness, "it is killed", |_| false);
    }
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "autosave::a_killed_window_leaves_whole_weights_that_are_seconds_old",
        ])
        .env(CHILD, state)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let written = || {
        let path = sessions(state).pop()?;
        fs::metadata(path).ok()?.modified().ok()
    };
    let wait = |what: &str, done: &dyn Fn() -> bool| {
        let start = Instant::now();
        while !done() {
            assert!(
                start.elapsed() < Duration::from_secs(120),
                "still waiting until {what}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    wait("it has saved", &|| written().is_some());
    let first = written().unwrap();
    let before = weights(&sessions(state)[0]).step;
    wait("it has saved again", &|| written() > Some(first));
    // SIGKILL: nothing can be tidied up.
    child.kill().unwrap();
    child.wait().unwrap();
    let second = written().unwrap();
    let apart = second.duration_since(first).unwrap();
    // Ten seconds, and as much again for a machine that does other things.
    assert!(apart < Duration::from_secs(20), "{apart:?}");
    assert!(SystemTime::now().duration_since(second).unwrap() < Duration::from_secs(20));
    let after = weights(&sessions(state)[0]).step;
    assert!(after > before, "{before}, {after}");

    let mut next = open(state);
    until(&mut next, "it is offered", |harness| {
        harness
            .query_by_label_contains("ended without saving")
            .is_some()
    });
    harness::click(&mut next, "Resume");
    until(&mut next, "the run is back", |harness| {
        step(harness) == after
    });
    // It can go on from there.
    next.state_mut().lab.training.step();
    until(&mut next, "it goes on", |harness| {
        step(harness) == after + 1
    });
}

#[test]
fn settings_strokes_and_weights_are_taken_back_the_newest_first() {
    if !common::gpu_here() {
        return;
    }
    let mut harness = harness::window(on_cpu("checkerboard"), 0.5);
    harness.run_steps(2);
    let noise = |harness: &Window| {
        let session = harness.state().session();
        session.lessons["checkerboard"]["sampling"]["noise"].as_u64()
    };
    let first = noise(&harness);
    let undo = |harness: &mut Window, key: Key| {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run_steps(2);
    };
    press(&mut harness, Key::R);
    let second = noise(&harness);
    assert_ne!(first, second);
    // Weights: a trained run, then fresh ones.
    train(&mut harness);
    let trained = harness.state().lab.training.run().map(|run| run.id);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::R);
    harness.run_steps(2);
    let fresh = harness.state().lab.training.run().map(|run| run.id);
    assert_ne!(trained, fresh);
    harness.state_mut().lab.training.config.hidden = 48;
    harness.run_steps(2);
    press(&mut harness, Key::R);
    let third = noise(&harness);

    let run = |harness: &Window| harness.state().lab.training.run().map(|run| run.id);
    let hidden = |harness: &Window| harness.state().lab.training.config.hidden;
    undo(&mut harness, Key::Z);
    assert_eq!((noise(&harness), hidden(&harness)), (second, 48));
    undo(&mut harness, Key::Z);
    assert_eq!((hidden(&harness), run(&harness)), (32, fresh));
    undo(&mut harness, Key::Z);
    assert_eq!((run(&harness), noise(&harness)), (trained, second));
    undo(&mut harness, Key::Z);
    assert_eq!((run(&harness), noise(&harness)), (trained, first));
    undo(&mut harness, Key::Y);
    assert_eq!(noise(&harness), second);
    // The fresh weights had learned nothing and are gone; settings come again.
    undo(&mut harness, Key::Y);
    undo(&mut harness, Key::Y);
    undo(&mut harness, Key::Y);
    assert_eq!((noise(&harness), hidden(&harness)), (third, 48));
    // Something new ends what could be done again.
    undo(&mut harness, Key::Z);
    press(&mut harness, Key::R);
    let new = noise(&harness);
    undo(&mut harness, Key::Y);
    assert_eq!(noise(&harness), new);
}
