//! Which panel stands in which row and column.

use serde::{Deserialize, Serialize};

use crate::app::sampler::moving::Plan;
use crate::app::sampling_grid::{Cell, Driver};
use crate::app::training::{FieldChoice, WeightsChoice};
use crate::flow::{Scheduler, Solver};

/// Numbers of steps, or of evaluations.
pub const COLUMNS: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
/// Methods of equal steps.
pub const SOLVERS: [Solver; 4] = [Solver::Euler, Solver::Midpoint, Solver::Heun, Solver::Rk4];
/// Paths with their short names.
pub const PATHS: [(Scheduler, &str); 4] = [
    (Scheduler::CondOt, "Linear"),
    (Scheduler::Cosine, "Cosine"),
    (Scheduler::Poly(2.0), "Polynomial"),
    (Scheduler::VP, "VP diffusion"),
];

/// What tells the rows apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rows {
    /// The method.
    Solvers,
    /// The path of the exact field, followed by Euler's method.
    Paths,
}

impl Rows {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Solvers => Self::Paths,
            Self::Paths => Self::Solvers,
        }
    }
}

/// What tells the columns apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Columns {
    /// The number of steps.
    Steps,
    /// The number of evaluations of the field.
    Nfe,
}

impl Columns {
    /// Heading of the choice of columns.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Steps => "Columns: steps",
            Self::Nfe => "Columns: evaluations of the field (NFE)",
        }
    }
}

/// Rows, columns and what they mean.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    pub by: Rows,
    pub across: Columns,
    /// Whether the trained network moves the particles of the solvers' rows.
    pub network: bool,
    /// Whose weights the network has.
    #[serde(default)]
    pub weights: WeightsChoice,
    /// What moves the particles of a solver's row; none follows the two switches above it.
    #[serde(default)]
    pub of_solvers: [Option<FieldChoice>; 4],
    /// What moves the particles of a path's row; none is its exact field.
    #[serde(default)]
    pub of_paths: [Option<FieldChoice>; 4],
    /// Whether the last step is one of Euler's.
    pub last_euler: bool,
    pub solvers: [bool; 4],
    pub paths: [bool; 4],
    pub counts: [bool; 8],
    /// The path on the stage.
    pub path: Scheduler,
    pub has_exact: bool,
    pub has_network: bool,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            by: Rows::Solvers,
            across: Columns::Steps,
            network: false,
            weights: WeightsChoice::default(),
            of_solvers: [None; 4],
            of_paths: [None; 4],
            last_euler: false,
            solvers: [true; 4],
            paths: [true; 4],
            counts: [true; 8],
            path: Scheduler::CondOt,
            has_exact: true,
            has_network: false,
        }
    }
}

impl Table {
    /// What tells the rows apart: the paths of exact fields need exact fields.
    pub fn rows_by(&self) -> Rows {
        if self.has_exact {
            self.by
        } else {
            Rows::Solvers
        }
    }

    /// Whether the network moves the particles of rows that have no field of their own.
    pub fn is_network(&self) -> bool {
        self.rows_by() == Rows::Solvers && self.has_network && (self.network || !self.has_exact)
    }

    /// Places of the wanted rows.
    pub fn rows(&self) -> Vec<usize> {
        let on = match self.rows_by() {
            Rows::Solvers => &self.solvers,
            Rows::Paths => &self.paths,
        };
        (0..on.len()).filter(|row| on[*row]).collect()
    }

    /// The wanted counts.
    pub fn columns(&self) -> Vec<usize> {
        let wanted = COLUMNS.into_iter().zip(self.counts);
        wanted
            .filter(|(_, on)| *on)
            .map(|(count, _)| count)
            .collect()
    }

    /// Name of a row.
    pub fn row_name(&self, row: usize) -> &'static str {
        match self.rows_by() {
            Rows::Solvers => solver_name(SOLVERS[row]),
            Rows::Paths => PATHS[row].1,
        }
    }

    /// The field of a row's own; none where the row follows the lesson.
    pub fn own(&self, row: usize) -> Option<FieldChoice> {
        match self.rows_by() {
            Rows::Solvers => self.of_solvers[row],
            Rows::Paths => self.of_paths[row],
        }
    }

    /// The same, to be changed.
    pub fn choice(&mut self, row: usize) -> &mut Option<FieldChoice> {
        match self.rows_by() {
            Rows::Solvers => &mut self.of_solvers[row],
            Rows::Paths => &mut self.of_paths[row],
        }
    }

    fn driver(&self, row: usize) -> Driver {
        match self.rows_by() {
            Rows::Paths => match self.of_paths[row] {
                Some(FieldChoice::Weights(choice)) => Driver::Network(choice),
                Some(FieldChoice::Exact) | None => Driver::Exact(PATHS[row].0),
            },
            Rows::Solvers => match self.of_solvers[row] {
                Some(FieldChoice::Weights(choice)) => Driver::Network(choice),
                Some(FieldChoice::Exact) if self.has_exact => Driver::Exact(self.path),
                _ if self.is_network() => Driver::Network(self.weights),
                _ => Driver::Exact(self.path),
            },
        }
    }

    fn solver(&self, row: usize) -> Solver {
        match self.rows_by() {
            Rows::Solvers => SOLVERS[row],
            Rows::Paths => Solver::Euler,
        }
    }

    /// Evaluations that a row needs at least.
    pub fn least_nfe(&self, row: usize) -> usize {
        if self.last_euler {
            1
        } else {
            self.solver(row).fixed_nfe(1)
        }
    }

    /// The panel of a row and a count; none where so few evaluations make no step.
    pub fn cell(&self, row: usize, count: usize) -> Option<Cell> {
        let solver = self.solver(row);
        let last_euler = self.last_euler && solver != Solver::Euler;
        let steps = match self.across {
            Columns::Steps => count,
            Columns::Nfe if last_euler => (count - 1) / solver.fixed_nfe(1) + 1,
            Columns::Nfe => count / solver.fixed_nfe(1),
        };
        (steps > 0).then_some(Cell {
            driver: self.driver(row),
            plan: Plan {
                solver,
                steps,
                last_euler,
            },
        })
    }
}

/// A name that fits beside a small panel.
pub fn solver_name(solver: Solver) -> &'static str {
    match solver {
        Solver::Rk4 => "RK 4",
        other => other.label(),
    }
}
