//! Building blocks of the passes: shader sources, bind group layouts, pipelines.

use std::num::NonZeroU64;

use eframe::wgpu;

use super::uniforms::UNIFORM_BYTES;

/// Bind group layouts: 0 uniforms, 1 points, 2 labels.
pub struct Layouts {
    pub uniforms: wgpu::BindGroupLayout,
    pub storage: wgpu::BindGroupLayout,
}

impl Layouts {
    pub fn new(device: &wgpu::Device) -> Self {
        let layout = |label, visibility, ty, has_dynamic_offset, size| {
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some(label),
                entries: &[wgpu::BindGroupLayoutEntry {
                    binding: 0,
                    visibility,
                    ty: wgpu::BindingType::Buffer {
                        ty,
                        has_dynamic_offset,
                        min_binding_size: size,
                    },
                    count: None,
                }],
            })
        };
        Self {
            uniforms: layout(
                "layer uniforms",
                wgpu::ShaderStages::VERTEX_FRAGMENT,
                wgpu::BufferBindingType::Uniform,
                true,
                NonZeroU64::new(UNIFORM_BYTES),
            ),
            storage: layout(
                "layer storage",
                wgpu::ShaderStages::VERTEX,
                wgpu::BufferBindingType::Storage { read_only: true },
                false,
                None,
            ),
        }
    }
}

/// egui's own blending: premultiplied colours over the target.
pub const EGUI_BLEND: wgpu::BlendState = wgpu::BlendState {
    color: wgpu::BlendComponent {
        src_factor: wgpu::BlendFactor::One,
        dst_factor: wgpu::BlendFactor::OneMinusSrcAlpha,
        operation: wgpu::BlendOperation::Add,
    },
    alpha: wgpu::BlendComponent {
        src_factor: wgpu::BlendFactor::OneMinusDstAlpha,
        dst_factor: wgpu::BlendFactor::One,
        operation: wgpu::BlendOperation::Add,
    },
};

/// A shader with the shared declarations in front.
macro_rules! shader_source {
    ($name:literal) => {
        concat!(
            include_str!("../../shaders/common.wgsl"),
            include_str!(concat!("../../shaders/", $name, ".wgsl"))
        )
    };
}
pub(crate) use shader_source;

pub struct PipelineSource<'a> {
    pub name: &'a str,
    pub source: &'a str,
    pub entry_points: [&'a str; 2],
    pub groups: &'a [Option<&'a wgpu::BindGroupLayout>],
    pub target: wgpu::TextureFormat,
    pub blend: wgpu::BlendState,
}

pub fn create_pipeline(device: &wgpu::Device, from: &PipelineSource<'_>) -> wgpu::RenderPipeline {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(from.name),
        source: wgpu::ShaderSource::Wgsl(from.source.into()),
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(from.name),
        bind_group_layouts: from.groups,
        immediate_size: 0,
    });
    let compilation_options = wgpu::PipelineCompilationOptions::default();
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(from.name),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some(from.entry_points[0]),
            compilation_options: compilation_options.clone(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some(from.entry_points[1]),
            compilation_options,
            targets: &[Some(wgpu::ColorTargetState {
                format: from.target,
                blend: Some(from.blend),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
}

pub fn storage_buffer(device: &wgpu::Device, size: u64) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("layer content"),
        size,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

pub fn bind_storage(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    buffer: &wgpu::Buffer,
) -> wgpu::BindGroup {
    device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("layer content"),
        layout,
        entries: &[wgpu::BindGroupEntry {
            binding: 0,
            resource: buffer.as_entire_binding(),
        }],
    })
}
