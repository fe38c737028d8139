//! `flowlab train vae`, `train latent`, `train classifier` and `train variational`

use std::path::Path;

use anyhow::{bail, ensure};

use super::train::{Place, follow};
use crate::cli::{
    TrainClassifierArgs, TrainImageArgs, TrainLatentArgs, TrainVaeArgs, TrainVariationalArgs,
};
use crate::train::images::condition::DROP_WITH_CONDITION;
use crate::train::images::latent::autoencoder;
use crate::train::images::variational::problem::POINT_STEPS;
use crate::train::images::{
    Condition, ImageConfig, SavedModel, Schedule, VariationalSettings, store,
};
use crate::train::{Session, Start};

/// Trains the autoencoder.
///
/// # Errors
/// Settings out of range, a folder that holds a run, a data set that cannot be read, divergence.
pub fn vae(args: &TrainVaeArgs) -> anyhow::Result<()> {
    if let Some(channels) = args.channels.as_deref() {
        let given = || {
            channels
                .iter()
                .map(usize::to_string)
                .collect::<Vec<_>>()
                .join(",")
        };
        ensure!(
            channels.len() == 3 && channels.iter().all(|&c| c > 0),
            "--channels: {} is not three numbers above 0, such as 32,64,128",
            given()
        );
    }
    run(&args.common, "vae", |config| {
        let ImageConfig::Vae(settings) = config else {
            return;
        };
        set(&mut settings.kl, &args.kl);
        set(&mut settings.kl_warmup, &args.kl_warmup);
        if let Some(&[a, b, c]) = args.channels.as_deref() {
            settings.channels = [a, b, c];
        }
    })
}

/// Trains the flow in latent space.
///
/// # Errors
/// As [`vae`].
pub fn latent(args: &TrainLatentArgs) -> anyhow::Result<()> {
    if let (Some(from), Some(asked)) = (&args.from, args.normalise)
        && let ImageConfig::Latent(flow) = SavedModel::load(from)?.config
    {
        ensure!(
            flow.normalise == asked,
            "--normalise: {from} was trained with `{}`, and its weights mean something in that \
             space only; leave the flag out",
            flow.normalise
        );
    }
    run(&args.common, "latent", |config| {
        let ImageConfig::Latent(settings) = config else {
            return;
        };
        set(&mut settings.vae, &args.vae);
        set(&mut settings.width, &args.width);
        set(&mut settings.depth, &args.depth);
        set(&mut settings.heads, &args.heads);
        set(&mut settings.patch, &args.patch);
        set(&mut settings.sigma_min, &args.sigma_min);
        set(&mut settings.time, &args.time);
        set(&mut settings.drop, &args.drop);
        set(&mut settings.normalise, &args.normalise);
        set(&mut settings.condition, &args.condition);
        // A condition stands for the class: such a flow is mostly asked without one.
        let fresh = args.common.resume.is_none();
        if fresh && args.drop.is_none() && settings.condition != Condition::None {
            settings.drop = DROP_WITH_CONDITION;
        }
        if args.from.is_some() {
            settings.from.clone_from(&args.from);
        }
    })
}

/// Trains the classifier.
///
/// # Errors
/// As [`vae`].
pub fn classifier(args: &TrainClassifierArgs) -> anyhow::Result<()> {
    run(&args.common, "classifier", |config| {
        if let ImageConfig::Classifier(settings) = config {
            set(&mut settings.shift, &args.shift);
            set(&mut settings.warp, &args.warp);
            settings.hide |= args.hide;
        }
    })
}

/// Trains variational flow matching.
///
/// # Errors
/// As [`vae`], and pictures that cannot be read.
pub fn variational(args: &TrainVariationalArgs) -> anyhow::Result<()> {
    let over_points = args.dataset.as_ref().is_none_or(|d| d.points().is_some());
    ensure!(
        args.steps.is_none() || over_points || args.common.resume.is_some(),
        "--steps: only over points; ask for --epochs and --images"
    );
    ensure!(
        args.common.data.is_none(),
        "--data: name the folder as --dataset idx:DIR or folder:DIR"
    );
    run(&args.common, "variational", |config| {
        let ImageConfig::Variational(settings) = config else {
            return;
        };
        if args.common.resume.is_none() {
            if !over_points {
                *settings = VariationalSettings::pictures();
            }
            set(&mut settings.dataset, &args.dataset);
            if args.as_in_the_seed {
                *settings = settings.clone().as_in_the_seed();
            }
            if let Some(rung) = args.rung {
                rung.apply(settings);
            }
        }
        set(&mut settings.net, &args.net);
        set(&mut settings.posterior, &args.posterior);
        set(&mut settings.learned_prior, &args.learned_prior);
        set(&mut settings.noise, &args.noise);
        set(&mut settings.form, &args.form);
        set(&mut settings.mse, &args.mse);
        set(&mut settings.kl, &args.kl);
        set(&mut settings.prior, &args.prior);
        set(&mut settings.widths, &args.widths);
        set(&mut settings.posterior_widths, &args.posterior_widths);
        set(&mut settings.aggregate, &args.aggregate);
        set(&mut settings.hidden, &args.hidden);
        set(&mut settings.blocks, &args.blocks);
        set(&mut settings.time, &args.time);
        if args.floor.is_some() {
            settings.floor = args.floor;
        }
        if let Some(steps) = args.steps {
            settings.schedule.epochs = steps.div_ceil(POINT_STEPS as u64);
        }
    })
}

fn run(
    args: &TrainImageArgs,
    task: &str,
    overriding: impl FnOnce(&mut ImageConfig),
) -> anyhow::Result<()> {
    let (mut config, start) = match &args.resume {
        Some(folder) => (saved(folder, task)?, Start::Resume(folder.clone())),
        None => (fresh(task), Start::Fresh),
    };
    overriding(&mut config);
    override_schedule(config.schedule_mut(), args);
    config.validate()?;
    let place = Place::of(args.out.as_deref(), args.resume.as_deref());
    if let Some(place) = &place {
        place.check(args.force)?;
    }
    let session = Session::images(config, start, args.device, true, || {});
    follow(session, place.as_ref(), None)
}

fn fresh(task: &str) -> ImageConfig {
    match task {
        "vae" => ImageConfig::Vae(Default::default()),
        "latent" => ImageConfig::Latent(Default::default()),
        "variational" => ImageConfig::Variational(Default::default()),
        _ => ImageConfig::Classifier(Default::default()),
    }
}

/// The settings of the run that is gone on with.
fn saved(folder: &Path, task: &str) -> anyhow::Result<ImageConfig> {
    let (mut config, _) = store::load_state(folder)?;
    if let ImageConfig::Latent(settings) = &mut config {
        // The folder may have been moved away from what it was made with, and holds copies.
        settings.vae = autoencoder(folder, settings);
        if settings.from.is_some() {
            settings.from = Some(folder.to_string_lossy().into_owned());
        }
    }
    if config.task() != task {
        bail!(
            "--resume: {} is a run of `train {}`",
            folder.display(),
            config.task()
        );
    }
    Ok(config)
}

fn override_schedule(schedule: &mut Schedule, args: &TrainImageArgs) {
    set(&mut schedule.epochs, &args.epochs);
    set(&mut schedule.batch, &args.batch);
    set(&mut schedule.lr, &args.lr);
    set(&mut schedule.lr_schedule, &args.lr_schedule);
    set(&mut schedule.warmup, &args.warmup);
    set(&mut schedule.weight_decay, &args.weight_decay);
    set(&mut schedule.seed, &args.seed);
    if args.images.is_some() {
        schedule.images = args.images;
    }
    if args.data.is_some() {
        schedule.data.clone_from(&args.data);
    }
    if let Some(clip) = args.clip {
        schedule.clip = (clip != 0.0).then_some(clip);
    }
    if let Some(decay) = args.ema {
        schedule.ema = (decay != 0.0).then_some(decay);
    }
}

fn set<T: Clone>(field: &mut T, value: &Option<T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}
