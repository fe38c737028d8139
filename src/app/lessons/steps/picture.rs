//! One panel of the grid, and the panel that fills the stage.

use egui::{Align2, FontId, Painter, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::table::{Columns, PATHS, Rows, solver_name};
use super::{BELOW, Steps};
use crate::app::exact::{LAST_TIME, Route};
use crate::app::lesson::Lab;
use crate::app::sampling_grid::{Cell, Driver, Moved};
use crate::app::theme::{self, Palette};
use crate::app::training::Training;
use crate::app::widgets::canvas::Canvas;
use crate::app::widgets::field_menu::{self, Header};
use crate::app::widgets::panels::{self, Crowd};
use crate::app::widgets::stage::{Caption, Stage};
use crate::app::widgets::weights_choice::weights_color;
use crate::app::widgets::{notes, number};
use crate::flow::ExactField;

/// Ways drawn in a small and in the large panel.
pub(super) const TRAILS: [usize; 2] = [40, 160];
/// A panel this wide has room for the rings of several particles, in points.
const ROOMY: f32 = 200.0;
/// Particles whose expected end is marked in a panel with room for it.
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
    ) -> Option<usize> {
        let p = theme::palette(ui);
        let moved = self.grid.moved(cell).cloned();
        let stage = Stage::bare(rect, self.extent(lab, cell));
        let pointed = self.paint(ui, lab, &stage, index, cell, 0);
        let below = Rect::from_min_size(rect.left_bottom(), vec2(rect.width(), BELOW));
        if let Some(moved) = &moved {
            let color = self.color(lab, p, cell);
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
        let Some(stage) = Stage::fit(above, self.extent(lab, &cell), 1) else {
            return;
        };
        let painter = ui.painter().clone();
        stage.paint_axes(&painter, p, lab.settings.grid);
        let moved = self.grid.moved(&cell).cloned();
        self.chosen = self.paint(ui, lab, &stage, 0, &cell, 1);
        let detail = match cell.driver {
            _ if cell.plan.last_euler => String::new(),
            Driver::Network(choice) => {
                let staged = lab.training.staged_by(choice);
                staged.map_or("network".to_owned(), |staged| staged.name)
            }
            Driver::Exact(path) | Driver::Pairs(path) => {
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
        let color = self.color(lab, p, &cell);
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
        cell: &Cell,
        size: usize,
    ) -> Option<usize> {
        let moved = self.grid.moved(cell).cloned();
        let p = theme::palette(ui);
        let painter = ui.painter();
        let t = lab.clock.t() as f32;
        let route = self.grid.route(cell);
        let target = route.and_then(|route| self.targets.of(&route.dataset));
        let target = target.filter(|_| self.show_target);
        let Some(moved) = moved else {
            panels::paint_panel(lab, painter, p, stage, target, None);
            let font = FontId::proportional(16.0);
            let middle = stage.rect.center();
            painter.text(middle, Align2::CENTER_CENTER, "…", font, p.muted);
            return None;
        };
        let crowd = Crowd {
            index,
            frames: &moved.frames,
            t,
            color: self.color(lab, p, cell),
            trails: if self.trails { TRAILS[size] } else { 0 },
        };
        panels::paint_panel(lab, painter, p, stage, target, Some(&crowd));
        let canvas = lab.easel.canvas(painter, stage.rect, stage.view);
        let chosen = self.chosen.filter(|particle| *particle < moved.frames.n);
        if let Some(particle) = chosen {
            panels::paint_chosen(&canvas, &moved.frames, t, particle, p);
        }
        if self.means {
            let crowd = if size == 1 || stage.rect.width() > ROOMY {
                MARKED.min(moved.frames.n)
            } else {
                0
            };
            if let Some(field) = self.field(&moved.route) {
                for particle in (0..crowd).chain(chosen) {
                    mark_mean(&canvas, field, &moved, particle, p);
                }
            }
        }
        let pointer = ui.input(|input| input.pointer.hover_pos());
        let inside = pointer.filter(|at| stage.rect.contains(*at) && ui.is_enabled());
        inside.and_then(|at| panels::nearest(stage, &moved.frames, t, at))
    }

    /// The exact field between the ends of a row, kept between frames.
    fn field(&mut self, route: &Route) -> Option<&ExactField> {
        if !self.fields.iter().any(|(known, _)| known == route) {
            self.fields.push((route.clone(), route.exact()));
        }
        let found = self.fields.iter().find(|(known, _)| known == route);
        found.and_then(|(_, field)| field.as_ref())
    }

    /// Half the side of what a panel shows.
    fn extent(&self, lab: &Lab, cell: &Cell) -> f64 {
        let route = self.grid.route(cell);
        route.map_or_else(
            || lab.training.dataset().extent(),
            |route| route.dataset.extent(),
        )
    }

    fn color(&self, lab: &Lab, p: &Palette, cell: &Cell) -> egui::Color32 {
        match (self.table.rows_by(), cell.driver) {
            (_, Driver::Network(choice)) => weights_color(&lab.training, choice, p),
            (Rows::Solvers, _) => p.exact,
            // The colours that the paths have in their own lesson.
            (Rows::Paths, driver) => {
                let row = PATHS
                    .iter()
                    .position(|(path, _)| driver == Driver::Exact(*path));
                theme::series(p, [0, 3, 4, 2][row.unwrap_or(0) % 4])
            }
        }
    }

    /// The name of a row at its left, which is the menu of its fields.
    pub(super) fn row_header_ui(&mut self, ui: &mut Ui, lab: &Lab, first: Rect, row: usize) {
        let entries = self.entries(&lab.training, row);
        let text = self.row_text(&lab.training, row);
        let name = self.table.row_name(row);
        // The name of a run may stand beside the figures below the panel, too.
        let below = if text == name { 0.0 } else { BELOW };
        let (from, to) = (first.left() - 25.0, first.left() - 4.0);
        let header = Header {
            place: Rect::from_x_y_ranges(from..=to, first.top()..=first.bottom() + below),
            text: &text,
            dot: None,
            upright: true,
        };
        let id = ui.scope_id().with(("row", name));
        header.show(ui, id, self.table.choice(row), &entries);
    }

    /// The name of a row, with that of its field where it has one of its own.
    pub(super) fn row_text(&self, training: &Training, row: usize) -> String {
        let name = self.table.row_name(row);
        let chosen = field_menu::chosen_name(training, self.table.own(row));
        chosen.map_or(name.to_owned(), |chosen| format!("{name}, {chosen}"))
    }

    /// Share and true share of each cell of the support.
    fn shares(&self, moved: &Moved) -> Vec<[f64; 2]> {
        let target = self.targets.of(&moved.route.dataset);
        let boxes = target.and_then(|target| target.boxes());
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
