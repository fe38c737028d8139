//! The stage as a figure.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{Checkerboard, Panel as Place};
use crate::app::exact::Route;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sampler::Sampled;
use crate::app::sketch::{self, Who};
use crate::app::training::Staged;
use crate::app::widgets::number;
use crate::app::widgets::quiver::{self, LAST_TIME, SIDE};
use crate::figure::scene::Key;
use crate::figure::{Form, Panel, Scene, Tone};
use crate::flow::VelocityField;
use crate::kernel::Mlp;

/// Ways that are drawn, as on the stage.
const WAYS: usize = 240;

/// One panel, with all that its scene needs.
struct Part {
    extent: f64,
    target: Option<Form>,
    model: Option<Arc<Sampled>>,
    exact: Option<Arc<Sampled>>,
    source: bool,
    paths: bool,
    /// Arrows of the network, and of the exact field.
    arrows: Option<Staged>,
    exact_arrows: Option<Route>,
    title: &'static str,
}

pub fn figure(lesson: &Checkerboard, lab: &Lab, t: f32) -> Option<Figure> {
    let (training, layers) = (&lab.training, lesson.layers);
    let staged = training.staged();
    let shown = |picture: &Option<Arc<Sampled>>, on: bool| picture.clone().filter(|_| on);
    let target = lesson.target.as_ref().filter(|_| layers.target);
    let part = |place: Place| Part {
        extent: training.dataset().extent(),
        target: target.map(|target| target.form()),
        model: shown(&lesson.pictures.model, layers.model && place.has_model()),
        exact: shown(&lesson.pictures.exact, layers.exact && place.has_exact()),
        source: layers.source,
        paths: layers.paths,
        arrows: staged
            .filter(|_| layers.arrows && place.has_model())
            .cloned(),
        exact_arrows: (layers.arrows && place.has_exact()).then(|| training.route()),
        title: match place {
            Place::Model => "Network",
            Place::Exact => "Exact field",
            Place::Both => "",
        },
    };
    let parts: Vec<Part> = lesson.panels().into_iter().map(part).collect();
    let empty = |part: &Part| part.model.is_none() && part.exact.is_none();
    if parts
        .iter()
        .all(|part| empty(part) && part.target.is_none())
    {
        return None;
    }
    let wide = if parts.len() > 1 { 17.5 } else { 8.5 };
    let model = parts.iter().find_map(|part| part.model.clone());
    let by = staged.filter(|_| layers.model);
    Some(
        Figure::new(lesson.sampling.noise, t, move |t, cancel| {
            scene(&parts, t, cancel)
        })
        .by(by)
        .by_sampled(model.as_ref(), by)
        .wide(wide),
    )
}

fn scene(parts: &[Part], t: f32, cancel: &AtomicBool) -> Option<Scene> {
    let panels: Option<Vec<Panel>> = parts.iter().map(|part| part.panel(t, cancel)).collect();
    let any = |find: fn(&Part) -> bool| parts.iter().any(find);
    let mut scene = Scene::row(panels?).titled(sketch::time(t));
    for (there, label, tone, key) in [
        (any(|p| p.model.is_some()), "network", Tone::Model, Key::Dot),
        (
            any(|p| p.exact.is_some()),
            "exact field",
            Tone::Exact,
            Key::Dot,
        ),
        (any(|p| p.source), "source", Tone::Source, Key::Dot),
        (
            any(|p| p.target.is_some()),
            "target",
            Tone::Ghost,
            Key::Area,
        ),
    ] {
        if there {
            scene = scene.entry(label, tone, key);
        }
    }
    Some(scene)
}

impl Part {
    fn panel(&self, t: f32, cancel: &AtomicBool) -> Option<Panel> {
        let cm = 8.0;
        let mut panel = sketch::over_target(self.target.clone(), self.extent).titled(self.title);
        let fields = [
            (&self.exact, Tone::Exact, "exact"),
            (&self.model, Tone::Model, "network"),
        ];
        if let Some(any) = self
            .model
            .as_ref()
            .or(self.exact.as_ref())
            .filter(|_| self.source)
        {
            let who = Who {
                name: "source",
                tone: Tone::Source,
                frames: any.in_memory(cancel)?,
            };
            panel = who.add(panel, 0.0, cm, 0);
        }
        let ways = if self.paths { WAYS } else { 0 };
        for (sampled, tone, name) in fields {
            if let Some(sampled) = sampled {
                let frames = sampled.in_memory(cancel)?;
                panel = Who { name, tone, frames }.add(panel, t, cm, ways);
            }
        }
        if let (Some(sampled), false) = (
            self.model.as_ref().or(self.exact.as_ref()),
            self.title.is_empty(),
        ) {
            let off = sampled.off_support.map(number::percent);
            let off = off.map_or(String::new(), |off| format!("{off} off support · "));
            panel = panel.noted(format!("{off}NFE {}", sampled.nfe));
        }
        if let Some(staged) = &self.arrows {
            panel = self.with_arrows(
                panel,
                "network field",
                &Mlp::try_new(&staged.weights).ok()?,
                t,
            );
        }
        if let Some(field) = self.exact_arrows.as_ref().and_then(Route::exact) {
            panel = self.with_arrows(panel, "exact velocities", &field, t.min(LAST_TIME));
        }
        Some(panel)
    }

    fn with_arrows(
        &self,
        panel: Panel,
        name: &str,
        field: &dyn VelocityField<f32>,
        t: f32,
    ) -> Panel {
        let cell = 2.0 * self.extent as f32 / SIDE as f32;
        let grid = quiver::on_grid(field, t, self.extent);
        let form = sketch::arrows(&grid, 0.42 * cell, 1.4 * cell, 0.6);
        panel.with(name, Tone::Ink, 0.75, form)
    }
}
