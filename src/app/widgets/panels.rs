//! Small pictures in rows and columns: squares that fill a place, with the same particles in all.

use egui::{Color32, Painter, Pos2, Rect, Stroke, pos2, vec2};

use super::canvas::Canvas;
use super::flow_layers::{Look, Target};
use super::stage::Stage;
use crate::app::lesson::Lab;
use crate::app::theme::{self, Palette};
use crate::render::Frames;

/// Room between two panels, in points.
const GAP: f32 = 8.0;

/// Rooms around the panels, in points.
#[derive(Clone, Copy, Debug)]
pub struct Margins {
    /// For the names of the rows, at the left.
    pub left: f32,
    /// For the names of the columns, at the top.
    pub top: f32,
    /// For the figures under each panel.
    pub below: f32,
    /// For the figures at the right of each panel.
    pub beside: f32,
    /// The smallest side of a panel that can still be read.
    pub least: f32,
}

/// Equal squares in rows and columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PanelGrid {
    /// Rows that fit.
    pub rows: usize,
    /// Columns that fit.
    pub columns: usize,
    /// Side of a panel.
    pub side: f32,
    first: Pos2,
    step: [f32; 2],
}

impl PanelGrid {
    /// The largest panels in `place`; fewer rows and columns than wanted where they would be
    /// smaller than [`Margins::least`]. None where there is no room for one.
    pub fn fit(place: Rect, wanted: [usize; 2], margins: Margins) -> Option<Self> {
        let room = vec2(place.width() - margins.left, place.height() - margins.top);
        let fitting =
            |room: f32, each: f32| ((room + GAP) / (each + GAP)).floor().max(1.0) as usize;
        let rows = wanted[0].min(fitting(room.y, margins.least + margins.below));
        let columns = wanted[1].min(fitting(room.x, margins.least + margins.beside));
        if rows == 0 || columns == 0 {
            return None;
        }
        let share = |room: f32, count: usize| (room + GAP) / count as f32 - GAP;
        let across = share(room.x, columns) - margins.beside;
        let side = across.min(share(room.y, rows) - margins.below);
        let side = side.floor();
        if side < 24.0 {
            return None;
        }
        let step = [side + margins.beside + GAP, side + margins.below + GAP];
        let used = vec2(
            step[0] * columns as f32 - GAP + margins.left,
            step[1] * rows as f32 - GAP + margins.top,
        );
        let spare = (place.size() - used).max(vec2(0.0, 0.0));
        let first = place.min + vec2(margins.left + 0.5 * spare.x, margins.top + 0.5 * spare.y);
        Some(Self {
            rows,
            columns,
            side,
            first: first.round(),
            step,
        })
    }

    /// As many columns as give the largest panels for `count` of them, filled row by row.
    pub fn wrapped(place: Rect, count: usize, margins: Margins) -> Option<Self> {
        let any = Margins {
            least: 24.0,
            ..margins
        };
        (1..=count)
            .filter_map(|columns| {
                let rows = count.div_ceil(columns);
                Self::fit(place, [rows, columns], any)
                    .filter(|grid| [grid.rows, grid.columns] == [rows, columns])
            })
            .max_by(|a, b| a.side.total_cmp(&b.side))
    }

    /// The square of a panel.
    pub fn rect(&self, row: usize, column: usize) -> Rect {
        let corner = vec2(self.step[0] * column as f32, self.step[1] * row as f32);
        Rect::from_min_size(self.first + corner, vec2(self.side, self.side))
    }
}

/// As many of `wanted` as there is room for, first and last included, evenly between.
pub fn thinned<T: Copy>(wanted: &[T], room: usize) -> Vec<T> {
    let n = wanted.len();
    if room >= n {
        return wanted.to_vec();
    }
    if room < 2 {
        return wanted.last().copied().into_iter().take(room).collect();
    }
    (0..room)
        .map(|i| wanted[(i * (n - 1) + (room - 1) / 2) / (room - 1)])
        .collect()
}

/// Particles in one panel.
pub struct Crowd<'a> {
    /// Tells the panels of a window apart.
    pub index: u8,
    /// Where they are.
    pub frames: &'a Frames,
    /// Time of the flow.
    pub t: f32,
    /// Their colour.
    pub color: Color32,
    /// Ways of the first few of them.
    pub trails: usize,
}

/// Paints a panel's paper, its target and its particles; the frame comes last.
pub fn paint_panel(
    lab: &mut Lab,
    painter: &Painter,
    p: &Palette,
    stage: &Stage,
    target: Option<&Target>,
    crowd: Option<&Crowd<'_>>,
) {
    painter.rect_filled(stage.rect, 0.0, p.stage);
    let wide = stage.rect.width() >= 260.0;
    let lecture = lab.settings.lecture;
    let n = crowd.map_or(1, |crowd| crowd.frames.n);
    let look = Look::of(stage, n, lecture && wide);
    let mut canvas = lab.easel.canvas(painter, stage.rect, stage.view);
    let index = crowd.map_or(u8::MAX, |crowd| crowd.index);
    if let Some(target) = target {
        target.paint((index, 0), &mut canvas, stage, look.radius, p.ghost);
    }
    if let Some(crowd) = crowd {
        let quiet = if crowd.trails > 0 { 0.45 } else { 1.0 };
        let color = theme::faint(crowd.color, look.opacity * quiet);
        canvas.particles((index, 1), crowd.frames, crowd.t, look.radius, color);
        if crowd.trails > 0 {
            let width = if wide { look.line } else { 1.0 };
            let line = theme::faint(crowd.color, 0.85);
            canvas.trails(crowd.frames, crowd.t, crowd.trails, width, line);
            canvas.heads(
                crowd.frames,
                crowd.t,
                crowd.trails,
                1.7 * width,
                crowd.color,
            );
        }
    }
    stage.paint_frame(painter, p);
}

/// The particle of `frames` nearest to the pointer at `t`, within a few points.
pub fn nearest(stage: &Stage, frames: &Frames, t: f32, pointer: Pos2) -> Option<usize> {
    let at = stage.view.from_screen(stage.rect, pointer);
    let place = frames.locate(t);
    let (a, b) = (2 * frames.n * place.a, 2 * frames.n * place.b);
    let mut best = (f32::INFINITY, 0);
    for i in 0..frames.n {
        let of = |axis: usize| {
            let (from, to) = (
                frames.points[a + 2 * i + axis],
                frames.points[b + 2 * i + axis],
            );
            from + place.weight * (to - from) - at[axis]
        };
        let distance = of(0).powi(2) + of(1).powi(2);
        if distance < best.0 {
            best = (distance, i);
        }
    }
    let reach = 24.0 / stage.view.scale(stage.rect);
    (best.0 <= reach * reach).then_some(best.1)
}

/// One particle that stands out: its way so far, and where it is.
pub fn paint_chosen(canvas: &Canvas<'_>, frames: &Frames, t: f32, particle: usize, p: &Palette) {
    if particle >= frames.n {
        return;
    }
    let place = frames.locate(t);
    let stored = (0..=place.a).map(|frame| (frame, frame, 0.0));
    let way: Vec<Pos2> = stored
        .chain([(place.a, place.b, place.weight)])
        .filter_map(|(a, b, w)| canvas.position(frames, a, b, w, particle))
        .collect();
    let radius = (0.022 * canvas.rect.width()).clamp(3.5, 7.0);
    let width = (0.3 * radius).max(1.4);
    let (Some(&start), Some(&head)) = (way.first(), way.last()) else {
        return;
    };
    let halo = Stroke::new(width + 2.0, theme::faint(p.stage, 0.8));
    canvas.painter.line(way.clone(), halo);
    canvas.painter.line(way, Stroke::new(width, p.ink));
    canvas.painter.circle_filled(start, 0.6 * radius, p.source);
    let rim = Stroke::new(1.5, p.stage);
    canvas.painter.circle(head, radius, p.ink, rim);
}

/// Shares of the cells of a support as bars, `[share, true share]`, with the true shares as
/// lines; a full bar is twice the largest true share.
pub fn paint_masses(
    painter: &Painter,
    rect: Rect,
    shares: &[[f64; 2]],
    color: Color32,
    p: &Palette,
) {
    let top = 2.0 * shares.iter().map(|s| s[1]).fold(1e-9, f64::max);
    paint_bars(painter, rect, shares, top, color, p);
}

/// Bars of `[value, reference]` up to `top`, with the references as lines.
pub fn paint_bars(
    painter: &Painter,
    rect: Rect,
    shares: &[[f64; 2]],
    top: f64,
    color: Color32,
    p: &Palette,
) {
    if shares.is_empty() || rect.width() < 2.0 * shares.len() as f32 || rect.height() < 4.0 {
        return;
    }
    let width = rect.width() / shares.len() as f32;
    for (k, [share, truth]) in shares.iter().enumerate() {
        let left = rect.left() + width * k as f32;
        let level = |share: f64| rect.bottom() - rect.height() * (share / top).min(1.0) as f32;
        let bar = Rect::from_min_max(
            pos2(left + 0.12 * width, level(*share)),
            pos2(left + 0.88 * width, rect.bottom()),
        );
        painter.rect_filled(bar, 0.0, theme::faint(color, 0.75));
        let line = Stroke::new(1.0, p.ink);
        painter.hline(left..=left + width, level(*truth), line);
    }
    painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, p.hairline));
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARGINS: Margins = Margins {
        left: 60.0,
        top: 20.0,
        below: 30.0,
        beside: 0.0,
        least: 80.0,
    };

    #[test]
    fn panels_are_square_inside_and_apart_at_every_size() {
        for (width, height) in [
            (754.0, 540.0),
            (300.0, 200.0),
            (1400.0, 900.0),
            (90.0, 90.0),
        ] {
            let place = Rect::from_min_size(pos2(5.0, 7.0), vec2(width, height));
            let Some(grid) = PanelGrid::fit(place, [4, 8], MARGINS) else {
                assert!(width < 100.0);
                continue;
            };
            assert!(grid.side >= MARGINS.least.min(width - 68.0).min(height - 60.0) - 1.0);
            let last = grid.rect(grid.rows - 1, grid.columns - 1);
            assert_eq!(last.width(), last.height());
            assert!(place.expand(1.0).contains_rect(last), "{place} {last}");
            assert!(last.bottom() + MARGINS.below <= place.bottom() + 1.0);
            assert!(grid.rect(0, 0).left() >= place.left() + MARGINS.left - 1.0);
            assert!(!grid.rect(0, 0).intersects(last) || grid.rows * grid.columns == 1);
        }
    }

    #[test]
    fn wrapping_takes_the_largest_panels() {
        let place = Rect::from_min_size(pos2(0.0, 0.0), vec2(700.0, 500.0));
        let grid = PanelGrid::wrapped(place, 6, MARGINS).unwrap();
        assert_eq!((grid.rows, grid.columns), (2, 3));
    }

    #[test]
    fn what_does_not_fit_is_left_out_evenly() {
        let all = [1, 2, 4, 8, 16, 32, 64, 128];
        assert_eq!(thinned(&all, 8), all);
        assert_eq!(thinned(&all, 2), [1, 128]);
        assert_eq!(thinned(&all, 1), [128]);
        let some = thinned(&all, 5);
        assert_eq!((some.len(), some[0], some[4]), (5, 1, 128));
        assert!(some.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
