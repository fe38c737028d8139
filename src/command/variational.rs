//! `sample` and `eval` of variational flows.

use anyhow::{anyhow, bail, ensure};
use serde::Serialize;

use super::output;
use super::table;
use crate::cli::{EvalArgs, FlowArgs, ImageSampleArgs, SampleArgs};
use crate::data::mnist::Mnist;
use crate::data::{Dataset, pictures};
use crate::device;
use crate::figure::numbers::Npz;
use crate::figure::{Format, Meta, Scene, Style, Tone, format};
use crate::flow::metric::{self, NullBand};
use crate::flow::{Solver, coupling_cost};
use crate::train::batch::{Purpose, stream};
use crate::train::images::frechet::Gaussian;
use crate::train::images::metrics::{class_shares, fid};
use crate::train::images::variational::study::Pairs;
use crate::train::images::variational::{Drawn, Origin, Rung};
use crate::train::images::{Judge, SavedModel, Sheet, VariationalModel};

/// Points or pictures unless `--n` says otherwise: drawn, and measured.
const DRAWN: [usize; 2] = [10_000, 15];
const MEASURED: [usize; 2] = [20_000, 1000];
/// Points of a set of the energy distance, whose time grows with the square, and pairs of true sets.
const ENERGY_POINTS: usize = 4000;
const NULLS: u64 = 10;
/// Pictures behind the law of z of a run that did not learn it.
const MEASURED_PICTURES: usize = 2000;
/// Pairs behind the target's variance, and the side of the cells that they are gathered in.
const PAIRS: usize = 200_000;
const CELL: f64 = 0.1;
/// Euler steps whose quality is compared.
const STEPS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Side of a picture of points, in centimetres.
const SIDE_CM: f64 = 8.5;

/// Draws points or pictures and writes them; the first picture is the prior's mean.
///
/// # Errors
/// Names the flag or file at fault.
pub fn sample(args: &SampleArgs) -> anyhow::Result<()> {
    refuse(&args.images)?;
    ensure!(
        args.x0.is_none() && args.t_end.is_none(),
        "--x0, --t-end: not for variational flows, which start from their own prior"
    );
    let model = open(&args.flow, &args.images)?;
    let points = model.settings().dataset.points();
    let kind = args.out.extension().and_then(|kind| kind.to_str());
    let kind = match (kind, points) {
        (Some(kind @ ("npz" | "png")), _) | (Some(kind @ "csv"), Some(_)) => kind,
        _ => bail!(
            "--out: {} ends in none of .npz, .png, or .csv for points",
            args.out.display()
        ),
    };
    ensure!(
        !args.trajectory || kind == "npz",
        "--trajectory: only a .npz file holds it; --out is {}",
        args.out.display()
    );
    let n = args.n.unwrap_or(DRAWN[usize::from(points.is_none())]);
    let steps = args.flow.steps;
    let times: Vec<f64> = if args.trajectory {
        (0..=steps).map(|i| i as f64 / steps as f64).collect()
    } else {
        Vec::new()
    };
    let numbers = n.saturating_mul(model.prior_mean().len());
    ensure!(
        n > 0 && numbers.saturating_mul(times.len().max(1)) <= 400_000_000,
        "--n: {n} samples at {} times are too many or none; ask for 1 or more",
        times.len().max(1)
    );
    let (x0, drawn) = draw(&model, &args.flow, n, &times)?;
    let bytes = match (kind, points) {
        ("npz", _) => npz(&model, &x0, &drawn, &times)?,
        ("csv", _) => {
            let ends = x0.as_chunks::<2>().0.iter();
            let rows: Vec<[f64; 4]> = ends
                .zip(drawn.x1.as_chunks::<2>().0)
                .map(|(a, b)| [a[0], a[1], b[0], b[1]].map(f64::from))
                .collect();
            table::write("x0,y0,x1,y1", rows.iter().map(|row| &row[..]))
        }
        (_, Some(dataset)) => picture(args, dataset, &drawn.x1)?,
        (_, None) => grid(&model, &drawn.x1)?,
    };
    output::write(&args.out, &bytes)?;
    eprintln!(
        "{}: {n} samples, {} evaluations of the field each",
        args.out.display(),
        drawn.nfe
    );
    Ok(())
}

fn npz(
    model: &VariationalModel,
    x0: &[f32],
    drawn: &Drawn,
    times: &[f64],
) -> anyhow::Result<Vec<u8>> {
    let [height, width, channels] = model.settings().dataset.shape().map(|side| side as u64);
    let n = (x0.len() / model.prior_mean().len()) as u64;
    let shape = match model.settings().dataset.points() {
        Some(_) => vec![2],
        None => vec![height, width, channels],
    };
    let of = |first: &[u64]| [first, &shape].concat();
    let mut file = Npz::default();
    file.add("x0", &of(&[n]), x0.to_vec())?;
    file.add("x1", &of(&[n]), drawn.x1.clone())?;
    file.add("prior_mean", &shape, model.prior_mean().to_vec())?;
    file.add("prior_std", &shape, model.prior_std().to_vec())?;
    let [mean, std] = model.start(model.origin());
    file.add("start_mean", &shape, mean.to_vec())?;
    file.add("start_std", &shape, std.to_vec())?;
    if !drawn.way.is_empty() {
        let k = times.len() as u64;
        file.add("t", &[k], times.to_vec())?;
        file.add("xt", &of(&[k, n]), drawn.way.concat())?;
    }
    Ok(file.finish()?)
}

fn picture(args: &SampleArgs, dataset: &Dataset, x1: &[f32]) -> anyhow::Result<Vec<u8>> {
    let points: Vec<f64> = x1.iter().map(|&x| f64::from(x)).collect();
    let panel = super::figures::particles_panel(dataset, Tone::Model, &points, SIDE_CM);
    let meta = Meta {
        figure: "sample".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        style: Style::ONE_COLUMN,
        source: args.flow.checkpoint.clone().unwrap_or_default(),
        seed: args.flow.seed,
        ..Meta::default()
    };
    let scene = Scene::row(vec![panel]);
    Ok(format::encode(
        &[scene],
        1,
        Format::Png,
        &meta.style,
        &meta,
    )?)
}

/// The prior's mean, then the samples, four in a row or more.
fn grid(model: &VariationalModel, x1: &[f32]) -> anyhow::Result<Vec<u8>> {
    let [side, _, channels] = model.settings().dataset.shape();
    let values = [model.prior_mean(), x1].concat();
    let bytes = pictures::bytes(&values);
    let count = bytes.len() / model.prior_mean().len();
    let columns = (count as f64).sqrt().ceil().clamp(4.0, 16.0) as usize;
    let sheet = Sheet {
        epoch: 0,
        columns,
        images: bytes,
    };
    sheet
        .png_of(side, channels)
        .map_err(|error| anyhow!("--n: {error}; write a .npz"))
}

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
    let null = look(&data.train.first(report.n).pixels)?;
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

fn draw(
    model: &VariationalModel,
    flow: &FlowArgs,
    n: usize,
    times: &[f64],
) -> anyhow::Result<(Vec<f32>, Drawn)> {
    let bar = indicatif::ProgressBar::new(n as u64);
    let x0 = model.noise(flow.seed, n);
    let drawn = model
        .carry(&x0, flow.solver, flow.steps, times, &mut |done| {
            bar.set_position(done as u64);
        })
        .map_err(|error| anyhow!(error))?;
    bar.finish_and_clear();
    Ok((x0, drawn))
}

fn open(flow: &FlowArgs, args: &ImageSampleArgs) -> anyhow::Result<VariationalModel> {
    let name = flow.checkpoint.as_deref().unwrap_or_default();
    let (device, _) = device::open(args.device.unwrap_or_default())?;
    let fail = |error: String| anyhow!("--start: {error}");
    let mut model = VariationalModel::load(name, &device).map_err(|error| anyhow!(error))?;
    // Runs of before learned no such law; it is measured.
    if args.start == Some(Origin::Aggregate) && !model.knows(Origin::Aggregate) {
        let set = model.settings().dataset.pictures().map_err(fail)?;
        if let Some(set) = set {
            let first: Vec<usize> = (0..set.len().min(MEASURED_PICTURES)).collect();
            model.measure_aggregate(&set.signed(&first)).map_err(fail)?;
        }
    }
    match args.start {
        Some(origin) => model.from_origin(origin).map_err(fail),
        None => Ok(model),
    }
}

fn refuse(args: &ImageSampleArgs) -> anyhow::Result<()> {
    ensure!(
        args.label.is_none()
            && !args.unconditional
            && args.guidance.is_none()
            && args.emphasis.is_none()
            && args.read.is_none(),
        "--label, --unconditional, --guidance, --emphasis, --read: variational flows know no \
         classes"
    );
    ensure!(
        args.mask.is_none() && args.image.is_none() && args.semantic.is_none(),
        "--mask, --image, --semantic: variational flows complete nothing; take a latent flow that \
         was trained with `train latent --condition`"
    );
    Ok(())
}
