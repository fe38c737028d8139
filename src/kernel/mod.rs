//! Fused kernels of the velocity network on the processor: forward pass, derivative, sampler and
//! training step.
//!
//! A block of particles goes through all layers while it stays in the cache, and the activation
//! is applied to the sums of a matrix tile before they leave the registers. The instruction set
//! is chosen at run time (AVX-512, AVX2 with FMA, NEON, portable); threads come from the current
//! `rayon` pool, and every result is the same for any number of them.
//!
//! The matrix tile is written here, on `pulp`, instead of calling a matrix library for each
//! layer: with weights packed once in the order of use nothing is repacked per call, and the
//! activation costs no pass over memory.
//!
//! | file | holds |
//! |---|---|
//! | `weights` | the parameters in PyTorch's layout, with checks |
//! | `simd` | vectorised activations and their derivatives |
//! | `tile` | products of row-major blocks with packed weights |
//! | `prepared` | weights padded and packed for the running processor |
//! | `block` | all layers for one block of particles |
//! | `forward` | [`Mlp`], the network as a velocity field with its Jacobian |
//! | `sample` | fixed-step solvers over blocks of particles |
//! | `train` | loss and gradients of a batch, summed over blocks |
//! | `backward` | forward and backward pass of one block |
//! | `aligned` | buffers that start at a cache line |

pub(crate) mod aligned;
pub(crate) mod backward;
mod block;
pub mod forward;
mod prepared;
pub mod sample;
pub(crate) mod simd;
pub(crate) mod tile;
pub mod train;
pub mod weights;

pub use forward::{Mlp, forward};
pub use sample::{Trajectories, sample, sample_or_cancel};
pub use train::TrainKernel;
pub use weights::{Activation, LinearWeights, MlpWeights, WeightsError};
