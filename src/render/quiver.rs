//! Arrows of a velocity field on a grid.

use std::sync::Once;

use egui::{Color32, Rect, Shape};

use super::frames::{Arrows, View2d};
use super::gpu::Pass;
use super::layer::Layer;
use super::store::Content;
use super::uniforms::Uniforms;

/// How arrows look.
#[derive(Clone, Copy, Debug)]
pub struct QuiverStyle {
    pub color: Color32,
    /// Width of the shaft in physical pixels.
    pub width_px: f32,
    /// Physical pixels per unit of speed.
    pub px_per_speed: f32,
    /// Longer arrows are cut to this many physical pixels.
    pub max_px: f32,
    /// The point of the arrow that sits on the position: 0 its tail, 0.5 its middle, 1 its tip.
    pub pivot: f32,
}

/// One arrow for each position and velocity; what is not finite or shorter than half a pixel is
/// left out.
pub fn quiver(rect: Rect, view: View2d, arrows: &Arrows, style: QuiverStyle) -> Shape {
    let count = (arrows.data.len() / 4).min(u32::MAX as usize / 6);
    if !arrows.data.len().is_multiple_of(4) {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let len = arrows.data.len();
            log::warn!("arrows are not drawn: {len} numbers are no list of (x, y, vx, vy)");
        });
        return Shape::Noop;
    }
    Layer {
        pass: Pass::Quiver,
        rect,
        view,
        content: Content::Floats {
            id: arrows.id,
            data: arrows.data.clone(),
        },
        labels: None,
        color: style.color,
        opacity: 1.0,
        palette: Vec::new(),
        uniforms: Uniforms {
            size: 0.5 * style.width_px.max(0.0),
            count: count as u32,
            shape: [style.px_per_speed, style.max_px, style.pivot, 0.0],
            ..Uniforms::default()
        },
        vertices: 6 * count as u32,
    }
    .into_shape()
}
