//! Where points of the plane are drawn: on the GPU where the window has one that can, else as
//! textures and lines of egui's own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use egui::{
    Color32, ColorImage, Painter, Rect, Shape, Stroke, TextureHandle, TextureOptions, pos2, vec2,
};

use crate::render::{
    self, Arrows, DensityStyle, Frames, ParticleStyle, QuiverStyle, Ramp, TrailStyle, View2d,
};

/// Standard deviation of a density's kernel, in points.
const KERNEL: f32 = 2.0;

/// Which way particles are drawn, and the textures of the way without a GPU.
#[derive(Default)]
pub struct Easel {
    gpu: bool,
    software: bool,
    splats: HashMap<Slot, (SplatKey, TextureHandle)>,
}

/// Names a layer of a panel, so that its texture is found again.
type Slot = (u8, u8);
/// What a texture shows: frames, time, size, colour, and whether it is a density.
type SplatKey = (u64, u32, [usize; 2], Color32, bool);

impl Easel {
    /// `gpu` tells whether the renderer has the passes of [`render`], `software` whether its
    /// adapter is a program on the processor.
    pub fn new(gpu: bool, software: bool) -> Self {
        Self {
            gpu,
            software,
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
        let (key, view) = (self.key(frames, t, color, false), self.view);
        self.texture(slot, key, TextureOptions::NEAREST, || {
            render::cpu_splat(frames, t, view, key.2, color)
        });
    }

    /// The density of a crowd at `t`: the more particles, the more of the colour, all of it at
    /// `top` particles' share per unit of area.
    pub fn density(&mut self, slot: Slot, frames: &Frames, t: f32, top: f32, color: Color32) {
        let style = DensityStyle {
            kernel_px: KERNEL * self.painter.pixels_per_point(),
            top,
            ramp: Ramp::Tint(color),
            count: usize::MAX,
        };
        if self.easel.gpu && !(self.easel.software && frames.in_memory()) {
            self.painter
                .add(render::density(self.rect, self.view, frames, t, style));
            return;
        }
        let (key, view) = (self.key(frames, t, color, true), self.view);
        self.texture(slot, key, TextureOptions::LINEAR, || {
            render::cpu_density(frames, t, view, key.2, &style)
        });
    }

    fn key(&self, frames: &Frames, t: f32, color: Color32, density: bool) -> SplatKey {
        let size = (self.rect.size() * self.painter.pixels_per_point()).round();
        let size = [size.x, size.y].map(|side| side.clamp(1.0, 2048.0) as usize);
        (frames.id, t.to_bits(), size, color, density)
    }

    /// Shows a picture that is made anew when its key changes.
    fn texture(
        &mut self,
        slot: Slot,
        key: SplatKey,
        options: TextureOptions,
        make: impl FnOnce() -> ColorImage,
    ) {
        let id = match self.easel.splats.entry(slot) {
            Entry::Occupied(mut known) => {
                let (shown, texture) = known.get_mut();
                if *shown != key {
                    texture.set(make(), options);
                    *shown = key;
                }
                texture.id()
            }
            Entry::Vacant(free) => {
                let name = format!("particles {slot:?}");
                let texture = self.painter.ctx().load_texture(name, make(), options);
                free.insert((key, texture)).1.id()
            }
        };
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        self.painter.image(id, self.rect, whole, Color32::WHITE);
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

    /// Where a particle is on the screen between two frames; none when it is not finite, or
    /// only the GPU knows.
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
            Some([*frames.points.get(i)?, *frames.points.get(i + 1)?])
        };
        let (a, b) = (of(a)?, of(b)?);
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

#[cfg(test)]
mod tests {
    use egui::{Pos2, Vec2};
    use egui_kittest::Harness;

    use super::*;
    use crate::app::theme::Theme;

    /// A window without any pass of ours: a canvas has to do with egui's textures and lines.
    fn drawn(paint: impl Fn(&mut Canvas<'_>) + 'static) -> Option<Vec<[u8; 4]>> {
        let device = crate::render::test_device()?;
        drop(device);
        let mut easel = Easel::new(false, false);
        let mut harness = Harness::builder()
            .with_size(Vec2::splat(100.0))
            .with_pixels_per_point(1.0)
            .wgpu()
            .build_ui(move |ui| {
                let rect = Rect::from_min_size(Pos2::ZERO, Vec2::splat(100.0));
                let view = View2d::fit(rect, [0.0, 0.0], 1.0);
                let painter = ui.ctx().layer_painter(egui::LayerId::debug());
                paint(&mut easel.canvas(&painter, rect, view));
            });
        harness.run_steps(2);
        let image = harness.render().expect("a picture");
        Some(image.pixels().map(|p| p.0).collect())
    }

    fn near(pixel: [u8; 4], color: Color32) -> bool {
        let [r, g, b, _] = color.to_array();
        let off = [r, g, b].into_iter().zip(pixel).map(|(a, b)| a.abs_diff(b));
        off.max().is_some_and(|off| off < 60)
    }

    #[test]
    fn without_storage_buffers_particles_and_densities_become_textures() {
        let color = Theme::Light.palette().model;
        // All particles in the middle at t = 0, in the right half at t = 1.
        let points: Vec<f32> = [vec![0.0; 2000], [0.5, 0.0].repeat(1000)].concat();
        let frames = Frames::new([0.0, 1.0].into(), points.into(), 1000);
        let here = [(50, 50), (75, 50)];
        for (t, expected) in [(0.0, [true, false]), (1.0, [false, true])] {
            let crowd = frames.clone();
            let Some(discs) = drawn(move |c| c.particles((0, 0), &crowd, t, 3.0, color)) else {
                return;
            };
            let crowd = frames.clone();
            let cloud = drawn(move |c| c.density((0, 1), &crowd, t, 0.1, color)).unwrap();
            for ((x, y), expected) in here.into_iter().zip(expected) {
                assert_eq!(
                    near(discs[100 * y + x], color),
                    expected,
                    "disc at {x}, t = {t}"
                );
                assert_eq!(
                    near(cloud[100 * y + x], color),
                    expected,
                    "cloud at {x}, t = {t}"
                );
            }
        }
    }

    #[test]
    fn without_storage_buffers_paths_and_heads_are_lines_and_circles() {
        let color = Theme::Light.palette().model;
        let points: Vec<f32> = vec![-0.5, 0.0, 0.5, 0.0];
        let frames = Frames::new([0.0, 1.0].into(), points.into(), 1);
        let Some(pixels) = drawn(move |canvas| {
            canvas.trails(&frames, 0.5, 1, 3.0, color);
            canvas.heads(&frames, 0.5, 1, 4.0, color);
        }) else {
            return;
        };
        assert!(near(pixels[100 * 50 + 35], color), "the path behind");
        assert!(near(pixels[100 * 48 + 50], color), "the head");
        assert!(!near(pixels[100 * 50 + 65], color), "the path ahead");
    }
}
