//! Pictures made by plain code, uploaded and laid over the window.

use eframe::wgpu;

use super::canvas::{Bounds, Canvas, Discs};
use super::pipeline::{EGUI_BLEND, Layouts, PipelineSource, create_pipeline, shader_source};
use super::targets::TargetPool;
use super::uniforms::{Placement, Uniforms};

/// Draws particles without triangles, see [`Canvas`].
pub struct PicturePass {
    pipeline: wgpu::RenderPipeline,
    pool: TargetPool,
    canvas: Canvas,
}

impl PicturePass {
    pub fn new(device: &wgpu::Device, layouts: &Layouts, target: wgpu::TextureFormat) -> Self {
        let usage = wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::TEXTURE_BINDING;
        let pool = TargetPool::new(device, wgpu::TextureFormat::Rgba8Unorm, usage);
        let pipeline = create_pipeline(
            device,
            &PipelineSource {
                name: "picture",
                source: shader_source!("picture"),
                entry_points: ["vs_main", "fs_main"],
                groups: &[
                    Some(&layouts.uniforms),
                    Some(&layouts.storage),
                    Some(&pool.layout),
                ],
                target,
                blend: EGUI_BLEND,
            },
        );
        Self {
            pipeline,
            pool,
            canvas: Canvas::default(),
        }
    }

    /// Starts a painted frame.
    pub fn begin(&mut self) {
        self.pool.begin();
    }

    /// Draws and uploads discs; returns the texture's index and the uniforms that show it.
    pub fn draw(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        discs: &Discs<'_>,
        placement: Placement,
    ) -> Option<(usize, Uniforms)> {
        let Bounds { origin, size } = self.canvas.draw(discs, &placement)?;
        let target_size = placement.size_px.map(|size| size as u32);
        let index = self.pool.take(device, target_size);
        queue.write_texture(
            self.pool.get(index)?.texture.as_image_copy(),
            self.canvas.pixels.as_flattened(),
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(4 * size[0]),
                rows_per_image: None,
            },
            wgpu::Extent3d {
                width: size[0],
                height: size[1],
                depth_or_array_layers: 1,
            },
        );
        let [left, top] = origin.map(|pixel| pixel as f32);
        let [width, height] = size.map(|size| size as f32);
        let uniforms = Uniforms {
            placement,
            shape: [left, top, width, height],
            ..Uniforms::default()
        };
        Some((index, uniforms))
    }

    /// Paints an uploaded picture; group 1 is bound to anything, the shader does not read it.
    pub fn paint(
        &self,
        pass: &mut wgpu::RenderPass<'_>,
        index: usize,
        uniforms: (&wgpu::BindGroup, u32),
        unused: &wgpu::BindGroup,
    ) {
        if let Some(target) = self.pool.get(index) {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, uniforms.0, &[uniforms.1]);
            pass.set_bind_group(1, unused, &[]);
            pass.set_bind_group(2, &target.bind_group, &[]);
            pass.draw(0..6, 0..1);
        }
    }
}
