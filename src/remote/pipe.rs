//! Bytes passed on from one connection to another, and what ends that.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

use super::guests::Trial;

/// Bytes that are passed on at a time.
const ROOM: usize = 64 << 10;

/// A silent connection is asked whether it lives after 10 s, then every 2 s, nine times usually.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(10))
    .with_interval(Duration::from_secs(2));
/// How long sent bytes may stay without an answer before the connection counts as broken.
const UNANSWERED: Duration = Duration::from_secs(30);

/// Why bytes are not passed on any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A side closed the connection.
    Closed,
    /// A side did not show who it is in time, or sent too much before it did.
    Unknown,
    /// The network broke, or a side takes no bytes.
    Broken,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "it was closed",
            Self::Unknown => "no token came in time",
            Self::Broken => "the network broke",
        })
    }
}

/// Makes a connection of the network notice within half a minute that its other end is gone.
pub fn watch(stream: &TcpStream) -> std::io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&KEEPALIVE)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNANSWERED))?;
    // The other side may live and take nothing.
    stream.set_write_timeout(Some(2 * UNANSWERED))?;
    stream.set_nodelay(true)
}

/// Passes bytes both ways until a side ends, then closes both; `tried` is on trial. Why it ended
/// is known before either side sees that it did.
pub fn join(tried: &TcpStream, other: &TcpStream, trial: &Trial, ended: &OnceLock<End>) {
    let pass_on = |from, to, trial| {
        let end = forward(from, to, trial);
        // Closing ends the other direction too: only the first end says why.
        ended.get_or_init(|| end);
        close(tried, other);
    };
    thread::scope(|scope| {
        scope.spawn(|| pass_on(other, tried, None));
        pass_on(tried, other, Some(trial));
    });
}

fn close(a: &TcpStream, b: &TcpStream) {
    for stream in [a, b] {
        // It fails only where the connection is gone already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// Passes bytes one way.
fn forward(mut from: &TcpStream, mut to: &TcpStream, trial: Option<&Trial>) -> End {
    let mut room = vec![0; ROOM];
    let mut seen = 0_usize;
    let mut limited = true;
    loop {
        let left = trial.and_then(Trial::left);
        if left == Some(Duration::ZERO) {
            return End::Unknown;
        }
        if limited {
            if from.set_read_timeout(left).is_err() {
                return End::Broken;
            }
            limited = left.is_some();
        }
        let count = match from.read(&mut room) {
            Ok(0) => return End::Closed,
            Ok(count) => count,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => continue,
                ErrorKind::WouldBlock | ErrorKind::TimedOut if limited => continue,
                ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => return End::Closed,
                _ => return End::Broken,
            },
        };
        seen = seen.saturating_add(count);
        if trial.is_some_and(|trial| trial.is_too_much(seen)) {
            return End::Unknown;
        }
        if to.write_all(&room[..count]).is_err() {
            return End::Broken;
        }
    }
}
