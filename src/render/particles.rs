//! Particles as discs, interpolated between the stored frames on the GPU.

use std::sync::{Arc, Once};

use egui::{Color32, Rect, Shape};

use super::frames::{Frames, View2d, fresh_id};
use super::gpu::Pass;
use super::layer::Layer;
use super::store::Content;
use super::uniforms::{MAX_PALETTE, Uniforms};

/// How particles look.
#[derive(Clone, Debug)]
pub struct ParticleStyle {
    /// Radius in physical pixels; below 0.5 the disc keeps half a pixel and fades instead.
    pub radius_px: f32,
    pub color: Color32,
    /// Only the first `count` particles are drawn.
    pub count: usize,
    /// Colours particle by particle instead of `color`.
    pub labels: Option<Labels>,
}

impl ParticleStyle {
    /// All particles in one colour.
    pub fn new(radius_px: f32, color: Color32) -> Self {
        Self {
            radius_px,
            color,
            count: usize::MAX,
            labels: None,
        }
    }
}

/// A palette and each particle's place in it, uploaded once per `id`.
#[derive(Clone, Debug)]
pub struct Labels {
    /// Palette index of each particle, `[n]`; taken modulo the palette's length.
    pub index: Arc<[u32]>,
    /// At most 16 colours.
    pub palette: Arc<[Color32]>,
    /// Names the content of `index`.
    pub id: u64,
}

impl Labels {
    /// Wraps indices `[n]` under a fresh id.
    pub fn new(index: Arc<[u32]>, palette: Arc<[Color32]>) -> Self {
        Self {
            index,
            palette,
            id: fresh_id(),
        }
    }
}

/// The particles at time `t`, to add to a painter of `rect`.
///
/// Particles that are not finite are left out; frames or labels of the wrong size draw nothing
/// and are logged once.
pub fn particles(rect: Rect, view: View2d, frames: &Frames, t: f32, style: ParticleStyle) -> Shape {
    if !check(frames) {
        return Shape::Noop;
    }
    let count = frames.n.min(style.count).min(u32::MAX as usize / 3);
    if let Some(labels) = &style.labels
        && (labels.index.len() < count || labels.palette.is_empty())
    {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let len = labels.index.len();
            log::warn!("particles are not drawn: {len} labels for {count} particles");
        });
        return Shape::Noop;
    }
    let place = frames.locate(t);
    let radius = style.radius_px.max(0.5);
    let thinning = (style.radius_px.max(0.0) / radius).powi(2);
    let (labels, palette) = match style.labels {
        Some(labels) => {
            let palette = labels.palette.iter().copied().take(MAX_PALETTE).collect();
            let content = Content::Labels {
                id: labels.id,
                data: labels.index,
            };
            (Some(content), palette)
        }
        None => (None, Vec::new()),
    };
    Layer {
        pass: Pass::Particles,
        rect,
        view,
        content: frames.content(),
        labels,
        color: style.color,
        opacity: thinning,
        palette,
        uniforms: Uniforms {
            weight: place.weight,
            size: radius,
            base: [place.a, place.b].map(|frame| (frame * frames.n) as u32),
            count: count as u32,
            n: frames.n as u32,
            frames: frames.times.len() as u32,
            ..Uniforms::default()
        },
        vertices: 3 * count as u32,
    }
    .into_shape()
}

/// Whether frames can be drawn; the first that cannot is logged.
pub(super) fn check(frames: &Frames) -> bool {
    let (k, n, floats) = (frames.times.len(), frames.n, frames.floats());
    if frames.is_valid() && floats / 2 <= u32::MAX as usize {
        return true;
    }
    // No frames yet is an ordinary state, not a mistake.
    if floats > 0 || n * k > 0 {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            log::warn!("frames are not drawn: {floats} numbers for {k} frames of {n} points");
        });
    }
    false
}

impl Frames {
    pub(super) fn content(&self) -> Content {
        match &self.buffer {
            Some(buffer) => Content::Buffer {
                id: self.id,
                buffer: buffer.clone(),
            },
            None => Content::Floats {
                id: self.id,
                data: self.points.clone(),
            },
        }
    }
}
