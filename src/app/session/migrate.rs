//! Sessions of older formats, brought to the present one a step at a time.
//!
//! | format | what changed |
//! |---|---|
//! | 1 | `t`, `speed` and `looping` stood beside `lesson`, the controls of the 2-D lab were `config` |
//! | 2 | they are `time` and `plane`; runs have folders |

use serde_json::{Map, Value, json};

use super::{FORMAT, SessionError};

/// Brings the entries of a file of an older format to [`FORMAT`].
///
/// # Errors
/// When there never was such a format.
pub fn to_present(file: &mut Map<String, Value>, format: u64) -> Result<(), SessionError> {
    if format == 0 {
        let reason = "there was no format 0".to_owned();
        return Err(SessionError::Damaged(reason));
    }
    for from in format..FORMAT {
        if from == 1 {
            first(file);
        }
    }
    Ok(())
}

/// From format 1 to 2.
fn first(file: &mut Map<String, Value>) {
    let mut time = Map::new();
    for name in ["t", "speed", "looping"] {
        if let Some(value) = file.remove(name) {
            time.insert(name.to_owned(), value);
        }
    }
    file.insert("time".to_owned(), time.into());
    if let Some(config) = file.remove("config") {
        file.insert("plane".to_owned(), json!({ "config": config }));
    }
}
