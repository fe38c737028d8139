//! A lesson without a window: the same work on the same threads, and its figure at the end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail, ensure};
use serde_json::{Value, json};

use super::clock::Clock;
use super::digits::Digits;
use super::figure::{self, Figure};
use super::lesson::{Lab, Lesson};
use super::lessons;
use super::sampler::Sampler;
use super::settings::Settings;
use super::training::Training;
use super::widgets::canvas::Easel;
use crate::device::DeviceChoice;
use crate::figure::Scene;
use crate::train::images::{ImageConfig, SavedModel};
use crate::train::{Preset, images};

/// Between two looks at work under way.
const LOOK: Duration = Duration::from_millis(4);
/// After this time something is wrong.
const PATIENCE: Duration = Duration::from_secs(1200);

/// What is wanted of a lesson.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// The lesson's name.
    pub lesson: String,
    /// Times of the flow, one for each frame; none takes the one that says most.
    pub times: Vec<f64>,
    /// A run folder or model in place of the usual one.
    pub run: Option<String>,
    /// Seed of the noise in place of the usual one.
    pub seed: Option<u64>,
    /// What the lesson shows, as a figure's file says it.
    pub view: Value,
    /// The first picture will do, before a training of the lesson's own is over.
    pub quick: bool,
}

/// A lesson's figure, drawn.
pub struct Drawn {
    /// One scene for each time.
    pub scenes: Vec<Scene>,
    /// The first of them with what its file says.
    pub figure: Figure,
}

/// Runs a lesson until it has made what it shows.
///
/// # Errors
/// Names the lesson, the run at fault, or what the lesson lacks.
pub fn draw(order: &Order) -> anyhow::Result<Drawn> {
    let name = &order.lesson;
    let mut all = lessons::all();
    let place = all.iter().position(|lesson| lesson.name() == *name);
    let mut lesson = all.swap_remove(place.ok_or_else(|| anyhow!("no lesson `{name}`"))?);
    let mut studio = Studio {
        lab: lab(),
        end: Instant::now() + PATIENCE,
        quick: order.quick,
    };
    match (&order.run, order.view.get("stage")) {
        (Some(run), _) => studio.open(run)?,
        (None, Some(stage)) => figure::set_stage(&mut studio.lab.training, stage)?,
        (None, None) => {}
    }
    let first = order.times.first().copied();
    let still = first.unwrap_or_else(|| lesson.figure_time());
    studio.lab.clock.seek(still);
    let mut view = order.view.clone();
    if let Some(seed) = order.seed {
        ensure!(
            !view.is_array(),
            "the figure's settings are none of a lesson"
        );
        view = seeded(view, lesson.view(), seed);
    }
    // A lesson may take its own settings back while it opens.
    lesson.logic(&mut studio.lab);
    lesson.set_view(&view);
    studio.settle(lesson.as_mut(), still)?;
    lesson.set_view(&view);
    studio.settle(lesson.as_mut(), still)?;

    let times = if order.times.is_empty() {
        vec![still]
    } else {
        order.times.clone()
    };
    let never = AtomicBool::new(false);
    let none = || anyhow!("the lesson `{name}` has no figure of what it shows");
    let figure = lesson.figure(&studio.lab, still as f32).ok_or_else(none)?;
    let frame = |t: &f64| figure.frame(*t as f32, &never).ok_or_else(none);
    let scenes = times.iter().map(frame).collect::<anyhow::Result<_>>()?;
    let figure = figure.shown(lesson.as_ref(), &studio.lab, still);
    Ok(Drawn { scenes, figure })
}

/// A lesson's settings with another seed, under whichever name it has one.
fn seeded(view: Value, own: Value, seed: u64) -> Value {
    let mut view = match (view, own) {
        (Value::Null, own) => own,
        (view, _) => view,
    };
    for name in ["noise", "seed"] {
        for place in [name.to_owned(), format!("sampling/{name}")] {
            if let Some(value) = view.pointer_mut(&format!("/{place}")) {
                *value = json!(seed);
            }
        }
    }
    view
}

struct Studio {
    lab: Lab,
    end: Instant,
    quick: bool,
}

/// What the window gives its lessons, without a window.
pub(in crate::app) fn lab() -> Lab {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    Lab {
        clock: Clock::default(),
        training: Training::new(Preset::default(), DeviceChoice::Cpu, || {}),
        sampler: Sampler::new(None, || {}),
        easel: Easel::default(),
        settings: Settings::default(),
        digits: Digits::new(&wake),
        wake,
    }
}

impl Studio {
    /// Puts a run on the stage, as the window's card does.
    fn open(&mut self, run: &str) -> anyhow::Result<()> {
        match images::store::task_of(run)?.as_deref() {
            Some("vae") => self.lab.digits.vae.stage(run),
            Some("latent") => self.lab.digits.stage_flow(run)?,
            Some("variational") => {
                let digits = &mut self.lab.digits;
                match SavedModel::load(run)?.config {
                    ImageConfig::Variational(settings) if settings.dataset.points().is_some() => {
                        digits.points.stage(run);
                    }
                    _ => digits.pictures.stage(run),
                }
            }
            Some(task) => bail!("--run: {run} is a {task}, of which no lesson has a figure"),
            None => {
                self.lab.training.open(PathBuf::from(run));
                while self.lab.training.runs().is_empty() {
                    self.look()?;
                }
            }
        }
        Ok(())
    }

    /// Waits until the lesson has made what it shows.
    fn settle(&mut self, lesson: &mut dyn Lesson, t: f64) -> anyhow::Result<()> {
        let mut calm = 0;
        // Twice, for work that asks for more when it is done.
        while calm < 2 {
            lesson.logic(&mut self.lab);
            let busy = self.lab.sampler.is_busy() || lesson.is_busy();
            let training = lesson.is_training();
            if self.quick
                && !self.lab.sampler.is_busy()
                && lesson.figure(&self.lab, t as f32).is_some()
            {
                return Ok(());
            }
            if busy || training {
                calm = 0;
                self.look()?;
            } else {
                calm += 1;
            }
        }
        Ok(())
    }

    /// Takes what the threads have sent.
    fn look(&mut self) -> anyhow::Result<()> {
        thread::sleep(LOOK);
        self.lab.training.drain();
        let failures = self.lab.digits.drain();
        if let Some(sentence) = failures.first().or(self.lab.training.messages.first()) {
            bail!("{sentence}");
        }
        ensure!(
            Instant::now() < self.end,
            "the lesson did not finish its picture"
        );
        Ok(())
    }
}
