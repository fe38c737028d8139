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
        let times = kept::times(&request);
        fill(job, &request, &times, &models, known);
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
        let times = kept::every(&plan, 8, 1);
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
        assert_eq!((times[0], times[times.len() - 1]), (0.0, 1.0));
        assert!(times.contains(&plan.last_start()));
    }
}

/// The panels of the lesson about steps, with so many particles.
fn table(particles: usize) -> Request {
    let solvers = [Solver::Euler, Solver::Midpoint, Solver::Heun, Solver::Rk4];
    let steps = |solver| [1, 2, 4, 8, 16, 32, 64, 128].map(|steps| cell(solver, steps));
    Request {
        particles,
        frames: 32,
        ..request(solvers.into_iter().flat_map(steps).collect())
    }
}

/// Those of the lesson about paths.
fn paths(particles: usize) -> Request {
    Request {
        particles,
        frames: 100,
        ..request(vec![cell(Solver::Midpoint, 100); 13])
    }
}

#[test]
fn kept_moments_fit_into_memory() {
    let all = |request: &Request| -> Vec<Vec<f32>> {
        let cells = request.cells.iter();
        cells
            .map(|cell| kept::every(&cell.plan, request.frames, 1))
            .collect()
    };
    for request in [table(200_000), paths(100_000)] {
        let times = kept::times(&request);
        assert_eq!(times, all(&request), "there is room for every moment");
        assert!(!kept::is_thinned(&request, &times));
    }
    for request in [
        table(500_000),
        table(1_000_000),
        paths(200_000),
        paths(500_000),
        paths(1_000_000),
    ] {
        let times = kept::times(&request);
        assert!(kept::is_thinned(&request, &times));
        let bytes = times
            .iter()
            .map(|times| 8 * request.particles * times.len());
        assert!(
            bytes
                .clone()
                .all(|bytes| bytes <= crate::render::MAX_FRAME_BYTES)
        );
        assert!(bytes.sum::<usize>() <= 1 << 30, "{}", request.particles);
        for ((times, all), cell) in times.iter().zip(all(&request)).zip(&request.cells) {
            assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
            assert!(times.iter().all(|t| all.contains(t)), "{times:?}");
            assert_eq!((times[0], times[times.len() - 1]), (0.0, 1.0));
            let last = kept::before_last(&cell.plan, times);
            assert_eq!(times[last], cell.plan.last_start());
        }
    }
}

#[test]
fn a_panel_is_thinned_without_being_made_anew_and_filled_up_when_there_is_room() {
    let full = request(vec![cell(Solver::Euler, 8)]);
    let whole = filled(full.clone(), Vec::new());
    let few = [0.0, 0.5, 0.875, 1.0];
    let thin = Arc::new(kept::only(&whole[0], &few).unwrap());
    assert_eq!(thin.frames.times[..], few);
    assert_eq!((whole[0].before_last, thin.before_last), (7, 2));
    for (frame, at) in [0, 4, 7, 8].into_iter().enumerate() {
        let [thin, whole] = [(&thin, frame), (&whole[0], at)]
            .map(|(m, at)| &m.frames.points[1600 * at..1600 * (at + 1)]);
        assert_eq!(thin, whole);
    }
    assert!(kept::only(&thin, &[0.0, 0.25, 0.875, 1.0]).is_none());
    // The work does both.
    let (send, woken) = channel();
    let mut work = Background::new(move || send.send(()).unwrap_or_default());
    let request = full.clone();
    let known = whole.clone();
    work.ask((), move |job: &Job<'_, Vec<Arc<Moved>>>| {
        fill(job, &request, &[few.to_vec()], &Models::new(), known);
    });
    while work.value().is_none() || work.is_busy() {
        woken.recv_timeout(Duration::from_millis(20)).ok();
    }
    let thinned = work.value().unwrap();
    assert_eq!(thinned[0].frames.points, thin.frames.points);
    let again = filled(full, vec![thin]);
    assert_eq!(again[0].frames.times, whole[0].frames.times);
    assert_eq!(again[0].frames.points, whole[0].frames.points);
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
