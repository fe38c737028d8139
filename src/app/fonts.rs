//! The shipped faces: Inter with tabular figures for text, STIX Math for formulas.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

use super::theme;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/InterTabular-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/InterTabular-SemiBold.otf");
const MATHS: &[u8] = include_bytes!("../../assets/fonts/STIXMath-Regular.otf");

/// Puts the shipped faces in front of egui's own, which stay as a fallback for rare symbols.
pub fn install(ctx: &egui::Context) {
    let mut fonts = FontDefinitions::default();
    let fallback = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    for (name, bytes) in [
        ("inter", REGULAR),
        ("inter-semibold", SEMIBOLD),
        ("stix", MATHS),
    ] {
        let data = Arc::new(FontData::from_static(bytes));
        fonts.font_data.insert(name.to_owned(), data);
    }
    let stack = |first: &str| {
        // The maths face has the signs that the text face lacks, such as ∇.
        let mut names = vec![first.to_owned()];
        names.extend((first != "stix").then(|| "stix".to_owned()));
        names.extend(fallback.iter().cloned());
        names
    };
    let families = [
        (FontFamily::Proportional, stack("inter")),
        (FontFamily::Monospace, stack("inter")),
        (theme::semibold(), stack("inter-semibold")),
        (theme::maths(), stack("stix")),
    ];
    fonts.families.extend(families);
    ctx.set_fonts(fonts);
}
