//! The digit under its brush, the fills beside it, and what is measured of them.

use egui::{Rect, Ui, pos2};

use super::work::{self, Filled};
use super::{Inpaint, notes};
use crate::app::background::Background;
use crate::app::theme;
use crate::app::widgets::answers::{self, Answers};
use crate::app::widgets::digit_grid::{self, Layout};
use crate::app::widgets::number;
use crate::data::mnist::SIDE;

/// The name of what is painted on.
pub const CANVAS: &str = "The digit: drag to hide a part";

impl Inpaint {
    pub(super) fn picture_ui(&mut self, ui: &mut Ui, place: Rect, t: f32) {
        let wide = place.width() > 1.2 * place.height();
        let (left, right) = if wide {
            let share = (place.height() / place.width()).clamp(0.3, 0.46);
            place.split_left_right_at_fraction(share)
        } else {
            place.split_top_bottom_at_fraction(0.5)
        };
        // A button above may have chosen another one.
        self.take_digit();
        let label = self.digit.as_ref().map(|digit| digit.label);
        self.digit_ui(ui, left.shrink(4.0), label);
        let shown = self.work.as_ref().and_then(Background::value);
        match (shown.as_deref(), label) {
            (Some(Err(error)), _) => notes::sentence(ui, right, error),
            (Some(Ok(filled)), Some(label)) => {
                self.fills_ui(ui, right.shrink(4.0), filled, label, t);
            }
            _ => notes::sentence(ui, right, "The first fills are on their way…"),
        }
    }

    fn digit_ui(&mut self, ui: &Ui, place: Rect, label: Option<u8>) {
        let p = theme::palette(ui);
        let hidden = number::percent(self.hole.now().share());
        let class = label.map_or(String::new(), |label| format!(", a {label}"));
        let title = format!("Test digit {}{class} · {hidden} hidden", self.image);
        let room = answers::titled(ui, place, &title);
        let Some(layout) = Layout::fit(room, 1, 1, 0.0) else {
            return;
        };
        let rect = layout.cell(0);
        let brush = self.hole.ui(ui, rect, CANVAS, self.tool, self.radius);
        let painter = ui.painter();
        if let Some(digit) = &self.digit {
            digit_grid::paint(painter, &mut self.textures, 0, &digit.pictures, &layout, p);
        }
        let pixel = rect.width() / SIDE as f32;
        let over = p.stage.lerp_to_gamma(p.model, 0.28);
        for (row, hidden) in self.hole.now().0.chunks_exact(SIDE).enumerate() {
            for (from, to) in runs(hidden) {
                let at = |column: usize, row: usize| {
                    rect.min + pixel * egui::vec2(column as f32, row as f32)
                };
                // A little larger, so that no seam shows between two rows.
                let place = Rect::from_min_max(at(from, row), at(to, row + 1));
                let place = place.expand(0.5).intersect(rect);
                painter.rect_filled(place, 0.0, over);
            }
        }
        self.hole.outline(ui, &brush, self.radius);
    }

    fn fills_ui(&mut self, ui: &Ui, place: Rect, filled: &Filled, label: u8, t: f32) {
        let (shown, read) = filled.shown(self.keep);
        let count = read.count(label);
        let n = read.labels.len();
        let title = format!("Filled on {n} noises · {count} read as {label}");
        let room = answers::titled(ui, place, &title);
        let room = Rect::from_min_max(room.min, pos2(room.right(), room.bottom() - 4.0));
        let frame = work::FRAMES.nearest(t);
        let answers = Answers {
            pictures: &shown[frame],
            // What is read is the end; on the way there is nothing to be read.
            read: (frame + 1 == shown.len()).then_some(read),
            wanted: Some(label),
            last: Some("The digit"),
        };
        answers::paint(ui, room, &mut self.textures, 1, answers);
    }

    pub(super) fn facts_ui(&self, ui: &mut Ui) {
        let shown = self.work.as_ref().and_then(Background::value);
        let filled = shown.as_deref().and_then(|made| made.as_ref().ok());
        let dash = || "–".to_owned();
        let error = |which: usize| {
            let error = filled.and_then(|filled| filled.error);
            error.map_or(dash(), |error| format!("{:.4}", error[which]))
        };
        let unfilled = filled.and_then(|filled| filled.unfilled.text(0));
        let classes = filled.map(|filled| likely(&filled.shares));
        let facts = [
            (
                "Hidden",
                "Share of the pixels.",
                number::percent(self.hole.now().share()),
            ),
            (
                "Evaluations of the network (NFE)",
                "Of the field, in Euler steps; with γ beside 0 and 1 each asks the network twice.",
                filled.map_or(dash(), |filled| filled.nfe.to_string()),
            ),
            (
                "With its hole it is read as",
                "What the classifier reads, and how sure it is.",
                unfilled.unwrap_or_else(dash),
            ),
            (
                "Its class, by the reader",
                "The likeliest classes from the pixels that are seen, by a network that was \
                 trained on digits with holes.",
                classes.unwrap_or_else(dash),
            ),
            (
                "Error on what is not hidden",
                "Mean square over the pixels, 0 to 1, of the network's own pictures, before \
                 those pixels are put back.",
                error(0),
            ),
            (
                "The autoencoder’s own error",
                "What encoding and decoding the whole digit costs on these pixels.",
                error(1),
            ),
        ];
        notes::facts_ui(ui, &facts);
    }
}

/// The two likeliest classes: 5 84 %, 3 9 %.
fn likely(shares: &[f32]) -> String {
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]));
    let text = |&class: &usize| {
        format!(
            "{class}\u{2009}·\u{2009}{:.0}\u{2009}%",
            100.0 * shares[class]
        )
    };
    let texts: Vec<String> = order.iter().take(2).map(text).collect();
    texts.join("  ")
}

/// Begins and ends of the ones in a row.
fn runs(row: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = None;
    for (i, value) in row.iter().chain([&0]).enumerate() {
        match (from, *value) {
            (None, 1) => from = Some(i),
            (Some(start), 0) => {
                found.push((start, i));
                from = None;
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_classes_come_first() {
        let mut shares = [0.01; 10];
        (shares[3], shares[8]) = (0.2, 0.72);
        let text = likely(&shares).replace('\u{2009}', "");
        assert_eq!(text, "8·72%  3·20%");
        assert_eq!(likely(&[]), "");
    }

    #[test]
    fn hidden_pixels_of_a_row_are_found() {
        assert_eq!(runs(&[1, 1, 0, 1, 0, 0, 1]), [(0, 2), (3, 4), (6, 7)]);
        assert_eq!(runs(&[0, 0]), []);
    }
}
