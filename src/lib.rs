//! Flow Lab: a desktop lab that teaches flow matching live.
//!
//! # Map
//!
//! | folder | holds |
//! |---|---|
//! | [`flow`] | the mathematics: schedulers, paths, solvers, the exact marginal field, metrics |
//! | [`data`] | target distributions |
//! | [`kernel`] | fused kernels of the velocity MLP on the processor |
//! | [`nn`] | one network per file, as burn modules |
//! | [`train`] | tasks, the session that runs one on a thread, run folders |
//! | [`render`] | wgpu passes inside egui callbacks, one shader each in `shaders/` |
//! | [`app`] | the window: lessons, widgets, theme |
//! | [`figure`] | pictures as files |
//! | [`command`] | one file per verb of the command line |
//! | [`intake`] | every reader of foreign bytes, in one list, for fuzzing |
//! | [`crash`] | a report when the program panics |
//! | [`device`] | the only file that chooses a burn device |
//! | [`remote`] | devices of other machines: `flowlab serve` and the client's side |
//! | [`priority`] | which threads step back for the window |
//!
//! # Invariants
//!
//! * Convention: t = 0 is noise (source), t = 1 is data (target); `x_t = α_t x1 + σ_t x0`.
//! * `flow` names nothing of ours outside `flow`, no threads, files or clocks.
//! * `flow data nn train kernel command` never name egui; the window is one client of
//!   [`train::Session`], the command line the other.
//! * Only the training thread touches burn; views get plain numbers.
//! * No backend is chosen outside [`device`], no colour outside `app::theme`.
//!
//! `tests/tidy.rs` scans the sources for these.
//!
//! # Decisions that are not obvious
//!
//! * `nn` may name `kernel`: both speak of the same weights in PyTorch's layout.
//! * On the processor, training does not build an autodiff graph: [`kernel`] gives loss and
//!   gradients in one pass, burn's Adam moves the weights as one flat tensor. On a GPU the same
//!   run is plain burn. Either can go on where the other stopped.
//! * burn's `ModuleOptimizer` opens `Device::default()` when it loads its state, which may be a
//!   second GPU device; [`train::adam`] keeps the state itself.
//! * The matrix products of [`kernel`] are written on `pulp`: weights are packed once and the
//!   activation is applied before a tile leaves the registers.

pub mod app;
pub mod cli;
pub mod command;
pub mod crash;
pub mod data;
pub mod device;
pub mod figure;
pub mod flow;
pub mod intake;
pub mod kernel;
pub mod nn;
pub mod priority;
pub mod remote;
pub mod render;
pub mod train;
