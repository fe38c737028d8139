//! What a lesson hands over for export: its picture, and whose numbers it shows.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use anyhow::{anyhow, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::digits::models::Source;
use super::lesson::{Lab, Lesson};
use super::sampler::Sampled;
use super::training::{Staged, Training};
use crate::data::{Dataset, Source as Noise};
use crate::figure::{Meta, Scene, Style};
use crate::kernel::MlpWeights;
use crate::train::images::{SavedModel, store};
use crate::train::{Checkpoint, ToyConfig};

/// Makes the scene of a time, off the window's thread; none when it was given up.
type Draw = dyn Fn(f32, &AtomicBool) -> Option<Scene> + Send + Sync;

/// A picture at one time, with all that its other times need.
#[derive(Clone)]
pub struct Figure {
    draw: Arc<Draw>,
    drawn: Arc<OnceLock<Arc<Scene>>>,
    /// What moved the particles.
    pub source: String,
    /// Whose weights it shows.
    pub weights: Weights,
    /// Seed of the noise.
    pub seed: u64,
    /// Width that suits it, in centimetres.
    pub width_cm: f64,
    /// Time of the flow.
    pub t: f64,
    /// What the lesson shows, by the names of its settings.
    pub view: Value,
}

/// A longer description of a target stays out of the file, but for its name: a table of points.
const LONGEST: usize = 20_000;

/// The target and path on the stage, for the file of a figure.
pub fn stage(training: &Training) -> Value {
    let (dataset, source) = (training.dataset(), training.source());
    let beside = match &source {
        Noise::Data(dataset) => is_long(dataset),
        Noise::Gaussian | Noise::Uniform => false,
    };
    let name = Value::from(dataset.label());
    if beside || is_long(&dataset) {
        return name;
    }
    let stage = json!({ "dataset": dataset, "path": training.path(), "source": source });
    match stage.to_string().len() {
        0..=LONGEST => stage,
        _ => name,
    }
}

/// Whether a table is too long without a look at its numbers: writing a hundred thousand points
/// down takes longer than a frame. A point has four characters at least, such as `0,0;`.
fn is_long(dataset: &Dataset) -> bool {
    matches!(dataset, Dataset::Points(set) if 4 * set.points().len() > LONGEST)
}

/// Puts such a target and path on the stage. Without a run that was trained on them there is no
/// network then.
///
/// # Errors
/// When the file does not hold them.
pub fn set_stage(training: &mut Training, stage: &Value) -> anyhow::Result<()> {
    if *stage == self::stage(training) || stage.is_null() {
        return Ok(());
    }
    let of = |name: &str| stage.get(name).cloned().unwrap_or_default();
    let lost =
        || anyhow!("the figure's target {stage} is not in its file: name a run on it, --run");
    let (Ok(dataset), Ok(path), Ok(source)) = (
        serde_json::from_value(of("dataset")),
        serde_json::from_value(of("path")),
        serde_json::from_value(of("source")),
    ) else {
        bail!(lost());
    };
    let config = ToyConfig {
        dataset,
        path,
        source,
        ..training.config.clone()
    };
    config
        .validate()
        .map_err(|error| anyhow!("the figure's target: {error}"))?;
    training.config = config;
    training.staged = None;
    Ok(())
}

/// Weights behind a figure.
#[derive(Clone)]
pub enum Weights {
    /// None: the exact field, or no field at all.
    None,
    /// Those of a run folder or of the program.
    Saved(String),
    /// Those of a training that are in no file.
    Mlp(Arc<MlpWeights>),
    /// The same of the image lab.
    Image(Arc<SavedModel>),
    /// Their digest, where they are gone.
    Gone(Option<String>),
}

impl Figure {
    /// A picture at `t` of what the exact field or no field made.
    pub fn new(
        seed: u64,
        t: f32,
        draw: impl Fn(f32, &AtomicBool) -> Option<Scene> + Send + Sync + 'static,
    ) -> Self {
        Self {
            draw: Arc::new(draw),
            drawn: Arc::default(),
            source: "the exact field".to_owned(),
            weights: Weights::None,
            seed,
            width_cm: Style::TWO_COLUMNS.width_cm,
            t: f64::from(t),
            view: Value::Null,
        }
    }

    /// The same with the network that moved the particles.
    #[must_use]
    pub fn by(mut self, staged: Option<&Staged>) -> Self {
        if let Some(staged) = staged {
            self.source = staged.origin();
            self.weights = match &staged.file {
                Some(name) => Weights::Saved(name.clone()),
                None => Weights::Mlp(Arc::clone(&staged.weights)),
            };
        }
        self
    }

    /// The same with the weights that moved particles, where they are not those on the stage now.
    #[must_use]
    pub fn by_sampled(mut self, sampled: Option<&Arc<Sampled>>, staged: Option<&Staged>) -> Self {
        let older = sampled.filter(|s| staged.is_none_or(|staged| staged.version != s.version));
        if let Some(weights) = older.and_then(|sampled| sampled.weights.as_ref()) {
            self.weights = Weights::Mlp(Arc::clone(weights));
        }
        self
    }

    /// The same with a network of the image lab.
    #[must_use]
    pub fn by_image(mut self, source: &Source) -> Self {
        (self.source, self.weights) = match &source.model {
            Some(model) => (source.label.clone(), Weights::Image(Arc::clone(model))),
            None => (
                source.name.to_string(),
                Weights::Saved(source.name.to_string()),
            ),
        };
        self
    }

    /// The same with what its file says of the lesson and the stage.
    #[must_use]
    pub fn shown(mut self, lesson: &dyn Lesson, lab: &Lab, t: f64) -> Self {
        self.t = t;
        self.view = lesson.view();
        if let Some(view) = self.view.as_object_mut() {
            view.insert("stage".to_owned(), stage(&lab.training));
        }
        self
    }

    /// The same for a narrower column.
    #[must_use]
    pub fn wide(mut self, cm: f64) -> Self {
        self.width_cm = cm;
        self
    }

    /// The scene, made once; none when it was given up.
    pub fn scene(&self, cancel: &AtomicBool) -> Option<Arc<Scene>> {
        if let Some(drawn) = self.drawn.get() {
            return Some(Arc::clone(drawn));
        }
        let scene = Arc::new((self.draw)(self.t as f32, cancel)?);
        Some(Arc::clone(self.drawn.get_or_init(|| scene)))
    }

    /// The scene of another time, made anew, for one of many frames.
    pub fn frame(&self, t: f32, cancel: &AtomicBool) -> Option<Scene> {
        (self.draw)(t, cancel)
    }

    /// The same with nothing but its scene, which tells the moment of a training in its title: what
    /// it was made of is let go. For a thread.
    pub fn recorded(&self, moment: &str, cancel: &AtomicBool) -> Option<Self> {
        let mut scene = self.frame(self.t as f32, cancel)?;
        scene.title = Some(match scene.title.take() {
            Some(title) if title.characters().contains("step") => title,
            Some(title) => title.plain(format!(", {moment}")),
            None => moment.into(),
        });
        Some(Self {
            draw: Arc::new(move |_, _| Some(scene.clone())),
            drawn: Arc::default(),
            weights: match &self.weights {
                kept @ (Weights::None | Weights::Saved(_)) => kept.clone(),
                large => Weights::Gone(large.sha256()),
            },
            ..self.clone()
        })
    }

    /// What its file says about itself.
    pub fn meta(&self, lesson: &str, style: &Style, runs: &[String]) -> Meta {
        Meta {
            figure: format!("lesson-{lesson}"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            style: style.clone(),
            source: self.source.clone(),
            weights_sha256: self.weights.sha256(),
            seed: self.seed,
            runs: runs.to_vec(),
            t: Some(self.t),
            view: self.view.clone(),
        }
    }
}

impl Weights {
    /// The runs to ask for when the figure is made again.
    pub fn runs(&self) -> Vec<String> {
        match self {
            Self::Saved(name) if !name.starts_with("builtin:") => vec![name.clone()],
            _ => Vec::new(),
        }
    }

    /// The digest of the file, or of the numbers where there is none.
    fn sha256(&self) -> Option<String> {
        let digest = |numbers: &mut dyn Iterator<Item = &[f32]>| {
            let mut hash = Sha256::new();
            for values in numbers {
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                hash.update(&bytes);
            }
            let hex = hash.finalize();
            let hex: String = hex.iter().map(|byte| format!("{byte:02x}")).collect();
            Some(format!("f32:{hex}"))
        };
        match self {
            Self::None => None,
            Self::Gone(digest) => digest.clone(),
            Self::Saved(name) => {
                let image = || store::sha256(name).ok();
                Checkpoint::sha256(name).ok().or_else(image)
            }
            Self::Mlp(weights) => {
                let layers = weights.layers.iter();
                digest(&mut layers.flat_map(|layer| [&layer.weight[..], &layer.bias[..]]))
            }
            Self::Image(model) => {
                let tensors = model.network.iter().chain(&model.beside);
                digest(&mut tensors.map(|tensor| &tensor.values[..]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceChoice;
    use crate::figure::{Form, Panel, Tone};
    use crate::train::Preset;

    fn new_training() -> Training {
        let mut training = Training::new(Preset::default(), DeviceChoice::Cpu, || {});
        training.staged = None;
        training
    }

    #[test]
    fn weights_in_a_file_have_its_digest_and_others_that_of_their_numbers() {
        for name in ["builtin:checkerboard", "builtin:latent"] {
            let hex = Weights::Saved(name.to_owned()).sha256().unwrap();
            assert_eq!(hex.len(), 64, "{name}");
        }
        let weights = Checkpoint::load("builtin:moons").unwrap().weights;
        let one = Weights::Mlp(Arc::new(weights.clone())).sha256().unwrap();
        let mut other = weights;
        other.layers[0].bias[0] += 1.0;
        let other = Weights::Mlp(Arc::new(other)).sha256().unwrap();
        assert!(one.starts_with("f32:") && one != other);
        assert_eq!(Weights::None.sha256(), None);
    }

    #[test]
    fn a_long_table_is_named_and_a_short_one_is_written_down() {
        use crate::data::PointSet;

        let mut training = new_training();
        let mut stage_of = |count: usize, by: f32| {
            let points = (0..count).map(|i| [i as f32 * by, 0.0]).collect();
            let set = Arc::new(PointSet::new(points).unwrap());
            training.config.dataset = Dataset::Points(set);
            stage(&training)
        };
        let short = stage_of(100, 1.0);
        let text = short["dataset"].as_str().unwrap();
        assert!(text.starts_with("point-list:0,0;1,0;"), "{text}");
        // By their number, and by how they are written.
        for (count, by) in [(100_000, 0.0), (4000, 0.012_345)] {
            let long = stage_of(count, by);
            assert_eq!(long, json!(format!("{count} points")));
            let error = set_stage(&mut new_training(), &long).unwrap_err();
            assert!(error.to_string().len() < 200, "{error}");
        }
        assert!(set_stage(&mut new_training(), &short).is_ok());
    }

    #[test]
    fn a_scene_is_made_once_and_not_kept_when_it_was_given_up() {
        let figure = Figure::new(0, 0.0, |_, cancel| {
            let given_up = cancel.load(std::sync::atomic::Ordering::Relaxed);
            let dot = Form::dots(&[0.0, 0.0], 1.0);
            let panel = Panel::square(1.0).with("dot", Tone::Ink, 1.0, dot);
            (!given_up).then(|| Scene::row(vec![panel]))
        });
        assert!(figure.scene(&AtomicBool::new(true)).is_none());
        let never = AtomicBool::new(false);
        let (one, two) = (figure.scene(&never).unwrap(), figure.scene(&never).unwrap());
        assert!(Arc::ptr_eq(&one, &two));
    }
}
