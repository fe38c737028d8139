//! All chosen paths at one time, each with its curves of signal and noise.

use std::sync::Arc;

use egui::{Align2, Color32, FontId, Painter, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::{NAMES, Paths, cell};
use crate::app::lesson::Lab;
use crate::app::sampling_grid::{Driver, Moved};
use crate::app::theme::{self, Palette};
use crate::app::training::{FieldChoice, WeightsChoice};
use crate::app::widgets::chart::{Chart, LineKind, unit_ticks};
use crate::app::widgets::field_menu::{self, Header};
use crate::app::widgets::formula::typeset;
use crate::app::widgets::notes;
use crate::app::widgets::panels::{self, Crowd, Margins, PanelGrid};
use crate::app::widgets::stage::Stage;
use crate::app::widgets::weights_choice::weights_color;
use crate::data::Dataset;
use crate::flow::Scheduler;

/// Height of a panel's title, and width of the curves at its right, in points.
const TITLE: f32 = 24.0;
const CURVES: f32 = 72.0;
/// Ways drawn in each panel.
const TRAILS: usize = 60;

/// One panel of the row.
pub(super) struct Panel {
    /// Which path; none is the network's own panel.
    pub place: Option<usize>,
    /// Whose network moves the particles, if one does.
    pub weights: Option<WeightsChoice>,
    pub name: String,
    pub color: Color32,
    pub dataset: Dataset,
    pub path: Scheduler,
    pub moved: Option<Arc<Moved>>,
}

impl Paths {
    pub(super) fn side_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect) {
        let p = theme::palette(ui);
        let panels = self.side_panels(lab, p);
        if panels.is_empty() {
            return notes::sentence(ui, place, "Switch a path on (keys 1 to 6).");
        }
        let margins = Margins {
            left: 0.0,
            top: TITLE,
            below: TITLE,
            beside: CURVES,
            least: 24.0,
        };
        let Some(grid) =
            PanelGrid::wrapped(place.shrink2(vec2(6.0, 0.0)), panels.len() + 1, margins)
        else {
            return;
        };
        let t = lab.clock.t() as f32;
        let painter = ui.painter().clone();
        let rect = |index: usize| grid.rect(index / grid.columns, index % grid.columns);
        let mut pointed = None;
        for (index, panel) in panels.iter().enumerate() {
            let stage = Stage::bare(rect(index), panel.dataset.extent());
            let crowd = panel.moved.as_ref().map(|moved| Crowd {
                index: index as u8,
                frames: &moved.frames,
                t,
                color: panel.color,
                trails: if self.trails { TRAILS } else { 0 },
            });
            panels::paint_panel(
                lab,
                &painter,
                p,
                &stage,
                self.targets.of(&panel.dataset),
                crowd.as_ref(),
            );
            self.header_ui(ui, lab, stage.rect, panel);
            curves(&painter, stage.rect, panel, t, p);
            let id = ui.scope_id().with(("path", index));
            let response = ui.interact(stage.rect, id, Sense::hover());
            if let (Some(pointer), Some(crowd)) = (response.hover_pos(), &crowd) {
                pointed = panels::nearest(&stage, crowd.frames, t, pointer);
            }
            if let (Some(chosen), Some(crowd)) = (self.chosen, &crowd) {
                let canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
                panels::paint_chosen(&canvas, crowd.frames, t, chosen, p);
            }
        }
        self.chosen = pointed;
        plane(&painter, rect(panels.len()), &panels, t, p);
    }

    pub(super) fn side_panels(&self, lab: &Lab, p: &Palette) -> Vec<Panel> {
        let network = |place: Option<usize>, choice: WeightsChoice| {
            let staged = lab.training.staged_by(choice)?;
            let name = place.map_or("Network", |place| NAMES[place]);
            let own = choice != WeightsChoice::Current || place.is_some();
            Some(Panel {
                place,
                weights: Some(choice),
                name: if own {
                    format!("{name}, {}", staged.name)
                } else {
                    name.to_owned()
                },
                color: weights_color(&lab.training, choice, p),
                dataset: staged.dataset,
                path: staged.path,
                moved: self.grid.moved(&cell(Driver::Network(choice))).cloned(),
            })
        };
        let schedulers = self.schedulers();
        let path = |place: usize| match self.own[place] {
            Some(FieldChoice::Weights(choice)) => network(Some(place), choice),
            Some(FieldChoice::Exact) | None => Some(Panel {
                place: Some(place),
                weights: None,
                name: NAMES[place].to_owned(),
                color: theme::series(p, place),
                dataset: lab.training.dataset(),
                path: schedulers[place],
                moved: self.moved(place),
            }),
        };
        let chosen = (0..schedulers.len()).filter(|place| self.on[*place]);
        let mut panels: Vec<Panel> = chosen.filter_map(path).collect();
        if self.has_network_panel() {
            panels.extend(network(None, self.weights));
        }
        panels
    }

    /// The name over a panel, which is the menu of what moves its particles: the path's exact
    /// field, or a network that was trained on such a path.
    fn header_ui(&mut self, ui: &mut Ui, lab: &Lab, panel: Rect, shown: &Panel) {
        let place = Rect::from_min_max(
            pos2(panel.left() + 1.0, panel.top() - TITLE),
            pos2(panel.right() + CURVES - 6.0, panel.top()),
        );
        let header = Header {
            place,
            text: &shown.name,
            dot: Some(shown.color),
            upright: false,
        };
        let id = ui.scope_id().with(("header", shown.place));
        let Some(place) = shown.place else {
            let mut choice = Some(FieldChoice::Weights(self.weights));
            let entries = field_menu::networks(&lab.training, |_| true);
            header.show(ui, id, &mut choice, &entries);
            if let Some(FieldChoice::Weights(choice)) = choice {
                self.weights = choice;
            }
            return;
        };
        let first = if self.exact {
            "Exact field"
        } else {
            "Random pairs"
        };
        let kind = std::mem::discriminant(&self.schedulers()[place]);
        let fits = |path| std::mem::discriminant(&path) == kind;
        let mut entries = vec![(None, first.to_owned())];
        entries.extend(field_menu::networks(&lab.training, |s| fits(s.path)));
        header.show(ui, id, &mut self.own[place], &entries);
    }
}

/// The name over a panel, with the mark of its colour.
pub(super) fn title(painter: &Painter, panel: Rect, name: &str, color: Color32, p: &Palette) {
    let at = pos2(panel.left() + 5.0, panel.top() - 0.5 * TITLE);
    painter.circle_filled(at, 4.5, color);
    let font = FontId::new(14.0, theme::semibold());
    painter.text(at + vec2(10.0, 0.0), Align2::LEFT_CENTER, name, font, p.ink);
}

/// α (a line) and σ (dashes) over t, with a cursor and the values.
fn curves(painter: &Painter, panel: Rect, shown: &Panel, t: f32, p: &Palette) {
    let place = Rect::from_min_size(panel.right_top(), vec2(CURVES, panel.height()));
    let (above, below) = place.split_top_bottom_at_y(place.bottom() - 44.0);
    let chart = Chart {
        rect: Rect::from_min_max(
            above.min + vec2(8.0, 5.0),
            pos2(above.right() - 8.0, above.bottom().min(above.top() + 110.0)),
        ),
        x: [0.0, 1.0],
        y: [0.0, 1.0],
    };
    let levels = [(0.0, String::new()), (1.0, String::new())];
    chart.axes(painter, p, &[], &levels);
    let [signal, noise] = schedule(shown.path);
    let stroke = Stroke::new(2.0, shown.color);
    chart.line(painter, signal, LineKind::Solid, stroke);
    chart.line(painter, noise, LineKind::Dashed, stroke);
    chart.cursor(painter, t, p);
    let c = shown.path.at(f64::from(t));
    let top = chart.rect.bottom() - below.top();
    for (line, (name, value)) in [("α_t", c.alpha), ("σ_t", c.sigma)].into_iter().enumerate() {
        let dot = chart.at(t, value as f32);
        painter.circle(dot, 3.5, shown.color, Stroke::new(1.0, p.stage));
        let baseline = below.top() + top + 19.0 + 20.0 * line as f32;
        let set = typeset(painter, name, 17.0);
        set.paint(painter, pos2(chart.rect.left(), baseline), p.ink);
        let at = pos2(chart.rect.right(), baseline + 3.5);
        let font = FontId::proportional(13.5);
        // σ of a polynomial path ends at −0.
        let text = format!("{:.2}", value.abs());
        painter.text(at, Align2::RIGHT_BOTTOM, text, font, p.ink);
    }
}

/// α and σ of a path at many times, as points `[t, value]`.
pub(super) fn schedule(path: Scheduler) -> [Vec<[f32; 2]>; 2] {
    let at = |i: usize| {
        let t = i as f64 / 96.0;
        (t as f32, path.at(t))
    };
    let signal = (0..=96).map(at).map(|(t, c)| [t, c.alpha as f32]);
    let noise = (0..=96).map(at).map(|(t, c)| [t, c.sigma as f32]);
    [signal.collect(), noise.collect()]
}

/// Every path as a curve of σ over α: the way from noise (top left) to data (bottom right).
fn plane(painter: &Painter, panel: Rect, panels: &[Panel], t: f32, p: &Palette) {
    title(painter, panel, "Noise σ over signal α", p.ink, p);
    let chart = Chart {
        rect: Rect::from_min_max(panel.min + vec2(26.0, 6.0), panel.max - vec2(8.0, 18.0)),
        x: [0.0, 1.03],
        y: [0.0, 1.03],
    };
    let ticks = unit_ticks();
    chart.axes(painter, p, &ticks, &ticks);
    for panel in panels {
        let [signal, noise] = schedule(panel.path);
        let both = signal.iter().zip(&noise).map(|(a, s)| [a[1], s[1]]);
        let line = Stroke::new(2.2, panel.color);
        chart.line(painter, both, LineKind::Solid, line);
    }
    for panel in panels {
        let c = panel.path.at(f64::from(t));
        let at = chart.at(c.alpha as f32, c.sigma as f32);
        painter.circle(at, 5.0, panel.color, Stroke::new(1.5, p.stage));
    }
    let font = FontId::proportional(13.5);
    for (at, text) in [
        (chart.at(0.0, 1.0) + vec2(7.0, 64.0), "noise"),
        (chart.at(1.03, 0.0) + vec2(6.0, 0.0), "data"),
    ] {
        painter.text(at, Align2::LEFT_BOTTOM, text, font.clone(), p.muted);
    }
}
