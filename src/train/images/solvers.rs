//! What each solver costs and gives on the latent flow: the same noise by every method, against a
//! reference that is far finer.

use burn::tensor::{Tensor, TensorData};

use super::Judge;
use super::classifier::agreement;
use super::sampler::{LatentModel, noise};
use super::space::{LATENT, SHAPE};
use super::state::OnDevice;
use crate::flow::{Adaptive, Solver, integrate_adaptive, integrate_fixed};
use crate::nn::mlp::read;

/// Tolerance of the reference, which is Dormand and Prince's method.
pub const REFERENCE: f64 = 1e-7;

/// How a solver is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// Equal steps.
    Steps(usize),
    /// Steps of its own choice within a relative and absolute tolerance.
    Tolerance(f64),
}

/// One run of a solver on the noise that all share.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The method.
    pub solver: Solver,
    /// Its steps or tolerance.
    pub setting: Setting,
    /// Evaluations of the field for one sample.
    pub nfe: usize,
    /// Root mean square of (code − the reference's code), over all numbers of all codes, each of
    /// about unit variance.
    pub error: f64,
    /// Share of the samples that the classifier reads as asked.
    pub accuracy: f64,
}

/// The study so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    /// Runs, solver by solver, the cheapest first.
    pub points: Vec<Point>,
    /// How many there will be.
    pub of: usize,
    /// Samples of each run.
    pub n: usize,
    /// The reference's evaluations and the share of its samples that is read as asked.
    pub reference: (usize, f64),
}

/// Every solver at several step counts or tolerances.
pub fn plans() -> Vec<(Solver, Setting)> {
    let mut plans = Vec::new();
    for solver in Solver::ALL {
        let settings: Vec<Setting> = match solver {
            Solver::Euler => [1, 2, 4, 8, 16, 32, 64].map(Setting::Steps).into(),
            Solver::Midpoint | Solver::Heun => [1, 2, 4, 8, 16, 32].map(Setting::Steps).into(),
            Solver::Rk4 => [1, 2, 4, 8, 16].map(Setting::Steps).into(),
            Solver::AdaptiveHeun => [1e-1, 1e-2, 1e-3, 1e-4].map(Setting::Tolerance).into(),
            Solver::Bosh3 | Solver::Dopri5 => [1e-1, 1e-2, 1e-3, 1e-4, 1e-5]
                .map(Setting::Tolerance)
                .into(),
        };
        plans.extend(settings.into_iter().map(|setting| (solver, setting)));
    }
    plans
}

/// Codes `[n, 4, 4, 4]` at t = 1 of noise, and the evaluations of the field; none when somebody
/// cancelled.
///
/// # Errors
/// When the device was lost or a step becomes too small.
pub fn carry(
    model: &LatentModel,
    labels: &[u8],
    noise: &[f32],
    (solver, setting): (Solver, Setting),
    cancelled: &dyn Fn() -> bool,
) -> Result<Option<(Vec<f32>, usize)>, String> {
    let [c, h, w] = SHAPE;
    let data = TensorData::new(noise.to_vec(), [noise.len() / LATENT, c, h, w]);
    let x0 = OnDevice(Tensor::<4>::from_data(data, model.device()));
    let velocity = |t: f64, x: &OnDevice<4>| {
        // Standing still, the solver runs to its end in a few steps; nobody will look.
        OnDevice(match cancelled() {
            true => x.0.clone() * 0.0,
            false => model.velocity(x.0.clone(), t as f32, labels, &None, 1.0),
        })
    };
    let solution = match setting {
        Setting::Steps(steps) => integrate_fixed(solver, steps, 0.0, 1.0, x0, &[1.0], velocity),
        Setting::Tolerance(tolerance) => {
            let options = Adaptive::within(solver, tolerance);
            integrate_adaptive(&options, 0.0, 1.0, x0, &[1.0], velocity)
                .map_err(|error| error.to_string())?
        }
    };
    if cancelled() {
        return Ok(None);
    }
    let end = solution.states.into_iter().next_back();
    let codes = read(end.ok_or("no state was kept")?.0)?;
    Ok(Some((codes, solution.nfe)))
}

/// Where every run starts: noise of a seed, and labels that go round the ten digits.
pub struct Begin {
    labels: Vec<u8>,
    noise: Vec<f32>,
    reference: Vec<f32>,
}

impl Begin {
    /// Carries the noise by the reference method; none when somebody cancelled.
    ///
    /// # Errors
    /// As [`carry`].
    pub fn new(
        model: &LatentModel,
        judge: &Judge,
        seed: u64,
        n: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<(Self, Study)>, String> {
        let labels: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
        let noise = noise(seed, n);
        let plan = (Solver::Dopri5, Setting::Tolerance(REFERENCE));
        let Some((reference, nfe)) = carry(model, &labels, &noise, plan, cancelled)? else {
            return Ok(None);
        };
        let seen = judge.read(&model.decode(&reference)?)?;
        let study = Study {
            points: Vec::new(),
            of: plans().len(),
            n,
            reference: (nfe, agreement(&seen.labels, &labels)),
        };
        let begin = Self {
            labels,
            noise,
            reference,
        };
        Ok(Some((begin, study)))
    }

    /// One run against the reference; none when somebody cancelled.
    ///
    /// # Errors
    /// As [`carry`].
    pub fn run(
        &self,
        model: &LatentModel,
        judge: &Judge,
        (solver, setting): (Solver, Setting),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Point>, String> {
        let plan = (solver, setting);
        let Some((codes, nfe)) = carry(model, &self.labels, &self.noise, plan, cancelled)? else {
            return Ok(None);
        };
        let squares = codes.iter().zip(&self.reference);
        let sum: f64 = squares.map(|(a, b)| f64::from(a - b).powi(2)).sum();
        let seen = judge.read(&model.decode(&codes)?)?;
        Ok(Some(Point {
            solver,
            setting,
            nfe,
            error: (sum / codes.len().max(1) as f64).sqrt(),
            accuracy: agreement(&seen.labels, &self.labels),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{self, DeviceChoice};
    use crate::train::images::{Request, SavedModel};

    #[test]
    fn finer_runs_are_nearer_and_agree_with_the_sampler() {
        let (device, _) = device::open(DeviceChoice::Cpu).expect("a processor");
        let model = LatentModel::load("builtin:latent", &device).expect("the program's own");
        let judge = SavedModel::load("builtin:classifier").expect("the program's own");
        let judge = Judge::new(&judge, &device).expect("fits");
        let never = || false;
        let begin = Begin::new(&model, &judge, 5, 10, &never).expect("carried");
        let (begin, study) = begin.expect("nobody cancels");
        assert!(
            study.reference.0 > 60 && study.reference.1 >= 0.7,
            "{:?}",
            study.reference
        );
        let run = |plan| {
            let point = begin.run(&model, &judge, plan, &never).expect("carried");
            point.expect("nobody cancels")
        };
        for solver in Solver::ADAPTIVE {
            let [coarse, fine] = [1e-1, 1e-4].map(|e| run((solver, Setting::Tolerance(e))));
            assert!(
                coarse.nfe < fine.nfe && fine.error < 0.5 * coarse.error,
                "{coarse:?}, {fine:?}"
            );
        }
        for solver in [Solver::Euler, Solver::Heun] {
            let [coarse, fine] = [4, 16].map(|n| run((solver, Setting::Steps(n))));
            assert_eq!(fine.nfe, solver.fixed_nfe(16));
            assert!(fine.error < 0.5 * coarse.error, "{solver}");
        }
        let plan = (Solver::Midpoint, Setting::Steps(6));
        let labels: Vec<u8> = (0..10).collect();
        let codes = carry(&model, &labels, &noise(5, 10), plan, &never).expect("carried");
        let (codes, nfe) = codes.expect("nobody cancels");
        let usual = Request {
            labels: labels.clone(),
            guidance: 1.0,
            emphasis: 1.0,
            solver: Solver::Midpoint,
            steps: 6,
            seed: 5,
            save_at: Vec::new(),
            given: Vec::new(),
        };
        let usual = model.sample(&usual, &mut |_| {}).expect("drawn");
        assert_eq!((codes, nfe), (usual.latents, usual.nfe));
        let cancelled = carry(&model, &labels, &noise(5, 10), plan, &|| true);
        assert_eq!(cancelled, Ok(None));
    }
}
