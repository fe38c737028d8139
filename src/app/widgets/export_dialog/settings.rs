//! How the figure is to be: size, look, format, and what an animation shows.

use egui::{Checkbox, ComboBox, DragValue, Grid, Label, RichText, TextEdit, Ui};

use crate::app::export::{Along, Film, Options};
use crate::app::theme;
use crate::figure::{Format, Sequential, Style, Theme};

/// Centimetres in an inch.
const INCH: f64 = 2.54;
/// Resolutions to choose from, in dots per inch.
const DPI: [f64; 4] = [96.0, 150.0, 300.0, 600.0];
/// Tooltip of the length of a film.
const LENGTH_HINT: &str = "How long the film takes";
/// Enough for a film.
const SCREEN_DPI: f64 = 150.0;
/// Usual sizes.
const SIZES: [(&str, Style); 3] = [
    ("One column, 8.5 cm", Style::ONE_COLUMN),
    ("Two columns, 17.5 cm", Style::TWO_COLUMNS),
    ("Slide, 16:9", Style::SLIDE),
];

/// Draws all settings.
pub fn settings_ui(ui: &mut Ui, options: &mut Options, moments: usize, has_ffmpeg: bool) {
    Grid::new("export")
        .num_columns(2)
        .spacing([12.0, 8.0])
        .show(ui, |ui| {
            format_ui(ui, options);
            if options.format.moves() {
                film_ui(ui, &mut options.film, moments);
            }
            size_ui(ui, options);
            look_ui(ui, options);
        });
    if options.format == Format::Mp4 {
        let p = theme::palette(ui);
        let (text, color) = match (has_ffmpeg, options.style.transparent) {
            (false, _) => (
                "MP4 needs the program ffmpeg, which is not on the path. GIF and APNG do not.",
                p.error,
            ),
            (true, true) => ("MP4 has no transparency: choose a paper.", p.error),
            (true, false) => return,
        };
        ui.add(Label::new(RichText::new(text).color(color)).wrap());
    }
}

fn format_ui(ui: &mut Ui, options: &mut Options) {
    let before = options.format;
    let label = ui.label("Format").id;
    ComboBox::from_id_salt("format")
        .width(190.0)
        .selected_text(format_label(options.format))
        .show_ui(ui, |ui| {
            for format in Format::ALL {
                let text = format_label(format);
                ui.selectable_value(&mut options.format, format, text);
            }
        })
        .response
        .labelled_by(label)
        .on_hover_text("Pixels for slides, vectors for papers, films, or the numbers");
    ui.end_row();
    if options.format.moves() && !before.moves() {
        // Animations are watched on screens: fewer pixels unless they are asked for.
        options.style.dpi = options.style.dpi.min(SCREEN_DPI);
    }
}

/// From where to where, how long, how smooth.
fn film_ui(ui: &mut Ui, film: &mut Film, moments: usize) {
    ui.label("Shows");
    ui.horizontal(|ui| {
        let hint = "The flow from one time to another";
        ui.selectable_value(&mut film.along, Along::Time, "A scrub of t")
            .on_hover_text(hint);
        let hint = "What this lesson showed while a network trained, at the t of the stage; in \
                    Learning, the kept iterations";
        ui.selectable_value(&mut film.along, Along::Training, "The training")
            .on_hover_text(hint);
    });
    ui.end_row();
    if film.along == Along::Training {
        training_ui(ui, film, moments);
        return;
    }
    let label = ui.label("Time t").id;
    ui.horizontal(|ui| {
        for (value, name, hint) in [
            (&mut film.from, "from ", "Time that the film begins with"),
            (&mut film.to, "to ", "Time that the film ends with"),
        ] {
            let drag = DragValue::new(value).range(0.0..=1.0).speed(0.01);
            let drag = ui.add(drag.prefix(name).max_decimals(2));
            drag.labelled_by(label).on_hover_text(hint);
        }
    });
    ui.end_row();
    let label = ui.label("Film").id;
    ui.horizontal(|ui| {
        let seconds = DragValue::new(&mut film.seconds)
            .range(0.2..=60.0)
            .speed(0.1);
        ui.add(seconds.suffix(" s").max_decimals(1))
            .labelled_by(label)
            .on_hover_text(LENGTH_HINT);
        let fps = DragValue::new(&mut film.fps).range(1..=50).speed(0.2);
        ui.add(fps.suffix(" frames/s"))
            .labelled_by(label)
            .on_hover_text("More pictures move more smoothly and make a larger file");
    });
    ui.end_row();
}

/// How many pictures of a training there are, and how long they take.
fn training_ui(ui: &mut Ui, film: &mut Film, moments: usize) {
    ui.label("Pictures");
    let text = match moments {
        0 => "none yet: train in this lesson".to_owned(),
        1 => "1 moment".to_owned(),
        many => format!("{many} moments"),
    };
    ui.label(text);
    ui.end_row();
    let label = ui.label("Film").id;
    let seconds = DragValue::new(&mut film.seconds)
        .range(0.2..=60.0)
        .speed(0.1);
    ui.add(seconds.suffix(" s").max_decimals(1))
        .labelled_by(label)
        .on_hover_text(LENGTH_HINT);
    ui.end_row();
}

fn size_ui(ui: &mut Ui, options: &mut Options) {
    let before = options.style.clone();
    let style = &mut options.style;
    let same =
        |usual: &Style| usual.width_cm == style.width_cm && usual.height_cm == style.height_cm;
    let chosen = SIZES.iter().find(|(_, usual)| same(usual));
    let label = ui.label("Size").id;
    ComboBox::from_id_salt("size")
        .width(190.0)
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
        })
        .response
        .labelled_by(label)
        .on_hover_text("Width, height, type size and resolution for a usual place");
    ui.end_row();
    let (unit, scale) = if options.inches {
        (" in", INCH)
    } else {
        (" cm", 1.0)
    };
    let length = |ui: &mut Ui, cm: &mut f64, label: egui::Id, hint: &str| {
        let mut shown = (*cm / scale * 100.0).round() / 100.0;
        let range = 2.0 / scale..=60.0 / scale;
        let drag = DragValue::new(&mut shown)
            .range(range)
            .speed(0.05)
            .suffix(unit);
        let drag = ui.add(drag).labelled_by(label).on_hover_text(hint);
        if drag.changed() {
            *cm = shown * scale;
        }
    };
    let label = ui.label("Width").id;
    ui.horizontal(|ui| {
        length(ui, &mut style.width_cm, label, "How wide the figure is");
        ui.selectable_value(&mut options.inches, false, "cm")
            .on_hover_text("Show lengths in centimetres");
        ui.selectable_value(&mut options.inches, true, "in")
            .on_hover_text("Show lengths in inches");
    });
    ui.end_row();
    let label = ui.label("Height").id;
    ui.horizontal(|ui| {
        let mut own = style.height_cm.is_some();
        ui.add_enabled_ui(own, |ui| {
            let mut cm = style.height_cm.unwrap_or(style.width_cm);
            length(
                ui,
                &mut cm,
                label,
                "How high the figure is, where that is fixed",
            );
            if own {
                style.height_cm = Some(cm);
            }
        });
        let hint = "Choose the height, too; otherwise it follows from the width";
        if ui.checkbox(&mut own, "fixed").on_hover_text(hint).changed() {
            style.height_cm = own.then_some(style.width_cm);
        }
    });
    ui.end_row();
    // From now on the size is the user's, whatever figure comes next.
    let now = &options.style;
    options.sized |= (before.width_cm, before.height_cm) != (now.width_cm, now.height_cm);
}

fn look_ui(ui: &mut Ui, options: &mut Options) {
    let style = &mut options.style;
    let label = ui.label("Resolution").id;
    ui.horizontal(|ui| {
        let dpi = DragValue::new(&mut style.dpi)
            .range(30.0..=2400.0)
            .speed(1.0);
        ui.add(dpi.suffix(" dpi").max_decimals(0))
            .labelled_by(label)
            .on_hover_text("Pixels in an inch: 150 for a screen, 300 or more for print");
        ui.name_inputs("Usual resolutions", |ui| {
            ComboBox::from_id_salt("dpi")
                .width(84.0)
                .selected_text("Usual")
                .show_ui(ui, |ui| {
                    for dpi in DPI {
                        ui.selectable_value(&mut style.dpi, dpi, format!("{dpi} dpi"));
                    }
                })
                .response
                .on_hover_text("Resolutions that are often asked for");
        });
    });
    ui.end_row();
    let label = ui.label("Type size").id;
    let size = DragValue::new(&mut style.font_pt)
        .range(4.0..=60.0)
        .speed(0.1);
    ui.add(size.suffix(" pt"))
        .labelled_by(label)
        .on_hover_text("Size of the letters as printed");
    ui.end_row();
    ui.label("Paper");
    ui.horizontal(|ui| {
        ui.selectable_value(&mut style.theme, Theme::Light, "Light")
            .on_hover_text("Dark ink on light paper");
        ui.selectable_value(&mut style.theme, Theme::Dark, "Dark")
            .on_hover_text("Light ink on dark paper");
        ui.add(Checkbox::new(&mut style.transparent, "Transparent"))
            .on_hover_text("Leave the paper out: a slide shows through");
    });
    ui.end_row();
    ui.label("Heat maps");
    ui.horizontal(|ui| {
        for map in Sequential::ALL {
            ui.selectable_value(&mut style.map, map, map.label())
                .on_hover_text("Colours of heat maps; all can be told apart by the colour-blind");
        }
    });
    ui.end_row();
    ui.label("Show");
    ui.horizontal(|ui| {
        ui.add(Checkbox::new(&mut options.titled, "Title"))
            .on_hover_text("Write a title above the figure");
        ui.add(Checkbox::new(&mut style.axes, "Axes"))
            .on_hover_text("Draw axes with their numbers");
        ui.add(Checkbox::new(&mut style.legend, "Legend"))
            .on_hover_text("Say which colour is what");
    });
    ui.end_row();
    let label = ui.label("Title").id;
    let field = TextEdit::singleline(&mut options.title)
        .hint_text("the figure’s own")
        .desired_width(200.0);
    ui.add_enabled(options.titled, field)
        .labelled_by(label)
        .on_hover_text("The title; empty gives the figure’s own");
    ui.end_row();
}

fn format_label(format: Format) -> &'static str {
    match format {
        Format::Png => "PNG, pixels",
        Format::Svg => "SVG, vectors",
        Format::Pdf => "PDF, vectors",
        Format::Gif => "GIF, a film",
        Format::Apng => "APNG, a film",
        Format::Mp4 => "MP4, a film",
        Format::Csv => "CSV, the numbers",
        Format::Npz => "NPZ, the numbers",
    }
}
