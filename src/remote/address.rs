//! Where a server is.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// A server's address, `ws://HOST:PORT`.
///
/// It is kept once for the whole process, so that a choice of device stays a small value to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(&'static str);

/// What every address begins with.
const SCHEME: &str = "ws://";
/// A name of the internet has 253 characters at most.
const LONGEST: usize = 300;

impl Address {
    /// `HOST:PORT`.
    pub fn host(self) -> &'static str {
        &self.0[SCHEME.len()..]
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
                "`{text}` is no server: {what}; write it as ws://HOST:PORT"
            ))
        };
        if text.len() > LONGEST {
            return Err("a server's address has 300 characters at most".to_owned());
        }
        if text.starts_with("wss://") {
            return wrong("wss is not offered, lead the connection through ssh instead");
        }
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return wrong("it does not begin with ws://");
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
        for text in ["ws://localhost:7117", "ws://10.0.0.3:1", "ws://[::1]:65535"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(address.host(), &text[5..]);
            assert_eq!(Ok(address), text.parse());
        }
        for (wrong, told) in [
            ("localhost:7117", "begin"),
            ("http://localhost:7117", "begin"),
            ("wss://localhost:7117", "ssh"),
            ("ws://localhost", "port"),
            ("ws://localhost:0", "port"),
            ("ws://localhost:70000", "port"),
            ("ws://:7117", "host"),
            ("ws://[::1:7117", "host"),
            ("ws://::1:7117", "host"),
            ("ws://a/b:7117", "host"),
            ("ws://token@localhost:7117", "token"),
        ] {
            let error = wrong.parse::<Address>().unwrap_err();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
