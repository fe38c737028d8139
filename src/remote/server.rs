//! `flowlab serve`: this machine's device for others.

use std::fmt::Display;
use std::hash::Hash;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::{io, thread};

use burn::server::{
    AuthorizationRequest, BURN_REMOTE_ALPN, ClientId, IrohIdentity, PeerAuthorizer, RemoteServer,
    TokenAuthorizer, WebSocketTransport,
};
use iroh::SecretKey;
use iroh::protocol::Router;

use super::endpoint::{self, Door};
use super::gate::Gate;
use super::guests::{Bounds, Guests};
use super::token::Token;
use crate::device::Device;

/// Serves a device at an address until the program is told to end (Ctrl+C or `SIGTERM`), over
/// connections that are not encrypted.
///
/// `ready` is told where clients find it, with the port that the system chose where `bind` has
/// port 0.
///
/// # Errors
/// A full sentence: the address is taken, or burn's server fails.
pub fn serve(
    bind: SocketAddr,
    device: Device,
    token: &Token,
    bounds: Bounds,
    ready: impl FnOnce(&str),
) -> Result<(), String> {
    let outer = TcpListener::bind(bind).map_err(|error| taken(bind, &error))?;
    let own = |error: io::Error| format!("no port of this machine's own: {error}");
    let inner = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(own)?;
    let guests = Arc::new(Guests::new(bounds));
    let gate = Gate::new(Arc::clone(&guests), inner.local_addr().map_err(own)?);
    let address = outer.local_addr().map_err(own)?;
    thread::Builder::new()
        .name("flowlab-gate".to_owned())
        .spawn(move || Arc::new(gate).attend(&outer))
        .map_err(own)?;
    ready(&format!("ws://{address}"));
    let name = |client| match client {
        ClientId::WebSocket(address) => Some(address),
        ClientId::Iroh(_) => None,
    };
    RemoteServer::new([device])
        .with_authorizer(authorizer(token, guests, name)?)
        .serve(WebSocketTransport::from_listener(inner))
        .map_err(|error| error.to_string())
}

/// The same over encrypted connections. The server's secret key is in the file `identity`, which is
/// made where there is none.
///
/// # Errors
/// A full sentence: the address is taken, the file is no key, or burn's server fails.
pub fn serve_encrypted(
    bind: SocketAddr,
    device: Device,
    token: &Token,
    bounds: Bounds,
    identity: &Path,
    ready: impl FnOnce(&str),
) -> Result<(), String> {
    let file = |error: io::Error| format!("--identity-file {}: {error}", identity.display());
    let identity = IrohIdentity::load_or_create(identity).map_err(file)?;
    let guests = Arc::new(Guests::new(bounds));
    let name = |client| match client {
        ClientId::Iroh(id) => Some(id),
        ClientId::WebSocket(_) => None,
    };
    let authorizer = authorizer(token, Arc::clone(&guests), name)?;
    endpoint::runtime()?.block_on(async move {
        let endpoint = endpoint::builder()
            .secret_key(SecretKey::from_bytes(&identity.to_bytes()))
            .hooks(Door(guests))
            .clear_ip_transports()
            .bind_addr(bind)
            .map_err(|error| taken(bind, &error))?
            .bind()
            .await
            .map_err(|error| taken(bind, &error))?;
        let protocol = RemoteServer::new([device])
            .with_authorizer(authorizer)
            .into_protocol(&endpoint)
            .map_err(|error| error.to_string())?;
        let address = endpoint.bound_sockets().first().copied().unwrap_or(bind);
        let id = endpoint.id();
        let router = Router::builder(endpoint)
            .accept(BURN_REMOTE_ALPN, protocol)
            .spawn();
        ready(&format!("iroh://{id}@{address}"));
        told_to_end().await;
        router.shutdown().await.map_err(|error| error.to_string())
    })
}

fn taken(bind: SocketAddr, error: &dyn Display) -> String {
    format!("--bind {bind}: not to be had: {error}")
}

/// Lets in who has the token and came through the door of `guests`, which knows it by `name`.
fn authorizer<K: Display + Eq + Hash + Send + Sync + 'static>(
    token: &Token,
    guests: Arc<Guests<K>>,
    name: impl Fn(ClientId) -> Option<K> + Send + Sync + 'static,
) -> Result<impl PeerAuthorizer, String> {
    let check = TokenAuthorizer::new(token.credential()).map_err(|error| error.to_string())?;
    Ok(move |request: AuthorizationRequest<'_>| {
        let guest = name(request.client).ok_or("it came another way than through the door")?;
        check.authorize(request)?;
        guests.admit(&guest)
    })
}

/// Waits for Ctrl+C or `SIGTERM`.
async fn told_to_end() {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Then only the system's own handling ends the program.
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    if let Ok(mut ended) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            () = interrupted => {}
            _ = ended.recv() => {}
        }
        return;
    }
    interrupted.await;
}
