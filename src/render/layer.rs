//! The paint callback of every pass that draws straight into the window.

use std::sync::atomic::{AtomicU32, Ordering};

use eframe::{egui_wgpu, wgpu};
use egui::{Color32, PaintCallbackInfo, Rect, Shape};
use egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};

use super::canvas::Discs;
use super::frames::View2d;
use super::gpu::{Gpu, Pass};
use super::store::Content;
use super::uniforms::{MAX_PALETTE, Placement, Uniforms, components};

/// Marks a layer that was not prepared.
const NOT_PREPARED: u32 = u32::MAX;

/// One layer of one painted frame.
pub struct Layer {
    pub pass: Pass,
    pub rect: Rect,
    pub view: View2d,
    pub content: Content,
    pub labels: Option<Content>,
    pub color: Color32,
    /// Factor of the colour, for what is thinner than a pixel.
    pub opacity: f32,
    pub palette: Vec<Color32>,
    pub uniforms: Uniforms,
    pub vertices: u32,
}

impl Layer {
    /// The shape to add to an egui painter.
    pub fn into_shape(self) -> Shape {
        if self.vertices == 0 || !self.view.is_valid() {
            return Shape::Noop;
        }
        let rect = self.rect;
        let callback = LayerCallback {
            layer: self,
            offset: AtomicU32::new(NOT_PREPARED),
            picture: AtomicU32::new(NOT_PREPARED),
        };
        egui_wgpu::Callback::new_paint_callback(rect, callback).into()
    }

    fn upload(&self, gpu: &mut Gpu, device: &wgpu::Device, queue: &wgpu::Queue) -> bool {
        let labels = self.labels.as_ref();
        gpu.upload(device, queue, &self.content)
            && labels.is_none_or(|labels| gpu.upload(device, queue, labels))
    }

    /// Hands the discs of a particle layer to plain code.
    fn discs<T>(&self, draw: impl FnOnce(&Discs<'_>) -> Option<T>) -> Option<T> {
        let Content::Floats { data: points, .. } = &self.content else {
            return None;
        };
        let labels = match &self.labels {
            Some(Content::Labels { data, .. }) => Some(&data[..]),
            _ => None,
        };
        let plain = [self.color];
        let colors = if labels.is_some() {
            &self.palette
        } else {
            &plain[..]
        };
        let faded: Vec<_> = (colors.iter())
            .map(|color| color.gamma_multiply(self.opacity))
            .collect();
        draw(&Discs {
            points,
            base: self.uniforms.base,
            weight: self.uniforms.weight,
            count: self.uniforms.count as usize,
            radius: self.uniforms.size,
            labels,
            colors: &faded,
        })
    }

    fn placed(&self, placement: Placement, linear_target: bool) -> Uniforms {
        let faded = |color: Color32| components(color, linear_target).map(|c| c * self.opacity);
        let mut uniforms = Uniforms {
            placement,
            color: faded(self.color),
            ..self.uniforms.clone()
        };
        let used = self.palette.len().min(MAX_PALETTE);
        for (slot, &color) in uniforms.palette.iter_mut().zip(&self.palette) {
            *slot = faded(color);
        }
        uniforms.palette_len = if self.labels.is_some() {
            used as u32
        } else {
            0
        };
        uniforms
    }
}

struct LayerCallback {
    layer: Layer,
    /// Dynamic offset of the uniforms, handed from `prepare` to `paint`.
    offset: AtomicU32,
    /// Index of the picture, where plain code drew one.
    picture: AtomicU32,
}

impl CallbackTrait for LayerCallback {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        self.offset.store(NOT_PREPARED, Ordering::Relaxed);
        self.picture.store(NOT_PREPARED, Ordering::Relaxed);
        let Some(gpu) = Gpu::begun(resources) else {
            return Vec::new();
        };
        let placement = Placement::new(self.layer.rect, &self.layer.view, screen);
        let Some(placement) = placement else {
            return Vec::new();
        };
        // Plain code reaches only what is in main memory.
        let in_reach = matches!(self.layer.content, Content::Floats { .. });
        if gpu.software && in_reach && self.layer.pass == Pass::Particles {
            let drawn = self.layer.discs(|discs| {
                let pictures = &mut gpu.pictures;
                pictures.draw(device, queue, discs, placement)
            });
            if let Some((picture, uniforms)) = drawn {
                let offset = gpu.add_uniforms(&uniforms);
                self.offset.store(offset, Ordering::Relaxed);
                self.picture.store(picture as u32, Ordering::Relaxed);
            }
        } else if self.layer.upload(gpu, device, queue) {
            let uniforms = self.layer.placed(placement, gpu.linear_target);
            let offset = gpu.add_uniforms(&uniforms);
            self.offset.store(offset, Ordering::Relaxed);
        }
        Vec::new()
    }

    fn finish_prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        if let Some(gpu) = Gpu::of_mut(resources) {
            gpu.finish(device, queue);
        }
        Vec::new()
    }

    fn paint(
        &self,
        _info: PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let offset = self.offset.load(Ordering::Relaxed);
        let Some(gpu) = Gpu::of(resources).filter(|_| offset != NOT_PREPARED) else {
            return;
        };
        let picture = self.picture.load(Ordering::Relaxed);
        if picture != NOT_PREPARED {
            let uniforms = (gpu.uniforms(), offset);
            let pictures = &gpu.pictures;
            pictures.paint(pass, picture as usize, uniforms, &gpu.no_labels);
            return;
        }
        pass.set_pipeline(gpu.pipeline(self.layer.pass));
        if !gpu.bind(pass, offset, &self.layer.content) {
            return;
        }
        if self.layer.pass == Pass::Particles {
            let labels = self.layer.labels.as_ref().and_then(|l| gpu.content(l));
            pass.set_bind_group(2, labels.unwrap_or(&gpu.no_labels), &[]);
        }
        pass.draw(0..self.layer.vertices, 0..1);
    }
}
