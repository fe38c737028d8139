//! Training: the engines agree, runs repeat, resume and survive faults.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use flowlab::device::DeviceChoice;
use flowlab::kernel::MlpWeights;
use flowlab::train::batch::{Batch, Purpose, stream};
use flowlab::train::checkpoint::{self, load_state};
use flowlab::train::engine::{BurnEngine, Engine, EngineState, FusedEngine};
use flowlab::train::{Checkpoint, Command, Event, Preset, RunState, Session, Start, ToyConfig};

fn small() -> ToyConfig {
    ToyConfig {
        batch: 256,
        steps: 40,
        hidden: 32,
        layers: 3,
        ..ToyConfig::default()
    }
}

fn fresh(config: &ToyConfig) -> EngineState {
    let mut rng = stream(config.seed, Purpose::Weights, 0);
    let weights = MlpWeights::init(&config.shape(), config.activation, &mut rng);
    EngineState {
        average: config.ema.map(|_| weights.clone()),
        weights,
        moments: None,
    }
}

fn losses(engine: &mut dyn Engine, config: &ToyConfig, steps: u64) -> Vec<f32> {
    for step in 0..steps {
        engine.step(&Batch::draw(config, step), config.lr).unwrap();
    }
    engine.take_losses().unwrap()
}

fn assert_close(a: &[f32], b: &[f32], tolerance: f32, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * (1.0 + b.abs()),
            "{what}, {i}: {a} and {b}"
        );
    }
}

/// All events until the run ends or the state is reached.
fn wait_for<S: Send + Sync + 'static>(session: &Session<S>, wanted: RunState) -> Vec<Event> {
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut seen = Vec::new();
    while Instant::now() < deadline {
        if let Some(event) = session.wait_event(Duration::from_millis(100)) {
            let reached = event == Event::State(wanted);
            seen.push(event);
            if reached {
                return seen;
            }
        }
    }
    panic!("{wanted:?} was not reached; seen: {seen:?}");
}

fn train_to_end(config: &ToyConfig, start: Start, folder: &Path) {
    let session = Session::toy(config.clone(), start, DeviceChoice::Cpu, true, || {});
    session.send(Command::KeepIn(folder.to_owned()));
    session.send(Command::Run);
    wait_for(&session, RunState::Finished);
    session.join();
}

#[test]
fn fused_and_burn_engines_train_alike() {
    for activation in flowlab::kernel::Activation::ALL {
        let config = ToyConfig {
            activation,
            ema: Some(0.9),
            ..small()
        };
        let mut fused = FusedEngine::new(fresh(&config), config.ema);
        let flex = burn::tensor::Device::flex();
        let mut burn = BurnEngine::new(fresh(&config), config.ema, &flex);
        let (a, b) = (
            losses(&mut fused, &config, 10),
            losses(&mut burn, &config, 10),
        );
        assert_close(&a, &b, 1e-4, "losses");
        let (a, b) = (fused.state().unwrap(), burn.state().unwrap());
        assert_close(&a.weights.to_flat(), &b.weights.to_flat(), 2e-3, "weights");
        let average = |state: &EngineState| state.average.as_ref().unwrap().to_flat();
        assert_close(&average(&a), &average(&b), 2e-3, "average");
        let moments = |state: EngineState| state.moments.unwrap();
        let (a, b) = (moments(a), moments(b));
        assert_eq!(a.time, b.time);
        assert_close(&a.first, &b.first, 1e-3, "first moments");
        assert_close(&a.second, &b.second, 1e-3, "second moments");
    }
}

#[test]
fn wgpu_and_flex_losses_agree() {
    let Some(device) = common::training_gpu() else {
        return;
    };
    let config = small();
    let mut gpu = BurnEngine::new(fresh(&config), None, &device);
    let mut cpu = FusedEngine::new(fresh(&config), None);
    let (a, b) = (losses(&mut gpu, &config, 6), losses(&mut cpu, &config, 6));
    assert_close(&a, &b, 1e-3, "losses");
    // A state that left the GPU goes on anywhere.
    let state = gpu.state().unwrap();
    let mut moved = FusedEngine::new(state.clone(), None);
    let mut stayed = BurnEngine::new(state, None, &device);
    let (a, b) = (
        losses(&mut moved, &config, 3),
        losses(&mut stayed, &config, 3),
    );
    assert_close(&a, &b, 1e-3, "losses after moving");
}

#[test]
fn a_stopped_and_resumed_run_equals_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, halves) = (folder.path().join("whole"), folder.path().join("halves"));
    let config = ToyConfig {
        ema: Some(0.99),
        ..small()
    };
    train_to_end(&config, Start::Fresh, &whole);
    let half = ToyConfig {
        steps: 17,
        ..config.clone()
    };
    train_to_end(&half, Start::Fresh, &halves);
    train_to_end(&config, Start::Resume(halves.clone()), &halves);
    let (_, step, a) = load_state(&whole).unwrap();
    assert_eq!(step, 40);
    assert_eq!(
        (step, a),
        load_state(&halves).map(|(_, step, b)| (step, b)).unwrap()
    );
    let rows = |folder: &Path| -> Vec<String> {
        let text = std::fs::read_to_string(folder.join("log.csv")).unwrap();
        let cut = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
        text.lines().map(cut).collect()
    };
    assert_eq!(rows(&whole).len(), 41);
    assert_eq!(rows(&whole)[0], "step,loss,excess");
    // The probe is read every 25 steps, and at the end of the shorter run once more.
    let steps_and_losses = |folder: &Path| -> Vec<String> {
        let cut = |line: &String| line.rsplit_once(',').unwrap().0.to_owned();
        rows(folder).iter().map(cut).collect()
    };
    assert_eq!(steps_and_losses(&whole), steps_and_losses(&halves));
}

#[test]
fn a_loss_that_is_not_a_number_stops_and_keeps_good_weights() {
    let folder = tempfile::tempdir().unwrap();
    let config = ToyConfig {
        steps: 100_000,
        ..small()
    };
    let session = Session::toy(config, Start::Fresh, DeviceChoice::Cpu, true, || {});
    session.send(Command::KeepIn(folder.path().join("run")));
    session.send(Command::Step);
    session.send(Command::SetLearningRate(1e30));
    session.send(Command::Run);
    wait_for(&session, RunState::Failed);
    let told = session.wait_event(Duration::from_secs(10));
    let Some(Event::Failed(sentence)) = told else {
        panic!("no sentence, but {told:?}");
    };
    assert!(sentence.contains("learning rate"), "{sentence}");
    assert!(sentence.contains("are kept"), "{sentence}");
    assert!(session.latest().unwrap().weights.is_finite());
    session.join();
    let saved = Checkpoint::load(folder.path().join("run").to_str().unwrap()).unwrap();
    assert!(saved.weights.is_finite());
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let run = |seed| {
        let config = ToyConfig { seed, ..small() };
        let mut engine = FusedEngine::new(fresh(&config), None);
        losses(&mut engine, &config, 5)
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn a_dropped_session_ends_its_thread() {
    let config = ToyConfig {
        steps: 1_000_000,
        ..small()
    };
    let session = Session::toy(config, Start::Fresh, DeviceChoice::Cpu, false, || {});
    wait_for(&session, RunState::Running);
    let started = Instant::now();
    session.join();
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_client_that_never_looks_does_not_stop_the_training() {
    let config = ToyConfig {
        steps: 3000,
        batch: 16,
        hidden: 4,
        ..small()
    };
    let session = Session::toy(config, Start::Fresh, DeviceChoice::Cpu, false, || {});
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut step = 0;
    while step < 3000 {
        assert!(Instant::now() < deadline, "stuck at {step}");
        std::thread::sleep(Duration::from_millis(50));
        if let Some(snapshot) = session.latest() {
            step = snapshot.step;
        }
    }
    let events = session.events();
    let points: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Progress(progress) => Some(&progress.points),
            _ => None,
        })
        .flatten()
        .map(|point| point.step)
        .collect();
    assert_eq!(
        points,
        (1..=points.len() as u64).collect::<Vec<_>>(),
        "no loss is missing"
    );
}

#[test]
fn faults_in_run_folders_name_file_and_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    train_to_end(
        &ToyConfig {
            steps: 2,
            ..small()
        },
        Start::Fresh,
        &run,
    );
    let load = || {
        Checkpoint::load(run.to_str().unwrap())
            .unwrap_err()
            .to_string()
    };

    let model = run.join("model.safetensors");
    let whole = std::fs::read(&model).unwrap();
    for length in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&model, &whole[..length]).unwrap();
        let error = load();
        assert!(error.contains("model.safetensors"), "{length}: {error}");
    }
    let mut broken = whole.clone();
    let end = broken.len();
    broken[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&model, &broken).unwrap();
    assert!(load().contains("network.6"), "{}", load());

    std::fs::write(&model, &whole).unwrap();
    std::fs::write(run.join("config.json"), "{\"batch\": 0}").unwrap();
    assert!(load().contains("config.json: batch = 0"), "{}", load());
    std::fs::write(run.join("config.json"), "[[[[").unwrap();
    assert!(load().contains("config.json"), "{}", load());
    assert!(
        Checkpoint::load("no/such/run")
            .unwrap_err()
            .to_string()
            .contains("no/such/run")
    );
    let unknown = Checkpoint::load("builtin:nothing").unwrap_err().to_string();
    assert!(unknown.contains("builtin:checkerboard"), "{unknown}");
}

#[test]
fn the_built_in_model_is_a_good_one() {
    let checkpoint = Checkpoint::load("builtin:checkerboard").unwrap();
    assert_eq!(checkpoint.config.shape(), [3, 128, 128, 128, 128, 2]);
    let probe = flowlab::train::probe::Probe::new(&checkpoint.config, 20_000).unwrap();
    assert!(
        (probe.floor() - 1.689).abs() < 0.003,
        "floor {}",
        probe.floor()
    );
    let excess = probe.excess(&checkpoint.weights);
    assert!(excess < 0.012, "excess {excess}");
}

#[test]
fn two_hundred_steps_of_seed_003_pass_the_mark() {
    let config = ToyConfig::preset(Preset::Seed003);
    let mut engine = FusedEngine::new(fresh(&config), None);
    let losses = losses(&mut engine, &config, 200);
    let last: f32 = losses[180..].iter().sum::<f32>() / 20.0;
    assert!(last < 1.80, "loss {last} after 200 steps");
}

#[test]
fn saving_where_nothing_can_be_written_names_the_file_and_goes_on() {
    let config = ToyConfig {
        steps: 5,
        ..small()
    };
    let session = Session::toy(config, Start::Fresh, DeviceChoice::Cpu, true, || {});
    session.send(Command::Save("/proc/flowlab".into()));
    session.send(Command::Run);
    let events = wait_for(&session, RunState::Finished);
    let note = events.iter().find_map(|event| match event {
        Event::Note(text) => Some(text),
        _ => None,
    });
    assert!(
        note.is_some_and(|text| text.contains("/proc/flowlab")),
        "{note:?}"
    );
}

#[test]
fn a_state_dict_goes_out_and_comes_back_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = stream(1, Purpose::Weights, 0);
    let config = small();
    let weights = MlpWeights::init(&config.shape(), config.activation, &mut rng);
    checkpoint::save_model(folder.path(), &config, 7, &weights).unwrap();
    let file = folder.path().join("model.safetensors");
    assert_eq!(
        checkpoint::import(&file, config.activation).unwrap(),
        weights
    );
    let bytes = std::fs::read(&file).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.tensor("network.0.weight").unwrap().shape(), [32, 3]);
    assert_eq!(
        tensors.tensor("network.2.weight").unwrap().shape(),
        [32, 32]
    );
    assert_eq!(tensors.tensor("network.6.bias").unwrap().shape(), [2]);
    let loaded = Checkpoint::load(folder.path().to_str().unwrap()).unwrap();
    assert_eq!((loaded.step, loaded.weights), (7, weights));
}
