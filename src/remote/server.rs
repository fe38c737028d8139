//! `flowlab serve`: this machine's device for others.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use burn::server::{
    AuthorizationRequest, ClientId, PeerAuthorizer, RemoteServer, TokenAuthorizer,
    WebSocketTransport,
};

use super::gate::{Bounds, Gate};
use super::token::Token;
use crate::device::Device;

/// Serves a device at an address until the program is told to end (Ctrl+C or `SIGTERM`).
///
/// `ready` is told the address, with the port that the system chose where `bind` has port 0.
///
/// # Errors
/// A full sentence: the address is taken, or burn's server fails.
pub fn serve(
    bind: SocketAddr,
    device: Device,
    token: &Token,
    bounds: Bounds,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), String> {
    let outer = TcpListener::bind(bind)
        .map_err(|error| format!("--bind {bind}: not to be had: {error}"))?;
    let own = |error: std::io::Error| format!("no port of this machine's own: {error}");
    let inner = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(own)?;
    let gate = Arc::new(Gate::new(bounds, inner.local_addr().map_err(own)?));
    let check = TokenAuthorizer::new(token.credential()).map_err(|error| error.to_string())?;
    let door = Arc::clone(&gate);
    let authorizer = move |request: AuthorizationRequest<'_>| {
        let ClientId::WebSocket(address) = request.client else {
            return Err("only WebSocket clients come through the gate".to_owned());
        };
        check.authorize(request)?;
        door.admit(address)
    };
    let address = outer.local_addr().map_err(own)?;
    thread::Builder::new()
        .name("flowlab-gate".to_owned())
        .spawn(move || gate.attend(&outer))
        .map_err(own)?;
    ready(address);
    RemoteServer::new([device])
        .with_authorizer(authorizer)
        .serve(WebSocketTransport::from_listener(inner))
        .map_err(|error| error.to_string())
}
