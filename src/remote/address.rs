//! Where a server is.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// A server's address: `ws://HOST:PORT`, or `iroh://KEY@HOST:PORT` where the connection is
/// encrypted and the server's public key (64 hexadecimal digits) says which server it is.
///
/// It is kept once for the whole process, so that a choice of device stays a small value to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(&'static str);

const PLAIN: &str = "ws://";
const ENCRYPTED: &str = "iroh://";
/// Hexadecimal digits of a public key.
const KEY: usize = 64;
/// A name of the internet has 253 characters at most.
const LONGEST: usize = 360;

impl Address {
    /// `HOST:PORT`.
    pub fn host(self) -> &'static str {
        match self.0.strip_prefix(PLAIN) {
            Some(host) => host,
            None => &self.0[ENCRYPTED.len() + KEY + 1..],
        }
    }

    /// The server's public key, where the connection is encrypted.
    pub fn key(self) -> Option<&'static str> {
        let rest = self.0.strip_prefix(ENCRYPTED)?;
        Some(&rest[..KEY])
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            Err(format!(
                "`{text}` is no server: {what}; write it as ws://HOST:PORT or \
                 iroh://KEY@HOST:PORT"
            ))
        };
        if text.len() > LONGEST {
            return Err(format!(
                "a server's address has {LONGEST} characters at most"
            ));
        }
        if text.starts_with("wss://") {
            return wrong("wss is not offered, iroh:// is encrypted");
        }
        let rest = if let Some(rest) = text.strip_prefix(PLAIN) {
            rest
        } else if let Some(rest) = text.strip_prefix(ENCRYPTED) {
            let Some((key, rest)) = rest.split_once('@') else {
                return wrong("it has no key before an @, `flowlab serve` prints it");
            };
            let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
            if key.len() != KEY || !key.bytes().all(is_digit) {
                return wrong("the key is not 64 digits of 0 to 9 and a to f");
            }
            rest
        } else {
            return wrong("it begins with neither ws:// nor iroh://");
        };
        if rest.contains('@') {
            return wrong("the token comes from --token-file or FLOWLAB_TOKEN, never from here");
        }
        let Some((host, port)) = rest.rsplit_once(':') else {
            return wrong("it has no port");
        };
        if !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return wrong("the port is no number from 1 to 65535");
        }
        let name = host
            .strip_prefix('[')
            .map_or(Some(host), |host| host.strip_suffix(']'));
        let numeric = host.starts_with('[');
        let fits =
            |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || (numeric && c == ':');
        match name {
            Some(name) if !name.is_empty() && name.chars().all(fits) => Ok(Self(keep(text))),
            _ => wrong("it names no host"),
        }
    }
}

/// The one copy of a text.
fn keep(text: &str) -> &'static str {
    static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = kept.iter().find(|known| **known == text) {
        return found;
    }
    let new: &'static str = Box::leak(text.to_owned().into_boxed_str());
    kept.push(new);
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read() {
        let key = "0123456789abcdef".repeat(4);
        let encrypted = format!("iroh://{key}@[::1]:7");
        for (text, host) in [
            ("ws://localhost:7117", "localhost:7117"),
            ("ws://10.0.0.3:1", "10.0.0.3:1"),
            ("ws://[::1]:65535", "[::1]:65535"),
            (&encrypted, "[::1]:7"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(address.host(), host);
            let expected = text.starts_with("iroh").then_some(key.as_str());
            assert_eq!(address.key(), expected);
            assert_eq!(Ok(address), text.parse());
        }
        let odd = format!("iroh://{}@a:1", "é".repeat(32));
        let twice = format!("iroh://{key}@token@a:1");
        for (wrong, told) in [
            ("localhost:7117", "begins"),
            ("http://localhost:7117", "begins"),
            ("wss://localhost:7117", "iroh"),
            ("ws://localhost", "port"),
            ("ws://localhost:0", "port"),
            ("ws://localhost:70000", "port"),
            ("ws://:7117", "host"),
            ("ws://[::1:7117", "host"),
            ("ws://::1:7117", "host"),
            ("ws://a/b:7117", "host"),
            ("ws://token@localhost:7117", "token"),
            ("iroh://localhost:7117", "no key"),
            ("iroh://abc@localhost:7117", "64 digits"),
            (&odd, "64 digits"),
            (&twice, "token"),
        ] {
            let error = wrong.parse::<Address>().unwrap_err();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
