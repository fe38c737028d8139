//! Particles moved through a network on the window's own GPU; the positions stay in the buffer
//! that the passes draw from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eframe::{egui_wgpu, wgpu};
use egui_wgpu::RenderState;

use super::frames::Frames;
use super::sampler_job::{Job, Plan};

/// Widest layer: its activations for four particles fill 16 KiB of shared memory.
pub const MAX_WIDTH: usize = 1024;
/// Most linear layers.
pub const MAX_LAYERS: usize = 32;
/// Most stages of a method.
pub const MAX_STAGES: usize = 4;

/// Duration of one submission to aim at: the window's own pictures wait no longer than this, and
/// a driver's watchdog (2 s on Windows) never bites.
const PIECE: Duration = Duration::from_millis(15);
/// Multiplications and additions of the first, unmeasured submission.
const FIRST_PIECE_FLOP: f64 = 1e9;
/// Rest between two looks whether a submission is done.
const LOOK: Duration = Duration::from_micros(500);
/// After so long the device counts as lost. A GPU needs milliseconds for a piece; a software
/// adapter on a busy machine may need half a minute.
const PATIENCE: Duration = Duration::from_secs(60);

/// The function between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// `x Φ(x)` with the exact Φ.
    Gelu,
    /// `max(x, 0)`.
    Relu,
    /// `x / (1 + e^-x)`.
    Silu,
    /// `tanh x`.
    Tanh,
}

/// A linear layer, `y = W x + b`.
#[derive(Clone, Copy, Debug)]
pub struct Linear<'a> {
    /// `W`, `[outputs, inputs]`, row-major.
    pub weight: &'a [f32],
    /// `b`, `[outputs]`.
    pub bias: &'a [f32],
}

/// What moves the particles: a network from `[x, y, t]` to a velocity and an explicit method with
/// equal steps.
#[derive(Clone, Debug)]
pub struct Flow<'a> {
    /// Input first.
    pub layers: Vec<Linear<'a>>,
    /// After every layer but the last.
    pub between: Between,
    /// Strictly lower triangle of the Butcher tableau, one row for each stage after the first.
    pub a: &'a [&'a [f64]],
    /// Weights of the stages.
    pub b: &'a [f64],
    /// Time of each stage as a fraction of the step.
    pub c: &'a [f64],
    /// From t = 0 to t = 1.
    pub steps: usize,
}

/// Particles that went through a network.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Where they were; the positions are on the GPU only.
    pub frames: Frames,
    /// Where they ended, `[n, 2]`, read back.
    pub ends: Vec<f32>,
}

/// Why the kernel did not move the particles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// Another network, method or number of frames would do.
    #[error("the GPU sampler has no room for {0}")]
    Limit(String),
    /// The device will not answer again.
    #[error("the GPU sampler stopped: {0}")]
    Lost(String),
}

/// The window's device with the kernel. It is used on a worker thread, never by the window's.
pub struct GpuSampler {
    device: wgpu::Device,
    queue: wgpu::Queue,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    largest_buffer: u64,
}

impl GpuSampler {
    /// Whether the window's adapter is a GPU, not a program on the processor.
    pub fn is_hardware(state: &RenderState) -> bool {
        state.adapter.get_info().device_type != wgpu::DeviceType::Cpu
    }

    /// The kernel on the window's device, or `None` where that cannot run it.
    pub fn new(state: &RenderState) -> Option<Self> {
        let flags = state.adapter.get_downlevel_capabilities().flags;
        let limits = state.device.limits();
        let usable = super::available(state)
            && flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS)
            && limits.max_compute_invocations_per_workgroup >= 256
            && limits.max_compute_workgroup_size_x >= 256
            && limits.max_compute_workgroup_storage_size >= 16 << 10
            && limits.max_storage_buffers_per_shader_stage >= 4;
        if !usable {
            log::info!("particles are moved on the processor: no compute shaders here");
            return None;
        }
        let device = state.device.clone();
        let layout = Job::layout(&device);
        Some(Self {
            pipeline: Job::pipeline(&device, &layout),
            queue: state.queue.clone(),
            layout,
            largest_buffer: limits
                .max_storage_buffer_binding_size
                .min(limits.max_buffer_size),
            device,
        })
    }

    /// Moves `noise`, `[n, 2]`, from t = 0 to t = 1 and keeps the positions at the ascending
    /// `times`; none when `cancel` became true.
    ///
    /// Waits for the GPU by looking, in pieces of some 15 ms, so that another thread can draw.
    ///
    /// # Errors
    /// When the network, the method or the frames exceed the kernel's limits, or the device was
    /// lost.
    pub fn sample(
        &self,
        flow: &Flow<'_>,
        noise: &[f32],
        times: Arc<[f32]>,
        cancel: &AtomicBool,
    ) -> Result<Option<Moved>, SampleError> {
        let plan = Plan::new(flow, noise.len() / 2, &times).map_err(SampleError::Limit)?;
        let (bytes, room) = (plan.largest_buffer(), self.largest_buffer);
        if bytes > room {
            let sentence = format!("{bytes} bytes in a buffer; the device binds {room}");
            return Err(SampleError::Limit(sentence));
        }
        let job = Job::new(&self.device, &self.queue, &self.layout, &plan, noise);
        let mut steps = (FIRST_PIECE_FLOP / plan.chunk_flop()).max(1.0) as u32;
        for chunk in plan.chunks() {
            let mut begin = 0;
            while begin < plan.steps {
                if cancel.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                let end = plan.steps.min(begin.saturating_add(steps));
                let started = Instant::now();
                self.run_piece(&job, &plan, chunk, begin..end)?;
                let ratio = PIECE.as_secs_f64() / started.elapsed().as_secs_f64().max(1e-6);
                let measured = f64::from(end - begin) * ratio.min(4.0);
                steps = (measured as u32).max(1);
                begin = end;
            }
        }
        let Some(ends) = self.read_ends(&job, &plan, cancel)? else {
            return Ok(None);
        };
        let frames = Frames::on_gpu(times, job.points, plan.n as usize);
        Ok(Some(Moved { frames, ends }))
    }

    fn run_piece(
        &self,
        job: &Job,
        plan: &Plan,
        chunk: [u32; 2],
        steps: std::ops::Range<u32>,
    ) -> Result<(), SampleError> {
        let uniforms = plan.uniforms(chunk[0], steps);
        self.queue.write_buffer(&job.uniforms, 0, &uniforms);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("sampler"),
            timestamp_writes: None,
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &job.bind_group, &[]);
        pass.dispatch_workgroups(chunk[1], 1, 1);
        drop(pass);
        let done = Arc::new(AtomicBool::new(false));
        let signal = Arc::clone(&done);
        self.queue.submit([encoder.finish()]);
        self.queue
            .on_submitted_work_done(move || signal.store(true, Ordering::Release));
        self.wait(&done)
    }

    /// The last frame's positions.
    fn read_ends(
        &self,
        job: &Job,
        plan: &Plan,
        cancel: &AtomicBool,
    ) -> Result<Option<Vec<f32>>, SampleError> {
        let size = 8 * u64::from(plan.n);
        let landing = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("sampler ends"),
            size,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(&job.state, 0, &landing, 0, size);
        self.queue.submit([encoder.finish()]);
        let done = Arc::new(AtomicBool::new(false));
        let failed = Arc::new(AtomicBool::new(false));
        let (signal, failure) = (Arc::clone(&done), Arc::clone(&failed));
        landing.map_async(wgpu::MapMode::Read, .., move |result| {
            failure.store(result.is_err(), Ordering::Relaxed);
            signal.store(true, Ordering::Release);
        });
        self.wait(&done)?;
        if failed.load(Ordering::Relaxed) {
            return Err(lost("the positions could not be read back"));
        }
        if cancel.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let bytes = landing.get_mapped_range(..).map_err(lost)?;
        let (words, _) = bytes.as_chunks::<4>();
        Ok(Some(words.iter().map(|w| f32::from_ne_bytes(*w)).collect()))
    }

    /// Looks at the device until `done`; a waiting poll would hold locks that drawing needs.
    fn wait(&self, done: &AtomicBool) -> Result<(), SampleError> {
        let started = Instant::now();
        loop {
            self.device.poll(wgpu::PollType::Poll).map_err(lost)?;
            if done.load(Ordering::Acquire) {
                return Ok(());
            }
            if started.elapsed() > PATIENCE {
                return Err(lost("no answer for a minute"));
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn lost(reason: impl std::fmt::Display) -> SampleError {
    SampleError::Lost(reason.to_string())
}
