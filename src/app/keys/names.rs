//! What keys and actions are called, where each stands on a line of its own.

use egui::{Key, Modifiers};

use super::{Action, BINDINGS, Binding};

impl Action {
    /// What it does, in a few words; none for what the lecturer does not look up by its name.
    pub fn name(self) -> Option<String> {
        let name = match self {
            Self::Frames(10) => "Ten frames forward",
            Self::Frames(-10) => "Ten frames back",
            Self::Frames(on) if on > 0 => "One frame forward",
            Self::Frames(_) => "One frame back",
            Self::Layer(n) => return Some(format!("Layer or view {n}")),
            Self::PlayPause => "Play or pause the flow",
            Self::ToStart => "To the noise",
            Self::ToEnd => "To the data",
            Self::Loop => "Loop",
            Self::Slower => "Slower",
            Self::Faster => "Faster",
            Self::TrainPause => "Start or pause training",
            Self::TrainStep => "One training step",
            Self::NewNoise => "Draw new noise",
            Self::ResetWeights => "Fresh weights",
            Self::Undo => "Take back a setting, a stroke or a reset",
            Self::Redo => "Do again what was taken back",
            Self::Grid => "Grid",
            Self::SideBySide => "Beside or over one another; the next view",
            Self::FewerSteps => "Fewer: steps, pairs, γ or a smaller brush",
            Self::MoreSteps => "More: steps, pairs, γ or a larger brush",
            Self::CountTime => "Count t from the data or from the noise",
            Self::ToggleTheme => "Light or dark",
            Self::LectureMode => "Lecture mode",
            Self::StageWindow => "The stage in a window of its own",
            Self::Save => "Save the run",
            Self::Export => "Export the figure",
            Self::ExportAgain => "Export the figure as last time",
            Self::OpenRun => "Open a run",
            Self::SaveSession => "Save the session",
            Self::OpenSession => "Open a session",
            Self::CopyCommand => "Copy as a command line",
            Self::OpenFigure => "Settings back from a figure",
            Self::NewRun => "Train a run beside the others",
            Self::PlayIterations => "Play over the iterations",
            Self::Help => "Keys",
            Self::Messages => "All messages of the session",
            Self::FrameTimes => "Show how long pictures take",
            Self::NextBeat => "Next beat",
            Self::PreviousBeat => "Previous beat",
            Self::NextPreset => "Next preset or test digit",
            Self::PreviousPreset => "Previous preset or test digit",
            Self::NextLesson => "Next lesson",
            Self::PreviousLesson => "Previous lesson",
            Self::Leave | Self::Palette => return None,
        };
        Some(name.to_owned())
    }

    /// The keys that ask for it, the first one of the table first.
    pub fn keys(self) -> Vec<String> {
        let of_it = BINDINGS.iter().filter(|binding| binding.action == self);
        of_it.map(Binding::keys).collect()
    }
}

impl Binding {
    /// The keys as they are written: `Ctrl+Shift+E`.
    pub fn keys(&self) -> String {
        let mut text = String::new();
        for (held, name) in [
            (Modifiers::COMMAND, "Ctrl+"),
            (Modifiers::SHIFT, "Shift+"),
            (Modifiers::ALT, "Alt+"),
        ] {
            // Nobody thinks of Shift in a question mark.
            if self.modifiers.contains(held) && self.key != Key::Questionmark {
                text.push_str(name);
            }
        }
        text + match self.key {
            Key::ArrowLeft => "←",
            Key::ArrowRight => "→",
            Key::ArrowUp => "↑",
            Key::ArrowDown => "↓",
            Key::PageDown => "Page ↓",
            Key::PageUp => "Page ↑",
            Key::Escape => "Esc",
            Key::OpenBracket => "[",
            Key::CloseBracket => "]",
            Key::Period => ".",
            Key::Questionmark => "?",
            key => key.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line of the overlay, its keys one by one.
    fn lines() -> Vec<&'static str> {
        let all = BINDINGS.iter().filter_map(|binding| binding.help);
        all.map(|(keys, _)| keys).collect()
    }

    /// Whether a line of the overlay stands for the binding: it has the line, or the line names
    /// its key.
    fn is_listed(binding: &Binding) -> bool {
        let keys = binding.keys();
        let bare = keys.replace("Shift+", "").replace("Ctrl+", "");
        let named = |line: &&str| {
            let words: Vec<&str> = line.split([' ', '+']).collect();
            let arrow = |key: &str| {
                key.strip_prefix("Page ")
                    .is_some_and(|a| words.contains(&a))
            };
            words.contains(&bare.as_str())
                || words.contains(&"Page") && arrow(&bare)
                || *line == "1 … 6" && bare.parse::<u8>().is_ok_and(|n| (1..=6).contains(&n))
        };
        binding.help.is_some() || lines().iter().any(named)
    }

    #[test]
    fn the_overlay_lists_every_key() {
        for binding in BINDINGS {
            assert!(is_listed(binding), "{} is not in the help", binding.keys());
        }
        let stray = Binding {
            key: Key::F7,
            modifiers: Modifiers::NONE,
            action: Action::Grid,
            help: None,
        };
        assert!(!is_listed(&stray));
    }

    #[test]
    fn the_first_key_of_a_line_is_the_one_that_is_bound() {
        for binding in BINDINGS {
            let Some((keys, meaning)) = binding.help else {
                continue;
            };
            assert!(!meaning.is_empty());
            let listed = BINDINGS.iter().filter(|b| b.action == binding.action);
            let bound: Vec<String> = listed.map(Binding::keys).collect();
            let said = |key: &String| {
                let bare = key.rsplit('+').next().unwrap_or_default();
                keys.contains(bare) || keys.contains(bare.trim_start_matches("Page "))
            };
            assert!(bound.iter().any(said), "{keys}: {bound:?}");
        }
    }

    #[test]
    fn every_action_of_the_table_has_a_name_of_its_own() {
        let mut names: Vec<(Action, String)> = Vec::new();
        for binding in BINDINGS {
            let Some(name) = binding.action.name() else {
                continue;
            };
            let other = names.iter().find(|(_, known)| *known == name);
            assert!(
                other.is_none_or(|(action, _)| *action == binding.action),
                "{name}"
            );
            names.push((binding.action, name));
        }
        assert_eq!(Action::ExportAgain.keys(), ["Ctrl+Shift+E"]);
        assert_eq!(Action::LectureMode.keys(), ["F", "F11"]);
        assert_eq!(Action::Help.keys(), ["?", "?", "F1"]);
    }
}
