//! The card that asks how a figure is exported, with a preview.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{
    Align2, Button, Checkbox, ColorImage, ComboBox, DragValue, Grid, Image, Key, RichText, Spinner,
    TextEdit, TextureHandle, TextureOptions, Ui, Window, vec2,
};

use super::path_picker::{PathPicker, Wanted};
use crate::app::export::{Exporter, Figure, Options};
use crate::app::theme;
use crate::figure::page::Picture;
use crate::figure::{Format, Style, Theme};

/// Sides of the preview, in points.
const PREVIEW: f32 = 360.0;
/// Centimetres in an inch.
const INCH: f64 = 2.54;
/// Resolutions to choose from, in dots per inch.
const DPI: [f64; 4] = [96.0, 150.0, 300.0, 600.0];
/// Usual sizes.
const SIZES: [(&str, Style); 3] = [
    ("One column, 8.5 cm", Style::ONE_COLUMN),
    ("Two columns, 17.5 cm", Style::TWO_COLUMNS),
    ("Slide, 16:9", Style::SLIDE),
];

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
    /// Give the work up.
    Cancel,
}

/// The card; its figure is the one that was shown when it opened.
pub struct ExportDialog {
    /// The picture.
    pub figure: Figure,
    /// What came of the last export, in one line.
    pub said: String,
    number: u64,
    picker: PathPicker,
    texture: Option<(Arc<Result<Picture, String>>, TextureHandle)>,
}

impl ExportDialog {
    /// Opens the card for a figure; `number` tells it from others.
    pub fn new(figure: Figure, number: u64, path: String) -> Self {
        Self {
            figure,
            said: String::new(),
            number,
            picker: PathPicker::new(path),
            texture: None,
        }
    }

    /// Draws the card.
    pub fn show(&mut self, ui: &mut Ui, options: &mut Options, exporter: &mut Exporter) -> Answer {
        let mut answer = Answer::Open;
        Window::new("Export the figure")
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .collapsible(false)
            .resizable(false)
            .show(&ui.ctx().clone(), |ui| {
                ui.set_width(PREVIEW + 340.0);
                ui.horizontal_top(|ui| {
                    ui.vertical(|ui| {
                        ui.set_width(320.0);
                        self.settings_ui(ui, options);
                    });
                    self.preview_ui(ui, options, exporter);
                });
                ui.add_space(6.0);
                answer = self.file_ui(ui, options, exporter);
            });
        answer
    }

    fn settings_ui(&mut self, ui: &mut Ui, options: &mut Options) {
        Grid::new("export")
            .num_columns(2)
            .spacing([12.0, 8.0])
            .show(ui, |ui| {
                size_ui(ui, options);
                let style = &mut options.style;
                let label = ui.label("Resolution").id;
                ui.label_inputs_by(label, |ui| {
                    ComboBox::from_id_salt("dpi")
                        .selected_text(format!("{} dpi", style.dpi))
                        .show_ui(ui, |ui| {
                            for dpi in DPI {
                                ui.selectable_value(&mut style.dpi, dpi, format!("{dpi} dpi"));
                            }
                        });
                });
                ui.end_row();
                let label = ui.label("Type size").id;
                let size = DragValue::new(&mut style.font_pt)
                    .range(4.0..=60.0)
                    .speed(0.1);
                ui.add(size.suffix(" pt")).labelled_by(label);
                ui.end_row();
                ui.label("Paper");
                ui.horizontal(|ui| {
                    ui.selectable_value(&mut style.theme, Theme::Light, "Light");
                    ui.selectable_value(&mut style.theme, Theme::Dark, "Dark");
                    ui.add(Checkbox::new(&mut style.transparent, "Transparent"));
                });
                ui.end_row();
                ui.label("Show");
                ui.horizontal(|ui| {
                    ui.add(Checkbox::new(&mut style.axes, "Axes"));
                    ui.add(Checkbox::new(&mut style.legend, "Legend"));
                });
                ui.end_row();
                let label = ui.label("Title").id;
                ui.add(TextEdit::singleline(&mut options.title).desired_width(200.0))
                    .labelled_by(label);
                ui.end_row();
                let label = ui.label("Format").id;
                ui.label_inputs_by(label, |ui| {
                    ComboBox::from_id_salt("format")
                        .selected_text(format_label(options.format))
                        .show_ui(ui, |ui| {
                            for format in Format::ALL {
                                let text = format_label(format);
                                ui.selectable_value(&mut options.format, format, text);
                            }
                        });
                });
                ui.end_row();
            });
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
                Ok(picture) => {
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
        ui.allocate_ui(place, |ui| {
            ui.set_min_size(place);
            match &self.texture {
                Some((preview, texture)) => match preview.as_ref() {
                    Ok(_) => {
                        let image = Image::new(texture)
                            .max_size(place)
                            .maintain_aspect_ratio(true);
                        ui.add(image.alt_text("Preview of the figure"));
                    }
                    Err(reason) => {
                        ui.colored_label(theme::palette(ui).error, reason);
                    }
                },
                None => {
                    ui.add(Spinner::new());
                }
            }
        });
    }

    fn file_ui(&mut self, ui: &mut Ui, options: &Options, exporter: &Exporter) -> Answer {
        let mut answer = Answer::Open;
        let kind = options.format.extension();
        let path = PathBuf::from(self.picker.path.trim());
        if !self.picker.path.trim().is_empty() && path.extension().is_none_or(|end| end != kind) {
            self.picker.path = path.with_extension(kind).display().to_string();
        }
        let entered = self.picker.show(ui, "File:", Wanted::NewFile);
        let path = self.picker.chosen();
        let there = path.as_ref().is_some_and(|path| path.exists());
        ui.horizontal(|ui| {
            let verb = if there { "Replace" } else { "Export" };
            let ready = path.is_some() && !exporter.is_busy();
            let export = ui.add_enabled(ready, Button::new(verb)).clicked();
            if let Some(path) = path.filter(|_| export || (entered && !there && ready)) {
                answer = Answer::Write(path);
            }
            let copy = ui.add_enabled(!exporter.is_busy(), Button::new("Copy picture"));
            if copy.on_hover_text("To the clipboard, as pixels").clicked() {
                answer = Answer::Copy;
            }
            if exporter.is_busy() {
                ui.add(Spinner::new());
                if ui.button("Cancel").clicked() {
                    answer = Answer::Cancel;
                }
            } else if ui.button("Close").clicked() {
                answer = Answer::Left;
            }
            ui.label(RichText::new(&self.said).small());
        });
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            answer = Answer::Left;
        }
        answer
    }
}

fn size_ui(ui: &mut Ui, options: &mut Options) {
    let style = &mut options.style;
    let same =
        |usual: &Style| usual.width_cm == style.width_cm && usual.height_cm == style.height_cm;
    let chosen = SIZES.iter().find(|(_, usual)| same(usual));
    let label = ui.label("Size").id;
    ui.label_inputs_by(label, |ui| {
        ComboBox::from_id_salt("size")
            .selected_text(chosen.map_or("As below", |(name, _)| name))
            .show_ui(ui, |ui| {
                for (name, usual) in SIZES {
                    if ui
                        .selectable_label(chosen.is_some_and(|c| c.0 == name), name)
                        .clicked()
                    {
                        style.width_cm = usual.width_cm;
                        style.height_cm = usual.height_cm;
                        style.font_pt = usual.font_pt;
                        style.dpi = usual.dpi;
                    }
                }
            });
    });
    ui.end_row();
    let (unit, scale) = if options.inches {
        (" in", INCH)
    } else {
        (" cm", 1.0)
    };
    let length = |ui: &mut Ui, cm: &mut f64, label: egui::Id| {
        let mut shown = (*cm / scale * 100.0).round() / 100.0;
        let range = 2.0 / scale..=60.0 / scale;
        let drag = DragValue::new(&mut shown)
            .range(range)
            .speed(0.05)
            .suffix(unit);
        if ui.add(drag).labelled_by(label).changed() {
            *cm = shown * scale;
        }
    };
    let label = ui.label("Width").id;
    ui.horizontal(|ui| {
        length(ui, &mut style.width_cm, label);
        ui.selectable_value(&mut options.inches, false, "cm");
        ui.selectable_value(&mut options.inches, true, "in");
    });
    ui.end_row();
    let label = ui.label("Height").id;
    ui.horizontal(|ui| {
        let mut own = style.height_cm.is_some();
        ui.add_enabled_ui(own, |ui| {
            let mut cm = style.height_cm.unwrap_or(style.width_cm);
            length(ui, &mut cm, label);
            if own {
                style.height_cm = Some(cm);
            }
        });
        if ui.checkbox(&mut own, "fixed").changed() {
            style.height_cm = own.then_some(style.width_cm);
        }
    });
    ui.end_row();
}

fn format_label(format: Format) -> &'static str {
    match format {
        Format::Png => "PNG, pixels",
        Format::Svg => "SVG, vectors",
        Format::Pdf => "PDF, vectors",
        Format::Gif => "GIF, the flow from 0 to 1",
        Format::Apng => "APNG, the flow from 0 to 1",
        Format::Csv => "CSV, the numbers",
        Format::Npz => "NPZ, the numbers",
    }
}
