use std::sync::atomic::AtomicBool;

use super::table::{Columns, Rows, Table};
use super::*;
use crate::app::exact::{Route, UpTo};
use crate::app::sampler::moving::{self, Plan};
use crate::data::{Dataset, Source};
use crate::flow::{Scheduler, Solver, metric};
use crate::kernel::Trajectories;

const N: usize = 4000;

fn board(path: Scheduler) -> Route {
    Route {
        source: Source::Gaussian,
        path,
        dataset: Dataset::CHECKERBOARD,
    }
}

fn follow(path: Scheduler, plan: Plan, times: Vec<f32>) -> Trajectories {
    let field = UpTo(board(path).exact().unwrap());
    let noise = moving::noise(11, N);
    plan.follow(&field, times, &noise, &AtomicBool::new(false))
        .unwrap()
}

fn plan(solver: Solver, steps: usize, last_euler: bool) -> Plan {
    Plan {
        solver,
        steps,
        last_euler,
    }
}

/// Per cent off the support, as in section 5 of the reference numbers (N = 10 000 there).
#[test]
fn percentages_of_the_exact_field_come_out() {
    let boxes = Dataset::CHECKERBOARD.boxes().unwrap();
    let (linear, vp) = (Scheduler::CondOt, Scheduler::VP);
    let table = [
        (linear, Solver::Euler, 2, false, 50.41),
        (linear, Solver::Euler, 4, false, 19.72),
        (linear, Solver::Euler, 8, false, 4.88),
        (linear, Solver::Euler, 16, false, 0.90),
        (linear, Solver::Midpoint, 4, false, 0.98),
        (linear, Solver::Heun, 2, false, 55.71),
        (linear, Solver::Heun, 8, false, 8.75),
        (linear, Solver::Rk4, 4, false, 5.57),
        (vp, Solver::Euler, 8, false, 27.90),
        (vp, Solver::Midpoint, 4, false, 12.69),
        // With the last step by Euler, N = 1500 there.
        (linear, Solver::Heun, 2, true, 46.1),
        (linear, Solver::Heun, 4, true, 8.8),
        (linear, Solver::Heun, 8, true, 1.8),
        (linear, Solver::Rk4, 4, true, 10.7),
    ];
    for (path, solver, steps, last_euler, percent) in table {
        let moved = follow(path, plan(solver, steps, last_euler), vec![1.0]);
        let off = 100.0 * metric::off_support(&boxes, moved.frame(0));
        let share: f64 = percent / 100.0;
        let counted = if last_euler { 1500.0 } else { 10_000.0 };
        let error = 100.0 * (share * (1.0 - share) * (1.0 / N as f64 + 1.0 / counted)).sqrt();
        assert!(
            (off - percent).abs() < 3.5 * error + 0.05,
            "{path} {solver} {steps} {last_euler}: {off:.2} %, expected {percent} ± {error:.2}"
        );
    }
}

#[test]
fn a_last_euler_step_helps_methods_that_look_at_the_end() {
    let boxes = Dataset::CHECKERBOARD.boxes().unwrap();
    let off = |last_euler| {
        let moved = follow(
            Scheduler::CondOt,
            plan(Solver::Heun, 16, last_euler),
            vec![1.0],
        );
        metric::off_support(&boxes, moved.frame(0))
    };
    assert!(off(false) > 4.0 * off(true), "{} {}", off(false), off(true));
}

#[test]
fn the_last_euler_step_lands_on_the_expected_data() {
    let field = board(Scheduler::CondOt).exact().unwrap();
    for (solver, steps, last_euler) in [
        (Solver::Euler, 1, false),
        (Solver::Euler, 8, false),
        (Solver::Rk4, 4, true),
    ] {
        let plan = plan(solver, steps, last_euler);
        let moved = follow(Scheduler::CondOt, plan, vec![plan.last_start(), 1.0]);
        let t = f64::from(plan.last_start());
        for i in (0..200).map(|i| 2 * i) {
            let x = [moved.frame(0)[i], moved.frame(0)[i + 1]].map(f64::from);
            let mean = field.at(t, x).mean_x1;
            for axis in 0..2 {
                let end = f64::from(moved.frame(1)[i + axis]);
                assert!(
                    (end - mean[axis]).abs() < 2e-4,
                    "{solver} {steps}: {end} {mean:?}"
                );
            }
        }
    }
}

#[test]
fn columns_of_equal_cost_never_cost_more_and_waste_less_than_a_step() {
    let mut table = Table {
        across: Columns::Nfe,
        ..Table::default()
    };
    for last_euler in [false, true] {
        table.last_euler = last_euler;
        for by in [Rows::Solvers, Rows::Paths] {
            table.by = by;
            for row in table.rows() {
                for count in table.columns() {
                    let Some(cell) = table.cell(row, count) else {
                        assert!(count < table.least_nfe(row), "row {row}, {count}");
                        continue;
                    };
                    let nfe = cell.plan.nfe();
                    let more = Plan {
                        steps: cell.plan.steps + 1,
                        ..cell.plan
                    };
                    assert!(nfe <= count && more.nfe() > count, "{cell:?} {count}");
                }
            }
        }
    }
}

#[test]
fn the_plan_counts_what_is_evaluated() {
    for solver in SOLVERS {
        for last_euler in [false, true] {
            let plan = plan(solver, 4, last_euler);
            let moved = follow(Scheduler::CondOt, plan, vec![0.0, 0.75, 1.0]);
            assert_eq!(moved.nfe, plan.nfe(), "{solver} {last_euler}");
            assert_eq!(moved.frame(0), moving::noise(11, N));
        }
    }
    assert_eq!(plan(Solver::Heun, 2, true).nfe(), 3);
    assert_eq!(plan(Solver::Rk4, 8, true).nfe(), 29);
}

#[test]
fn a_row_shows_its_own_field_and_the_others_follow_the_lesson() {
    use crate::app::sampling_grid::Driver;
    use crate::app::training::{FieldChoice, WeightsChoice};

    let mut table = Table {
        has_network: true,
        ..Table::default()
    };
    let drivers = |table: &Table| -> Vec<Driver> {
        let rows = table.rows().into_iter();
        rows.map(|row| table.cell(row, 8).unwrap().driver).collect()
    };
    let (exact, run) = (Driver::Exact(Scheduler::CondOt), WeightsChoice::Run(2));
    *table.choice(1) = Some(FieldChoice::Weights(run));
    *table.choice(2) = Some(FieldChoice::Exact);
    assert_eq!(drivers(&table), [exact, Driver::Network(run), exact, exact]);
    table.network = true;
    let network = Driver::Network(WeightsChoice::Current);
    let wanted = [network, Driver::Network(run), exact, network];
    assert_eq!(drivers(&table), wanted);
    // Rows of paths have choices of their own.
    table.by = Rows::Paths;
    let paths: Vec<Driver> = PATHS.iter().map(|(path, _)| Driver::Exact(*path)).collect();
    assert_eq!(drivers(&table), paths);
    // Without an exact field the networks are left, and the solvers.
    table.has_exact = false;
    let wanted = [network, Driver::Network(run), network, network];
    assert_eq!(drivers(&table), wanted);
}
