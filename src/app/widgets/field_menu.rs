//! The header of a row or a panel as a menu of the fields that may move its particles.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Popup, Rect, Response, Sense, Shape, Stroke, Ui, pos2, vec2};

use super::weights_choice;
use crate::app::theme;
use crate::app::training::{FieldChoice, Staged, Training};

/// What a header offers; the first entry is what its lesson shows by itself.
pub type Entries = Vec<(Option<FieldChoice>, String)>;

/// The networks that fit, named with their target where it is another one than on the stage.
pub fn networks(training: &Training, fits: impl Fn(&Staged) -> bool) -> Entries {
    let stage = training.dataset();
    let all = training.staged_all().into_iter();
    let all = all.filter(|(_, staged)| fits(staged));
    all.map(|(choice, staged)| {
        let mut name = weights_choice::name(choice, &staged);
        if staged.dataset != stage {
            name = format!("{name} ({})", staged.dataset.label());
        }
        (Some(FieldChoice::Weights(choice)), name)
    })
    .collect()
}

/// Forgets a choice whose run is gone.
pub fn forget_gone(training: &Training, choices: &mut [Option<FieldChoice>]) {
    let known = training.staged_all();
    for choice in choices {
        let gone = match choice {
            Some(FieldChoice::Weights(wanted)) => !known.iter().any(|(known, _)| known == wanted),
            Some(FieldChoice::Exact) | None => false,
        };
        if gone {
            *choice = None;
        }
    }
}

/// The name of the run that a header stands for, where it does not follow its lesson.
pub fn chosen_name(training: &Training, choice: Option<FieldChoice>) -> Option<String> {
    match choice? {
        FieldChoice::Exact => Some("exact".to_owned()),
        FieldChoice::Weights(choice) => training.staged_by(choice).map(|staged| staged.name),
    }
}

/// A header's text, upright or lying.
pub struct Header<'a> {
    /// Where there is room for it.
    pub place: Rect,
    /// The text.
    pub text: &'a str,
    /// A dot in front of it.
    pub dot: Option<Color32>,
    /// Whether it is read from below.
    pub upright: bool,
}

impl Header<'_> {
    /// Draws the header, with a mark where there is a choice; true when another field was chosen.
    pub fn show(
        &self,
        ui: &mut Ui,
        id: egui::Id,
        choice: &mut Option<FieldChoice>,
        entries: &Entries,
    ) -> bool {
        let is_menu = entries.len() > 1;
        let size = self.paint(ui, is_menu, false);
        if !is_menu {
            return false;
        }
        let place = if self.upright {
            Rect::from_center_size(self.place.center(), vec2(self.place.width(), size))
        } else {
            self.place.with_max_x(self.place.left() + size)
        };
        let response: Response = ui.interact(place, id, Sense::click());
        let name = format!("{}: choose its field", self.text);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        if response.hovered() || response.has_focus() {
            self.paint(ui, is_menu, true);
        }
        let before = *choice;
        Popup::menu(&response).show(|ui| {
            for (entry, name) in entries {
                ui.selectable_value(choice, *entry, name);
            }
        });
        response.on_hover_text("Choose the field that moves these particles");
        *choice != before
    }

    /// Paints the text and tells its length with the marks.
    fn paint(&self, ui: &Ui, is_menu: bool, lit: bool) -> f32 {
        let p = theme::palette(ui);
        let length = if self.upright {
            self.place.height()
        } else {
            self.place.width()
        };
        let (before, after) = (
            if self.dot.is_some() { 15.0 } else { 0.0 },
            if is_menu { 14.0 } else { 0.0 },
        );
        let ink = if lit { p.source } else { p.ink };
        let room = (length - before - after).max(10.0);
        // A long name is set smaller before it is cut.
        let layout = |size: f32| {
            let font = egui::FontId::new(size, theme::semibold());
            let mut job = LayoutJob::simple_singleline(self.text.to_owned(), font, ink);
            job.wrap = TextWrapping::truncate_at_width(room);
            ui.painter().layout_job(job)
        };
        let usual = layout(14.0);
        let galley = if usual.elided { layout(12.5) } else { usual };
        let (long, high) = (galley.size().x, galley.size().y);
        let whole = before + long + after;
        // The corner of the text's start, and the way it runs.
        let (start, along) = if self.upright {
            let at = pos2(self.place.center().x, self.place.center().y + 0.5 * whole);
            (at, vec2(0.0, -1.0))
        } else {
            (
                pos2(self.place.left(), self.place.center().y),
                vec2(1.0, 0.0),
            )
        };
        if let Some(color) = self.dot {
            ui.painter().circle_filled(start + 5.0 * along, 4.5, color);
        }
        let text = start + before * along;
        if self.upright {
            let at = pos2(text.x - 0.5 * high, text.y);
            let shape = egui::epaint::TextShape::new(at, galley, ink);
            ui.painter()
                .add(shape.with_angle(-std::f32::consts::FRAC_PI_2));
        } else {
            let rect = Align2::LEFT_CENTER.anchor_size(text, galley.size());
            ui.painter().galley(rect.min, galley, ink);
        }
        if is_menu {
            let tip = text + (long + 8.0) * along;
            let across = -along.rot90();
            // It points down, or to the panel of an upright header.
            let points = vec![
                tip - 3.5 * along - 2.0 * across,
                tip + 3.5 * along - 2.0 * across,
                tip + 3.0 * across,
            ];
            let color = if lit { p.source } else { p.muted };
            ui.painter()
                .add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        whole
    }
}
