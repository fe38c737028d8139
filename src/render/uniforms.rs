//! The uniform block that all passes share, and its place on the screen.

use eframe::egui_wgpu;
use egui::{Color32, Rect, Rgba};
use egui_wgpu::ScreenDescriptor;

use super::frames::View2d;

/// Colours a palette can hold.
pub const MAX_PALETTE: usize = 16;

/// Bytes of [`Uniforms`] in the shader's layout.
pub const UNIFORM_BYTES: u64 = 96 + 16 * MAX_PALETTE as u64;

/// One layer's uniforms; the WGSL twin is `Layer` in `shaders/common.wgsl`.
#[derive(Clone, Debug, Default)]
pub struct Uniforms {
    pub placement: Placement,
    /// Weight of the second frame.
    pub weight: f32,
    /// Radius, half width or kernel width, in pixels.
    pub size: f32,
    /// Index of the first point of the two frames around t.
    pub base: [u32; 2],
    /// Items drawn.
    pub count: u32,
    /// Step between drawn items, or segments per trail.
    pub stride: u32,
    /// Particles per frame.
    pub n: u32,
    /// Stored frames.
    pub frames: u32,
    /// Used colours of the palette; 0 means `color` for all.
    pub palette_len: u32,
    /// Flags of the pass.
    pub mode: u32,
    /// Numbers of the pass.
    pub shape: [f32; 4],
    /// Premultiplied colour.
    pub color: [f32; 4],
    pub palette: [[f32; 4]; MAX_PALETTE],
}

impl Uniforms {
    /// The block as the shader reads it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let place = &self.placement;
        let mut floats = |values: &[f32]| values.iter().for_each(|v| out.extend(v.to_ne_bytes()));
        floats(&place.scale);
        floats(&place.offset);
        floats(&place.ndc_per_px);
        floats(&[self.weight, self.size]);
        let words = [
            self.base[0],
            self.base[1],
            self.count,
            self.stride,
            self.n,
            self.frames,
            self.palette_len,
            self.mode,
        ];
        words.iter().for_each(|w| out.extend(w.to_ne_bytes()));
        let mut floats = |values: &[f32]| values.iter().for_each(|v| out.extend(v.to_ne_bytes()));
        floats(&self.shape);
        floats(&self.color);
        floats(self.palette.as_flattened());
    }
}

/// The map from the world to a render target: ndc = scale * p + offset.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Placement {
    pub scale: [f32; 2],
    pub offset: [f32; 2],
    /// Size of a target pixel in normalised device coordinates.
    pub ndc_per_px: [f32; 2],
    /// Size of the target, in pixels.
    pub size_px: [f32; 2],
}

impl Placement {
    /// The map for `view` shown in `rect`, or `None` where nothing of `rect` is on the screen.
    ///
    /// egui rounds the viewport to whole pixels and cuts it at the screen's edges; the exact
    /// rectangle is kept here, so that the layer stays aligned with what egui itself draws.
    pub fn new(rect: Rect, view: &View2d, screen: &ScreenDescriptor) -> Option<Self> {
        let per_point = screen.pixels_per_point;
        let viewport =
            egui::epaint::ViewportInPixels::from_points(&rect, per_point, screen.size_in_pixels);
        if viewport.width_px <= 0 || viewport.height_px <= 0 || !view.is_valid() {
            return None;
        }
        let axis = |middle: f32, extent: f32, left: i32, size: i32, center: f32, half: f32| {
            let [middle, extent] = [middle, extent].map(|v| f64::from(v) * f64::from(per_point));
            // Pixels from the viewport's edge: middle + (p - center) / half * extent / 2 - left.
            let px_per_unit = 0.5 * extent / f64::from(half);
            let origin = middle - f64::from(center) * px_per_unit - f64::from(left);
            let ndc_per_px = 2.0 / f64::from(size);
            (px_per_unit * ndc_per_px, origin * ndc_per_px - 1.0)
        };
        let center = rect.center();
        let (scale_x, offset_x) = axis(
            center.x,
            rect.width(),
            viewport.left_px,
            viewport.width_px,
            view.center[0],
            view.half[0],
        );
        // Screen y points down, the world's and the device's y up.
        let (scale_y, offset_y) = axis(
            center.y,
            rect.height(),
            viewport.top_px,
            viewport.height_px,
            -view.center[1],
            view.half[1],
        );
        let size_px = [viewport.width_px as f32, viewport.height_px as f32];
        Some(Self {
            scale: [scale_x as f32, scale_y as f32],
            offset: [offset_x as f32, -offset_y as f32],
            ndc_per_px: size_px.map(|size| 2.0 / size),
            size_px,
        })
    }

    /// The map for `view` that fills a target of this size.
    pub fn covering(view: &View2d, size_px: [u32; 2]) -> Self {
        let scale = view.half.map(|half| 1.0 / half);
        let size_px = size_px.map(|size| size as f32);
        Self {
            scale,
            offset: [0, 1].map(|i| -view.center[i] * scale[i]),
            ndc_per_px: size_px.map(|size| 2.0 / size),
            size_px,
        }
    }

    /// The same map onto a target of another size that covers the same viewport.
    pub fn resized(self, size_px: [u32; 2]) -> Self {
        let size_px = size_px.map(|size| size as f32);
        Self {
            ndc_per_px: size_px.map(|size| 2.0 / size),
            size_px,
            ..self
        }
    }
}

/// Premultiplied components of a colour in the target's own space (gamma, or linear for an
/// sRGB target).
pub fn components(color: Color32, linear_target: bool) -> [f32; 4] {
    if linear_target {
        Rgba::from(color).to_array()
    } else {
        color.to_normalized_gamma_f32()
    }
}
