//! Digits to noise and to other digits, and how well the way back is found, on the lesson's
//! threads.

use std::sync::{Arc, Mutex};

use crate::app::background::Job;
use crate::app::digits::models::{self, Models, Source};
use crate::app::digits::time_grid::TimeGrid;
use crate::app::widgets::digit_grid::Pictures;
use crate::data::mnist::{Digits, PIXELS};
use crate::flow::Solver;
use crate::train::images::space::{self, LATENT};
use crate::train::images::{LatentModel, Request};

/// Digits that are given every label, a row each.
pub const ROWS: usize = 5;
/// Labels.
pub const CLASSES: u8 = 10;
/// Digits that are given one label, a column each.
pub const MANY: usize = 10;
/// Stored times, with both ends.
pub const FRAMES: TimeGrid = TimeGrid(21);
/// Steps of the first look.
const COARSE: usize = 6;
/// Steps that are compared.
pub const STEPS: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Digits that they are compared on.
const COMPARED: usize = 4;
/// Solvers that are compared, each with the most steps it is given.
pub const SOLVERS: [(Solver, usize); 3] = [
    (Solver::Euler, 32),
    (Solver::Midpoint, 32),
    (Solver::Rk4, 16),
];

/// What a sheet is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    pub version: u64,
    pub name: Arc<str>,
    /// Which test digits.
    pub seed: u64,
    /// The label that all are given; none for every label.
    pub target: Option<u8>,
    pub solver: Solver,
    pub steps: usize,
    pub gamma: f32,
}

/// Digits, their noise, and what becomes of it.
#[derive(Clone)]
pub struct Sheet {
    /// All cells at each time, `[FRAMES]` of `[rows, columns]`.
    pub way: Vec<Pictures>,
    pub columns: usize,
    /// Over the columns, or before the rows.
    pub over: Vec<String>,
    pub before: Vec<String>,
    /// What each cell was asked to be, and what is read in it at the end.
    pub asked: Vec<Option<(u8, u8)>>,
    /// Cells that were given their own label again.
    pub own: Vec<usize>,
    /// Evaluations of the field, one way.
    pub nfe: usize,
    /// Of the way back with the same label and γ = 1.
    pub back: Back,
}

/// How far a digit is from where it was, after its way to noise and back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Back {
    /// Root mean square over the numbers of the codes, which have a deviation of 1.
    pub codes: f64,
    /// The same over pixels of 0 to 1 of the decoded codes.
    pub pixels: f64,
    /// Evaluations of the field, one way.
    pub nfe: usize,
}

/// One point of the comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub solver: Solver,
    pub steps: usize,
    pub back: Back,
}

/// The sheet: with few steps first.
pub fn make(
    key: &Key,
    source: &Source,
    models: &Mutex<Models>,
    job: &Job<'_, Result<Sheet, String>>,
) -> Result<(), String> {
    let model = models::lock(models).flow(source)?;
    let coarse = Key {
        solver: Solver::Euler,
        steps: COARSE,
        ..key.clone()
    };
    for key in [&coarse, key] {
        if job.is_cancelled() {
            return Ok(());
        }
        let (mut sheet, ends) = job.pool.install(|| edit(&model, key))?;
        let mut read = models::lock(models)
            .judge()?
            .read(&ends)?
            .labels
            .into_iter();
        for (_, seen) in sheet.asked.iter_mut().flatten() {
            *seen = read.next().unwrap_or_default();
        }
        job.show(Ok(sheet));
    }
    Ok(())
}

/// The reversibility of some step counts, a point at a time, that of Dopri5 first.
pub fn compare(
    source: &Source,
    seed: u64,
    models: &Mutex<Models>,
    job: &Job<'_, Result<Vec<Point>, String>>,
) -> Result<(), String> {
    let model = models::lock(models).flow(source)?;
    let (digits, codes) = job.pool.install(|| encoded(&model, seed, COMPARED))?;
    let fixed = STEPS.into_iter().flat_map(|steps| {
        let some = SOLVERS.into_iter().filter(move |(_, most)| steps <= *most);
        some.map(move |(solver, _)| (solver, steps))
    });
    let mut points = Vec::new();
    for (solver, steps) in std::iter::once((Solver::Dopri5, 1)).chain(fixed) {
        if job.is_cancelled() {
            return Ok(());
        }
        let request = request(&digits.labels, solver, steps);
        let back = job
            .pool
            .install(|| there_and_back(&model, &request, &codes))?;
        points.push(Point {
            solver,
            steps,
            back,
        });
        job.show(Ok(points.clone()));
    }
    Ok(())
}

fn request(labels: &[u8], solver: Solver, steps: usize) -> Request {
    Request {
        labels: labels.to_vec(),
        guidance: 1.0,
        emphasis: 1.0,
        solver,
        steps,
        seed: 0,
        save_at: Vec::new(),
        given: Vec::new(),
    }
}

/// Some test digits and their normalised codes.
fn encoded(model: &LatentModel, seed: u64, n: usize) -> Result<(Digits, Vec<f32>), String> {
    let mnist = models::digits()?;
    let all = mnist.test.len() - n;
    let first = (seed % all as u64) as usize * ROWS % all;
    let indices: Vec<usize> = (first..first + n).collect();
    let device = model.device();
    let mut codes = space::encode(model.vae(), &mnist.test, &indices, device)?.mean;
    model.space().enter(&mut codes);
    let digits = Digits {
        pixels: mnist.test.pixels[first * PIXELS..(first + n) * PIXELS].to_vec(),
        labels: mnist.test.labels[first..first + n].to_vec(),
    };
    Ok((digits, codes))
}

/// Codes to their noise and back with the same labels.
pub fn there_and_back(
    model: &LatentModel,
    request: &Request,
    codes: &[f32],
) -> Result<Back, String> {
    let noise = model.invert(request, codes)?;
    let made = model.generate(request, &noise)?;
    let decode = |codes: &[f32]| {
        let mut codes = codes.to_vec();
        model.space().leave(&mut codes);
        space::decode(model.vae(), &codes, model.device())
    };
    Ok(Back {
        codes: rms(codes, &made.latents),
        // Pictures of −1 to 1.
        pixels: 0.5 * rms(&decode(codes)?, &decode(&made.latents)?),
        nfe: made.nfe,
    })
}

fn rms(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    (squares.sum::<f64>() / a.len().max(1) as f64).sqrt()
}

/// The sheet without what is read, and the pictures to read, in the order of the cells.
fn edit(model: &LatentModel, key: &Key) -> Result<(Sheet, Vec<u8>), String> {
    let n = if key.target.is_some() { MANY } else { ROWS };
    let (digits, codes) = encoded(model, key.seed, n)?;
    let own = request(&digits.labels, key.solver, key.steps);
    let noise = model.invert(&own, &codes)?;
    let seen = model.decode(&noise)?;
    // Each digit's targets stand together.
    let targets: Vec<u8> = match key.target {
        Some(target) => vec![target],
        None => (0..CLASSES).collect(),
    };
    let forward = Request {
        labels: targets.repeat(n),
        guidance: key.gamma,
        save_at: FRAMES.before_the_end(),
        ..own.clone()
    };
    let start: Vec<f32> = noise
        .chunks_exact(LATENT)
        .flat_map(|one| one.repeat(targets.len()))
        .collect();
    let made = model.generate(&forward, &start)?;
    let ends = made.images;
    let compose = |edited: &[u8]| {
        let pictures = [&digits.pixels[..], &seen, edited];
        Pictures::new(if key.target.is_some() {
            pictures.concat()
        } else {
            let mut cells = Vec::new();
            for row in 0..n {
                for (pictures, wide) in pictures.into_iter().zip([1, 1, targets.len()]) {
                    let wide = wide * PIXELS;
                    cells.extend_from_slice(&pictures[row * wide..(row + 1) * wide]);
                }
            }
            cells
        })
    };
    let mut way = Vec::with_capacity(FRAMES.0);
    for codes in &made.way {
        way.push(compose(&model.decode(codes)?));
    }
    way.push(compose(&ends));
    let back = there_and_back(model, &own, &codes)?;
    let sheet = Sheet {
        way,
        nfe: made.nfe,
        back,
        ..plan(&digits.labels, key.target)
    };
    Ok((sheet, ends))
}

/// What stands where, for digits of these labels.
fn plan(labels: &[u8], target: Option<u8>) -> Sheet {
    let names = |last: Vec<String>| {
        let first = ["Digit", "Noise"].map(str::to_owned);
        first.into_iter().chain(last).collect::<Vec<_>>()
    };
    let n = labels.len();
    let (columns, over, before, asked): (_, _, _, Vec<Option<u8>>) = match target {
        Some(target) => {
            let asked = vec![None; 2 * n];
            let asked = asked.into_iter().chain(vec![Some(target); n]);
            let before = names(vec![format!("As {target}")]);
            (n, Vec::new(), before, asked.collect())
        }
        None => {
            let row = [None, None].into_iter().chain((0..CLASSES).map(Some));
            let asked = (0..n).flat_map(|_| row.clone()).collect();
            let over = names((0..CLASSES).map(|class| class.to_string()).collect());
            (over.len(), over, Vec::new(), asked)
        }
    };
    let is_own = |cell: &usize| {
        let digit = match target {
            Some(_) => cell % columns,
            None => cell / columns,
        };
        asked[*cell] == Some(labels[digit])
    };
    Sheet {
        way: Vec::new(),
        columns,
        over,
        before,
        own: (0..asked.len()).filter(is_own).collect(),
        asked: asked
            .into_iter()
            .map(|asked| asked.map(|a| (a, a)))
            .collect(),
        nfe: 0,
        back: Back::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::digits::models::Models;

    fn model() -> Arc<LatentModel> {
        let source = Source {
            version: 0,
            name: "builtin:latent".into(),
            model: None,
            label: String::new(),
        };
        Models::default().flow(&source).unwrap()
    }

    #[test]
    fn the_way_back_is_found_with_enough_steps() {
        let model = model();
        let (digits, codes) = encoded(&model, 0, 3).unwrap();
        assert_eq!(digits.labels, [7, 2, 1]);
        let back = |solver, steps| {
            let request = request(&digits.labels, solver, steps);
            there_and_back(&model, &request, &codes).unwrap()
        };
        let few = back(Solver::Euler, 2);
        let more = back(Solver::Euler, 12);
        let best = back(Solver::Rk4, 16);
        assert!(few.codes > more.codes && more.codes > best.codes);
        assert!(best.codes < 0.05 && best.pixels < 0.02, "{best:?}");
        assert_eq!((few.nfe, best.nfe), (2, 64));
        let adaptive = back(Solver::Dopri5, 1);
        assert!(adaptive.codes < 0.02, "{adaptive:?}");
        // Another label does not lead back.
        let own = request(&digits.labels, Solver::Midpoint, 8);
        let noise = model.invert(&own, &codes).unwrap();
        let other = request(&[0, 0, 0], Solver::Midpoint, 8);
        let made = model.generate(&other, &noise).unwrap();
        assert!(rms(&made.latents, &codes) > 0.3);
    }

    #[test]
    fn cells_stand_where_their_names_say() {
        let model = model();
        let mut key = Key {
            version: 0,
            name: "builtin:latent".into(),
            seed: 0,
            target: None,
            solver: Solver::Euler,
            steps: 2,
            gamma: 1.0,
        };
        let (sheet, ends) = edit(&model, &key).unwrap();
        let cell = |sheet: &Sheet, i: usize| {
            let last = &sheet.way[FRAMES.last()].grey;
            last[i * PIXELS..(i + 1) * PIXELS].to_vec()
        };
        assert_eq!((sheet.columns, sheet.way.len()), (12, FRAMES.0));
        assert_eq!(sheet.way[0].len(), 12 * ROWS);
        // Test digits 0 to 4 are 7, 2, 1, 0, 4: their own labels.
        assert_eq!(sheet.own, [9, 16, 27, 38, 54]);
        assert_eq!(cell(&sheet, 12 + 2 + 3), ends[13 * PIXELS..14 * PIXELS]);
        let mnist = models::digits().unwrap();
        assert_eq!(cell(&sheet, 12), mnist.test.image(1));
        key.target = Some(1);
        let (sheet, ends) = edit(&model, &key).unwrap();
        assert_eq!((sheet.columns, sheet.way[0].len()), (MANY, 3 * MANY));
        assert_eq!(cell(&sheet, 2 * MANY + 4), ends[4 * PIXELS..5 * PIXELS]);
        // Digits 2 and 5 of the test set are ones.
        assert_eq!(sheet.own, [22, 25]);
    }
}
