//! Both sides of the bound for digits. The true flow of all digits is not known; that of a finite
//! set of them is: the data here are a subset, and its flow a softmax over their codes.

use std::sync::Mutex;

use super::measured::{Measured, between, root_mean_square, w2};
use super::plane::LATEST;
use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::widgets::digit_grid::Pictures;
use crate::data::mnist::{Mnist, PADDED, crop};
use crate::flow::bound::{Terms, jacobian, largest_singular, one_sided};
use crate::flow::{Solver, integrate_fixed};
use crate::train::images::sampler::noise;
use crate::train::images::space::{self, LATENT};
use crate::train::images::{LatentModel, Request};

/// Numbers of a picture.
const WIDE: usize = PADDED * PADDED;
/// Distance of the points of finite differences; a code's numbers have variance 1.
const STEP: f32 = 0.03;
/// Midpoint steps of the true flow. Where one code has all the weight its lines are straight, and
/// the method, which never looks at t = 1, ends on the code.
const STEPS: usize = 320;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Digits of each class that the data consist of.
    pub codes: usize,
    /// Particles of each class.
    pub each: usize,
    /// Intervals of time.
    pub intervals: usize,
    /// Particles whose Jacobians are taken.
    pub probed: usize,
}

/// Of the window.
pub const USUAL: Effort = Effort {
    codes: 100,
    each: 4,
    intervals: 16,
    probed: 6,
};

/// Both sides, and some of the pictures.
pub struct Digits {
    pub measured: Measured,
    /// Data: where the true flow ends.
    pub truth: Pictures,
    /// What the learned flow makes of the same noise.
    pub made: Pictures,
    /// How many digits the data are.
    pub data: usize,
    /// Points whose Jacobians were taken at each time.
    pub probed: usize,
    /// What is still being measured; empty at the end.
    pub note: String,
}

/// Result of the thread.
pub type Made = Result<Digits, String>;

/// A subset of the training digits with its codes.
struct Data {
    /// `[n, 1024]`, 0 to 1.
    images: Vec<f32>,
    /// `[n, 64]`, in the flow's space.
    codes: Vec<f32>,
    labels: Vec<u8>,
}

impl Data {
    fn new(model: &LatentModel, mnist: &Mnist, each: usize) -> Result<Self, String> {
        let of = |class: u8| {
            let all = 0..mnist.train.len();
            all.filter(move |i| mnist.train.labels[*i] == class)
                .take(each)
        };
        let chosen: Vec<usize> = (0..10).flat_map(of).collect();
        let mut codes = space::encode(model.vae(), &mnist.train, &chosen, model.device())?.mean;
        model.space().enter(&mut codes);
        Ok(Self {
            images: unit(mnist.train.padded(&chosen)),
            labels: chosen.iter().map(|i| mnist.train.labels[*i]).collect(),
            codes,
        })
    }

    /// Weights of the codes at z, of one class, and zero for others.
    fn posterior(&self, label: u8, t: f64, z: &[f64]) -> Vec<f64> {
        let near = |(code, class): (&[f32], &u8)| {
            if *class != label {
                return f64::NEG_INFINITY;
            }
            let squares = z
                .iter()
                .zip(code)
                .map(|(z, c)| (z - t * f64::from(*c)).powi(2));
            -0.5 * squares.sum::<f64>() / (1.0 - t).powi(2)
        };
        let logs: Vec<f64> = (self.codes.chunks_exact(LATENT).zip(&self.labels))
            .map(near)
            .collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.iter().map(|l| (l - top).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|w| w / sum).collect()
    }

    /// The exact velocity of the straight path to the codes of each point's class,
    /// v = (E[z1 | z] − z) / (1 − t).
    fn velocity(&self, labels: &[u8], t: f64, z: &[f64]) -> Vec<f64> {
        let t = t.min(1.0 - 1e-6);
        let each = z.chunks_exact(LATENT).zip(labels);
        let of = |(z, label): (&[f64], &u8)| {
            let mut v: Vec<f64> = z.iter().map(|z| -z).collect();
            let weights = self.posterior(*label, t, z);
            for (code, w) in self.codes.chunks_exact(LATENT).zip(weights) {
                if w > 1e-12 {
                    v.iter_mut()
                        .zip(code)
                        .for_each(|(v, c)| *v += w * f64::from(*c));
                }
            }
            v.iter().map(|v| v / (1.0 - t)).collect::<Vec<_>>()
        };
        each.flat_map(of).collect()
    }
}

/// Pixels from −1 … 1 to 0 … 1.
fn unit(pixels: Vec<f32>) -> Vec<f32> {
    pixels.into_iter().map(|v| 0.5 * (v + 1.0)).collect()
}

/// The decoder from codes of the flow's space to pixels of 0 to 1, `[n, 1024]`.
fn decode(model: &LatentModel, codes: &[f32]) -> Result<Vec<f32>, String> {
    let mut codes = codes.to_vec();
    model.space().leave(&mut codes);
    space::decode(model.vae(), &codes, model.device()).map(unit)
}

/// Pixels as pictures.
fn pictures(pixels: &[f32]) -> Pictures {
    let signed: Vec<f32> = pixels.iter().map(|v| 2.0 * v - 1.0).collect();
    Pictures::new(crop(&signed))
}

/// Measures both sides; what is known so far is shown on the way.
///
/// # Errors
/// When a network cannot be loaded or a solver gives up.
pub fn measure(
    effort: Effort,
    seed: u64,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let model = models::lock(models).flow(source)?;
    let mnist = models::digits()?;
    job.pool
        .install(|| along(effort, seed, &model, &mnist, job))
}

fn along(
    effort: Effort,
    seed: u64,
    model: &LatentModel,
    mnist: &Mnist,
    job: &Job<'_, Made>,
) -> Result<(), String> {
    let data = Data::new(model, mnist, effort.codes)?;
    let n = 10 * effort.each;
    let labels: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
    let start = noise(seed, n);
    let mut times: Vec<f64> = (0..effort.intervals)
        .map(|i| i as f64 / effort.intervals as f64)
        .collect();
    times.extend([f64::from(LATEST), 1.0]);
    let last = times.len() - 1;

    let from: Vec<f64> = start.iter().map(|z| f64::from(*z)).collect();
    let field = |t: f64, z: &Vec<f64>| data.velocity(&labels, t, z);
    let solution = integrate_fixed(Solver::Midpoint, STEPS, 0.0, 1.0, from, &times, field);
    let truth: Vec<Vec<f32>> = (solution.states.iter())
        .map(|z| z.iter().map(|z| *z as f32).collect())
        .collect();
    // At the end one code has all the weight: that of the picture the noise belongs to.
    let end: Vec<f64> = truth[last].iter().map(|z| f64::from(*z)).collect();
    let hit: Vec<usize> = (end.chunks_exact(LATENT).zip(&labels))
        .map(|(z, label)| {
            let weights = data.posterior(*label, f64::from(LATEST), z);
            let best = (0..weights.len()).max_by(|a, b| weights[*a].total_cmp(&weights[*b]));
            best.unwrap_or(0)
        })
        .collect();
    let of = |all: &[f32], d: usize| -> Vec<f32> {
        hit.iter()
            .flat_map(|i| all[i * d..(i + 1) * d].to_vec())
            .collect()
    };
    let (images, codes) = (of(&data.images, WIDE), of(&data.codes, LATENT));

    let request = Request {
        labels: labels.clone(),
        guidance: 1.0,
        emphasis: 1.0,
        solver: Solver::Dopri5,
        steps: 1,
        seed,
        save_at: times[..last].to_vec(),
        given: Vec::new(),
    };
    let drawn = model.generate(&request, &start)?;
    let mut learned = drawn.way;
    learned.push(drawn.latents);
    let generated = decode(model, &learned[last])?;
    let mut shown = Digits {
        measured: Measured {
            w2: w2(&images, &generated, WIDE),
            coupled: root_mean_square(&images, &generated, WIDE),
            others: None,
            n,
            ..Measured::default()
        },
        truth: pictures(&images),
        made: pictures(&generated),
        data: data.labels.len(),
        probed: 3 * effort.probed,
        note: String::new(),
    };
    let mut terms = Terms {
        times: times.clone(),
        reconstruction: root_mean_square(&images, &decode(model, &codes)?, WIDE).powi(2),
        ..Terms::default()
    };
    for (k, t) in times.iter().enumerate() {
        terms.field_error.push(if k < last {
            let z: Vec<f64> = truth[k].iter().map(|z| f64::from(*z)).collect();
            let v = data.velocity(&labels, *t, &z);
            let v: Vec<f32> = v.iter().map(|v| *v as f32).collect();
            let guess = model.velocity_of(&truth[k], *t as f32, &labels, 1.0)?;
            root_mean_square(&v, &guess, LATENT).powi(2)
        } else {
            terms.field_error[k - 1]
        });
        let apart = root_mean_square(&truth[k], &learned[k], LATENT);
        shown.measured.apart.push(apart);
    }
    let probed = effort.probed.min(n);
    let ends = |k: usize| {
        let few = probed * LATENT;
        between(&truth[k][..few], &learned[k][..few], &[0.0, 0.5, 1.0])
    };
    for z in ends(last).chunks_exact(LATENT) {
        let matrix = jacobian(z, STEP, |many| decode(model, many))?;
        terms.decoder = terms.decoder.max(largest_singular(&matrix, LATENT));
        if job.is_cancelled() {
            return Ok(());
        }
    }
    for (k, t) in times.iter().enumerate() {
        let t = *t as f32;
        let (mut lipschitz, mut mu) = (0.0_f64, f64::NEG_INFINITY);
        for (i, z) in ends(k).chunks_exact(LATENT).enumerate() {
            if job.is_cancelled() {
                return Ok(());
            }
            let asked = vec![labels[i % probed]; 2 * LATENT];
            let matrix = jacobian(z, STEP, |many| model.velocity_of(many, t, &asked, 1.0))?;
            lipschitz = lipschitz.max(largest_singular(&matrix, LATENT));
            mu = mu.max(one_sided(&matrix, LATENT));
        }
        terms.lipschitz.push(lipschitz);
        terms.one_sided.push(mu);
        shown.note = match k < last {
            true => format!("L is measured at {} of {} times…", k + 1, times.len()),
            false => String::new(),
        };
        shown.measured.terms = terms.clone();
        if k == last {
            break;
        }
        // The times that are still to come count as the last one measured.
        let missing = last - k;
        let fill = |values: &mut Vec<f64>| values.extend(vec![values[k]; missing]);
        fill(&mut shown.measured.terms.lipschitz);
        fill(&mut shown.measured.terms.one_sided);
        job.show(Ok(shown.again()));
    }
    job.show(Ok(shown));
    Ok(())
}

impl Digits {
    fn again(&self) -> Self {
        Self {
            measured: self.measured.clone(),
            truth: self.truth.clone(),
            made: self.made.clone(),
            note: self.note.clone(),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::background::Background;

    #[test]
    fn the_bound_holds_for_digits() {
        let effort = Effort {
            codes: 10,
            each: 1,
            intervals: 4,
            probed: 1,
        };
        let source = Source {
            version: 0,
            name: "builtin:latent".into(),
            model: None,
            label: String::new(),
        };
        let models = Arc::new(Mutex::new(Models::default()));
        let mut work: Background<u8, Made> = Background::new(|| {});
        work.ask(0, move |job| {
            if let Err(error) = measure(effort, 1, &source, &models, job) {
                job.show(Err(error));
            }
        });
        let done = loop {
            let value = work.value().filter(|_| !work.is_busy());
            if let Some(value) = value {
                break value;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        let made = done.as_ref().as_ref().expect("measured");
        let measured = &made.measured;
        let values = measured.chain().map(|link| link.value);
        assert!(measured.holds() && made.note.is_empty(), "{values:?}");
        assert_eq!((made.truth.len(), made.data), (10, 100));
        // The reconstruction of a digit: 1024 pixels with a squared error of about 0.004.
        let error = measured.terms.reconstruction / WIDE as f64;
        assert!((0.0005..0.02).contains(&error), "{error}");
        assert!(
            measured
                .terms
                .lipschitz
                .iter()
                .all(|l| (0.5..500.0).contains(l))
        );
    }

    #[test]
    fn the_velocity_of_one_code_is_straight() {
        let data = Data {
            images: vec![0.0; 2 * WIDE],
            codes: [vec![2.0; LATENT], vec![-5.0; LATENT]].concat(),
            labels: vec![3, 7],
        };
        let v = data.velocity(&[3], 0.5, &[1.5; LATENT]);
        assert!(v.iter().all(|v| (v - 1.0).abs() < 1e-12));
        assert_eq!(data.posterior(7, 0.5, &[1.5; LATENT]), [0.0, 1.0]);
    }
}
