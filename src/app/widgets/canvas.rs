//! Where points of the plane are drawn: on the GPU where the window has one that can, else as
//! textures and lines of egui's own.

use std::collections::HashMap;

use egui::{Color32, Painter, Rect, Shape, Stroke, TextureHandle, TextureOptions, pos2, vec2};

use crate::render::{self, Arrows, Frames, ParticleStyle, QuiverStyle, TrailStyle, View2d};

/// Which way particles are drawn, and the textures of the way without a GPU.
#[derive(Default)]
pub struct Easel {
    gpu: bool,
    splats: HashMap<Slot, (SplatKey, TextureHandle)>,
}

/// Names a layer of a panel, so that its texture is found again.
type Slot = (u8, u8);
/// What a texture shows: frames, time, size and colour.
type SplatKey = (u64, u32, [usize; 2], Color32);

impl Easel {
    /// `gpu` tells whether the renderer has the passes of [`render`].
    pub fn new(gpu: bool) -> Self {
        Self {
            gpu,
            splats: HashMap::new(),
        }
    }

    /// A canvas on a rectangle of the screen.
    pub fn canvas<'a>(&'a mut self, painter: &Painter, rect: Rect, view: View2d) -> Canvas<'a> {
        Canvas {
            easel: self,
            painter: painter.with_clip_rect(rect.intersect(painter.clip_rect())),
            rect,
            view,
        }
    }
}

/// A rectangle of the screen that shows a rectangle of the plane.
pub struct Canvas<'a> {
    easel: &'a mut Easel,
    /// Clipped to the rectangle.
    pub painter: Painter,
    /// Where on the screen.
    pub rect: Rect,
    /// Which part of the plane.
    pub view: View2d,
}

impl Canvas<'_> {
    /// The particles at `t`, with a radius in points.
    pub fn particles(&mut self, slot: Slot, frames: &Frames, t: f32, radius: f32, color: Color32) {
        let per_point = self.painter.pixels_per_point();
        if self.easel.gpu {
            let style = ParticleStyle::new(radius * per_point, color);
            self.painter
                .add(render::particles(self.rect, self.view, frames, t, style));
            return;
        }
        let size = (self.rect.size() * per_point).round();
        let size = [size.x, size.y].map(|side| side.clamp(1.0, 2048.0) as usize);
        let key = (frames.id, t.to_bits(), size, color);
        let known = self
            .easel
            .splats
            .get(&slot)
            .is_some_and(|(known, _)| *known == key);
        if !known {
            let image = render::cpu_splat(frames, t, self.view, size, color);
            let name = format!("particles {slot:?}");
            let texture = self
                .painter
                .ctx()
                .load_texture(name, image, TextureOptions::NEAREST);
            self.easel.splats.insert(slot, (key, texture));
        }
        if let Some((_, texture)) = self.easel.splats.get(&slot) {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            self.painter
                .image(texture.id(), self.rect, whole, Color32::WHITE);
        }
    }

    /// The first `count` particles as larger discs: the heads of their trails.
    pub fn heads(&mut self, frames: &Frames, t: f32, count: usize, radius: f32, color: Color32) {
        let per_point = self.painter.pixels_per_point();
        if self.easel.gpu {
            let style = ParticleStyle {
                count,
                ..ParticleStyle::new(radius * per_point, color)
            };
            self.painter
                .add(render::particles(self.rect, self.view, frames, t, style));
            return;
        }
        let place = frames.locate(t);
        for particle in 0..count.min(frames.n) {
            let at = self.position(frames, place.a, place.b, place.weight, particle);
            if let Some(at) = at {
                self.painter.circle_filled(at, radius, color);
            }
        }
    }

    /// Where a particle is on the screen between two frames; none when it is not finite.
    pub fn position(
        &self,
        frames: &Frames,
        a: usize,
        b: usize,
        w: f32,
        particle: usize,
    ) -> Option<egui::Pos2> {
        let of = |frame: usize| {
            let i = 2 * (frame * frames.n + particle);
            [frames.points[i], frames.points[i + 1]]
        };
        let (a, b) = (of(a), of(b));
        let at = [0, 1].map(|i| {
            if w > 0.0 {
                a[i] + w * (b[i] - a[i])
            } else {
                a[i]
            }
        });
        at.iter()
            .all(|v| v.is_finite())
            .then(|| self.view.to_screen(self.rect, at))
    }

    /// The paths of the first `count` particles, with a width in points.
    pub fn trails(&mut self, frames: &Frames, t: f32, count: usize, width: f32, color: Color32) {
        let per_point = self.painter.pixels_per_point();
        if self.easel.gpu {
            let style = TrailStyle {
                width_px: width * per_point,
                color,
                ahead: 0.0,
                count,
            };
            self.painter
                .add(render::trails(self.rect, self.view, frames, t, style));
            return;
        }
        let place = frames.locate(t);
        for particle in 0..count.min(frames.n) {
            let stored = (0..=place.a).map(|frame| (frame, frame, 0.0));
            let path = stored.chain([(place.a, place.b, place.weight)]);
            let path: Vec<_> = path
                .filter_map(|(a, b, w)| self.position(frames, a, b, w, particle))
                .collect();
            self.painter
                .add(Shape::line(path, Stroke::new(width, color)));
        }
    }

    /// Velocities on a grid; the longest arrow is `longest` points.
    pub fn arrows(
        &mut self,
        arrows: &Arrows,
        per_speed: f32,
        longest: f32,
        width: f32,
        color: Color32,
    ) {
        let per_point = self.painter.pixels_per_point();
        if self.easel.gpu {
            let style = QuiverStyle {
                color,
                width_px: width * per_point,
                px_per_speed: per_speed * per_point,
                max_px: longest * per_point,
                pivot: 0.5,
            };
            self.painter
                .add(render::quiver(self.rect, self.view, arrows, style));
            return;
        }
        for arrow in arrows.data.chunks_exact(4) {
            let mut along = vec2(arrow[2], -arrow[3]) * per_speed;
            if !along.x.is_finite() || !along.y.is_finite() {
                continue;
            }
            along *= (longest / along.length().max(1e-6)).min(1.0);
            let middle = self.view.to_screen(self.rect, [arrow[0], arrow[1]]);
            self.painter
                .arrow(middle - along / 2.0, along, Stroke::new(width, color));
        }
    }
}
