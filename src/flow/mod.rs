//! The mathematics of flow matching: schedulers, the exact marginal fields, couplings, solvers and metrics.
//!
//! Convention: t = 0 is the standard normal source, t = 1 the data, and x_t = α_t x1 + σ_t x0.
//! Points of the plane are interleaved slices `[x0, y0, x1, y1, …]`, written `[n, 2]`.
//!
//! Everything here is a pure function of its arguments, generators of random numbers among them:
//! nothing is timed, stored or spread over threads.

pub mod assignment;
pub mod bound;
pub mod boxes;
pub mod coupling;
pub mod exact;
pub mod field;
pub mod integrate;
pub mod likelihood;
pub mod marginal;
pub mod metric;
pub mod mixture;
pub mod path;
mod quadrature;
pub mod real;
pub mod scheduler;
pub mod sinkhorn;
pub mod solver;
pub mod special;
pub mod variational;

pub use assignment::assignment;
pub use boxes::{BoxUnion, BoxesError, WeightedBox};
pub use coupling::{Coupling, CouplingError, coupling_cost};
pub use exact::{ExactAt, ExactField, ExactScratch};
pub use field::VelocityField;
pub use integrate::{
    Adaptive, Controller, IntegrateError, Solution, State, integrate_adaptive, integrate_fixed,
};
pub use likelihood::log_likelihood;
pub use marginal::{AtTime, Marginal, MarginalField};
pub use mixture::{Gaussian, Mixture, MixtureError, MixtureField};
pub use path::ProbPath;
pub use real::Real;
pub use scheduler::{Coefficients, Scheduler, SchedulerError};
pub use sinkhorn::{Sinkhorn, sinkhorn};
pub use solver::{Solver, SolverError, Tableau};
