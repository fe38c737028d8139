//! The card on which a target is painted by hand, pixel by pixel.

use egui::{
    Align2, Button, Key, Modifiers, Rect, RichText, Sense, Slider, Stroke, StrokeKind, Ui, Window,
    pos2, vec2,
};

use super::bar_parts::menu_ui;
use super::path_picker::LEAVE_HINT;
use crate::app::theme;
use crate::data::Dataset;
use crate::data::drawn::{PixelGrid, Symmetry};
use crate::render::View2d;

/// Side of the grid on the screen, in points.
const SIDE: f32 = 384.0;
/// Pixels along a side to choose from.
const PIXELS: [usize; 4] = [8, 16, 32, 64];
/// Strokes that can be taken back.
const UNDO: usize = 64;

/// A grid, a brush, and what was there before each stroke.
pub struct PaintDialog {
    grid: PixelGrid,
    before: Vec<PixelGrid>,
    eraser: bool,
    /// Pixels across.
    size: f64,
    weight: u8,
    symmetry: Symmetry,
    last: Option<[f64; 2]>,
}

/// What the user did with the card this frame.
pub enum Painting {
    /// Nothing yet.
    Open,
    /// Closed without an answer.
    Left,
    /// A new target.
    Done {
        /// What was painted.
        dataset: Dataset,
        /// Train on it at once.
        train: bool,
    },
}

impl PaintDialog {
    /// Goes on with a grid, or starts with an empty one.
    pub fn new(grid: Option<PixelGrid>) -> Self {
        Self {
            grid: grid.unwrap_or_else(|| PixelGrid::new(16)),
            before: Vec::new(),
            eraser: false,
            size: 2.0,
            weight: PixelGrid::FULL,
            symmetry: Symmetry::None,
            last: None,
        }
    }

    /// Draws the card.
    pub fn show(&mut self, ui: &mut Ui) -> Painting {
        let mut outcome = Painting::Open;
        let undo = ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Z));
        if undo {
            self.undo();
        }
        Window::new("Paint a target")
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                ui.horizontal_top(|ui| {
                    self.grid_ui(ui);
                    ui.add_space(8.0);
                    ui.vertical(|ui| {
                        ui.set_width(212.0);
                        self.tools_ui(ui);
                        ui.add_space(12.0);
                        outcome = self.buttons_ui(ui);
                    });
                });
            });
        if ui.input(|i| i.key_pressed(Key::Escape)) {
            outcome = Painting::Left;
        }
        outcome
    }

    fn grid_ui(&mut self, ui: &mut Ui) {
        let room = ui.ctx().content_rect().height() - 96.0;
        let side = SIDE.min(room).max(64.0);
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::click_and_drag());
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Image, true, "Pixels to paint on")
        });
        let view = View2d::fit(rect, [0.0, 0.0], PixelGrid::HALF as f32);
        let world = |at| view.from_screen(rect, at).map(f64::from);
        match response.interact_pointer_pos() {
            Some(at) if response.is_pointer_button_down_on() || response.clicked() => {
                let here = world(at);
                let from = self.last.unwrap_or(here);
                if self.last.is_none() {
                    self.remember();
                }
                let weight = if self.eraser { 0 } else { self.weight };
                self.grid
                    .stroke(from, here, self.size, weight, self.symmetry);
                self.last = Some(here);
            }
            _ => self.last = None,
        }
        let p = theme::palette(ui);
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.rect_filled(rect, 0.0, p.stage);
        let n = self.grid.side();
        let pixel = rect.width() / n as f32;
        for row in 0..n {
            for column in 0..n {
                let weight = self.grid.get([column, row]);
                if weight > 0 {
                    let corner = pos2(
                        rect.left() + column as f32 * pixel,
                        rect.bottom() - (row + 1) as f32 * pixel,
                    );
                    let share = f32::from(weight) / f32::from(PixelGrid::FULL);
                    let place = Rect::from_min_size(corner, vec2(pixel, pixel));
                    let color = theme::faint(p.model, 0.15 + 0.85 * share);
                    painter.rect_filled(place, 0.0, color);
                }
            }
        }
        let hairline = Stroke::new(1.0, p.hairline);
        if n <= 32 {
            for k in 1..n {
                painter.vline(rect.left() + k as f32 * pixel, rect.y_range(), hairline);
                painter.hline(rect.x_range(), rect.top() + k as f32 * pixel, hairline);
            }
        }
        if self.grid.is_empty() {
            let font = egui::FontId::new(17.0, egui::FontFamily::Proportional);
            let text = "Drag to paint";
            painter.text(rect.center(), Align2::CENTER_CENTER, text, font, p.muted);
        }
        if let Some(at) = response.hover_pos() {
            let radius = 0.5 * self.size as f32 * pixel;
            painter.circle_stroke(at, radius, Stroke::new(1.5, p.ink));
        }
        let frame = Stroke::new(1.0, p.muted);
        ui.painter()
            .rect_stroke(rect, 0.0, frame, StrokeKind::Outside);
    }

    fn tools_ui(&mut self, ui: &mut Ui) {
        ui.spacing_mut().slider_width = 120.0;
        ui.horizontal(|ui| {
            ui.selectable_value(&mut self.eraser, false, "Brush")
                .on_hover_text("Put mass where you paint");
            ui.selectable_value(&mut self.eraser, true, "Eraser")
                .on_hover_text("Take the mass away");
        });
        let label = ui.label("Size, pixels across").id;
        ui.add(Slider::new(&mut self.size, 1.0..=12.0).step_by(1.0))
            .labelled_by(label)
            .on_hover_text("How wide a stroke is");
        let hint = "More weight: more of the points fall there";
        let label = ui.label("Weight").on_hover_text(hint).id;
        ui.add_enabled(
            !self.eraser,
            Slider::new(&mut self.weight, 1..=PixelGrid::FULL),
        )
        .labelled_by(label)
        .on_hover_text(hint);
        let all = Symmetry::ALL.into_iter();
        let choices = all.map(|choice| (choice, choice.label().to_owned(), ""));
        let hint = "Paint every stroke again on the other sides";
        menu_ui(ui, "Symmetry", hint, 170.0, &mut self.symmetry, choices);
        let mut side = self.grid.side();
        let choices = PIXELS.map(|side| (side, side.to_string(), ""));
        let hint = "More pixels paint finer; what is painted stays";
        menu_ui(ui, "Pixels along a side", hint, 170.0, &mut side, choices);
        if side != self.grid.side() {
            self.remember();
            self.grid = self.grid.resized(side);
        }
        ui.horizontal(|ui| {
            let undo = Button::new("Undo stroke");
            let undo = ui.add_enabled(!self.before.is_empty(), undo);
            if undo
                .on_hover_text("Take the last stroke back (Ctrl+Z)")
                .clicked()
            {
                self.undo();
            }
            let hint = "Start from an empty square";
            if ui.button("Clear").on_hover_text(hint).clicked() {
                self.remember();
                self.grid.clear();
            }
        });
    }

    fn buttons_ui(&mut self, ui: &mut Ui) -> Painting {
        let p = theme::palette(ui);
        let text = RichText::new("Train on it")
            .family(theme::semibold())
            .color(p.on_accent);
        let train = Button::new(text).fill(p.accent).min_size(vec2(200.0, 34.0));
        let ready = !self.grid.is_empty();
        let hint = "Fresh weights, at once; Ctrl+Z in the window brings the old run back";
        let train = ui.horizontal(|ui| ui.add_enabled(ready, train).on_hover_text(hint).clicked());
        let train = train.inner;
        let mut outcome = Painting::Open;
        ui.horizontal(|ui| {
            let hint = "The next run trains on it; the old weights stay until then";
            let only = ui.add_enabled(ready, Button::new("Use as target"));
            if (train || only.on_hover_text(hint).clicked())
                && let Ok(dataset) = Dataset::painted(self.grid.clone())
            {
                outcome = Painting::Done { dataset, train };
            }
            if ui.button("Cancel").on_hover_text(LEAVE_HINT).clicked() {
                outcome = Painting::Left;
            }
        });
        outcome
    }

    fn remember(&mut self) {
        if self.before.len() >= UNDO {
            self.before.remove(0);
        }
        self.before.push(self.grid.clone());
    }

    fn undo(&mut self) {
        if let Some(grid) = self.before.pop() {
            self.grid = grid;
        }
    }
}
