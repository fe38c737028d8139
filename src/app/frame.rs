//! The frame around a lesson: header, side panels, play bar, status bar.

use egui::{Align, CentralPanel, Frame, Layout, Margin, Panel, RichText, ScrollArea, Ui};

use super::App;
use super::beats::show;
use super::keys::Action;
use super::lesson::Status;
use super::theme;
use super::widgets::formula::{formula, typeset};
use super::widgets::icon::{Icon, Look, icon_button};
use super::widgets::{number, play_bar};

/// Width of the controls, in points.
const CONTROLS: f32 = 318.0;
/// Width of the list of lessons, in points.
const LESSONS: f32 = 176.0;
/// Width of the text beside the picture in lecture mode, in points.
const COLUMN: f32 = 176.0;
/// The same on a screen that has room for it: the sentence of a beat is read from the last row.
const WIDE_COLUMN: f32 = 216.0;
/// Size of that sentence in a column with so much room below its formula, in points.
const SENTENCE: f32 = 19.0;
const ROOM_FOR_SENTENCE: f32 = 400.0;
/// Size of the formula in lecture mode, and the smallest in the column, in points.
const FORMULA: f32 = 23.0;
const SMALL_FORMULA: f32 = 15.0;
/// Size of the formula beside the title, and the smallest: where even that finds no room between the
/// title and the buttons, there is none.
const HEADER_FORMULA: f32 = 21.0;
const LEAST_FORMULA: f32 = 11.0;
/// Room that the column must have left for the button that leaves lecture mode, and for the source
/// above it, in points: in a low window they give way to the legend.
const BUTTON: f32 = 40.0;
const SOURCE: f32 = 96.0;
/// The list of lessons is set closer where it has less height than this, in points.
const LOW: f32 = 700.0;
/// A window narrower than this keeps only the picture.
const NARROW: f32 = 720.0;

impl App {
    /// Draws everything but the overlays.
    pub(super) fn frame_ui(&mut self, ui: &mut Ui) {
        let paper = theme::palette(ui).paper;
        let lecture = self.lab.settings.lecture;
        let bare = lecture || ui.available_width() < NARROW;
        if !lecture {
            Panel::bottom("status")
                .frame(
                    Frame::new()
                        .fill(paper)
                        .inner_margin(Margin::symmetric(16, 4)),
                )
                .exact_size(28.0)
                .show(ui, |ui| self.status_ui(ui));
        }
        if !bare {
            let mut open = self.lab.settings.lessons_open;
            Panel::left("lessons")
                .frame(Frame::new().fill(paper).inner_margin(Margin::same(16)))
                .exact_size(LESSONS)
                .resizable(false)
                .show_collapsible(ui, &mut open, |ui| self.lessons_ui(ui));
            let mut open = self.lab.settings.controls_open;
            Panel::right("controls")
                .frame(Frame::new().fill(paper).inner_margin(Margin::same(16)))
                .exact_size(CONTROLS)
                .resizable(false)
                .show_collapsible(ui, &mut open, |ui| {
                    self.lessons[self.current].controls_ui(ui, &mut self.lab);
                });
        }
        CentralPanel::no_frame()
            .frame(
                Frame::new()
                    .fill(paper)
                    .inner_margin(Margin::symmetric(16, 8)),
            )
            .show(ui, |ui| self.lesson_ui(ui));
    }

    fn lesson_ui(&mut self, ui: &mut Ui) {
        let none = Frame::new();
        let lecture = self.lab.settings.lecture && ui.available_width() > 2.0 * COLUMN;
        if !lecture {
            Panel::top("header")
                .frame(none)
                .show_separator_line(false)
                .show(ui, |ui| {
                    self.header_ui(ui);
                });
        }
        Panel::bottom("play")
            .frame(none)
            .show_separator_line(false)
            .show(ui, |ui| {
                ui.add_space(2.0);
                if self.lessons[self.current].uses_time() {
                    play_bar::play_bar(ui, &mut self.lab.clock);
                }
                self.lessons[self.current].bottom_ui(ui, &mut self.lab);
                ui.add_space(4.0);
            });
        let away = self.stage_window.is_open();
        let long = lecture && !away && self.beside_ui(ui, true);
        CentralPanel::no_frame().show(ui, |ui| {
            let stage = ui.max_rect();
            if away {
                self.prompt_ui(ui);
            } else {
                self.stage_ui(ui, long);
            }
            self.toasts_ui(ui, stage);
        });
    }

    /// The picture; a formula that is too `long` for the column stands over it.
    pub(super) fn stage_ui(&mut self, ui: &mut Ui, long: bool) {
        if long {
            let (size, ink) = (self.formula_size(ui), theme::palette(ui).ink);
            formula(ui, self.lessons[self.current].formula(), size, ink);
        }
        self.lessons[self.current].stage_ui(ui, &mut self.lab);
    }

    /// In a lecture the text stands beside the picture, which gets the whole height. True when the
    /// formula found no room there. `leave` gives it the button that leaves lecture mode.
    pub(super) fn beside_ui(&mut self, ui: &mut Ui, leave: bool) -> bool {
        let mut long = false;
        let wide = ui.available_width() > 5.0 * WIDE_COLUMN;
        Panel::left("column")
            .frame(Frame::new())
            .show_separator_line(false)
            .exact_size(if wide { WIDE_COLUMN } else { COLUMN })
            .resizable(false)
            .show(ui, |ui| {
                long = self.formula_size(ui) < SMALL_FORMULA;
                self.column_ui(ui, leave);
            });
        long
    }

    fn column_ui(&mut self, ui: &mut Ui, leave: bool) {
        let ink = theme::palette(ui).ink;
        let lesson = &mut self.lessons[self.current];
        ui.label(RichText::new(lesson.title()).heading());
        ui.add_space(2.0);
        let source = lesson.formula();
        let size = self.formula_size(ui);
        if size >= SMALL_FORMULA {
            formula(ui, source, size, ink);
        }
        ui.add_space(10.0);
        self.beat_ui(ui);
        // In a low window the last chips are reached by scrolling.
        let legend = ScrollArea::vertical().id_salt("legend");
        legend.show(ui, |ui| {
            self.lessons[self.current].legend_ui(ui, &mut self.lab);
        });
        let left = ui.available_height();
        if left < BUTTON {
            return;
        }
        ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            ui.add_space(6.0);
            let hint = "Leave lecture mode (F)";
            if leave && icon_button(ui, Icon::Expand, 30.0, Look::Quiet, hint).clicked() {
                let ctx = ui.ctx().clone();
                self.act(Action::LectureMode, &ctx);
            }
            if left > SOURCE {
                self.source_ui(ui);
            }
        });
    }

    /// Size of the formula in the width that is left.
    fn formula_size(&self, ui: &Ui) -> f32 {
        let source = self.lessons[self.current].formula();
        let wide = typeset(ui.painter(), source, FORMULA).width;
        FORMULA * (ui.available_width() / wide.max(1.0)).min(1.0)
    }

    /// The sentence of the beat that is told, with its place among the lesson's.
    pub(super) fn beat_ui(&mut self, ui: &mut Ui) {
        let (beats, Some(told)) = self.beat() else {
            return;
        };
        if let Some(chosen) = show::dots(ui, beats, told) {
            self.tell(chosen);
        }
        let mut say = RichText::new(beats[told].say);
        if self.lab.settings.lecture && ui.available_height() > ROOM_FOR_SENTENCE {
            say = say.size(SENTENCE);
        }
        ui.add(egui::Label::new(say).wrap());
        ui.add_space(6.0);
    }

    /// Where the lesson comes from.
    fn source_ui(&self, ui: &mut Ui) {
        let source = format!("Source: {}", self.lessons[self.current].source());
        ui.add(egui::Label::new(RichText::new(source).small().weak()).wrap());
    }

    fn header_ui(&mut self, ui: &mut Ui) {
        let lesson = &self.lessons[self.current];
        let (title, sentence, source) = (lesson.title(), lesson.sentence(), lesson.formula());
        let lecture = self.lab.settings.lecture;
        let ink = theme::palette(ui).ink;
        let larger = if self.stage_window.is_open() {
            "Full screen for the window of the stage (F)"
        } else {
            "Lecture mode (F)"
        };
        let mut asked = None;
        ui.horizontal(|ui| {
            ui.set_min_height(44.0);
            if !lecture && self.lessons.len() > 1 {
                let hint = "Show or hide the lessons";
                if icon_button(ui, Icon::SideLeft, 28.0, Look::Quiet, hint).clicked() {
                    let open = &mut self.lab.settings.lessons_open;
                    *open = !*open;
                }
            }
            ui.label(RichText::new(title).heading());
            ui.add_space(14.0);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                if !lecture {
                    let hint = "Show or hide the controls";
                    if icon_button(ui, Icon::SideRight, 30.0, Look::Quiet, hint).clicked() {
                        let open = &mut self.lab.settings.controls_open;
                        *open = !*open;
                    }
                }
                for (icon, action, hint) in [
                    (Icon::Expand, Action::LectureMode, larger),
                    (
                        Icon::Windows,
                        Action::StageWindow,
                        "The stage in a window of its own, for the projector (W)",
                    ),
                    (Icon::Contrast, Action::ToggleTheme, "Light or dark (D)"),
                    (Icon::Disk, Action::Save, "Save the run (Ctrl+S)"),
                    (Icon::Export, Action::Export, "Export the figure (Ctrl+E)"),
                    (Icon::Question, Action::Help, "Keys (?)"),
                ] {
                    if icon_button(ui, icon, 30.0, Look::Quiet, hint).clicked() {
                        asked = Some(action);
                    }
                }
                ui.add_space(8.0);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let size = self.formula_size(ui).min(HEADER_FORMULA);
                    if size >= LEAST_FORMULA {
                        formula(ui, source, size, ink);
                    }
                });
            });
        });
        if !lecture {
            if self.beat().1.is_some() {
                ui.horizontal_top(|ui| self.beat_ui(ui));
            } else {
                let text = RichText::new(sentence).weak();
                ui.add(egui::Label::new(text).wrap());
            }
            self.source_ui(ui);
            ui.add_space(4.0);
        }
        if let Some(action) = asked {
            let ctx = ui.ctx().clone();
            self.act(action, &ctx);
        }
    }

    fn lessons_ui(&mut self, ui: &mut Ui) {
        ui.label(RichText::new("Lessons").family(theme::semibold()));
        ui.add_space(4.0);
        if ui.available_height() < LOW {
            ui.spacing_mut().item_spacing.y = 1.0;
        }
        // A still lower window is scrolled.
        ScrollArea::vertical().show(ui, |ui| {
            for (index, lesson) in self.lessons.iter().enumerate() {
                let name = format!("{}  {}", index + 1, lesson.title());
                ui.selectable_value(&mut self.current, index, name)
                    .on_hover_text(lesson.sentence());
            }
        });
    }

    /// Median and 99th percentile of the last pictures.
    fn frame_times_ui(&self, ui: &mut Ui) {
        let hint = "Work of the window's thread for a picture, and the time from picture to \
                    picture while something moves: median and 99th percentile of the last 300 \
                    pictures, in milliseconds (F12)";
        let small = egui::TextStyle::Small.resolve(ui.style());
        let text = self.frame_times.summary().map_or_else(
            || "–".to_owned(),
            |summary| {
                let ([work, work_99], [every, every_99]) = (summary.work, summary.interval);
                format!("work {work:.1} / {work_99:.1}  every {every:.0} / {every_99:.0} ms")
            },
        );
        let text = RichText::new(text).small().weak();
        let widest = "work 00.0 / 000.0  every 000 / 000 ms";
        number::fixed(ui, text, widest, small).on_hover_text(hint);
    }

    fn status_ui(&mut self, ui: &mut Ui) {
        let lesson = &self.lessons[self.current];
        let status = lesson.status(&self.lab).unwrap_or_else(|| self.status());
        let choice = self.lab.training.device;
        let small = egui::TextStyle::Small.resolve(ui.style());
        let weak = |text: String| RichText::new(text).small().weak();
        ui.horizontal_centered(|ui| {
            let device = match &status.device {
                _ if !status.has_thread => format!("Device: {}", choice.label()),
                None => "Opening the device…".to_owned(),
                Some(device) => format!("Trains on {device}"),
            };
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(weak(format!("seed {}", status.seed)));
                ui.add_space(10.0);
                if self.frame_times_shown {
                    self.frame_times_ui(ui);
                    ui.add_space(10.0);
                }
                let text = match status.speed {
                    0.0 => "– steps/s".to_owned(),
                    slow if slow < 10.0 => format!("{slow:.1} steps/s"),
                    speed => format!("{speed:.0} steps/s"),
                };
                number::fixed(ui, weak(text), "0000 steps/s", small.clone());
                ui.add_space(10.0);
                let text = match status.steps {
                    0 => "no step yet".to_owned(),
                    steps => format!(
                        "step {} / {}",
                        number::grouped(status.step),
                        number::grouped(steps)
                    ),
                };
                number::fixed(ui, weak(text), "step 00 000 / 00 000", small);
                ui.add_space(10.0);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let note = status.note.as_deref().map(|note| format!("  ·  {note}"));
                    let drawn = if self.pace.software {
                        "  ·  drawn without a GPU"
                    } else {
                        ""
                    };
                    let text = format!("{device}{drawn}{}", note.unwrap_or_default());
                    ui.add(egui::Label::new(weak(text)).truncate());
                });
            });
        });
    }

    /// The present run of the 2-D lab.
    pub(super) fn status(&self) -> Status {
        let training = &self.lab.training;
        let run = training.run();
        let config = run.map_or(&training.config, |run| &run.config);
        Status {
            device: run.and_then(|run| run.device.clone()),
            has_thread: run.is_some_and(super::run::Run::has_thread),
            step: run.map_or(0, |run| run.step),
            steps: config.steps,
            speed: run.map_or(0.0, |run| run.steps_per_second),
            seed: config.seed,
            note: training.note.clone(),
        }
    }
}
