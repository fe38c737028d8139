//! Particles, trajectories and arrows of a flow on its stage, from the back to the front.

use std::sync::Arc;

use egui::Color32;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::canvas::Canvas;
use super::quiver;
use super::stage::Stage;
use crate::app::sampler::Sampled;
use crate::app::theme::{self, Palette};
use crate::data::toy::Dataset;
use crate::figure::Form;
use crate::flow::BoxUnion;
use crate::render::{Arrows, Frames};

/// Trajectories that are drawn: enough to see the flow, few enough to follow one.
const TRAILS: usize = 240;
/// More particles than this are shown as their density: single ones no longer tell anything.
const CROWD: usize = 100_000;
/// Density of the noise in its middle, 1/2π; a density as high gets the full colour.
const NOISE_TOP: f32 = 0.159;
/// Points of a target that is no union of boxes.
const TARGET_POINTS: usize = 4000;

/// The target behind the particles, kept until it changes.
pub struct Target {
    /// Which one.
    pub dataset: Dataset,
    shape: Shape,
}

/// The targets of several panels, kept while somebody wants them.
#[derive(Default)]
pub struct Targets(Vec<Target>);

impl Targets {
    /// Makes the wanted ones and drops the others.
    pub fn keep(&mut self, wanted: &[Dataset]) {
        self.0.retain(|target| wanted.contains(&target.dataset));
        for dataset in wanted {
            if self.of(dataset).is_none() {
                self.0.push(Target::new(dataset.clone()));
            }
        }
    }

    /// All of them, for a figure.
    pub fn forms(&self) -> Vec<(Dataset, Form)> {
        let all = self.0.iter();
        all.map(|target| (target.dataset.clone(), target.form()))
            .collect()
    }

    /// One of the wanted ones.
    pub fn of(&self, dataset: &Dataset) -> Option<&Target> {
        self.0.iter().find(|target| target.dataset == *dataset)
    }
}

enum Shape {
    Boxes(BoxUnion),
    Points(Frames),
}

impl Target {
    /// The support of a board, or points of any other target.
    pub fn new(dataset: Dataset) -> Self {
        let shape = dataset.boxes().map_or_else(
            || {
                let mut points = vec![0.0; 2 * TARGET_POINTS];
                dataset.sample_into(&mut ChaCha8Rng::seed_from_u64(0), &mut points);
                Shape::Points(Frames::still(points.into()))
            },
            Shape::Boxes,
        );
        Self { dataset, shape }
    }

    /// The same for a figure.
    pub fn form(&self) -> Form {
        match &self.shape {
            Shape::Boxes(boxes) => {
                Form::Boxes(boxes.boxes.iter().map(|cell| (cell.lo, cell.hi)).collect())
            }
            Shape::Points(points) => Form::dots(&points.points, 0.6),
        }
    }

    /// Paints the support, or points of a target without one.
    pub fn paint(
        &self,
        slot: (u8, u8),
        canvas: &mut Canvas<'_>,
        stage: &Stage,
        radius: f32,
        color: Color32,
    ) {
        match &self.shape {
            Shape::Boxes(boxes) => stage.paint_ghost(&canvas.painter, boxes, color),
            Shape::Points(points) => canvas.particles(slot, points, 0.0, radius, color),
        }
    }

    /// The boxes of a target that has an exact field.
    pub fn boxes(&self) -> Option<&BoxUnion> {
        match &self.shape {
            Shape::Boxes(boxes) => Some(boxes),
            Shape::Points(_) => None,
        }
    }
}

/// What one picture shows; what is none is not drawn.
pub struct FlowLayers<'a> {
    /// Tells the pictures of a window apart.
    pub index: u8,
    /// Time of the flow.
    pub t: f32,
    /// Thick enough for the last row.
    pub lecture: bool,
    /// The ghost.
    pub target: Option<&'a Target>,
    /// Particles of the network.
    pub model: Option<Arc<Sampled>>,
    /// Particles of the exact field.
    pub exact: Option<Arc<Sampled>>,
    /// Where they started.
    pub source: bool,
    /// How they moved.
    pub paths: bool,
}

impl FlowLayers<'_> {
    /// Paints all but the arrows.
    pub fn paint(&self, canvas: &mut Canvas<'_>, stage: &Stage, p: &Palette) {
        self.paint_in(canvas, stage, p, p.model);
    }

    /// Paints all but the arrows, the network's particles in a colour.
    pub fn paint_in(&self, canvas: &mut Canvas<'_>, stage: &Stage, p: &Palette, model: Color32) {
        let any = self.model.as_ref().or(self.exact.as_ref());
        let particles = any.map_or(1, |picture| picture.frames.n);
        let look = Look::of(stage, particles, self.lecture);
        if let Some(target) = self.target {
            target.paint((self.index, 0), canvas, stage, look.radius, p.ghost);
        }
        if let Some(picture) = any.filter(|_| self.source) {
            let color = theme::faint(p.source, 0.75 * look.opacity);
            canvas.particles((self.index, 1), &picture.frames, 0.0, look.radius, color);
        }
        let fields = [(&self.exact, p.exact, 2), (&self.model, model, 3)];
        for (picture, color, slot) in fields {
            if let Some(picture) = picture {
                // Behind paths the crowd steps back.
                let quiet = if self.paths { 0.4 } else { 1.0 };
                if picture.frames.n > CROWD {
                    let color = theme::faint(color, quiet);
                    let slot = (self.index, slot);
                    canvas.density(slot, &picture.frames, self.t, NOISE_TOP, color);
                    continue;
                }
                let color = theme::faint(color, look.opacity * quiet);
                canvas.particles(
                    (self.index, slot),
                    &picture.frames,
                    self.t,
                    look.radius,
                    color,
                );
            }
        }
        for (picture, color, _) in fields {
            if let Some(picture) = picture.as_ref().filter(|_| self.paths) {
                let line = theme::faint(color, 0.8);
                canvas.trails(&picture.frames, self.t, TRAILS, look.line, line);
                canvas.heads(&picture.frames, self.t, TRAILS, 1.8 * look.line, color);
            }
        }
    }

    /// Paints velocities.
    pub fn paint_arrows(
        &self,
        canvas: &mut Canvas<'_>,
        arrows: &Arrows,
        p: &Palette,
        color: Color32,
    ) {
        let cell = canvas.rect.width() / quiver::SIDE as f32;
        let width = if self.lecture { 1.8 } else { 1.5 };
        canvas.arrows(
            arrows,
            0.42 * cell,
            1.4 * cell,
            width,
            theme::arrow(p, color),
        );
    }
}

/// Sizes that follow the picture's size and the number of particles.
pub struct Look {
    /// Of a particle, in points.
    pub radius: f32,
    /// Of a particle's colour.
    pub opacity: f32,
    /// Width of a path, in points.
    pub line: f32,
}

impl Look {
    /// For a picture of this size with so many particles.
    pub fn of(stage: &Stage, particles: usize, lecture: bool) -> Self {
        let crowd = (10_000.0 / particles.max(1) as f32).powf(0.25);
        let size = (stage.rect.width() / 600.0).sqrt();
        let radius = (1.55 * crowd * size).clamp(0.6, 3.2);
        Self {
            // Lecture mode enlarges everything: this is a radius of three pixels there.
            radius: if lecture { radius.max(2.0) } else { radius },
            opacity: (0.8 * crowd).clamp(0.3, 0.9) * if lecture { 0.75 } else { 1.0 },
            line: if lecture { 1.8 } else { 1.4 },
        }
    }
}
