//! Two fields that differ at every time and carry each particle to the same place.

use egui::{Align2, FontId, Painter, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::side::title;
use super::{NAMES, Paths};
use crate::app::exact::Route;
use crate::app::lesson::Lab;
use crate::app::sampling_grid::Moved;
use crate::app::theme::{self, Palette};
use crate::app::time_label;
use crate::app::widgets::panels::{self, Crowd, Margins, PanelGrid};
use crate::app::widgets::stage::Stage;
use crate::app::widgets::{notes, quiver};
use crate::flow::{ExactField, metric};

/// Ways in the panel that shows both.
const FEW: usize = 28;
/// Ways in the panels of one path.
const TRAILS: usize = 80;
/// Particles whose velocities are compared.
const COMPARED: usize = 500;
/// The exact field is singular at t = 1.
const LAST_TIME: f64 = 1.0 - 1e-3;

/// Figures of the pair on show, kept until it changes.
#[derive(Default)]
pub(super) struct Figures {
    arrows: [quiver::Cache; 2],
    energy: [Option<(u64, f64)>; 2],
    fields: Option<([Route; 2], [ExactField; 2])>,
}

impl Figures {
    /// ∫E|dx_t/dt|² dt of one side.
    fn energy(&mut self, side: usize, moved: &Moved) -> f64 {
        let id = moved.frames.id;
        if let Some((known, energy)) = self.energy[side]
            && known == id
        {
            return energy;
        }
        let times: Vec<f64> = moved.frames.times.iter().map(|t| f64::from(*t)).collect();
        let energy = metric::path_energy(&times, &moved.frames.points);
        self.energy[side] = Some((id, energy));
        energy
    }

    /// Mean distance of the two fields at particles of the first, at `t`.
    fn velocities_apart(&mut self, routes: [&Route; 2], moved: &Moved, t: f64) -> Option<f64> {
        let fits = |known: &([Route; 2], [ExactField; 2])| known.0.each_ref() == routes;
        if !self.fields.as_ref().is_some_and(fits) {
            let [a, b] = routes.map(Route::exact);
            self.fields = Some((routes.map(Route::clone), [a?, b?]));
        }
        let (_, fields) = self.fields.as_ref()?;
        let frame = moved.frames.locate(t as f32).a;
        let points = &moved.frames.points[2 * moved.frames.n * frame..];
        let points = &points[..2 * moved.frames.n.min(COMPARED)];
        let [a, b] = [0, 1].map(|side| {
            let mut v = vec![0.0; points.len()];
            let time = f64::from(moved.frames.times[frame]).min(LAST_TIME);
            fields[side].at_time::<f32>(time).velocities(points, &mut v);
            v
        });
        Some(mean_distance(&a, &b))
    }
}

/// Mean of |a_i − b_i| over points `[n, 2]`.
pub(super) fn mean_distance(a: &[f32], b: &[f32]) -> f64 {
    let pairs = a.chunks_exact(2).zip(b.chunks_exact(2));
    let n = pairs.len().max(1) as f64;
    let sum: f64 = pairs
        .map(|(a, b)| f64::from((a[0] - b[0]).hypot(a[1] - b[1])))
        .sum();
    sum / n
}

impl Paths {
    pub(super) fn ends_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect) {
        let p = theme::palette(ui);
        let margins = Margins {
            left: 0.0,
            top: 24.0,
            below: 96.0,
            beside: 0.0,
            least: 24.0,
        };
        let place = place.shrink2(vec2(6.0, 0.0));
        let (Some(grid), [Some(a), Some(b)]) = (
            PanelGrid::fit(place, [1, 3], margins),
            self.pair.map(|place| self.moved(place)),
        ) else {
            return notes::sentence(ui, place, "Following both fields…");
        };
        let dataset = lab.training.dataset();
        let colors = self.pair.map(|place| theme::series(p, place));
        let (painter, t, extent) = (ui.painter().clone(), lab.clock.t() as f32, dataset.extent());
        let mut pointed = None;
        for (side, moved) in [&a, &b].into_iter().enumerate() {
            let stage = Stage::bare(grid.rect(0, side), extent);
            let crowd = Crowd {
                index: side as u8,
                frames: &moved.frames,
                t,
                color: colors[side],
                trails: if self.trails { TRAILS } else { 0 },
            };
            let target = self.targets.of(&dataset);
            panels::paint_panel(lab, &painter, p, &stage, target, Some(&crowd));
            let name = format!("{}: its field at t", NAMES[self.pair[side]]);
            title(&painter, stage.rect, &name, colors[side], p);
            let mut canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
            let arrows = self.ends.arrows[side].exact(&moved.route, t, extent);
            if let Some(arrows) = arrows {
                let each = stage.rect.width() / quiver::SIDE as f32;
                canvas.arrows(
                    &arrows,
                    0.4 * each,
                    1.3 * each,
                    1.2,
                    theme::faint(p.ink, 0.8),
                );
            }
            let id = ui.scope_id().with(("end", side));
            let response = ui.interact(stage.rect, id, Sense::hover());
            if let Some(pointer) = response.hover_pos() {
                pointed = panels::nearest(&stage, &moved.frames, t, pointer);
            }
            if let Some(chosen) = self.chosen {
                panels::paint_chosen(&canvas, &moved.frames, t, chosen, p);
            }
            let energy = self.ends.energy(side, moved);
            let lines = [("Energy, ∫ E|v|² dt", format!("{energy:.2}"))];
            figures(&painter, stage.rect, &lines, p);
        }
        let stage = Stage::bare(grid.rect(0, 2), extent);
        panels::paint_panel(lab, &painter, p, &stage, self.targets.of(&dataset), None);
        title(&painter, stage.rect, "Both: same start, same end", p.ink, p);
        let mut canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
        for (moved, color) in [(&a, colors[0]), (&b, colors[1])] {
            canvas.trails(&moved.frames, t, FEW, 1.8, color);
        }
        canvas.heads(&a.frames, 0.0, FEW, 2.6, p.source);
        canvas.heads(&a.frames, t, FEW, 3.4, colors[0]);
        let end = b.frames.locate(t);
        for particle in 0..FEW.min(b.frames.n) {
            if let Some(at) = canvas.position(&b.frames, end.a, end.b, end.weight, particle) {
                let ring = Stroke::new(1.8, colors[1]);
                canvas.painter.circle_stroke(at, 5.2, ring);
            }
        }
        if let Some(chosen) = self.chosen {
            panels::paint_chosen(&canvas, &a.frames, t, chosen, p);
            panels::paint_chosen(&canvas, &b.frames, t, chosen, p);
        }
        self.chosen = pointed;
        let moment = |moved: &Moved, t: f32| {
            let frame = moved.frames.locate(t).a;
            let n = moved.frames.n;
            moved.frames.points[2 * n * frame..2 * n * (frame + 1)].to_vec()
        };
        let apart = |t: f32| {
            let (a, b) = (moment(&a, t), moment(&b, t));
            let n = a.len().min(b.len());
            format!("{:.3}", mean_distance(&a[..n], &b[..n]))
        };
        let speed = self
            .ends
            .velocities_apart([&a.route, &b.route], &a, f64::from(t));
        let ends = format!("Ends apart ({})", time_label::data());
        let lines = [
            (
                "Velocities apart at t",
                speed.map_or("–".to_owned(), |v| format!("{v:.3}")),
            ),
            ("Positions apart at t", apart(t)),
            (ends.as_str(), apart(1.0)),
        ];
        figures(&painter, stage.rect, &lines, p);
    }
}

/// Lines of a name and a number under a panel.
fn figures(painter: &Painter, panel: Rect, lines: &[(&str, String)], p: &Palette) {
    let font = FontId::proportional(14.0);
    for (index, (name, value)) in lines.iter().enumerate() {
        let y = panel.bottom() + 20.0 + 24.0 * index as f32;
        let left = pos2(panel.left() + 2.0, y);
        painter.text(left, Align2::LEFT_CENTER, *name, font.clone(), p.muted);
        let bold = FontId::new(14.5, theme::semibold());
        let right = pos2(panel.right() - 2.0, y);
        painter.text(right, Align2::RIGHT_CENTER, value, bold, p.ink);
    }
}
