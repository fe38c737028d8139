//! What [`super::flow_layers`] draws on the stage, as a figure for files.

use super::flow_layers::Target;
use crate::app::sampler::Sampled;
use crate::figure::scene::{Entry, Key};
use crate::figure::{Form, Panel, Scene, Text, Tone};
use crate::render::Frames;

/// Paths that are drawn, as on the stage.
const TRAILS: usize = 240;

/// One panel of a flow.
pub struct FlowFigure<'a> {
    /// Time of the flow.
    pub t: f32,
    /// Half the side of the panel.
    pub extent: f64,
    /// The ghost.
    pub target: Option<&'a Target>,
    /// Particles of the network.
    pub model: Option<&'a Sampled>,
    /// Particles of the exact field.
    pub exact: Option<&'a Sampled>,
    /// Where they started.
    pub source: bool,
    /// How they moved.
    pub paths: bool,
}

impl FlowFigure<'_> {
    /// Whether it shows nothing.
    pub fn is_empty(&self) -> bool {
        self.target.is_none() && self.model.is_none() && self.exact.is_none()
    }

    fn panel(&self) -> Panel {
        let mut panel = Panel::square(self.extent);
        if let Some(target) = self.target {
            panel = panel.with("target", Tone::Ghost, 1.0, target.form());
        }
        let any = self.model.or(self.exact);
        if let Some(picture) = any.filter(|_| self.source) {
            let (form, alpha) = cloud(&picture.frames, 0.0);
            panel = panel.with("source", Tone::Source, alpha, form);
        }
        let fields = [
            (self.exact, Tone::Exact, "exact"),
            (self.model, Tone::Model, "network"),
        ];
        for (picture, tone, name) in fields {
            if let Some(picture) = picture {
                let (form, alpha) = cloud(&picture.frames, self.t);
                let quiet = if self.paths { 0.4 } else { 1.0 };
                panel = panel.with(name, tone, alpha * quiet, form);
            }
        }
        for (picture, tone, name) in fields {
            if let Some(picture) = picture.filter(|_| self.paths) {
                let lines = Form::Lines {
                    lines: trails(&picture.frames, self.t),
                    width: 0.5,
                    dashed: false,
                };
                panel = panel.with(format!("{name} paths"), tone, 0.8, lines);
            }
        }
        panel
    }
}

/// Panels side by side under their common time.
pub fn scene(panels: &[FlowFigure<'_>], t: f32) -> Scene {
    let shown = |find: fn(&FlowFigure<'_>) -> bool| panels.iter().any(find);
    let entries = [
        (
            shown(|p| p.model.is_some()),
            "network",
            Tone::Model,
            Key::Dot,
        ),
        (
            shown(|p| p.exact.is_some()),
            "exact field",
            Tone::Exact,
            Key::Dot,
        ),
        (shown(|p| p.source), "source", Tone::Source, Key::Dot),
        (
            shown(|p| p.target.is_some()),
            "target",
            Tone::Ghost,
            Key::Area,
        ),
    ];
    let legend = entries.into_iter().filter(|entry| entry.0);
    Scene {
        title: Some(Text::maths(&format!("t = {t:.2}"))),
        legend: legend
            .map(|(_, label, tone, key)| Entry {
                label: Text::from(label),
                tone,
                key,
            })
            .collect(),
        ..Scene::row(panels.iter().map(FlowFigure::panel).collect())
    }
}

/// The particles at a time, small enough that their density shows.
fn cloud(frames: &Frames, t: f32) -> (Form, f32) {
    let n = frames.n.max(1) as f32;
    let radius = (60.0 / n.sqrt()).clamp(0.35, 1.5);
    let at = (0..frames.n).map(|i| position(frames, t, i)).collect();
    (
        Form::Points { at, radius },
        (50.0 / n.sqrt()).clamp(0.4, 0.8),
    )
}

/// Where a particle is at a time.
fn position(frames: &Frames, t: f32, i: usize) -> [f32; 2] {
    let place = frames.locate(t);
    let at = |frame: usize, k: usize| {
        let index = 2 * (frame * frames.n + i) + k;
        frames.points.get(index).copied().unwrap_or(f32::NAN)
    };
    [0, 1].map(|k| match place.weight {
        0.0 => at(place.a, k),
        w => (1.0 - w) * at(place.a, k) + w * at(place.b, k),
    })
}

/// The ways of the first particles up to a time.
fn trails(frames: &Frames, t: f32) -> Vec<Vec<[f32; 2]>> {
    let trail = |i: usize| {
        let before = frames.times.iter().filter(|time| **time < t);
        let mut way: Vec<_> = before.map(|time| position(frames, *time, i)).collect();
        way.push(position(frames, t, i));
        way
    };
    (0..frames.n.min(TRAILS)).map(trail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_stand_between_their_frames_and_trails_end_at_them() {
        let points = [0.0, 0.0, 1.0, 2.0];
        let frames = Frames::new([0.0, 1.0].into(), points.into(), 1);
        assert_eq!(position(&frames, 0.25, 0), [0.25, 0.5]);
        assert_eq!(trails(&frames, 0.25), [[[0.0, 0.0], [0.25, 0.5]]]);
        assert_eq!(position(&frames, 1.0, 0), [1.0, 2.0]);
        let (Form::Points { at, .. }, _) = cloud(&frames, 0.5) else {
            panic!("a cloud is made of points");
        };
        assert_eq!(at, [[0.5, 1.0]]);
    }
}
