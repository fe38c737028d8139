//! A server and its clients as processes of their own, on loopback. Needs the cargo feature
//! `remote`: `cargo test --release --features remote --test remote`.

mod encrypted;
mod links;
mod process;
mod strangers;
mod training;
