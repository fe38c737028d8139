//! One network per file, as burn modules.

pub mod mlp;
