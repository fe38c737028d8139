//! `flowlab sample`

use anyhow::{Context, bail, ensure};

use super::figures;
use super::generate::{self, Source};
use super::{images, output, table, variational};
use crate::cli::{FlowArgs, SampleArgs};
use crate::data::{self, Dataset};
use crate::figure::numbers::Npz;
use crate::figure::{Format, Meta, Scene, Style, Tone, format};
use crate::flow::{ExactField, Scheduler, Solution};
use crate::train::measure::Subject;
use crate::train::{Checkpoint, ToyConfig};

/// Side of a picture of samples, in centimetres.
const SIDE_CM: f64 = 8.5;

/// Points unless `--n` says otherwise.
const POINTS: usize = 10_000;
/// Places that --trajectory keeps at most: 16 bytes each.
const MOST_KEPT: usize = 50_000_000;

/// Draws samples and writes them.
///
/// # Errors
/// Names the flag or file at fault.
pub fn run(args: &SampleArgs) -> anyhow::Result<()> {
    output::check_free(&args.out, args.force)?;
    if images::task(&args.flow)?.as_deref() == Some("variational") {
        return variational::sample(args);
    }
    if images::are_asked_for(&args.flow)? {
        return images::sample(args);
    }
    images::refuse_flags(&args.images)?;
    let kind = args.out.extension().and_then(|kind| kind.to_str());
    let Some(kind @ ("npz" | "csv" | "png")) = kind else {
        bail!(
            "--out: {} ends in none of .npz, .csv, .png",
            args.out.display()
        );
    };
    if let Some(gap) = args.t_end {
        ensure!(
            (0.0..1.0).contains(&gap),
            "--t-end: {gap} lies outside 0 to 1"
        );
    }
    ensure!(
        !args.trajectory || kind == "npz",
        "--trajectory: only a .npz file holds it; --out is {}",
        args.out.display()
    );
    let FlowArgs {
        solver,
        steps,
        seed,
        ..
    } = args.flow;
    let Subject {
        source,
        dataset,
        start,
        ..
    } = subject(&args.flow)?;
    let n = args.n.unwrap_or(POINTS);
    let x0 = generate::starting_points(args.x0.as_deref(), &start, seed, n)?;
    let times: Vec<f64> = if args.trajectory {
        (0..=steps).map(|i| i as f64 / steps as f64).collect()
    } else {
        vec![1.0]
    };
    let kept = (x0.len() / 2).saturating_mul(times.len());
    ensure!(
        kept <= MOST_KEPT,
        "--trajectory: {} points at {} times are {kept} places, more than the {MOST_KEPT} that fit \
         into memory; lower --n or --steps",
        x0.len() / 2,
        times.len()
    );
    let way = source.trajectories(solver, steps, &x0, &times, args.t_end)?;
    let x1 = way.states.last().context("no state was kept")?;
    let bytes = match kind {
        "npz" => npz(&source, &x0, x1, args.trajectory.then_some(&way))?,
        "csv" => {
            let rows: Vec<[f64; 4]> = x0
                .as_chunks::<2>()
                .0
                .iter()
                .zip(x1.as_chunks::<2>().0)
                .map(|(a, b)| [a[0], a[1], b[0], b[1]])
                .collect();
            table::write("x0,y0,x1,y1", rows.iter().map(|row| &row[..]))
        }
        _ => picture(&source, &dataset, x1, &meta(args))?,
    };
    output::write(&args.out, &bytes)?;
    eprintln!(
        "{}: {} samples, {} evaluations of the field each",
        args.out.display(),
        x0.len() / 2,
        way.nfe
    );
    Ok(())
}

/// What the flags ask to sample with: a checkpoint, or the exact field of a target and a path.
///
/// # Errors
/// A checkpoint that cannot be read; a target without an exact field.
pub fn subject(args: &FlowArgs) -> anyhow::Result<Subject> {
    if let Some(name) = &args.checkpoint {
        let checkpoint = Checkpoint::load(name)?;
        return Ok(Subject {
            source: Source::model(&checkpoint),
            dataset: checkpoint.config.dataset,
            start: checkpoint.config.source,
            path: checkpoint.config.path,
        });
    }
    let standard = ToyConfig::default();
    let dataset = args.dataset.clone().unwrap_or(standard.dataset);
    let path = args.path.unwrap_or(standard.path);
    let field = exact_field(&dataset, path)?;
    Ok(Subject {
        source: Source::Exact(Box::new(field)),
        dataset,
        start: data::Source::Gaussian,
        path,
    })
}

/// The exact field of a target.
///
/// # Errors
/// When the target is neither a union of boxes nor a mixture.
pub fn exact_field(dataset: &Dataset, path: Scheduler) -> anyhow::Result<ExactField> {
    dataset.exact(path).with_context(|| {
        format!(
            "--dataset: {} has no exact field: that takes boxes (boards, painted grids, images), \
             eight-gaussians, or at most 4096 points",
            dataset.label()
        )
    })
}

fn npz(
    source: &Source,
    x0: &[f64],
    x1: &[f64],
    way: Option<&Solution<Vec<f64>>>,
) -> anyhow::Result<Vec<u8>> {
    let n = (x0.len() / 2) as u64;
    let mut arrays = vec![
        ("x0", x0.to_vec(), vec![n, 2]),
        ("x1", x1.to_vec(), vec![n, 2]),
    ];
    if let Some(way) = way {
        let k = way.times.len() as u64;
        arrays.push(("t", way.times.clone(), vec![k]));
        arrays.push(("xt", way.states.concat(), vec![k, n, 2]));
    }
    // A network computes in f32: more digits would say more than is known.
    let narrow = matches!(source, Source::Model(_));
    let mut file = Npz::default();
    for (name, values, shape) in arrays {
        if narrow {
            file.add(name, &shape, generate::narrow(&values))?;
        } else {
            file.add(name, &shape, values)?;
        }
    }
    Ok(file.finish()?)
}

/// What the picture says about itself.
fn meta(args: &SampleArgs) -> Meta {
    Meta {
        figure: "sample".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        style: Style::ONE_COLUMN,
        source: match &args.flow.checkpoint {
            Some(name) => name.clone(),
            None => "the exact field".to_owned(),
        },
        seed: args.flow.seed,
        ..Meta::default()
    }
}

/// One panel, the target behind the points.
fn picture(source: &Source, dataset: &Dataset, x1: &[f64], meta: &Meta) -> anyhow::Result<Vec<u8>> {
    let tone = match source {
        Source::Model(_) => Tone::Model,
        Source::Exact(_) => Tone::Exact,
    };
    let scene = Scene::row(vec![figures::particles_panel(dataset, tone, x1, SIDE_CM)]);
    Ok(format::encode(&[scene], 1, Format::Png, &meta.style, meta)?)
}
