//! The particles' density: Gaussian kernels summed into a texture, then a colour map.

use std::sync::atomic::{AtomicU32, Ordering};

use eframe::{egui_wgpu, wgpu};
use egui::{Color32, PaintCallbackInfo, Rect, Shape};
use egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};

use super::density_target::{DensityPass, SUM_KERNEL_TEXELS};
use super::frames::{Frames, View2d};
use super::gpu::Gpu;
use super::particles::check;
use super::store::Content;
use super::targets::Target;
use super::uniforms::{Placement, Uniforms, components};

/// Kernels summed at most; of more particles every second, third, … is taken. Beyond this the
/// picture does not change and half floats would lose the kernels' tails.
const MAX_SPLATS: u32 = 1 << 18;

/// The same for an adapter that is a CPU, which needs microseconds for each. The window takes
/// [`super::cpu_density`] there, which counts all; only positions that were made on that adapter
/// come this way.
const MAX_SPLATS_SOFTWARE: u32 = 1 << 15;

/// Part of a two-dimensional Gaussian within three standard deviations: 1 - exp(-9/2).
const MASS_WITHIN_CUT: f32 = 0.988_891;

/// How a density looks.
#[derive(Clone, Copy, Debug)]
pub struct DensityStyle {
    /// Standard deviation of the kernel in physical pixels (at least 1.5).
    pub kernel_px: f32,
    /// Density, in probability per unit of world area, at the top of the colour map.
    pub top: f32,
    pub ramp: Ramp,
    /// Only the first `count` particles are counted.
    pub count: usize,
}

/// From a density between 0 and `top` to a colour.
#[derive(Clone, Copy, Debug)]
pub enum Ramp {
    /// matplotlib's viridis; below `fade` times `top` it becomes transparent.
    Viridis { alpha: f32, fade: f32 },
    /// One colour whose opacity follows the density.
    Tint(Color32),
}

/// The density p(x) ≈ 1/n Σ N(x; x_i, kernel²) of the particles at time `t`.
///
/// Draws nothing where the adapter cannot blend into half floats.
pub fn density(rect: Rect, view: View2d, frames: &Frames, t: f32, style: DensityStyle) -> Shape {
    let usable = style.top > 0.0 && style.kernel_px.is_finite();
    if !check(frames) || !view.is_valid() || !usable || style.count == 0 {
        return Shape::Noop;
    }
    let callback = Density {
        rect,
        view,
        content: frames.content(),
        uniforms: splat_uniforms(frames, t, style.count),
        style,
        prepared: Prepared::default(),
    };
    egui_wgpu::Callback::new_paint_callback(rect, callback).into()
}

/// Size of the texture between sum and colour map, as coarse as the kernel allows, so that a wide
/// kernel costs no more, and the kernel's standard deviation in its texels.
pub(super) fn grid_of(size_px: [f32; 2], kernel_px: f32) -> ([u32; 2], f32) {
    let texel_px = (kernel_px / SUM_KERNEL_TEXELS).max(1.0);
    let size = size_px.map(|px| (px / texel_px).ceil().max(1.0) as u32);
    // Reading between texels smooths by a triangle of variance 1/6; the kernel makes up for it.
    let between = if texel_px > 1.0 { 1.0 / 6.0 } else { 0.0 };
    (size, (SUM_KERNEL_TEXELS.powi(2) - between).sqrt())
}

fn splat_uniforms(frames: &Frames, t: f32, count: usize) -> Uniforms {
    let place = frames.locate(t);
    Uniforms {
        weight: place.weight,
        base: [place.a, place.b].map(|frame| (frame * frames.n) as u32),
        count: frames.n.min(count) as u32,
        n: frames.n as u32,
        frames: frames.times.len() as u32,
        ..Uniforms::default()
    }
}

struct Density {
    rect: Rect,
    view: View2d,
    content: Content,
    uniforms: Uniforms,
    style: DensityStyle,
    prepared: Prepared,
}

/// What `prepare` hands to the later steps: dynamic offsets of the two uniform blocks, the target
/// (`u32::MAX`: nothing to draw), and how many kernels are summed.
#[derive(Debug)]
struct Prepared {
    splat: AtomicU32,
    map: AtomicU32,
    target: AtomicU32,
    splats: AtomicU32,
}

impl Default for Prepared {
    fn default() -> Self {
        Self {
            splat: AtomicU32::new(0),
            map: AtomicU32::new(0),
            target: AtomicU32::new(u32::MAX),
            splats: AtomicU32::new(0),
        }
    }
}

impl Prepared {
    fn target<'a>(&self, pass: &'a DensityPass) -> Option<&'a Target> {
        pass.pool.get(self.target.load(Ordering::Relaxed) as usize)
    }
}

impl Density {
    /// Uniforms of the sum and of the colour map, and the size of the texture between them.
    fn place(
        &self,
        gpu: &Gpu,
        screen: &ScreenDescriptor,
    ) -> Option<(Uniforms, Uniforms, [u32; 2])> {
        let window = Placement::new(self.rect, &self.view, screen)?;
        let (size, kernel) = grid_of(window.size_px, self.style.kernel_px);
        let placement = window.resized(size);
        let most = if gpu.software {
            MAX_SPLATS_SOFTWARE
        } else {
            MAX_SPLATS
        };
        let stride = self.uniforms.count.div_ceil(most);
        let sum = Uniforms {
            placement,
            size: kernel,
            stride,
            count: self.uniforms.count.div_ceil(stride),
            ..self.uniforms.clone()
        };
        // Σ exp(-r²/2σ²) per texel → probability per unit of area.
        let [unit_x, unit_y] = [0, 1].map(|i| placement.ndc_per_px[i] / placement.scale[i]);
        let kernel_mass = std::f32::consts::TAU * kernel * kernel * MASS_WITHIN_CUT;
        let per_sum = 1.0 / (kernel_mass * unit_x * unit_y * sum.count as f32);
        let mut map = Uniforms {
            placement: window,
            shape: [per_sum / self.style.top, 0.0, 0.0, 0.0],
            ..Uniforms::default()
        };
        match self.style.ramp {
            Ramp::Tint(color) => map.color = components(color, gpu.linear_target),
            Ramp::Viridis { alpha, fade } => {
                map.mode = if gpu.linear_target { 3 } else { 1 };
                map.shape[1] = alpha.clamp(0.0, 1.0);
                map.shape[2] = fade;
            }
        }
        Some((sum, map, size))
    }
}

impl CallbackTrait for Density {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        self.prepared.target.store(u32::MAX, Ordering::Relaxed);
        let Some(gpu) = Gpu::begun(resources) else {
            return Vec::new();
        };
        let Some((sum, map, size)) = self.place(gpu, screen) else {
            return Vec::new();
        };
        if !gpu.upload(device, queue, &self.content) {
            return Vec::new();
        }
        if let Some(target) = gpu
            .density
            .as_mut()
            .map(|pass| pass.pool.take(device, size))
        {
            let Prepared {
                splat, map: shown, ..
            } = &self.prepared;
            self.prepared.splats.store(sum.count, Ordering::Relaxed);
            splat.store(gpu.add_uniforms(&sum), Ordering::Relaxed);
            shown.store(gpu.add_uniforms(&map), Ordering::Relaxed);
            self.prepared.target.store(target as u32, Ordering::Relaxed);
        }
        Vec::new()
    }

    fn finish_prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Some(gpu) = Gpu::of_mut(resources) else {
            return Vec::new();
        };
        gpu.finish(device, queue);
        if let Some(density) = &gpu.density
            && let Some(target) = self.prepared.target(density)
        {
            let offset = self.prepared.splat.load(Ordering::Relaxed);
            let mut pass = density.begin_sum(encoder, target);
            if gpu.bind(&mut pass, offset, &self.content) {
                pass.draw(0..3 * self.prepared.splats.load(Ordering::Relaxed), 0..1);
            }
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let Some(gpu) = Gpu::of(resources) else {
            return;
        };
        if let Some(density) = &gpu.density
            && let Some(target) = self.prepared.target(density)
        {
            let offset = self.prepared.map.load(Ordering::Relaxed);
            density.set_map(pass, target);
            if gpu.bind(pass, offset, &self.content) {
                pass.draw(0..3, 0..1);
            }
        }
    }
}
