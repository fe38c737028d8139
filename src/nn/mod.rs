//! One network per file, as burn modules.

pub mod classifier;
pub mod dit;
pub mod layers;
pub mod mlp;
pub mod ops;
pub mod residual;
pub mod unet;
pub mod vae;
pub mod variational;
