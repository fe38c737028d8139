//! The second worker: it moves the particles through the trained and the exact field, and the
//! newest request wins.

mod job;
pub mod moving;
mod on_gpu;
mod shot;

pub use job::frames_kept;
pub use shot::Shots;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use eframe::egui_wgpu::RenderState;

use crate::app::exact::Route;
use crate::app::widgets::number;
use crate::data::Source;
use crate::data::toy::Dataset;
use crate::flow::{Scheduler, Solver};
use crate::kernel::{Mlp, MlpWeights};
use crate::priority::{self, Priority};
use crate::render::{Frames, GpuSampler};

/// Rest after a picture, in units of its duration: training has the processor for that long.
const REST: u32 = 2;

/// How particles are moved; equal settings give equal pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The target, for the exact field and for what counts as off the support.
    pub dataset: Dataset,
    /// The path of the exact field.
    pub path: Scheduler,
    /// Where particles start; only a Gaussian has an exact field.
    pub source: Source,
    /// The method.
    pub solver: Solver,
    /// Its steps; an adaptive one chooses its own.
    pub steps: usize,
    /// Particles.
    pub particles: usize,
    /// Seed of the noise they start from.
    pub noise: u64,
}

impl Settings {
    /// From its source along its path to its target.
    pub fn route(&self) -> Route {
        Route {
            source: self.source.clone(),
            path: self.path,
            dataset: self.dataset.clone(),
        }
    }
}

/// What the window wants to see.
#[derive(Clone, Debug)]
pub struct Request {
    /// How to move them.
    pub settings: Settings,
    /// The network and the version of its weights.
    pub model: Option<(u64, Arc<MlpWeights>)>,
}

/// Particles that went through one field.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// Where they were.
    pub frames: Frames,
    /// Evaluations of the field for each particle.
    pub nfe: usize,
    /// Share of the particles that ended outside the target's support, where it has one.
    pub off_support: Option<f64>,
    /// How many ended nowhere: at no number, or beyond all measure.
    pub lost: usize,
    /// Settings they were moved with.
    pub settings: Settings,
    /// Version of the weights; 0 for the exact field.
    pub version: u64,
    /// The weights; none for the exact field.
    pub weights: Option<Arc<MlpWeights>>,
    /// Positions in main memory, fetched for an export where [`Self::frames`] are on the GPU.
    pub(crate) fetched: OnceLock<Frames>,
}

impl Sampled {
    /// What a caption adds to `detail` when particles were lost.
    pub fn with_lost(&self, detail: &str) -> String {
        let gap = if detail.is_empty() { "" } else { "  ·  " };
        match self.lost {
            0 => detail.to_owned(),
            lost => format!("{detail}{gap}{} lost", number::grouped(lost as u64)),
        }
    }

    /// The positions in main memory. Those that only the GPU has are moved once more, on the
    /// processor, by the same weights from the same noise; none when that was given up.
    pub fn in_memory(&self, cancel: &AtomicBool) -> Option<&Frames> {
        if self.frames.in_memory() {
            return Some(&self.frames);
        }
        if self.fetched.get().is_none() {
            let mlp = Mlp::try_new(self.weights.as_ref()?).ok()?;
            let moved = job::follow_again(&mlp, &self.settings, &self.frames.times, cancel)?;
            let frames = Frames::new(moved.times.into(), moved.points.into(), moved.n);
            // Somebody else may have been faster, with the same positions.
            let _ = self.fetched.set(frames);
        }
        self.fetched.get()
    }
}

/// What is there to be drawn; each part is the newest of its kind.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    /// Through the trained network.
    pub model: Option<Arc<Sampled>>,
    /// Through the exact field.
    pub exact: Option<Arc<Sampled>>,
    /// The loss floor of the target and path, where it is known.
    pub floor: Option<f64>,
}

struct Shared {
    request: Mutex<Option<Request>>,
    pictures: Mutex<Pictures>,
    asked: Condvar,
    /// The settings changed: the work in progress is given up.
    cancel: AtomicBool,
    /// The request in the slot has other settings than the last picture.
    urgent: AtomicBool,
    busy: AtomicBool,
    closed: AtomicBool,
}

/// The window's handle of the worker. Dropping it ends the thread within a block of particles.
pub struct Sampler {
    shared: Arc<Shared>,
    last: Option<(Settings, Option<u64>)>,
}

impl Sampler {
    /// Starts the thread; `wake` is called on it whenever there is something new to draw.
    ///
    /// The network's particles are moved on the window's GPU where `state` has a real one, so that
    /// their positions never leave it; the exact field's on the processor.
    pub fn new(state: Option<RenderState>, wake: impl Fn() + Send + 'static) -> Self {
        let shared = Arc::new(Shared {
            request: Mutex::new(None),
            pictures: Mutex::default(),
            asked: Condvar::new(),
            cancel: AtomicBool::new(false),
            urgent: AtomicBool::new(true),
            busy: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let worker = Arc::clone(&shared);
        thread::Builder::new()
            .name("flowlab-sampler".to_owned())
            .spawn(move || {
                let gpu = state.filter(on_gpu::wanted);
                work(&worker, gpu.as_ref(), &wake);
            })
            .expect("the system starts a thread");
        Self { shared, last: None }
    }

    /// Asks for a picture. Changed settings cancel the work in progress; changed weights wait
    /// for it, or a fast training would never show anything.
    pub fn ask(&mut self, request: Request) {
        let version = request.model.as_ref().map(|(version, _)| *version);
        let key = (request.settings.clone(), version);
        if self.last.as_ref() == Some(&key) {
            return;
        }
        let changed = self.last.as_ref().map(|(settings, _)| settings) != Some(&request.settings);
        self.last = Some(key);
        let mut slot = lock(&self.shared.request);
        *slot = Some(request);
        if changed {
            self.shared.cancel.store(true, Ordering::Relaxed);
            self.shared.urgent.store(true, Ordering::Relaxed);
        }
        drop(slot);
        self.shared.asked.notify_one();
    }

    /// The newest pictures; never waits for the work.
    pub fn pictures(&self) -> Pictures {
        lock(&self.shared.pictures).clone()
    }

    /// Whether a picture is being made.
    pub fn is_busy(&self) -> bool {
        self.shared.busy.load(Ordering::Relaxed) || lock(&self.shared.request).is_some()
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        // Under the lock, so that the worker is either waiting, or about to look, or at work.
        let _guard = lock(&self.shared.request);
        self.shared.closed.store(true, Ordering::Relaxed);
        self.shared.cancel.store(true, Ordering::Relaxed);
        self.shared.asked.notify_one();
    }
}

/// The lock's content; a panic elsewhere leaves whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(shared: &Shared, gpu: Option<&RenderState>, wake: &dyn Fn()) {
    // A pool of its own: in the common one a training step would wait behind these particles.
    let lower = || priority::step_back(Priority::Preview);
    lower();
    let pool = rayon::ThreadPoolBuilder::new()
        .start_handler(move |_| lower())
        .build();
    let mut bench = job::Bench::new(gpu.and_then(GpuSampler::new));
    while let Some(request) = next(shared) {
        let started = Instant::now();
        let show = |change: &dyn Fn(&mut Pictures)| {
            change(&mut lock(&shared.pictures));
            wake();
        };
        // A panic in a kernel must not end the pictures for good.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| match &pool {
            Ok(pool) => bench.run(&request, &shared.cancel, &show, pool),
            Err(error) => log::error!("no threads for the particles: {error}"),
        }));
        if done.is_err() {
            bench = job::Bench::new(None);
            log::error!("the sampler met a panic and starts anew");
        }
        wake();
        rest(shared, REST * started.elapsed());
    }
}

/// Waits for a request; none when the window is gone.
fn next(shared: &Shared) -> Option<Request> {
    let mut slot = lock(&shared.request);
    loop {
        if shared.closed.load(Ordering::Relaxed) {
            return None;
        }
        if let Some(request) = slot.take() {
            shared.busy.store(true, Ordering::Relaxed);
            shared.urgent.store(false, Ordering::Relaxed);
            // Under the lock: a request that comes later cancels this one.
            shared.cancel.store(false, Ordering::Relaxed);
            return Some(request);
        }
        shared.busy.store(false, Ordering::Relaxed);
        slot = shared
            .asked
            .wait(slot)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

/// Leaves the processor to the training for a while, unless somebody changes the settings.
fn rest(shared: &Shared, pause: Duration) {
    let end = Instant::now() + pause;
    let mut slot = lock(&shared.request);
    shared.busy.store(slot.is_some(), Ordering::Relaxed);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let wanted = shared.urgent.load(Ordering::Relaxed) || shared.closed.load(Ordering::Relaxed);
        if left.is_zero() || wanted {
            return;
        }
        slot = shared
            .asked
            .wait_timeout(slot, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
}

#[cfg(test)]
mod tests;
