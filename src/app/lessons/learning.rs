//! The time machine: one axis is the iteration of the training, the other the time of the flow.

mod figure;

use std::sync::Arc;

use egui::{Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::figure::Figure;
use crate::app::film::{FilmOf, Projector, Reel};
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::moments::{Moments, Stock};
use crate::app::theme;
use crate::app::view::view_of;
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::flow_layers::{FlowLayers, Target};
use crate::app::widgets::iteration_bar::iteration_bar;
use crate::app::widgets::loss_plot;
use crate::app::widgets::stage::{Caption, Stage};
use crate::app::widgets::tiles::tiles;
use crate::app::widgets::{number, run_controls, run_list};
use crate::render::View2d;
use crate::train::Kept;

/// Seconds that one iteration is shown while they play at speed 1×.
const SECONDS: f64 = 0.7;
/// Height of the legend above the pictures, in points.
const LEGEND: f32 = 36.0;
/// Room for the words above a small picture, in points.
const WORDS: f32 = 20.0;

/// The lesson's own state.
pub struct Learning {
    network: bool,
    target: bool,
    paths: bool,
    /// Four large pictures, as in the seed, in place of one and a sheet of all.
    figure: bool,
    /// None follows the window: its current run, or the pretrained one before it has any.
    of: Option<FilmOf>,
    /// None is the last kept iteration.
    step: Option<u64>,
    playing: bool,
    since: f64,
    noise: u64,
    stock: Option<Stock>,
    projector: Option<Projector>,
    ghost: Option<Target>,
    shown: Moments,
    reel: Option<Arc<Reel>>,
}

impl Default for Learning {
    fn default() -> Self {
        Self {
            network: true,
            target: true,
            paths: false,
            figure: false,
            of: None,
            step: None,
            playing: false,
            since: 0.0,
            noise: 1,
            stock: None,
            projector: None,
            ghost: None,
            shown: Moments::default(),
            reel: None,
        }
    }
}

impl Lesson for Learning {
    fn name(&self) -> &'static str {
        "learning"
    }

    fn title(&self) -> &'static str {
        "Learning"
    }

    fn sentence(&self) -> &'static str {
        "A time machine: one slider goes through the k iterations of the training, the other \
         through the flow. First the mass gathers, then it parts, last come the edges."
    }

    fn formula(&self) -> &'static str {
        r#"{"d"x_t|"d"t}=v_{θ_k}(x_t,t)"#
    }

    fn source(&self) -> &'static str {
        "Flow matching from scratch (seed 003), figure 5"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn training_film(&self, lab: &Lab, t: f32) -> Vec<Figure> {
        figure::film(self, lab, t)
    }

    fn training_film_len(&self, _lab: &Lab) -> usize {
        figure::film_len(self)
    }

    view_of!(network, target, paths, figure, of, step, noise);

    fn is_busy(&self) -> bool {
        self.projector.as_ref().is_none_or(Projector::is_busy) || self.shown.kept.is_empty()
    }

    fn logic(&mut self, lab: &mut Lab) {
        let stock = self.stock.get_or_insert_with(|| Stock::new(lab));
        // The first film comes a little after the lesson, which may have been asked for a moment.
        let before = self.shown.of;
        if self.shown.follow(self.of, &lab.training, stock) && before.is_some() {
            self.step = None;
        }
        let first = self.kept_at(self.index()).map_or(0, |kept| kept.step);
        let projector = self
            .projector
            .get_or_insert_with(|| Projector::new(lab.background()));
        let shown = &mut self.shown;
        if let Some(of) = shown.of.filter(|_| !shown.kept.is_empty()) {
            projector.ask(of, &shown.config, &shown.kept, self.noise, first);
        }
        self.reel = projector.reel();
        let dataset = &shown.config.dataset;
        if self
            .ghost
            .as_ref()
            .is_none_or(|ghost| ghost.dataset != *dataset)
        {
            self.ghost = Some(Target::new(dataset.clone()));
        }
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        let p = theme::palette(ui);
        chip(ui, &mut self.network, Mark::Dots, p.model, "Network", 1);
        let ghost = theme::opaque_ghost(p);
        chip(ui, &mut self.target, Mark::Square, ghost, "Target", 4);
        chip(ui, &mut self.paths, Mark::Curve, p.ink, "Paths", 5);
        let hint = "The four iterations of the seed's figure, or one and a sheet of all (B)";
        chip(ui, &mut self.figure, Mark::Square, p.ink, "Four stages", 0).on_hover_text(hint);
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        self.play(ui, lab);
        let mut place = ui.available_rect_before_wrap();
        ui.advance_cursor_after_rect(place);
        if !lab.settings.lecture {
            let (legend, rest) = place.split_top_bottom_at_y(place.top() + LEGEND);
            let mut row = ui.new_child(egui::UiBuilder::new().max_rect(legend));
            row.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                self.legend_ui(ui, lab);
            });
            place = rest;
        }
        if self.figure {
            let indices = self.shown.figure();
            self.sheet_ui(ui, lab, place, &indices);
            return;
        }
        let all: Vec<usize> = (0..self.shown.kept.len()).collect();
        // The one picture takes the greater part; the sheet stands where there is more room.
        let (one, sheet) = if place.width() > 1.15 * place.height() {
            let width = (place.height() - 20.0).min(0.6 * place.width());
            place.split_left_right_at_x(place.left() + width)
        } else {
            let height = (place.width() + 40.0).min(0.68 * place.height());
            place.split_top_bottom_at_y(place.top() + height)
        };
        self.one_ui(ui, lab, one);
        self.sheet_ui(ui, lab, sheet.shrink2(vec2(8.0, 4.0)), &all);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        let steps: Vec<u64> = self.shown.kept.iter().map(|kept| kept.step).collect();
        let shown = self.index();
        if let Some(index) = iteration_bar(ui, &steps, shown, &mut self.playing) {
            self.playing = false;
            self.go(index);
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        run_controls::run_ui(ui, &mut lab.training);
        ui.add_space(2.0);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.shown.choice_ui(ui, &mut self.of, &lab.training);
                egui::CollapsingHeader::new("Settings of the next run")
                    .show(ui, |ui| run_controls::settings_ui(ui, &mut lab.training))
                    .header_response
                    .on_hover_text("What the next run learns, and how");
                run_list::run_list_ui(ui, &mut lab.training);
                let cursor = self.kept_at(self.index()).map(|kept| kept.step);
                let view = self.shown.curves(cursor);
                let room = (ui.available_height() - 100.0).max(2.0 * loss_plot::MIN_HEIGHT);
                let excess = ui
                    .scope(|ui| loss_plot::excess_ui(ui, &view, 0.5 * room))
                    .inner;
                let loss = ui
                    .scope(|ui| loss_plot::loss_ui(ui, &view, 0.5 * room))
                    .inner;
                if let Some(step) = excess.or(loss) {
                    self.go(self.shown.nearest(step));
                }
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(1) => self.network = !self.network,
            Action::Layer(4) => self.target = !self.target,
            Action::Layer(5) => self.paths = !self.paths,
            Action::SideBySide => self.figure = !self.figure,
            Action::NewNoise => self.noise = self.noise.wrapping_add(1),
            Action::MoreSteps => self.go(self.index() + 1),
            Action::FewerSteps => self.go(self.index().saturating_sub(1)),
            Action::PlayIterations => self.playing = !self.playing,
            _ => return false,
        }
        true
    }
}

impl Learning {
    /// Place of the shown iteration among the kept ones; of the nearest where it was not kept.
    fn index(&self) -> usize {
        let last = self.shown.kept.len().saturating_sub(1);
        let nearest =
            |step| (0..=last).min_by_key(|i| self.kept_at(*i).map(|k| k.step.abs_diff(step)));
        self.step.and_then(nearest).unwrap_or(last)
    }

    fn kept_at(&self, index: usize) -> Option<&Kept> {
        self.shown.kept.get(index)
    }

    /// Shows a place; the last one follows a run that goes on.
    fn go(&mut self, index: usize) {
        let last = self.shown.kept.len().saturating_sub(1);
        self.step = self
            .kept_at(index)
            .filter(|_| index < last)
            .map(|kept| kept.step);
    }

    fn play(&mut self, ui: &Ui, lab: &Lab) {
        let now = ui.input(|input| input.time);
        let pause = SECONDS / lab.clock.speed();
        if !self.playing {
            self.since = now;
            return;
        }
        let last = self.shown.kept.len().saturating_sub(1);
        if now - self.since >= pause {
            self.since = now;
            match self.index() {
                index if index < last => self.go(index + 1),
                _ if lab.clock.looping => self.go(0),
                _ => self.playing = false,
            }
        }
        if self.playing {
            let rest = (self.since + pause - now).max(0.01);
            let rest = std::time::Duration::from_secs_f64(rest);
            ui.ctx().request_repaint_after(rest);
        }
    }

    fn layers(&self, lab: &Lab, index: u8, step: u64) -> FlowLayers<'_> {
        let reel = self.reel.as_ref();
        let shot = reel.and_then(|reel| reel.at(step)).filter(|_| self.network);
        FlowLayers {
            index,
            t: lab.clock.t() as f32,
            lecture: lab.settings.lecture,
            target: self.ghost.as_ref().filter(|_| self.target),
            model: shot.map(|shot| Arc::clone(&shot.picture)),
            exact: None,
            source: false,
            paths: self.paths,
        }
    }

    fn one_ui(&self, ui: &mut Ui, lab: &mut Lab, place: Rect) {
        let extent = self.shown.config.dataset.extent();
        let (Some(stage), Some(kept)) = (Stage::fit(place, extent, 1), self.kept_at(self.index()))
        else {
            return;
        };
        let p = theme::palette(ui);
        let painter = ui.painter().clone();
        stage.paint_axes(&painter, p, lab.settings.grid);
        let flow = self.layers(lab, 0, kept.step);
        let mut canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
        flow.paint(&mut canvas, &stage, p);
        stage.paint_frame(&painter, p);
        let picture = flow.model.as_ref();
        let dash = || "–".to_owned();
        let caption = Caption {
            color: p.model,
            title: format!("Iteration {}", number::grouped(kept.step)),
            detail: picture.map_or_else(String::new, |s| s.with_lost("")),
            figures: [
                picture.map_or_else(dash, |s| s.nfe.to_string()),
                picture
                    .and_then(|s| s.off_support)
                    .map_or_else(dash, number::percent),
            ],
        };
        stage.captions_ui(ui, &[caption]);
    }

    /// Small pictures of kept iterations, each a button that puts it on the stage.
    fn sheet_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect, indices: &[usize]) {
        let p = theme::palette(ui);
        let extent = self.shown.config.dataset.extent() as f32;
        let cells = tiles(place, indices.len(), WORDS, 8.0);
        let shown = self.index();
        let mut chosen = None;
        for (cell, &index) in cells.iter().zip(indices) {
            let Some(kept) = self.kept_at(index) else {
                continue;
            };
            let (step, on) = (kept.step, index == shown);
            let id = ui.scope_id().with(("moment", step));
            let whole = Rect::from_min_max(cell.min - vec2(0.0, WORDS), cell.max);
            let response = ui.interact(whole, id, Sense::click());
            let name = format!("Iteration {}", number::grouped(step));
            let label = name.clone();
            response
                .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, on, &label));
            let painter = ui.painter().clone();
            painter.rect_filled(*cell, 0.0, p.stage);
            let stage = Stage::bare(*cell, f64::from(extent));
            let flow = FlowLayers {
                // Thick points would hide the shape of a small picture.
                lecture: lab.settings.lecture && cell.width() > 140.0,
                ..self.layers(lab, 1 + index as u8, step)
            };
            let view = View2d::fit(*cell, [0.0, 0.0], extent);
            let mut canvas = lab.easel.canvas(&painter, *cell, view);
            flow.paint(&mut canvas, &stage, p);
            let (width, line) = match (on, response.hovered() || response.has_focus()) {
                (true, _) => (2.5, p.model),
                (false, true) => (1.5, p.ink),
                (false, false) => (1.0, p.hairline),
            };
            let stroke = Stroke::new(width, line);
            painter.rect_stroke(*cell, 0.0, stroke, StrokeKind::Outside);
            let ink = if on { p.ink } else { p.muted };
            let large = cell.width() > 140.0;
            let size = if large { 15.0 } else { 13.0 };
            let at = pos2(cell.left(), cell.top() - 3.0);
            let font = egui::FontId::new(size, theme::semibold());
            let left = egui::Align2::LEFT_BOTTOM;
            let title = painter.text(at, left, number::grouped(step), font, ink);
            let off = flow.model.as_ref().and_then(|picture| picture.off_support);
            if let Some(off) = off {
                // All tiles of a sheet have the same words, or the same few figures.
                let text = if cell.width() > 200.0 {
                    (format!("{} off support", number::percent(off)), 14.0)
                } else {
                    (format!("{:.0}\u{2009}%", 100.0 * off), 12.5)
                };
                let font = egui::FontId::new(text.1, egui::FontFamily::Proportional);
                let galley = painter.layout_no_wrap(text.0, font, p.muted);
                let start = cell.right() - galley.size().x;
                if start > title.right() + 4.0 {
                    let y = cell.top() - 3.0 - galley.size().y;
                    painter.galley(pos2(start, y), galley, p.muted);
                }
            }
            if response.clicked() {
                chosen = Some(index);
            }
            let off = off.map_or(String::new(), |off| {
                format!(
                    "\n{} of the particles end off the support",
                    number::percent(off)
                )
            });
            response.on_hover_text(format!("{name}{off}\nClick: put it on the stage"));
        }
        if let Some(index) = chosen {
            self.go(index);
        }
    }
}
