//! Figures with the formula of what they are, one under another.

use egui::{Align, FontId, Layout, RichText, Ui};

use super::formula::formula;
use crate::app::theme;

/// One figure.
pub struct Figure<'a> {
    /// What it is, in the notation of [`formula`]; a word in quotes alone is set as text.
    pub formula: &'a str,
    /// Its value.
    pub value: String,
    /// What it means.
    pub hint: &'a str,
}

/// Draws the figures over the whole width, values at the right end.
pub fn readout(ui: &mut Ui, figures: &[Figure<'_>]) {
    let p = theme::palette(ui);
    for figure in figures {
        let row = ui.horizontal(|ui| {
            ui.set_min_height(24.0);
            match word(figure.formula) {
                Some(word) => {
                    ui.label(word);
                }
                None => {
                    formula(ui, figure.formula, 17.0, p.ink);
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let font = FontId::new(15.0, theme::semibold());
                let text = RichText::new(&figure.value).font(font).color(p.ink);
                ui.add(egui::Label::new(text).extend());
            });
        });
        row.response.on_hover_text(figure.hint);
    }
}

/// The text of a formula that is one quoted word.
fn word(formula: &str) -> Option<&str> {
    let inner = formula.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('"')).then_some(inner)
}

/// A number with a true minus sign and room for one: `−0.44`, ` 0.44`.
pub fn signed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    // A figure space keeps the place of the sign; a rounded zero has none.
    let is_zero = text.chars().all(|c| c == '0' || c == '.');
    let sign = if value < 0.0 && !is_zero {
        '−'
    } else {
        '\u{2007}'
    };
    format!("{sign}{text}")
}

/// A point or vector of the plane: `(0.30, −0.40)`.
pub fn pair(value: [f64; 2]) -> String {
    let [x, y] = value.map(|v| signed(v, 2));
    format!("({},\u{2009}{})", x.trim_start(), y.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lone_word_is_text() {
        assert_eq!(word(r#""entropy""#), Some("entropy"));
        assert_eq!(word(r#""E"[x_1|x]"#), None);
        assert_eq!(word(r#""ln"~p~"a""#), None);
    }

    #[test]
    fn minus_signs_are_minus_signs() {
        assert_eq!(signed(-0.444, 2), "−0.44");
        assert_eq!(signed(-0.001, 2), "\u{2007}0.00");
        assert_eq!(pair([0.3, -0.4]), "(0.30,\u{2009}−0.40)");
        assert_eq!(signed(f64::NAN, 2), "–");
    }
}
