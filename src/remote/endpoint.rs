//! The encrypted way: QUIC between endpoints that know each other by public keys, which is burn's
//! own transport over iroh. Nobody in between can read it, change it, or stand in for the server.
//!
//! Endpoints dial each other directly; no relay, no lookup and no other service is asked.

use std::io;
use std::net::ToSocketAddrs;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use burn::remote::{IrohHost, RemoteHost};
use iroh::endpoint::{
    AfterHandshakeOutcome, Builder, Closed, Connection, ConnectionError, EndpointHooks, PathId,
    PortmapperConfig, QuicTransportConfig, VarInt, WeakConnectionHandle, presets,
};
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayMode};
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::client::{self, FIRST_ANSWER, FIRST_BYTES, PATIENCE};
use super::guests::{Guests, Trial};
use super::pipe::End;
use super::token::Token;
use crate::device::Device;

/// How long a connection may be silent before it counts as broken, and how often each end asks.
const SILENCE: Duration = Duration::from_secs(15);
const ASKED: Duration = Duration::from_secs(4);
/// How often a stranger's bytes are counted.
const COUNTED: Duration = Duration::from_millis(20);
/// How long the last words to a peer may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// The threads of all connections.
///
/// # Errors
/// When there can be no threads.
pub fn runtime() -> Result<&'static Runtime, String> {
    static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
        runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("flowlab-quic")
            .enable_all()
            .build()
    });
    RUNTIME
        .as_ref()
        .map_err(|error| format!("no threads for connections: {error}"))
}

/// What both ends set.
pub fn builder() -> Builder {
    let silence = VarInt::from_u32(SILENCE.as_millis() as u32).into();
    let transport = QuicTransportConfig::builder()
        .max_idle_timeout(Some(silence))
        .keep_alive_interval(ASKED)
        .default_path_max_idle_timeout(SILENCE)
        .default_path_keep_alive_interval(ASKED)
        // As burn sets it: a kernel that refuses one such batch stalls every connection.
        .enable_segmentation_offload(false)
        .build();
    Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .portmapper_config(PortmapperConfig::Disabled)
        .transport_config(transport)
}

/// Opens the device of the server with this key at `host` (`HOST:PORT`), and gives the time that a
/// message there and back takes and the endpoint. `ended` is set when the connection ends.
///
/// # Errors
/// A full sentence.
pub fn open(
    key: &str,
    host: &str,
    token: &Token,
    ended: &Arc<OnceLock<End>>,
) -> Result<(Device, Duration, Endpoint), String> {
    let key: EndpointId = key
        .parse()
        .map_err(|error| format!("`{key}` is no server's key: {error}"))?;
    let places = host
        .to_socket_addrs()
        .map_err(|error| format!("the server does not answer: {error}"))?;
    let address = places.fold(EndpointAddr::new(key), EndpointAddr::with_ip_addr);
    let runtime = runtime()?;
    let (tell, told) = oneshot::channel();
    let link = Link {
        tell: Mutex::new(Some(tell)),
        began: Instant::now(),
        round_trip: Arc::default(),
    };
    let round_trip = Arc::clone(&link.round_trip);
    let endpoint = runtime
        .block_on(builder().hooks(link).bind())
        .map_err(|error| format!("no connection on this machine: {error}"))?;
    let trial = Arc::new(Trial::new(PATIENCE + FIRST_ANSWER, FIRST_BYTES));
    runtime.spawn(attend(
        endpoint.clone(),
        told,
        Arc::clone(&trial),
        Arc::clone(ended),
    ));
    let host = IrohHost::new(address).with_endpoint(endpoint.clone());
    let host = RemoteHost::iroh(host).with_credential(token.credential());
    match (Device::remote_options(&host).init(), round_trip.get()) {
        (Ok(device), round_trip) => {
            trial.pass();
            Ok((device, round_trip.copied().unwrap_or_default(), endpoint))
        }
        (Err(error), answered) => {
            runtime.spawn(async move { endpoint.close().await });
            Err(match answered {
                Some(_) => client::refusal(error),
                None => format!(
                    "the server does not answer within {} s, or has another key",
                    PATIENCE.as_secs()
                ),
            })
        }
    }
}

/// Says goodbye, so that the server need not wait for the silence.
pub fn close(endpoint: &Endpoint) {
    if let Ok(runtime) = runtime() {
        // Who does not listen any more finds out by itself.
        let _ = runtime.block_on(async { timeout(FAREWELL, endpoint.close()).await });
    }
}

/// Closes a client's endpoint when its connection does not come, shows no token in time, or ends.
async fn attend(
    endpoint: Endpoint,
    connected: oneshot::Receiver<WeakConnectionHandle>,
    trial: Arc<Trial>,
    ended: Arc<OnceLock<End>>,
) {
    let end = match timeout(PATIENCE, connected).await {
        Ok(Ok(connection)) => watch(connection, &trial).await,
        _ => End::Unknown,
    };
    ended.get_or_init(|| end);
    endpoint.close().await;
}

/// Waits for the end of a connection, and ends it when its trial is failed.
async fn watch(connection: WeakConnectionHandle, trial: &Trial) -> End {
    let mut closed = pin!(connection.closed());
    while !trial.is_passed() {
        if let Ok(closed) = timeout(COUNTED, &mut closed).await {
            return reason(closed);
        }
        let Some(open) = connection.upgrade() else {
            continue;
        };
        let bytes = usize::try_from(open.stats().udp_rx.bytes).unwrap_or(usize::MAX);
        if trial.left() == Some(Duration::ZERO) || trial.is_too_much(bytes) {
            open.close(0_u32.into(), b"no token came in time");
            return End::Unknown;
        }
    }
    reason(closed.await)
}

fn reason(closed: Option<Closed>) -> End {
    match closed.map(|closed| closed.reason) {
        Some(ConnectionError::TimedOut | ConnectionError::Reset) => End::Broken,
        _ => End::Closed,
    }
}

/// Tells a client of its connection.
#[derive(Debug)]
struct Link {
    tell: Mutex<Option<oneshot::Sender<WeakConnectionHandle>>>,
    began: Instant,
    round_trip: Arc<OnceLock<Duration>>,
}

impl EndpointHooks for Link {
    async fn after_handshake<'a>(&'a self, connection: &'a Connection) -> AfterHandshakeOutcome {
        let measured = connection.rtt(PathId::ZERO);
        self.round_trip
            .get_or_init(|| measured.unwrap_or_else(|| self.began.elapsed()));
        let mut tell = self.tell.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tell) = tell.take() {
            // Nobody waits for it when the time was up.
            let _ = tell.send(connection.weak_handle());
        }
        AfterHandshakeOutcome::accept()
    }
}

/// The door of a server whose connections are encrypted.
#[derive(Debug)]
pub struct Door(pub Arc<Guests<EndpointId>>);

impl EndpointHooks for Door {
    async fn after_handshake<'a>(&'a self, connection: &'a Connection) -> AfterHandshakeOutcome {
        let id = connection.remote_id();
        let Some(trial) = self.0.receive(id) else {
            return AfterHandshakeOutcome::Reject {
                error_code: 0_u32.into(),
                reason: b"too many wait at the door".to_vec(),
            };
        };
        let guests = Arc::clone(&self.0);
        let handle = connection.weak_handle();
        tokio::spawn(async move {
            let end = watch(handle, &trial).await;
            guests.leave(&id, &id.fmt_short(), end);
        });
        AfterHandshakeOutcome::accept()
    }
}
