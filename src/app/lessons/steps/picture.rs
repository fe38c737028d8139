//! One panel of the grid, and the panel that fills the stage.

use egui::{Align2, FontId, Painter, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::table::{Columns, PATHS, Rows, solver_name};
use super::{BELOW, Steps};
use crate::app::exact::{LAST_TIME, exact_field};
use crate::app::lesson::Lab;
use crate::app::sampling_grid::{Cell, Driver, Moved};
use crate::app::theme::{self, Palette};
use crate::app::widgets::canvas::Canvas;
use crate::app::widgets::panels::{self, Crowd};
use crate::app::widgets::stage::{Caption, Stage};
use crate::app::widgets::{notes, number};
use crate::data::toy::Dataset;
use crate::flow::ExactField;

/// Ways drawn in a small and in the large panel.
pub(super) const TRAILS: [usize; 2] = [40, 160];
/// Particles whose expected end is marked in the large panel.
pub(super) const MARKED: usize = 40;

impl Steps {
    /// A small panel with its figures; the particle under the pointer comes back.
    pub(super) fn panel_ui(
        &mut self,
        ui: &Ui,
        lab: &mut Lab,
        rect: Rect,
        index: u8,
        cell: &Cell,
        row: usize,
    ) -> Option<usize> {
        let p = theme::palette(ui);
        let moved = self.grid.moved(cell).cloned();
        let stage = Stage::bare(rect, lab.training.dataset().extent());
        let pointed = self.paint(ui, lab, &stage, index, moved.as_deref(), 0);
        let below = Rect::from_min_size(rect.left_bottom(), vec2(rect.width(), BELOW));
        if let Some(moved) = &moved {
            let color = self.color(p, cell, row);
            figures(ui.painter(), below, moved, p);
            let bars = Rect::from_min_max(
                pos2(below.left(), below.top() + 20.0),
                pos2(below.right(), below.bottom() - 1.0),
            );
            panels::paint_masses(ui.painter(), bars, &self.shares(moved), color, p);
            let id = ui.scope_id().with(("figures", index));
            ui.interact(below, id, Sense::hover()).on_hover_text(
                "Left: particles off the support. Right: evaluations of the field (NFE). Bars: \
                 share of each cell; the line is the true share.",
            );
        }
        pointed
    }

    /// The panel that fills the stage.
    pub(super) fn enlarged_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect, cell: Cell) {
        let p = theme::palette(ui);
        let (above, below) = place.split_top_bottom_at_y(place.bottom() - 44.0);
        let Some(stage) = Stage::fit(above, lab.training.dataset().extent(), 1) else {
            return;
        };
        let painter = ui.painter().clone();
        stage.paint_axes(&painter, p, lab.settings.grid);
        let moved = self.grid.moved(&cell).cloned();
        self.chosen = self.paint(ui, lab, &stage, 0, moved.as_deref(), 1);
        let detail = match cell.driver {
            _ if cell.plan.last_euler => String::new(),
            Driver::Network => "network".to_owned(),
            Driver::Exact(path) => {
                let known = PATHS.iter().find(|(known, _)| *known == path);
                known.map_or_else(|| path.label(), |(_, name)| (*name).to_owned())
            }
        };
        let steps = cell.plan.steps;
        let plural = if steps == 1 { "" } else { "s" };
        let last = if cell.plan.last_euler {
            ", last one Euler"
        } else {
            ""
        };
        let figures = moved
            .as_ref()
            .map_or(["–".to_owned(), "–".to_owned()], |m| {
                let off = m.off_support.map_or("–".to_owned(), number::percent);
                [m.nfe.to_string(), off]
            });
        let row = PATHS
            .iter()
            .position(|(path, _)| cell.driver == Driver::Exact(*path));
        let color = self.color(p, &cell, row.unwrap_or(0));
        let caption = Caption {
            color,
            title: format!(
                "{}, {steps} step{plural}{last}",
                solver_name(cell.plan.solver)
            ),
            detail,
            figures,
        };
        stage.captions_ui(ui, &[caption]);
        if let Some(moved) = &moved {
            let bars = Rect::from_x_y_ranges(
                stage.rect.x_range(),
                below.top() + 4.0..=below.bottom() - 4.0,
            );
            panels::paint_masses(&painter, bars, &self.shares(moved), color, p);
        }
        let id = ui.scope_id().with("enlarged");
        let response = ui.interact(stage.rect, id, Sense::click());
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Button, true, "Back to all panels")
        });
        if response.clicked() {
            self.enlarged = None;
        }
    }

    /// Particles, paths, the chosen particle and expected ends; the particle under the pointer
    /// comes back. `size` is 0 for a small panel and 1 for the large one.
    fn paint(
        &mut self,
        ui: &Ui,
        lab: &mut Lab,
        stage: &Stage,
        index: u8,
        moved: Option<&Moved>,
        size: usize,
    ) -> Option<usize> {
        let p = theme::palette(ui);
        let painter = ui.painter();
        let t = lab.clock.t() as f32;
        let target = self.target.as_ref().filter(|_| self.show_target);
        let Some(moved) = moved else {
            panels::paint_panel(lab, painter, p, stage, target, None);
            let font = FontId::proportional(16.0);
            let middle = stage.rect.center();
            painter.text(middle, Align2::CENTER_CENTER, "…", font, p.muted);
            return None;
        };
        let row = PATHS
            .iter()
            .position(|(path, _)| moved.cell.driver == Driver::Exact(*path));
        let crowd = Crowd {
            index,
            frames: &moved.frames,
            t,
            color: self.color(p, &moved.cell, row.unwrap_or(0)),
            trails: if self.trails { TRAILS[size] } else { 0 },
        };
        panels::paint_panel(lab, painter, p, stage, target, Some(&crowd));
        let (dataset, own) = (lab.training.dataset(), lab.training.path());
        let canvas = lab.easel.canvas(painter, stage.rect, stage.view);
        let chosen = self.chosen.filter(|particle| *particle < moved.frames.n);
        if let Some(particle) = chosen {
            panels::paint_chosen(&canvas, &moved.frames, t, particle, p);
        }
        if self.means {
            let crowd = if size == 1 {
                MARKED.min(moved.frames.n)
            } else {
                0
            };
            let path = match moved.cell.driver {
                Driver::Exact(path) => Driver::Exact(path),
                Driver::Network => Driver::Exact(own),
            };
            if let Some(field) = self.field(&dataset, path) {
                for particle in (0..crowd).chain(chosen) {
                    mark_mean(&canvas, field, moved, particle, p);
                }
            }
        }
        let pointer = ui.input(|input| input.pointer.hover_pos());
        let inside = pointer.filter(|at| stage.rect.contains(*at) && ui.is_enabled());
        inside.and_then(|at| panels::nearest(stage, &moved.frames, t, at))
    }

    /// The exact field of a row, kept between frames.
    fn field(&mut self, dataset: &Dataset, driver: Driver) -> Option<&ExactField> {
        if !self.fields.iter().any(|(known, _)| *known == driver)
            && let Driver::Exact(path) = driver
        {
            let field = exact_field(dataset, path)?;
            self.fields.push((driver, field));
        }
        let found = self.fields.iter().find(|(known, _)| *known == driver);
        found.map(|(_, field)| field)
    }

    fn color(&self, p: &Palette, cell: &Cell, row: usize) -> egui::Color32 {
        match (self.table.by, cell.driver) {
            (_, Driver::Network) => p.model,
            (Rows::Solvers, _) => p.exact,
            // The colours that the paths have in their own lesson.
            (Rows::Paths, _) => theme::series(p, [0, 3, 4, 2][row % 4]),
        }
    }

    /// Share and true share of each cell of the support.
    fn shares(&self, moved: &Moved) -> Vec<[f64; 2]> {
        let boxes = self.target.as_ref().and_then(|target| target.boxes());
        let truth = boxes
            .into_iter()
            .flat_map(|b| b.boxes.iter().map(|b| b.weight));
        moved
            .masses
            .iter()
            .copied()
            .zip(truth)
            .map(|(share, truth)| [share, truth])
            .collect()
    }
}

/// E[x1|x] of a particle at the start of the last step.
pub(super) fn mean_of(field: &ExactField, moved: &Moved, particle: usize) -> Option<[f64; 2]> {
    let frames = &moved.frames;
    if particle >= frames.n {
        return None;
    }
    let t = frames.times[moved.before_last].min(LAST_TIME);
    let i = 2 * (moved.before_last * frames.n + particle);
    let x = [frames.points[i], frames.points[i + 1]];
    let known = x.iter().all(|v| v.is_finite());
    known.then(|| field.at(f64::from(t), x.map(f64::from)).mean_x1)
}

/// A ring there.
fn mark_mean(canvas: &Canvas<'_>, field: &ExactField, moved: &Moved, particle: usize, p: &Palette) {
    let Some(mean) = mean_of(field, moved, particle) else {
        return;
    };
    let at = canvas.view.to_screen(canvas.rect, mean.map(|v| v as f32));
    let radius = (0.03 * canvas.rect.width()).clamp(5.0, 9.0);
    let painter = &canvas.painter;
    painter.circle_stroke(at, radius, Stroke::new(3.6, theme::faint(p.stage, 0.8)));
    painter.circle_stroke(at, radius, Stroke::new(2.0, p.error));
}

/// Off-support at the left, NFE at the right.
fn figures(painter: &Painter, below: Rect, moved: &Moved, p: &Palette) {
    let y = below.top() + 11.0;
    let off = match moved.off_support {
        Some(share) => number::percent(share),
        None if moved.is_point => "one point".to_owned(),
        None => "–".to_owned(),
    };
    let bold = FontId::new(13.0, theme::semibold());
    let left = painter.text(
        pos2(below.left() + 1.0, y),
        Align2::LEFT_CENTER,
        off,
        bold,
        p.ink,
    );
    let font = FontId::proportional(12.5);
    // The word where there is room for it.
    let nfe = moved.nfe.to_string();
    let text = if below.width() - left.width() > 62.0 {
        format!("NFE {nfe}")
    } else {
        nfe
    };
    painter.text(
        pos2(below.right() - 1.0, y),
        Align2::RIGHT_CENTER,
        text,
        font,
        p.muted,
    );
}

/// The name of a row, upright at its left.
pub(super) fn row_name(painter: &Painter, first: Rect, name: &str, ui: &Ui) {
    let ink = theme::palette(ui).ink;
    let font = FontId::new(14.5, theme::semibold());
    let galley = painter.layout_no_wrap(name.to_owned(), font, ink);
    let size = galley.size();
    let at = pos2(first.left() - 6.0 - size.y, first.center().y + 0.5 * size.x);
    let text = egui::epaint::TextShape::new(at, galley, ink);
    painter.add(text.with_angle(-std::f32::consts::FRAC_PI_2));
}

/// The count over a column.
pub(super) fn column_name(ui: &Ui, panel: Rect, across: Columns, count: usize) {
    let p = theme::palette(ui);
    let word = match across {
        Columns::Steps if count == 1 => "step",
        Columns::Steps => "steps",
        Columns::Nfe => "NFE",
    };
    let at = pos2(panel.center().x, panel.top() - 12.0);
    let font = FontId::new(14.0, theme::semibold());
    let text = format!("{count} {word}");
    ui.painter()
        .text(at, Align2::CENTER_CENTER, text, font, p.ink);
}

/// A panel that so few evaluations cannot fill.
pub(super) fn impossible(ui: &Ui, rect: Rect, least: usize) {
    let p = theme::palette(ui);
    ui.painter().rect_filled(rect, 0.0, p.control);
    notes::sentence(ui, rect, &format!("≥ {least}"));
}
