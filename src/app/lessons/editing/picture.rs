//! The sheet of edited digits, and the error of the way back over the steps.

use egui::{Align2, Color32, FontId, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::work::{self, Back, Point, SOLVERS, STEPS, Sheet};
use super::{Editing, notes};
use crate::app::background::Background;
use crate::app::theme::{self, Palette};
use crate::app::widgets::answers;
use crate::app::widgets::chart::{Chart, LineKind, tick};
use crate::app::widgets::digit_grid::{self, Layout};
use crate::flow::Solver;

/// Room for the names before the rows, in points.
const BEFORE: f32 = 52.0;

/// What is measured of the way back, by its name.
type Measure = (&'static str, fn(&Back) -> f64);

/// All of it.
pub const MEASURES: [Measure; 2] = [
    ("Way back: codes, RMS", |back| back.codes),
    ("Way back: pixels, RMS", |back| back.pixels),
];

impl Editing {
    pub(super) fn picture_ui(&mut self, ui: &mut Ui, place: Rect, t: f32) {
        let wide = place.width() > 1.15 * place.height();
        let (left, charts) = if wide {
            place.split_left_right_at_fraction(0.64)
        } else {
            place.split_top_bottom_at_fraction(0.6)
        };
        let shown = self.sheet.as_ref().and_then(Background::value);
        match shown.as_deref() {
            None => notes::sentence(ui, left, "The first digits are on their way…"),
            Some(Err(error)) => notes::sentence(ui, left, error),
            Some(Ok(sheet)) => self.sheet_ui(ui, left.shrink(4.0), sheet, t),
        }
        let (first, second) = if wide {
            charts.split_top_bottom_at_fraction(0.5)
        } else {
            charts.split_left_right_at_fraction(0.5)
        };
        let points = self.points.as_ref().and_then(Background::value);
        match points.as_deref() {
            None => notes::sentence(ui, charts, "The way back is being measured…"),
            Some(Err(error)) => notes::sentence(ui, charts, error),
            Some(Ok(points)) => {
                for (place, measure) in [first, second].into_iter().zip(MEASURES) {
                    self.chart_ui(ui, place, points, measure);
                }
            }
        }
    }

    fn sheet_ui(&mut self, ui: &Ui, place: Rect, sheet: &Sheet, t: f32) {
        let p = theme::palette(ui);
        let pairs = || sheet.asked.iter().flatten();
        let right = pairs().filter(|(asked, read)| asked == read).count();
        let title = format!(
            "{right} of {} edits are read as asked · NFE {} each way",
            pairs().count(),
            sheet.nfe
        );
        let room = answers::titled(ui, place, &title);
        let left = if sheet.before.is_empty() { 0.0 } else { BEFORE };
        let room = Rect::from_min_max(room.min + vec2(left, 20.0), room.max);
        let rows = sheet.asked.len() / sheet.columns;
        let Some(layout) = Layout::fit(room, sheet.columns, rows, 4.0) else {
            return;
        };
        let frame = work::FRAMES.nearest(t);
        let painter = ui.painter();
        let pictures = &sheet.way[frame.min(sheet.way.len() - 1)];
        digit_grid::paint(painter, &mut self.textures, 0, pictures, &layout, p);
        let font = FontId::new(13.5, theme::semibold());
        for (column, name) in sheet.over.iter().enumerate() {
            let at = layout.cell(column).center_top() - vec2(0.0, 4.0);
            painter.text(at, Align2::CENTER_BOTTOM, name, font.clone(), p.ink);
        }
        for (row, name) in sheet.before.iter().enumerate() {
            let at = layout.cell(row * sheet.columns).left_center() - vec2(8.0, 0.0);
            painter.text(at, Align2::RIGHT_CENTER, name, font.clone(), p.ink);
        }
        let frame_of = |cell: usize, color: Color32| {
            let line = Stroke::new(2.0, color);
            painter.rect_stroke(layout.cell(cell), 2.0, line, StrokeKind::Outside);
        };
        for cell in &sheet.own {
            frame_of(*cell, p.exact);
        }
        if frame + 1 < sheet.way.len() {
            return;
        }
        for (cell, asked) in sheet.asked.iter().enumerate() {
            if let Some((asked, read)) = asked
                && asked != read
            {
                frame_of(cell, p.error);
                let at = layout.cell(cell).right_top() + vec2(-3.0, 1.0);
                painter.text(
                    at,
                    Align2::RIGHT_TOP,
                    read.to_string(),
                    font.clone(),
                    p.error,
                );
            }
        }
    }

    fn chart_ui(&self, ui: &Ui, place: Rect, points: &[Point], (name, value): Measure) {
        let p = theme::palette(ui);
        let painter = ui.painter();
        let rect = Rect::from_min_max(
            pos2(place.left() + 50.0, place.top() + 30.0),
            pos2(place.right() - 84.0, place.bottom() - 42.0),
        );
        if rect.height() < 30.0 || rect.width() < 60.0 {
            return;
        }
        let [low, high] = decades(points, value);
        let chart = Chart {
            rect,
            x: [0.0, (STEPS[STEPS.len() - 1] as f32).log2()],
            y: [low as f32, high as f32],
        };
        let font = FontId::new(14.5, theme::semibold());
        let at = pos2(place.left() + 12.0, rect.top() - 10.0);
        painter.text(at, Align2::LEFT_BOTTOM, name, font, p.ink);
        let x: Vec<_> = STEPS
            .map(|steps| ((steps as f32).log2(), steps.to_string()))
            .into();
        let y: Vec<_> = (low..=high)
            .map(|decade| (decade as f32, tick(10_f32.powi(decade))))
            .collect();
        chart.axes(painter, p, &x, &y);
        let font = FontId::proportional(13.0);
        let at = pos2(rect.center().x, rect.bottom() + 20.0);
        painter.text(at, Align2::CENTER_TOP, "Steps", font.clone(), p.muted);
        for (solver, _) in SOLVERS {
            let line: Vec<[f32; 2]> = points
                .iter()
                .filter(|point| point.solver == solver)
                .map(|point| [(point.steps as f32).log2(), log(value(&point.back))])
                .collect();
            let color = color(solver, p);
            let stroke = Stroke::new(2.5, color);
            chart.line(painter, line.iter().copied(), LineKind::Solid, stroke);
            for [x, y] in &line {
                painter.circle_filled(chart.at(*x, *y), 3.5, color);
            }
            if let Some([_, y]) = line.last() {
                let at = pos2(rect.right() + 8.0, chart.at(0.0, *y).y);
                let name = short(solver);
                painter.text(at, Align2::LEFT_CENTER, name, font.clone(), color);
            }
        }
        let adaptive = points.iter().find(|point| point.solver.is_adaptive());
        if let Some(point) = adaptive {
            let y = log(value(&point.back));
            let stroke = Stroke::new(1.8, p.ink);
            chart.line(
                painter,
                [[chart.x[0], y], [chart.x[1], y]],
                LineKind::Dashed,
                stroke,
            );
            let text = format!("Dopri5, NFE {}", point.back.nfe);
            let at = chart.at(0.0, y) + vec2(4.0, -3.0);
            painter.text(at, Align2::LEFT_BOTTOM, text, font, p.ink);
        }
        if !self.solver.is_adaptive() {
            chart.cursor(painter, (self.steps as f32).log2().min(chart.x[1]), p);
        }
    }

    pub(super) fn facts_ui(&self, ui: &mut Ui) {
        let shown = self.sheet.as_ref().and_then(Background::value);
        let sheet = shown.as_deref().and_then(|made| made.as_ref().ok());
        let text = |value: fn(&Back) -> f64| {
            let back = sheet.map(|sheet| value(&sheet.back));
            back.map_or("–".to_owned(), |back| format!("{back:.5}"))
        };
        let facts = [
            (
                "Way back, RMS of the codes",
                "To noise and back with the same label, in deviations of the codes; with the \
                 solver and the steps below.",
                text(|back| back.codes),
            ),
            (
                "Way back, RMS of the pixels",
                "The same in the decoded pictures, pixels 0 to 1.",
                text(|back| back.pixels),
            ),
        ];
        notes::facts_ui(ui, &facts);
        let text = "Green frames: the digit’s own label, where it should come back.";
        ui.add(egui::Label::new(egui::RichText::new(text).weak()).wrap());
    }
}

/// Short names for the ends of lines.
pub fn short(solver: Solver) -> &'static str {
    match solver {
        Solver::Rk4 => "RK4",
        other => other.label(),
    }
}

fn color(solver: Solver, p: &Palette) -> Color32 {
    match solver {
        Solver::Euler => p.model,
        Solver::Midpoint => p.source,
        _ => p.exact,
    }
}

fn log(value: f64) -> f32 {
    value.max(1e-9).log10() as f32
}

/// Whole decades around all points.
pub fn decades(points: &[Point], value: fn(&Back) -> f64) -> [i32; 2] {
    let logs = || points.iter().map(|point| log(value(&point.back)));
    let low = logs().fold(-2.0, f32::min).floor();
    let high = logs().fold(-1.0, f32::max).ceil();
    [low as i32, high as i32]
}
