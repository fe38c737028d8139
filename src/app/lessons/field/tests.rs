use std::sync::atomic::AtomicBool;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::job::{error_curve, lattice, model_density, picture};
use super::*;
use crate::app::widgets::heat_map::Scale;
use crate::data::{Dataset, Density, Source};
use crate::flow::{ExactField, ProbPath, Scheduler, VelocityField};
use crate::kernel::{Activation, Mlp, MlpWeights};
use crate::train::Checkpoint;

static NEVER: AtomicBool = AtomicBool::new(false);

fn route() -> Route {
    Route {
        source: Source::Gaussian,
        path: Scheduler::CondOt,
        dataset: Dataset::CHECKERBOARD,
    }
}

fn board() -> ExactField {
    route().exact().unwrap()
}

fn pretrained() -> Arc<MlpWeights> {
    Arc::new(Checkpoint::load("builtin:checkerboard").unwrap().weights)
}

fn request(heat: Heat, t: f64) -> Request {
    Request {
        route: route(),
        model: Some((1, pretrained())),
        t,
        heat,
    }
}

fn drawn(heat: Heat, t: f64) -> Picture {
    let request = request(heat, t);
    let mlp = Mlp::new(&pretrained());
    picture(&request, Some(&board()), Some(&mlp), 0, &NEVER)
}

#[test]
fn the_error_curve_is_the_error_of_single_points() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mlp = Mlp::new(&MlpWeights::init(
        &[3, 32, 32, 2],
        Activation::Gelu,
        &mut rng,
    ));
    let (field, dataset) = (board(), Dataset::CHECKERBOARD);
    let curve = error_curve(&field, &mlp, &dataset, 4000, &NEVER).unwrap();
    let path = ProbPath::new(Scheduler::CondOt);
    // Other points, one by one and in double precision.
    let noise = crate::app::sampler::moving::noise(99, 6000);
    for index in [0, 10, 20, 30] {
        let [t, error] = curve.points[index];
        let (mut sum, mut square) = (0.0, 0.0);
        for x0 in noise.chunks_exact(2) {
            let x1 = dataset.sample(&mut rng);
            let x = [0, 1].map(|i| path.sample(f64::from(x0[i]), x1[i], f64::from(t)).0);
            let exact = field.at(f64::from(t), x).velocity;
            let mut v = [0.0; 2];
            mlp.velocity(t, &x.map(|v| v as f32), &mut v);
            let e = (f64::from(v[0]) - exact[0]).powi(2) + (f64::from(v[1]) - exact[1]).powi(2);
            sum += e / 6000.0;
            square += e * e / 6000.0;
        }
        let deviation = ((square - sum * sum) * (1.0 / 6000.0 + 1.0 / 4000.0)).sqrt();
        let apart = (f64::from(error) - sum).abs();
        assert!(
            apart < 4.0 * deviation,
            "t {t}: {error} and {sum} ± {deviation}"
        );
    }
}

#[test]
fn the_area_under_the_error_curve_is_the_excess_loss() {
    let mlp = Mlp::new(&pretrained());
    let curve = error_curve(&board(), &mlp, &Dataset::CHECKERBOARD, 3000, &NEVER).unwrap();
    // The pretrained network's excess loss lies around 0.01.
    assert!((0.002..0.03).contains(&curve.excess), "{}", curve.excess);
    assert!(curve.points.iter().all(|point| point[1].is_finite()));
}

#[test]
fn the_networks_density_is_near_the_exact_one_and_has_mass_one() {
    let mlp = Mlp::new(&pretrained());
    let (side, extent) = (40, 3.5_f32);
    let points = lattice(side, extent);
    let area = (2.0 * f64::from(extent) / side as f64).powi(2);
    for t in [0.0, 0.5] {
        let density = model_density(&mlp, t, &points, &Density::Gaussian, &NEVER);
        let mass: f64 = density.iter().map(|p| f64::from(*p) * area).sum();
        assert!((mass - 1.0).abs() < 0.02, "t {t}: mass {mass}");
        let field = board();
        let apart = density.iter().zip(points.chunks_exact(2)).map(|(p, x)| {
            let exact = field.at(t, [x[0], x[1]].map(f64::from)).log_density.exp();
            (f64::from(*p) - exact).abs()
        });
        let worst = apart.fold(0.0, f64::max);
        assert!(worst < 0.03, "t {t}: {worst}");
    }
}

#[test]
fn panels_show_the_fields_and_their_difference() {
    let field = board();
    let mlp = Mlp::new(&pretrained());
    for heat in [Heat::Speed, Heat::Divergence] {
        let picture = drawn(heat, 0.4);
        let (model, exact) = (picture.model.unwrap(), picture.exact.unwrap());
        let difference = picture.difference.unwrap();
        let side = exact.heat.side;
        let points = lattice(side, Dataset::CHECKERBOARD.extent() as f32);
        for index in [0, side + 3, side * side / 2 + 7] {
            let x = [points[2 * index], points[2 * index + 1]];
            let at = field.at(0.4, x.map(f64::from));
            let (mut v, mut div) = ([0.0; 2], [0.0]);
            mlp.velocity_and_divergence(0.4, &x, &mut v, &mut div);
            let exact_v = at.velocity.map(|v| v as f32);
            let wanted = match heat {
                Heat::Speed => [
                    v[0].hypot(v[1]),
                    exact_v[0].hypot(exact_v[1]),
                    (v[0] - exact_v[0]).hypot(v[1] - exact_v[1]),
                ],
                _ => [div[0], at.divergence as f32, div[0] - at.divergence as f32],
            };
            let got = [&model, &exact, &difference].map(|panel| panel.heat.values[index]);
            for (got, wanted) in got.into_iter().zip(wanted) {
                assert!(
                    (got - wanted).abs() < 2e-3 * (1.0 + wanted.abs()),
                    "{got} {wanted}"
                );
            }
        }
        assert!(model.lines.len() > 10 && exact.lines.len() > 10);
    }
}

#[test]
fn scales_fit_what_they_show_at_every_time() {
    for t in [0.0, 0.3, 0.9, 1.0] {
        assert!(matches!(drawn(Heat::Speed, t).scale, Scale::Sequential(top) if top > 0.5));
        assert!(matches!(drawn(Heat::Divergence, t).scale, Scale::Diverging(top) if top > 0.5));
    }
}

#[test]
fn the_inspector_reads_both_fields() {
    let mut inspector = Inspector::default();
    let request = request(Heat::Speed, 0.7);
    inspector.update(&request);
    let reading = inspector.read([0.3, -0.4]);
    let at = reading.exact.unwrap();
    let whole: f64 = reading.posterior.iter().map(|p| p[0]).sum();
    assert!((whole - 1.0).abs() < 1e-9);
    assert_eq!(reading.posterior.len(), 8);
    // On the linear path v = (E[x1|x] − x)/(1 − t).
    for (i, x) in [0.3_f32, -0.4].into_iter().enumerate() {
        let v = (at.mean_x1[i] - f64::from(x)) / 0.3;
        assert!((at.velocity[i] - v).abs() < 1e-6);
        let model = f64::from(reading.model.unwrap()[i]);
        assert!((model - v).abs() < 0.6, "{model} {v}");
    }
}

#[test]
fn from_another_source_the_density_still_has_mass_one() {
    let mlp = Mlp::new(&pretrained());
    let (side, extent) = (96, 4.0_f32);
    let points = lattice(side, extent);
    let area = (2.0 * f64::from(extent) / side as f64).powi(2);
    let source = Source::Uniform.density().unwrap();
    for t in [0.0, 0.5] {
        let density = model_density(&mlp, t, &points, &source, &NEVER);
        let mass: f64 = density.iter().map(|p| f64::from(*p) * area).sum();
        // The square has sharp edges, which no grid hits.
        assert!((mass - 1.0).abs() < 0.04, "t {t}: mass {mass}");
    }
    let request = Request {
        route: Route {
            source: Source::Uniform,
            ..route()
        },
        ..request(Heat::Density, 0.5)
    };
    assert!(request.route.exact().is_none());
    let drawn = picture(&request, None, Some(&mlp), 0, &NEVER);
    assert!(drawn.exact.is_none() && drawn.difference.is_none());
    let values = &drawn.model.unwrap().heat.values;
    let top = values.iter().copied().fold(0.0, f32::max);
    assert!(top > 0.05, "{top}");
}
