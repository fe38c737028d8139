//! The secret that a server and its clients share.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use burn::remote::Credential;

/// The variable of the environment that may hold the token itself.
const VARIABLE: &str = "FLOWLAB_TOKEN";
/// A shorter one could be guessed.
const SHORTEST: usize = 16;
/// A longer file is no token.
const LONGEST: u64 = 1024;

static FILE: OnceLock<PathBuf> = OnceLock::new();

/// A token; its text is never shown.
#[derive(Clone, Debug)]
pub struct Token(Credential);

impl Token {
    /// The token of `--token-file`, else that of `FLOWLAB_TOKEN`.
    ///
    /// # Errors
    /// A full sentence: there is none, or it is not one.
    pub fn find() -> Result<Self, String> {
        if let Some(path) = FILE.get() {
            return Self::read(path);
        }
        match std::env::var(VARIABLE) {
            Ok(text) => Self::new(&text).map_err(|error| format!("{VARIABLE}: {error}")),
            Err(_) => Err(format!(
                "no token: name the file that holds it with --token-file, or set {VARIABLE}"
            )),
        }
    }

    /// The token that a file holds as its only line.
    ///
    /// # Errors
    /// Names the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let tell = |error: String| format!("--token-file {}: {error}", path.display());
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
            .map_err(|error| tell(error.to_string()))?;
        Self::new(&text).map_err(tell)
    }

    fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() as u64 > LONGEST {
            return Err(format!("a token has {LONGEST} characters at most"));
        }
        if text.len() < SHORTEST {
            return Err(format!("a token has at least {SHORTEST} characters"));
        }
        if text.contains(char::is_whitespace) {
            return Err("a token is one line without blanks".to_owned());
        }
        Ok(Self(Credential::from(text)))
    }

    /// What burn sends and checks.
    pub fn credential(&self) -> Credential {
        self.0.clone()
    }
}

/// Takes the token from this file from now on; the first call counts.
pub fn use_file(path: Option<PathBuf>) {
    if let Some(path) = path {
        FILE.get_or_init(|| path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_and_not_shown() {
        let token = Token::new(" 0123456789abcdef\n").unwrap();
        assert_eq!(token.credential().as_bytes(), b"0123456789abcdef");
        assert!(!format!("{token:?}").contains("0123"));
        for (wrong, told) in [("", "16"), ("short", "16"), ("0123456789 abcdef", "line")] {
            assert!(Token::new(wrong).unwrap_err().contains(told), "{wrong}");
        }
        assert!(Token::new(&"x".repeat(1025)).unwrap_err().contains("1024"));
    }
}
