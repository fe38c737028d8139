//! The lecture by one key, and the window by its keyboard alone: beats, palette, toasts, list of
//! messages.

mod common;
mod harness;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::LaunchOptions;
use flowlab::app::lessons;
use harness::{Window, on_cpu, press, until};

/// Nothing of this needs to be seen: small pictures.
fn open_quietly(lesson: &str) -> Window {
    harness::window(on_cpu(lesson), 0.25)
}

fn press_with(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(2);
}

fn title(window: &Window) -> &'static str {
    let name = window.state().lesson();
    let all = lessons::all();
    let lesson = all.iter().find(|lesson| lesson.name() == name);
    lesson.expect("a lesson").title()
}

/// The lesson and the place of the beat that is told.
fn place(window: &Window) -> (&'static str, Option<usize>) {
    (window.state().lesson(), window.state().beat().1)
}

#[test]
fn one_key_gives_the_whole_lecture() {
    if !common::gpu_here() {
        return;
    }
    let mut window = open_quietly("checkerboard");
    window.run_steps(2);
    assert_eq!(place(&window), ("checkerboard", None));
    let mut told = Vec::new();
    loop {
        press(&mut window, Key::PageDown);
        let now = place(&window);
        if told.last() == Some(&now) {
            break;
        }
        told.push(now);
        let (beats, beat) = window.state().beat();
        let beat = beat.expect("a beat is told");
        window.get_by_label(beats[beat].say);
        window.get_by_label(&format!("Beat {} of {}", beat + 1, beats.len()));
        // It does not train unless the lecturer was told so.
        let running = window.state().lab.training.is_running();
        assert_eq!(running, now == ("checkerboard", Some(4)), "{now:?}");
        if running {
            press(&mut window, Key::T);
        }
    }
    let names: Vec<_> = lessons::all().iter().map(|lesson| lesson.name()).collect();
    let mut seen: Vec<_> = told.iter().map(|(name, _)| *name).collect();
    seen.dedup();
    assert_eq!(seen, names);
    assert!(told.len() >= 3 * names.len(), "{}", told.len());
    assert!(window.state().lab.training.messages.is_empty());
    // And back over the border of two lessons.
    let last = told.len() - 1;
    for step in 1..=5 {
        press(&mut window, Key::PageUp);
        assert_eq!(place(&window), told[last - step]);
    }
}

#[test]
fn a_beat_can_be_left_to_play_and_comes_back_as_it_was() {
    if !common::gpu_here() {
        return;
    }
    let mut window = open_quietly("paths");
    window.run_steps(2);
    press(&mut window, Key::PageDown);
    press(&mut window, Key::PageDown);
    assert_eq!(place(&window), ("paths", Some(1)));
    until(&mut window, "the sweep rests half-way", |window| {
        !window.state().lab.clock.playing()
    });
    assert!((window.state().lab.clock.t() - 0.5).abs() < 1e-9);
    // Playing changes nothing but what was touched.
    press(&mut window, Key::End);
    press(&mut window, Key::B);
    window.get_by_label_contains("Half-way the linear path");
    assert_eq!(place(&window), ("paths", Some(1)));
    // A lesson that was stepped to is as it was left.
    press_with(&mut window, Modifiers::COMMAND, Key::PageDown);
    assert_eq!(place(&window), ("steps", None));
    press_with(&mut window, Modifiers::COMMAND, Key::PageUp);
    assert_eq!(place(&window), ("paths", Some(1)));
    assert_eq!(window.state().lab.clock.t(), 1.0);
    // The dots lead back.
    window.get_by_label("Beat 1 of 4").click();
    window.run_steps(2);
    assert_eq!(place(&window), ("paths", Some(0)));
    assert_eq!(window.state().lab.clock.t(), 0.0);
}

#[test]
fn the_command_line_opens_a_beat() {
    if !common::gpu_here() {
        return;
    }
    let options = LaunchOptions {
        beat: Some(3),
        ..on_cpu("field")
    };
    let mut window = harness::window(options, 0.25);
    window.run_steps(2);
    assert_eq!(place(&window), ("field", Some(2)));
    assert!((window.state().lab.clock.t() - 0.6).abs() < 1e-9);
}

#[test]
fn the_palette_needs_the_keyboard_alone() {
    if !common::gpu_here() {
        return;
    }
    let mut window = open_quietly("checkerboard");
    window.run_steps(2);
    let text = |window: &mut Window, letters: &str| {
        press_with(window, Modifiers::COMMAND, Key::K);
        window.run_steps(2);
        window.get_by_role(egui::Role::TextInput).type_text(letters);
        window.run_steps(2);
    };
    // Letters do nothing else meanwhile: t and f are keys.
    text(&mut window, "lecture mode");
    assert!(!window.state().lab.training.is_running());
    press(&mut window, Key::Enter);
    assert!(window.state().lab.settings.lecture);
    assert!(window.query_by_role(egui::Role::TextInput).is_none());
    press(&mut window, Key::F);
    // The second line that fits.
    text(&mut window, "paths");
    press(&mut window, Key::ArrowDown);
    press(&mut window, Key::ArrowUp);
    press(&mut window, Key::Enter);
    assert_eq!(title(&window), "Paths");
    text(&mut window, "cross the flow along");
    press(&mut window, Key::Enter);
    assert_eq!(place(&window), ("conditional", Some(2)));
    // Escape leaves everything as it was.
    text(&mut window, "light");
    press(&mut window, Key::Escape);
    assert!(window.query_by_role(egui::Role::TextInput).is_none());
    assert_eq!(place(&window), ("conditional", Some(2)));
    press(&mut window, Key::Home);
    assert_eq!(window.state().lab.clock.t(), 0.0);
}

#[test]
fn a_failure_moves_nothing_and_stays_in_the_list() {
    if !common::gpu_here() {
        return;
    }
    let mut window = open_quietly("checkerboard");
    window.run_steps(2);
    let rail = |window: &Window| window.get_by_label("Time of the flow").rect();
    let network = |window: &Window| window.get_by_label("Network").rect();
    let before = (rail(&window), network(&window));
    let failure = "The disk is full: free some space and save again.";
    window.state_mut().lab.training.report(failure.to_owned());
    window.run_steps(3);
    assert_eq!((rail(&window), network(&window)), before);
    window.get_by_label(failure);
    window.get_by_label("Copy details").click();
    window.run_steps(1);
    let copied = window.output().platform_output.commands.clone();
    let copied = format!("{copied:?}");
    for part in [failure, env!("CARGO_PKG_VERSION"), "checkerboard", "CPU"] {
        assert!(copied.contains(part), "{part} is not in {copied}");
    }
    window.run_steps(1);
    window.get_by_label("Dismiss").click();
    window.run_steps(2);
    assert!(window.query_by_label(failure).is_none());
    assert!(window.state().lab.training.messages.is_empty());
    press(&mut window, Key::F10);
    window.get_by_label("Messages");
    window.get_by_label(failure);
    press(&mut window, Key::Escape);
    assert!(window.query_by_label("Messages").is_none());
}

#[test]
fn a_notice_is_shown_for_a_while() {
    if !common::gpu_here() {
        return;
    }
    let mut window = open_quietly("checkerboard");
    window.run_steps(2);
    window.state_mut().lab.training.note = Some("Opened the run of last week".to_owned());
    window.run_steps(2);
    let log = &window.state().lab.training.log;
    assert_eq!(log.recent().len(), 1);
    let shown = window.query_all_by_label_contains("Opened the run of last week");
    let nodes: Vec<_> = shown.map(|node| node.accesskit_node().label()).collect();
    assert!(nodes.len() >= 2, "status bar and toast: {nodes:?}");
    until(&mut window, "it is gone", |window| {
        window.state().lab.training.log.recent().is_empty()
    });
    assert_eq!(window.state().lab.training.log.lines().len(), 1);
}

#[test]
fn the_first_start_gives_a_hint_once() {
    if !common::gpu_here() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let flag = folder.path().join("state/greeted");
    let open = || {
        let options = LaunchOptions {
            greeted: Some(flag.clone()),
            ..on_cpu("checkerboard")
        };
        let mut window = harness::window(options, 0.25);
        window.run_steps(2);
        window
    };
    const LAST_LINE: &str = "Any key closes this.";
    let mut window = open();
    window.get_by_label(LAST_LINE);
    // The key that closes it does what it means.
    press(&mut window, Key::Home);
    assert!(window.query_by_label(LAST_LINE).is_none());
    assert_eq!(window.state().lab.clock.t(), 0.0);
    until(&mut window, "it is remembered", |_| flag.is_file());
    assert!(open().query_by_label(LAST_LINE).is_none());
    let mut without = open_quietly("checkerboard");
    without.run_steps(2);
    assert!(without.query_by_label(LAST_LINE).is_none());
}

#[test]
fn the_title_names_run_and_lesson() {
    if !common::gpu_here() {
        return;
    }
    let mut window = open_quietly("checkerboard");
    window.run_steps(2);
    // One event, so that no frame between two of them takes the title with it.
    window.event(egui::Event::Key {
        key: Key::PageDown,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::COMMAND,
    });
    let mut titles = Vec::new();
    for _ in 0..4 {
        window.step();
        let views = window.output().viewport_output.values();
        for command in views.flat_map(|view| &view.commands) {
            if let egui::ViewportCommand::Title(title) = command {
                titles.push(title.clone());
            }
        }
    }
    let staged = window.state().lab.training.staged().expect("a network");
    assert_eq!(titles, [format!("{} · Paths · Flow Lab", staged.name)]);
}
