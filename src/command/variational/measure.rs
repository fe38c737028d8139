//! `eval` of variational flows.

use anyhow::{anyhow, ensure};
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::Serialize;

use super::{draw, open, refuse};
use crate::cli::{EvalArgs, FlowArgs};
use crate::data::mnist::Mnist;
use crate::data::{Dataset, pictures};
use crate::device;
use crate::flow::metric::{self, NullBand};
use crate::flow::variational::Form;
use crate::flow::{Solver, coupling_cost};
use crate::train::batch::{Purpose, stream};
use crate::train::images::frechet::Gaussian;
use crate::train::images::metrics::{class_shares, fid};
use crate::train::images::variational::Rung;
use crate::train::images::variational::study::Pairs;
use crate::train::images::{Judge, SavedModel, VariationalModel};

/// Points or pictures that are measured unless `--n` says otherwise.
const MEASURED: [usize; 2] = [20_000, 1000];
/// Points of a set of the energy distance, whose time grows with the square, and pairs of true sets.
const ENERGY_POINTS: usize = 4000;
const NULLS: u64 = 10;
/// Pairs behind the target's variance, and the side of the cells that they are gathered in.
const PAIRS: usize = 200_000;
const CELL: f64 = 0.1;
/// Places that are kept at most of the way of points, 8 bytes each and twice for a moment.
const MOST_KEPT: usize = 128_000_000;
/// Euler steps whose quality is compared.
const STEPS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// What is measured; none where it does not apply to points, or to pictures.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The step of the seed's ladder; none between two.
    rung: Option<String>,
    /// What the samples start from: the prior, or the aggregate posterior's mean and variance.
    start: String,
    /// Energy distance of the samples to the data, mean over sets as large as those of the null
    /// band.
    energy_distance: Option<f64>,
    /// Standard deviation over those sets; none with one set.
    energy_distance_sd: Option<f64>,
    /// The same between pairs of true sets.
    null: Option<Band>,
    /// Energy distance as a multiple of the null band's mean.
    energy_over_null: Option<f64>,
    /// `[Euler steps, energy distance]`.
    energy_by_steps: Option<Vec<(usize, f64)>>,
    /// Fraction of the samples outside the support.
    off_support: Option<f64>,
    /// `∫ E‖(x1 − x0) − v(x_t, t)‖² dt`, 0 for straight paths.
    straightness: Option<f64>,
    /// Variance of the target at fixed x_t, mean over coordinates, with the posterior's pairs.
    target_variance_posterior: Option<f64>,
    /// The same with independent pairs, z being what samples start from.
    target_variance_independent: Option<f64>,
    /// `E|x − z|²` of the posterior's pairs and of independent ones.
    pair_cost: Option<[f64; 2]>,
    /// Mean over samples of the largest probability that the classifier gives.
    label_confidence: Option<f64>,
    /// The same for test images: what perfect samples would get.
    label_confidence_null: Option<f64>,
    /// Fréchet distance of the classifier's features, samples against the test set.
    fid_lenet: Option<f64>,
    /// Its standard error from the sample size.
    fid_lenet_error: Option<f64>,
    /// The same for as many training images.
    fid_null: Option<f64>,
    /// The same for as many training images with the observation noise that the run's targets
    /// have: what perfect samples of such a run would get. None where its samples have no grain.
    fid_grain: Option<f64>,
    /// Fraction of the samples read as each class.
    class_shares: Option<[f64; 10]>,
    /// Steps of the run.
    trained_steps: u64,
    /// Evaluations of the field for one sample.
    nfe: usize,
    /// Samples drawn.
    n: usize,
}

/// Mean and standard deviation of a measure between true sets.
#[derive(Debug, Serialize)]
struct Band {
    mean: f64,
    sd: f64,
}

/// Measures a variational flow.
///
/// # Errors
/// Names the flag, file or tensor at fault.
pub fn measure(args: &EvalArgs) -> anyhow::Result<Report> {
    refuse(&args.images)?;
    let name = args.flow.checkpoint.as_deref().unwrap_or_default();
    let model = open(&args.flow, &args.images)?;
    let settings = model.settings().clone();
    let points = settings.dataset.points();
    let n = args.n.unwrap_or(MEASURED[usize::from(points.is_none())]);
    ensure!(
        (20..=1_000_000).contains(&n),
        "--n: {n} is out of range: 20 to 1000000"
    );
    let mut report = Report {
        rung: Rung::of(&settings).map(|rung| rung.to_string()),
        start: model.origin().to_string(),
        trained_steps: SavedModel::load(name)?.step,
        n,
        ..Report::default()
    };
    ensure!(
        points.is_none() || args.images.data.is_none(),
        "--data: a run over points is measured against its own data set; leave it out"
    );
    match points {
        Some(dataset) => measure_points(args, &model, dataset, &mut report)?,
        None => measure_pictures(args, &model, &mut report)?,
    }
    Ok(report)
}

fn measure_points(
    args: &EvalArgs,
    model: &VariationalModel,
    dataset: &Dataset,
    report: &mut Report,
) -> anyhow::Result<()> {
    let FlowArgs { steps, seed, .. } = args.flow;
    let kept = report.n.saturating_mul(steps.saturating_add(1));
    ensure!(
        kept <= MOST_KEPT,
        "--n, --steps: {} points at {} times are {kept} places on the way, more than the \
         {MOST_KEPT} that fit into memory; lower --n or --steps",
        report.n,
        steps.saturating_add(1)
    );
    let times: Vec<f64> = (0..=steps).map(|i| i as f64 / steps as f64).collect();
    let (_, drawn) = draw(model, &args.flow, report.n, &times)?;
    let truth = |batch: u64| {
        let mut data = vec![0.0_f32; 2 * ENERGY_POINTS];
        dataset.sample_into(&mut stream(seed, Purpose::Probe, batch), &mut data);
        data
    };
    // One set alone can be twice as near or as far as the next.
    let energy = |x1: &[f32]| {
        let whole = x1.chunks(2 * ENERGY_POINTS).zip(0_u64..);
        let whole = whole.filter(|(set, k)| *k == 0 || set.len() == 2 * ENERGY_POINTS);
        let each = whole.map(|(set, k)| metric::energy_distance(set, &truth(k)));
        each.collect::<Vec<_>>()
    };
    let average = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let nulls: Vec<f64> = (0..NULLS)
        .map(|k| 1000 + 2 * k)
        .map(|k| metric::energy_distance(&truth(k), &truth(k + 1)))
        .collect();
    let NullBand { mean, sd } = NullBand::of(&nulls);
    let found = energy(&drawn.x1);
    let x0 = model.noise(seed, 2 * ENERGY_POINTS);
    let mut by_steps = Vec::new();
    for steps in STEPS {
        let drawn = model
            .carry(&x0, Solver::Euler, steps, &[], &mut |_| {})
            .map_err(|error| anyhow!(error))?;
        by_steps.push((steps, average(&energy(&drawn.x1))));
    }
    let pairs =
        Pairs::draw(model, dataset, model.origin(), PAIRS, seed).map_err(|error| anyhow!(error))?;
    let floors = pairs.floors(model, CELL, &|| false).unwrap_or_default();
    let own: Vec<usize> = (0..PAIRS).collect();
    let cost = |z: &[f32]| coupling_cost(z, &pairs.x, &own);
    report.energy_distance = Some(average(&found));
    report.energy_distance_sd = (found.len() > 1).then(|| NullBand::of(&found).sd);
    report.energy_over_null = Some(average(&found) / mean);
    report.null = Some(Band { mean, sd });
    report.energy_by_steps = Some(by_steps);
    report.off_support = dataset
        .boxes()
        .map(|boxes| metric::off_support(&boxes, &drawn.x1));
    report.straightness = Some(metric::straightness(&times, &drawn.way.concat()));
    report.target_variance_posterior = Some(floors.posterior);
    report.target_variance_independent = Some(floors.independent);
    report.pair_cost = Some([cost(&pairs.posterior), cost(&pairs.independent)]);
    report.nfe = drawn.nfe;
    Ok(())
}

fn measure_pictures(
    args: &EvalArgs,
    model: &VariationalModel,
    report: &mut Report,
) -> anyhow::Result<()> {
    let shape = model.settings().dataset.shape();
    ensure!(
        shape == [28, 28, 1],
        "{}: pictures of {}x{} with {} channels; the classifier reads 28x28 grey ones only",
        args.flow.checkpoint.as_deref().unwrap_or_default(),
        shape[0],
        shape[1],
        shape[2]
    );
    let data = Mnist::load(args.images.data.as_ref())?;
    let (device, info) = device::open(args.images.device.unwrap_or_default())?;
    eprintln!("on {info}");
    let fail = |error: String| anyhow!(error);
    let judge = Judge::new(&SavedModel::load("builtin:classifier")?, &device).map_err(fail)?;
    let look = |images: &[u8]| judge.read(images).map_err(fail);
    let test = look(&data.test.pixels)?;
    let reference = Gaussian::fit(&test.features, test.features.len() / data.test.len());
    let (_, drawn) = draw(model, &args.flow, report.n, &[])?;
    let seen = look(&pictures::bytes(&drawn.x1))?;
    let found = fid(&seen, &reference).map_err(fail)?;
    let truth = data.train.first(report.n).pixels;
    let null = look(&truth)?;
    let settings = model.settings();
    if settings.noise > 0.0 && settings.form == Form::Consistent {
        let sigma = settings.noise as f32;
        let mut rng = stream(args.flow.seed, Purpose::Probe, 0);
        let noisy: Vec<f32> = pictures::signed(&truth)
            .map(|value| value + sigma * rng.sample::<f32, _>(StandardNormal))
            .collect();
        let noisy = look(&pictures::bytes(&noisy))?;
        report.fid_grain = Some(fid(&noisy, &reference).map_err(fail)?.value);
    }
    report.fid_lenet = Some(found.value);
    report.fid_lenet_error = Some(found.error);
    report.fid_null = Some(fid(&null, &reference).map_err(fail)?.value);
    report.label_confidence = Some(mean(&seen.confidence));
    report.label_confidence_null = Some(mean(&test.confidence));
    report.class_shares = Some(class_shares(&seen.labels));
    report.nfe = drawn.nfe;
    Ok(())
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len().max(1) as f64
}
