//! The paths of some particles through all stored frames.

use egui::{Color32, Rect, Shape};

use super::frames::{Frames, View2d};
use super::gpu::Pass;
use super::layer::Layer;
use super::particles::check;
use super::uniforms::Uniforms;

/// How trails look.
#[derive(Clone, Copy, Debug)]
pub struct TrailStyle {
    /// Width in physical pixels; below 1 the line keeps one pixel and fades instead.
    pub width_px: f32,
    pub color: Color32,
    /// Opacity of the part beyond t relative to the part up to t; 0 hides it.
    pub ahead: f32,
    /// Only the first `count` particles leave trails.
    pub count: usize,
}

/// The trails of the first `style.count` particles, solid up to `t` and fainter beyond.
pub fn trails(rect: Rect, view: View2d, frames: &Frames, t: f32, style: TrailStyle) -> Shape {
    if !check(frames) {
        return Shape::Noop;
    }
    let now = frames.locate(t).position();
    let ahead = style.ahead.clamp(0.0, 1.0);
    let stored = frames.times.len() - 1;
    let segments = if ahead > 0.0 {
        stored
    } else {
        stored.min(now.ceil() as usize)
    };
    if segments == 0 {
        return Shape::Noop;
    }
    let count = (frames.n.min(style.count)).min(u32::MAX as usize / (6 * segments));
    let width = style.width_px.max(1.0);
    Layer {
        pass: Pass::Trails,
        rect,
        view,
        content: frames.content(),
        labels: None,
        color: style.color,
        opacity: style.width_px.max(0.0) / width,
        palette: Vec::new(),
        uniforms: Uniforms {
            size: 0.5 * width,
            count: count as u32,
            stride: segments as u32,
            n: frames.n as u32,
            frames: frames.times.len() as u32,
            shape: [now, ahead, 0.0, 0.0],
            ..Uniforms::default()
        },
        vertices: (6 * segments * count) as u32,
    }
    .into_shape()
}
