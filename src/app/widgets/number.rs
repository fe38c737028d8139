//! Numbers that keep their place: every label has a fixed width, so nothing jumps.

use egui::{Align, FontId, Label, Layout, Response, RichText, Ui, vec2};

/// A right-aligned text in a box as wide as `widest` would be in this font.
pub fn fixed(ui: &mut Ui, text: RichText, widest: &str, font: FontId) -> Response {
    let ink = ui.visuals().text_color();
    let widest = ui
        .painter()
        .layout_no_wrap(widest.to_owned(), font.clone(), ink);
    let size = vec2(widest.size().x, 1.25 * font.size);
    let layout = Layout::right_to_left(Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_width(size.x);
        ui.add(Label::new(text.font(font)).extend().selectable(false))
    })
    .inner
}

/// A count with thin spaces between thousands: 12 345.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// A fraction as per cent with one decimal: 7.9 %.
pub fn percent(share: f64) -> String {
    format!("{:.1}\u{2009}%", 100.0 * share)
}

/// Seconds as a time left: 0:42, 12:05, 1:02:03.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    let s = seconds.round().min(359_999.0) as u64;
    let (hours, minutes, s) = (s / 3600, s / 60 % 60, s % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{s:02}")
    } else {
        format!("{minutes}:{s:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_read_aloud() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(5001), "5\u{2009}001");
        assert_eq!(grouped(1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!(percent(0.0793), "7.9\u{2009}%");
        assert_eq!(duration(42.3), "0:42");
        assert_eq!(duration(3723.0), "1:02:03");
        assert_eq!(duration(f64::INFINITY), "–");
        assert_eq!(duration(1e300), "99:59:59");
    }
}
