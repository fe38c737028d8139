//! The keys: one table that is read by the window and shown by the help overlay.

mod names;

use egui::{Context, Event, Key, Modifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Action {
    PlayPause,
    /// Frames of the flow, backwards when negative.
    Frames(i32),
    ToStart,
    ToEnd,
    Loop,
    Slower,
    Faster,
    TrainPause,
    TrainStep,
    NewNoise,
    ResetWeights,
    /// The last stroke, or the weights before the last reset.
    Undo,
    /// The stroke that was taken back.
    Redo,
    /// Layer 1 to 6.
    Layer(u8),
    Grid,
    SideBySide,
    FewerSteps,
    MoreSteps,
    ToggleTheme,
    LectureMode,
    /// The stage in a window of its own.
    StageWindow,
    Save,
    /// A figure, with a card that asks how.
    Export,
    /// A figure as the last one.
    ExportAgain,
    OpenRun,
    SaveSession,
    OpenSession,
    /// The command line that does the same, to the clipboard.
    CopyCommand,
    /// The settings of an exported figure.
    OpenFigure,
    /// A run beside the others.
    NewRun,
    /// Over the iterations of a training.
    PlayIterations,
    Help,
    /// Which way t is counted where it is shown.
    CountTime,
    /// Everything by its name.
    Palette,
    /// All messages of the session.
    Messages,
    FrameTimes,
    Leave,
    /// The next prepared state of the lecture.
    NextBeat,
    PreviousBeat,
    NextPreset,
    PreviousPreset,
    NextLesson,
    PreviousLesson,
}

/// A key with its modifiers and what it does.
pub struct Binding {
    key: Key,
    modifiers: Modifiers,
    /// What it asks for.
    pub action: Action,
    /// Keys and meaning for the overlay; none for a second key of the same action.
    pub help: Option<(&'static str, &'static str)>,
}

const fn bind(
    modifiers: Modifiers,
    key: Key,
    action: Action,
    help: Option<(&'static str, &'static str)>,
) -> Binding {
    Binding {
        key,
        modifiers,
        action,
        help,
    }
}

const NONE: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;
const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// Every key. Longer modifiers come first, because egui matches `Ctrl+S` for `Ctrl+Shift+S`.
pub const BINDINGS: &[Binding] = &[
    bind(
        NONE,
        Key::Space,
        Action::PlayPause,
        Some(("Space", "Play or pause the flow")),
    ),
    bind(SHIFT, Key::ArrowLeft, Action::Frames(-10), None),
    bind(SHIFT, Key::ArrowRight, Action::Frames(10), None),
    bind(NONE, Key::ArrowLeft, Action::Frames(-1), None),
    bind(
        NONE,
        Key::ArrowRight,
        Action::Frames(1),
        Some(("← →", "One frame; ten with Shift")),
    ),
    bind(
        NONE,
        Key::Home,
        Action::ToStart,
        Some(("Home  End", "To the noise, to the data")),
    ),
    bind(NONE, Key::End, Action::ToEnd, None),
    bind(NONE, Key::L, Action::Loop, Some(("L", "Loop"))),
    bind(
        NONE,
        Key::OpenBracket,
        Action::Slower,
        Some(("[  ]", "Slower, faster")),
    ),
    bind(NONE, Key::CloseBracket, Action::Faster, None),
    bind(
        NONE,
        Key::ArrowUp,
        Action::MoreSteps,
        Some((
            "↑ ↓",
            "More, fewer: steps, pairs, γ, brush, as the lesson has it",
        )),
    ),
    bind(NONE, Key::ArrowDown, Action::FewerSteps, None),
    bind(
        SHIFT,
        Key::T,
        Action::CountTime,
        Some(("Shift+T", "Count t from the data or from the noise")),
    ),
    bind(
        NONE,
        Key::T,
        Action::TrainPause,
        Some(("T", "Start or pause training")),
    ),
    bind(
        NONE,
        Key::Period,
        Action::TrainStep,
        Some((".", "One training step")),
    ),
    bind(
        SHIFT,
        Key::R,
        Action::ResetWeights,
        Some(("Shift+R", "Fresh weights")),
    ),
    bind(CTRL_SHIFT, Key::Z, Action::Redo, None),
    bind(
        CTRL,
        Key::Z,
        Action::Undo,
        Some((
            "Ctrl+Z  Ctrl+Y",
            "Take back a setting, stroke or reset; redo",
        )),
    ),
    bind(CTRL, Key::Y, Action::Redo, None),
    bind(
        NONE,
        Key::R,
        Action::NewNoise,
        Some(("R", "Draw new noise")),
    ),
    bind(
        NONE,
        Key::Num1,
        Action::Layer(1),
        Some(("1 … 6", "Layers or views, as the lesson lists them")),
    ),
    bind(NONE, Key::Num2, Action::Layer(2), None),
    bind(NONE, Key::Num3, Action::Layer(3), None),
    bind(NONE, Key::Num4, Action::Layer(4), None),
    bind(NONE, Key::Num5, Action::Layer(5), None),
    bind(NONE, Key::Num6, Action::Layer(6), None),
    bind(
        NONE,
        Key::B,
        Action::SideBySide,
        Some(("B", "Beside or over one another")),
    ),
    bind(NONE, Key::G, Action::Grid, Some(("G", "Grid"))),
    bind(
        NONE,
        Key::D,
        Action::ToggleTheme,
        Some(("D", "Light or dark")),
    ),
    bind(
        NONE,
        Key::F,
        Action::LectureMode,
        Some(("F  F11", "Lecture mode")),
    ),
    bind(NONE, Key::F11, Action::LectureMode, None),
    bind(
        NONE,
        Key::W,
        Action::StageWindow,
        Some(("W", "The stage in a window of its own")),
    ),
    bind(
        CTRL,
        Key::PageDown,
        Action::NextLesson,
        Some(("Ctrl+Page ↓ ↑", "Next, previous lesson")),
    ),
    bind(CTRL, Key::PageUp, Action::PreviousLesson, None),
    bind(
        SHIFT,
        Key::PageDown,
        Action::NextPreset,
        Some(("Shift+Page ↓ ↑", "Next, previous preset or test digit")),
    ),
    bind(SHIFT, Key::PageUp, Action::PreviousPreset, None),
    bind(
        NONE,
        Key::PageDown,
        Action::NextBeat,
        Some(("Page ↓  Page ↑", "Next, previous beat (clicker)")),
    ),
    bind(NONE, Key::PageUp, Action::PreviousBeat, None),
    bind(CTRL_SHIFT, Key::E, Action::ExportAgain, None),
    bind(
        CTRL,
        Key::E,
        Action::Export,
        Some(("Ctrl+E", "Export the figure; again with Shift")),
    ),
    bind(CTRL_SHIFT, Key::S, Action::SaveSession, None),
    bind(
        CTRL_SHIFT,
        Key::O,
        Action::OpenSession,
        Some(("Ctrl+Shift+S  O", "Save, open a session: all settings")),
    ),
    bind(CTRL, Key::S, Action::Save, Some(("Ctrl+S", "Save the run"))),
    bind(
        CTRL_SHIFT,
        Key::F,
        Action::OpenFigure,
        Some(("Ctrl+Shift+F", "Settings back from a figure")),
    ),
    bind(
        CTRL,
        Key::O,
        Action::OpenRun,
        Some(("Ctrl+O", "Open a run")),
    ),
    bind(
        NONE,
        Key::N,
        Action::NewRun,
        Some(("N", "Train a run beside the others")),
    ),
    bind(
        NONE,
        Key::I,
        Action::PlayIterations,
        Some(("I", "Play over the iterations (Learning)")),
    ),
    bind(
        CTRL,
        Key::K,
        Action::Palette,
        Some(("Ctrl+K  Ctrl+P", "Find an action, a lesson or a beat")),
    ),
    bind(CTRL, Key::P, Action::Palette, None),
    bind(SHIFT, Key::Questionmark, Action::Help, None),
    bind(NONE, Key::Questionmark, Action::Help, None),
    bind(NONE, Key::F1, Action::Help, Some(("?  F1", "These keys"))),
    bind(
        NONE,
        Key::F10,
        Action::Messages,
        Some(("F10", "All messages of the session")),
    ),
    bind(
        NONE,
        Key::F12,
        Action::FrameTimes,
        Some(("F12", "Show how long pictures take")),
    ),
    bind(
        NONE,
        Key::Escape,
        Action::Leave,
        Some(("Esc", "Leave a mode")),
    ),
];

/// Keys a focused button, slider or menu needs for itself.
const WIDGET_KEYS: [Key; 7] = [
    Key::Space,
    Key::ArrowLeft,
    Key::ArrowRight,
    Key::ArrowUp,
    Key::ArrowDown,
    Key::Home,
    Key::End,
];

/// Takes this frame's key presses that mean something; none while a text field is being edited.
pub fn take_actions(ctx: &Context) -> Vec<Action> {
    if ctx.text_edit_focused() {
        return Vec::new();
    }
    let widget_focused = ctx.egui_wants_keyboard_input();
    let mut actions = Vec::new();
    ctx.input_mut(|input| {
        input.events.retain(|event| {
            let &Event::Key {
                key,
                pressed: true,
                repeat,
                modifiers,
                ..
            } = event
            else {
                return true;
            };
            if widget_focused && WIDGET_KEYS.contains(&key) {
                return true;
            }
            let found = BINDINGS.iter().find(|binding| {
                binding.key == key && modifiers.matches_logically(binding.modifiers)
            });
            // A held key scrubs; it does not switch on and off.
            if let Some(binding) = found
                && (!repeat || matches!(binding.action, Action::Frames(_)))
            {
                actions.push(binding.action);
            }
            found.is_none()
        });
    });
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_binding_hides_behind_another() {
        for (i, later) in BINDINGS.iter().enumerate() {
            for earlier in &BINDINGS[..i] {
                let hidden = earlier.key == later.key
                    && later.modifiers.matches_logically(earlier.modifiers);
                assert!(!hidden, "{:?} is never reached", later.action);
            }
        }
    }
}
