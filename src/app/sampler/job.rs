//! One picture: all particles through the network and through the exact field, given up when the
//! settings changed.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use rayon::ThreadPool;

use super::moving::{self, Plan};
use super::{Pictures, Request, Sampled, Settings, on_gpu};
use crate::app::exact::{Route, UpTo, support};
use crate::data::Source;
use crate::flow::{BoxUnion, ExactField, Solver, VelocityField, metric};
use crate::kernel::{Mlp, MlpWeights, Trajectories};
use crate::render::{Frames, GpuSampler, Moved, SampleError};

/// Largest number of stored positions of one picture.
const STORED: usize = 6_400_000;
/// Frames after the first of a picture at least and at most; 16 of a million particles fit into
/// the smallest storage buffer.
const FRAMES: std::ops::RangeInclusive<usize> = 15..=128;
/// Frames after the first under the adaptive solver, which has no steps to show.
const ADAPTIVE_FRAMES: usize = 100;
/// Particles of a preview.
const PREVIEW: usize = 2000;
/// Evaluations that need no preview.
const QUICK: usize = 300_000;

/// What is kept between pictures: the noise, the exact field and its last picture.
#[derive(Default)]
pub struct Bench {
    /// Moves the network's particles where there is one.
    gpu: Option<GpuSampler>,
    noise: Option<(u64, Source, Arc<[f32]>)>,
    exact: Option<Arc<Exact>>,
    drawn: Option<Settings>,
}

/// The exact field of a target and path.
struct Exact {
    route: Route,
    /// None where the target has no exact field.
    field: Option<UpTo>,
    support: Option<BoxUnion>,
    floor: Option<f64>,
}

/// What a finished picture changes among those on show.
pub type Change<'a> = &'a dyn Fn(&mut Pictures);

impl Bench {
    /// An empty bench, with or without a GPU.
    pub fn new(gpu: Option<GpuSampler>) -> Self {
        Self {
            gpu,
            ..Self::default()
        }
    }

    /// Makes the pictures of a request and hands each to `show`, the network's first.
    pub fn run(
        &mut self,
        request: &Request,
        cancel: &AtomicBool,
        show: &dyn Fn(Change<'_>),
        pool: &ThreadPool,
    ) {
        let move_through = |field: &dyn VelocityField<f32>, noise: &[f32]| {
            let plan = Plan::new(request.settings.solver, request.settings.steps);
            let times = saved_times(&request.settings);
            pool.install(|| plan.follow(field, times, noise, cancel))
        };
        let settings = &request.settings;
        let noise = self.noise(settings);
        let exact = self.exact(settings);
        let weights_of = |version: u64| {
            let model = request.model.as_ref().filter(|model| model.0 == version);
            model.map(|(_, weights)| Arc::clone(weights))
        };
        let picture = |frames: Frames, ends: &[f32], nfe: usize, version: u64| {
            let off = exact
                .support
                .as_ref()
                .map(|boxes| metric::off_support(boxes, ends));
            Arc::new(Sampled {
                off_support: off.filter(|share| share.is_finite()),
                lost: metric::lost(ends),
                nfe,
                frames,
                settings: settings.clone(),
                version,
                weights: weights_of(version),
                fetched: OnceLock::new(),
            })
        };
        let sampled = |moved: Trajectories, version| {
            let points: Arc<[f32]> = moved.points.into();
            let ends = &points[points.len() - 2 * moved.n..];
            let frames = Frames::new(moved.times.into(), Arc::clone(&points), moved.n);
            picture(frames, ends, moved.nfe, version)
        };
        let on_gpu = match &request.model {
            Some((version, weights)) => match self.on_gpu(weights, settings, &noise, cancel) {
                Some(None) => return,
                Some(Some(moved)) => {
                    let nfe = settings.solver.fixed_nfe(settings.steps.max(1));
                    let picture = picture(moved.frames, &moved.ends, nfe, *version);
                    show(&|pictures| pictures.model = Some(Arc::clone(&picture)));
                    true
                }
                None => false,
            },
            None => false,
        };
        let on_cpu = request.model.as_ref().filter(|_| !on_gpu);
        let model = on_cpu.and_then(|(version, weights)| {
            let mlp = Mlp::try_new(weights);
            mlp.inspect_err(|error| log::warn!("weights that cannot be drawn: {error}"))
                .ok()
                .map(|mlp| (*version, mlp))
        });
        if on_gpu {
            log::trace!("the network's particles are on the GPU");
        } else if let Some((version, mlp)) = model {
            let show_model = |moved| {
                let picture = sampled(moved, version);
                show(&|pictures| pictures.model = Some(Arc::clone(&picture)));
            };
            // A slider that is dragged shows its effect at once, on some of the particles.
            let fresh = self.drawn.as_ref() != Some(settings);
            if fresh && noise.len() > 2 * PREVIEW && evaluations(settings) > QUICK {
                let moved = move_through(&mlp, &noise[..2 * PREVIEW]);
                moved.map(&show_model);
            }
            let Some(moved) = move_through(&mlp, &noise) else {
                return;
            };
            show_model(moved);
        } else {
            show(&|pictures| pictures.model = None);
        }
        let picture = match &exact.field {
            Some(_) if self.drawn.as_ref() == Some(settings) => return,
            Some(field) => match move_through(field, &noise) {
                Some(moved) => Some(sampled(moved, 0)),
                None => return,
            },
            None => None,
        };
        let floor = exact.floor;
        show(&|pictures| {
            pictures.exact.clone_from(&picture);
            pictures.floor = floor;
        });
        self.drawn = Some(settings.clone());
    }

    /// The network's particles moved on the GPU: none where the processor has to do it, and none
    /// inside where somebody cancelled.
    fn on_gpu(
        &mut self,
        weights: &MlpWeights,
        settings: &Settings,
        noise: &[f32],
        cancel: &AtomicBool,
    ) -> Option<Option<Moved>> {
        let gpu = (self.gpu.as_ref()).filter(|_| !settings.solver.is_adaptive())?;
        let times = saved_times(settings);
        match on_gpu::move_through(gpu, weights, settings, noise, times, cancel) {
            Ok(moved) => Some(moved),
            Err(error) => {
                log::warn!("particles are moved on the processor: {error}");
                if matches!(error, SampleError::Lost(_)) {
                    self.gpu = None;
                }
                None
            }
        }
    }

    /// Points of the source, kept between pictures; fewer particles are the first ones of more.
    fn noise(&mut self, settings: &Settings) -> Arc<[f32]> {
        let wanted = 2 * settings.particles;
        let known = self.noise.take().filter(|(seed, source, points)| {
            *seed == settings.noise && *source == settings.source && points.len() >= wanted
        });
        let (seed, source, points) = known.unwrap_or_else(|| {
            let points = moving::start(&settings.source, settings.noise, settings.particles);
            (settings.noise, settings.source.clone(), points.into())
        });
        self.noise = Some((seed, source, Arc::clone(&points)));
        if points.len() == wanted {
            points
        } else {
            Arc::from(&points[..wanted])
        }
    }

    fn exact(&mut self, settings: &Settings) -> Arc<Exact> {
        let route = settings.route();
        let known = self.exact.take().filter(|exact| exact.route == route);
        let exact = known.unwrap_or_else(|| Arc::new(Exact::new(route)));
        self.exact = Some(Arc::clone(&exact));
        exact
    }
}

impl Exact {
    fn new(route: Route) -> Self {
        let field = route.exact();
        Self {
            support: support(&route.dataset),
            route,
            floor: field.as_ref().map(ExactField::loss_floor),
            field: field.map(UpTo),
        }
    }
}

/// The way of a picture's particles once more; none when it was given up.
pub fn follow_again(
    mlp: &Mlp,
    settings: &Settings,
    times: &[f32],
    cancel: &AtomicBool,
) -> Option<Trajectories> {
    let plan = Plan::new(settings.solver, settings.steps);
    let x0 = moving::start(&settings.source, settings.noise, settings.particles);
    plan.follow(mlp, times.to_vec(), &x0, cancel)
}

/// Evaluations of a field for all particles, a guess for an adaptive method.
fn evaluations(settings: &Settings) -> usize {
    let steps = if settings.solver.is_adaptive() {
        30
    } else {
        settings.steps
    };
    settings.particles * settings.solver.fixed_nfe(steps)
}

/// Frames that a picture keeps, and how many it would keep of few particles.
pub fn frames_kept(solver: Solver, steps: usize, particles: usize) -> [usize; 2] {
    let wanted = if solver.is_adaptive() {
        ADAPTIVE_FRAMES
    } else {
        steps.clamp(1, *FRAMES.end())
    };
    let most = (STORED / particles.max(1)).clamp(*FRAMES.start(), *FRAMES.end());
    [wanted.min(most) + 1, wanted + 1]
}

/// Times at which positions are kept: every step where there is room.
fn saved_times(settings: &Settings) -> Vec<f32> {
    let [kept, _] = frames_kept(settings.solver, settings.steps, settings.particles);
    let last = kept - 1;
    (0..=last).map(|i| i as f32 / last as f32).collect()
}
