//! Flags of image models where they would do nothing: refused by name, not ignored.

use anyhow::bail;

use crate::cli::{EvalArgs, ImageSampleArgs};

/// Every flag of image models, and whether it was given.
fn given(args: &ImageSampleArgs) -> [(&'static str, bool); 11] {
    [
        ("--label", args.label.is_some()),
        ("--unconditional", args.unconditional),
        ("--guidance", args.guidance.is_some()),
        ("--emphasis", args.emphasis.is_some()),
        ("--read", args.read.is_some()),
        ("--mask", args.mask.is_some()),
        ("--image", args.image.is_some()),
        ("--semantic", args.semantic.is_some()),
        ("--start", args.start.is_some()),
        ("--data", args.data.is_some()),
        ("--device", args.device.is_some()),
    ]
}

/// Refuses flags of image models where points are asked for.
///
/// # Errors
/// Names the flag.
pub fn refuse_flags(args: &ImageSampleArgs) -> anyhow::Result<()> {
    match given(args).iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => bail!("{flag}: only for image models such as builtin:latent"),
    }
}

/// Refuses flags of samples where `eval` measures a model of `task`, which may draw none.
///
/// # Errors
/// Names the flag.
pub(super) fn refuse_unused(args: &EvalArgs, task: &str) -> anyhow::Result<()> {
    let (known, what): (&[&str], _) = match task {
        "classifier" => (&["--data", "--device"], "a classifier draws no samples"),
        // The images that it is held against may be those of one class.
        "vae" => (
            &["--label", "--data", "--device"],
            "an autoencoder draws no samples",
        ),
        _ if args.images.start.is_some() => {
            bail!("--start: only variational flows have a choice of it; leave it out")
        }
        _ => return Ok(()),
    };
    let unused = given(&args.images)
        .into_iter()
        .find(|(flag, given)| *given && !known.contains(flag));
    match unused {
        Some((flag, _)) => bail!("{flag}: {what}; leave it out, or measure a flow"),
        None => Ok(()),
    }
}
