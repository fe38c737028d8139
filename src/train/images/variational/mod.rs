//! Variational flow matching (seed 002): the noise end of a pair comes from a posterior q(z|x).

pub mod model;
pub mod problem;
pub mod rung;
pub mod settings;
pub mod study;
pub mod target;

pub use model::{Drawn, VariationalModel};
pub use problem::VariationalProblem;
pub use rung::{LossTerm, Net, Origin, Reduction, Rung};
pub use settings::VariationalSettings;
pub use target::Target;
