//! Training on the device of another machine, by burn's own remote backend over WebSocket or, where
//! it is to be encrypted, over iroh.
//!
//! ```text
//! client:  burn ── link (loopback) ──┐        burn ── endpoint ──┐           laptop
//!                                    │  ws://                    │  iroh://
//! server:  burn ── gate ─────────────┘        burn ── door ──────┘           machine with the GPU
//! ```
//!
//! The messages are burn's alone. What stands here passes bytes on and bounds what burn leaves
//! open: how long a stranger may wait before it shows the token, how much it may send, how many
//! clients there are, and how long a link may be silent before it counts as broken.
//!
//! Only the address is part of every build; all else needs the cargo feature `remote`.

mod address;
#[cfg(feature = "remote")]
mod client;
#[cfg(feature = "remote")]
mod endpoint;
#[cfg(feature = "remote")]
mod gate;
#[cfg(feature = "remote")]
mod guests;
#[cfg(feature = "remote")]
mod pipe;
#[cfg(feature = "remote")]
mod server;
#[cfg(feature = "remote")]
mod token;

pub use address::Address;
#[cfg(feature = "remote")]
pub use client::{close, explain, open};
#[cfg(feature = "remote")]
pub use guests::Bounds;
#[cfg(feature = "remote")]
pub use server::{serve, serve_encrypted};
#[cfg(feature = "remote")]
pub use token::{Token, use_file};

#[cfg(not(feature = "remote"))]
pub use without::{close, explain, open};

/// The same functions in a build that cannot do it.
#[cfg(not(feature = "remote"))]
mod without {
    use super::Address;
    use crate::device::Device;

    /// Says that this build cannot do it.
    ///
    /// # Errors
    /// Always.
    pub fn open(_: Address) -> Result<(Device, String), String> {
        Err(
            "this flowlab was built without remote devices: build it with \
             `cargo build --release --features remote`"
                .to_owned(),
        )
    }

    /// There is no link.
    pub fn close() {}

    /// Nothing to explain.
    pub fn explain() -> Option<String> {
        None
    }
}
