//! What a key, a button or a line of the palette does.

use egui::{Context, ViewportCommand};

use super::digits::Part;
use super::keys::Action;
use super::lesson::Lab;
use super::training::{self, Card};
use super::widgets::save_dialog::SaveDialog;
use super::{App, palette, session};

impl App {
    /// Does what a key or a button asks for.
    pub(super) fn act(&mut self, action: Action, ctx: &Context) {
        match action {
            Action::Undo => return self.take_back(),
            Action::Redo => return self.do_again(),
            _ => {}
        }
        // A lesson may have runs or a choice of its own for these.
        let own = matches!(
            action,
            Action::TrainPause
                | Action::TrainStep
                | Action::ResetWeights
                | Action::NextPreset
                | Action::PreviousPreset
        );
        if own && self.lessons[self.current].act(action, &mut self.lab) {
            return;
        }
        // Runs of the image lab are trained and saved where they are shown.
        let part = self.lessons[self.current].part();
        if let Some(part) = part
            && self.train_part(part, action)
        {
            return;
        }
        // Neither does a key change a run of the 2-D lab where none is shown.
        let own_runs = self.lessons[self.current].status(&self.lab).is_some();
        let of_lab = matches!(
            action,
            Action::NextPreset | Action::PreviousPreset | Action::NewRun
        );
        if own_runs && of_lab {
            return;
        }
        let can_save = match part {
            Some(part) => self.lab.digits.part(part).is_started(),
            None => !own_runs && self.lab.training.run().is_some(),
        };
        let Lab {
            clock,
            training,
            settings,
            ..
        } = &mut self.lab;
        match action {
            Action::PlayPause => clock.toggle(),
            Action::Frames(frames) => clock.step(frames),
            Action::ToStart | Action::ToEnd => {
                clock.pause();
                clock.seek(if action == Action::ToEnd { 1.0 } else { 0.0 });
            }
            Action::Loop => clock.looping = !clock.looping,
            Action::Slower => clock.change_speed(-1),
            Action::Faster => clock.change_speed(1),
            Action::TrainPause => training.toggle(),
            Action::TrainStep => training.step(),
            Action::ResetWeights => training.reset(),
            Action::NextPreset => training.choose_next(1),
            Action::PreviousPreset => training.choose_next(-1),
            Action::Grid => settings.grid = !settings.grid,
            Action::CountTime => settings.from_data = !settings.from_data,
            Action::ToggleTheme => settings.theme = settings.theme.toggled(),
            // The projector is the screen to fill while the stage is on it.
            Action::LectureMode if self.stage_window.is_open() => {
                self.stage_window.toggle_full(ctx);
            }
            Action::LectureMode => {
                settings.lecture = !settings.lecture;
                ctx.send_viewport_cmd(ViewportCommand::Fullscreen(settings.lecture));
            }
            Action::StageWindow => self.toggle_stage_window(ctx),
            Action::FrameTimes => self.frame_times_shown = !self.frame_times_shown,
            Action::NextBeat => self.tell_next(),
            Action::PreviousBeat => self.tell_previous(),
            Action::NextLesson => self.current = (self.current + 1) % self.lessons.len(),
            Action::PreviousLesson => {
                let count = self.lessons.len();
                self.current = (self.current + count - 1) % count;
            }
            Action::Help => self.help = !self.help,
            Action::Messages => self.log_shown = !self.log_shown,
            Action::Palette => self.palette = Some(palette::Palette::new(&self.lessons)),
            Action::Save if can_save => {
                self.save
                    .get_or_insert_with(|| SaveDialog::new("runs/lecture"));
            }
            Action::Save if own_runs && part.is_none() => {
                training.report(training::NOT_SAVED.to_owned());
            }
            Action::Save => {
                training.report(training::NOTHING_TO_SAVE.to_owned());
            }
            Action::OpenRun => training.wants = Some(Card::OpenRun),
            Action::SaveSession => {
                self.session_card = Some(session::Card::save(self.desk.path.as_deref()));
            }
            Action::OpenSession => {
                self.session_card = Some(session::Card::open(self.desk.path.as_deref()));
            }
            Action::CopyCommand => {
                if let Err(sentence) = self.command_line() {
                    self.lab.training.report(sentence);
                } else {
                    self.copy_command_line(ctx);
                }
            }
            Action::OpenFigure => training.wants = Some(Card::Figure),
            Action::Export => self.export(),
            Action::ExportAgain => self.export_again(),
            Action::NewRun => training.start_beside(),
            Action::Leave if self.help => self.help = false,
            Action::Leave if self.log_shown => self.log_shown = false,
            Action::Leave if self.lessons[self.current].act(action, &mut self.lab) => {}
            Action::Leave if self.lab.settings.lecture => self.act(Action::LectureMode, ctx),
            // A window on the projector is closed there, by no key that was meant for this one.
            Action::Leave if self.stage_window.is_embedded() => self.stage_window.close(),
            Action::Leave => {}
            _ => {
                self.lessons[self.current].act(action, &mut self.lab);
            }
        }
    }

    /// Trains what a lesson of the image lab shows; false when another action is meant.
    fn train_part(&mut self, part: Part, action: Action) -> bool {
        let (digits, device) = (&mut self.lab.digits, self.lab.training.device);
        match action {
            Action::TrainPause => digits.toggle(part, device),
            Action::TrainStep => digits.part(part).step(device),
            Action::ResetWeights => digits.part(part).reset(),
            _ => return false,
        }
        true
    }
}
