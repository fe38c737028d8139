//! The maps as a figure.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Likelihood;
use super::work::{FINE, Maps, Means, Subject, scales};
use crate::app::background;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::figure::{Form, Panel, Scene, Tone};
use crate::flow::BoxUnion;

/// What the stage shows of the maps.
struct View {
    shown: [bool; 3],
    boxes: Option<BoxUnion>,
    extent: f64,
    x: Option<[f64; 2]>,
    by: &'static str,
    means: Option<Arc<Means>>,
}

pub fn figure(lesson: &Likelihood, lab: &Lab, t: f32) -> Option<Figure> {
    let known = lesson.known.as_ref()?;
    let staged = lab.training.staged()?;
    let worker = lesson.maps.as_ref()?;
    // What is on the stage is taken from there; another time is computed.
    let now = (lab.clock.t() as f32 - t).abs() < 1e-6 && !worker.background.is_busy();
    let shown = worker.background.value().filter(|_| now);
    let subject = Subject {
        weights: Arc::clone(&staged.weights),
        route: known.route.clone(),
        source: Arc::clone(known.source.as_ref()?),
        field: known.field.clone(),
    };
    let divergence = lesson.divergence();
    let view = View {
        shown: lesson.shown,
        boxes: known.boxes.clone(),
        extent: known.route.dataset.extent(),
        x: lesson.x,
        by: if lesson.hutchinson {
            "Network, by Hutchinson’s estimate"
        } else {
            "Network"
        },
        means: (lesson.means.as_ref()).and_then(|means| means.background.value()),
    };
    let count = view.shown.iter().filter(|on| **on).count();
    if count == 0 {
        return None;
    }
    let shown_at = t;
    let draw = move |t: f32, cancel: &AtomicBool| match &shown {
        Some(maps) if t == shown_at => Some(view.scene(t, maps)),
        _ => {
            let pool = background::pool().ok()?;
            let maps = subject.at(f64::from(t), divergence, FINE, &pool, cancel)?;
            Some(view.scene(t, &maps))
        }
    };
    let wide = if count == 1 { 8.5 } else { 17.5 };
    Some(
        Figure::new(lesson.seed, t, draw)
            .by(Some(staged))
            .wide(wide),
    )
}

impl View {
    fn scene(&self, t: f32, maps: &Maps) -> Scene {
        let [density, difference] = scales(maps.top);
        let known = [
            (Some(&maps.model), self.by, density, "Density, per area"),
            (maps.truth.as_ref(), "Truth", density, "Density, per area"),
            (
                maps.difference.as_ref(),
                "Network less truth",
                difference,
                "Difference of densities",
            ),
        ];
        let mut panels = Vec::new();
        for (index, (map, name, scale, label)) in known.into_iter().enumerate() {
            let Some(map) = map.filter(|_| self.shown[index]) else {
                continue;
            };
            let panel = Panel::square(self.extent).titled(name);
            let panel = sketch::heat(panel, "density", map, scale, label);
            let note = match (index, &self.means) {
                (2, _) => format!("total variation {:.3}", maps.variation),
                (0, Some(means)) => {
                    let [mean, error] = means.exact;
                    format!(
                        "∫p = {:.3}, −E ln p₁ = {mean:.3} ± {error:.3}",
                        maps.mass[0]
                    )
                }
                (of, _) => format!("∫p = {:.3}", maps.mass[of]),
            };
            panels.push(self.marked(panel, index).noted(note));
        }
        Scene::row(panels).titled(sketch::time(t))
    }

    /// The cells' edges and the point.
    fn marked(&self, panel: Panel, index: usize) -> Panel {
        let mut panel = panel;
        if let Some(boxes) = self.boxes.as_ref().filter(|_| index != 1) {
            let outline = |b: &crate::flow::boxes::WeightedBox| {
                let [[x0, y0], [x1, y1]] = [b.lo, b.hi].map(|p| p.map(|v| v as f32));
                vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
            };
            let lines = boxes.boxes.iter().map(outline).collect();
            let tone = if index == 0 {
                Tone::Fixed([0xFF, 0xFF, 0xFE])
            } else {
                Tone::Ink
            };
            panel = panel.with("cells", tone, 0.35, Form::lines(lines, 0.5, false));
        }
        let Some(x) = self.x else { return panel };
        let ring = |width: f32| {
            let ring = sketch::ring(x, 0.03 * self.extent);
            Form::lines(vec![ring], width, false)
        };
        panel
            .with("x", Tone::Fixed([0x1B, 0x1D, 0x22]), 1.0, ring(1.8))
            .with("x", Tone::Fixed([0xFF, 0xFF, 0xFE]), 1.0, ring(0.8))
    }
}
