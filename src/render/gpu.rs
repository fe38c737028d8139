//! What the passes keep on the GPU between frames: pipelines, stored points, uniforms.

use std::num::NonZeroU64;

use eframe::{egui_wgpu, wgpu};
use egui_wgpu::CallbackResources;

use super::density_target::DensityPass;
use super::picture::PicturePass;
use super::pipeline::{
    EGUI_BLEND, Layouts, PipelineSource, bind_storage, create_pipeline, shader_source,
    storage_buffer,
};
use super::store::{Content, Store};
use super::uniforms::{UNIFORM_BYTES, Uniforms};

/// Distance between two uniform blocks; a multiple of every adapter's offset alignment.
const SLOT_BYTES: u64 = 512;

/// The passes that draw straight into the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    Particles,
    Trails,
    Quiver,
}

/// Everything the callbacks need, stored in the renderer's resource map.
pub struct Gpu {
    pub layouts: Layouts,
    particles: wgpu::RenderPipeline,
    trails: wgpu::RenderPipeline,
    quiver: wgpu::RenderPipeline,
    /// `None` where the adapter cannot blend into half floats.
    pub density: Option<DensityPass>,
    pub pictures: PicturePass,
    /// Particles are drawn by plain code because the adapter is a CPU.
    pub software: bool,
    /// Stands where nothing needs to be read.
    pub no_labels: wgpu::BindGroup,
    /// Colours must be linear because the target encodes sRGB itself.
    pub linear_target: bool,
    store: Store,
    uniforms: UniformSlots,
    frame: u64,
    frame_closed: bool,
}

impl Gpu {
    pub fn new(
        device: &wgpu::Device,
        adapter: &wgpu::Adapter,
        target: wgpu::TextureFormat,
    ) -> Self {
        let layouts = Layouts::new(device);
        let pipeline = |name: &str, source: &str, with_labels: bool| {
            let storage = Some(&layouts.storage);
            let groups = [Some(&layouts.uniforms), storage, storage];
            let groups = &groups[..if with_labels { 3 } else { 2 }];
            create_pipeline(
                device,
                &PipelineSource {
                    name,
                    source,
                    entry_points: ["vs_main", "fs_main"],
                    groups,
                    target,
                    blend: EGUI_BLEND,
                },
            )
        };
        let particles = pipeline("particles", shader_source!("particles"), true);
        let trails = pipeline("trails", shader_source!("trails"), false);
        let quiver = pipeline("quiver", shader_source!("quiver"), false);
        let empty = storage_buffer(device, 4);
        let no_labels = bind_storage(device, &layouts.storage, &empty);
        let density = DensityPass::new(device, adapter, &layouts, target);
        let pictures = PicturePass::new(device, &layouts, target);
        // The plain code blends 8-bit gamma colours, which an sRGB target does not.
        let cpu = adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        let uniforms = UniformSlots::new(device, &layouts.uniforms, 32);
        let limits = device.limits();
        Self {
            layouts,
            particles,
            trails,
            quiver,
            density,
            pictures,
            software: cpu && !target.is_srgb(),
            no_labels,
            linear_target: target.is_srgb(),
            store: Store::new(
                limits
                    .max_storage_buffer_binding_size
                    .min(limits.max_buffer_size),
            ),
            uniforms,
            frame: 0,
            frame_closed: true,
        }
    }

    pub fn of(resources: &CallbackResources) -> Option<&Self> {
        resources.get()
    }

    pub fn of_mut(resources: &mut CallbackResources) -> Option<&mut Self> {
        resources.get_mut()
    }

    /// The passes for a layer's `prepare`; the first one of a picture starts it.
    pub fn begun(resources: &mut CallbackResources) -> Option<&mut Self> {
        let gpu = Self::of_mut(resources)?;
        gpu.begin();
        Some(gpu)
    }

    /// Gives a pass its uniforms and content; false where the content is not there.
    pub fn bind(&self, pass: &mut wgpu::RenderPass<'_>, offset: u32, what: &Content) -> bool {
        let Some(content) = self.store.get(what) else {
            return false;
        };
        pass.set_bind_group(0, &self.uniforms.bind_group, &[offset]);
        pass.set_bind_group(1, content, &[]);
        true
    }

    pub fn pipeline(&self, pass: Pass) -> &wgpu::RenderPipeline {
        match pass {
            Pass::Particles => &self.particles,
            Pass::Trails => &self.trails,
            Pass::Quiver => &self.quiver,
        }
    }

    /// Starts a painted frame at its first `prepare`: slots are handed out anew.
    fn begin(&mut self) {
        if std::mem::take(&mut self.frame_closed) {
            self.frame += 1;
            self.uniforms.bytes.clear();
            self.pictures.begin();
            self.store.drop_unused(self.frame);
            if let Some(density) = &mut self.density {
                density.pool.begin();
            }
        }
    }

    /// Uploads the uniforms of all layers once all of them are prepared.
    pub fn finish(&mut self, device: &wgpu::Device, queue: &wgpu::Queue) {
        if !std::mem::replace(&mut self.frame_closed, true) {
            self.uniforms.flush(device, queue, &self.layouts.uniforms);
        }
    }

    /// Uploads content unless it is there; false when it is larger than the adapter can bind.
    pub fn upload(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, what: &Content) -> bool {
        let layout = &self.layouts.storage;
        self.store.upload(device, queue, layout, what, self.frame)
    }

    /// The bind group of uploaded content.
    pub fn content(&self, what: &Content) -> Option<&wgpu::BindGroup> {
        self.store.get(what)
    }

    /// Queues a uniform block and returns its dynamic offset.
    pub fn add_uniforms(&mut self, uniforms: &Uniforms) -> u32 {
        self.uniforms.add(uniforms)
    }

    pub fn uniforms(&self) -> &wgpu::BindGroup {
        &self.uniforms.bind_group
    }

    /// Bytes of stored content on the GPU.
    pub fn stored_bytes(&self) -> u64 {
        self.store.bytes()
    }
}

/// The uniform blocks of one painted frame in one buffer, bound at dynamic offsets.
struct UniformSlots {
    bytes: Vec<u8>,
    buffer: wgpu::Buffer,
    bind_group: wgpu::BindGroup,
}

impl UniformSlots {
    fn new(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, slots: u64) -> Self {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("layer uniforms"),
            size: slots * SLOT_BYTES,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("layer uniforms"),
            layout,
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &buffer,
                    offset: 0,
                    size: NonZeroU64::new(UNIFORM_BYTES),
                }),
            }],
        });
        Self {
            bytes: Vec::new(),
            buffer,
            bind_group,
        }
    }

    fn add(&mut self, uniforms: &Uniforms) -> u32 {
        let offset = self.bytes.len();
        uniforms.write(&mut self.bytes);
        self.bytes.resize(offset + SLOT_BYTES as usize, 0);
        offset as u32
    }

    fn flush(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        layout: &wgpu::BindGroupLayout,
    ) {
        let needed = self.bytes.len() as u64;
        if needed > self.buffer.size() {
            let bytes = std::mem::take(&mut self.bytes);
            let slots = (needed / SLOT_BYTES).next_power_of_two();
            *self = Self::new(device, layout, slots);
            self.bytes = bytes;
        }
        queue.write_buffer(&self.buffer, 0, &self.bytes);
    }
}
