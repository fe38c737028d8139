//! The figures of the seeds, one file a seed, and those of the lessons; each turns a run or the
//! exact field into scenes.

mod lessons;
mod seed000;
mod seed001;
mod seed002;
mod seed003;
mod seed004;

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::generate::{self, Source};
use super::table;
use crate::data::{self, Dataset};
use crate::figure::{Form, Panel, Scene, Tone};
use crate::train::{Checkpoint, ToyConfig};

/// A figure that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// Seed 000's check of its autoencoder.
    Reconstruction,
    /// Seed 000's digits after some epochs.
    Epochs,
    /// Seed 001's comparison of two paths.
    CheckersAtT,
    /// Seed 001's paths to two moons.
    Trajectories,
    /// Seed 002's pairs and the variance that they leave in the target.
    Variance,
    /// Seed 002's samples beside the mean of their prior.
    VariationalSamples,
    /// Seed 002's pixel values.
    Histogram,
    /// Seed 002's three losses.
    Losses,
    /// Seed 003's figure 1.
    Distributions,
    /// Seed 003's figure 3.
    Samples,
    /// Seed 003's figure 4.
    PiT,
    /// Seed 003's figure 5.
    Iterations,
    /// Seed 003's sampler with few and many steps.
    Steps,
    /// The loss of a run.
    Loss,
    /// Seed 004's digits with a hole, filled.
    Inpainting,
    /// Seed 004's digits of label maps.
    Semantic,
    /// Digits to noise and to other digits.
    Editing,
    /// Seed 004's solvers on the latent flow.
    Solvers,
    /// Seed 004's bound, for digits.
    Bound,
    /// What a lesson of the window shows.
    Lesson(&'static str),
}

/// What a figure is made with.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Runs in place of what comes with the program.
    pub runs: Vec<String>,
    /// Seed of the starting points, in place of the usual one.
    pub seed: Option<u64>,
    /// Time of the flow of a lesson's figure, in place of the usual one.
    pub t: Option<f64>,
    /// What a lesson shows, as the file of a figure says it.
    pub view: Value,
    /// Frames of an animation, not the still figure.
    pub moving: bool,
    /// Fewer particles and frames, for a look.
    pub quick: bool,
}

/// A figure's content.
#[derive(Debug, Default)]
pub struct Drawn {
    /// One scene, or the frames of an animation.
    pub frames: Vec<Scene>,
    /// Frames a second.
    pub fps: u16,
    /// What moved the particles.
    pub source: String,
    /// SHA-256 of the weights.
    pub sha256: Option<String>,
    /// Seed, where it is not the one that was wished for.
    pub seed: Option<u64>,
    /// Time of the flow, where the figure has one.
    pub t: Option<f64>,
    /// What a lesson showed.
    pub view: Value,
}

impl Recipe {
    /// The seeds' figures, in their order.
    const SEEDS: [Recipe; 19] = [
        Self::Reconstruction,
        Self::Epochs,
        Self::CheckersAtT,
        Self::Trajectories,
        Self::Variance,
        Self::VariationalSamples,
        Self::Histogram,
        Self::Losses,
        Self::Distributions,
        Self::Samples,
        Self::PiT,
        Self::Iterations,
        Self::Steps,
        Self::Loss,
        Self::Inpainting,
        Self::Semantic,
        Self::Editing,
        Self::Solvers,
        Self::Bound,
    ];

    /// Every figure: those of the seeds, then those of the lessons.
    pub fn all() -> Vec<Self> {
        let lessons = lessons::names().into_iter().map(Self::Lesson);
        Self::SEEDS.into_iter().chain(lessons).collect()
    }

    /// The name on the command line.
    pub fn name(self) -> String {
        let name = match self {
            Self::Reconstruction => "seed000-reconstruction",
            Self::Epochs => "seed000-epochs",
            Self::CheckersAtT => "seed001-checkers-at-t",
            Self::Trajectories => "seed001-trajectories",
            Self::Variance => "seed002-variance",
            Self::VariationalSamples => "seed002-samples",
            Self::Histogram => "seed002-histogram",
            Self::Losses => "seed002-losses",
            Self::Distributions => "seed003-distributions",
            Self::Samples => "seed003-samples",
            Self::PiT => "seed003-pi-t",
            Self::Iterations => "seed003-iterations",
            Self::Steps => "seed003-steps",
            Self::Loss => "seed003-loss",
            Self::Inpainting => "seed004-inpainting",
            Self::Semantic => "seed004-semantic",
            Self::Editing => "seed004-editing",
            Self::Solvers => "seed004-solvers",
            Self::Bound => "seed004-bound",
            Self::Lesson(name) => return format!("lesson-{name}"),
        };
        name.to_owned()
    }

    /// What it shows, in one line.
    pub fn line(self) -> String {
        let line = match self {
            Self::Reconstruction => "test digits and what the autoencoder makes of them",
            Self::Epochs => "digits from the same noise after epochs 1 to 66 of training",
            Self::CheckersAtT => {
                "straight (CondOT) against VP diffusion path, the same noise at seven times"
            }
            Self::Trajectories => "200 paths from noise to two moons",
            Self::Variance => {
                "pairs of a posterior against independent ones, and the target's variance over t"
            }
            Self::VariationalSamples => {
                "digits of the variational and the plain flow, beside the mean of their prior"
            }
            Self::Histogram => {
                "pixel values of test digits, of the prior's draws and of the samples"
            }
            Self::Losses => "the three terms of the loss over the steps: velocity, KL, prior",
            Self::Distributions => "the source and the target distribution",
            Self::Samples => "samples of a trained network over the target",
            Self::PiT => "particles at t = 0, 0.2, 0.4, 0.6, 0.8, 1 over the target",
            Self::Iterations => "samples after 0, 2000, 4000 and 5000 iterations of training",
            Self::Steps => "the same noise after 1 to 128 Euler steps",
            Self::Loss => "loss, its floor and the excess over the iterations",
            Self::Inpainting => "test digits with a hidden part, and fills on three noises",
            Self::Semantic => "label maps of test digits, and digits made of them",
            Self::Editing => {
                "test digits, their noise as every digit, and the error of the way back"
            }
            Self::Solvers => {
                "error and label accuracy of every solver on the latent flow over its NFE"
            }
            Self::Bound => "both sides of the bound of latent flow matching, measured for digits",
            Self::Lesson(name) => return lessons::line(name),
        };
        line.to_owned()
    }

    /// Its usual width in centimetres.
    pub fn width_cm(self) -> f64 {
        match self {
            Self::Trajectories | Self::Samples | Self::Lesson("checkerboard") => 8.5,
            Self::Distributions => 12.0,
            _ => 17.5,
        }
    }

    /// Makes the content.
    ///
    /// # Errors
    /// A run that cannot be read or does not fit the figure.
    pub fn draw(self, wish: &Wish) -> anyhow::Result<Drawn> {
        ensure!(
            wish.t.is_none() || matches!(self, Self::Lesson(_)),
            "--t: {self} shows fixed times; it goes with the figures of lessons"
        );
        match self {
            Self::Reconstruction => seed000::reconstruction(wish),
            Self::Epochs => seed000::epochs(wish),
            Self::Lesson(name) => lessons::draw(name, wish),
            Self::CheckersAtT => seed001::checkers(wish),
            Self::Trajectories => seed001::trajectories(wish),
            Self::Variance => seed002::variance(wish),
            Self::VariationalSamples => seed002::samples(wish),
            Self::Histogram => seed002::histogram(wish),
            Self::Losses => seed002::losses(wish),
            Self::Distributions => seed003::distributions(wish),
            Self::Samples => seed003::samples(wish),
            Self::PiT => seed003::pi_t(wish),
            Self::Iterations => seed003::iterations(wish),
            Self::Steps => seed003::steps(wish),
            Self::Loss => seed003::loss(wish),
            Self::Inpainting => seed004::inpainting(wish),
            Self::Semantic => seed004::semantic(wish),
            Self::Editing => seed004::editing(wish),
            Self::Solvers => seed004::solvers(wish),
            Self::Bound => seed004::bound(wish),
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl FromStr for Recipe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::all().into_iter().find(|recipe| recipe.name() == text);
        found.ok_or_else(|| format!("no figure `{text}`; flowlab figure --list names them"))
    }
}

/// A network with what a figure says about it.
struct Run {
    source: Source,
    config: ToyConfig,
    name: String,
    sha256: String,
}

impl Run {
    fn load(name: &str) -> anyhow::Result<Self> {
        let checkpoint = Checkpoint::load(name)?;
        Ok(Self {
            source: Source::model(&checkpoint),
            config: checkpoint.config,
            name: name.to_owned(),
            sha256: Checkpoint::sha256(name)?,
        })
    }

    /// The run that is wished for, or one that comes with the program.
    fn wished(wish: &Wish, standard: &str) -> anyhow::Result<Self> {
        Self::load(&wish.one_run(standard)?)
    }

    fn drawn(self, frames: Vec<Scene>, fps: u16) -> Drawn {
        Drawn {
            frames,
            fps,
            source: self.name,
            sha256: Some(self.sha256),
            ..Drawn::default()
        }
    }
}

impl Wish {
    /// The run that is wished for, or a usual one.
    fn one_run(&self, standard: &str) -> anyhow::Result<String> {
        ensure!(
            self.runs.len() <= 1,
            "--run: this figure shows one run; {} were given",
            self.runs.len()
        );
        Ok(self
            .runs
            .first()
            .cloned()
            .unwrap_or_else(|| standard.to_owned()))
    }

    /// The seed of the starting points.
    pub fn seed(&self) -> u64 {
        self.seed.unwrap_or(0)
    }

    /// As many particles as are asked for, or few.
    fn count(&self, usual: usize) -> usize {
        if self.quick { usual.min(500) } else { usual }
    }

    /// Where the particles of a run start: at its own source, which need not be N(0, I).
    fn start(&self, source: &data::Source, usual: usize) -> anyhow::Result<Vec<f64>> {
        generate::starting_points(None, source, self.seed(), self.count(usual))
    }

    /// Times of the frames of an animation from t = 0 to 1.
    fn film_times(&self) -> Vec<f64> {
        let last = if self.quick { 4 } else { 60 };
        (0..=last).map(|i| f64::from(i) / f64::from(last)).collect()
    }
}

/// A square panel with the target behind: its boxes, or points of it where it has none.
fn over_target(dataset: &Dataset) -> Panel {
    let panel = Panel::square(dataset.extent());
    let boxes = generate::ghost(dataset);
    if boxes.is_empty() {
        let points = target_points(dataset, 1 << 40, 2000);
        return panel.with("target", Tone::Ghost, 1.0, Form::dots(&points, 0.9));
    }
    panel.with("target", Tone::Ghost, 1.0, Form::Boxes(boxes))
}

/// Half the side of a square that a source is seen in.
fn reach(source: &data::Source) -> f64 {
    match source {
        data::Source::Gaussian | data::Source::Uniform => 3.0,
        data::Source::Data(dataset) => dataset.extent(),
    }
}

/// Points of a target, interleaved.
fn target_points(dataset: &Dataset, seed: u64, n: usize) -> Vec<f32> {
    use crate::train::batch::{Purpose, stream};
    let mut points = vec![0.0; 2 * n];
    dataset.sample_into(&mut stream(seed, Purpose::Probe, 2), &mut points);
    points
}

/// A panel of particles over their target, about `cm` centimetres wide.
pub fn particles_panel(dataset: &Dataset, tone: Tone, points: &[f64], cm: f64) -> Panel {
    with_particles(over_target(dataset), tone, points, cm)
}

/// Adds particles to a panel.
fn with_particles(panel: Panel, tone: Tone, points: &[f64], cm: f64) -> Panel {
    let points = generate::narrow(points);
    let (form, alpha) = Form::cloud(points.as_chunks::<2>().0.to_vec(), cm);
    panel.with("particles", tone, alpha, form)
}

/// The states of a flow at some times.
fn states(
    source: &Source,
    steps: usize,
    x0: &[f64],
    times: &[f64],
) -> anyhow::Result<Vec<Vec<f64>>> {
    let solver = crate::flow::Solver::Euler;
    let way = source.trajectories(solver, steps, x0, times, None)?;
    ensure!(!way.states.is_empty(), "the flow kept no state");
    Ok(way.states)
}

/// A file of a run folder.
fn run_file(name: &str, file: &str) -> anyhow::Result<String> {
    let path = std::path::Path::new(name).join(file);
    let bytes = table::contents(&path)?;
    String::from_utf8(bytes).with_context(|| format!("{}: is no text", path.display()))
}
