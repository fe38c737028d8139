use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::*;
use crate::flow::Solver;

fn cell(solver: Solver, steps: usize) -> Cell {
    Cell {
        driver: Driver::Exact(Scheduler::CondOt),
        plan: Plan::new(solver, steps),
    }
}

fn request(cells: Vec<Cell>) -> Request {
    Request {
        dataset: Dataset::CHECKERBOARD,
        model: None,
        cells,
        particles: 800,
        noise: 5,
        frames: 8,
        rest: false,
    }
}

/// Fills the panels of a request on a background thread; also tells how often it showed some.
fn filled(request: Request, known: Vec<Arc<Moved>>) -> Vec<Arc<Moved>> {
    let (send, woken) = channel();
    let mut work = Background::new(move || {
        // The test may have what it wanted already.
        let _ = send.send(());
    });
    work.ask((), move |job: &Job<'_, Vec<Arc<Moved>>>| {
        fill(job, &request, &known)
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
