//! Drawing on the GPU: wgpu passes inside egui's paint callbacks.
//!
//! A layer is a [`egui::Shape`] made afresh each frame and added to a painter. Points live in
//! storage buffers that are uploaded once per id; the vertex shaders pull from them, interpolate
//! between two stored frames and expand discs, ribbons and arrows. So scrubbing through time
//! changes one uniform block, and no vertex is ever built on the CPU.
//!
//! The window must be created without multisampling and without a depth buffer (eframe's
//! defaults). Where [`available`] is false all layers draw nothing, and [`cpu_splat`] stands in.
//! Where the adapter is itself a CPU, particles are drawn by plain code into a texture instead,
//! which costs a thirtieth of a software rasteriser's triangles; nothing changes for the caller.
//! [`GpuSampler`] moves particles through a network on the window's device, on a worker thread;
//! its [`Frames`] name a buffer and hold no points. Crowds are shown by [`density`], or by
//! [`cpu_density`] where a rasteriser is slow or missing.
//! Content that was not drawn during the last painted frames is dropped; buffers are reused while
//! content of one size follows another, so memory stays flat while a session streams.

mod canvas;
mod cpu_density;
mod density;
mod density_target;
mod frames;
mod gpu;
mod layer;
#[cfg(test)]
mod offscreen;
mod particles;
mod picture;
mod pipeline;
mod quiver;
mod sampler;
mod sampler_job;
mod stamps;
mod store;
mod targets;
#[cfg(test)]
mod tests;
mod trails;
mod uniforms;

pub use canvas::cpu_splat;
pub use cpu_density::cpu_density;
pub use density::{DensityStyle, Ramp, density};
pub use frames::{Arrows, Frames, Location, MAX_FRAME_BYTES, View2d, frame_budget, fresh_id};
#[cfg(test)]
pub use offscreen::{Offscreen, test_device};
pub use particles::{Labels, ParticleStyle, particles};
pub use quiver::{QuiverStyle, quiver};
pub use sampler::{Between, Flow, GpuSampler, Linear, Moved, SampleError};
pub use trails::{TrailStyle, trails};
pub use uniforms::MAX_PALETTE;

use eframe::egui_wgpu::RenderState;
use eframe::wgpu;

/// Builds the pipelines and stores them with the renderer; without it no layer draws.
///
/// Call it once, in the app's creator. Does nothing where [`available`] is false.
pub fn init(render_state: &RenderState) {
    if !available(render_state) {
        log::warn!("particles are drawn on the CPU: no storage buffers in vertex shaders here");
        return;
    }
    let gpu = gpu::Gpu::new(
        &render_state.device,
        &render_state.adapter,
        render_state.target_format,
    );
    let mut renderer = render_state.renderer.write();
    renderer.callback_resources.insert(gpu);
}

/// Whether vertex shaders can read storage buffers; older OpenGL adapters cannot.
pub fn available(render_state: &RenderState) -> bool {
    let flags = render_state.adapter.get_downlevel_capabilities().flags;
    let limits = render_state.device.limits();
    flags.contains(wgpu::DownlevelFlags::VERTEX_STORAGE)
        && limits.max_storage_buffers_per_shader_stage >= 2
        && limits.max_storage_buffer_binding_size > 0
}

/// Bytes of points that are on the GPU now.
pub fn stored_bytes(render_state: &RenderState) -> u64 {
    let renderer = render_state.renderer.read();
    gpu::Gpu::of(&renderer.callback_resources).map_or(0, gpu::Gpu::stored_bytes)
}
