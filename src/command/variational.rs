//! `sample` and `eval` of variational flows.

mod measure;

use anyhow::{anyhow, bail, ensure};

use super::output;
use super::table;
use crate::cli::{FlowArgs, ImageSampleArgs, SampleArgs};
use crate::data::{Dataset, pictures};
use crate::device;
use crate::figure::numbers::Npz;
use crate::figure::{Format, Meta, Scene, Style, Tone, format};
use crate::train::images::variational::{Drawn, Origin};
use crate::train::images::{Sheet, VariationalModel};
pub use measure::measure;

/// Points or pictures that are drawn unless `--n` says otherwise.
const DRAWN: [usize; 2] = [10_000, 15];
/// Pictures behind the law of z of a run that did not learn it.
const MEASURED_PICTURES: usize = 2000;
/// Side of a picture of points, in centimetres.
const SIDE_CM: f64 = 8.5;

/// Draws points or pictures and writes them; the first picture is the prior's mean.
///
/// # Errors
/// Names the flag or file at fault.
pub fn sample(args: &SampleArgs) -> anyhow::Result<()> {
    refuse(&args.images)?;
    ensure!(
        args.images.data.is_none(),
        "--data: samples of a variational flow are drawn without data; leave it out"
    );
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
