//! Formulas set in the maths face, with sub- and superscripts and fractions.
//!
//! The notation is short: letters are set in italics, `_` and `^` take the next sign or a
//! `{group}`, `{a|b}` is a fraction, `~` a thin space and `"…"` upright text.

use std::sync::Arc;

use egui::{
    Color32, FontId, Galley, Painter, Pos2, Rect, Response, Sense, Stroke, Ui, Vec2, pos2, vec2,
};

use crate::app::theme;

/// Size of a script relative to its base.
const SCRIPT: f32 = 0.7;
/// How far a superscript rises and a subscript sinks, in sizes of the base.
const RISE: f32 = 0.38;
const SINK: f32 = 0.2;
/// Height of the fraction bar and the minus sign above the baseline.
const AXIS: f32 = 0.26;
/// Nominal extent of a line of the face above and below the baseline.
const ASCENT: f32 = 0.74;
const DESCENT: f32 = 0.24;

/// Draws a formula at `size` points and tells its place.
pub fn formula(ui: &mut Ui, source: &str, size: f32, color: Color32) -> Response {
    let set = typeset(ui.painter(), source, size);
    let extent = vec2(set.width, set.ascent + set.descent);
    let (rect, response) = ui.allocate_exact_size(extent, Sense::hover());
    set.paint(
        ui.painter(),
        pos2(rect.left(), rect.top() + set.ascent),
        color,
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, source));
    response
}

/// A formula laid out around its baseline, which starts at (0, 0).
pub struct Set {
    /// Advance in points.
    pub width: f32,
    /// Extent above the baseline.
    pub ascent: f32,
    /// Extent below the baseline.
    pub descent: f32,
    glyphs: Vec<(Vec2, Arc<Galley>)>,
    bars: Vec<Rect>,
}

impl Set {
    fn empty(size: f32) -> Self {
        Self {
            width: 0.0,
            ascent: ASCENT * size,
            descent: DESCENT * size,
            glyphs: Vec::new(),
            bars: Vec::new(),
        }
    }

    /// Puts another box with its baseline start at `offset`.
    fn place(&mut self, other: Self, offset: Vec2) {
        self.width = self.width.max(offset.x + other.width);
        self.ascent = self.ascent.max(other.ascent - offset.y);
        self.descent = self.descent.max(other.descent + offset.y);
        let glyphs = other.glyphs.into_iter();
        self.glyphs
            .extend(glyphs.map(|(at, galley)| (at + offset, galley)));
        self.bars
            .extend(other.bars.into_iter().map(|bar| bar.translate(offset)));
    }

    /// Paints with the start of the baseline at `origin`.
    pub fn paint(&self, painter: &Painter, origin: Pos2, color: Color32) {
        for (at, galley) in &self.glyphs {
            painter.galley_with_override_text_color(origin + *at, Arc::clone(galley), color);
        }
        for bar in &self.bars {
            let line = bar.translate(origin.to_vec2());
            painter.hline(
                line.x_range(),
                line.center().y,
                Stroke::new(bar.height(), color),
            );
        }
    }
}

/// Lays a formula out; text that ends early (an open brace) is set as far as it goes.
pub fn typeset(painter: &Painter, source: &str, size: f32) -> Set {
    let mut signs = source.chars().peekable();
    row(painter, &mut signs, size, '\0').0
}

type Signs<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Sets signs up to `}` or `|` of an open group; also returns the sign that ended it.
fn row(painter: &Painter, signs: &mut Signs<'_>, size: f32, close: char) -> (Set, char) {
    let mut set = Set::empty(size);
    // Both scripts of one base start at the same place.
    let mut script_start = 0.0;
    let mut after_script = false;
    while let Some(sign) = signs.next() {
        if close != '\0' && (sign == '}' || sign == '|') {
            return (set, sign);
        }
        match sign {
            '_' | '^' => {
                let script = unit(painter, signs, size * SCRIPT);
                let start = if after_script {
                    script_start
                } else {
                    set.width
                };
                script_start = start;
                after_script = true;
                let y = if sign == '^' {
                    -RISE * size
                } else {
                    SINK * size
                };
                set.place(script, vec2(start, y));
                continue;
            }
            '{' => {
                let group = fraction(painter, signs, size);
                set.place(group, vec2(set.width, 0.0));
            }
            '"' => {
                let text: String = signs.by_ref().take_while(|c| *c != '"').collect();
                set.place(upright(painter, &text, size), vec2(set.width, 0.0));
            }
            _ => {
                let (before, after) = spacing(sign);
                set.width += before * size;
                if let Some(glyph) = glyph(sign) {
                    let glyph = upright(painter, glyph.encode_utf8(&mut [0; 4]), size);
                    set.place(glyph, vec2(set.width, 0.0));
                }
                set.width += after * size;
            }
        }
        after_script = false;
    }
    (set, '\0')
}

/// The next sign, or the next group in braces.
fn unit(painter: &Painter, signs: &mut Signs<'_>, size: f32) -> Set {
    match signs.next() {
        Some('{') => fraction(painter, signs, size),
        Some(sign) => {
            let text = sign.to_string();
            typeset(painter, &text, size)
        }
        None => Set::empty(size),
    }
}

/// The rest of a group after its `{`: a row, or two rows over one another.
fn fraction(painter: &Painter, signs: &mut Signs<'_>, size: f32) -> Set {
    let (above, end) = row(painter, signs, size, '}');
    if end != '|' {
        return above;
    }
    let (below, _) = row(painter, signs, size, '}');
    let side = 0.1 * size;
    let width = above.width.max(below.width) + 2.0 * side;
    let bar = (0.05 * size).max(1.0);
    let axis = -AXIS * size;
    let gap = 0.12 * size;
    let mut set = Set::empty(size);
    let above_at = vec2((width - above.width) / 2.0, axis - gap - above.descent);
    let below_at = vec2((width - below.width) / 2.0, axis + gap + below.ascent);
    set.place(above, above_at);
    set.place(below, below_at);
    set.width = width;
    let line = Rect::from_center_size(pos2(width / 2.0, axis), vec2(width - side, bar));
    set.bars.push(line);
    set
}

/// One run of the maths face on its baseline.
fn upright(painter: &Painter, text: &str, size: f32) -> Set {
    let font = FontId::new(size, theme::maths());
    let galley = painter.layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
    let baseline = galley
        .rows
        .first()
        .and_then(|row| row.glyphs.first().map(|glyph| row.pos.y + glyph.pos.y))
        .unwrap_or_default();
    let mut set = Set::empty(size);
    set.width = galley.size().x;
    set.glyphs.push((vec2(0.0, -baseline), galley));
    set
}

/// The sign of the face that stands for a typed one; none for a space.
fn glyph(sign: char) -> Option<char> {
    let shifted =
        |base: u32, first: char| char::from_u32(base + u32::from(sign) - u32::from(first));
    match sign {
        ' ' | '~' => None,
        // The italic h was given its place before the other letters.
        'h' => Some('ℎ'),
        'a'..='z' => shifted(0x1D44E, 'a'),
        'A'..='Z' => shifted(0x1D434, 'A'),
        'α'..='ω' => shifted(0x1D6FC, 'α'),
        '-' => Some('−'),
        _ => Some(sign),
    }
}

/// Space before and after a sign, in sizes.
fn spacing(sign: char) -> (f32, f32) {
    match sign {
        '=' | '≈' | '∼' | '→' | '∈' => (0.28, 0.28),
        '+' | '-' | '−' | '·' => (0.2, 0.2),
        ',' => (0.0, 0.18),
        '~' => (0.0, 0.18),
        ' ' => (0.0, 0.0),
        _ => (0.0, 0.0),
    }
}
