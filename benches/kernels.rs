//! The pieces of `flowlab bench` one by one, and at other sizes: `cargo bench --bench kernels`.

use burn::tensor::{Device, Distribution, Tensor};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use flowlab::flow::marginal::MarginalField;
use flowlab::flow::solver::Solver;
use flowlab::kernel::{Mlp, MlpWeights, TrainKernel, sample};
use flowlab::train::batch::{Batch, Purpose, noise, stream};
use flowlab::train::engine::{Engine, EngineState, FusedEngine};
use flowlab::train::{Preset, ToyConfig};
use rayon::prelude::*;

fn main() {
    divan::main();
}

fn tutorial() -> (ToyConfig, MlpWeights) {
    let config = ToyConfig::preset(Preset::Seed003);
    let mut rng = stream(config.seed, Purpose::Weights, 0);
    let weights = MlpWeights::init(&config.shape(), config.activation, &mut rng);
    (config, weights)
}

/// Loss and gradients of a batch; items are its points.
#[divan::bench(args = [256, 1024, 4096, 16_384])]
fn loss_and_gradients(bencher: Bencher<'_, '_>, batch: usize) {
    let (mut config, weights) = tutorial();
    config.batch = batch;
    let drawn = Batch::draw(&config, 0);
    let flat = weights.to_flat();
    let mut grads = vec![0.0; flat.len()];
    let mut kernel = TrainKernel::new();
    bencher.counter(ItemsCount::new(batch)).bench_local(|| {
        let Batch { xt, t, dxt, .. } = &drawn;
        black_box(kernel.loss_and_gradients(&weights, &flat, xt, t, dxt, &mut grads))
    });
}

/// A step of one point: Adam on all weights and the way to burn and back, which a step of any
/// batch pays once.
#[divan::bench]
fn adam_step(bencher: Bencher<'_, '_>) {
    let (mut config, weights) = tutorial();
    config.batch = 1;
    let drawn = Batch::draw(&config, 0);
    let state = EngineState {
        weights,
        average: None,
        moments: None,
    };
    let mut engine = FusedEngine::new(state, None);
    bencher.bench_local(|| engine.step(black_box(&drawn), config.lr).expect("a step"));
}

/// What a thread of its own does during a step.
#[divan::bench]
fn draw_a_batch(bencher: Bencher<'_, '_>) {
    let (config, _) = tutorial();
    bencher
        .counter(ItemsCount::new(config.batch))
        .bench(|| Batch::draw(black_box(&config), 0));
}

/// Particles through the network; items are evaluations.
#[divan::bench(args = [Solver::Euler, Solver::Heun, Solver::Rk4], sample_count = 10)]
fn sampler(bencher: Bencher<'_, '_>, solver: Solver) {
    let (_, weights) = tutorial();
    let mlp = Mlp::new(&weights);
    let (particles, steps) = (10_000, 10);
    let x0 = noise(0, particles);
    bencher
        .counter(ItemsCount::new(particles * solver.fixed_nfe(steps)))
        .bench(|| sample(&mlp, solver, steps, 0.0, 1.0, black_box(&x0), &[1.0]));
}

/// The exact velocity of the checkerboard; items are evaluations.
#[divan::bench(args = [0.0, 0.5, 0.99])]
fn exact_field(bencher: Bencher<'_, '_>, t: f64) {
    let config = ToyConfig::default();
    let boxes = config.dataset.boxes().expect("a board is made of boxes");
    let field = MarginalField::new(&boxes, config.path);
    let points = noise(0, 10_000);
    let mut out = vec![0.0_f32; points.len()];
    bencher
        .counter(ItemsCount::new(10_000_usize))
        .bench_local(|| {
            let table = field.at_time::<f32>(t);
            let blocks = out.par_chunks_mut(1024).zip(points.par_chunks(1024));
            blocks.for_each(|(out, x)| table.velocities(x, out));
        });
}

/// The matrix product whose speed counts as the machine's peak; items are its operations.
#[divan::bench(args = [512, 1024], sample_count = 20)]
fn matrix_peak(bencher: Bencher<'_, '_>, side: usize) {
    let device = Device::flex();
    let random = || Tensor::<2>::random([side, side], Distribution::Uniform(-1.0, 1.0), &device);
    let (a, b) = (random(), random());
    bencher
        .counter(ItemsCount::new(2 * side * side * side))
        .bench_local(|| black_box(a.clone().matmul(b.clone()).into_data()));
}
