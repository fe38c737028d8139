//! `flowlab serve`

use anyhow::{anyhow, ensure};

use super::output;
use crate::cli::ServeArgs;
use crate::device::{self, DeviceChoice};
use crate::remote::{self, Bounds, Token};

/// Serves this machine's device until Ctrl+C or `SIGTERM`.
///
/// # Errors
/// No token, a device that does not open, an address that is taken.
pub fn run(args: &ServeArgs) -> anyhow::Result<()> {
    ensure!(
        !matches!(args.device, DeviceChoice::Remote(_)),
        "--device: only a device of this machine can be served; use auto, gpu or cpu"
    );
    let token = Token::find().map_err(|sentence| anyhow!(sentence))?;
    let (device, info) = device::open(args.device)?;
    let bounds = Bounds {
        clients: args.clients.into(),
        ..Bounds::default()
    };
    let is_loopback = args.bind.ip().is_loopback();
    let is_plain = args.identity_file.is_none();
    let ready = |address: &str| {
        // Who closed stdout does not want to know.
        let _ = output::print(format_args!("serving {info} at {address}\n"));
        if is_plain && !is_loopback {
            eprintln!(
                "the connection is not encrypted: whoever can read the network reads the token and \
                 the numbers; on a network of strangers serve with --identity-file \
                 (docs/remote.md)"
            );
        }
    };
    match &args.identity_file {
        None => remote::serve(args.bind, device, &token, bounds, ready),
        Some(file) => remote::serve_encrypted(args.bind, device, &token, bounds, file, ready),
    }
    .map_err(|sentence| anyhow!(sentence))
}
