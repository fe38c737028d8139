//! A second window for the stage alone: the picture on the projector, the notes on the laptop.
//!
//! The window is an immediate viewport of egui's, drawn by the same code as lecture mode. A stage
//! is drawn in one place at a time, because lessons keep pictures for one size; meanwhile the first
//! window shows what to say in its place, see [`super::prompt`].

mod zoom;

use egui::{CentralPanel, Context, Frame, Id, Margin, Panel, Ui, ViewportBuilder, ViewportClass};
use egui::{ViewportCommand, ViewportId};

use super::App;
use super::keys::{self, Action};
use super::theme;
use super::widgets::play_bar;

/// Size of the window before it is moved to the projector, in points at zoom 1.
const SIZE: [f32; 2] = [1120.0, 630.0];
const SMALLEST: [f32; 2] = [320.0, 240.0];

/// Whether the window is open.
#[derive(Default)]
pub struct StageWindow {
    open: bool,
    /// It lies inside the first window, where the system gives the program one window only.
    embedded: bool,
}

impl StageWindow {
    /// Closed; from now on the input of the window is scaled for a projector.
    pub fn new(ctx: &Context) -> Self {
        ctx.add_plugin(zoom::Enlarged);
        Self::default()
    }

    /// Whether the stage is in its own window.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Whether that window takes its keys from the first one.
    pub fn is_embedded(&self) -> bool {
        self.open && self.embedded
    }

    /// Closes the window.
    pub fn close(&mut self) {
        self.open = false;
    }

    /// Whether something is held by the pointer in that window.
    pub fn is_held(&self, ctx: &Context) -> bool {
        self.open && ctx.input_for(id(), |input| input.pointer.any_down())
    }

    /// Fills the screen that the window is on, or gives it back.
    pub fn toggle_full(&self, ctx: &Context) {
        if !self.embedded {
            let full = ctx.input_for(id(), |input| input.viewport().fullscreen);
            let command = ViewportCommand::Fullscreen(!full.unwrap_or(false));
            ctx.send_viewport_cmd_to(id(), command);
        }
    }
}

/// What egui calls the window.
fn id() -> ViewportId {
    ViewportId(Id::unique("stage window"))
}

impl App {
    /// Opens the window, or closes it. The first window keeps its panels meanwhile.
    pub(super) fn toggle_stage_window(&mut self, ctx: &Context) {
        if self.stage_window.open {
            self.stage_window.close();
            return;
        }
        if self.lab.settings.lecture {
            self.act(Action::LectureMode, ctx);
        }
        self.stage_window.open = true;
    }

    /// Draws the window while it is open, and does what its keys ask for.
    pub(super) fn stage_window_ui(&mut self, ctx: &Context) {
        if !self.stage_window.open {
            return;
        }
        let builder = ViewportBuilder::default()
            .with_title(format!("{} · Stage", self.lessons[self.current].title()))
            .with_app_id("flowlab")
            .with_inner_size(SIZE)
            .with_min_inner_size(SMALLEST);
        ctx.show_viewport_immediate(id(), builder, |ui, class| {
            self.stage_window.embedded = class == ViewportClass::EmbeddedWindow;
            self.stage_window_keys(ui.ctx());
            self.projected_ui(ui);
        });
    }

    /// Keys act as in the first window; Esc closes.
    fn stage_window_keys(&mut self, ctx: &Context) {
        let mut changed = false;
        if !self.stage_window.embedded {
            for action in keys::take_actions(ctx) {
                changed = true;
                match action {
                    Action::Leave => self.stage_window.close(),
                    action => self.act(action, ctx),
                }
            }
        }
        if ctx.input(|input| input.viewport().close_requested()) && !self.stage_window.embedded {
            changed = true;
            self.stage_window.close();
        }
        if changed {
            ctx.request_repaint_of(ViewportId::ROOT);
        }
    }

    /// The lesson as lecture mode shows it, without anything to set.
    fn projected_ui(&mut self, ui: &mut Ui) {
        let lecture = std::mem::replace(&mut self.lab.settings.lecture, true);
        let paper = theme::palette(ui).paper;
        let frame = Frame::new()
            .fill(paper)
            .inner_margin(Margin::symmetric(16, 8));
        CentralPanel::no_frame().frame(frame).show(ui, |ui| {
            if self.lessons[self.current].uses_time() {
                Panel::bottom("moment")
                    .frame(Frame::new())
                    .show_separator_line(false)
                    .show(ui, |ui| play_bar::moment_ui(ui, self.lab.clock.t()));
            }
            let long = self.beside_ui(ui, false);
            CentralPanel::no_frame().show(ui, |ui| self.stage_ui(ui, long));
        });
        self.lab.settings.lecture = lecture;
    }
}
