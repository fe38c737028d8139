//! The window as a session, and back.

use std::path::{Path, PathBuf};

use egui::{Context, ViewportCommand};

use super::desk::{Done, Keeping};
use super::plane::{Places, renumber};
use super::{DigitPart, Opened, SessionFile, Time, command_line};
use crate::app::App;
use crate::app::digits::{Digits, Part};
use crate::app::lesson::Lesson;
use crate::train::Command;

/// A lesson may take its settings back while it opens: they are set again when it is ready.
pub type Again = std::collections::BTreeMap<String, serde_json::Value>;

impl App {
    /// What the window shows, without the weights of its runs.
    pub fn session(&self) -> SessionFile {
        let clock = &self.lab.clock;
        let lessons = self.lessons.iter();
        let mut lessons: Again = lessons
            .map(|lesson| (lesson.name().to_owned(), lesson.view()))
            .collect();
        // What was set and has not been shown yet.
        lessons.extend(self.again.clone());
        let mut session = SessionFile {
            lesson: self.lessons[self.current].name().to_owned(),
            window: self.lab.settings.clone(),
            time: Time {
                t: clock.t(),
                speed: clock.speed(),
                looping: clock.looping,
            },
            plane: self.lab.training.plane(),
            digits: digits(&self.lab.digits),
            lessons,
        };
        name_runs(&mut session, &Places::new());
        session
    }

    /// The same with the weights of every run that has learned something: they are being saved
    /// beside the session's file.
    pub(in crate::app) fn session_with_runs(&mut self, keeping: &mut Keeping) -> SessionFile {
        let mut session = self.session();
        let (plane, places) = self.lab.training.plane_with_runs(keeping);
        session.plane = plane;
        for lesson in &self.lessons {
            let view = self.again.get(lesson.name()).cloned();
            let view = view.unwrap_or_else(|| lesson.view());
            session.lessons.insert(lesson.name().to_owned(), view);
        }
        name_runs(&mut session, &places);
        for part in Part::ALL {
            let training = self.lab.digits.part(part);
            let folder = keeping.name(part.name());
            let kept = if let Some(from) = training.folder() {
                keeping.copy(&folder, from);
                true
            } else {
                training.has_learned() && keeping.save_digits(training, &folder)
            };
            if training.has_learned() && !kept {
                keeping.lost.push(part.name().to_owned());
            }
            if let Some(entry) = session.digits.get_mut(part.name()) {
                entry.run = kept.then_some(folder);
            }
        }
        session
    }

    /// Writes the session into a file, on a thread of its own; weights are saved beside it by the
    /// threads of their runs.
    pub fn save_session(&mut self, path: PathBuf) {
        let mut keeping = Keeping::new(&path, false);
        let session = self.session_with_runs(&mut keeping);
        for run in &keeping.lost {
            let text = format!("{run} has ended with an error: the session is without its weights");
            self.lab.training.report(text);
        }
        self.desk.save(path, session, keeping, &self.lab.wake);
    }

    /// Reads a session on a thread of its own; the window shows it when it is there.
    pub fn open_session(&mut self, path: PathBuf) {
        self.desk.open(path, &self.lab.wake);
    }

    /// Takes what the threads of sessions have done.
    pub(in crate::app) fn drain_sessions(&mut self, ctx: &Context) {
        for done in self.desk.drain() {
            match done {
                Done::Saved(path) => self.say(format!("Session saved to {}", path.display())),
                Done::Failed(sentence) => self.lab.training.report(sentence),
                Done::Opened(path, opened) => {
                    self.show_session(&opened, ctx);
                    self.say(format!("Session opened from {}", path.display()));
                }
                Done::Resumed(opened) => {
                    self.show_session(&opened, ctx);
                    self.say("Resumed; Ctrl+S saves the run".to_owned());
                }
            }
        }
    }

    fn show_session(&mut self, opened: &Opened, ctx: &Context) {
        let lecture = self.lab.settings.lecture;
        self.restore(opened);
        if self.lab.settings.lecture != lecture {
            ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!lecture));
        }
    }

    fn say(&mut self, note: String) {
        self.lab.training.note = Some(note);
    }

    /// Shows what a session says. Runs of the window pause and stay in the list.
    pub fn restore(&mut self, opened: &Opened) {
        let Opened {
            session,
            folders,
            notes,
            unsaved,
        } = opened;
        for note in notes {
            self.lab.training.report(note.clone());
        }
        let lessons = &self.lessons;
        match lessons.iter().position(|l| l.name() == session.lesson) {
            Some(place) => self.current = place,
            // A file without a name leaves the lesson as it is.
            None if session.lesson.is_empty() => {}
            None => self.lab.training.report(format!(
                "lesson: there is no lesson `{}`; it stays as it is",
                super::shortened(&session.lesson)
            )),
        }
        self.lab.settings = session.window.clone();
        let clock = &mut self.lab.clock;
        clock.pause();
        clock.seek(session.time.t);
        clock.set_speed(session.time.speed);
        clock.looping = session.time.looping;
        let ids = self.lab.training.restore(&session.plane, folders, *unsaved);
        self.restore_digits(opened);
        self.undo.clear();
        self.again.clear();
        for lesson in &mut self.lessons {
            let Some(view) = session.lessons.get(lesson.name()) else {
                continue;
            };
            let mut view = view.clone();
            renumber(&mut view, &|place| {
                ids.get(usize::try_from(place).ok()?).copied()
            });
            lesson.set_view(&view);
            // What the lesson took, not what the file said.
            let taken = lesson.view();
            self.again.insert(lesson.name().to_owned(), taken);
        }
    }

    fn restore_digits(&mut self, opened: &Opened) {
        let Opened {
            session, folders, ..
        } = opened;
        for part in Part::ALL {
            let training = self.lab.digits.part(part);
            let Some(entry) = session.digits.get(part.name()) else {
                continue;
            };
            if !training.takes(&entry.config) {
                let name = part.name();
                let text = format!("digits.{name}.config: settings of another lesson; left out");
                self.lab.training.report(text);
                continue;
            }
            if training.is_unsaved() && entry.run.is_none() {
                training.tell(Command::Pause);
            } else {
                training.reset();
            }
            if let Some(folder) = entry.run.as_ref().and_then(|run| folders.get(run)) {
                training.open_as(folder.clone(), opened.unsaved);
            }
            training.set_config(entry.config.clone());
        }
    }

    /// Whether runs of a session are still being read.
    pub(in crate::app) fn is_restoring(&self) -> bool {
        let digits = &self.lab.digits;
        let parts = Part::ALL.into_iter();
        self.desk.is_busy()
            || self.lab.training.is_opening()
            || parts
                .map(|part| digits.training(part))
                .any(|t| t.is_opening())
    }

    /// Sets the settings of the lesson on the stage again once its runs are there.
    pub(in crate::app) fn set_again(&mut self) {
        if self.again.is_empty() || self.is_restoring() {
            return;
        }
        let lesson: &mut dyn Lesson = self.lessons[self.current].as_mut();
        if let Some(view) = self.again.remove(lesson.name()) {
            lesson.set_view(&view);
        }
    }

    /// The command line that does what the window shows: the run of the 2-D lab, or the session's
    /// file where it cannot be said in words.
    pub fn command_line(&self) -> Result<String, String> {
        let lesson = self.lessons[self.current].name();
        let plane = self.lessons[self.current].part().is_none();
        let training = &self.lab.training;
        if plane && let Some(line) = command_line::train_toy(&training.config, None) {
            return Ok(line);
        }
        let path = self.desk.path.as_deref().ok_or(
            "The settings of this lesson are in no command line: save the session first \
             (Ctrl+Shift+S), then the command opens it.",
        )?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let words = ["flowlab", "--lesson", lesson, "--session"];
        Ok(format!("{} {}", words.join(" "), quoted_path(&path)))
    }
}

fn quoted_path(path: &Path) -> String {
    command_line::quoted(&path.display().to_string())
}

/// The controls of the image lab, without weights.
fn digits(digits: &Digits) -> std::collections::BTreeMap<String, DigitPart> {
    let part = |part: Part| {
        let config = digits.training(part).config.clone();
        (part.name().to_owned(), DigitPart { config, run: None })
    };
    Part::ALL.into_iter().map(part).collect()
}

/// Runs are called by their places in the session.
fn name_runs(session: &mut SessionFile, places: &Places) {
    for view in session.lessons.values_mut() {
        renumber(view, &|run| places.get(&run).copied());
    }
}
