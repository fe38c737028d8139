//! What the file of a figure says about itself, and how that is read back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::style::Style;

/// What a file says about itself: PNG text, SVG metadata, PDF info, GIF comment, MP4 comment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The figure's name.
    pub figure: String,
    /// Version of the program.
    pub version: String,
    /// How it was drawn.
    pub style: Style,
    /// Where the numbers come from: a run, or the exact field.
    pub source: String,
    /// SHA-256 of `model.safetensors`; after `f32:`, of the numbers of weights in no file.
    pub weights_sha256: Option<String>,
    /// Seed of the random draws.
    pub seed: u64,
    /// Runs that were asked for in place of the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<String>,
    /// Time of the flow, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t: Option<f64>,
    /// What the lesson showed, by the names of its settings.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub view: Value,
}

impl Meta {
    /// The keyword of the PNG text and the key of the PDF info.
    pub const KEY: &'static str = "flowlab";

    /// One line of JSON in ASCII, which every format can hold.
    pub fn json(&self) -> String {
        let text = serde_json::to_string(self).expect("plain settings always serialise");
        let mut ascii = String::with_capacity(text.len());
        for sign in text.chars() {
            if sign.is_ascii() {
                ascii.push(sign);
                continue;
            }
            // Only strings hold such signs.
            for unit in sign.encode_utf16(&mut [0; 2]) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
        ascii
    }

    /// Finds the settings in a file that was written with them.
    pub fn find(file: &[u8]) -> Option<Self> {
        let begins = |file: &[u8], pattern: &[u8]| {
            let mut windows = file.windows(pattern.len());
            windows.position(|window| window == pattern)
        };
        // GIF cuts its comment into blocks, each with its length in front.
        let comment;
        let mut file = file;
        if file.starts_with(b"GIF8") {
            comment = unblocked(&file[begins(file, &[0x21, 0xFE])? + 2..]);
            file = &comment;
        }
        let (start, svg) = match begins(file, br#"{"figure":"#) {
            Some(start) => (start, false),
            None => (begins(file, b"{&quot;figure&quot;:")?, true),
        };
        let end = (start + (1 << 16)).min(file.len());
        let text = String::from_utf8_lossy(&file[start..end]);
        let read = |text: &str| {
            let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Self>();
            stream.next()?.ok()
        };
        if svg {
            return read(&super::svg::unescape(&text));
        }
        if file.starts_with(b"%PDF") {
            return read(&unescaped(&text));
        }
        read(&text)
    }
}

/// The content of a GIF's comment.
fn unblocked(mut blocks: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((&length, rest)) = blocks.split_first() {
        if length == 0 || rest.len() < usize::from(length) {
            break;
        }
        let (block, next) = rest.split_at(usize::from(length));
        out.extend(block);
        blocks = next;
    }
    out
}

/// A PDF string without its backslashes.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        out.extend(if sign == '\\' {
            signs.next()
        } else {
            Some(sign)
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_ascii_and_read_back() {
        let meta = Meta {
            figure: "a".to_owned(),
            style: Style {
                title: Some("π < \"σ\" & (x) \\ 🎲".to_owned()),
                ..Style::default()
            },
            runs: vec!["runs/ä".to_owned()],
            t: Some(0.25),
            view: serde_json::json!({ "on": [true, false], "steps": 40 }),
            ..Meta::default()
        };
        assert!(meta.json().is_ascii());
        assert_eq!(Meta::find(b"nothing"), None);
        assert_eq!(Meta::find(b"GIF89a"), None);
        assert_eq!(Meta::find(br#"{"figure":"cut"#), None);
        let back: Meta = serde_json::from_str(&meta.json()).unwrap();
        assert_eq!(back, meta);
    }
}
