use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::*;
use crate::data::{Dataset, Source};
use crate::flow::Solver;

fn cell(solver: Solver, steps: usize) -> Cell {
    Cell {
        driver: Driver::Exact(Scheduler::CondOt),
        plan: Plan::new(solver, steps),
    }
}

fn board() -> Route {
    Route {
        source: Source::Gaussian,
        path: Scheduler::CondOt,
        dataset: Dataset::CHECKERBOARD,
    }
}

fn request(cells: Vec<Cell>) -> Request {
    Request {
        route: board(),
        cells,
        particles: 800,
        noise: 5,
        frames: 8,
        rest: false,
    }
}

/// Fills the panels of a request on a background thread; also tells how often it showed some.
fn filled(request: Request, known: Vec<Arc<Moved>>) -> Vec<Arc<Moved>> {
    filled_with(request, Models::new(), known)
}

fn filled_with(request: Request, models: Models, known: Vec<Arc<Moved>>) -> Vec<Arc<Moved>> {
    let (send, woken) = channel();
    let mut work = Background::new(move || {
        // The test may have what it wanted already.
        let _ = send.send(());
    });
    work.ask((), move |job: &Job<'_, Vec<Arc<Moved>>>| {
        fill(job, &request, &models, &known)
    });
    let start = Instant::now();
    while work.value().is_none() || work.is_busy() {
        assert!(start.elapsed() < Duration::from_secs(60));
        woken.recv_timeout(Duration::from_millis(20)).ok();
    }
    work.value().unwrap().to_vec()
}

#[test]
fn all_panels_start_from_the_same_noise() {
    let cells = vec![
        cell(Solver::Rk4, 2),
        cell(Solver::Euler, 1),
        cell(Solver::Heun, 16),
    ];
    let panels = filled(request(cells.clone()), Vec::new());
    assert_eq!(panels.iter().map(|m| m.cell).collect::<Vec<_>>(), cells);
    for moved in &panels {
        assert_eq!(moved.frames.n, 800);
        assert!(moved.frames.is_valid());
        assert_eq!(moved.frames.points[..1600], panels[0].frames.points[..1600]);
        assert_eq!(moved.nfe, moved.cell.plan.nfe());
    }
}

#[test]
fn masses_and_what_is_off_the_support_make_up_the_whole() {
    let panels = filled(request(vec![cell(Solver::Euler, 8)]), Vec::new());
    let moved = &panels[0];
    assert_eq!(moved.masses.len(), 8);
    let whole: f64 = moved.masses.iter().sum::<f64>() + moved.off_support.unwrap();
    assert!((whole - 1.0).abs() < 1e-9, "{whole}");
    let ends = &moved.frames.points[moved.frames.points.len() - 1600..];
    let inside = |k: usize| {
        let boxes = Dataset::CHECKERBOARD.boxes().unwrap();
        let pairs = ends.chunks_exact(2);
        pairs
            .filter(|x| boxes.boxes[k].contains([x[0], x[1]].map(f64::from)))
            .count()
    };
    assert!((moved.masses[3] - inside(3) as f64 / 800.0).abs() < 1e-9);
}

#[test]
fn a_panel_that_is_there_is_not_made_again() {
    let first = filled(request(vec![cell(Solver::Euler, 4)]), Vec::new());
    let both = request(vec![cell(Solver::Euler, 4), cell(Solver::Euler, 8)]);
    let second = filled(both, first.clone());
    assert_eq!(second.len(), 2);
    assert!(Arc::ptr_eq(&first[0], &second[0]));
}

#[test]
fn the_start_of_the_last_step_is_stored() {
    for steps in [1, 2, 7, 64, 128] {
        let plan = Plan::new(Solver::Euler, steps);
        let times = saved_times(&plan, 8);
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
        assert_eq!((times[0], times[times.len() - 1]), (0.0, 1.0));
        assert!(times.contains(&plan.last_start()));
    }
}

#[test]
fn one_euler_step_of_the_exact_field_is_a_point_at_the_mean() {
    let panels = filled(request(vec![cell(Solver::Euler, 1)]), Vec::new());
    let moved = &panels[0];
    assert!(moved.is_point);
    assert_eq!((moved.off_support, moved.masses.len()), (None, 0));
    let ends = &moved.frames.points[moved.frames.points.len() - 1600..];
    assert!(ends.iter().all(|v| v.abs() < 1e-4));
}

#[test]
fn a_network_starts_from_its_own_source_and_is_measured_on_its_own_target() {
    let pretrained = Staged::pretrained().unwrap();
    let moons = Staged {
        source: Source::Data(Box::new(Dataset::Moons)),
        dataset: Dataset::StandardBoard,
        version: 7,
        ..pretrained.clone()
    };
    let models: Models = vec![
        (WeightsChoice::Current, pretrained),
        (WeightsChoice::Run(3), moons.clone()),
    ];
    let cells: Vec<Cell> = [WeightsChoice::Current, WeightsChoice::Run(3)]
        .map(|choice| Cell {
            driver: Driver::Network(choice),
            plan: Plan::new(Solver::Euler, 16),
        })
        .to_vec();
    let panels = filled_with(request(cells), models, Vec::new());
    assert_eq!(panels[0].route, board());
    assert_eq!(panels[1].route, moons.route());
    let start = |i: usize| &panels[i].frames.points[..1600];
    assert_eq!(start(0), moving::start(&Source::Gaussian, 5, 800));
    assert_eq!(start(1), moving::start(&moons.source, 5, 800));
    assert!(panels[0].off_support.unwrap() < 0.3);
    assert_ne!(panels[0].masses, panels[1].masses);
}

#[test]
fn pairs_stand_where_the_exact_fields_particles_stand() {
    let path = Scheduler::Cosine;
    let plan = Plan::new(Solver::Midpoint, 64);
    let cells = [Driver::Exact(path), Driver::Pairs(path)].map(|driver| Cell { driver, plan });
    let panels = filled(
        Request {
            frames: 64,
            ..request(cells.to_vec())
        },
        Vec::new(),
    );
    let [flow, pairs] = &panels[..] else {
        panic!("two panels");
    };
    assert_eq!(flow.frames.points[..1600], pairs.frames.points[..1600]);
    let moment = |m: &Moved, t: f32| {
        let frame = m.frames.locate(t).a;
        m.frames.points[1600 * frame..1600 * (frame + 1)].to_vec()
    };
    for t in [0.25, 0.5, 0.75] {
        let apart = metric::energy_distance(&moment(flow, t), &moment(pairs, t));
        // Two samples of 800 from one distribution are this near; noise and data are 0.3 apart.
        assert!(apart < 0.02, "{t}: {apart}");
    }
    assert!(pairs.off_support.unwrap() < 0.01);
}
