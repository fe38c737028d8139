//! The built-in models of the image lab are as good as the README says.

use burn::tensor::Device;
use flowlab::data::mnist::{Mnist, PIXELS, crop, mask};
use flowlab::flow::Solver;
use flowlab::train::images::answer;
use flowlab::train::images::classifier::agreement;
use flowlab::train::images::reader::{self, READER, Reader};
use flowlab::train::images::{Judge, LatentModel, Request, SavedModel, space, vae};

/// Digits asked for of each class.
const EACH: usize = 20;

fn judge() -> Judge {
    let saved = SavedModel::load("builtin:classifier").unwrap();
    Judge::new(&saved, &Device::flex()).unwrap()
}

#[test]
fn the_autoencoder_and_the_classifier_are_good_ones() {
    let device = Device::flex();
    let digits = &Mnist::builtin().unwrap().test;
    let judge = judge();
    let read = judge.read(&digits.pixels).unwrap();
    let accuracy = agreement(&read.labels, &digits.labels);
    assert!(accuracy >= 0.988, "test accuracy {accuracy}");

    let network = space::load_vae(&SavedModel::load("builtin:vae").unwrap(), &device).unwrap();
    let all: Vec<usize> = (0..digits.len()).collect();
    let images = vae::reconstruct(&network, digits, &all, &device).unwrap();
    let error = vae::mse(digits, &all, &images);
    assert!(error <= 0.004, "test MSE {error}");
    let kept = judge.read(&crop(&images)).unwrap();
    let kept = agreement(&kept.labels, &digits.labels);
    assert!(
        kept >= 0.985,
        "{kept} of the reconstructions keep their label"
    );
}

#[test]
fn a_digit_without_its_centre_is_read_and_filled() {
    const N: usize = 300;
    let device = Device::flex();
    let digits = &Mnist::builtin().unwrap().test;
    let saved = SavedModel::load(READER).unwrap();
    let reader = Reader::new(&saved, &device).unwrap();
    let masks = mask::centre().repeat(digits.len());
    let shares = reader.read(&digits.pixels, &masks).unwrap();
    let read = reader::likeliest(&shares);
    let accuracy = agreement(&read, &digits.labels);
    assert!(accuracy >= 0.9, "{accuracy} are read without their centre");
    let sure = shares.chunks_exact(10).zip(&digits.labels);
    let mean: f32 = sure
        .map(|(row, label)| row[usize::from(*label)])
        .sum::<f32>();
    // It is as sure as it is right, nearly: the classes it is told are drawn from these.
    let mean = f64::from(mean) / digits.len() as f64;
    assert!(mean > 0.8 && mean < accuracy, "{mean} and {accuracy}");

    let model = LatentModel::load("builtin:inpaint", &device).unwrap();
    let some = digits.first(N);
    let task = model.hidden(&some, masks[..N * PIXELS].to_vec()).unwrap();
    let request = Request {
        labels: read[..N].to_vec(),
        guidance: 1.0,
        emphasis: 3.0,
        solver: Solver::Euler,
        steps: 20,
        seed: 0,
        save_at: Vec::new(),
        given: task.given.clone(),
    };
    let mut images = model.sample(&request, &mut |_| {}).unwrap().images;
    answer::keep(&mut images, &some.pixels, &task.masks);
    let kept = judge().read(&images).unwrap().labels;
    let kept = agreement(&kept, &some.labels);
    assert!(kept >= 0.85, "{kept} keep their label");
    // One network does not pass for the other.
    let whole = SavedModel::load("builtin:classifier").unwrap();
    assert!(Reader::new(&whole, &device).is_err_and(|error| error.contains("--hide")));
    assert!(Judge::new(&saved, &device).is_err_and(|error| error.contains("hole")));
}

#[test]
fn the_flow_is_a_good_one_and_solvers_give_the_same_digits() {
    let device = Device::flex();
    let model = LatentModel::load("builtin:latent", &device).unwrap();
    let judge = judge();
    let ask = |n: usize, guidance: f32, solver: Solver, steps: usize| {
        let labels: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
        let request = Request {
            labels: labels.clone(),
            guidance,
            emphasis: 1.0,
            solver,
            steps,
            seed: 11,
            save_at: Vec::new(),
            given: Vec::new(),
        };
        let images = model.sample(&request, &mut |_| {}).unwrap().images;
        let read = judge.read(&images).unwrap().labels;
        (agreement(&read, &labels), images, read)
    };
    let (right, _, _) = ask(10 * EACH, 2.0, Solver::Euler, 25);
    assert!(right >= 0.99, "{right} are read as asked at γ = 2");
    // Without guidance a step asks the network once, and of a hundred a few more may be wrong.
    let (right, _, _) = ask(100, 1.0, Solver::Euler, 25);
    assert!(right >= 0.92, "{right} are read as asked at γ = 1");

    let (_, euler, by_euler) = ask(10, 1.0, Solver::Euler, 100);
    let (_, fine, by_fine) = ask(10, 1.0, Solver::Dopri5, 1);
    assert_eq!(by_euler, by_fine);
    let pairs = euler.iter().zip(&fine);
    let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    let mean = sum / (255 * euler.len()) as f64;
    assert!(mean < 0.02, "the digits differ by {mean} of the grey scale");
}
