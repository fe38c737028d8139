//! From bytes of any origin to a session, or to a sentence on what is wrong with them.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{FORMAT, MOST_BYTES, SessionError, SessionFile, migrate, shortened};
use crate::app::clock::Clock;

/// Brackets inside one another at most.
const MOST_DEEP: usize = 24;
/// Runs that are named at most, as many as the window keeps.
const MOST_RUNS: usize = crate::app::runs::MOST;
/// Letters of a run's name at most.
const LONGEST_NAME: usize = 40;

/// Reads a session; the sentences say what was moved into its range. Entries that are missing have
/// their usual values, those that are not known are ignored.
///
/// # Errors
/// Names what is wrong, and where.
pub fn parse(bytes: &[u8]) -> Result<(SessionFile, Vec<String>), SessionError> {
    if bytes.len() > MOST_BYTES {
        return Err(SessionError::Large);
    }
    let file: Value = serde_json::from_slice(bytes)
        .map_err(|error| SessionError::Damaged(format!("its JSON ends in an error: {error}")))?;
    if depth(&file) > MOST_DEEP {
        let reason = format!("brackets deeper than {MOST_DEEP}");
        return Err(SessionError::Damaged(reason));
    }
    let Value::Object(mut file) = file else {
        return Err(SessionError::Damaged("it holds no entries".to_owned()));
    };
    let Some(format) = file.get("format").and_then(Value::as_u64) else {
        let reason = "it has no whole number `format`";
        return Err(SessionError::Damaged(reason.to_owned()));
    };
    if format > FORMAT {
        let written = file.get("flowlab").and_then(Value::as_str);
        return Err(SessionError::Newer {
            written: shortened(written.unwrap_or("of an unknown version")),
            format,
        });
    }
    migrate::to_present(&mut file, format)?;
    let mut session = SessionFile {
        lesson: entry(&file, "lesson")?,
        window: entry(&file, "window")?,
        time: entry(&file, "time")?,
        plane: entry(&file, "plane")?,
        digits: entry(&file, "digits")?,
        lessons: entry(&file, "lessons")?,
    };
    let notes = session.tidy()?;
    Ok((session, notes))
}

fn entry<T: DeserializeOwned + Default>(
    file: &Map<String, Value>,
    name: &str,
) -> Result<T, SessionError> {
    match file.get(name) {
        None | Some(Value::Null) => Ok(T::default()),
        // Serde would take a list for a struct whose entries have usual values.
        Some(Value::Array(_)) => Err(SessionError::Entry {
            place: name.to_owned(),
            reason: "a list in place of entries with names".to_owned(),
        }),
        Some(value) => T::deserialize(value).map_err(|error| SessionError::Entry {
            place: name.to_owned(),
            reason: error.to_string(),
        }),
    }
}

/// How many brackets stand inside one another.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(all) => 1 + all.iter().map(depth).max().unwrap_or(0),
        Value::Object(all) => 1 + all.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Moves a number into its range; none where it lies there.
fn clamp(place: &str, value: f64, range: RangeInclusive<f64>) -> Option<(f64, String)> {
    let (least, most) = (*range.start(), *range.end());
    if range.contains(&value) {
        return None;
    }
    let near = if value.is_nan() {
        most
    } else {
        value.clamp(least, most)
    };
    let text = format!("{place} = {value} lies outside {least} to {most}: {near} is taken");
    Some((near, text))
}

impl SessionFile {
    /// Numbers of the window and the clock are moved into their ranges, which is told; settings of
    /// a run that cannot be are refused, for another run would be another experiment.
    fn tidy(&mut self) -> Result<Vec<String>, SessionError> {
        let mut notes = Vec::new();
        if let Some((zoom, note)) = clamp("window.zoom", f64::from(self.window.zoom), 0.5..=3.0) {
            self.window.zoom = zoom as f32;
            notes.push(note);
        }
        if let Some((t, note)) = clamp("time.t", self.time.t, 0.0..=1.0) {
            self.time.t = t;
            notes.push(note);
        }
        if !Clock::SPEEDS.contains(&self.time.speed) {
            notes.push(format!(
                "time.speed = {} is none of the speeds: 1 is taken",
                self.time.speed
            ));
            self.time.speed = 1.0;
        }
        let refused = |place: &str, reason: String| SessionError::Entry {
            place: place.to_owned(),
            reason,
        };
        let plane = &mut self.plane;
        let fresh = plane.fresh.iter().map(|config| ("plane.fresh", config));
        for (place, config) in std::iter::once(("plane.config", &plane.config)).chain(fresh) {
            config
                .validate()
                .map_err(|error| refused(place, error.to_string()))?;
        }
        if plane.runs.len() > MOST_RUNS {
            notes.push(format!("plane.runs: the first {MOST_RUNS} are opened"));
            plane.runs.truncate(MOST_RUNS);
        }
        for run in &mut plane.runs {
            let name = run.name.chars().filter(|c| !c.is_control());
            run.name = name.take(LONGEST_NAME).collect();
        }
        let count = plane.runs.len();
        if let Some(current) = plane.current.take_if(|current| *current >= count) {
            notes.push(format!("plane.current = {current}: there is no such run"));
        }
        for (name, part) in &self.digits {
            part.config
                .validate()
                .map_err(|error| refused(&format!("digits.{name}.config"), error.to_string()))?;
        }
        Ok(notes)
    }
}
