//! The rungs side by side: samples from the same noise, the target's variance and the quality.

use egui::{Color32, Rect, Ui};

use super::ladder::Stand;
use super::picture::two_plots;
use super::work::STEPS;
use super::{Beside, Variational};
use crate::app::lesson::Lab;
use crate::app::theme::{self, Palette};
use crate::app::widgets::places::{self, Heading};
use crate::app::widgets::small_plot::Series;
use crate::figure::Tone;

/// Ways that are drawn: the same ε in each picture.
pub(super) const TRAILS: usize = 16;
/// Euler steps behind the figure above a picture.
pub(super) const SHOWN_STEPS: usize = 64;
/// Radius of a sample, in points.
const DOT: f32 = 1.1;

/// Colours of the rungs from below; a run of the window is the model's.
pub(super) fn tone(slot: usize) -> Tone {
    match slot {
        0 => Tone::Error,
        1 => Tone::Source,
        2 => Tone::Muted,
        3 => Tone::Exact,
        _ => Tone::Model,
    }
}

/// The same on the screen.
pub(super) fn color(p: &Palette, slot: usize) -> Color32 {
    [p.error, p.source, p.muted, p.exact, p.model][slot.min(4)]
}

impl Variational {
    /// All rungs that are switched on, and their curves.
    pub(super) fn ladder_ui(&self, ui: &mut Ui, lab: &mut Lab, place: Rect, beside: &[Beside]) {
        let mut rest = place;
        if self.curves {
            let height = (0.3 * rest.height()).clamp(110.0, 220.0);
            let (pictures, plots) = rest.split_top_bottom_at_y(rest.bottom() - height);
            rest = pictures;
            curves_ui(ui, plots, beside, lab.clock.t());
        }
        if beside.is_empty() {
            places::notice(ui, rest, "Switch a rung on (keys 1 to 4).");
        }
        for ((slot, stand), place) in beside.iter().zip(tiles(rest, beside.len())) {
            rung_ui(ui, lab, place, *slot, stand);
        }
    }
}

/// Places for `count` squares, in one row or in two, whichever shows more.
fn tiles(place: Rect, count: usize) -> Vec<Rect> {
    let in_rows = |rows: usize| -> Vec<Rect> {
        let columns = count.div_ceil(rows);
        let rows = places::split(place, rows, false);
        let cells = rows
            .into_iter()
            .flat_map(|row| places::split(row, columns, true));
        cells.take(count).collect()
    };
    let side = |places: &[Rect]| {
        let stage = places.first().and_then(|place| places::stage(*place, 1.0));
        stage.map_or(0.0, |stage| stage.rect.width())
    };
    let (one, two) = (in_rows(1), in_rows(2));
    match side(&two) > side(&one) {
        true => two,
        false => one,
    }
}

fn rung_ui(ui: &Ui, lab: &mut Lab, place: Rect, slot: usize, stand: &Stand) {
    let Some(stage) = places::stage(place, stand.dataset.extent()) else {
        return;
    };
    let p = theme::palette(ui);
    let color = color(p, slot);
    stage.paint_axes(ui.painter(), p, lab.settings.grid);
    if let Some(boxes) = stand.dataset.boxes() {
        let clip = stage.rect.intersect(ui.clip_rect());
        let painter = ui.painter().with_clip_rect(clip);
        stage.paint_ghost(&painter, &boxes, theme::faint(p.ghost, 0.4));
    }
    let t = lab.clock.t() as f32;
    let bold = if lab.settings.lecture { 1.3 } else { 1.0 };
    let mut canvas = lab.easel.canvas(ui.painter(), stage.rect, stage.view);
    let index = 20 + u8::try_from(slot).unwrap_or(u8::MAX - 20);
    canvas.particles((index, 0), &stand.frames, t, DOT * bold, color);
    canvas.trails(&stand.frames, t, TRAILS, 1.2 * bold, p.ink);
    canvas.heads(&stand.frames, t, TRAILS, 2.2 * bold, p.ink);
    stage.paint_frame(ui.painter(), p);
    let ratio = stand.over_null(SHOWN_STEPS);
    let figure = ratio.map_or(String::new(), |ratio| format!("{ratio:.1} × null"));
    Heading {
        color,
        title: &stand.name,
        detail: "",
        figure: &figure,
        short: figure.trim_end_matches(" null"),
        hint: "Samples from the same standard normal numbers in each picture; the ways of the \
               first of them are drawn. The figure is the energy distance to the data at 64 Euler \
               steps, as a multiple of that between two true sets of the same size.",
    }
    .show(ui, &stage);
}

/// A curve of its own.
struct Line {
    name: String,
    color: Color32,
    points: Vec<[f64; 2]>,
}

impl Line {
    fn series(&self) -> Series<'_> {
        Series {
            name: &self.name,
            color: self.color,
            points: &self.points,
            error: &[],
            dashed: false,
        }
    }
}

fn curves_ui(ui: &mut Ui, place: Rect, beside: &[Beside], t: f64) {
    let p = theme::palette(ui);
    let lines = |points: fn(&Stand) -> Vec<[f64; 2]>| -> Vec<Line> {
        let line = |(slot, stand): &Beside| Line {
            name: stand.name.clone(),
            color: color(p, *slot),
            points: points(stand),
        };
        beside.iter().map(line).collect()
    };
    let variance = lines(variance_of);
    let energy = lines(|stand| {
        let points = energy_of(stand).into_iter();
        points.map(|at| [at[0].log2(), at[1]]).collect()
    });
    let level = beside.iter().find_map(|(_, stand)| stand.null);
    let level = level.unwrap_or(f64::NAN);
    let null = [[-0.3, level], [6.3, level]];
    let mut quality: Vec<Series<'_>> = energy.iter().map(Line::series).collect();
    quality.push(Series {
        name: "True sets",
        color: p.ink,
        points: &null,
        error: &[],
        dashed: true,
    });
    let variance: Vec<Series<'_>> = variance.iter().map(Line::series).collect();
    two_plots(ui, place, t, &variance, &quality);
}

/// `[t, variance]` of the pairs that a rung was trained on.
pub(super) fn variance_of(stand: &Stand) -> Vec<[f64; 2]> {
    let floors = stand.floors.iter().flat_map(|floors| &floors.at);
    floors.map(|row| [row[0], row[1]]).collect()
}

/// `[Euler steps, energy distance]`.
pub(super) fn energy_of(stand: &Stand) -> Vec<[f64; 2]> {
    let steps = STEPS.iter().zip(&stand.energy);
    steps
        .map(|(&steps, &energy)| [steps as f64, energy])
        .collect()
}

#[cfg(test)]
mod tests {
    use egui::{pos2, vec2};

    use super::*;

    #[test]
    fn four_rungs_stand_in_one_row_where_it_is_wide_and_in_two_where_it_is_not() {
        let wide = Rect::from_min_size(pos2(0.0, 0.0), vec2(1200.0, 300.0));
        let tall = Rect::from_min_size(pos2(0.0, 0.0), vec2(500.0, 500.0));
        let tops = |place: Rect| {
            let mut tops: Vec<i32> = tiles(place, 4).iter().map(|r| r.top() as i32).collect();
            tops.dedup();
            tops.len()
        };
        assert_eq!([tops(wide), tops(tall)], [1, 2]);
        assert_eq!(tiles(tall, 5).len(), 5);
        assert!(tiles(wide, 0).is_empty());
    }
}
