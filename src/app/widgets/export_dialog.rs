//! The card that asks how a figure is exported, with a preview.

mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{
    Align2, Button, ColorImage, Frame, Image, Key, ProgressBar, RichText, Spinner, TextureHandle,
    TextureOptions, Ui, Window, vec2,
};

use super::path_picker::{PathPicker, Wanted};
use crate::app::export::{Along, Exporter, Options, Preview};
use crate::app::figure::Figure;
use crate::app::theme;
use crate::figure::{Format, mp4};

/// Sides of the preview, in points.
const PREVIEW: f32 = 380.0;
/// Width of the settings, in points.
const SETTINGS: f32 = 330.0;

/// What the user did with the card this frame.
pub enum Answer {
    /// Nothing yet.
    Open,
    /// Closed.
    Left,
    /// Write this file.
    Write(PathBuf),
    /// Copy the picture.
    Copy,
    /// Ask for a figure whose settings come back.
    Settings,
    /// Give the work up.
    Cancel,
}

/// The card; its figure is the one that was shown when it opened.
pub struct ExportDialog {
    /// The place of the lesson that showed it.
    pub place: usize,
    /// The picture.
    pub figure: Figure,
    /// What came of the last export, in one line.
    pub said: String,
    number: u64,
    picker: PathPicker,
    /// The ending that the path was last given.
    kind: &'static str,
    texture: Option<(Arc<Preview>, TextureHandle)>,
    has_ffmpeg: bool,
}

impl ExportDialog {
    /// Opens the card for a figure of the lesson at a place; `number` tells it from others.
    pub fn new(place: usize, figure: Figure, number: u64, path: String) -> Self {
        Self {
            place,
            figure,
            said: String::new(),
            number,
            kind: Format::of(Path::new(&path)).map_or("", Format::extension),
            picker: PathPicker::new(path),
            texture: None,
            has_ffmpeg: mp4::is_there(),
        }
    }

    /// Draws the card; `moments` is how many pictures of a training there are.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        options: &mut Options,
        moments: usize,
        exporter: &mut Exporter,
    ) -> Answer {
        let mut answer = Answer::Open;
        Window::new("Export the figure")
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                // What is larger than the window is reached by scrolling.
                let room = ui.ctx().content_rect().height() - 90.0;
                egui::ScrollArea::vertical()
                    .max_height(room)
                    .min_scrolled_height(room)
                    .show(ui, |ui| {
                        ui.set_width(PREVIEW + SETTINGS + 20.0);
                        ui.horizontal_top(|ui| {
                            ui.vertical(|ui| {
                                ui.set_width(SETTINGS);
                                settings::settings_ui(ui, options, moments, self.has_ffmpeg);
                            });
                            self.preview_ui(ui, options, exporter);
                        });
                        ui.add_space(6.0);
                        let some = options.film.along == Along::Time || moments > 0;
                        answer = self.file_ui(ui, options, some, exporter);
                    });
            });
        answer
    }

    fn preview_ui(&mut self, ui: &mut Ui, options: &Options, exporter: &mut Exporter) {
        let preview = exporter.preview(self.number, &self.figure, options);
        if let Some(preview) = preview
            && self
                .texture
                .as_ref()
                .is_none_or(|(shown, _)| !Arc::ptr_eq(shown, &preview))
        {
            let image = match preview.as_ref() {
                Ok((picture, _)) => {
                    let size = [picture.width as usize, picture.height as usize];
                    ColorImage::from_rgba_unmultiplied(size, &picture.rgba)
                }
                Err(_) => ColorImage::default(),
            };
            let texture = ui
                .ctx()
                .load_texture("export", image, TextureOptions::LINEAR);
            self.texture = Some((preview, texture));
        }
        let place = vec2(PREVIEW, PREVIEW);
        let p = theme::palette(ui);
        ui.vertical(|ui| {
            ui.allocate_ui(place, |ui| {
                ui.set_min_size(place);
                match &self.texture {
                    Some((preview, texture)) => match preview.as_ref() {
                        Ok(_) => {
                            // A rim shows where the paper ends.
                            let rim = Frame::new().stroke(egui::Stroke::new(1.0, p.hairline));
                            rim.show(ui, |ui| {
                                let image = Image::new(texture)
                                    .max_size(place)
                                    .maintain_aspect_ratio(true);
                                ui.add(image.alt_text("Preview of the figure"));
                            });
                        }
                        Err(reason) => {
                            ui.colored_label(p.error, reason);
                        }
                    },
                    None => {
                        ui.add(Spinner::new());
                    }
                }
            });
            let size = match self.texture.as_ref().map(|(preview, _)| preview.as_ref()) {
                Some(Ok((_, size))) => Some(size),
                _ => None,
            };
            match size {
                Some(Ok([w, h])) => {
                    let text = format!("{w} × {h} pixels at {} dpi", options.style.dpi);
                    ui.label(RichText::new(text).small().weak());
                }
                Some(Err(reason)) => {
                    ui.add(egui::Label::new(RichText::new(reason).small().color(p.error)).wrap());
                }
                None => {
                    ui.label(" ");
                }
            }
        });
    }

    /// Whether the file can have the size that is asked for.
    fn fits(&self) -> bool {
        let shown = self.texture.as_ref().map(|(preview, _)| preview.as_ref());
        matches!(shown, Some(Ok((_, Ok(_)))))
    }

    fn file_ui(
        &mut self,
        ui: &mut Ui,
        options: &Options,
        some: bool,
        exporter: &Exporter,
    ) -> Answer {
        let mut answer = Answer::Open;
        let kind = options.format.extension();
        if self.kind != kind {
            let path = PathBuf::from(self.picker.path.trim());
            if path.extension().is_some_and(|end| end == self.kind) {
                self.picker.path = path.with_extension(kind).display().to_string();
            }
            self.kind = kind;
        }
        let entered = self.picker.show(ui, "File:", Wanted::NewFile);
        let path = self.picker.chosen().map(|path| ending(path, kind));
        let there = path.as_ref().is_some_and(|path| path.exists());
        ui.horizontal(|ui| {
            let verb = if there { "Replace" } else { "Export" };
            let film = (options.format != Format::Mp4 || self.has_ffmpeg)
                && (some || !options.format.moves());
            let ready = path.is_some() && !exporter.is_busy() && self.fits() && film;
            let export = ui.add_enabled(ready, Button::new(verb));
            let export = export
                .on_hover_text("Write the figure into this file")
                .clicked();
            if let Some(path) = path.filter(|_| export || (entered && !there && ready)) {
                answer = Answer::Write(path);
            }
            let copy = ui.add_enabled(!exporter.is_busy(), Button::new("Copy picture"));
            if copy.on_hover_text("To the clipboard, as pixels").clicked() {
                answer = Answer::Copy;
            }
            if exporter.is_busy() {
                match exporter.progress() {
                    Some([done, all]) => {
                        let share = done as f32 / all as f32;
                        let text = format!("{done} / {all}");
                        let bar = ProgressBar::new(share).desired_width(140.0).text(text);
                        ui.add(bar);
                        // Frames are counted on other threads.
                        ui.ctx()
                            .request_repaint_after(std::time::Duration::from_millis(100));
                    }
                    None => {
                        ui.add(Spinner::new());
                    }
                }
                if ui
                    .button("Cancel")
                    .on_hover_text("Stop writing; no half a file stays")
                    .clicked()
                {
                    answer = Answer::Cancel;
                }
            } else if ui
                .button("Close")
                .on_hover_text("Back to the lesson; what is set here stays (Esc)")
                .clicked()
            {
                answer = Answer::Left;
            }
            let hint = "Lesson, view, t, seed and look of an exported figure back (Ctrl+Shift+F)";
            let settings = ui.button("Settings from a figure…").on_hover_text(hint);
            if settings.clicked() && !exporter.is_busy() {
                answer = Answer::Settings;
            }
        });
        ui.add(egui::Label::new(RichText::new(&self.said).small()).wrap());
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            answer = Answer::Left;
        }
        answer
    }
}

/// The path with the ending of a format, appended where it has another: a dot in a name is not
/// always before an ending.
fn ending(path: PathBuf, kind: &str) -> PathBuf {
    let has = |end: &std::ffi::OsStr| end.eq_ignore_ascii_case(kind);
    if path.extension().is_some_and(has) {
        return path;
    }
    let mut whole = path.into_os_string();
    whole.push(".");
    whole.push(kind);
    whole.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_in_a_name_is_kept() {
        let named = |path: &str| ending(PathBuf::from(path), "png");
        assert_eq!(named("results_v1.2"), Path::new("results_v1.2.png"));
        assert_eq!(named("figures/a.png"), Path::new("figures/a.png"));
        assert_eq!(named("a.PNG"), Path::new("a.PNG"));
    }
}
