//! How well a flow hits its target, each figure with a null band: what the truth itself would get
//! with as many points.

mod likelihoods;

use rayon::prelude::*;
use serde::Serialize;

use likelihoods::{HUTCHINSON_POINTS, by_probes, closed_log_p, log_p};

use super::batch::{self, Purpose, stream};
use super::mover::{DEFAULT_GAP, Mover};
use crate::data::{self, Dataset};
use crate::flow::likelihood;
use crate::flow::metric::NullBand;
use crate::flow::{ExactField, IntegrateError, Scheduler, Solver, metric};

pub use likelihoods::Hutchinson;

/// Points of the exact W2, whose time grows with the cube.
const W2_POINTS: usize = 1000;
/// Points of the energy distance and of MMD, whose time grows with the square.
const ENERGY_POINTS: usize = 4000;
const MMD_POINTS: usize = 2000;
/// Data points of the likelihood.
const NLL_POINTS: usize = 2000;
/// Points that are sent back to the noise.
const ROUND_TRIP_POINTS: usize = 2000;
/// Cells along a side of the grid that the density is summed over.
const GRID: usize = 64;
/// Directions of the sliced W2.
const DIRECTIONS: usize = 64;
/// Pairs of true batches of the null bands.
const REPEATS: u64 = 5;

/// Points of the exact flow behind the bands of its straightness and round trip.
const FLOW_POINTS: usize = 1000;

/// Places that are kept at most of a way, 16 bytes each and twice for a moment.
const MOST_KEPT: usize = 50_000_000;

/// A flow and what it is to be measured by.
pub struct Subject {
    /// What moves the particles.
    pub source: Mover,
    /// Where they should arrive.
    pub dataset: Dataset,
    /// Where they start.
    pub start: data::Source,
    /// The path that the flow was learned on.
    pub path: Scheduler,
}

/// How a flow is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The method.
    pub solver: Solver,
    /// Steps of a fixed one.
    pub steps: usize,
    /// Seed of the true points and of the probes.
    pub seed: u64,
    /// Few points of the likelihood, neither its estimate by probes nor its integral.
    pub quick: bool,
}

impl Settings {
    fn likelihoods(&self) -> usize {
        if self.quick {
            HUTCHINSON_POINTS
        } else {
            NLL_POINTS
        }
    }

    /// Checks that the whole way of so many points fits into memory.
    ///
    /// # Errors
    /// When it does not.
    pub fn check_fits(&self, points: usize) -> Result<(), MeasureError> {
        // The exact flow of the null bands goes the same steps.
        let (points, times) = (points.max(FLOW_POINTS), self.steps.saturating_add(1));
        match points.saturating_mul(times) {
            0..=MOST_KEPT => Ok(()),
            kept => Err(MeasureError::TooMany {
                points,
                times,
                kept,
            }),
        }
    }

    fn times(&self) -> Vec<f64> {
        let steps = self.steps;
        (0..=steps).map(|i| i as f64 / steps as f64).collect()
    }
}

/// A flow that cannot be measured.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum MeasureError {
    /// An adaptive solver gave up.
    #[error(transparent)]
    Integrate(#[from] IntegrateError),
    /// Samples are no numbers.
    #[error(
        "{lost} of {n} samples are no numbers or farther out than {FAR}: the flow blows up, and no \
         distance to the data can be told; take more steps, or weights from before the loss rose",
        FAR = metric::FAR
    )]
    Lost {
        /// How many are gone.
        lost: usize,
        /// Of how many.
        n: usize,
    },
    /// The way does not fit into memory.
    #[error(
        "--n, --steps: {points} points at {times} times are {kept} places on the way, more than \
         the {MOST_KEPT} that fit into memory; lower --n or --steps"
    )]
    TooMany {
        /// Points that are followed.
        points: usize,
        /// Times at which they are kept.
        times: usize,
        /// Places in all.
        kept: usize,
    },
}

/// What is measured; none where the target has no exact field or the source no density.
#[derive(Clone, Debug, Serialize)]
pub struct Measures {
    /// Fraction of the samples outside the support.
    pub off_support: Option<f64>,
    /// Fraction of the samples in each cell.
    pub cell_mass: Option<Vec<f64>>,
    pub sliced_w2: f64,
    pub w2: f64,
    pub energy_distance: f64,
    pub mmd: f64,
    /// Mean of −ln p_model over data points.
    pub nll: Option<f64>,
    /// Entropy of the data: no model's `nll` is lower in expectation.
    pub nll_best: Option<f64>,
    /// `nll − nll_best`, the divergence KL(data ‖ model) but for the noise of the points.
    pub nll_gap: Option<f64>,
    /// The same likelihood from random probes of the divergence.
    pub hutchinson: Option<Hutchinson>,
    /// Sum of the model's density over a grid: 1 when likelihoods are normalised.
    pub density_integral: Option<f64>,
    /// `∫ E‖(x1 − x0) − v(x_t, t)‖² dt`, 0 for straight paths.
    pub straightness: f64,
    /// `∫ E‖v(x_t, t)‖² dt`.
    pub path_energy: f64,
    /// `|path_energy − W2²|/W2²` with W2 between source and data.
    pub normalised_path_energy: f64,
    /// Root mean square distance between noise and what comes back from the samples.
    pub round_trip: f64,
    /// Each metric between two independent batches of true data: as good as can be measured.
    pub null: Null,
    /// Evaluations of the field for one sample.
    pub nfe: usize,
    /// Samples drawn.
    pub n: usize,
}

/// Null bands.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Null {
    /// Between two true batches.
    pub sliced_w2: Band,
    /// The same.
    pub w2: Band,
    /// The same.
    pub energy_distance: Band,
    /// The same.
    pub mmd: Band,
    /// Largest distance of a cell's share from its true mass.
    pub cell_mass: Option<Band>,
    /// Of the true density: the noise of the points.
    pub nll_gap: Option<Band>,
    /// Of the exact flow by the same solver.
    pub straightness: Option<Band>,
    /// Of the exact flow by the same solver.
    pub round_trip: Option<Band>,
}

/// Mean and standard deviation over a few repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Band {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation.
    pub sd: f64,
}

impl Band {
    fn of(values: &[f64]) -> Self {
        let NullBand { mean, sd } = NullBand::of(values);
        Self { mean, sd }
    }

    /// Whether a value is no worse than the truth's by more than three standard deviations.
    pub fn holds(&self, value: f64) -> bool {
        value <= self.mean + 3.0 * self.sd.max(1e-9 * self.mean.abs())
    }
}

/// Carries the starting points `[n, 2]` to the target and measures where they arrive and how.
///
/// # Errors
/// When an adaptive solver gives up, the flow blows up, or its way does not fit into memory.
pub fn measure(
    subject: &Subject,
    settings: &Settings,
    x0: &[f64],
) -> Result<Measures, MeasureError> {
    let Subject {
        source,
        dataset,
        start,
        ..
    } = subject;
    let Settings {
        solver,
        steps,
        seed,
        ..
    } = *settings;
    let n = x0.len() / 2;
    settings.check_fits(n)?;
    let boxes = dataset.boxes();
    let times = settings.times();
    let way = source.trajectories(solver, steps, x0, &times, None)?;
    let x1 = way.states.last().expect("times are not empty");
    if !x1.iter().all(|x| x.is_finite()) {
        let lost = metric::lost(x1);
        return Err(MeasureError::Lost { lost, n });
    }
    let data = true_points(dataset, seed, 1, n);

    let way_points = way.states.concat();
    let path_energy = metric::path_energy(&way.times, &way_points);
    let transport = metric::w2(first(x0, W2_POINTS), first(&data, W2_POINTS));
    let back = source.back(solver, steps, first(x1, ROUND_TRIP_POINTS))?;
    let mut report = Measures {
        off_support: boxes.as_ref().map(|boxes| metric::off_support(boxes, x1)),
        cell_mass: boxes.as_ref().map(|boxes| metric::cell_mass(boxes, x1)),
        sliced_w2: metric::sliced_w2(x1, &data, DIRECTIONS),
        w2: metric::w2(first(x1, W2_POINTS), first(&data, W2_POINTS)),
        energy_distance: metric::energy_distance(
            first(x1, ENERGY_POINTS),
            first(&data, ENERGY_POINTS),
        ),
        mmd: metric::mmd(first(x1, MMD_POINTS), first(&data, MMD_POINTS)),
        nll: None,
        nll_best: dataset.entropy(),
        nll_gap: None,
        hutchinson: None,
        density_integral: None,
        straightness: metric::straightness(&way.times, &way_points),
        path_energy,
        normalised_path_energy: metric::normalised_path_energy(path_energy, transport),
        round_trip: metric::round_trip(first(x0, ROUND_TRIP_POINTS), &back),
        null: null(subject, settings, n),
        nfe: way.nfe,
        n,
    };
    // The likelihood needs a source with a known density.
    if start.is_gaussian() {
        let exact = log_p(source, first(&data, settings.likelihoods()))?;
        let nll = -mean(&exact);
        report.nll = Some(nll);
        report.nll_gap = report.nll_best.map(|best| nll - best);
        if settings.quick {
            return Ok(report);
        }
        report.hutchinson = Some(by_probes(source, &data, seed)?);
        let (points, area) = likelihood::grid(GRID, dataset.extent());
        let density = match source {
            Mover::Model(_) => log_p(source, &points)?,
            // Known at once; carried back from outside the support, the flow is stiff.
            Mover::Exact(field) => closed_log_p(field, &points),
        };
        report.density_integral = Some(area * density.iter().map(|p| p.exp()).sum::<f64>());
    }
    Ok(report)
}

/// Data points of a seed; each batch has a number of its own.
fn true_points(dataset: &Dataset, seed: u64, batch: u64, n: usize) -> Vec<f64> {
    let mut data = vec![0.0_f32; 2 * n];
    dataset.sample_into(&mut stream(seed, Purpose::Probe, batch), &mut data);
    data.into_iter().map(f64::from).collect()
}

fn first(points: &[f64], n: usize) -> &[f64] {
    &points[..points.len().min(2 * n)]
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Every metric between pairs of independent true batches of the same sizes.
fn null(subject: &Subject, settings: &Settings, n: usize) -> Null {
    let (dataset, seed) = (&subject.dataset, settings.seed);
    let field = (subject.start.is_gaussian())
        .then(|| dataset.exact(subject.path))
        .flatten();
    let best = dataset.entropy();
    let boxes = dataset.boxes();
    let values: Vec<[f64; 5]> = (0..REPEATS)
        .into_par_iter()
        .map(|k| {
            let [a, b] = [2, 3].map(|offset| true_points(dataset, seed, 2 * k + offset, n));
            let off_mass = boxes.as_ref().map_or(0.0, |boxes| {
                metric::cell_mass(boxes, &a)
                    .iter()
                    .zip(&boxes.boxes)
                    .map(|(mass, cell)| (mass - cell.weight).abs())
                    .fold(0.0, f64::max)
            });
            [
                metric::sliced_w2(&a, &b, DIRECTIONS),
                metric::w2(first(&a, W2_POINTS), first(&b, W2_POINTS)),
                metric::energy_distance(first(&a, ENERGY_POINTS), first(&b, ENERGY_POINTS)),
                metric::mmd(first(&a, MMD_POINTS), first(&b, MMD_POINTS)),
                off_mass,
            ]
        })
        .collect();
    let band = |i: usize| {
        let column: Vec<f64> = values.iter().map(|row| row[i]).collect();
        Band::of(&column)
    };
    Null {
        sliced_w2: band(0),
        w2: band(1),
        energy_distance: band(2),
        mmd: band(3),
        cell_mass: boxes.as_ref().map(|_| band(4)),
        nll_gap: field.as_ref().zip(best).map(|(field, best)| {
            let gaps = (0..REPEATS).map(|k| {
                let data = true_points(dataset, seed, 2 * k + 2, settings.likelihoods());
                -mean(&closed_log_p(field, &data)) - best
            });
            Band::of(&gaps.collect::<Vec<_>>())
        }),
        ..field.map_or_else(Null::default, |field| exact_flow(field, settings))
    }
}

/// Straightness and round trip of the exact flow, by the same solver from several noises.
fn exact_flow(field: ExactField, settings: &Settings) -> Null {
    let field = Mover::Exact(Box::new(field));
    let times = settings.times();
    let values = (0..REPEATS).map(|k| {
        let x0 = batch::noise(settings.seed.wrapping_add(k + 1), FLOW_POINTS);
        let x0: Vec<f64> = x0.into_iter().map(f64::from).collect();
        let (solver, steps) = (settings.solver, settings.steps);
        let way = field.trajectories(solver, steps, &x0, &times, None)?;
        let x1 = way.states.last().expect("times are not empty");
        let back = field.back(solver, steps, x1)?;
        let straight = metric::straightness(&way.times, &way.states.concat());
        Ok([straight, metric::round_trip(&x0, &back)])
    });
    // A solver that gives up on the exact field leaves the bands unknown.
    let values: Result<Vec<[f64; 2]>, IntegrateError> = values.collect();
    let band = |i: usize| {
        let values = values.as_ref().ok()?;
        Some(Band::of(
            &values.iter().map(|row| row[i]).collect::<Vec<_>>(),
        ))
    };
    Null {
        straightness: band(0),
        round_trip: band(1),
        ..Null::default()
    }
}
