//! The autoencoder: digits become small codes and come back.

mod figure;
mod work;

use std::sync::Arc;

use egui::{Align2, FontId, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, pos2};
use serde::{Deserialize, Serialize};

use crate::app::background::Background;
use crate::app::digits::Part;
use crate::app::digits::time_grid::TimeGrid;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme;
use crate::app::view::{EachBelow, view_of};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::digit_grid::{self, Layout, Textures};
use crate::app::widgets::icon::{Icon, Look, icon_button};
use crate::app::widgets::loss_terms::terms_ui;
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::{digit_controls, digit_settings};
use work::{COLUMNS, Key, ROWS, STRIP, Shown, WALK};

/// What the stage shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum View {
    /// Originals and reconstructions.
    Check,
    /// From one code to another.
    Walk,
}

/// The lesson's own state.
pub struct Autoencoder {
    view: View,
    difference: bool,
    seed: u64,
    /// The two digits of a walk.
    ends: [usize; 2],
    textures: Textures,
    work: Option<Background<Key, Result<Shown, String>>>,
}

impl Default for Autoencoder {
    fn default() -> Self {
        Self {
            view: View::Check,
            difference: false,
            seed: 0,
            ends: [0, 1],
            textures: Textures::default(),
            work: None,
        }
    }
}

impl Lesson for Autoencoder {
    fn name(&self) -> &'static str {
        "vae"
    }

    fn title(&self) -> &'static str {
        "Autoencoder"
    }

    fn sentence(&self) -> &'static str {
        "A digit of 784 pixels becomes a code of 64 numbers and comes back: the flow will live \
         among the codes."
    }

    fn formula(&self) -> &'static str {
        r#"z~"~"~"N"(μ(x),σ^2(x))~~~x≈D(z)"#
    }

    fn source(&self) -> &'static str {
        "Latent flow matching on MNIST (seed 000); Kingma and Welling 2014"
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Vae)
    }

    fn uses_time(&self) -> bool {
        self.view == View::Walk
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        0.5
    }

    view_of!(view, difference; ends in EachBelow(ROWS * COLUMNS), seed in 0..=1_000_000);

    fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let source = lab.digits.autoencoder();
        let key = Key {
            version: source.version,
            seed: self.seed,
            ends: self.ends,
        };
        let models = Arc::clone(&lab.digits.models);
        let thread = self.work.get_or_insert_with(|| lab.background());
        // New weights of a run in progress wait until the pictures before them are whole.
        let newer = |asked: &Key| {
            let version = key.version;
            *asked != key
                && Key {
                    version,
                    ..asked.clone()
                } == key
        };
        let training = lab.digits.vae.is_running();
        if training && thread.is_busy() && thread.asked().is_some_and(newer) {
            return;
        }
        let wanted = key.clone();
        thread.ask(key, move |job| {
            if let Err(error) = work::make(&wanted, &source, &models, job) {
                job.show(Err(error));
            }
        });
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        let p = theme::palette(ui);
        for (view, name, hint) in [
            (View::Check, "Check", "Originals and reconstructions (B)"),
            (View::Walk, "Walk", "From one digit to another (B)"),
        ] {
            ui.selectable_value(&mut self.view, view, name)
                .on_hover_text(hint);
        }
        if self.view == View::Check {
            let color = p.error;
            let hint = "Where original and reconstruction differ (1)";
            let on = &mut self.difference;
            chip(ui, on, Mark::Square, color, "Difference", 1).on_hover_text(hint);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
        let shown = self.work.as_ref().and_then(Background::value);
        match shown.as_deref() {
            None => notes::sentence(ui, place, "The digits are being encoded…"),
            Some(Err(error)) => notes::sentence(ui, place, error),
            Some(Ok(shown)) => match self.view {
                View::Check => self.check_ui(ui, place, shown),
                View::Walk => self.walk_ui(ui, place, shown, lab.clock.t() as f32),
            },
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            ui.label("Digits of the test set");
            if icon_button(ui, Icon::Dice, 28.0, Look::Quiet, "Other digits (R)").clicked() {
                self.seed += 1;
            }
            if self.view == View::Walk {
                ui.label("t walks from the first digit to the second; click others to choose.");
            }
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        digit_controls::run_ui(ui, &mut lab.digits, Part::Vae, lab.training.device);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                digit_settings::settings_ui(ui, &mut lab.digits.vae);
                digit_controls::loss_ui(ui, &lab.digits.vae, 130.0);
                let terms = ["Squared error per digit", "KL per digit"];
                terms_ui(ui, &lab.digits.vae, &terms, 56.0);
                ui.add_space(6.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::SideBySide => {
                self.view = match self.view {
                    View::Check => View::Walk,
                    View::Walk => View::Check,
                };
            }
            Action::Layer(1) => self.difference = !self.difference,
            Action::NewNoise => self.seed += 1,
            _ => return false,
        }
        true
    }
}

impl Autoencoder {
    fn check_ui(&mut self, ui: &mut Ui, place: Rect, shown: &Shown) {
        let p = theme::palette(ui);
        let mse = format!("Reconstructions · {} · error {:.4}", shown.label, shown.mse);
        let mut grids = vec![
            (&shown.originals, "Originals".to_owned()),
            (&shown.rebuilt, mse),
        ];
        if self.difference {
            grids.push((&shown.difference, "Difference".to_owned()));
        }
        // Beside or above one another, whichever leaves more room for the digits.
        let arranged = |across: bool| -> Vec<Option<Layout>> {
            let n = grids.len();
            let cells = (0..n).map(|i| {
                let part = |from: f32, to: f32| {
                    let step = (to - from) / n as f32;
                    from + step * i as f32..=from + step * (i as f32 + 1.0)
                };
                let cell = if across {
                    Rect::from_x_y_ranges(part(place.left(), place.right()), place.y_range())
                } else {
                    Rect::from_x_y_ranges(place.x_range(), part(place.top(), place.bottom()))
                };
                let room = Rect::from_min_max(
                    pos2(cell.left() + 6.0, cell.top() + 26.0),
                    pos2(cell.right() - 6.0, cell.bottom() - 6.0),
                );
                Layout::fit(room, COLUMNS, ROWS, 4.0)
            });
            cells.collect()
        };
        let side = |layouts: &[Option<Layout>]| layouts[0].map_or(0.0, |layout| layout.side);
        let (beside, above) = (arranged(true), arranged(false));
        let layouts = if side(&beside) > side(&above) {
            beside
        } else {
            above
        };
        let pointer = ui.ctx().pointer_hover_pos();
        let hovered = layouts
            .iter()
            .flatten()
            .find_map(|layout| pointer.and_then(|at| layout.at(at)));
        for (slot, ((pictures, title), layout)) in grids.iter().zip(layouts).enumerate() {
            let Some(layout) = layout else { continue };
            let painter = ui.painter();
            let at = layout.origin - egui::vec2(0.0, 6.0);
            let font = FontId::new(14.5, theme::semibold());
            painter.text(at, Align2::LEFT_BOTTOM, title, font, p.ink);
            digit_grid::paint(
                painter,
                &mut self.textures,
                slot as u32,
                pictures,
                &layout,
                p,
            );
            if let Some(index) = hovered {
                let line = Stroke::new(2.0, p.model);
                let cell = layout.cell(index);
                painter.rect_stroke(cell, 2.0, line, StrokeKind::Outside);
            }
        }
    }

    fn walk_ui(&mut self, ui: &mut Ui, place: Rect, shown: &Shown, t: f32) {
        let p = theme::palette(ui);
        let side = (place.width() * 0.28).min(place.height());
        let strip_height = place.height() * 0.2;
        let upper = Rect::from_min_max(
            place.min,
            pos2(place.right(), place.bottom() - strip_height - 24.0),
        );
        for (end, title) in ["From", "To"].into_iter().enumerate() {
            let cell = if end == 0 {
                Rect::from_x_y_ranges(place.left()..=place.left() + side, upper.y_range())
            } else {
                Rect::from_x_y_ranges(place.right() - side..=place.right(), upper.y_range())
            };
            let room = Rect::from_min_max(pos2(cell.left(), cell.top() + 26.0), cell.max);
            let Some(layout) = Layout::fit(room, ROWS, COLUMNS, 4.0) else {
                continue;
            };
            let at = layout.origin - egui::vec2(0.0, 6.0);
            let font = FontId::new(14.5, theme::semibold());
            ui.painter()
                .text(at, Align2::LEFT_BOTTOM, title, font, p.ink);
            let slot = 10 + end as u32;
            let pictures = &shown.originals;
            digit_grid::paint(ui.painter(), &mut self.textures, slot, pictures, &layout, p);
            let line = Stroke::new(2.5, p.model);
            let chosen = layout.cell(self.ends[end]);
            ui.painter()
                .rect_stroke(chosen, 2.0, line, StrokeKind::Outside);
            let response = ui.interact(layout.rect(), ui.scope_id().with(title), Sense::click());
            let name = format!("{title}: click a digit");
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            if response.clicked()
                && let Some(index) = response.interact_pointer_pos().and_then(|at| layout.at(at))
            {
                self.ends[end] = index;
            }
        }
        let Some(walk) = &shown.walk else {
            return notes::sentence(ui, upper, "…");
        };
        let frame = TimeGrid(WALK).nearest(t);
        let middle = Rect::from_x_y_ranges(
            place.left() + side + 24.0..=place.right() - side - 24.0,
            upper.y_range(),
        );
        if let Some(layout) = Layout::fit(middle, 1, 1, 0.0) {
            digit_grid::paint(
                ui.painter(),
                &mut self.textures,
                12,
                &walk[frame],
                &layout,
                p,
            );
        }
        let strip = Rect::from_min_max(
            pos2(place.left(), place.bottom() - strip_height),
            pos2(place.right(), place.bottom() - 6.0),
        );
        if let Some(layout) = Layout::fit(strip, STRIP, 1, 6.0) {
            for i in 0..STRIP {
                let index = i * (WALK - 1) / (STRIP - 1);
                let one = Layout {
                    origin: layout.cell(i).min,
                    columns: 1,
                    rows: 1,
                    ..layout
                };
                let slot = 20 + i as u32;
                digit_grid::paint(
                    ui.painter(),
                    &mut self.textures,
                    slot,
                    &walk[index],
                    &one,
                    p,
                );
                if index.abs_diff(frame) <= (WALK - 1) / (2 * (STRIP - 1)) {
                    let line = Stroke::new(2.5, p.model);
                    ui.painter()
                        .rect_stroke(one.cell(0), 2.0, line, StrokeKind::Outside);
                }
            }
        }
    }
}

const NOTES: [Note; 2] = [
    Note {
        title: "Two terms",
        formula: r#"|x-D(z)|^2+β~"KL"(q(z|x)~‖~"N"(0,I))"#,
        text: "The first keeps the picture, the second keeps the codes near the noise that the \
               flow starts from. With too much of the second the pictures blur.",
    },
    Note {
        title: "Why a latent space",
        formula: r#"784→64"#,
        text: "The flow then moves 64 numbers a digit. What the autoencoder cannot bring back, no \
               flow among its codes can draw.",
    },
];
