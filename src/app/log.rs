//! What the window has told: every message of the session, and the notices that are still shown.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How long a notice is shown.
pub const NOTICE: Duration = Duration::from_secs(6);
/// Messages that are kept; the oldest make room.
const KEPT: usize = 500;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something was done.
    Notice,
    /// Something went wrong, and somebody should read it.
    Failure,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Line {
    /// How long after the start.
    pub at: Duration,
    /// How much it matters.
    pub kind: Kind,
    /// A sentence.
    pub text: String,
}

impl Line {
    /// Time since the start, kind and sentence: `0:42  Failure  …`.
    pub fn written(&self) -> String {
        let kind = match self.kind {
            Kind::Notice => "Notice",
            Kind::Failure => "Failure",
        };
        format!("{}  {kind}  {}", self.time(), self.text)
    }

    /// Minutes and seconds since the start.
    pub fn time(&self) -> String {
        super::widgets::number::duration(self.at.as_secs_f64())
    }
}

/// All messages of the session.
pub struct Log {
    start: Instant,
    lines: Vec<Line>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            lines: Vec::new(),
        }
    }
}

impl Log {
    /// Adds a message; a notice that was just given is not given again.
    pub fn add(&mut self, kind: Kind, text: &str) {
        let again = |line: &Line| kind == Kind::Notice && line.kind == kind && line.text == text;
        if self.lines.last().is_some_and(again) {
            return;
        }
        if self.lines.len() >= KEPT {
            self.lines.remove(0);
        }
        self.lines.push(Line {
            at: self.start.elapsed(),
            kind,
            text: text.to_owned(),
        });
    }

    /// The messages, the oldest first.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The notices that are still shown, each with the time it has left.
    pub fn recent(&self) -> Vec<(&Line, Duration)> {
        let now = self.start.elapsed();
        let notices = self.lines.iter().filter(|line| line.kind == Kind::Notice);
        let left = notices.map(|line| (line, (line.at + NOTICE).saturating_sub(now)));
        left.filter(|(_, left)| !left.is_zero()).collect()
    }

    /// All of it as text, a message a line.
    pub fn written(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            // Writing into a string cannot fail.
            _ = writeln!(text, "{}", line.written());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_order_and_notices_fade() {
        let mut log = Log::default();
        log.add(Kind::Notice, "Saved to runs/a");
        log.add(Kind::Notice, "Saved to runs/a");
        log.add(Kind::Failure, "the disk is full");
        log.add(Kind::Failure, "the disk is full");
        assert_eq!(log.lines().len(), 3);
        assert_eq!(log.recent().len(), 1);
        let text = log.written();
        assert!(text.starts_with("0:00  Notice  Saved to runs/a\n0:00  Failure  the disk"));
        // Seven seconds later.
        log.start -= NOTICE + Duration::from_secs(1);
        assert!(log.recent().is_empty());
        log.add(Kind::Notice, "Opened runs/b");
        assert_eq!(log.recent().len(), 1);
        assert_eq!(log.lines()[3].time(), "0:07");
    }

    #[test]
    fn a_long_session_forgets_the_oldest() {
        let mut log = Log::default();
        (0..KEPT + 20).for_each(|i| log.add(Kind::Failure, &i.to_string()));
        assert_eq!(log.lines().len(), KEPT);
        assert_eq!(log.lines()[0].text, "20");
    }
}
