//! Digits from noise: classifier-free guidance, any solver, decoding.

mod guided;

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

use super::condition::Condition;
use super::config::{ImageConfig, LatentSettings};
use super::latent;
use super::params;
use super::space::{self, LATENT, SHAPE, Space};
use super::state::OnDevice;
use super::store::SavedModel;
use crate::data::mnist::{CLASSES, crop};
use crate::flow::{Adaptive, Solution, Solver, integrate_adaptive, integrate_fixed};
use crate::nn::dit::{Dit, DitConfig};
use crate::nn::mlp::read;
use crate::nn::vae::Vae;
use crate::train::batch::{Purpose, stream};
use guided::Given;

/// Tolerance of adaptive solvers, relative and absolute.
const TOLERANCE: f64 = 1e-5;
/// Samples that are carried together.
const CHUNK: usize = 250;
/// Points of one channel of a code.
const POINTS: usize = SHAPE[1] * SHAPE[2];
/// The label of "no class".
pub const NO_CLASS: u8 = CLASSES as u8;

/// A trained flow with the autoencoder whose latent space it lives in.
pub struct LatentModel {
    dit: Dit,
    vae: Vae,
    space: Space,
    condition: Condition,
    device: Device,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The class of each sample; [`NO_CLASS`] for any.
    pub labels: Vec<u8>,
    /// γ in `v = γ v_class + (1 − γ) v_none`: 1 is the conditional flow, 0 ignores the class.
    pub guidance: f32,
    /// w in `w v + (1 − w) v_nothing`, where nothing of the picture is seen and no class is told:
    /// how much what is given counts. 1 is the conditional flow; others are for inpainting alone.
    pub emphasis: f32,
    /// How the flow is integrated; adaptive ones at tolerances of 1e-5.
    pub solver: Solver,
    /// Steps of a fixed solver.
    pub steps: usize,
    /// Seed of the noise; the first samples do not depend on how many follow.
    pub seed: u64,
    /// Times to keep the latents at, rising within 0 to 1; may be empty.
    pub save_at: Vec<f64>,
    /// What [`Condition::channels`] says comes with each sample, `[n, channels, 4, 4]`; empty
    /// without a condition.
    pub given: Vec<f32>,
}

/// What was drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Grey values `[n, 28, 28]`.
    pub images: Vec<u8>,
    /// Codes at t = 1, normalised, `[n, 4, 4, 4]`.
    pub latents: Vec<f32>,
    /// Codes at each of `save_at`, normalised, each `[n, 4, 4, 4]`.
    pub way: Vec<Vec<f32>>,
    /// Evaluations of the field for the slowest sample.
    pub nfe: usize,
}

impl LatentModel {
    /// Loads a run of `train latent`, or `builtin:latent`, with its autoencoder.
    ///
    /// # Errors
    /// Names the file or tensor at fault.
    pub fn load(name: &str, device: &Device) -> Result<Self, String> {
        let saved = SavedModel::load(name).map_err(|error| error.to_string())?;
        // Which the other tasks have none of: `new` says so.
        let vae = match latent::own_autoencoder(name, &saved.config)? {
            Some(own) => own,
            None => SavedModel::load(builtin_of(&saved.config)).map_err(|e| e.to_string())?,
        };
        Self::new(&saved, &vae, device).map_err(|error| format!("{name}: {error}"))
    }

    /// Puts a saved flow and its autoencoder onto a device.
    ///
    /// # Errors
    /// When a run is of another task, or a tensor does not fit.
    pub fn new(saved: &SavedModel, vae: &SavedModel, device: &Device) -> Result<Self, String> {
        let ImageConfig::Latent(settings) = &saved.config else {
            return Err(format!(
                "a run of `train {}`, but a latent flow is needed (`train latent`)",
                saved.config.task()
            ));
        };
        Ok(Self {
            dit: params::load(dit(settings, device), &saved.network)?,
            vae: space::load_vae(vae, device)?,
            space: Space::of(saved)?,
            condition: settings.condition,
            device: device.clone(),
        })
    }

    /// Puts networks together that are on a device already.
    pub fn from_parts(
        dit: Dit,
        vae: Vae,
        space: Space,
        condition: Condition,
        device: &Device,
    ) -> Self {
        Self {
            dit,
            vae,
            space,
            condition,
            device: device.clone(),
        }
    }

    /// Draws samples; `progress` is told how many are done.
    ///
    /// # Errors
    /// When the device was lost, an adaptive step becomes too small, or the condition does not fit.
    pub fn sample(
        &self,
        request: &Request,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Samples, String> {
        let noise = noise(request.seed, request.labels.len());
        if request.emphasis != 1.0 && self.condition != Condition::Inpaint {
            return Err(format!(
                "a condition counts more or less ({}) in inpainting alone; this flow's condition \
                 is `{}`",
                request.emphasis, self.condition
            ));
        }
        let wide = self.condition.channels() * POINTS;
        if request.given.len() != request.labels.len() * wide {
            return Err(format!(
                "a flow with the condition `{}` takes {wide} numbers for each sample, but {} came \
                 for {} samples",
                self.condition,
                request.given.len(),
                request.labels.len()
            ));
        }
        let mut samples = Samples {
            way: vec![Vec::new(); request.save_at.len()],
            ..Samples::default()
        };
        for (i, (labels, noise)) in request
            .labels
            .chunks(CHUNK)
            .zip(noise.chunks(CHUNK * LATENT))
            .enumerate()
        {
            let first = i * CHUNK * wide;
            let given = &request.given[first..first + labels.len() * wide];
            let way = Way {
                request,
                labels,
                given: self.given(request, given, labels.len())?,
            };
            let nfe = self.carry(&way, noise, &mut samples)?;
            samples.nfe = samples.nfe.max(nfe);
            progress(samples.latents.len() / LATENT);
        }
        samples.images = self.decode(&samples.latents)?;
        Ok(samples)
    }

    /// Carries codes `[n, 4, 4, 4]` at t = 1 back to their noise: an image, encoded, becomes the
    /// noise that the flow would make it from.
    ///
    /// # Errors
    /// As [`LatentModel::sample`].
    pub fn invert(&self, request: &Request, codes: &[f32]) -> Result<Vec<f32>, String> {
        let way = Way {
            request,
            labels: &request.labels,
            given: self.given(request, &request.given, request.labels.len())?,
        };
        let mut solution = self.integrate(&way, codes, [1.0, 0.0], &[0.0])?;
        read(solution.states.pop().ok_or("no state was kept")?.0)
    }

    /// Carries noise `[n, 4, 4, 4]` of one's own to codes at t = 1.
    ///
    /// # Errors
    /// As [`LatentModel::sample`].
    pub fn generate(&self, request: &Request, noise: &[f32]) -> Result<Samples, String> {
        let way = Way {
            request,
            labels: &request.labels,
            given: self.given(request, &request.given, request.labels.len())?,
        };
        let mut samples = Samples {
            way: vec![Vec::new(); request.save_at.len()],
            ..Samples::default()
        };
        samples.nfe = self.carry(&way, noise, &mut samples)?;
        samples.images = self.decode(&samples.latents)?;
        Ok(samples)
    }

    fn integrate(
        &self,
        way: &Way<'_>,
        from: &[f32],
        [start, end]: [f64; 2],
        times: &[f64],
    ) -> Result<Solution<OnDevice<4>>, String> {
        let x0 = OnDevice(self.upload(from));
        let velocity = |t: f64, x: &OnDevice<4>| {
            let guidance = way.request.guidance;
            OnDevice(self.velocity(x.0.clone(), t as f32, way.labels, &way.given, guidance))
        };
        let request = way.request;
        if request.solver.is_adaptive() {
            let options = Adaptive::within(request.solver, TOLERANCE);
            integrate_adaptive(&options, start, end, x0, times, velocity)
                .map_err(|error| error.to_string())
        } else {
            let steps = request.steps.max(1);
            let solver = request.solver;
            Ok(integrate_fixed(
                solver, steps, start, end, x0, times, velocity,
            ))
        }
    }

    fn carry(&self, way: &Way<'_>, noise: &[f32], samples: &mut Samples) -> Result<usize, String> {
        let mut times = way.request.save_at.clone();
        times.push(1.0);
        let mut solution = self.integrate(way, noise, [0.0, 1.0], &times)?;
        let end = solution.states.pop().ok_or("no state was kept")?;
        samples.latents.extend(read(end.0)?);
        for (way, state) in samples.way.iter_mut().zip(solution.states) {
            way.extend(read(state.0)?);
        }
        Ok(solution.nfe)
    }

    /// Grey images `[n, 28, 28]` of normalised codes `[n, 4, 4, 4]`.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn decode(&self, latents: &[f32]) -> Result<Vec<u8>, String> {
        let mut codes = latents.to_vec();
        self.space.leave(&mut codes);
        Ok(crop(&space::decode(&self.vae, &codes, &self.device)?))
    }

    /// The autoencoder.
    pub fn vae(&self) -> &Vae {
        &self.vae
    }

    /// How its codes are normalised.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Where its networks are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The network's condition.
    pub fn condition(&self) -> Condition {
        self.condition
    }

    fn upload(&self, latents: &[f32]) -> Tensor<4> {
        let [c, h, w] = SHAPE;
        let shape = [latents.len() / LATENT, c, h, w];
        Tensor::from_data(TensorData::new(latents.to_vec(), shape), &self.device)
    }
}

/// The program's autoencoder that a flow names.
fn builtin_of(config: &ImageConfig) -> &str {
    match config {
        ImageConfig::Latent(settings) => &settings.vae,
        _ => "builtin:vae",
    }
}

/// The network of some settings, with random weights.
pub fn dit(settings: &LatentSettings, device: &Device) -> Dit {
    let (extra, map) = settings.condition.inputs();
    DitConfig::new()
        .with_extra(extra)
        .with_map(map)
        .with_channels(SHAPE[0])
        .with_side(SHAPE[1])
        .with_patch(settings.patch)
        .with_width(settings.width)
        .with_depth(settings.depth)
        .with_heads(settings.heads)
        .with_classes(CLASSES)
        .init(device)
}

/// `n` codes of N(0, I), `[n, 4, 4, 4]`: the noise of a seed, the same in every view.
pub fn noise(seed: u64, n: usize) -> Vec<f32> {
    let mut rng = stream(seed, Purpose::Noise, 0);
    (0..n * LATENT)
        .map(|_| rng.sample(StandardNormal))
        .collect()
}

/// Labels in the frequencies of a set: what an unconditional draw is made of.
pub fn drawn_labels(seed: u64, n: usize, from: &[u8]) -> Vec<u8> {
    let mut rng = stream(seed, Purpose::Probe, 0);
    (0..n)
        .map(|_| from[rng.random_range(0..from.len())])
        .collect()
}

/// One chunk of a request.
struct Way<'a> {
    request: &'a Request,
    labels: &'a [u8],
    given: Option<Given>,
}
