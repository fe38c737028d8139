//! `sample` and `eval` of latent flows that complete digits: inpainting and label maps.

use anyhow::{anyhow, bail, ensure};

use super::images::Report;
use crate::cli::ImageSampleArgs;
use crate::data::mnist::{Digits, Mnist, PIXELS, SIDE, regions};
use crate::data::picture::grey_square;
use crate::train::images::answer::{self, Task};
use crate::train::images::classifier::agreement;
use crate::train::images::reader::{READER, Reader};
use crate::train::images::{Condition, Judge, LatentModel, Request, SavedModel, Sheet, vae};

/// Digits in a row of a sheet.
const COLUMNS: usize = 10;
/// From this grey on a pixel of a mask is hidden.
const BRIGHT: u8 = 128;

/// What a flow is asked to complete, and the digits it was made from.
pub struct Asked {
    /// The condition and how it looks.
    pub task: Task,
    /// `[n, 28, 28]`, with true labels where they are known; without pixels where a map of the
    /// user's was made from no digit.
    pub originals: Digits,
    /// Classes that were read from what is seen, where that was asked for.
    pub labels: Option<Vec<u8>>,
}

/// The condition that the flags and the model ask for; none for a flow without one. `seed` draws the
/// classes where they are drawn.
///
/// # Errors
/// Names the flag or file at fault.
pub fn asked(
    model: &LatentModel,
    args: &ImageSampleArgs,
    n: usize,
    seed: u64,
    data: &Mnist,
) -> anyhow::Result<Option<Asked>> {
    let condition = model.condition();
    let misplaced = [
        ("--mask", args.mask.is_some(), Condition::Inpaint),
        ("--image", args.image.is_some(), Condition::Inpaint),
        ("--semantic", args.semantic.is_some(), Condition::Semantic),
        ("--emphasis", args.emphasis.is_some(), Condition::Inpaint),
        ("--read", args.read.is_some(), Condition::Inpaint),
    ];
    if let Some((flag, _, needed)) = misplaced
        .into_iter()
        .find(|(_, given, needed)| *given && *needed != condition)
    {
        bail!(
            "{flag}: this flow's condition is `{condition}`; take one that was trained with \
             `train latent --condition {needed}`"
        );
    }
    if condition == Condition::None {
        return Ok(None);
    }
    let originals = match (&args.image, &args.semantic) {
        (Some(path), _) => Digits {
            pixels: grey_square(path, SIDE)?.repeat(n),
            labels: vec![0; n],
        },
        (None, Some(_)) => Digits {
            pixels: Vec::new(),
            labels: vec![0; n],
        },
        (None, None) => {
            ensure!(
                n <= data.test.len(),
                "--n: {n} is more than the {} test images",
                data.test.len()
            );
            data.test.first(n)
        }
    };
    let picture = match (&args.mask, &args.semantic) {
        (Some(path), _) => {
            let grey = grey_square(path, SIDE)?;
            let mask: Vec<u8> = grey.iter().map(|&g| u8::from(g >= BRIGHT)).collect();
            ensure!(
                mask.contains(&1),
                "--mask: {} hides nothing: no pixel is bright",
                path.display()
            );
            Some(mask)
        }
        (None, Some(path)) => Some(regions::from_grey(&grey_square(path, SIDE)?)),
        (None, None) => None,
    };
    let task = model
        .task(condition, &originals, picture.as_deref())
        .map_err(|error| anyhow!(error))?;
    let labels = match args.read {
        Some(choice) => {
            let saved = SavedModel::load(READER)?;
            let reader = Reader::new(&saved, model.device()).map_err(|error| anyhow!(error))?;
            let shares = reader
                .read(&originals.pixels, &task.masks)
                .map_err(|error| anyhow!(error))?;
            Some(choice.labels(&shares, seed))
        }
        None => None,
    };
    Ok(Some(Asked {
        task,
        originals,
        labels,
    }))
}

/// A sheet with a row of answers under each row of tasks.
pub fn sheet(task: &Task, images: &[u8]) -> Sheet {
    let n = images.len() / PIXELS;
    let columns = COLUMNS.min(n);
    let mut both = Vec::with_capacity(2 * images.len());
    for (asked, made) in task
        .shown
        .chunks(columns * PIXELS)
        .zip(images.chunks(columns * PIXELS))
    {
        for row in [asked, made] {
            both.extend_from_slice(row);
            both.resize(both.len() + columns * PIXELS - row.len(), 0);
        }
    }
    Sheet {
        epoch: 0,
        columns,
        images: both,
    }
}

/// Lets the flow complete test digits and reads the answers.
///
/// # Errors
/// When the device was lost.
pub fn measure(
    model: &LatentModel,
    judge: &Judge,
    asked: &Asked,
    request: &Request,
    mut report: Report,
) -> Result<Report, String> {
    let Asked {
        task,
        originals,
        labels,
    } = asked;
    let device = model.device();
    let samples = model.sample(request, &mut |_| {})?;
    report.nfe = Some(samples.nfe);
    report.emphasis = Some(request.emphasis);
    let mut images = samples.images;
    if !task.masks.is_empty() {
        let all: Vec<usize> = (0..originals.len()).collect();
        let rebuilt = vae::reconstruct(model.vae(), originals, &all, device)?;
        let rebuilt = crate::data::mnist::crop(&rebuilt);
        report.kept_error = answer::kept_error(&images, &originals.pixels, &task.masks);
        report.kept_error_vae = answer::kept_error(&rebuilt, &originals.pixels, &task.masks);
        answer::keep(&mut images, &originals.pixels, &task.masks);
    }
    let read = judge.read(&images)?;
    report.label_kept = Some(agreement(&read.labels, &originals.labels));
    report.label_read = (labels.as_ref()).map(|labels| agreement(labels, &originals.labels));
    // The same with the class told: what is left then is not the ambiguity of the task.
    let told = Request {
        labels: originals.labels.clone(),
        ..request.clone()
    };
    let mut images = model.sample(&told, &mut |_| {})?.images;
    if !task.masks.is_empty() {
        answer::keep(&mut images, &originals.pixels, &task.masks);
    }
    let read = judge.read(&images)?;
    report.label_kept_told = Some(agreement(&read.labels, &originals.labels));
    report.label_unfilled = Some(agreement(
        &judge.read(&task.shown)?.labels,
        &originals.labels,
    ));
    Ok(report)
}
