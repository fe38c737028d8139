//! One file per verb of the command line. Progress goes to stderr, results to stdout or a file.

pub mod bench;
pub mod demo;
pub mod devices;
pub mod eval;
pub mod field;
pub mod import;
pub mod sample;
pub mod scheduler;
pub mod toy_table;
pub mod train;
pub mod window;

mod generate;
mod output;
mod table;
