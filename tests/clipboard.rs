//! Row 37 of the list of faults: the clipboard does not work. A process of its own, since it takes
//! the place of the program's log.

mod common;
mod harness;

use egui::accesskit::Role;
use egui::{Key, Modifiers, OutputCommand, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::clipboard;
use harness::{Window, on_cpu, until};
use log::{LevelFilter, Log, Metadata, Record};

/// The name under which the part of egui writes that puts things on the clipboard.
const CLIPBOARD: &str = "egui_winit::clipboard";

/// A log that nobody reads.
struct Unread;

impl Log for Unread {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }
    fn log(&self, _: &Record<'_>) {}
    fn flush(&self) {}
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(4);
}

/// Clicks a button and steps until the window hands something to the clipboard.
fn copied_by(window: &mut Window, button: &str) -> OutputCommand {
    let mut buttons = window.query_all_by_role(Role::Button);
    let found = buttons.find(|node| node.accesskit_node().label().as_deref() == Some(button));
    found.expect("the button").click();
    drop(buttons);
    let mut command = None;
    // The picture is made on a thread.
    for _ in 0..6000 {
        window.step();
        command = window.output().platform_output.commands.first().cloned();
        if command.is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    command.unwrap_or_else(|| panic!("“{button}” copies nothing"))
}

fn messages(window: &Window) -> &[String] {
    &window.state().lab.training.messages
}

fn shows(window: &Window, part: &str) -> bool {
    window.query_all_by_label_contains(part).next().is_some()
}

#[test]
fn fault_37_a_clipboard_that_does_not_work_is_told_and_the_window_goes_on() {
    if !common::gpu_here() {
        return;
    }
    clipboard::listen(Unread, LevelFilter::Off).expect("the only log of this process");
    let mut window = harness::window(on_cpu("checkerboard"), 0.5);
    window.set_size(vec2(1000.0, 900.0));
    // The target alone makes a figure; the particles are not waited for.
    for _ in 0..2000 {
        press(&mut window, Modifiers::COMMAND, Key::E);
        if shows(&window, "Copy picture") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    window.state_mut().lab.training.messages.clear();

    // A picture that arrives: nothing is told but that.
    until(&mut window, "there is a preview", |window| {
        shows(window, "Preview of the figure")
    });
    let command = copied_by(&mut window, "Copy picture");
    assert!(matches!(command, OutputCommand::CopyImage(_)));
    window.run_steps(2);
    assert!(shows(&window, "Copied"));
    assert!(messages(&window).is_empty(), "{:?}", messages(&window));

    // One that does not. What egui says of a paste, or of a mere selection, is no failure to copy.
    let command = copied_by(&mut window, "Copy picture");
    assert!(matches!(command, OutputCommand::CopyImage(_)));
    log::error!(target: CLIPBOARD, "arboard paste error: nothing of use");
    log::error!(target: CLIPBOARD, "arboard primary copy error: not there");
    log::error!(target: "elsewhere", "arboard copy/cut error: of another part");
    log::error!(target: CLIPBOARD, "arboard copy/cut error: another program holds it");
    window.run_steps(3);
    assert_eq!(messages(&window).len(), 1, "{:?}", messages(&window));
    let told = &messages(&window)[0];
    assert!(told.starts_with("Nothing was copied"), "{told}");
    assert!(told.contains("another program holds it"), "{told}");
    assert!(told.contains("Export (Ctrl+E)"), "offers a file: {told}");
    assert!(!shows(&window, "Copied"), "the card says so, too");
    assert!(shows(&window, "Nothing was copied"));
    press(&mut window, Modifiers::NONE, Key::Escape);

    // A system without any: egui keeps a text for itself and says nothing.
    if std::env::var_os("WAYLAND_DISPLAY").is_none() {
        log::warn!(target: CLIPBOARD, "Failed to initialize arboard clipboard: no server");
        press(
            &mut window,
            Modifiers::COMMAND.plus(Modifiers::SHIFT),
            Key::S,
        );
        let command = copied_by(&mut window, "Copy as command line");
        assert!(matches!(command, OutputCommand::CopyText(_)));
        window.run_steps(3);
        assert_eq!(messages(&window).len(), 2, "{:?}", messages(&window));
        assert!(messages(&window)[1].contains("no server"));
        assert_eq!(window.state().lab.training.note, None);
    }
    window.render().expect("a picture");
}
