//! Session files: everything that the window shows comes back, older files are opened, and what is
//! no session is refused by name.

mod autosave;
#[path = "../common/mod.rs"]
mod common;
mod failures;
mod files;
#[path = "../harness/mod.rs"]
mod harness;
mod program;
mod runs;
mod window;
