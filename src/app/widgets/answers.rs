//! Digits that a network made, each with what the classifier reads in it.

use egui::{Align2, FontId, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::digit_grid::{self, Layout, Pictures, Textures};
use super::tiles::tiles;
use crate::app::sketch;
use crate::app::theme;
use crate::data::mnist::SIDE;
use crate::figure::{Form, Panel, Text, Tone};
use crate::train::images::classifier::Seen;

/// Room above each digit for what is read.
const CAPTION: f32 = 22.0;

/// What the classifier reads in digits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The likeliest class of each.
    pub labels: Vec<u8>,
    /// The probability of that class.
    pub confidence: Vec<f32>,
}

impl From<Seen> for Readings {
    fn from(seen: Seen) -> Self {
        Self {
            labels: seen.labels,
            confidence: seen.confidence,
        }
    }
}

impl Readings {
    /// How many are read as this digit.
    pub fn count(&self, digit: u8) -> usize {
        self.labels.iter().filter(|label| **label == digit).count()
    }

    /// What most of them are read as, the smaller digit of two.
    pub fn most(&self) -> Option<u8> {
        (0..10).rev().max_by_key(|digit| self.count(*digit))
    }

    /// The digit and how certain it is: 7 · 98 %.
    pub fn text(&self, index: usize) -> Option<String> {
        let label = self.labels.get(index)?;
        let sure = 100.0 * self.confidence.get(index)?;
        Some(format!("{label} · {sure:.0}\u{2009}%"))
    }
}

/// Digits to draw.
#[derive(Clone, Copy)]
pub struct Answers<'a> {
    /// The digits.
    pub pictures: &'a Pictures,
    /// What is read in each; none on their way.
    pub read: Option<&'a Readings>,
    /// Those that are read as another digit have a frame.
    pub wanted: Option<u8>,
    /// What stands over the last one, where it is no answer.
    pub last: Option<&'static str>,
}

/// Draws digits as large as they fit, with what is read above each.
pub fn paint(ui: &Ui, place: Rect, textures: &mut Textures, slot: u32, answers: Answers<'_>) {
    let Answers {
        pictures,
        read,
        wanted,
        last,
    } = answers;

    let p = theme::palette(ui);
    let painter = ui.painter();
    for (i, cell) in tiles(place, pictures.len(), CAPTION, 10.0)
        .into_iter()
        .enumerate()
    {
        let Some(layout) = Layout::fit(cell, 1, 1, 0.0) else {
            continue;
        };
        digit_grid::paint_one(painter, textures, slot, pictures, i, &layout, p);
        let cell = layout.cell(0);
        let label = read.and_then(|read| read.labels.get(i));
        let other = wanted.is_some_and(|digit| label.is_some_and(|label| *label != digit));
        let (color, width) = if other {
            (p.error, 2.0)
        } else {
            (p.hairline, 1.0)
        };
        painter.rect_stroke(cell, 0.0, Stroke::new(width, color), StrokeKind::Outside);
        let name = last.filter(|_| i + 1 == pictures.len()).map(str::to_owned);
        if let Some(text) = name.or_else(|| read?.text(i)) {
            let font = FontId::new(13.5, theme::semibold());
            let ink = if other { p.error } else { p.ink };
            let at = cell.center_top() - vec2(0.0, 3.0);
            painter.text(at, Align2::CENTER_BOTTOM, text, font, ink);
        }
    }
}

/// A title over a part of the stage, and what is left of it below.
pub fn titled(ui: &Ui, place: Rect, title: &str) -> Rect {
    let p = theme::palette(ui);
    let font = FontId::new(15.0, theme::semibold());
    let at = pos2(place.center().x, place.top() + 20.0);
    ui.painter()
        .text(at, Align2::CENTER_BOTTOM, title, font, p.ink);
    Rect::from_min_max(pos2(place.left(), place.top() + 26.0), place.max)
}

/// The same digits in a panel of a figure, with what is read in their corners.
pub fn panel(pictures: &Pictures, columns: usize, labels: &[u8], wanted: Option<u8>) -> Panel {
    let panel = sketch::digits(pictures, columns);
    let corner = |i: usize| panel.around_image(i, [SIDE, SIDE], columns)[1];
    let words = labels.iter().enumerate().map(|(i, label)| {
        let [x, y] = corner(i);
        ([x - 3.0, y - 4.0], Text::from(label.to_string()))
    });
    let words = Form::Words {
        at: words.collect(),
        size: 0.7,
    };
    let other: Vec<usize> = (0..labels.len())
        .filter(|i| wanted.is_some_and(|digit| labels[*i] != digit))
        .collect();
    let panel = sketch::framed(panel, &other, columns, Tone::Error);
    panel.with("read as", Tone::Model, 1.0, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_counted() {
        let read = Readings {
            labels: vec![3, 8, 3, 8, 1],
            confidence: vec![0.984, 1.0, 0.5, 0.5, 0.5],
        };
        assert_eq!((read.count(3), read.count(0), read.most()), (2, 0, Some(3)));
        assert_eq!(read.text(0).as_deref(), Some("3 · 98\u{2009}%"));
        assert_eq!(read.text(5), None);
    }
}
