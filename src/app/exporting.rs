//! The window's side of an export: it opens the card, hands over the figure, and tells the result.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Context, Ui};

use super::App;
use super::clipboard;
use super::export::{Along, Content, Done, Exporter, Options, free};
use super::figure::Figure;
use super::training::Card;
use super::widgets::export_dialog::{Answer, ExportDialog};

/// What exporting says before the stage shows anything.
pub const NOTHING_TO_EXPORT: &str =
    "There is nothing to export here yet: wait until the picture is there, or show a part of it.";

/// What the window keeps for exports.
pub(super) struct Exporting {
    exporter: Exporter,
    pub(super) options: Options,
    dialog: Option<ExportDialog>,
    /// Where the last file went.
    last: Option<PathBuf>,
    opened: u64,
}

impl Exporting {
    pub(super) fn new(wake: &Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            exporter: Exporter::new(wake),
            options: Options::default(),
            dialog: None,
            last: None,
            opened: 0,
        }
    }

    /// Whether the card takes the keys.
    pub(super) fn is_open(&self) -> bool {
        self.dialog.is_some()
    }
}

impl App {
    /// Opens the card for what is on the stage.
    pub(super) fn export(&mut self) {
        if self.exporting.is_open() {
            return;
        }
        let Some(figure) = self.figure_now() else {
            return self.nothing_to_export();
        };
        let name = self.lessons[self.current].name();
        if !self.exporting.options.sized {
            self.exporting.options.style.width_cm = figure.width_cm;
        }
        let suggested = || PathBuf::from(format!("figures/{name}.png"));
        self.exporting.options.style.map = self.lab.settings.map;
        let path = free(&self.exporting.last.clone().unwrap_or_else(suggested));
        self.exporting.opened += 1;
        let path = path.display().to_string();
        self.exporting.dialog = Some(ExportDialog::new(
            self.current,
            figure,
            self.exporting.opened,
            path,
        ));
    }

    /// Exports what is on the stage as the last time, beside the last file.
    pub(super) fn export_again(&mut self) {
        match self.exporting.last.clone() {
            Some(last) => self.write_figure(free(&last)),
            None => self.export(),
        }
    }

    fn nothing_to_export(&mut self) {
        let messages = &self.lab.training.messages;
        if !messages.iter().any(|known| known == NOTHING_TO_EXPORT) {
            self.lab.training.report(NOTHING_TO_EXPORT.to_owned());
        }
    }

    fn figure_now(&self) -> Option<Figure> {
        self.figure_at(self.lab.clock.t() as f32)
    }

    /// The figure of the lesson on the stage, with what its file says.
    pub fn figure_at(&self, t: f32) -> Option<Figure> {
        let lesson = &self.lessons[self.current];
        let figure = lesson.figure(&self.lab, t)?;
        Some(figure.shown(lesson.as_ref(), &self.lab, f64::from(t)))
    }

    fn write_figure(&mut self, path: PathBuf) {
        // Another lesson may be on the stage since the card was opened.
        let (place, figure) = match &self.exporting.dialog {
            Some(dialog) => (dialog.place, Some(dialog.figure.clone())),
            None => (self.current, self.figure_now()),
        };
        let name = self.lessons[place].name();
        let Options { format, film, .. } = &self.exporting.options;
        let content = match (format.moves(), film.along) {
            (true, Along::Training) => Some(Content::Training(self.training_film(place))),
            (true, Along::Time) => figure.map(|figure| Content::Scrub(figure, film.times())),
            (false, _) => figure.map(Content::Still),
        };
        let content = content.filter(|content| !content.is_empty());
        let Some(content) = content else {
            return self.nothing_to_export();
        };
        let Exporting {
            exporter, options, ..
        } = &mut self.exporting;
        exporter.write(name, content, options, path.clone());
        self.exporting.last = Some(path);
    }

    /// Says in place of a success that copying has failed.
    pub(super) fn not_copied(&mut self, sentence: String) {
        if let Some(dialog) = &mut self.exporting.dialog {
            dialog.said.clone_from(&sentence);
        }
        self.lab.training.note = None;
        self.lab.training.report(sentence);
    }

    /// Draws the card, and tells what came of the work.
    pub(super) fn export_ui(&mut self, ui: &mut Ui, ctx: &Context) {
        if let Some(news) = self.exporting.exporter.news() {
            let failed = matches!(news.1, Done::Failed(_));
            let said = match &news.1 {
                Done::Written(path) => format!("Written: {}", path.display()),
                Done::Failed(reason) => reason.clone(),
                Done::Picture(image) => {
                    clipboard::copy_picture(ctx, image.clone());
                    "Copied".to_owned()
                }
            };
            match &mut self.exporting.dialog {
                Some(dialog) => dialog.said = said,
                None if failed => self.lab.training.report(said),
                None => self.lab.training.note = Some(said),
            }
        }
        let place = self.exporting.dialog.as_ref().map(|dialog| dialog.place);
        let moments = match place.filter(|_| self.exporting.options.format.moves()) {
            Some(place) => self.training_film_len(place),
            None => 0,
        };
        let Exporting {
            exporter,
            options,
            dialog: Some(dialog),
            ..
        } = &mut self.exporting
        else {
            return;
        };
        match dialog.show(ui, options, moments, exporter) {
            Answer::Open => {}
            Answer::Left => self.exporting.dialog = None,
            Answer::Settings => {
                self.exporting.dialog = None;
                self.lab.training.wants = Some(Card::Figure);
            }
            Answer::Cancel => exporter.cancel(),
            Answer::Copy => exporter.copy(dialog.figure.clone(), options),
            Answer::Write(path) => {
                dialog.said.clear();
                self.write_figure(path);
            }
        }
    }
}
