//! The task of the classifier, and the classifier as a judge of images.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand::RngExt;

use super::augment;
use super::config::{ClassifierSettings, ImageConfig};
use super::engine::Loss;
use super::params;
use super::problem;
use super::reader::{self, Reader};
use super::store::SavedModel;
use super::task::{Measured, Problem};
use crate::data::mnist::{Digits, PIXELS, SIDE, mask};
use crate::nn::classifier::{Classifier, ClassifierConfig};
use crate::nn::mlp::read;
use crate::train::batch::{Purpose, stream};

/// Images that are judged in one go.
const CHUNK: usize = 500;
/// Share of the images with a hidden part whose centre is hidden: the others have any other hole.
const CENTRES: f64 = 0.5;

/// Cross-entropy of the labels.
pub struct ClassifierProblem {
    config: ImageConfig,
    settings: ClassifierSettings,
    train: Digits,
    test: Digits,
    device: Device,
}

impl Problem for ClassifierProblem {
    type Model = Classifier;

    fn new(config: ImageConfig, device: &Device, notes: &mut Vec<String>) -> Result<Self, String> {
        let data = problem::digits(&config, notes)?;
        let ImageConfig::Classifier(settings) = &config else {
            return Err(format!("not a run of the classifier: {}", config.task()));
        };
        Ok(Self {
            train: data
                .train
                .first(settings.schedule.images.unwrap_or(usize::MAX)),
            test: data.test.clone(),
            device: device.clone(),
            settings: settings.clone(),
            config,
        })
    }

    fn config(&self) -> &ImageConfig {
        &self.config
    }

    fn images(&self) -> usize {
        self.train.len()
    }

    fn init(&self, device: &Device) -> Classifier {
        sizes(&self.settings).init(device)
    }

    fn loss(&self, model: &Classifier, batch: &[usize], step: u64, device: &Device) -> Loss {
        let labels: Vec<i32> = batch
            .iter()
            .map(|&index| i32::from(self.train.labels[index]))
            .collect();
        let labels = TensorData::new(labels, [batch.len(), 1]);
        let labels = Tensor::<2, Int>::from_data(labels, device);
        let mut images = self.train.unit(batch);
        let settings = &self.settings;
        let mut rng = stream(settings.schedule.seed, Purpose::Batch, step);
        augment::vary(&mut images, settings.shift, settings.warp, &mut rng);
        let seen = if settings.hide {
            let mask = |_: &usize| match rng.random_bool(CENTRES) {
                true => mask::centre(),
                false => mask::draw(&mut rng),
            };
            let masks: Vec<u8> = batch.iter().flat_map(mask).collect();
            reader::seen(&images, &masks, device)
        } else {
            unit(&images, device)
        };
        let log_p = activation::log_softmax(model.forward(seen), 1);
        Loss {
            total: -log_p.gather(1, labels).mean(),
            parts: Vec::new(),
        }
    }

    fn measure(&mut self, model: &Classifier, _last: bool) -> Result<Measured, String> {
        let (what, accuracy) = if self.settings.hide {
            let reader = Reader::from_parts(model.clone(), &self.device);
            (
                "test accuracy without the centre",
                reader.accuracy(&self.test)?,
            )
        } else {
            let judge = Judge {
                classifier: model.clone(),
                device: self.device.clone(),
            };
            let read = judge.read(&self.test.pixels)?;
            ("test accuracy", agreement(&read.labels, &self.test.labels))
        };
        Ok(Measured {
            text: format!("{what} {:.2} %", 100.0 * accuracy),
            images: None,
        })
    }
}

/// A trained classifier that names images and gives their features.
pub struct Judge {
    classifier: Classifier,
    device: Device,
}

/// What a [`Judge`] sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The likeliest class of each image, `[n]`.
    pub labels: Vec<u8>,
    /// The probability of that class, `[n]`.
    pub confidence: Vec<f32>,
    /// Features `[n, features]`.
    pub features: Vec<f32>,
}

impl Judge {
    /// Puts a trained classifier onto a device.
    ///
    /// # Errors
    /// When the run is of another task, or a tensor does not fit.
    pub fn new(saved: &SavedModel, device: &Device) -> Result<Self, String> {
        let settings = settings_of(saved)?;
        if settings.hide {
            return Err(
                "it reads digits with a hole, but one of whole digits is needed".to_owned(),
            );
        }
        let classifier = params::load(sizes(settings).init(device), &saved.network)?;
        Ok(Self {
            classifier,
            device: device.clone(),
        })
    }

    /// Looks at grey images `[n, 28, 28]`.
    ///
    /// # Errors
    /// When the device was lost.
    pub fn read(&self, images: &[u8]) -> Result<Seen, String> {
        let mut seen = Seen {
            labels: Vec::new(),
            confidence: Vec::new(),
            features: Vec::new(),
        };
        for chunk in images.chunks(CHUNK * PIXELS) {
            let values: Vec<f32> = chunk.iter().map(|&grey| f32::from(grey) / 255.0).collect();
            let features = self.classifier.features(unit(&values, &self.device));
            let logits = read(self.classifier.logits(features.clone()))?;
            seen.features.extend(read(features)?);
            for row in logits.chunks_exact(logits.len() * PIXELS / chunk.len()) {
                let best = (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
                let best = best.unwrap_or(0);
                let sum: f32 = row.iter().map(|logit| (logit - row[best]).exp()).sum();
                seen.labels.push(best as u8);
                seen.confidence.push(1.0 / sum);
            }
        }
        Ok(seen)
    }
}

/// The settings of a classifier's run.
///
/// # Errors
/// When the run is of another task.
pub(super) fn settings_of(saved: &SavedModel) -> Result<&ClassifierSettings, String> {
    match &saved.config {
        ImageConfig::Classifier(settings) => Ok(settings),
        other => Err(format!(
            "a run of `train {}`, but a classifier is needed",
            other.task()
        )),
    }
}

/// The network of some settings.
pub(super) fn sizes(settings: &ClassifierSettings) -> ClassifierConfig {
    match settings.hide {
        true => ClassifierConfig::of_parts(),
        false => ClassifierConfig::new(),
    }
}

/// The fraction of equal labels.
pub fn agreement(a: &[u8], b: &[u8]) -> f64 {
    let equal = a.iter().zip(b).filter(|(a, b)| a == b).count();
    equal as f64 / a.len().max(1) as f64
}

/// Values of 0 to 1 as `[n, 1, 28, 28]` on a device.
fn unit(values: &[f32], device: &Device) -> Tensor<4> {
    let shape = [values.len() / PIXELS, 1, SIDE, SIDE];
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}
