//! The way back from the file of a figure: lesson, view, t, seed and look as they were.

use std::path::{Path, PathBuf};

use egui::{Context, Event};
use serde_json::Value;

use super::App;
use super::digits::Part;
use super::figure;
use super::lessons;
use crate::figure::Meta;
use crate::train::images::store;

/// A larger file is no figure of ours.
const LARGEST: u64 = 2 << 30;

/// What the file of a lesson's figure says.
pub struct Found {
    path: PathBuf,
    lesson: String,
    meta: Meta,
    /// The run folder that it shows.
    run: Option<PathBuf>,
    /// Whether that is a run of the image lab.
    image: bool,
}

impl Found {
    /// Reads a file; for a thread.
    ///
    /// # Errors
    /// A sentence that names the file: it cannot be read, holds no settings, or is a figure that
    /// no lesson shows.
    pub fn read(path: &Path) -> Result<Self, String> {
        let named = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let about = std::fs::metadata(path).map_err(|error| named(&error))?;
        if !about.is_file() || about.len() > LARGEST {
            return Err(named(&"is no file of a figure"));
        }
        let bytes = std::fs::read(path).map_err(|error| named(&error))?;
        let meta = Meta::find(&bytes).ok_or_else(|| {
            named(&"holds no settings of a figure. Those that Flow Lab exports do, but CSV and NPZ")
        })?;
        let all = lessons::all();
        let lesson = meta.figure.strip_prefix("lesson-");
        let lesson = lesson.filter(|name| all.iter().any(|known| known.name() == *name));
        let Some(lesson) = lesson.map(str::to_owned) else {
            return Err(named(&format_args!(
                "is the figure {}, which no lesson shows. On the command line, flowlab figure \
                 --from makes it again",
                meta.figure
            )));
        };
        let run = meta.runs.first().map(PathBuf::from);
        let image = match meta.runs.first() {
            Some(run) => store::task_of(run)
                .map_err(|error| named(&format_args!("shows a run that is not there: {error}")))?
                .is_some(),
            None => false,
        };
        Ok(Self {
            path: path.to_owned(),
            lesson,
            meta,
            run,
            image,
        })
    }
}

/// Settings that a lesson is given once more when its first picture is there: it may take its own
/// back while it opens.
#[derive(Default)]
pub(super) struct Restoring {
    view: Option<(usize, Value)>,
    calm: u8,
}

impl App {
    /// Puts everything back that a figure's file says.
    pub(super) fn restore_figure(&mut self, found: Found) {
        let place = self.lessons.iter().position(|l| l.name() == found.lesson);
        let Some(place) = place else {
            return;
        };
        self.current = place;
        let part = self.lessons[place].part();
        if let Err(sentence) = self.restore_stage(&found, part) {
            let file = found.path.display();
            self.lab.training.report(format!("{file}: {sentence}"));
        }
        let clock = &mut self.lab.clock;
        clock.pause();
        if let Some(t) = found.meta.t {
            clock.seek(t);
        }
        let Self { lab, lessons, .. } = self;
        let lesson = &mut lessons[place];
        lesson.logic(lab);
        lesson.set_view(&found.meta.view);
        let title = lesson.title();
        self.restoring = Restoring {
            view: Some((place, found.meta.view)),
            calm: 0,
        };
        self.exporting.options.take(&found.meta.style);
        let file = found.path.display();
        self.lab.training.note = Some(format!(
            "{title} as in {file}, whose weights are {}",
            found.meta.source
        ));
    }

    /// Target, path and weights of the figure.
    fn restore_stage(&mut self, found: &Found, part: Option<Part>) -> Result<(), String> {
        let training = &mut self.lab.training;
        match (&found.run, part) {
            (Some(run), Some(part)) if found.image => {
                self.lab.digits.part(part).open(run.clone());
                return Ok(());
            }
            (Some(run), _) if !found.image => {
                training.open(run.clone());
                return Ok(());
            }
            _ => {}
        }
        let unsaved = |digest: &String| digest.starts_with("f32:");
        let unsaved = found.meta.weights_sha256.as_ref().is_some_and(unsaved);
        let stage = found.meta.view.get("stage").unwrap_or(&Value::Null);
        let there = stage.is_null() || *stage == figure::stage(training);
        if part.is_none() && !(unsaved && there) {
            training.choose_pretrained();
        }
        if stage.is_string() {
            return Err("its target is not in the file. Open its run first (Ctrl+O)".to_owned());
        }
        figure::set_stage(training, stage).map_err(|error| error.to_string())?;
        if unsaved && self.lessons[self.current].name() != "mistakes" {
            return Err(format!(
                "its weights were in no file ({}), so the picture may differ. Open their run \
                 (Ctrl+O) if it was saved since",
                found.meta.source
            ));
        }
        Ok(())
    }

    /// Gives the settings once more when nothing is on its way; whatever the user does first wins.
    pub(super) fn restoring_logic(&mut self, ctx: &Context) {
        let Some((place, _)) = &self.restoring.view else {
            return;
        };
        let touched = ctx.input(|input| {
            let acts = |event: &Event| {
                matches!(
                    event,
                    Event::Key { pressed: true, .. } | Event::PointerButton { pressed: true, .. }
                )
            };
            input.events.iter().any(acts)
        });
        if *place != self.current || touched {
            self.restoring.view = None;
            return;
        }
        if self.is_busy() || !self.lab.training.opening.is_empty() {
            return;
        }
        self.restoring.calm += 1;
        ctx.request_repaint();
        if self.restoring.calm > 2
            && let Some((place, view)) = self.restoring.view.take()
        {
            self.lessons[place].set_view(&view);
        }
    }
}
