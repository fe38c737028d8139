//! One run of the sampler: sizes, pieces, buffers.

use std::ops::Range;

use eframe::wgpu;

use super::sampler::{Flow, MAX_LAYERS, MAX_STAGES, MAX_WIDTH};

/// Neurons times groups of four particles in a workgroup's shared memory.
const SLOTS: usize = 1024;
/// Narrowest width that workgroups are cut for.
const MIN_WIDTH: usize = 32;
/// Multiplications and additions of one step of the particles that move together: some tens of
/// milliseconds on a small GPU.
const CHUNK_FLOP: f64 = 2e9;
/// Workgroups that keep any GPU busy.
const CHUNK_GROUPS: f64 = 2048.0;
/// Bytes of the shader's `Job`.
const UNIFORM_BYTES: usize = 16 * (3 + 1 + 1 + 8) + 4 * 12;

/// What the kernel needs to know, checked against its limits.
pub struct Plan {
    pub n: u32,
    pub steps: u32,
    /// Layers as the shader reads them.
    packed: Vec<f32>,
    /// Step and fraction of each frame.
    saves: Vec<(u32, f32)>,
    sizes: Vec<u32>,
    activation: u32,
    stages: u32,
    /// Rows `a`, then `b`, then `c`.
    tableau: [[f32; 4]; 5],
    p4: u32,
    /// Of one particle and one step.
    flop: f64,
}

impl Plan {
    pub fn new(flow: &Flow<'_>, n: usize, times: &[f32]) -> Result<Self, String> {
        let stages = flow.b.iter().rposition(|&b| b != 0.0).map_or(0, |i| i + 1);
        if stages == 0 || stages > MAX_STAGES {
            return Err(format!("{stages} stages, only for {MAX_STAGES}"));
        }
        let depth = flow.layers.len();
        if depth == 0 || depth > MAX_LAYERS {
            return Err(format!("{depth} layers, only for {MAX_LAYERS}"));
        }
        if n == 0 || times.is_empty() || flow.steps == 0 || n * times.len() > u32::MAX as usize {
            let frames = times.len();
            return Err(format!("{n} particles at {frames} times"));
        }
        let mut inputs = 3;
        let (mut packed, mut sizes) = (Vec::new(), Vec::new());
        for layer in &flow.layers {
            let outputs = layer.bias.len();
            if outputs == 0 || outputs > MAX_WIDTH || layer.weight.len() != inputs * outputs {
                return Err(format!("a layer of {inputs} × {outputs} numbers"));
            }
            let row = outputs.next_multiple_of(4);
            let start = packed.len();
            packed.resize(start + row * (inputs + 1), 0.0);
            packed[start..][..outputs].copy_from_slice(layer.bias);
            for (o, weights) in layer.weight.chunks_exact(inputs).enumerate() {
                for (k, &weight) in weights.iter().enumerate() {
                    packed[start + row * (k + 1) + o] = weight;
                }
            }
            sizes.push(outputs as u32);
            inputs = outputs;
        }
        if inputs != 2 {
            return Err(format!("a velocity of {inputs} numbers, not 2"));
        }
        let widest = sizes.iter().max().map_or(0, |&width| width as usize);
        let width = widest.next_power_of_two().max(MIN_WIDTH);
        let mut tableau = [[0.0; 4]; 5];
        let rows = (flow.a.iter().copied().take(stages - 1)).chain([flow.b, flow.c]);
        let places = (0..stages - 1).chain([3, 4]);
        for (place, row) in places.zip(rows) {
            for (to, &from) in tableau[place].iter_mut().zip(row).take(stages) {
                *to = from as f32;
            }
        }
        Ok(Self {
            n: n as u32,
            steps: flow.steps as u32,
            flop: 2.0 * packed.len() as f64 * stages as f64,
            saves: saves(times, flow.steps),
            packed,
            sizes,
            activation: flow.between as u32,
            stages: stages as u32,
            tableau,
            p4: (SLOTS / width) as u32,
        })
    }

    /// Bytes of the largest storage buffer.
    pub fn largest_buffer(&self) -> u64 {
        let points = 8 * u64::from(self.n) * self.saves.len() as u64;
        points.max(4 * self.packed.len() as u64)
    }

    fn groups(&self) -> u32 {
        self.n.div_ceil(4 * self.p4)
    }

    fn groups_of_chunk(&self) -> u32 {
        let group = self.flop * f64::from(4 * self.p4);
        let most = (CHUNK_FLOP / group).clamp(16.0, CHUNK_GROUPS) as u32;
        most.min(self.groups())
    }

    /// Multiplications and additions of one step of a chunk.
    pub fn chunk_flop(&self) -> f64 {
        self.flop * f64::from(4 * self.p4 * self.groups_of_chunk())
    }

    /// First workgroup and number of workgroups of the particles that move together.
    pub fn chunks(&self) -> impl Iterator<Item = [u32; 2]> {
        let (all, most) = (self.groups(), self.groups_of_chunk());
        (0..all)
            .step_by(most as usize)
            .map(move |first| [first, most.min(all - first)])
    }

    /// The shader's `Job` for some steps of a chunk.
    pub fn uniforms(&self, first_group: u32, steps: Range<u32>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(UNIFORM_BYTES);
        let mut put = |word: u32| bytes.extend(word.to_ne_bytes());
        for value in self.tableau.as_flattened() {
            put(value.to_bits());
        }
        for layer in 0..MAX_LAYERS {
            put(self.sizes.get(layer).copied().unwrap_or(0));
        }
        put(0.0_f32.to_bits());
        put((1.0 / self.steps as f32).to_bits());
        let frame = self.saves.partition_point(|save| save.0 < steps.start);
        for word in [
            self.sizes.len() as u32,
            self.stages,
            self.activation,
            self.p4,
            self.n,
            first_group,
            steps.start,
            steps.end,
            frame as u32,
            self.saves.len() as u32,
        ] {
            put(word);
        }
        bytes
    }
}

/// Step and fraction at which each frame lies; the end of a step belongs to it, at fraction 1.
fn saves(times: &[f32], steps: usize) -> Vec<(u32, f32)> {
    // Rounding of a time to f32 must not turn the end of a step into its inside.
    const END: f64 = 1e-4;
    let save = |&t: &f32| {
        let mut position = (f64::from(t) * steps as f64).clamp(0.0, steps as f64);
        if (position - position.round()).abs() < END {
            position = position.round();
        }
        let step = (position.ceil() - 1.0).max(0.0);
        (step as u32, (position - step) as f32)
    };
    times.iter().map(save).collect()
}

/// The buffers of one run.
pub struct Job {
    pub uniforms: wgpu::Buffer,
    pub state: wgpu::Buffer,
    pub points: wgpu::Buffer,
    pub bind_group: wgpu::BindGroup,
}

impl Job {
    pub fn new(
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        layout: &wgpu::BindGroupLayout,
        plan: &Plan,
        noise: &[f32],
    ) -> Self {
        use wgpu::BufferUsages as Usage;
        let buffer = |label, size, usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage: usage | Usage::COPY_DST,
                mapped_at_creation: false,
            })
        };
        let filled = |label, words: &mut dyn ExactSizeIterator<Item = u32>, usage| {
            let bytes: Vec<u8> = words.flat_map(u32::to_ne_bytes).collect();
            let buffer = buffer(label, bytes.len() as u64, usage);
            queue.write_buffer(&buffer, 0, &bytes);
            buffer
        };
        let uniforms = buffer("sampler job", UNIFORM_BYTES as u64, Usage::UNIFORM);
        let mut words = plan.packed.iter().map(|w| w.to_bits());
        let weights = filled("sampler weights", &mut words, Usage::STORAGE);
        let words: Vec<u32> = (plan.saves.iter())
            .flat_map(|save| [save.0, save.1.to_bits()])
            .collect();
        let saves = filled("sampler frames", &mut words.into_iter(), Usage::STORAGE);
        let usage = Usage::STORAGE | Usage::COPY_SRC;
        let mut words = noise.iter().map(|x| x.to_bits());
        let state = filled("sampler state", &mut words, usage);
        let size = 8 * u64::from(plan.n) * plan.saves.len() as u64;
        let points = buffer("sampler points", size, usage);
        let buffers = [&uniforms, &weights, &saves, &state, &points];
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("sampler"),
            layout,
            entries: &entries,
        });
        Self {
            uniforms,
            state,
            points,
            bind_group,
        }
    }

    pub fn layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
        let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
        let kinds = [
            wgpu::BufferBindingType::Uniform,
            storage(true),
            storage(true),
            storage(false),
            storage(false),
        ];
        let entries: Vec<_> = (0..)
            .zip(kinds)
            .map(|(binding, ty)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty,
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("sampler"),
            entries: &entries,
        })
    }

    pub fn pipeline(
        device: &wgpu::Device,
        layout: &wgpu::BindGroupLayout,
    ) -> wgpu::ComputePipeline {
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("sampler"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../shaders/mlp_sample.wgsl").into()),
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("sampler"),
            bind_group_layouts: &[Some(layout)],
            immediate_size: 0,
        });
        device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("sampler"),
            layout: Some(&layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    }
}
