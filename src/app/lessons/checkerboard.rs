//! The first lesson: a network learns the flow from noise to a checkerboard, beside the exact
//! answer.

mod figure;

use std::sync::Arc;

use egui::{Rect, ScrollArea, Ui, UiBuilder, vec2};
use serde::{Deserialize, Serialize};

use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::sampler::{self, Pictures, Request, Sampled};
use crate::app::theme::{self, Palette};
use crate::app::training::WeightsChoice;
use crate::app::view::view_of;
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::flow_layers::{FlowLayers, Target};
use crate::app::widgets::loss_plot::{self, RunsView};
use crate::app::widgets::measures::Measuring;
use crate::app::widgets::sampling_bar::{Sampling, sampling_bar};
use crate::app::widgets::stage::{Caption, Stage};
use crate::app::widgets::{number, quiver, run_controls, run_list};
use crate::train::measure::Settings;

/// Width of the legend when it stands beside the picture, in points.
const LEGEND: f32 = 128.0;

/// What is on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layers {
    /// Particles of the trained network.
    pub model: bool,
    /// Particles of the exact field.
    pub exact: bool,
    /// The noise they start from.
    pub source: bool,
    /// The target's support, or points of it.
    pub target: bool,
    /// Trajectories of a few particles.
    pub paths: bool,
    /// The velocity field at t.
    pub arrows: bool,
}

/// The lesson's own state.
pub struct Checkerboard {
    /// What is shown.
    pub layers: Layers,
    /// Network and exact field beside one another, not over one another.
    pub side_by_side: bool,
    /// How particles are moved.
    pub sampling: Sampling,
    pictures: Pictures,
    target: Option<Target>,
    quiver: quiver::Cache,
    measuring: Measuring,
}

impl Default for Checkerboard {
    fn default() -> Self {
        Self {
            layers: Layers {
                model: true,
                exact: false,
                source: false,
                target: true,
                paths: false,
                arrows: false,
            },
            side_by_side: true,
            sampling: Sampling::default(),
            pictures: Pictures::default(),
            target: None,
            quiver: quiver::Cache::default(),
            measuring: Measuring::default(),
        }
    }
}

/// Which particles a panel shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Panel {
    Model,
    Exact,
    Both,
}

impl Panel {
    fn has_model(self) -> bool {
        self != Self::Exact
    }

    fn has_exact(self) -> bool {
        self != Self::Model
    }
}

impl Lesson for Checkerboard {
    fn name(&self) -> &'static str {
        "checkerboard"
    }

    fn title(&self) -> &'static str {
        "Checkerboard"
    }

    fn sentence(&self) -> &'static str {
        "A network learns the velocity that carries noise to data: drag t and watch the particles \
         follow it."
    }

    fn formula(&self) -> &'static str {
        r#"{"d"x_t|"d"t}=v_θ(x_t,t)"#
    }

    fn source(&self) -> &'static str {
        "Flow matching from scratch (seed 003); Lipman et al. 2023"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    view_of!(layers, side_by_side, sampling);

    fn logic(&mut self, lab: &mut Lab) {
        let training = &lab.training;
        lab.sampler.ask(Request {
            settings: sampler::Settings {
                dataset: training.dataset(),
                path: training.path(),
                source: training.source(),
                solver: self.sampling.solver,
                steps: self.sampling.steps,
                particles: self.sampling.particles,
                noise: self.sampling.noise,
            },
            model: training
                .staged()
                .map(|s| (s.version, Arc::clone(&s.weights))),
        });
        self.pictures = lab.sampler.pictures();
        let dataset = training.dataset();
        if self
            .target
            .as_ref()
            .is_none_or(|target| target.dataset != dataset)
        {
            self.target = Some(Target::new(dataset));
        }
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        let p = theme::palette(ui);
        let layers = &mut self.layers;
        chip(ui, &mut layers.model, Mark::Dots, p.model, "Network", 1);
        let has_exact = self.pictures.exact.is_some() || self.pictures.floor.is_some();
        ui.add_enabled_ui(has_exact, |ui| {
            chip(ui, &mut layers.exact, Mark::Dots, p.exact, "Exact", 2);
        });
        chip(ui, &mut layers.source, Mark::Dots, p.source, "Source", 3);
        chip(
            ui,
            &mut layers.target,
            Mark::Square,
            theme::opaque_ghost(p),
            "Target",
            4,
        );
        chip(ui, &mut layers.paths, Mark::Curve, p.ink, "Paths", 5);
        chip(ui, &mut layers.arrows, Mark::Arrow, p.ink, "Arrows", 6);
        if layers.model && layers.exact {
            let hint = "Network and exact field beside or over one another (B)";
            ui.toggle_value(&mut self.side_by_side, "Side by side")
                .on_hover_text(hint);
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        let panels = self.panels();
        let place = ui.available_rect_before_wrap();
        let columns = panels.len() as f32;
        let beside = ((place.width() - LEGEND) / columns).min(place.height());
        let above = (place.width() / columns).min(place.height() - 36.0);
        let pictures = if lab.settings.lecture {
            place
        } else if beside >= above {
            let (legend, rest) = place.split_left_right_at_x(place.left() + LEGEND);
            let middle = legend.shrink2(vec2(0.0, 36.0));
            let mut column = ui.new_child(UiBuilder::new().max_rect(middle));
            self.legend_ui(&mut column, lab);
            rest
        } else {
            let (legend, rest) = place.split_top_bottom_at_y(place.top() + 36.0);
            let mut row = ui.new_child(UiBuilder::new().max_rect(legend));
            row.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                self.legend_ui(ui, lab);
            });
            rest
        };
        let width = pictures.width() / columns;
        for (index, panel) in panels.into_iter().enumerate() {
            let left = pictures.left() + width * index as f32;
            let place = Rect::from_x_y_ranges(left..=left + width, pictures.y_range());
            self.panel_ui(ui, lab, panel, place, index as u8);
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        sampling_bar(ui, &mut self.sampling);
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        run_controls::run_ui(ui, &mut lab.training);
        ui.add_space(2.0);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                run_controls::settings_ui(ui, &mut lab.training);
                run_list::run_list_ui(ui, &mut lab.training);
                let settings = Settings {
                    solver: self.sampling.solver,
                    steps: self.sampling.steps,
                    seed: self.sampling.noise,
                    quick: true,
                };
                let weights = WeightsChoice::Current;
                self.measuring.ui(ui, lab, weights, settings);
                let view = RunsView::of(&lab.training, self.pictures.floor);
                // Both plots share what is left; the titles and gaps take 2 × 50.
                let room = (ui.available_height() - 100.0).max(2.0 * loss_plot::MIN_HEIGHT);
                ui.scope(|ui| loss_plot::excess_ui(ui, &view, 0.5 * room));
                ui.scope(|ui| loss_plot::loss_ui(ui, &view, 0.5 * room));
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        let layers = &mut self.layers;
        match action {
            Action::Layer(1) => layers.model = !layers.model,
            Action::Layer(2) => layers.exact = !layers.exact,
            Action::Layer(3) => layers.source = !layers.source,
            Action::Layer(4) => layers.target = !layers.target,
            Action::Layer(5) => layers.paths = !layers.paths,
            Action::Layer(6) => layers.arrows = !layers.arrows,
            Action::SideBySide => self.side_by_side = !self.side_by_side,
            Action::NewNoise => self.sampling.resample(),
            Action::MoreSteps => self.sampling.more_steps(),
            Action::FewerSteps => self.sampling.fewer_steps(),
            _ => return false,
        }
        true
    }
}

impl Checkerboard {
    fn panels(&self) -> Vec<Panel> {
        match (self.layers.model, self.layers.exact) {
            (true, true) if self.side_by_side => vec![Panel::Model, Panel::Exact],
            (true, true) => vec![Panel::Both],
            (false, true) => vec![Panel::Exact],
            _ => vec![Panel::Model],
        }
    }

    fn panel_ui(&mut self, ui: &mut Ui, lab: &mut Lab, panel: Panel, place: Rect, index: u8) {
        let extent = lab.training.dataset().extent();
        let captions = if panel == Panel::Both { 2 } else { 1 };
        let Some(stage) = Stage::fit(place, extent, captions) else {
            return;
        };
        let p = theme::palette(ui);
        let painter = ui.painter().clone();
        stage.paint_axes(&painter, p, lab.settings.grid);
        let layers = self.layers;
        let shown = |picture: &'_ Option<Arc<Sampled>>, on: bool| picture.clone().filter(|_| on);
        let flow = FlowLayers {
            index,
            t: lab.clock.t() as f32,
            lecture: lab.settings.lecture,
            target: self.target.as_ref().filter(|_| layers.target),
            model: shown(&self.pictures.model, layers.model && panel.has_model()),
            exact: shown(&self.pictures.exact, layers.exact && panel.has_exact()),
            source: layers.source,
            paths: layers.paths,
        };
        let mut canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
        flow.paint(&mut canvas, &stage, p);
        if layers.arrows {
            let training = &lab.training;
            if let Some(staged) = training.staged().filter(|_| panel.has_model()) {
                let arrows = self.quiver.model(staged, flow.t, extent);
                flow.paint_arrows(&mut canvas, &arrows, p, p.model);
            }
            if panel.has_exact()
                && let Some(arrows) = self.quiver.exact(&training.route(), flow.t, extent)
            {
                flow.paint_arrows(&mut canvas, &arrows, p, p.exact);
            }
        }
        stage.paint_frame(&painter, p);
        stage.captions_ui(ui, &self.captions(lab, panel, p));
    }

    fn captions(&self, lab: &Lab, panel: Panel, p: &Palette) -> Vec<Caption> {
        let mut captions = Vec::new();
        let figures = |picture: Option<&Arc<Sampled>>| {
            let nfe = picture.map_or("–".to_owned(), |s| s.nfe.to_string());
            let off = picture
                .and_then(|s| s.off_support)
                .map_or("–".to_owned(), number::percent);
            [nfe, off]
        };
        let with_lost = |picture: Option<&Arc<Sampled>>, detail: String| match picture {
            Some(picture) => picture.with_lost(&detail),
            None => detail,
        };
        if panel.has_model() {
            let staged = lab.training.staged();
            let detail = staged.map_or("no weights yet".to_owned(), |s| {
                if lab.training.runs().len() > 1 {
                    format!("{}: {}", s.name, s.label)
                } else {
                    s.label.clone()
                }
            });
            captions.push(Caption {
                color: p.model,
                title: "Network".to_owned(),
                detail: with_lost(self.pictures.model.as_ref(), detail),
                figures: figures(self.pictures.model.as_ref()),
            });
        }
        if panel.has_exact() {
            captions.push(Caption {
                color: p.exact,
                title: "Exact field".to_owned(),
                detail: with_lost(self.pictures.exact.as_ref(), "same noise".to_owned()),
                figures: figures(self.pictures.exact.as_ref()),
            });
        }
        captions
    }
}
