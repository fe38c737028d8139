//! The clipboard of the system. Where copying fails, egui tells it to the log alone: a listener
//! there makes a message for the user of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use egui::{ColorImage, Context};
use log::{Level, LevelFilter, Log, Metadata, Record, SetLoggerError};

/// Under which name egui's clipboard writes into the log.
const TARGET: &str = "egui_winit::clipboard";
/// How its sentence begins when there is no clipboard at all. From then on it keeps copied text
/// for itself, and says nothing.
const MISSING: &str = "Failed to initialize arboard clipboard: ";

/// What was heard.
#[derive(Default)]
struct Heard {
    failures: u64,
    reason: String,
    /// Why there is no clipboard.
    missing: Option<String>,
}

static HEARD: Mutex<Heard> = Mutex::new(Heard {
    failures: 0,
    reason: String::new(),
    missing: None,
});

fn heard() -> MutexGuard<'static, Heard> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Heard {
    fn fail(&mut self, reason: String) {
        self.failures += 1;
        self.reason = reason;
    }

    fn hear(&mut self, level: Level, text: &str) {
        if let Some(reason) = text.strip_prefix(MISSING) {
            self.missing = Some(reason.to_owned());
        }
        // Whatever is selected is offered for the middle mouse button; nobody asked for that.
        let asked = !text.contains("paste") && !text.contains("primary");
        if level == Level::Error && asked {
            self.fail(text.to_owned());
        }
    }
}

/// The program's log, listened to.
struct Listener<L>(L);

impl<L: Log> Log for Listener<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata) || self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if is_ours(record.metadata()) {
            heard().hear(record.level(), &record.args().to_string());
        }
        self.0.log(record);
    }

    fn flush(&self) {
        self.0.flush();
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.level() <= Level::Warn && metadata.target() == TARGET
}

/// Makes `logger` the log of the program, and listens to what it is told of the clipboard. `most`
/// is the most that it writes.
///
/// # Errors
/// When the program has a log already.
pub fn listen(logger: impl Log + 'static, most: LevelFilter) -> Result<(), SetLoggerError> {
    log::set_boxed_logger(Box::new(Listener(logger)))?;
    log::set_max_level(most.max(LevelFilter::Warn));
    Ok(())
}

/// Copies a picture; that it failed is told by [`Failures::news`].
pub fn copy_picture(ctx: &Context, picture: ColorImage) {
    ctx.copy_image(picture);
    // After this frame it is known.
    ctx.request_repaint();
}

/// Copies a text; that it failed is told by [`Failures::news`].
pub fn copy_text(ctx: &Context, text: String) {
    ctx.copy_text(text);
    ctx.request_repaint();
    // Under Wayland, texts go another way.
    let other = std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty());
    let mut heard = heard();
    if let Some(reason) = heard.missing.clone().filter(|_| !other) {
        heard.fail(reason);
    }
}

/// Failures that a window has told.
pub struct Failures(u64);

impl Default for Failures {
    /// Those before it are not told.
    fn default() -> Self {
        Self(heard().failures)
    }
}

impl Failures {
    /// A sentence when copying has failed since the last call.
    pub fn news(&mut self) -> Option<String> {
        let heard = heard();
        if self.0 == heard.failures {
            return None;
        }
        self.0 = heard.failures;
        Some(format!(
            "Nothing was copied: the clipboard of this system does not work ({}). Export \
             (Ctrl+E) writes a picture into a file.",
            heard.reason
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_copying_that_was_asked_for_fails_aloud() {
        let mut heard = Heard::default();
        heard.hear(Level::Error, "arboard paste error: nothing there");
        heard.hear(Level::Error, "arboard primary copy error: no");
        heard.hear(Level::Warn, &format!("{MISSING}no server"));
        assert_eq!(heard.failures, 0);
        assert_eq!(heard.missing.as_deref(), Some("no server"));
        heard.hear(Level::Error, "arboard copy/cut error: it is in use");
        assert_eq!(heard.failures, 1);
        assert!(heard.reason.contains("in use"));
    }
}
