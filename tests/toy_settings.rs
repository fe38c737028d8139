//! Sources, couplings, time laws and mistakes of a training run.

use flowlab::data::{Dataset, Source};
use flowlab::flow::{Coupling, Scheduler, coupling_cost};
use flowlab::kernel::MlpWeights;
use flowlab::train::batch::{Batch, Purpose, noise, noise_from, stream};
use flowlab::train::engine::{BurnEngine, Engine, EngineState, FusedEngine};
use flowlab::train::probe::Probe;
use flowlab::train::{Mistake, TimeSampling, ToyConfig};

fn config() -> ToyConfig {
    ToyConfig {
        batch: 512,
        hidden: 16,
        layers: 2,
        ..ToyConfig::default()
    }
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64
}

#[test]
fn settings_go_through_json_and_old_runs_load() {
    let config = ToyConfig {
        source: "moons".parse().unwrap(),
        coupling: Coupling::MinibatchOt { group: 32 },
        time: "logit-normal:0.5:2".parse().unwrap(),
        mistake: Mistake::NoTime,
        dataset: "painted:10/01".parse().unwrap(),
        ..config()
    };
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<ToyConfig>(&json).unwrap(), config);
    // A run folder of before these settings existed.
    let mut old = serde_json::to_value(ToyConfig::default()).unwrap();
    for key in ["source", "coupling", "time", "mistake"] {
        old.as_object_mut().unwrap().remove(key).expect("a setting");
    }
    assert_eq!(
        serde_json::from_value::<ToyConfig>(old).unwrap(),
        ToyConfig::default()
    );
}

#[test]
fn time_laws_have_their_density() {
    let n = 100_000;
    for law in [
        TimeSampling::Uniform,
        TimeSampling::Stratified,
        TimeSampling::ALL[2],
        "logit-normal:-1:0.5".parse().unwrap(),
    ] {
        assert_eq!(law.to_string().parse(), Ok(law));
        assert!(!law.label().is_empty() && law.explanation().ends_with('.'));
        let mut t = vec![0.0; n];
        law.draw(&mut stream(1, Purpose::Batch, 0), 1.0, &mut t);
        let bins = 20;
        let mut counts = vec![0.0; bins];
        for &t in &t {
            assert!((0.0..=1.0).contains(&t));
            counts[((t * bins as f32) as usize).min(bins - 1)] += 1.0 / n as f64;
        }
        for (k, share) in counts.into_iter().enumerate() {
            // The middle of each of 100 parts of the bin.
            let width = 1.0 / bins as f64;
            let at = |i: usize| (k as f64 + (i as f64 + 0.5) / 100.0) * width;
            let mass = (0..100).map(|i| law.density(at(i))).sum::<f64>() * width / 100.0;
            let sd = (mass / n as f64).sqrt();
            assert!(
                (share - mass).abs() < 5.0 * sd + 1e-4,
                "{law}, {k}: {share} {mass}"
            );
        }
    }
    for bad in [
        "normal",
        "uniform:1",
        "logit-normal:1",
        "logit-normal:0:0",
        "logit-normal:9:1",
    ] {
        let error = bad.parse::<TimeSampling>().unwrap_err().to_string();
        assert!(
            error.contains(bad) && error.contains("stratified"),
            "{error}"
        );
    }
}

#[test]
fn stratified_times_are_evenly_spread() {
    let mut t = vec![0.0; 64];
    TimeSampling::Stratified.draw(&mut stream(2, Purpose::Batch, 0), 1.0, &mut t);
    t.sort_by(f32::total_cmp);
    for pair in t.windows(2) {
        assert!((pair[1] - pair[0] - 1.0 / 64.0).abs() < 1e-5, "{pair:?}");
    }
}

#[test]
fn sources_have_unit_variance_and_runs_start_from_them() {
    for source in [Source::Gaussian, Source::Uniform, "moons".parse().unwrap()] {
        let x = noise_from(&source, 3, 50_000);
        let square: Vec<f32> = x.iter().map(|x| x * x).collect();
        assert!(
            mean(&x).abs() < 0.02 && (mean(&square) - 1.0).abs() < 0.02,
            "{source}"
        );
        let batch = Batch::draw(
            &ToyConfig {
                source: source.clone(),
                ..config()
            },
            0,
        );
        let inside = batch.x0.iter().all(|x| x.abs() <= 3.0_f32.sqrt());
        assert_eq!(inside, source == Source::Uniform, "{source}");
        assert_eq!(source.to_string().parse(), Ok(source));
    }
    assert_eq!(noise(3, 100), noise_from(&Source::Gaussian, 3, 100));
}

#[test]
fn couplings_pair_the_batch() {
    let of = |coupling| {
        let batch = Batch::draw(
            &ToyConfig {
                coupling,
                ..config()
            },
            4,
        );
        let n = batch.t.len();
        let cost = coupling_cost(&batch.x0, &batch.x1, &(0..n).collect::<Vec<_>>());
        (batch, cost)
    };
    let (independent, free) = of(Coupling::Independent);
    let (ot, least) = of(Coupling::MinibatchOt { group: 512 });
    let (_, grouped) = of(Coupling::MinibatchOt { group: 64 });
    let (_, entropic) = of(Coupling::SINKHORN);
    assert!(least < grouped && grouped < entropic && entropic < free);
    // The same points, in another order.
    let sorted = |x: &[f32]| {
        let mut x: Vec<_> = x
            .chunks(2)
            .map(|p| [p[0].to_bits(), p[1].to_bits()])
            .collect();
        x.sort_unstable();
        x
    };
    assert_eq!(sorted(&independent.x1), sorted(&ot.x1));
    assert_eq!(independent.x0, ot.x0);
    // No reordering is better.
    let partners = Coupling::MinibatchOt { group: 512 }.pair(
        &ot.x0,
        &ot.x1,
        &mut stream(0, Purpose::Batch, 0),
    );
    assert!((coupling_cost(&ot.x0, &ot.x1, &partners) - least).abs() < 1e-6);
}

#[test]
fn only_exact_settings_are_measured() {
    let with = |change: &dyn Fn(&mut ToyConfig)| {
        let mut config = config();
        change(&mut config);
        Probe::new(&config, 64)
    };
    assert!(with(&|c| c.coupling = Coupling::OT).is_none());
    assert!(with(&|c| c.source = Source::Uniform).is_none());
    assert!(with(&|c| c.dataset = Dataset::Moons).is_none());
    assert!(with(&|c| c.dataset = Dataset::EightGaussians).is_some());
    let uniform = with(&|_| {}).unwrap();
    let stratified = with(&|c| c.time = TimeSampling::Stratified).unwrap();
    let middle = with(&|c| c.time = TimeSampling::ALL[2]).unwrap();
    assert!((uniform.floor() - 1.6887).abs() < 1e-3);
    assert!((stratified.floor() - uniform.floor()).abs() < 1e-12);
    // More weight on the middle, where the target varies most.
    assert!(
        middle.floor() > 1.05 * uniform.floor(),
        "{}",
        middle.floor()
    );
    // The excess is measured on the same points, whatever the run does.
    let weights = MlpWeights::init(
        &[3, 16, 16, 2],
        flowlab::kernel::Activation::Gelu,
        &mut stream(0, Purpose::Weights, 0),
    );
    let wrong = with(&|c| c.mistake = Mistake::X1ForXt).unwrap();
    assert_eq!(uniform.excess(&weights), middle.excess(&weights));
    assert_eq!(uniform.excess(&weights), wrong.excess(&weights));
}

#[test]
fn the_floor_of_a_time_law_is_the_loss_of_the_exact_field() {
    let config = ToyConfig {
        time: "logit-normal:0.3:0.8".parse().unwrap(),
        batch: 40_000,
        ..config()
    };
    let batch = Batch::draw(&config, 1);
    let field = config.dataset.exact(config.path).unwrap();
    let squares: Vec<f32> = (0..config.batch)
        .flat_map(|i| {
            let x = [batch.xt[2 * i], batch.xt[2 * i + 1]].map(f64::from);
            let v = field.at(f64::from(batch.t[i]), x).velocity;
            [0, 1].map(|k| (v[k] as f32 - batch.dxt[2 * i + k]).powi(2))
        })
        .collect();
    let floor = Probe::new(&config, 16).unwrap().floor();
    assert!(
        (mean(&squares) - floor).abs() < 0.04,
        "{} {floor}",
        mean(&squares)
    );
}

#[test]
fn each_mistake_is_the_one_it_says() {
    let of = |mistake| {
        Batch::draw(
            &ToyConfig {
                mistake,
                ..config()
            },
            0,
        )
    };
    let right = of(Mistake::None);
    let n = right.t.len();
    assert_eq!(of(Mistake::X1ForXt).xt, right.x1);
    let flipped: Vec<f32> = right.dxt.iter().map(|v| -v).collect();
    assert_eq!(of(Mistake::SignFlip).dxt, flipped);
    let timeless = of(Mistake::NoTime);
    assert_eq!((&timeless.xt, &timeless.dxt), (&right.xt, &right.dxt));
    assert_ne!(timeless.t, right.t);
    let wrong = of(Mistake::WrongSigma);
    assert_eq!(wrong.dxt, right.dxt);
    for i in 0..n {
        let t = right.t[i];
        for j in [2 * i, 2 * i + 1] {
            let expected = t * right.x1[j] + (1.0 - t * t) * right.x0[j];
            assert!((wrong.xt[j] - expected).abs() < 1e-5);
        }
    }
    let summed = of(Mistake::SummedLoss);
    assert_eq!((summed.loss_scale, right.loss_scale), (2.0 * n as f32, 1.0));
    assert_eq!(summed.xt, right.xt);
    for mistake in Mistake::ALL {
        assert_eq!(mistake.to_string().parse(), Ok(mistake));
        assert!(mistake.explanation().ends_with('.') && !mistake.label().is_empty());
    }
}

#[test]
fn a_summed_loss_reads_larger_on_both_engines_and_adam_hides_it() {
    let run = |mistake, burn: bool| {
        let config = ToyConfig {
            mistake,
            ..config()
        };
        let weights = MlpWeights::init(
            &config.shape(),
            config.activation,
            &mut stream(0, Purpose::Weights, 0),
        );
        let state = EngineState {
            weights,
            average: None,
            moments: None,
        };
        let mut engine: Box<dyn Engine> = if burn {
            let device = burn::tensor::Device::flex();
            Box::new(BurnEngine::new(state, None, &device))
        } else {
            Box::new(FusedEngine::new(state, None))
        };
        for step in 0..20 {
            engine.step(&Batch::draw(&config, step), 1e-3).unwrap();
        }
        let losses = engine.take_losses().unwrap();
        (losses, engine.state().unwrap().weights.to_flat())
    };
    for burn in [false, true] {
        let (right, a) = run(Mistake::None, burn);
        let (summed, b) = run(Mistake::SummedLoss, burn);
        for (right, summed) in right.iter().zip(&summed) {
            assert!(
                (summed / right / 1024.0 - 1.0).abs() < 1e-2,
                "{right} {summed}"
            );
        }
        let apart = a
            .iter()
            .zip(&b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(apart < 5e-3, "{apart}");
    }
}

#[test]
fn paths_without_an_end_are_not_evaluated_there() {
    for time in TimeSampling::ALL {
        let config = ToyConfig {
            path: Scheduler::VP,
            time,
            batch: 20_000,
            ..config()
        };
        let batch = Batch::draw(&config, 0);
        assert!(
            batch.dxt.iter().chain(&batch.xt).all(|v| v.is_finite()),
            "{time}"
        );
    }
}
