//! Draws layers into a texture and reads it back, through egui's own renderer.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use eframe::{egui_wgpu, wgpu};
use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{Rect, Shape};
use egui_wgpu::{RenderState, Renderer, RendererOptions, ScreenDescriptor, WgpuConfiguration};
use egui_wgpu::{WgpuSetup, WgpuSetupCreateNew};

use super::gpu::Gpu;

/// A headless device with the passes installed, or `None` where there is no adapter.
///
/// # Panics
/// If there is no adapter and the environment variable `FLOWLAB_REQUIRE_GPU` is 1.
pub fn test_device() -> Option<Offscreen> {
    // The Vulkan loader does not like instances that come and go on several threads at once.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let setup = WgpuSetup::CreateNew(WgpuSetupCreateNew::without_display_handle());
    let instance = block_on(setup.new_instance());
    let config = WgpuConfiguration {
        wgpu_setup: setup,
        ..Default::default()
    };
    let options = RendererOptions::PREDICTABLE;
    match block_on(RenderState::create(&config, &instance, None, options)) {
        Ok(state) => {
            super::init(&state);
            let gpu = Offscreen {
                state,
                _guard: guard,
            };
            gpu.set_software(false);
            Some(gpu)
        }
        Err(error) => {
            let required = std::env::var("FLOWLAB_REQUIRE_GPU").is_ok_and(|v| v == "1");
            assert!(!required, "no GPU adapter: {error}");
            eprintln!("skipped, no GPU adapter: {error}");
            None
        }
    }
}

pub struct Offscreen {
    pub state: RenderState,
    _guard: MutexGuard<'static, ()>,
}

/// Premultiplied RGBA pixels.
pub struct Picture {
    pub size: [u32; 2],
    pub pixels: Vec<[u8; 4]>,
}

impl Offscreen {
    /// Has particles drawn by plain code, or by the GPU (the default here, on any adapter).
    pub fn set_software(&self, software: bool) {
        let mut renderer = self.state.renderer.write();
        if let Some(gpu) = Gpu::of_mut(&mut renderer.callback_resources) {
            gpu.software = software;
        }
    }

    /// Draws into another format from now on.
    pub fn retarget(&mut self, format: wgpu::TextureFormat) {
        self.state.target_format = format;
        *self.state.renderer.write() =
            Renderer::new(&self.state.device, format, RendererOptions::PREDICTABLE);
        super::init(&self.state);
    }

    /// Draws shapes over a transparent screen of this size at one pixel per point.
    pub fn draw(&self, size: [u32; 2], shapes: Vec<Shape>) -> Picture {
        self.draw_scaled(size, 1.0, shapes)
    }

    /// Draws shapes over a transparent screen of `size` physical pixels.
    pub fn draw_scaled(&self, size: [u32; 2], per_point: f32, shapes: Vec<Shape>) -> Picture {
        let RenderState { device, queue, .. } = &self.state;
        let jobs: Vec<_> = shapes.into_iter().filter_map(clipped).collect();
        let screen = ScreenDescriptor {
            size_in_pixels: size,
            pixels_per_point: per_point,
        };
        let texture = self.target(size);
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut renderer = self.state.renderer.write();
        let extra = renderer.update_buffers(device, queue, &mut encoder, &jobs, &screen);
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        });
        renderer.render(&mut pass.forget_lifetime(), &jobs, &screen);
        let read = self.copy_out(&mut encoder, &texture, size);
        queue.submit(extra.into_iter().chain([encoder.finish()]));
        Picture {
            size,
            pixels: self.pixels(&read, size),
        }
    }

    /// Positions that a kernel left on the device.
    pub fn read_frames(&self, frames: &super::Frames) -> Vec<f32> {
        let RenderState { device, queue, .. } = &self.state;
        let buffer = frames.buffer.as_ref().expect("frames on the device");
        let landing = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("offscreen"),
            size: buffer.size(),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(buffer, 0, &landing, 0, buffer.size());
        queue.submit([encoder.finish()]);
        let bytes = self.mapped(&landing);
        let words = bytes.as_chunks::<4>().0;
        words.iter().map(|word| f32::from_ne_bytes(*word)).collect()
    }

    fn target(&self, [width, height]: [u32; 2]) -> wgpu::Texture {
        self.state.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("offscreen"),
            size: wgpu::Extent3d {
                width,
                height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: self.state.target_format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        })
    }

    fn copy_out(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        texture: &wgpu::Texture,
        [_, height]: [u32; 2],
    ) -> wgpu::Buffer {
        let row = padded_row(texture.width());
        let buffer = self.state.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("offscreen"),
            size: u64::from(row * height),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        encoder.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(row),
                    rows_per_image: None,
                },
            },
            texture.size(),
        );
        buffer
    }

    fn pixels(&self, buffer: &wgpu::Buffer, [width, _]: [u32; 2]) -> Vec<[u8; 4]> {
        self.mapped(buffer)
            .chunks_exact(padded_row(width) as usize)
            .flat_map(|row| row[..4 * width as usize].as_chunks().0.to_vec())
            .collect()
    }

    fn mapped(&self, buffer: &wgpu::Buffer) -> Vec<u8> {
        let slice = buffer.slice(..);
        slice.map_async(wgpu::MapMode::Read, |result| {
            result.expect("mapping failed")
        });
        let done = self.state.device.poll(wgpu::PollType::wait_indefinitely());
        done.expect("the device was lost");
        let bytes = slice.get_mapped_range().expect("the buffer is mapped");
        bytes.to_vec()
    }
}

impl Picture {
    pub fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.pixels[(y * self.size[0] + x) as usize]
    }

    /// Opacity of a pixel, 0 to 1.
    pub fn alpha(&self, x: u32, y: u32) -> f32 {
        f32::from(self.at(x, y)[3]) / 255.0
    }

    /// Sum of all opacities, in pixels.
    pub fn mass(&self) -> f32 {
        self.pixels.iter().map(|p| f32::from(p[3]) / 255.0).sum()
    }

    /// Centre of the opacities, in pixels from the top left corner of the picture.
    pub fn centroid(&self) -> [f32; 2] {
        let mut sum = [0.0; 2];
        for y in 0..self.size[1] {
            for x in 0..self.size[0] {
                sum[0] += self.alpha(x, y) * (x as f32 + 0.5);
                sum[1] += self.alpha(x, y) * (y as f32 + 0.5);
            }
        }
        sum.map(|s| s / self.mass())
    }

    pub fn is_blank(&self) -> bool {
        self.pixels.iter().all(|p| *p == [0; 4])
    }
}

fn clipped(shape: Shape) -> Option<ClippedPrimitive> {
    match shape {
        Shape::Callback(callback) => Some(ClippedPrimitive {
            clip_rect: Rect::EVERYTHING.intersect(callback.rect),
            primitive: Primitive::Callback(callback),
        }),
        _ => None,
    }
}

fn padded_row(width: u32) -> u32 {
    (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}

/// Waits for a future of wgpu's, all of which are ready at once outside a browser.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
}
