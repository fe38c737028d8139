//! Textures that layers draw into or upload before they are painted, reused from frame to frame.

use eframe::wgpu;

/// One texture for each layer of a frame that needs one.
pub struct TargetPool {
    pub layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
    targets: Vec<Target>,
    used: usize,
}

pub struct Target {
    pub texture: wgpu::Texture,
    pub view: wgpu::TextureView,
    pub bind_group: wgpu::BindGroup,
}

impl TargetPool {
    pub fn new(
        device: &wgpu::Device,
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
    ) -> Self {
        Self {
            layout: texture_layout(device),
            sampler: device.create_sampler(&wgpu::SamplerDescriptor {
                label: Some("layer texture"),
                mag_filter: wgpu::FilterMode::Linear,
                min_filter: wgpu::FilterMode::Linear,
                ..Default::default()
            }),
            format,
            usage,
            targets: Vec::new(),
            used: 0,
        }
    }

    /// Starts a painted frame; textures the previous one did not need are dropped.
    pub fn begin(&mut self) {
        self.targets.truncate(self.used);
        self.used = 0;
    }

    /// The index of a texture of this size that no other layer of the frame has.
    pub fn take(&mut self, device: &wgpu::Device, size: [u32; 2]) -> usize {
        let index = self.used;
        self.used += 1;
        let fits = |t: &Target| [t.texture.width(), t.texture.height()] == size;
        if !self.targets.get(index).is_some_and(fits) {
            let target = self.create(device, size);
            self.targets.truncate(index);
            self.targets.push(target);
        }
        index
    }

    pub fn get(&self, index: usize) -> Option<&Target> {
        self.targets.get(index)
    }

    fn create(&self, device: &wgpu::Device, [width, height]: [u32; 2]) -> Target {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("layer texture"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: self.format,
            usage: self.usage,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("layer texture"),
            layout: &self.layout,
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::TextureView(&view),
                },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::Sampler(&self.sampler),
                },
            ],
        });
        Target {
            texture,
            view,
            bind_group,
        }
    }
}

fn texture_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty,
        count: None,
    };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("layer texture"),
        entries: &[
            entry(
                0,
                wgpu::BindingType::Texture {
                    sample_type: wgpu::TextureSampleType::Float { filterable: true },
                    view_dimension: wgpu::TextureViewDimension::D2,
                    multisampled: false,
                },
            ),
            entry(
                1,
                wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
            ),
        ],
    })
}
