//! The network's particles on the window's own GPU.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use eframe::egui_wgpu::RenderState;

use super::Settings;
use crate::kernel::{Activation, MlpWeights};
use crate::render::{Between, Flow, GpuSampler, Linear, Moved, SampleError};

/// Overrides which sampler moves the network's particles: `gpu` (a software adapter too) or `cpu`.
const CHOICE: &str = "FLOWLAB_SAMPLER";

/// Whether the particles shall be moved on the window's adapter: when it is a real GPU, unless
/// the environment asks for something else.
pub fn wanted(state: &RenderState) -> bool {
    match std::env::var(CHOICE).as_deref() {
        Ok("gpu") => true,
        Ok("cpu") => false,
        Ok(other) => {
            log::warn!("{CHOICE}={other}: unknown; use gpu or cpu");
            GpuSampler::is_hardware(state)
        }
        Err(_) => GpuSampler::is_hardware(state),
    }
}

/// Moves particles through the network with equal steps; nothing when somebody cancelled.
///
/// # Errors
/// What the kernel has no room for, or a lost device.
pub fn move_through(
    gpu: &GpuSampler,
    weights: &MlpWeights,
    settings: &Settings,
    noise: &[f32],
    times: Vec<f32>,
    cancel: &AtomicBool,
) -> Result<Option<Moved>, SampleError> {
    let tableau = settings.solver.tableau();
    let flow = Flow {
        layers: (weights.layers.iter())
            .map(|layer| Linear {
                weight: &layer.weight,
                bias: &layer.bias,
            })
            .collect(),
        between: match weights.activation {
            Activation::Gelu => Between::Gelu,
            Activation::Relu => Between::Relu,
            Activation::Silu => Between::Silu,
            Activation::Tanh => Between::Tanh,
        },
        a: tableau.a,
        b: tableau.b,
        c: tableau.c,
        steps: settings.steps.max(1),
    };
    gpu.sample(&flow, noise, Arc::from(times), cancel)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::data::toy::Dataset;
    use crate::flow::{Scheduler, Solver};
    use crate::kernel::{Mlp, sample};
    use crate::render::test_device;

    fn settings(solver: Solver, steps: usize, particles: usize) -> Settings {
        Settings {
            dataset: Dataset::Checkerboard {
                grid: 4,
                scale: 2.0,
            },
            path: Scheduler::CondOt,
            source: crate::data::Source::Gaussian,
            solver,
            steps,
            particles,
            noise: 1,
        }
    }

    /// Largest distance between the two samplers' positions, over all frames.
    fn distance(
        device: &crate::render::Offscreen,
        gpu: &GpuSampler,
        shape: &[usize],
        activation: Activation,
        settings: &Settings,
        times: &[f32],
    ) -> f32 {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let weights = MlpWeights::init(shape, activation, &mut rng);
        let noise: Vec<f32> = (0..2 * settings.particles)
            .map(|_| StandardNormal.sample(&mut rng))
            .collect();
        let never = AtomicBool::new(false);
        let moved = move_through(gpu, &weights, settings, &noise, times.to_vec(), &never);
        let moved = moved.unwrap().unwrap();
        let (solver, steps) = (settings.solver, settings.steps);
        let mlp = Mlp::new(&weights);
        let expected = sample(&mlp, solver, steps, 0.0, 1.0, &noise, times);
        let found = device.read_frames(&moved.frames);
        assert_eq!(found.len(), expected.points.len());
        let ends = &expected.points[expected.points.len() - noise.len()..];
        let apart = |a: &[f32], b: &[f32]| {
            let off = a.iter().zip(b).map(|(a, b)| (a - b).abs());
            // NaN must not pass.
            off.fold(0.0, |most, off| if off <= most { most } else { off })
        };
        apart(&found, &expected.points).max(apart(&moved.ends, ends))
    }

    #[test]
    fn every_solver_and_activation_agrees_with_the_processor() {
        let Some(device) = test_device() else { return };
        let gpu = GpuSampler::new(&device.state).expect("the adapter computes");
        let solvers = [Solver::Euler, Solver::Midpoint, Solver::Heun, Solver::Rk4];
        for (solver, activation) in solvers.into_iter().zip(Activation::ALL) {
            let settings = settings(solver, 12, 100);
            let times = [0.0, 0.25, 0.3, 0.9, 1.0];
            let shape = [3, 64, 64, 64, 2];
            let off = distance(&device, &gpu, &shape, activation, &settings, &times);
            assert!(off < 1e-4, "{solver} {activation}: {off}");
        }
    }

    #[test]
    fn widths_and_counts_that_fill_no_tile_agree_too() {
        let Some(device) = test_device() else { return };
        let gpu = GpuSampler::new(&device.state).expect("the adapter computes");
        let shapes: [&[usize]; 5] = [
            &[3, 4, 2],
            &[3, 1, 2],
            &[3, 37, 130, 5, 2],
            &[3, 300, 2],
            &[3, 1024, 41, 2],
        ];
        for shape in shapes {
            for particles in [1, 131] {
                let settings = settings(Solver::Heun, 3, particles);
                let off = distance(&device, &gpu, shape, Activation::Gelu, &settings, &[1.0]);
                assert!(off < 1e-4, "{shape:?} {particles}: {off}");
            }
        }
    }

    #[test]
    fn the_default_network_keeps_to_the_processor_over_many_pieces() {
        let Some(device) = test_device() else { return };
        let gpu = GpuSampler::new(&device.state).expect("the adapter computes");
        let settings = settings(Solver::Euler, 50, 200);
        let times: Vec<f32> = (0..=10).map(|i| i as f32 / 10.0).collect();
        let shape = [3, 128, 128, 128, 128, 2];
        let off = distance(&device, &gpu, &shape, Activation::Gelu, &settings, &times);
        assert!(off < 1e-4, "{off}");
    }

    #[test]
    fn what_does_not_fit_is_told_and_a_cancelled_run_gives_nothing() {
        let Some(device) = test_device() else { return };
        let gpu = GpuSampler::new(&device.state).expect("the adapter computes");
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let never = AtomicBool::new(false);
        let settings = settings(Solver::Euler, 5, 1);
        let wide = MlpWeights::init(&[3, 1025, 2], Activation::Relu, &mut rng);
        let error = move_through(&gpu, &wide, &settings, &[0.0; 2], vec![1.0], &never);
        assert!(matches!(error, Err(SampleError::Limit(_))), "{error:?}");
        let small = MlpWeights::init(&[3, 8, 2], Activation::Relu, &mut rng);
        never.store(true, Ordering::Relaxed);
        let none = move_through(&gpu, &small, &settings, &[0.0; 2], vec![1.0], &never);
        assert!(matches!(none, Ok(None)));
    }

    #[test]
    fn a_picture_made_on_the_gpu_is_drawn_like_one_of_the_processor() {
        use std::sync::Mutex;

        use super::super::{Pictures, Request, job::Bench};
        use crate::app::theme::Theme;
        use crate::render::{ParticleStyle, View2d, particles};

        let Some(device) = test_device() else { return };
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let weights = MlpWeights::init(&[3, 16, 16, 2], Activation::Silu, &mut rng);
        let request = Request {
            settings: settings(Solver::Heun, 8, 500),
            model: Some((4, Arc::new(weights))),
        };
        let pool = rayon::ThreadPoolBuilder::new().build().unwrap();
        let model = |gpu: Option<GpuSampler>| {
            let pictures = Mutex::new(Pictures::default());
            let show = |change: &dyn Fn(&mut Pictures)| change(&mut pictures.lock().unwrap());
            let never = AtomicBool::new(false);
            Bench::new(gpu).run(&request, &never, &show, &pool);
            pictures.into_inner().unwrap().model.unwrap()
        };
        let gpu = GpuSampler::new(&device.state).expect("the adapter computes");
        let [there, here] = [model(Some(gpu)), model(None)];
        assert!(!there.frames.in_memory() && here.frames.in_memory());
        let fetched = there
            .in_memory(&AtomicBool::new(false))
            .expect("fetched for an export");
        let pairs = fetched.points.iter().zip(&*here.frames.points);
        let apart = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert_eq!(fetched.points.len(), here.frames.points.len());
        assert!(apart < 1e-3, "{apart}");
        assert_eq!((there.nfe, there.version), (here.nfe, here.version));
        assert_eq!(there.frames.times, here.frames.times);
        let off = [&there, &here].map(|picture| picture.off_support.unwrap());
        assert!((off[0] - off[1]).abs() < 0.005, "{off:?}");
        let rect = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::Vec2::splat(90.0));
        let view = View2d::fit(rect, [0.0, 0.0], 3.0);
        let drawn = [&there, &here].map(|picture| {
            let style = ParticleStyle::new(2.0, Theme::Light.palette().model);
            let shape = particles(rect, view, &picture.frames, 0.4, style);
            device.draw([90, 90], vec![shape])
        });
        assert!(drawn[1].mass() > 500.0, "{}", drawn[1].mass());
        let unlike = drawn[0].pixels.iter().zip(&drawn[1].pixels);
        let unlike = unlike.filter(|(a, b)| a[3].abs_diff(b[3]) > 8).count();
        assert!(unlike < 10, "{unlike} pixels differ");
    }
}
