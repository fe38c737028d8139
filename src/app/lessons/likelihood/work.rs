//! What the lesson's threads make: maps of the density, mean likelihoods, readings at a point.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::ThreadPool;

use super::density::{Divergence, exact_density, grid, integral, log_density, mean_sign};
use crate::app::background::Job;
use crate::app::exact::Route;
use crate::app::widgets::heat_map::{HeatMap, Scale};
use crate::data::Density;
use crate::flow::ExactField;
use crate::kernel::{Mlp, MlpWeights};

/// Points along one side of the maps, coarse first.
/// The edges of the usual board's cells are edges of these grids.
const SIDES: [usize; 3] = [36, 72, FINE];
/// Points along one side of a map in a figure.
pub const FINE: usize = 120;
/// Held-out points for the mean, few first.
const HELD_OUT: [usize; 2] = [512, 4096];
/// Seed of the held-out points: none that a training draws.
const HELD_OUT_SEED: u64 = 0x11E1_D007;
/// Estimates shown at a point.
pub const GUESSES: usize = 48;

/// Densities on a square at one time.
pub struct Maps {
    /// The network's.
    pub model: HeatMap,
    /// The target's, where it is known.
    pub truth: Option<HeatMap>,
    /// Network less truth.
    pub difference: Option<HeatMap>,
    /// ∫p over the square for network and truth.
    pub mass: [f64; 2],
    /// ½∫|p − q|, the total variation between network and truth.
    pub variation: f64,
    /// The largest density of the truth, or nearly the largest of the network.
    pub top: f32,
    /// Points along one side.
    pub side: usize,
}

/// What maps are made of.
#[derive(Clone)]
pub struct Subject {
    /// The network.
    pub weights: Arc<MlpWeights>,
    /// Source and target.
    pub route: Route,
    /// The density of the source.
    pub source: Arc<Density>,
    /// The exact field to the target, where there is one.
    pub field: Option<Arc<ExactField>>,
}

impl Subject {
    fn mlp(&self) -> Option<Mlp> {
        Mlp::try_new(&self.weights)
            .inspect_err(|error| log::warn!("weights without a density: {error}"))
            .ok()
    }

    /// What knows the true density at `t`: that of the target whatever the source, and those on
    /// the way to it from a Gaussian source.
    fn truth_at(&self, t: f64) -> Option<&ExactField> {
        let known = self.route.source.is_gaussian() || t == 1.0;
        self.field.as_deref().filter(|_| known)
    }

    /// Shows maps at `t`, finer and finer; only the coarsest when `quick`.
    pub fn map(&self, t: f64, divergence: Divergence, quick: bool, job: &Job<'_, Maps>) {
        let sides = if quick { &SIDES[..1] } else { &SIDES[..] };
        for &side in sides {
            match self.at(t, divergence, side, job.pool, job.cancel) {
                Some(maps) => job.show(maps),
                None => return,
            }
        }
    }

    /// Maps at `t` of `side²` points; none when they were given up.
    pub fn at(
        &self,
        t: f64,
        divergence: Divergence,
        side: usize,
        pool: &ThreadPool,
        cancel: &AtomicBool,
    ) -> Option<Maps> {
        let (mlp, extent) = (self.mlp()?, self.route.dataset.extent());
        let points = grid(side, extent);
        let log_p =
            pool.install(|| log_density(&mlp, &self.source, t, &points, divergence, cancel))?;
        let model: Vec<f32> = log_p.iter().map(|l| l.exp() as f32).collect();
        let truth = self.truth_at(t);
        let truth = truth.map(|field| exact_density(field, t, side, extent));
        Some(Maps::new(side, extent, model, truth))
    }

    /// Shows −E ln p of the network over held-out points, few first.
    pub fn mean(&self, probes: usize, seed: u64, job: &Job<'_, Means>) {
        let Some(mlp) = self.mlp() else { return };
        let mut rng = ChaCha8Rng::seed_from_u64(HELD_OUT_SEED);
        let most = HELD_OUT[HELD_OUT.len() - 1];
        let points: Vec<f64> = (0..most)
            .flat_map(|_| self.route.dataset.sample(&mut rng))
            .collect();
        for n in HELD_OUT {
            let of = |divergence| {
                let points = &points[..2 * n];
                let found = (job.pool).install(|| {
                    log_density(&mlp, &self.source, 1.0, points, divergence, job.cancel)
                });
                found.map(|log_p| mean_and_error(&log_p))
            };
            let exact = of(Divergence::Exact);
            let guess = of(Divergence::Hutchinson { probes, seed });
            let (Some(exact), Some(guess)) = (exact, guess) else {
                return;
            };
            job.show(Means { exact, guess, n });
        }
    }

    /// Shows ln p at one point, and what Hutchinson's estimate makes of it.
    pub fn read(&self, t: f64, x: [f64; 2], probes: usize, seed: u64, job: &Job<'_, Reading>) {
        let Some(mlp) = self.mlp() else { return };
        let of = |divergence| {
            let found = log_density(&mlp, &self.source, t, &x, divergence, job.cancel);
            found.and_then(|log_p| log_p.first().copied())
        };
        let (Some(exact), Some(skewed)) = (of(Divergence::Exact), of(Divergence::Skewed)) else {
            return;
        };
        let truth = self.truth_at(t).map(|field| field.at(t, x).log_density);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let reach = skewed - exact;
        let guesses = (0..GUESSES)
            .map(|_| exact + reach * mean_sign(probes, &mut rng))
            .collect();
        job.show(Reading {
            x,
            exact,
            truth,
            spread: reach.abs() / (probes.max(1) as f64).sqrt(),
            reach: reach.abs(),
            guesses,
        });
    }
}

impl Maps {
    fn new(side: usize, extent: f64, model: Vec<f32>, truth: Option<Vec<f32>>) -> Self {
        let mut mass = [integral(&model, extent), 0.0];
        let mut variation = 0.0;
        let difference = truth.as_ref().map(|truth| {
            mass[1] = integral(truth, extent);
            let pairs = model.iter().zip(truth);
            let difference: Vec<f32> = pairs.map(|(a, b)| a - b).collect();
            let size: Vec<f32> = difference.iter().map(|d| d.abs()).collect();
            variation = 0.5 * integral(&size, extent);
            HeatMap::new(side, difference)
        });
        let model = HeatMap::new(side, model);
        let top = match &truth {
            Some(truth) => truth.iter().copied().fold(0.0, f32::max),
            None => model.quantile(0.995, |v| v),
        };
        Self {
            model,
            truth: truth.map(|truth| HeatMap::new(side, truth)),
            difference,
            mass,
            variation,
            top,
            side,
        }
    }
}

/// The colours of densities and of differences, for a highest density.
pub fn scales(top: f32) -> [Scale; 2] {
    let top = top.max(1e-6);
    // Room above the truth, so that a network that is too high is seen to be.
    let density = round_up(1.4 * top);
    let difference = round_up(0.7 * top);
    [Scale::Sequential(density), Scale::Diverging(difference)]
}

/// The next of 1, 2 or 5 times a power of ten.
fn round_up(value: f32) -> f32 {
    let value = f64::from(value);
    let decade = 10f64.powf(value.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|m| m * decade);
    let round = round.into_iter().find(|v| *v >= value);
    round.unwrap_or(value) as f32
}

/// −E ln p with its standard error, by trace and by Hutchinson's estimate.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// With the trace.
    pub exact: [f64; 2],
    /// With Hutchinson's estimate.
    pub guess: [f64; 2],
    /// Held-out points.
    pub n: usize,
}

/// ln p at one point.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Where.
    pub x: [f64; 2],
    /// The network's, with the trace.
    pub exact: f64,
    /// The target's.
    pub truth: Option<f64>,
    /// Standard deviation of the estimates.
    pub spread: f64,
    /// How far off one probe is.
    pub reach: f64,
    /// Estimates from independent probes.
    pub guesses: Vec<f64>,
}

/// −mean and its standard error.
fn mean_and_error(log_p: &[f64]) -> [f64; 2] {
    let n = log_p.len().max(2) as f64;
    let mean = log_p.iter().sum::<f64>() / n;
    let variance = log_p.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (n - 1.0);
    [-mean, (variance / n).sqrt()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_mean_is_that_of_independent_points() {
        let [mean, error] = mean_and_error(&[-1.0, -3.0, -1.0, -3.0]);
        assert_eq!(mean, 2.0);
        assert!((error - (4.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn maps_of_equal_densities_do_not_differ() {
        let flat = vec![0.25_f32; 16];
        let maps = Maps::new(4, 1.0, flat.clone(), Some(flat));
        assert_eq!(maps.mass, [1.0, 1.0]);
        assert_eq!(maps.variation, 0.0);
        assert_eq!(maps.top, 0.25);
    }
}
