//! One network per file, as burn modules.

pub mod classifier;
pub mod dit;
pub mod ema;
pub mod layers;
pub mod mlp;
pub mod ops;
pub mod vae;
