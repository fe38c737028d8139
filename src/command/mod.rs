//! One file per verb of the command line. Progress goes to stderr, results to stdout or a file.

pub mod bench;
mod bench_table;
pub mod demo;
pub mod devices;
pub mod eval;
pub mod field;
pub mod figure;
pub mod figures;
pub mod import;
pub mod pack;
pub mod reconstruct;
pub mod sample;
pub mod scheduler;
#[cfg(feature = "remote")]
pub mod serve;
pub mod toy_table;
pub mod train;
pub mod train_images;
pub mod window;

mod complete;
mod generate;
mod images;
mod output;
pub mod table;
mod variational;
