//! Figures of runs: particles start where the run's do, and the floor is that of its own loss.

use std::path::Path;

use flowlab::command::figures::{Recipe, Wish};
use flowlab::data::{Dataset, Source};
use flowlab::figure::{Form, Panel, Scene};
use flowlab::flow::coupling::Coupling;
use flowlab::kernel::{Activation, MlpWeights};
use flowlab::train::batch::{Purpose, noise, noise_from, stream};
use flowlab::train::checkpoint::save_model;
use flowlab::train::{Mistake, TimeSampling, ToyConfig};

/// A run folder with fresh weights and two steps in its log.
fn run(folder: &Path, config: &ToyConfig) -> String {
    let mut rng = stream(config.seed, Purpose::Noise, 0);
    let weights = MlpWeights::init(&config.shape(), Activation::Gelu, &mut rng);
    save_model(folder, config, 2, &weights).unwrap();
    let log = "step,loss,excess,seconds\n1,3,1.5,0.1\n2,2.5,1,0.2\n";
    std::fs::write(folder.join("log.csv"), log).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn draw(recipe: Recipe, runs: &[String]) -> Vec<Scene> {
    let wish = Wish {
        runs: runs.to_vec(),
        quick: true,
        ..Wish::default()
    };
    recipe.draw(&wish).unwrap().frames
}

/// The points of the layer of a name.
fn points(panel: &Panel, name: &str) -> Vec<[f32; 2]> {
    let mark = panel.marks.iter().find(|mark| mark.name == name).unwrap();
    match &mark.shape {
        Form::Points { at, .. } => at.clone(),
        other => panic!("{other:?}"),
    }
}

fn pairs(points: &[f32], n: usize) -> Vec<[f32; 2]> {
    points.as_chunks::<2>().0[..n].to_vec()
}

fn small() -> ToyConfig {
    ToyConfig {
        hidden: 8,
        layers: 1,
        ..ToyConfig::default()
    }
}

#[test]
fn particles_of_a_run_start_at_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let moons = Source::Data(Box::new(Dataset::Moons));
    for (k, source) in [Source::Uniform, moons, Source::Gaussian]
        .iter()
        .enumerate()
    {
        let config = ToyConfig {
            source: source.clone(),
            ..small()
        };
        let name = [run(&folder.path().join(k.to_string()), &config)];
        let wanted = pairs(&noise_from(source, 0, 500), 500);
        let scene = &draw(Recipe::PiT, &name)[0];
        assert_eq!(points(&scene.panels[0], "particles"), wanted, "{source}");
        let scene = &draw(Recipe::Distributions, &name)[0];
        assert_eq!(points(&scene.panels[0], "source"), wanted, "{source}");
        let scene = &draw(Recipe::Trajectories, &name)[0];
        let wanted = pairs(&noise_from(source, 0, 200), 200);
        assert_eq!(points(&scene.panels[0], "x0"), wanted, "{source}");
    }
    // Rows of one figure may start at different sources.
    let both = [0, 2].map(|k| {
        folder
            .path()
            .join(k.to_string())
            .to_str()
            .unwrap()
            .to_owned()
    });
    let wish = Wish {
        runs: both.to_vec(),
        quick: true,
        moving: true,
        ..Wish::default()
    };
    let drawn = Recipe::CheckersAtT.draw(&wish).unwrap();
    let start = &drawn.frames[0];
    let uniform = pairs(&noise_from(&Source::Uniform, 0, 500), 500);
    assert_eq!(points(&start.panels[0], "particles"), uniform);
    let normal = pairs(&noise(0, 500), 500);
    assert_eq!(points(&start.panels[1], "particles"), normal);
}

/// The height of the dashed line, where there is one.
fn floor(scene: &Scene) -> Option<f32> {
    let mark = scene.panels[0]
        .marks
        .iter()
        .find(|mark| mark.name == "floor")?;
    match &mark.shape {
        Form::Lines { lines, .. } => Some(lines[0][0][1]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_floor_of_a_loss_is_that_of_the_run_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut k = 0;
    let mut of = |config: ToyConfig| {
        k += 1;
        let name = run(&folder.path().join(k.to_string()), &config);
        floor(&draw(Recipe::Loss, &[name])[0])
    };
    let standard = of(small()).unwrap();
    assert!((standard - 1.689).abs() < 0.003, "{standard}");
    let late = of(ToyConfig {
        time: TimeSampling::LogitNormal {
            mean: 1.0,
            std: 1.0,
        },
        ..small()
    });
    assert!((late.unwrap() - standard).abs() > 0.01, "{late:?}");
    // Eight Gaussians are no boxes, and their floor is known all the same.
    let gaussians = of(ToyConfig {
        dataset: Dataset::EightGaussians,
        ..small()
    });
    assert!(gaussians.unwrap() > 0.0, "{gaussians:?}");
    for config in [
        ToyConfig {
            source: Source::Uniform,
            ..small()
        },
        ToyConfig {
            coupling: Coupling::MinibatchOt { group: 64 },
            ..small()
        },
        ToyConfig {
            mistake: Mistake::SummedLoss,
            ..small()
        },
        ToyConfig {
            dataset: Dataset::Moons,
            ..small()
        },
    ] {
        assert_eq!(of(config.clone()), None, "{config:?}");
    }
}
