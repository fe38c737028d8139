//! Pipelines and textures of the density layer.

use eframe::wgpu;

use super::pipeline::{EGUI_BLEND, Layouts, PipelineSource, create_pipeline, shader_source};
use super::targets::{Target, TargetPool};

/// Standard deviation of the kernel in texels: wide enough that its samples still sum to one,
/// narrow enough that a kernel covers few texels.
pub const SUM_KERNEL_TEXELS: f32 = 1.5;

/// Half floats can be blended everywhere WebGPU runs; 32-bit floats need an optional feature.
const SUM_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::R16Float;

const ADD: wgpu::BlendComponent = wgpu::BlendComponent {
    src_factor: wgpu::BlendFactor::One,
    dst_factor: wgpu::BlendFactor::One,
    operation: wgpu::BlendOperation::Add,
};

/// The two pipelines, and one texture for each density layer of a frame.
pub struct DensityPass {
    sum: wgpu::RenderPipeline,
    map: wgpu::RenderPipeline,
    pub pool: TargetPool,
}

impl DensityPass {
    /// The pass, or `None` where the adapter cannot blend into or filter half floats.
    pub fn new(
        device: &wgpu::Device,
        adapter: &wgpu::Adapter,
        layouts: &Layouts,
        target: wgpu::TextureFormat,
    ) -> Option<Self> {
        let features = adapter.get_texture_format_features(SUM_FORMAT);
        let usable = features.allowed_usages.contains(usages())
            && features.flags.contains(
                wgpu::TextureFormatFeatureFlags::BLENDABLE
                    | wgpu::TextureFormatFeatureFlags::FILTERABLE,
            );
        if !usable {
            log::info!("no density layer: {SUM_FORMAT:?} cannot be blended here");
            return None;
        }
        let pool = TargetPool::new(device, SUM_FORMAT, usages());
        let storage = Some(&layouts.storage);
        let source = shader_source!("density");
        let sum = create_pipeline(
            device,
            &PipelineSource {
                name: "density sum",
                source,
                entry_points: ["vs_splat", "fs_splat"],
                groups: &[Some(&layouts.uniforms), storage],
                target: SUM_FORMAT,
                blend: wgpu::BlendState {
                    color: ADD,
                    alpha: ADD,
                },
            },
        );
        let map = create_pipeline(
            device,
            &PipelineSource {
                name: "density map",
                source,
                entry_points: ["vs_map", "fs_map"],
                groups: &[Some(&layouts.uniforms), storage, Some(&pool.layout)],
                target,
                blend: EGUI_BLEND,
            },
        );
        Some(Self { sum, map, pool })
    }

    /// A render pass that clears the texture and sums kernels into it.
    pub fn begin_sum<'a>(
        &self,
        encoder: &'a mut wgpu::CommandEncoder,
        target: &Target,
    ) -> wgpu::RenderPass<'a> {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("density sum"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &target.view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        });
        pass.set_pipeline(&self.sum);
        pass
    }

    /// Binds the colour map pipeline and the texture to read.
    pub fn set_map(&self, pass: &mut wgpu::RenderPass<'_>, target: &Target) {
        pass.set_pipeline(&self.map);
        pass.set_bind_group(2, &target.bind_group, &[]);
    }
}

fn usages() -> wgpu::TextureUsages {
    wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING
}
