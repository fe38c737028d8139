//! Runge–Kutta methods as data: one engine runs them all.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A Runge–Kutta method for dx/dt = v(t, x).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// Forward Euler, order 1.
    Euler,
    /// Explicit midpoint, order 2.
    Midpoint,
    /// Heun's trapezoidal method, order 2; evaluates at both ends of a step.
    Heun,
    /// The classical method of order 4.
    Rk4,
    /// Heun's method with Euler's inside, 2(1); adaptive unless a step count is forced.
    AdaptiveHeun,
    /// Bogacki and Shampine's 3(2) pair; adaptive unless a step count is forced.
    Bosh3,
    /// Dormand and Prince's 5(4) pair; adaptive unless a step count is forced.
    Dopri5,
}

/// Butcher tableau of an explicit method: k_i = v(t + c_i h, x + h Σ_j a_ij k_j),
/// x' = x + h Σ_i b_i k_i.
#[derive(Debug, PartialEq)]
pub struct Tableau {
    /// Strictly lower triangle, one row for each stage after the first.
    pub a: &'static [&'static [f64]],
    /// Weights of the stages.
    pub b: &'static [f64],
    /// Weights of the error estimate, b − b̂, in a pair; b̂ is one order lower than b.
    pub b_err: Option<&'static [f64]>,
    /// Time of each stage as a fraction of the step.
    pub c: &'static [f64],
    /// Order of convergence.
    pub order: u32,
    /// Whether the last stage is the first one of the next step.
    pub fsal: bool,
}

const EULER: Tableau = Tableau {
    a: &[],
    b: &[1.0],
    b_err: None,
    c: &[0.0],
    order: 1,
    fsal: false,
};

const MIDPOINT: Tableau = Tableau {
    a: &[&[0.5]],
    b: &[0.0, 1.0],
    b_err: None,
    c: &[0.0, 0.5],
    order: 2,
    fsal: false,
};

const HEUN: Tableau = Tableau {
    a: &[&[1.0]],
    b: &[0.5, 0.5],
    b_err: None,
    c: &[0.0, 1.0],
    order: 2,
    fsal: false,
};

const RK4: Tableau = Tableau {
    a: &[&[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0]],
    b: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
    b_err: None,
    c: &[0.0, 0.5, 0.5, 1.0],
    order: 4,
    fsal: false,
};

/// Heun's method; Euler's step, from the same first stage, tells its error.
const ADAPTIVE_HEUN: Tableau = Tableau {
    b_err: Some(&[-0.5, 0.5]),
    ..HEUN
};

/// Bogacki and Shampine (1989), a 3(2) pair.
const BOSH3: Tableau = Tableau {
    a: &[&[0.5], &[0.0, 0.75], &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]],
    b: &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0, 0.0],
    b_err: Some(&[
        2.0 / 9.0 - 7.0 / 24.0,
        1.0 / 3.0 - 1.0 / 4.0,
        4.0 / 9.0 - 1.0 / 3.0,
        -1.0 / 8.0,
    ]),
    c: &[0.0, 0.5, 0.75, 1.0],
    order: 3,
    fsal: true,
};

/// Dormand and Prince (1980), RK5(4)7M.
const DOPRI5: Tableau = Tableau {
    a: &[
        &[1.0 / 5.0],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
        &[
            19372.0 / 6561.0,
            -25360.0 / 2187.0,
            64448.0 / 6561.0,
            -212.0 / 729.0,
        ],
        &[
            9017.0 / 3168.0,
            -355.0 / 33.0,
            46732.0 / 5247.0,
            49.0 / 176.0,
            -5103.0 / 18656.0,
        ],
        &[
            35.0 / 384.0,
            0.0,
            500.0 / 1113.0,
            125.0 / 192.0,
            -2187.0 / 6784.0,
            11.0 / 84.0,
        ],
    ],
    b: &[
        35.0 / 384.0,
        0.0,
        500.0 / 1113.0,
        125.0 / 192.0,
        -2187.0 / 6784.0,
        11.0 / 84.0,
        0.0,
    ],
    b_err: Some(&[
        35.0 / 384.0 - 5179.0 / 57600.0,
        0.0,
        500.0 / 1113.0 - 7571.0 / 16695.0,
        125.0 / 192.0 - 393.0 / 640.0,
        -2187.0 / 6784.0 + 92097.0 / 339200.0,
        11.0 / 84.0 - 187.0 / 2100.0,
        -1.0 / 40.0,
    ]),
    c: &[0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0, 1.0],
    order: 5,
    fsal: true,
};

/// A solver name that is none of the known ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown solver `{0}`: use euler, midpoint, heun, rk4, adaptive-heun, bosh3 or dopri5")]
pub struct SolverError(pub String);

impl Solver {
    /// Every method, in teaching order.
    pub const ALL: [Solver; 7] = [
        Solver::Euler,
        Solver::Midpoint,
        Solver::Heun,
        Solver::Rk4,
        Solver::AdaptiveHeun,
        Solver::Bosh3,
        Solver::Dopri5,
    ];

    /// Those that choose their own steps, by their order.
    pub const ADAPTIVE: [Solver; 3] = [Solver::AdaptiveHeun, Solver::Bosh3, Solver::Dopri5];

    /// The method's coefficients.
    pub fn tableau(self) -> &'static Tableau {
        match self {
            Solver::Euler => &EULER,
            Solver::Midpoint => &MIDPOINT,
            Solver::Heun => &HEUN,
            Solver::Rk4 => &RK4,
            Solver::AdaptiveHeun => &ADAPTIVE_HEUN,
            Solver::Bosh3 => &BOSH3,
            Solver::Dopri5 => &DOPRI5,
        }
    }

    /// Whether the method chooses its own steps.
    pub fn is_adaptive(self) -> bool {
        self.tableau().b_err.is_some()
    }

    /// Evaluations of the field in `steps` equal steps.
    pub fn fixed_nfe(self, steps: usize) -> usize {
        let tableau = self.tableau();
        if tableau.fsal && steps > 0 {
            steps * (tableau.c.len() - 1) + 1
        } else {
            steps * tableau.c.len()
        }
    }

    /// Name for people.
    pub fn label(self) -> &'static str {
        match self {
            Solver::Euler => "Euler",
            Solver::Midpoint => "Midpoint",
            Solver::Heun => "Heun",
            Solver::Rk4 => "Runge–Kutta 4",
            Solver::AdaptiveHeun => "Adaptive Heun 2(1)",
            Solver::Bosh3 => "Bogacki–Shampine 3(2)",
            Solver::Dopri5 => "Dormand–Prince 5(4)",
        }
    }
}

impl fmt::Display for Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Solver::Euler => "euler",
            Solver::Midpoint => "midpoint",
            Solver::Heun => "heun",
            Solver::Rk4 => "rk4",
            Solver::AdaptiveHeun => "adaptive-heun",
            Solver::Bosh3 => "bosh3",
            Solver::Dopri5 => "dopri5",
        })
    }
}

impl FromStr for Solver {
    type Err = SolverError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Solver::ALL
            .into_iter()
            .find(|s| s.to_string() == text)
            .ok_or_else(|| SolverError(text.to_owned()))
    }
}
