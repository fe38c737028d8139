//! `sample` and `eval` of image models.

mod flags;

use anyhow::{anyhow, bail, ensure};
use serde::Serialize;

use super::complete::{self, Asked};
use super::output;
use crate::cli::{EvalArgs, FlowArgs, ImageSampleArgs, SampleArgs};
use crate::data::mnist::{Digits, Mnist, SIDE, crop};
use crate::device::{self, DeviceInfo};
use crate::figure::numbers::Npz;
use crate::train::images::answer;
use crate::train::images::classifier::{Seen, agreement};
use crate::train::images::frechet::Gaussian;
use crate::train::images::metrics::{Estimate, class_shares, fid};
use crate::train::images::reader::{self, Reader};
use crate::train::images::sampler::{NO_CLASS, drawn_labels};
use crate::train::images::{
    Judge, LatentModel, Request, Samples, SavedModel, Sheet, space, store, vae,
};

pub use flags::refuse_flags;

/// Images unless `--n` says otherwise.
const SAMPLED: usize = 64;
const MEASURED: usize = 5000;
/// Images in a row of a picture.
const COLUMNS: usize = 16;
/// The classifier that judges.
const JUDGE: &str = "builtin:classifier";

/// Whether the checkpoint of these flags is an image model.
///
/// # Errors
/// Names the file that could not be read.
pub fn are_asked_for(args: &FlowArgs) -> anyhow::Result<bool> {
    Ok(task(args)?.is_some())
}

/// The task that the checkpoint of these flags was trained for; none for the 2-D lab.
///
/// # Errors
/// Names the file that could not be read.
pub fn task(args: &FlowArgs) -> anyhow::Result<Option<String>> {
    match &args.checkpoint {
        None => Ok(None),
        Some(name) => Ok(store::task_of(name)?),
    }
}

/// Draws images and writes them.
///
/// # Errors
/// Names the flag or file at fault.
pub fn sample(args: &SampleArgs) -> anyhow::Result<()> {
    let kind = args.out.extension().and_then(|kind| kind.to_str());
    let Some(kind @ ("npz" | "png")) = kind else {
        bail!(
            "--out: {} ends in none of .npz, .png; images go into no .csv",
            args.out.display()
        );
    };
    ensure!(
        args.x0.is_none() && args.t_end.is_none(),
        "--x0, --t-end: only for points"
    );
    ensure!(
        !args.trajectory || kind == "npz",
        "--trajectory: only a .npz file holds it; --out is {}",
        args.out.display()
    );
    let n = args.n.unwrap_or(SAMPLED);
    ensure!(
        (1..=1_000_000).contains(&n),
        "--n: {n} is out of range: 1 to 1000000"
    );
    let steps = args.flow.steps;
    let times: Vec<f64> = if args.trajectory {
        (0..=steps).map(|i| i as f64 / steps as f64).collect()
    } else {
        Vec::new()
    };
    ensure!(
        n.saturating_mul(times.len()) <= 4_000_000,
        "--trajectory: {n} images at {} times are too many; lower --n or --steps",
        times.len()
    );
    let data = Mnist::load(args.images.data.as_ref())?;
    let (model, _) = open(&args.flow, &args.images)?;
    let asked = complete::asked(&model, &args.images, n, args.flow.seed, &data)?;
    let request = request(
        &args.flow,
        &args.images,
        n,
        &data.train,
        times,
        asked.as_ref(),
    );
    let mut samples = draw(&model, &request)?;
    if let Some(Asked {
        task, originals, ..
    }) = &asked
    {
        answer::keep(&mut samples.images, &originals.pixels, &task.masks);
    }
    let bytes = match (kind, &asked) {
        ("npz", _) => npz(&request, &samples, asked.as_ref())?,
        (_, Some(asked)) => complete::sheet(&asked.task, &samples.images)
            .png()
            .map_err(|error| anyhow!("--n: {error}; write a .npz"))?,
        _ => Sheet {
            epoch: 0,
            columns: COLUMNS.min(n),
            images: samples.images.clone(),
        }
        .png()
        .map_err(|error| anyhow!("--n: {error}; write a .npz"))?,
    };
    output::write(&args.out, &bytes)?;
    eprintln!(
        "{}: {n} images, {} evaluations of the field each",
        args.out.display(),
        samples.nfe
    );
    Ok(())
}

fn npz(request: &Request, samples: &Samples, asked: Option<&Asked>) -> anyhow::Result<Vec<u8>> {
    let n = request.labels.len() as u64;
    let side = SIDE as u64;
    let mut file = Npz::default();
    file.add("images", &[n, side, side], samples.images.clone())?;
    file.add("labels", &[n], request.labels.clone())?;
    file.add("latents", &[n, 4, 4, 4], samples.latents.clone())?;
    if let Some(Asked {
        task, originals, ..
    }) = asked
    {
        if !originals.pixels.is_empty() {
            file.add("originals", &[n, side, side], originals.pixels.clone())?;
        }
        file.add("asked", &[n, side, side], task.shown.clone())?;
        if !task.masks.is_empty() {
            file.add("masks", &[n, side, side], task.masks.clone())?;
        }
    }
    if !samples.way.is_empty() {
        let k = samples.way.len() as u64;
        file.add("t", &[k], request.save_at.clone())?;
        file.add("xt", &[k, n, 4, 4, 4], samples.way.concat())?;
    }
    Ok(file.finish()?)
}

fn open(flow: &FlowArgs, args: &ImageSampleArgs) -> anyhow::Result<(LatentModel, DeviceInfo)> {
    ensure!(
        args.start.is_none(),
        "--start: only variational flows have a choice of it"
    );
    let name = flow.checkpoint.as_deref().unwrap_or_default();
    let (device, info) = device::open(args.device.unwrap_or_default())?;
    let model = LatentModel::load(name, &device).map_err(|error| anyhow!(error))?;
    Ok((model, info))
}

fn request(
    flow: &FlowArgs,
    args: &ImageSampleArgs,
    n: usize,
    data: &Digits,
    save_at: Vec<f64>,
    asked: Option<&Asked>,
) -> Request {
    let read = asked.and_then(|asked| asked.labels.clone());
    let labels = match (args.label, read, args.unconditional || asked.is_some()) {
        (Some(label), ..) => vec![label; n],
        (None, Some(read), _) => read,
        // A condition stands for the class.
        (None, None, true) => vec![NO_CLASS; n],
        (None, None, false) => drawn_labels(flow.seed, n, &data.labels),
    };
    Request {
        labels,
        guidance: args.guidance.unwrap_or(1.0),
        emphasis: args.emphasis.unwrap_or(1.0),
        solver: flow.solver,
        steps: flow.steps,
        seed: flow.seed,
        save_at,
        given: asked.map_or_else(Vec::new, |asked| asked.task.given.clone()),
    }
}

fn draw(model: &LatentModel, request: &Request) -> anyhow::Result<Samples> {
    let bar = indicatif::ProgressBar::new(request.labels.len() as u64);
    let samples = model
        .sample(request, &mut |done| bar.set_position(done as u64))
        .map_err(|error| anyhow!(error))?;
    bar.finish_and_clear();
    Ok(samples)
}

/// What is measured; none where it does not apply to the model.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Mean squared error of test reconstructions, pixels 0 to 1.
    vae_mse: Option<f64>,
    /// Fraction of reconstructed test images that keep their label.
    vae_label_kept: Option<f64>,
    /// 1/std of the latents.
    latent_scale: Option<f32>,
    /// Fraction of samples that the classifier reads as the class asked for.
    label_accuracy: Option<f64>,
    /// Fréchet distance of the classifier's features, samples against the test set.
    fid_lenet: Option<f64>,
    /// Its standard error from the sample size.
    fid_lenet_error: Option<f64>,
    /// The same for as many training images: what perfect samples would get.
    fid_null: Option<f64>,
    /// The same for the reconstructions of those training images: what the autoencoder costs.
    fid_vae: Option<f64>,
    /// Fraction of the samples read as each class.
    class_shares: Option<[f64; 10]>,
    /// Fraction of completed test digits that are read as their true label.
    pub label_kept: Option<f64>,
    /// Fraction of digits whose class was read rightly from what is seen, with `--read`.
    pub label_read: Option<f64>,
    /// The same as `label_kept` when the flow is told the true label.
    pub label_kept_told: Option<f64>,
    /// The same of what the flow was given: masked digits, or label maps as pictures.
    pub label_unfilled: Option<f64>,
    /// Mean squared error of the pixels that were not hidden, 0 to 1, before they are put back.
    pub kept_error: Option<f64>,
    /// The autoencoder's own error on these pixels.
    pub kept_error_vae: Option<f64>,
    /// The classifier's accuracy on the test set; a reader's, without their centre.
    classifier_accuracy: Option<f64>,
    /// γ of the samples.
    guidance: Option<f32>,
    /// w of the samples, where a picture is completed.
    pub emphasis: Option<f32>,
    /// Evaluations of the field for one sample.
    pub nfe: Option<usize>,
    /// Samples drawn, or test images used.
    n: usize,
}

/// Measures an image model against the test set.
///
/// # Errors
/// Names the flag, file or tensor at fault.
pub fn measure(args: &EvalArgs) -> anyhow::Result<Report> {
    ensure!(
        args.images.image.is_none() && args.images.semantic.is_none(),
        "--image, --semantic: `eval` takes the test digits, whose labels are known; `sample` \
         completes a picture of your own"
    );
    let name = args.flow.checkpoint.as_deref().unwrap_or_default();
    let task = store::task_of(name)?.unwrap_or_default();
    flags::refuse_unused(args, &task)?;
    let data = Mnist::load(args.images.data.as_ref())?;
    for note in &data.notes {
        eprintln!("{note}");
    }
    let (device, info) = device::open(args.images.device.unwrap_or_default())?;
    eprintln!("on {info}");
    let fail = |error: String| anyhow!("{name}: {error}");
    if task == "classifier" {
        let saved = SavedModel::load(name)?;
        let n = args.n.unwrap_or(data.test.len());
        ensure!(
            (1..=data.test.len()).contains(&n),
            "--n: {n} is out of range: 1 to {}",
            data.test.len()
        );
        let test = data.test.first(n);
        let accuracy = if reader::is_reader(&saved) {
            let reader = Reader::new(&saved, &device).map_err(fail)?;
            reader.accuracy(&test).map_err(fail)?
        } else {
            let judge = Judge::new(&saved, &device).map_err(fail)?;
            let read = judge.read(&test.pixels).map_err(fail)?;
            agreement(&read.labels, &test.labels)
        };
        return Ok(Report {
            classifier_accuracy: Some(accuracy),
            n,
            ..Report::default()
        });
    }
    let judge = Judge::new(&SavedModel::load(JUDGE)?, &device).map_err(fail)?;
    let look = |images: &[u8]| judge.read(images).map_err(fail);
    let test = look(&data.test.pixels)?;
    // Samples of one class are held against the test images of that class.
    let class = |digits: &Digits| match args.images.label {
        Some(label) => digits.of_class(label),
        None => digits.clone(),
    };
    let same = match args.images.label {
        Some(_) => look(&class(&data.test).pixels)?,
        None => test.clone(),
    };
    let reference = Gaussian::fit(
        &same.features,
        same.features.len() / same.labels.len().max(1),
    );
    let accuracy = agreement(&test.labels, &data.test.labels);

    let model = match task.as_str() {
        "vae" => None,
        _ => Some(LatentModel::load(name, &device).map_err(|error| anyhow!(error))?),
    };
    let own;
    let network = match &model {
        Some(model) => model.vae(),
        None => {
            own = space::load_vae(&SavedModel::load(name)?, &device).map_err(fail)?;
            &own
        }
    };
    // An autoencoder is measured on so many test images; samples of a flow know no such end.
    let (n, most) = match &model {
        Some(_) => (args.n.unwrap_or(MEASURED), 1_000_000),
        None => (args.n.unwrap_or(data.test.len()), data.test.len()),
    };
    ensure!(
        (20..=most).contains(&n),
        "--n: {n} is out of range: 20 to {most}"
    );
    let rebuilt = match &model {
        Some(_) => data.test.len(),
        None => n,
    };
    let all: Vec<usize> = (0..rebuilt).collect();
    let images = vae::reconstruct(network, &data.test, &all, &device).map_err(fail)?;
    let rebuilt = look(&crop(&images))?;
    // The null and the floor are of as many images as the samples, and of the same ones: the
    // distance depends on the number.
    let train = class(&data.train).first(n);
    let null = look(&train.pixels)?;
    let all_train: Vec<usize> = (0..train.len()).collect();
    let floor = vae::reconstruct(network, &train, &all_train, &device).map_err(fail)?;
    let floor = look(&crop(&floor))?;
    let distance = |seen: &Seen| fid(seen, &reference).map_err(|error| anyhow!(error));
    let mut report = Report {
        vae_mse: Some(vae::mse(&data.test, &all, &images)),
        vae_label_kept: Some(agreement(&rebuilt.labels, &data.test.labels)),
        fid_null: Some(distance(&null)?.value),
        fid_vae: Some(distance(&floor)?.value),
        classifier_accuracy: Some(accuracy),
        n,
        ..Report::default()
    };
    let Some(model) = model else {
        let saved = SavedModel::load(name)?;
        let space = space::Space::of(&saved).map_err(fail)?;
        report.latent_scale = space.scale.first().copied();
        return Ok(report);
    };
    let asked = complete::asked(&model, &args.images, n, args.flow.seed, &data)?;
    let request = request(
        &args.flow,
        &args.images,
        n,
        &data.train,
        Vec::new(),
        asked.as_ref(),
    );
    if let Some(asked) = &asked {
        report.latent_scale = model.space().scale.first().copied();
        report.guidance = Some(request.guidance);
        return complete::measure(&model, &judge, asked, &request, report).map_err(fail);
    }
    let samples = draw(&model, &request)?;
    let seen = look(&samples.images)?;
    let Estimate { value, error } = distance(&seen)?;
    report.latent_scale = model.space().scale.first().copied();
    // An image without a class asked for cannot be read wrongly.
    report.label_accuracy =
        (!args.images.unconditional).then(|| agreement(&seen.labels, &request.labels));
    report.fid_lenet = Some(value);
    report.fid_lenet_error = Some(error);
    report.class_shares = Some(class_shares(&seen.labels));
    report.guidance = Some(request.guidance);
    report.nfe = Some(samples.nfe);
    Ok(report)
}
