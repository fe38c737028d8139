//! Draws what the threads of the lesson have made.

use egui::{Align2, FontId, Painter, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::work::{CLASSES, FLOWING, FRAMES, Flow, Map, PICTURED, Row, Shown};
use crate::app::digits::time_grid::TimeGrid;
use crate::app::theme::{self, Palette};
use crate::app::widgets::digit_grid::{self, Layout, Textures};
use crate::app::widgets::number;

/// Columns of the flow's grids.
pub(super) const COLUMNS: usize = 5;
/// Room above a grid for its title, in points.
const TITLE: f32 = 30.0;

/// Draws a view into `place`.
pub fn paint(ui: &Ui, place: Rect, textures: &mut Textures, shown: &Shown, t: f32, label: &str) {
    let p = theme::palette(ui);
    let painter = ui.painter().with_clip_rect(place.expand(4.0));
    match shown {
        Shown::Flow(made) => flow(&painter, place, textures, made, t, label, p),
        Shown::Steps(rows) => steps(&painter, place, textures, rows, p),
        Shown::Solvers(study) => super::solvers::paint(&painter, place, study, p),
        Shown::Map(made) => map(&painter, place, textures, made, t, p),
    }
}

fn title(painter: &Painter, at: egui::Pos2, text: &str, p: &Palette) {
    let font = FontId::new(15.0, theme::semibold());
    painter.text(at, Align2::LEFT_BOTTOM, text, font, p.ink);
}

fn flow(
    painter: &Painter,
    place: Rect,
    textures: &mut Textures,
    made: &Flow,
    t: f32,
    label: &str,
    p: &Palette,
) {
    let frame = TimeGrid(made.now.len()).nearest(t);
    let now = format!("The state, decoded · {label} · NFE {}", made.nfe);
    let end = "The end as predicted here".to_owned();
    let (left, right) = place.split_left_right_at_fraction(0.5);
    let (upper, lower) = place.split_top_bottom_at_fraction(0.5);
    // Beside or above one another, whichever leaves more room for the digits.
    let rows = FLOWING / COLUMNS;
    let fit = |room: Rect, columns: usize, rows: usize| {
        let room = Rect::from_min_max(pos2(room.left(), room.top() + TITLE), room.max);
        Layout::fit(room.shrink2(vec2(10.0, 4.0)), columns, rows, 5.0)
    };
    let beside = [left, right].map(|room| fit(room, COLUMNS, rows));
    let above = [upper, lower].map(|room| fit(room, 2 * COLUMNS, rows / 2));
    let side = |pair: &[Option<Layout>; 2]| pair[0].map_or(0.0, |layout| layout.side);
    let pair = if side(&beside) >= side(&above) {
        beside
    } else {
        above
    };
    let grids = [(&made.now[frame], now), (&made.end[frame], end)];
    for (slot, ((pictures, text), layout)) in grids.into_iter().zip(pair).enumerate() {
        if let Some(layout) = layout {
            title(painter, layout.origin - vec2(0.0, 6.0), &text, p);
            digit_grid::paint(painter, textures, slot as u32, pictures, &layout, p);
        }
    }
}

fn steps(painter: &Painter, place: Rect, textures: &mut Textures, rows: &[Row], p: &Palette) {
    let count = super::work::STEPS.len() + 1;
    let names = 150.0;
    let room = Rect::from_min_max(pos2(place.left() + names, place.top()), place.max);
    let Some(layout) = Layout::fit(room, CLASSES, count, 5.0) else {
        return;
    };
    for (index, row) in rows.iter().enumerate() {
        let first = layout.cell(index * CLASSES);
        let one = Layout {
            origin: first.min,
            rows: 1,
            ..layout
        };
        digit_grid::paint(painter, textures, 10 + index as u32, &row.pictures, &one, p);
        let at = pos2(first.left() - 14.0, first.center().y - 9.0);
        let font = FontId::new(15.0, theme::semibold());
        painter.text(at, Align2::RIGHT_CENTER, &row.name, font, p.ink);
        let nfe = format!("NFE {}", number::grouped(row.nfe as u64));
        let font = FontId::proportional(13.5);
        painter.text(
            at + vec2(0.0, 18.0),
            Align2::RIGHT_CENTER,
            nfe,
            font,
            p.muted,
        );
    }
}

fn map(painter: &Painter, place: Rect, textures: &mut Textures, made: &Map, t: f32, p: &Palette) {
    let (frame, weight) = FRAMES.around(t);
    let reach = made
        .places
        .iter()
        .flatten()
        .map(|at| at[0].abs().max(at[1].abs()))
        .fold(1.0_f32, f32::max);
    let room = place.shrink2(vec2(12.0, 28.0));
    let scale = [room.width(), room.height()].map(|side| 0.47 * side / reach);
    let screen = |at: [f32; 2]| {
        pos2(
            room.center().x + scale[0] * at[0],
            room.center().y - scale[1] * at[1],
        )
    };
    let here = |i: usize| {
        let (a, b) = (made.places[frame][i], made.places[frame + 1][i]);
        screen([0, 1].map(|k| a[k] + weight * (b[k] - a[k])))
    };
    for (i, label) in made.labels.iter().enumerate() {
        let color = theme::class(p, *label);
        let mut path: Vec<_> = (0..=frame).map(|f| screen(made.places[f][i])).collect();
        path.push(here(i));
        let line = Stroke::new(1.6, theme::faint(color, 0.45));
        painter.add(Shape::line(path, line));
    }
    for (i, label) in made.labels.iter().enumerate().skip(PICTURED) {
        painter.circle_filled(here(i), 4.0, theme::class(p, *label));
    }
    let shown = FRAMES.nearest(t);
    let side = (0.055 * room.height()).clamp(26.0, 64.0);
    let whole = Layout {
        origin: room.min,
        side,
        gap: 0.0,
        columns: 1,
        rows: 1,
    };
    for i in 0..PICTURED.min(made.labels.len()) {
        let rect = Rect::from_center_size(here(i), vec2(side, side));
        let layout = Layout {
            origin: rect.min,
            ..whole
        };
        digit_grid::paint_one(painter, textures, 30, &made.pictures[shown], i, &layout, p);
        let line = Stroke::new(2.0, theme::class(p, made.labels[i]));
        painter.rect_stroke(rect, 2.0, line, egui::StrokeKind::Outside);
    }
    let share = format!(
        "First two principal components of the ends ({} of their variance); a colour is a digit",
        number::percent(made.share)
    );
    title(
        painter,
        pos2(place.left() + 8.0, place.top() + 20.0),
        &share,
        p,
    );
}
