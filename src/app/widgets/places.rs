//! Places for a few square pictures side by side, and the caption above each.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, FontFamily, FontId, Painter, Rect, Sense, Ui, UiBuilder, pos2, vec2};

use super::stage::Stage;
use crate::app::theme;

/// What surrounds the square of a stage: ticks at the left and below, captions above, in points.
const AROUND: [f32; 2] = [40.0, 52.0];
/// Height of the switches above the pictures, in points.
const LEGEND: f32 = 36.0;
/// Height of a caption, in points.
const LINE: f32 = 24.0;

/// Up to three places for squares in `place`: in a row, in a column, or one large with the others
/// beside it, whichever shows most.
pub fn places(place: Rect, count: usize) -> Vec<Rect> {
    let row = split(place, count, true);
    let column = split(place, count, false);
    let mut layouts = vec![row, column];
    if count == 3 {
        let small = 0.5 * place.height() - AROUND[1] + AROUND[0];
        let small = small.clamp(0.0, 0.4 * place.width());
        let large = (place.height() - AROUND[1] + AROUND[0]).min(place.width() - small);
        // What is left over stands outside and between, not all in one place.
        let spare = (place.width() - small - large) / 3.0;
        let middle = place.left() + spare + large;
        let outer = place.x_range().shrink(spare);
        let place = Rect::from_x_y_ranges(outer, place.y_range());
        let (large, _) = place.split_left_right_at_x(middle);
        let (_, small) = place.split_left_right_at_x(middle + spare);
        let mut hero = vec![large];
        hero.extend(split(small, 2, false));
        layouts.push(hero);
    }
    let mut best = (f32::NEG_INFINITY, Vec::new());
    for layout in layouts {
        let shown: f32 = layout.iter().map(|place| side(*place)).sum();
        if shown > best.0 {
            best = (shown, layout);
        }
    }
    best.1
}

/// Draws the switches of a lesson in a row above its pictures; the pictures' place comes back.
pub fn below_legend(ui: &mut Ui, place: Rect, add: impl FnOnce(&mut Ui)) -> Rect {
    let (legend, pictures) = place.split_top_bottom_at_y(place.top() + LEGEND);
    let mut row = ui.new_child(UiBuilder::new().max_rect(legend));
    add(&mut row);
    pictures
}

/// Switches in a row, in more where there is no room.
pub fn chips_ui(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        ui.horizontal_wrapped(add);
    });
}

/// Equal parts of a place, beside one another or over one another.
pub fn split(place: Rect, count: usize, beside: bool) -> Vec<Rect> {
    let share = 1.0 / count.max(1) as f32;
    (0..count)
        .map(|index| {
            let [from, to] = [index as f32 * share, (index + 1) as f32 * share];
            if beside {
                let x = |s: f32| place.left() + s * place.width();
                Rect::from_x_y_ranges(x(from)..=x(to), place.y_range())
            } else {
                let y = |s: f32| place.top() + s * place.height();
                Rect::from_x_y_ranges(place.x_range(), y(from)..=y(to))
            }
        })
        .collect()
}

/// The side of the square that a stage in this place shows.
fn side(place: Rect) -> f32 {
    let room = place.size() - vec2(AROUND[0], AROUND[1]);
    room.x.min(room.y).max(0.0)
}

/// The largest stage in a place with room for one [`Heading`]; none where there is no room.
pub fn stage(place: Rect, extent: f64) -> Option<Stage> {
    let (_, below) = place.split_top_bottom_at_y(place.top() + LINE);
    Stage::fit(below, extent, 0)
}

/// What stands above a picture, in one line.
pub struct Heading<'a> {
    /// Colour of what it speaks of.
    pub color: Color32,
    /// Its name.
    pub title: &'a str,
    /// A word on it.
    pub detail: &'a str,
    /// A figure at the right end, or nothing.
    pub figure: &'a str,
    /// The figure where there is little room.
    pub short: &'a str,
    /// What the figure means.
    pub hint: &'a str,
}

impl Heading<'_> {
    /// Draws it above a stage made by [`stage`]; the detail gives way first, then the title.
    pub fn show(&self, ui: &Ui, stage: &Stage) {
        let p = theme::palette(ui);
        let rect = stage.rect;
        let title_font = FontId::new(15.0, theme::semibold());
        let font = FontId::new(14.0, FontFamily::Proportional);
        let middle = rect.top() - 2.0 - LINE * 0.5;
        let painter = ui.painter();
        let mut right = rect.right();
        let measure = |text: &str, font: &FontId| {
            let galley = painter.layout_no_wrap(text.to_owned(), font.clone(), p.ink);
            galley.size().x
        };
        let room = rect.width() - 28.0 - measure(self.title, &title_font);
        let fitting = [self.figure, self.short]
            .into_iter()
            .find(|text| measure(text, &title_font) <= room);
        let figure = fitting.unwrap_or_default();
        if !figure.is_empty() {
            let at = pos2(right, middle);
            let font = title_font.clone();
            let place = painter.text(at, Align2::RIGHT_CENTER, figure, font, p.ink);
            right = place.left() - 10.0;
        }
        painter.circle_filled(pos2(rect.left() + 6.0, middle), 5.5, self.color);
        let left = rect.left() + 18.0;
        let end = line(
            painter,
            [left, middle],
            right - left,
            self.title,
            title_font,
            p.ink,
        );
        if measure(self.detail, &font) <= right - end - 10.0 {
            line(
                painter,
                [end + 10.0, middle],
                right - end,
                self.detail,
                font,
                p.muted,
            );
        }
        let place = Rect::from_x_y_ranges(rect.x_range(), rect.top() - LINE..=rect.top() - 2.0);
        let id = ui.scope_id().with(("heading", self.title));
        let hint = format!("{}: {}.\n{}", self.title, self.detail, self.hint);
        ui.interact(place, id, Sense::hover()).on_hover_text(hint);
    }
}

/// One line that ends in an ellipsis where there is no room; returns its right end.
fn line(
    painter: &Painter,
    [left, middle]: [f32; 2],
    width: f32,
    text: &str,
    font: FontId,
    color: Color32,
) -> f32 {
    if width < 12.0 {
        return left;
    }
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color));
    job.wrap = TextWrapping::truncate_at_width(width);
    let galley = painter.layout_job(job);
    let size = galley.size();
    painter.galley(pos2(left, middle - 0.5 * size.y), galley, color);
    left + size.x
}

/// A sentence in the middle of a place that has nothing else to show.
pub fn notice(ui: &Ui, place: Rect, text: &str) {
    let p = theme::palette(ui);
    let font = FontId::new(16.0, FontFamily::Proportional);
    let width = (place.width() - 48.0).clamp(60.0, 420.0);
    let mut job = LayoutJob::simple(text.to_owned(), font, p.muted, width);
    job.halign = egui::Align::Center;
    let galley = ui.painter().layout_job(job);
    let at = pos2(place.center().x, place.center().y - 0.5 * galley.size().y);
    ui.painter().galley(at, galley, p.muted);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_inside_and_apart() {
        for (width, height) in [(750.0, 500.0), (300.0, 900.0), (1500.0, 400.0), (9.0, 9.0)] {
            let place = Rect::from_min_size(pos2(3.0, 4.0), vec2(width, height));
            for count in 1..=3 {
                let places = places(place, count);
                assert_eq!(places.len(), count);
                for (index, a) in places.iter().enumerate() {
                    assert!(place.expand(0.01).contains_rect(*a), "{a:?} in {place:?}");
                    for b in &places[..index] {
                        let shared = a.intersect(*b);
                        assert!(shared.width() < 0.01 || shared.height() < 0.01);
                    }
                }
            }
        }
    }

    #[test]
    fn a_wide_place_has_a_row_and_a_squarer_one_a_hero() {
        let wide = places(Rect::from_min_size(pos2(0.0, 0.0), vec2(1500.0, 400.0)), 3);
        assert!(wide.iter().all(|place| place.height() == 400.0));
        let squarer = places(Rect::from_min_size(pos2(0.0, 0.0), vec2(750.0, 500.0)), 3);
        assert!(side(squarer[0]) > 1.5 * side(squarer[1]));
    }
}
