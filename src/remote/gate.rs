//! The door of a server whose connections are plain WebSockets.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use super::guests::Guests;
use super::pipe::{self, End};

/// Passes the connections of the network on to burn's own server, which listens on this machine
/// alone.
pub struct Gate {
    inner: SocketAddr,
    /// Every connection, by the address that burn's server sees it come from.
    guests: Arc<Guests<SocketAddr>>,
}

impl Gate {
    /// A gate before burn's server at `inner`.
    pub fn new(guests: Arc<Guests<SocketAddr>>, inner: SocketAddr) -> Self {
        Self { inner, guests }
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
            if let Err(error) = self.lead(client, from) {
                log::warn!("{from}: {error}");
            }
        }
    }

    /// Starts to pass a connection on, unless too many wait at the door.
    fn lead(self: &Arc<Self>, client: TcpStream, from: SocketAddr) -> io::Result<()> {
        if self.guests.is_crowded() {
            log::info!("{from}: too many wait at the door");
            return Ok(());
        }
        pipe::watch(&client)?;
        let server = TcpStream::connect_timeout(&self.inner, self.guests.bounds().patience)?;
        server.set_nodelay(true)?;
        let address = server.local_addr()?;
        let Some(trial) = self.guests.receive(address) else {
            return Ok(());
        };
        let gate = Arc::clone(self);
        let work = move || {
            let ended = OnceLock::new();
            pipe::join(&client, &server, &trial, &ended);
            let end = ended.get().copied().unwrap_or(End::Closed);
            gate.guests.leave(&address, &from, end);
        };
        let started = thread::Builder::new()
            .name("flowlab-gate".to_owned())
            .spawn(work);
        started.map(drop).inspect_err(|_| {
            self.guests.leave(&address, &from, End::Broken);
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::time::Instant;

    use super::*;
    use crate::remote::guests::Bounds;

    /// A gate before a server that hands its connections out, and the gate's own address.
    fn gate(bounds: Bounds) -> (Arc<Guests<SocketAddr>>, TcpListener, SocketAddr) {
        let inner = TcpListener::bind("127.0.0.1:0").unwrap();
        let outer = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = outer.local_addr().unwrap();
        let guests = Arc::new(Guests::new(bounds));
        let gate = Gate::new(Arc::clone(&guests), inner.local_addr().unwrap());
        thread::spawn(move || Arc::new(gate).attend(&outer));
        (guests, inner, address)
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

    /// What is said to a connection that shows the token. The server may see it a moment before the
    /// gate has written it down; the token passes only after that.
    fn admit(guests: &Guests<SocketAddr>, from: SocketAddr) -> Result<(), String> {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            match guests.admit(&from) {
                Err(error) if error.contains("door") && Instant::now() < until => {
                    thread::yield_now();
                }
                said => return said,
            }
        }
    }

    #[test]
    fn who_shows_nothing_is_sent_away_in_time() {
        let (guests, inner, address) = gate(small());
        let silent = TcpStream::connect(address).unwrap();
        let _server = inner.accept().unwrap();
        let since = Instant::now();
        assert!(is_closed(&silent));
        assert!(since.elapsed() >= Duration::from_millis(200));
        assert_eq!(guests.count(true), 0);
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
        let (guests, inner, address) = gate(small());
        let mut client = TcpStream::connect(address).unwrap();
        let (mut server, from) = inner.accept().unwrap();
        admit(&guests, from).unwrap();
        // Longer and more than a stranger may.
        thread::sleep(2 * small().patience);
        client.write_all(&[7; 1000]).unwrap();
        server.read_exact(&mut [0; 1000]).unwrap();
        server.write_all(b"answer").unwrap();
        client.read_exact(&mut [0; 6]).unwrap();
        let second = TcpStream::connect(address).unwrap();
        let (_server, from) = inner.accept().unwrap();
        assert!(admit(&guests, from).unwrap_err().contains("places"));
        assert!(is_closed(&second));
        assert!(guests.admit(&address).unwrap_err().contains("door"));
        // A place becomes free again.
        drop(client);
        assert!(is_closed(&server));
        let _third = TcpStream::connect(address).unwrap();
        let (_server, from) = inner.accept().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while guests.admit(&from).is_err() {
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
        let (guests, _inner, address) = gate(patient);
        let _waiting = [(); 2].map(|()| TcpStream::connect(address).unwrap());
        let until = Instant::now() + Duration::from_secs(20);
        while guests.count(false) < 2 {
            assert!(Instant::now() < until);
            thread::yield_now();
        }
        assert!(is_closed(&TcpStream::connect(address).unwrap()));
    }
}
