//! Seed 004: conditions of the latent flow, its way back, its solvers and its bound.

use anyhow::{anyhow, ensure};
use serde_json::{Value, json};

use super::{Drawn, Wish, lessons};
use crate::data::mnist::{CLASSES, Digits, Mnist, PIXELS, SIDE, mask};
use crate::device::{self, DeviceChoice};
use crate::figure::scene::Key;
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};
use crate::flow::Solver;
use crate::train::images::sampler::NO_CLASS;
use crate::train::images::space::{self, LATENT};
use crate::train::images::{Condition, LatentModel, Request, answer, store};

/// Answers below each digit or map.
const ANSWERS: usize = 3;
/// Euler steps of an answer.
const STEPS: usize = 50;
/// Steps of the way to noise and back.
const BACK: [usize; 6] = [2, 4, 8, 16, 32, 64];

/// A flow with its name; one digit of each class.
struct Flow {
    model: LatentModel,
    name: String,
    digits: Digits,
}

impl Flow {
    fn open(wish: &Wish, standard: &str, condition: Condition) -> anyhow::Result<Self> {
        let name = wish.one_run(standard)?;
        let (device, _) = device::open(DeviceChoice::Cpu)?;
        let model = LatentModel::load(&name, &device).map_err(|error| anyhow!("--run: {error}"))?;
        ensure!(
            model.condition() == condition,
            "--run: {name} has the condition `{}`; this figure takes one that was trained with \
             `train latent --condition {condition}`",
            model.condition()
        );
        Ok(Self {
            model,
            name,
            digits: one_of_each(wish.seed())?,
        })
    }

    /// Answers at each time, `[times]` of `[ANSWERS, CLASSES]`.
    fn answers(
        &self,
        wish: &Wish,
        given: &[f32],
        times: &[f64],
    ) -> Result<Vec<Vec<u8>>, anyhow::Error> {
        let before = times.iter().copied().filter(|t| *t < 1.0);
        let request = Request {
            labels: vec![NO_CLASS; ANSWERS * CLASSES],
            guidance: 1.0,
            emphasis: 1.0,
            solver: Solver::Euler,
            steps: if wish.quick { 5 } else { STEPS },
            seed: wish.seed(),
            save_at: before.collect(),
            given: given.repeat(ANSWERS),
        };
        let made = self
            .model
            .sample(&request, &mut |_| {})
            .map_err(|e| anyhow!(e))?;
        let way = made.way.iter().map(|codes| self.model.decode(codes));
        let mut way = way.collect::<Result<Vec<_>, _>>().map_err(|e| anyhow!(e))?;
        way.push(made.images);
        Ok(way)
    }

    fn drawn(self, frames: Vec<Scene>) -> Drawn {
        Drawn {
            frames,
            fps: 20,
            sha256: store::sha256(&self.name).ok(),
            source: self.name,
            ..Drawn::default()
        }
    }
}

/// The test digit of each class that the seed counts to.
fn one_of_each(seed: u64) -> anyhow::Result<Digits> {
    let data = Mnist::builtin()?;
    let mut digits = Digits {
        pixels: Vec::with_capacity(CLASSES * PIXELS),
        labels: (0..CLASSES as u8).collect(),
    };
    for class in 0..CLASSES as u8 {
        let of_class = |i: &usize| data.test.labels[*i] == class;
        let mut all = (0..data.test.len()).filter(of_class);
        let one = all.nth((seed % 800) as usize);
        let one = one.ok_or_else(|| anyhow!("--seed: the test set has no such {class}"))?;
        digits.pixels.extend_from_slice(data.test.image(one));
    }
    Ok(digits)
}

fn times(wish: &Wish) -> Vec<f64> {
    match wish.moving {
        true => wish.film_times(),
        false => vec![1.0],
    }
}

/// What is seen in the first row, answers below.
fn below(seen: &[u8], answers: &[u8], title: impl Into<Text>) -> Panel {
    let pixels = [seen, answers].concat();
    Panel::images(pixels, [SIDE, SIDE], CLASSES).titled(title)
}

/// Digits with a hole, and fills on different noise.
pub fn inpainting(wish: &Wish) -> anyhow::Result<Drawn> {
    let flow = Flow::open(wish, "builtin:inpaint", Condition::Inpaint)?;
    let mut stroke = vec![0; PIXELS];
    mask::brush(&mut stroke, [5.0, 5.0], [23.0, 23.0], 4.0, 1);
    let holes = [
        ("The centre is hidden", mask::centre()),
        ("The left half", mask::left_half()),
        ("The upper half", mask::upper_half()),
        ("A stroke of the brush", stroke),
    ];
    let times = times(wish);
    let mut frames = vec![Vec::new(); times.len()];
    let originals = flow.digits.pixels.repeat(ANSWERS);
    for (title, hole) in holes {
        let masks = hole.repeat(CLASSES);
        let task = flow.model.hidden(&flow.digits, masks.clone());
        let task = task.map_err(|error| anyhow!(error))?;
        let masks = masks.repeat(ANSWERS);
        let way = flow.answers(wish, &task.given, &times)?;
        for (panels, mut images) in frames.iter_mut().zip(way) {
            answer::keep(&mut images, &originals, &masks);
            panels.push(below(&task.shown, &images, title));
        }
    }
    let scenes = frames.into_iter().map(|panels| Scene::grid(panels, 2));
    let scenes = scenes.collect();
    Ok(flow.drawn(scenes))
}

/// Label maps, and digits on different noise.
pub fn semantic(wish: &Wish) -> anyhow::Result<Drawn> {
    let flow = Flow::open(wish, "builtin:semantic", Condition::Semantic)?;
    let task = flow.model.task(Condition::Semantic, &flow.digits, None);
    let task = task.map_err(|error| anyhow!(error))?;
    let way = flow.answers(wish, &task.given, &times(wish))?;
    let scenes = way.iter().map(|images| {
        let title = "Label maps of test digits, and digits on three noises";
        Scene::row(vec![below(&task.shown, images, title)])
    });
    let scenes = scenes.collect();
    Ok(flow.drawn(scenes))
}

/// Digits that run to their noise and forwards as every digit, and how well they come back.
pub fn editing(wish: &Wish) -> anyhow::Result<Drawn> {
    let flow = Flow::open(wish, "builtin:latent", Condition::None)?;
    let (scene, curves) = edited(&flow, wish).map_err(|error| anyhow!(error))?;
    Ok(flow.drawn(vec![Scene::row(vec![scene]).over(curves)]))
}

fn edited(flow: &Flow, wish: &Wish) -> Result<(Panel, Scene), String> {
    let Flow { model, digits, .. } = flow;
    let all: Vec<usize> = (0..digits.len()).collect();
    let mut codes = space::encode(model.vae(), digits, &all, model.device())?.mean;
    model.space().enter(&mut codes);
    let own = |solver: Solver, steps: usize| Request {
        labels: digits.labels.clone(),
        guidance: 1.0,
        emphasis: 1.0,
        solver,
        steps,
        seed: 0,
        save_at: Vec::new(),
        given: Vec::new(),
    };
    let steps = if wish.quick { 4 } else { STEPS };
    let way = own(Solver::Midpoint, steps);
    let noise = model.invert(&way, &codes)?;
    let forward = Request {
        labels: digits.labels.repeat(CLASSES),
        ..way
    };
    let start = noise.chunks_exact(LATENT);
    let start: Vec<f32> = start.flat_map(|one| one.repeat(CLASSES)).collect();
    let made = model.generate(&forward, &start)?.images;
    let mut cells = Vec::with_capacity(made.len() + digits.pixels.len());
    let rows = digits.pixels.chunks_exact(PIXELS);
    for (digit, row) in rows.zip(made.chunks_exact(CLASSES * PIXELS)) {
        cells.extend_from_slice(digit);
        cells.extend_from_slice(row);
    }
    let columns = CLASSES + 1;
    let panel = Panel::images(cells, [SIDE, SIDE], columns)
        .titled("A test digit, and its noise as 0 to 9; framed: its own label");
    let frames = (0..CLASSES)
        .map(|class| panel.around_image(class * columns + 1 + class, [SIDE, SIDE], columns));
    let frames = Form::lines(frames.collect(), 1.0, false);
    let panel = panel.with("own label", Tone::Exact, 1.0, frames);

    let most = if wish.quick { 8 } else { BACK[BACK.len() - 1] };
    let solvers = [
        ("Euler", Solver::Euler, Tone::Model),
        ("Midpoint", Solver::Midpoint, Tone::Source),
    ];
    let error = |solver: Solver, steps: usize| -> Result<(f64, usize), String> {
        let request = own(solver, steps);
        let back = model.generate(&request, &model.invert(&request, &codes)?)?;
        let squares = back.latents.iter().zip(&codes);
        let sum: f64 = squares.map(|(a, b)| f64::from(a - b).powi(2)).sum();
        Ok(((sum / codes.len() as f64).sqrt(), back.nfe))
    };
    let (dopri5, nfe) = error(Solver::Dopri5, 1)?;
    let (mut lines, mut low, mut high) = (Vec::new(), dopri5, dopri5);
    for (name, solver, tone) in solvers {
        let mut line = Vec::new();
        for steps in BACK.into_iter().filter(|steps| *steps <= most) {
            let (value, _) = error(solver, steps)?;
            (low, high) = (low.min(value), high.max(value));
            line.push([steps as f64, value]);
        }
        lines.push((name, tone, line));
    }
    let decade = |value: f64, up: f64| 10_f64.powf(value.max(1e-9).log10().floor() + up);
    let x = Axis::log(BACK[0] as f64, most as f64).labelled("Steps each way");
    let y = Axis::log(decade(low, 0.0), decade(high, 1.0)).labelled("RMS of the codes");
    let level = Form::curve([BACK[0], most].map(|x| [x as f64, dopri5]), 0.9, true);
    let mut curves = Panel::curves(x, y).with("Dopri5", Tone::Ink, 1.0, level);
    let mut legend = Scene::default();
    for (name, tone, line) in lines {
        curves = curves.with(name, tone, 1.0, Form::curve(line, 1.2, false));
        legend = legend.entry(name, tone, Key::Line);
    }
    let legend = legend.entry(format!("Dopri5, NFE {nfe}"), Tone::Ink, Key::Dashes);
    let title = "To noise and back with the same label";
    let scene = Scene {
        legend: legend.legend,
        aspect: Some(0.4),
        ..Scene::row(vec![curves.titled(title)])
    };
    Ok((panel, scene))
}

/// Error and label accuracy of every solver against its evaluations of the field.
pub fn solvers(wish: &Wish) -> anyhow::Result<Drawn> {
    let view = json!({ "view": "Solvers", "seed": wish.seed() });
    timeless(lessons::draw("latent", &shown(wish, view))?)
}

/// Both sides of the bound for digits.
pub fn bound(wish: &Wish) -> anyhow::Result<Drawn> {
    let view = json!({ "digits": true, "asked": true, "seed": wish.seed() });
    timeless(lessons::draw("bound", &shown(wish, view))?)
}

/// The wish with a lesson's settings, where it names none of its own.
fn shown(wish: &Wish, view: Value) -> Wish {
    Wish {
        view: match wish.view.is_null() {
            true => view,
            false => wish.view.clone(),
        },
        ..wish.clone()
    }
}

/// The same without a time of the flow: these figures show all of it.
fn timeless(drawn: Drawn) -> anyhow::Result<Drawn> {
    Ok(Drawn { t: None, ..drawn })
}
