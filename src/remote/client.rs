//! A device of another machine, and what became of the link to it.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use burn::remote::{ConnectError, RemoteHost};
use iroh::Endpoint;

use super::address::Address;
use super::endpoint;
use super::guests::Trial;
use super::pipe::{self, End};
use super::token::Token;
use crate::device::Device;

/// How long a server may take to answer, at each of its addresses.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How long it may then take to look at the token, and what it may send until then.
pub const FIRST_ANSWER: Duration = Duration::from_secs(10);
pub const FIRST_BYTES: usize = 64 << 10;

/// The newest link of this process.
struct Link {
    address: Address,
    device: Device,
    label: String,
    ended: Arc<OnceLock<End>>,
    /// This machine's end, where the link is encrypted.
    endpoint: Option<Endpoint>,
}

static LINK: Mutex<Option<Link>> = Mutex::new(None);

/// Opens the device of a server, and says how far away it is. While the link holds, later calls
/// share it; after that each makes a new one.
///
/// # Errors
/// A full sentence: nothing answers, the token is refused, something else answers there.
pub fn open(address: Address) -> Result<(Device, String), String> {
    let mut newest = LINK.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(link) = newest.as_ref()
        && link.address == address
        && link.ended.get().is_none()
    {
        return Ok((link.device.clone(), link.label.clone()));
    }
    let token = Token::find()?;
    let ended = Arc::default();
    let (device, round_trip, endpoint) = match address.key() {
        None => {
            let (device, round_trip) = open_plain(address, &token, &ended)?;
            (device, round_trip, None)
        }
        Some(key) => {
            let (device, round_trip, endpoint) =
                endpoint::open(key, address.host(), &token, &ended)?;
            (device, round_trip, Some(endpoint))
        }
    };
    let label = format!("answers in {:.1} ms", 1e3 * round_trip.as_secs_f64());
    *newest = Some(Link {
        address,
        device: device.clone(),
        label: label.clone(),
        ended,
        endpoint,
    });
    Ok((device, label))
}

/// Ends the newest link, for the end of the program: an encrypted one would be missed by its
/// server only after a while.
pub fn close() {
    let mut newest = LINK.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(endpoint) = newest.take().and_then(|link| link.endpoint) {
        endpoint::close(&endpoint);
    }
}

fn open_plain(
    address: Address,
    token: &Token,
    ended: &Arc<OnceLock<End>>,
) -> Result<(Device, Duration), String> {
    let (server, round_trip) = dial(address)?;
    // burn knows a device by its address and never dials it again, so each link gets a new one on
    // this machine; the link notices a dead network, which burn alone would wait for.
    let lost = |error: io::Error| format!("no connection on this machine: {error}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(lost)?;
    let here = listener.local_addr().map_err(lost)?;
    let trial = Arc::new(Trial::new(FIRST_ANSWER, FIRST_BYTES));
    let (tried, told) = (Arc::clone(&trial), Arc::clone(ended));
    let pass_on = move || {
        match listener.accept() {
            Ok((burn, _)) => {
                drop(listener);
                // Without it small messages would wait; it fails where burn is gone again.
                let _ = burn.set_nodelay(true);
                pipe::join(&server, &burn, &tried, &told);
            }
            Err(_) => {
                told.get_or_init(|| End::Broken);
            }
        }
    };
    thread::Builder::new()
        .name("flowlab-link".to_owned())
        .spawn(pass_on)
        .map_err(lost)?;
    let host = RemoteHost::websocket(&format!("ws://{here}")).with_credential(token.credential());
    let device = Device::remote_options(&host).init().map_err(refusal)?;
    trial.pass();
    Ok((device, round_trip))
}

/// What a user should know of a failure when the link to the server has ended. What burn says then
/// tells nothing more.
pub fn explain() -> Option<String> {
    let newest = LINK.lock().unwrap_or_else(PoisonError::into_inner);
    let link = newest.as_ref()?;
    let end = link.ended.get()?;
    Some(format!(
        "the link to {} ended: {end}. What was saved of the run is kept: go on with it when the \
         server answers again, or on this machine (--device cpu)",
        link.address
    ))
}

/// A connection to a server, and the time that one message there and back takes.
fn dial(address: Address) -> Result<(TcpStream, Duration), String> {
    let silent = |error: io::Error| format!("the server does not answer: {error}");
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for place in address.host().to_socket_addrs().map_err(silent)? {
        let since = Instant::now();
        match TcpStream::connect_timeout(&place, PATIENCE) {
            Ok(stream) => {
                let round_trip = since.elapsed();
                pipe::watch(&stream).map_err(silent)?;
                return Ok((stream, round_trip));
            }
            Err(error) => last = error,
        }
    }
    Err(silent(last))
}

/// What a user should know of a connection that burn could not open.
pub fn refusal(error: ConnectError) -> String {
    match error {
        ConnectError::Unauthorized => {
            "the server refuses: the token is not the server's, or all its places are taken"
                .to_owned()
        }
        ConnectError::Handshake { reason } | ConnectError::Unreachable { reason } => {
            format!("what answers there is no flowlab server, or it is full: {reason}")
        }
        error => error.to_string(),
    }
}
