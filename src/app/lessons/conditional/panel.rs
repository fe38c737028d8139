//! The pictures of the lesson and the figures beside them.

use egui::{FontId, Painter, Pos2, Rect, RichText, ScrollArea, Shape, Stroke, Ui, pos2, vec2};

use super::Conditional;
use super::paint::{on_stage, path_ahead, paths};
use crate::app::lesson::Lab;
use crate::app::theme::{self, Palette};
use crate::app::widgets::arrow::arrow;
use crate::app::widgets::bars::{Bar, bars};
use crate::app::widgets::formula::typeset;
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::places::{self, Heading};
use crate::app::widgets::point::point_input;
use crate::app::widgets::readout::{Figure, pair, readout, signed};
use crate::app::widgets::run_controls;
use crate::app::widgets::small_plot::{Axis, Series, SmallPlot};
use crate::app::widgets::stage::Stage;

/// Cells that get an arrow and a bar of their own.
pub(super) const CELLS: usize = 16;
/// The fan is seen from nearer than the flows, as a share of the usual view.
pub(super) const FAN_VIEW: f64 = 0.8;
/// A cell with less of the posterior gets no arrow.
pub(super) const LEAST_ARROW: f64 = 0.01;

impl Conditional {
    pub(super) fn fan_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect) {
        let Some(known) = &self.known else { return };
        let Some(stage) = places::stage(place, FAN_VIEW * known.route.dataset.extent()) else {
            return;
        };
        let p = theme::palette(ui);
        let painter = ui
            .painter()
            .with_clip_rect(stage.rect.intersect(ui.clip_rect()));
        stage.paint_axes(ui.painter(), p, lab.settings.grid);
        let Some(fan) = &self.fan else {
            return;
        };
        let bold = if lab.settings.lecture { 1.3 } else { 1.0 };
        let size = (stage.rect.width() / 460.0).clamp(0.6, 1.6) * bold;
        let boxes = known.target.boxes();
        if let Some(boxes) = boxes {
            let largest = fan.parts.first().map_or(1.0, |part| part.weight);
            let mut shares = vec![0.0; boxes.boxes.len()];
            fan.parts
                .iter()
                .for_each(|part| shares[part.cell] = part.weight);
            for (cell, b) in boxes.boxes.iter().enumerate() {
                let area = Rect::from_two_pos(on_stage(&stage, b.lo), on_stage(&stage, b.hi));
                let strength = 0.07 + 0.33 * (shares[cell] / largest) as f32;
                let color = theme::faint(theme::category(p, cell), strength);
                painter.rect_filled(area, 0.0, color);
            }
        }
        if let Some(track) = self.track().filter(|_| self.follow) {
            let [before, after] = track.1.on_stage(&stage, fan.t);
            let color = theme::faint(p.exact, 0.8);
            painter.add(Shape::line(before, Stroke::new(1.6 * size, color)));
            painter.extend(Shape::dashed_line(
                &after,
                Stroke::new(1.6 * size, color),
                6.0,
                5.0,
            ));
        }
        if self.show_draws {
            let light = (64.0 / fan.draws.len() as f32).sqrt().clamp(0.35, 1.0);
            for draw in &fan.draws {
                let color = theme::category(p, draw.cell);
                let line = path_ahead(known.route.path, fan.t, fan.x, draw.x1);
                let line = line.into_iter().map(|x| on_stage(&stage, x)).collect();
                let thin = Stroke::new(1.1 * size, theme::faint(color, 0.42 * light));
                painter.add(Shape::line(line, thin));
                painter.circle_filled(on_stage(&stage, draw.x1), 2.2 * size, color);
            }
        }
        self.percentages(&painter, &stage, p);
        let at = on_stage(&stage, fan.x);
        let left = 1.0 - fan.t;
        let lead = |v: [f64; 2]| on_stage(&stage, [0, 1].map(|i| fan.x[i] + left * v[i]));
        let seen = fan.parts.iter().take(CELLS);
        for part in seen.rev().filter(|part| part.weight >= LEAST_ARROW) {
            let width = size * (1.2 + 7.0 * part.weight as f32);
            let color = theme::category(p, part.cell);
            arrow(&painter, at, lead(part.velocity), width, color);
        }
        let tip = lead(fan.exact.velocity);
        arrow(&painter, at, tip, 6.5 * size, p.stage);
        arrow(&painter, at, tip, 4.0 * size, p.ink);
        painter.circle(at, 6.5 * size, p.ink, Stroke::new(2.0, p.stage));
        self.name_velocity(&painter, [at, tip], size, p);
        stage.paint_frame(ui.painter(), p);
        let heading = Heading {
            color: p.ink,
            title: "Fan at x",
            detail: "arrows: velocity × time left",
            figure: &format!("x = {}", pair(fan.x)),
            short: &pair(fan.x),
            hint: "Each arrow is the mean velocity towards one cell, as thick as the cell is \
                   likely given x. The black one is their weighted mean. Click or drag to move x; \
                   with the picture focused, the arrow keys move it too.",
        };
        heading.show(ui, &stage);
        self.drag_ui(ui, lab, &stage);
    }

    /// Writes v* beside its arrow.
    fn name_velocity(&self, painter: &Painter, [at, tip]: [Pos2; 2], size: f32, p: &Palette) {
        let name = typeset(painter, "v^*", 22.0 * size.max(0.8));
        let along = (tip - at).normalized();
        let along = if along.is_finite() {
            along
        } else {
            vec2(1.0, 0.0)
        };
        let middle = at + 0.5 * (tip - at) + 20.0 * size * along.rot90();
        let origin = pos2(
            middle.x - 0.5 * name.width,
            middle.y + 0.5 * (name.ascent - name.descent),
        );
        for step in 0..8 {
            let around = egui::Vec2::angled(std::f32::consts::TAU * step as f32 / 8.0);
            name.paint(painter, origin + 2.0 * around, p.stage);
        }
        name.paint(painter, origin, p.ink);
    }

    /// The share of each cell, in the corner that is farthest from x.
    fn percentages(&self, painter: &Painter, stage: &Stage, p: &Palette) {
        let (Some(fan), Some(known)) = (&self.fan, &self.known) else {
            return;
        };
        let Some(boxes) = known.target.boxes() else {
            return;
        };
        for part in fan.parts.iter().filter(|part| part.weight >= 0.005) {
            let b = &boxes.boxes[part.cell];
            let area = Rect::from_two_pos(on_stage(stage, b.lo), on_stage(stage, b.hi));
            if area.width() < 34.0 {
                continue;
            }
            let font = FontId::new((0.2 * area.width()).clamp(12.5, 17.0), theme::semibold());
            let text = format!("{:.0}\u{2009}%", 100.0 * part.weight);
            let text = painter.layout_no_wrap(text, font, p.ink);
            let away = area.center() - on_stage(stage, fan.x);
            let inner = area.shrink2(vec2(5.0, 3.0) + 0.5 * text.size());
            let x = if away.x > 0.0 {
                inner.right()
            } else {
                inner.left()
            };
            let y = if away.y > 0.0 {
                inner.bottom()
            } else {
                inner.top()
            };
            let at = pos2(x, y) - 0.5 * text.size();
            let back = Rect::from_min_size(at, text.size()).expand2(vec2(3.0, 0.0));
            painter.rect_filled(back, 3.0, theme::faint(p.stage, 0.75));
            painter.galley(at, text, p.ink);
        }
    }

    /// The point follows the pointer, and the arrow keys while the picture has the focus.
    fn drag_ui(&mut self, ui: &mut Ui, lab: &mut Lab, stage: &Stage) {
        let t = lab.clock.t().min(super::LAST_TIME);
        let id = ui.scope_id().with("conditional point");
        let name = "The point x on the stage";
        if let Some(x) = point_input(ui, stage, id, name, self.point(t), false) {
            self.put(t, x);
        }
    }

    /// Conditional lines, or the marginal flow from the same noise.
    pub(super) fn paths_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect, flow: bool) {
        let Some(known) = &self.known else { return };
        let Some(stage) = places::stage(place, known.route.dataset.extent()) else {
            return;
        };
        let p = theme::palette(ui);
        let painter = ui
            .painter()
            .with_clip_rect(stage.rect.intersect(ui.clip_rect()));
        stage.paint_axes(ui.painter(), p, lab.settings.grid);
        let boxes = known.target.boxes();
        if let Some(boxes) = boxes {
            stage.paint_ghost(&painter, boxes, theme::faint(p.ghost, 0.5));
        }
        let crossing = self.crossings.as_ref().and_then(|work| work.value());
        let drawn = crossing.as_ref().and_then(|crossing| {
            let drawn = if flow {
                crossing.flow.as_ref()
            } else {
                Some(&crossing.lines)
            };
            drawn.map(|drawn| (drawn, crossing.meetings[usize::from(flow)]))
        });
        let (mut figure, mut short) = (String::new(), String::new());
        if let Some((drawn, meetings)) = drawn {
            let ends = drawn.frame(drawn.times.len() - 1);
            let lecture = if lab.settings.lecture { 1.25 } else { 1.0 };
            let crowd = (48.0 / drawn.n as f32).powf(0.3).clamp(0.7, 1.3);
            let width = 1.5 * crowd * lecture;
            let t = lab.clock.t() as f32;
            paths(&painter, &stage, drawn, t, [width, 2.2 * width], |i| {
                let end = [ends[2 * i], ends[2 * i + 1]].map(f64::from);
                let cell = boxes.and_then(|boxes| boxes.cell_of(end));
                let other = boxes.map_or(p.source, |_| p.muted);
                cell.map_or(other, |cell| theme::category(p, cell))
            });
            figure = format!("{meetings} cross");
            short = meetings.to_string();
        } else if flow && !self.is_waiting() {
            let text = "Train a network to see its flow: there is no exact one for this target.";
            places::notice(ui, stage.rect, text);
        }
        stage.paint_frame(ui.painter(), p);
        let exact = known.field.is_some();
        let heading = match (flow, exact) {
            (false, _) => ("Lines", "one conditional path for each pair", p.source),
            (true, true) => ("Flow", "along v* from the same noise", p.exact),
            (true, false) => ("Flow", "the network’s, from the same noise", p.model),
        };
        Heading {
            color: heading.2,
            title: heading.0,
            detail: heading.1,
            figure: &figure,
            short: &short,
            hint: "How many of the drawn paths cross another, counted pair by pair. Two particles \
                   of the flow are never in one place at one time: where their tracks meet, they \
                   pass at different times. Colour: the cell a path ends in.",
        }
        .show(ui, &stage);
    }

    fn is_waiting(&self) -> bool {
        self.crossings.as_ref().is_none_or(|work| work.is_busy())
    }

    /// Posterior and figures; `small` leaves out what a narrow column has no room for.
    pub(super) fn numbers_ui(&self, ui: &mut Ui, small: bool) {
        let Some(fan) = &self.fan else {
            return;
        };
        let p = theme::palette(ui);
        let cells = self.known.as_ref().and_then(|known| known.target.boxes());
        let cells = cells.map_or(0, |boxes| boxes.boxes.len());
        let mut shown: Vec<_> = fan.parts.iter().take(CELLS).collect();
        shown.sort_by_key(|part| part.cell);
        let mut list: Vec<Bar> = Vec::new();
        if cells <= CELLS {
            // Every cell keeps its place, with nothing in it if need be.
            list.extend((0..cells).map(|cell| {
                let share = shown.iter().find(|part| part.cell == cell);
                Bar {
                    color: theme::category(p, cell),
                    share: share.map_or(0.0, |part| part.weight),
                }
            }));
        } else {
            list.extend(shown.iter().map(|part| Bar {
                color: theme::category(p, part.cell),
                share: part.weight,
            }));
        }
        if small && ui.available_height() < 140.0 {
            return;
        }
        ui.label(RichText::new("Posterior of the cells, %").family(theme::semibold()));
        let hint = "How likely each cell is as the end of a line through x at time t. The dashed \
                    line is what it was before x was known.";
        let height = if small { 72.0 } else { 110.0 };
        let level = (cells <= CELLS).then(|| 1.0 / cells.max(1) as f64);
        bars(ui, "Posterior of the cells", hint, &list, level, height);
        ui.add_space(4.0);
        // Below the figures stands the button that leaves the lecture mode.
        if small && ui.available_height() < 140.0 {
            return;
        }
        let mut figures = vec![
            Figure {
                formula: "v^*",
                value: pair(fan.exact.velocity),
                hint: "The marginal velocity at x and t: the weighted mean of the fan.",
            },
            Figure {
                formula: r#""E"[x_1|x]"#,
                value: pair(fan.exact.mean_x1),
                hint: "Where x is going on average.",
            },
        ];
        if small {
            figures.truncate(1);
        } else {
            figures.insert(
                1,
                Figure {
                    formula: "ū",
                    value: pair(fan.mean_of_draws()),
                    hint: "Mean velocity of the draws on the stage; more draws come nearer to v*.",
                },
            );
        }
        figures.push(Figure {
            formula: r#"{1|2}~"tr"~"Cov"[u|x]"#,
            value: signed(fan.local_floor, 3),
            hint: "Variance of the conditional velocity at x, mean over coordinates: no network \
                   can have a smaller loss here. Its mean over x and t is the loss floor.",
        });
        readout(ui, &figures);
    }

    pub(super) fn side_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 6.0;
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.numbers_ui(ui, false);
                ui.add_space(6.0);
                if let Some(fan) = &self.fan {
                    self.floor_plot_ui(ui, [fan.t, fan.local_floor]);
                }
                ui.add_space(6.0);
                if self.fan.is_some() {
                    run_controls::folded_ui(ui, &mut lab.training);
                } else {
                    run_controls::run_ui(ui, &mut lab.training);
                    run_controls::settings_ui(ui, &mut lab.training);
                }
                ui.add_space(6.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
            });
    }

    fn floor_plot_ui(&self, ui: &mut Ui, here: [f64; 2]) {
        let p = theme::palette(ui);
        let floors = self.floors.as_ref().and_then(|work| work.value());
        let curve = floors.as_deref().map_or(&[][..], |curve| curve);
        let here = [here];
        let series = [
            Series {
                name: "mean over x",
                color: p.exact,
                points: curve,
                error: &[],
                dashed: false,
            },
            Series {
                name: "at x",
                color: p.ink,
                points: &here,
                error: &[],
                dashed: false,
            },
        ];
        let plot = SmallPlot {
            title: "Variance of u: at x, and mean over x",
            hint: "The dot is the variance at x; the curve is its mean over all x at each t. The \
                   area under the curve is the loss floor.",
            axis: Axis::Time,
            cursor: Some(here[0][0]),
            series: &series,
        };
        ui.scope(|ui| plot.show(ui, 150.0));
    }
}

const NOTES: [Note; 2] = [
    Note {
        title: "The mean of the fan",
        formula: r#"v(x,t)="E"[x_1-x_0~|~x_t=x]"#,
        text: "Many straight lines pass through one point. The velocity there is their mean, each \
               weighted by how likely it is to be the one that passes.",
    },
    Note {
        title: "Why the loss has a floor",
        formula: r#""E"|x_1-x_0-v|^2="Var"+|v-v_θ|^2"#,
        text: "The lines through a point differ, and no network can follow them all: their \
               variance stays in the loss. Lines cross, trajectories of the mean do not.",
    },
];
