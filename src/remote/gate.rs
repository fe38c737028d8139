//! The door of a server: how many may stand in it, for how long, and how many are inside.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use super::pipe::{self, End, Trial};

/// What a server lets happen.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Clients that train at a time.
    pub clients: usize,
    /// Connections that have not shown the token yet; more are closed at once.
    pub strangers: usize,
    /// How long a stranger may take to show the token.
    pub patience: Duration,
    /// Bytes that a stranger may send.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            clients: 8,
            strangers: 32,
            patience: Duration::from_secs(10),
            // An upgrade of HTTP and burn's first message are less than 1 KiB.
            bytes: 16 << 10,
        }
    }
}

/// Passes the connections of the network on to burn's own server, which listens on this machine
/// alone.
pub struct Gate {
    bounds: Bounds,
    inner: SocketAddr,
    /// Every connection, by the address that burn's server sees it come from.
    guests: Mutex<HashMap<SocketAddr, Arc<Trial>>>,
}

impl Gate {
    /// A gate before burn's server at `inner`.
    pub fn new(bounds: Bounds, inner: SocketAddr) -> Self {
        Self {
            bounds,
            inner,
            guests: Mutex::default(),
        }
    }

    /// Takes connections for as long as the program runs.
    pub fn attend(self: &Arc<Self>, listener: &TcpListener) {
        loop {
            let (client, from) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Too many open files, as a rule: those of strangers are closed soon.
                    log::warn!("no connection taken: {error}");
                    thread::sleep(Duration::from_millis(100));
                    continue;
                }
            };
            if self.count(false) >= self.bounds.strangers {
                log::info!("{from}: too many wait at the door");
                continue;
            }
            if let Err(error) = self.lead(client, from) {
                log::warn!("{from}: {error}");
            }
        }
    }

    /// Lets a client in that has shown the token to burn's server.
    ///
    /// # Errors
    /// When it did not come through the gate or all places are taken.
    pub fn admit(&self, address: SocketAddr) -> Result<(), String> {
        let guests = self.guests();
        let inside = guests.values().filter(|trial| trial.is_passed()).count();
        let trial = guests
            .get(&address)
            .ok_or_else(|| format!("{address} did not come through the gate"))?;
        if inside >= self.bounds.clients {
            return Err(format!("all {inside} places are taken"));
        }
        trial.pass();
        Ok(())
    }

    /// Connections that have passed, or that have not.
    fn count(&self, passed: bool) -> usize {
        let guests = self.guests();
        guests
            .values()
            .filter(|trial| trial.is_passed() == passed)
            .count()
    }

    /// A line for who looks after the server, and no panic when nobody does.
    fn tell(&self, client: SocketAddr, what: fmt::Arguments) {
        let _ = writeln!(
            io::stderr(),
            "{client} {what}; clients now: {}",
            self.count(true)
        );
    }

    fn guests(&self) -> MutexGuard<'_, HashMap<SocketAddr, Arc<Trial>>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to pass a connection on.
    fn lead(self: &Arc<Self>, client: TcpStream, from: SocketAddr) -> io::Result<()> {
        pipe::watch(&client)?;
        let server = TcpStream::connect_timeout(&self.inner, self.bounds.patience)?;
        server.set_nodelay(true)?;
        let address = server.local_addr()?;
        let trial = Arc::new(Trial::new(self.bounds.patience, self.bounds.bytes));
        self.guests().insert(address, Arc::clone(&trial));
        let gate = Arc::clone(self);
        let work = move || {
            let ended = OnceLock::new();
            pipe::join(&client, &server, &trial, &ended);
            gate.guests().remove(&address);
            let end = ended.get().copied().unwrap_or(End::Closed);
            if trial.is_passed() {
                gate.tell(from, format_args!("left: {end}"));
            } else {
                log::info!("{from} was not let in: {end}");
            }
        };
        let started = thread::Builder::new()
            .name("flowlab-gate".to_owned())
            .spawn(work);
        started.map(drop).inspect_err(|_| {
            self.guests().remove(&address);
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::Instant;

    use super::*;

    /// A gate before a server that hands its connections out, and the gate's own address.
    fn gate(bounds: Bounds) -> (Arc<Gate>, TcpListener, SocketAddr) {
        let inner = TcpListener::bind("127.0.0.1:0").unwrap();
        let outer = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = outer.local_addr().unwrap();
        let gate = Arc::new(Gate::new(bounds, inner.local_addr().unwrap()));
        let attendant = Arc::clone(&gate);
        thread::spawn(move || attendant.attend(&outer));
        (gate, inner, address)
    }

    fn small() -> Bounds {
        Bounds {
            clients: 1,
            strangers: 2,
            patience: Duration::from_millis(300),
            bytes: 100,
        }
    }

    /// Whether the other side closes the connection soon.
    fn is_closed(mut stream: &TcpStream) -> bool {
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        match stream.read(&mut [0; 16]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    #[test]
    fn who_shows_nothing_is_sent_away_in_time() {
        let (gate, inner, address) = gate(small());
        let silent = TcpStream::connect(address).unwrap();
        let _server = inner.accept().unwrap();
        let since = Instant::now();
        assert!(is_closed(&silent));
        assert!(since.elapsed() >= Duration::from_millis(200));
        assert_eq!(gate.count(true), 0);
    }

    #[test]
    fn who_sends_too_much_is_sent_away_at_once() {
        let patient = Bounds {
            patience: Duration::from_secs(3600),
            ..small()
        };
        let (_, inner, address) = gate(patient);
        let mut loud = TcpStream::connect(address).unwrap();
        let (mut server, _) = inner.accept().unwrap();
        loud.write_all(&[7; 101]).unwrap();
        assert!(is_closed(&loud));
        let mut heard = Vec::new();
        let _ = server.read_to_end(&mut heard);
        assert!(heard.len() <= 100, "{}", heard.len());
    }

    #[test]
    fn an_admitted_client_is_heard_for_ever_and_takes_a_place() {
        let (gate, inner, address) = gate(small());
        let mut client = TcpStream::connect(address).unwrap();
        let (mut server, from) = inner.accept().unwrap();
        gate.admit(from).unwrap();
        // Longer and more than a stranger may.
        thread::sleep(2 * small().patience);
        client.write_all(&[7; 1000]).unwrap();
        server.read_exact(&mut [0; 1000]).unwrap();
        server.write_all(b"answer").unwrap();
        client.read_exact(&mut [0; 6]).unwrap();
        let second = TcpStream::connect(address).unwrap();
        let (_server, from) = inner.accept().unwrap();
        assert!(gate.admit(from).unwrap_err().contains("places"));
        assert!(is_closed(&second));
        assert!(gate.admit(address).unwrap_err().contains("gate"));
        // A place becomes free again.
        drop(client);
        assert!(is_closed(&server));
        let _third = TcpStream::connect(address).unwrap();
        let (_server, from) = inner.accept().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while gate.admit(from).is_err() {
            assert!(Instant::now() < until, "the place stays taken");
            thread::yield_now();
        }
    }

    #[test]
    fn more_strangers_than_the_door_holds_are_closed_at_once() {
        let patient = Bounds {
            patience: Duration::from_secs(3600),
            ..small()
        };
        let (gate, _inner, address) = gate(patient);
        let _waiting = [(); 2].map(|()| TcpStream::connect(address).unwrap());
        let until = Instant::now() + Duration::from_secs(20);
        while gate.count(false) < 2 {
            assert!(Instant::now() < until);
            thread::yield_now();
        }
        assert!(is_closed(&TcpStream::connect(address).unwrap()));
    }
}
