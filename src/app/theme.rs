//! Every colour of the lab, the light and the dark theme, and the measures of the type.
//!
//! Series colours are those of Okabe and Ito, which stay apart for colour-blind eyes. Nothing
//! outside this file names a colour. Numbers are coloured by viridis or cividis, differences from blue over
//! paper to vermilion.

use egui::epaint::Shadow;
use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Visuals, vec2};
use serde::{Deserialize, Serialize};

use crate::figure::{self, Sequential, Tone};

/// Paper with dark ink, or dark paper with light ink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// For projectors, whose blacks are washed out.
    #[default]
    Light,
    /// For a dark room and a bright screen.
    Dark,
}

impl Theme {
    /// The other one.
    pub fn toggled(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }

    /// The colours of this theme.
    pub fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

/// The colours of a theme, named by what they are for.
#[derive(Clone, Debug)]
pub struct Palette {
    /// Behind everything.
    pub paper: Color32,
    /// Behind the particles; the brightest (light) or deepest (dark) surface.
    pub stage: Color32,
    /// Text and axes.
    pub ink: Color32,
    /// Text that steps back.
    pub muted: Color32,
    /// Rules, grid lines, borders.
    pub hairline: Color32,
    /// A control at rest.
    pub control: Color32,
    /// A control under the pointer.
    pub control_hover: Color32,
    /// A control that is pressed or chosen.
    pub control_active: Color32,
    /// The one call to action, and what is selected.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Particles of the source distribution.
    pub source: Color32,
    /// The target's support behind the particles.
    pub ghost: Color32,
    /// Particles and curves of the trained network.
    pub model: Color32,
    /// Particles and curves of the exact field.
    pub exact: Color32,
    /// Differences between the two, and failures.
    pub error: Color32,
    /// Cells and classes, told apart by hue and lightness.
    pub categories: [Color32; 8],
    /// Behind an error message.
    pub error_paper: Color32,
    /// Soft shade under floating cards.
    pub shade: Color32,
    /// Curves of runs; the first is that of the network. Line styles tell them apart, too.
    pub runs: [Color32; 4],
    /// The colours of numbers that grow.
    pub map: Sequential,
}

static LIGHT: Palette = LIGHT_VIRIDIS;
static DARK: Palette = DARK_VIRIDIS;
static LIGHT_CIVIDIS: Palette = Palette {
    map: Sequential::Cividis,
    ..LIGHT_VIRIDIS
};
static DARK_CIVIDIS: Palette = Palette {
    map: Sequential::Cividis,
    ..DARK_VIRIDIS
};

const LIGHT_VIRIDIS: Palette = Palette {
    map: Sequential::Viridis,
    paper: Color32::from_rgb(0xFB, 0xFA, 0xF7),
    stage: Color32::from_rgb(0xFF, 0xFF, 0xFE),
    ink: Color32::from_rgb(0x1B, 0x1D, 0x22),
    muted: Color32::from_rgb(0x62, 0x64, 0x6B),
    hairline: Color32::from_rgb(0xD9, 0xD6, 0xCE),
    control: Color32::from_rgb(0xF1, 0xEF, 0xE9),
    control_hover: Color32::from_rgb(0xE8, 0xE5, 0xDD),
    control_active: Color32::from_rgb(0xDD, 0xD9, 0xCF),
    accent: Color32::from_rgb(0x1B, 0x1D, 0x22),
    on_accent: Color32::from_rgb(0xFB, 0xFA, 0xF7),
    source: Color32::from_rgb(0x00, 0x72, 0xB2),
    ghost: Color32::from_rgba_premultiplied(0x2E, 0x2E, 0x2E, 0x59),
    model: Color32::from_rgb(0xD5, 0x5E, 0x00),
    exact: Color32::from_rgb(0x00, 0x9E, 0x73),
    error: Color32::from_rgb(0xB0, 0x4A, 0x86),
    categories: [
        Color32::from_rgb(0x00, 0x72, 0xB2),
        Color32::from_rgb(0xD5, 0x5E, 0x00),
        Color32::from_rgb(0x00, 0x8F, 0x68),
        Color32::from_rgb(0xB0, 0x4A, 0x86),
        Color32::from_rgb(0xBB, 0x8B, 0x32),
        Color32::from_rgb(0x2F, 0x93, 0xCC),
        Color32::from_rgb(0x5B, 0x3F, 0xA6),
        Color32::from_rgb(0x7D, 0x5A, 0x2E),
    ],
    error_paper: Color32::from_rgb(0xF8, 0xE9, 0xF1),
    shade: Color32::from_rgba_premultiplied(0, 0, 0, 28),
    runs: [
        Color32::from_rgb(0xD5, 0x5E, 0x00),
        Color32::from_rgb(0x5E, 0x3F, 0xA8),
        Color32::from_rgb(0x3B, 0x8F, 0xA5),
        Color32::from_rgb(0x7F, 0x5E, 0x1A),
    ],
};

const DARK_VIRIDIS: Palette = Palette {
    map: Sequential::Viridis,
    paper: Color32::from_rgb(0x14, 0x16, 0x1A),
    stage: Color32::from_rgb(0x0F, 0x11, 0x14),
    ink: Color32::from_rgb(0xE8, 0xE6, 0xE1),
    muted: Color32::from_rgb(0xA0, 0xA1, 0xA3),
    hairline: Color32::from_rgb(0x2C, 0x30, 0x38),
    control: Color32::from_rgb(0x20, 0x23, 0x29),
    control_hover: Color32::from_rgb(0x2A, 0x2E, 0x36),
    control_active: Color32::from_rgb(0x37, 0x3C, 0x46),
    accent: Color32::from_rgb(0xE8, 0xE6, 0xE1),
    on_accent: Color32::from_rgb(0x14, 0x16, 0x1A),
    source: Color32::from_rgb(0x56, 0xB4, 0xE9),
    ghost: Color32::from_rgba_premultiplied(0x32, 0x33, 0x35, 0x59),
    model: Color32::from_rgb(0xF0, 0x7F, 0x26),
    exact: Color32::from_rgb(0x1F, 0xBF, 0x92),
    error: Color32::from_rgb(0xCC, 0x79, 0xA7),
    categories: [
        Color32::from_rgb(0x53, 0xA1, 0xD8),
        Color32::from_rgb(0xF0, 0x7F, 0x26),
        Color32::from_rgb(0x1F, 0xBF, 0x92),
        Color32::from_rgb(0xCC, 0x79, 0xA7),
        Color32::from_rgb(0xEB, 0xB8, 0x33),
        Color32::from_rgb(0x8A, 0xCB, 0xF2),
        Color32::from_rgb(0xA4, 0x8E, 0xF5),
        Color32::from_rgb(0xC0, 0x96, 0x62),
    ],
    error_paper: Color32::from_rgb(0x33, 0x21, 0x2B),
    shade: Color32::from_rgba_premultiplied(0, 0, 0, 110),
    runs: [
        Color32::from_rgb(0xF0, 0x7F, 0x26),
        Color32::from_rgb(0xA9, 0x8F, 0xF0),
        Color32::from_rgb(0x6C, 0xC6, 0xDA),
        Color32::from_rgb(0xD9, 0xBF, 0x4A),
    ],
};

/// The family of headings and emphasised labels.
pub fn semibold() -> FontFamily {
    FontFamily::Name("semibold".into())
}

/// The family of formulas.
pub fn maths() -> FontFamily {
    FontFamily::Name("maths".into())
}

/// The colours of the theme in use, found by what egui draws with.
pub fn palette(ui: &egui::Ui) -> &'static Palette {
    let map = ui.data(|data| data.get_temp::<Sequential>(map_id()));
    match (ui.visuals().dark_mode, map.unwrap_or_default()) {
        (false, Sequential::Viridis) => &LIGHT,
        (true, Sequential::Viridis) => &DARK,
        (false, Sequential::Cividis) => &LIGHT_CIVIDIS,
        (true, Sequential::Cividis) => &DARK_CIVIDIS,
    }
}

/// Where egui keeps the choice of the map.
fn map_id() -> egui::Id {
    egui::Id::unique("sequential map")
}

/// Gives egui the colours of numbers that grow.
pub fn choose_map(ctx: &egui::Context, map: Sequential) {
    ctx.data_mut(|data| data.insert_temp(map_id(), map));
}

/// Gives egui the theme: colours, type sizes and spacing on a 4-point grid.
pub fn apply(ctx: &egui::Context, theme: Theme) {
    let (egui_theme, visuals) = match theme {
        Theme::Light => (egui::Theme::Light, Visuals::light()),
        Theme::Dark => (egui::Theme::Dark, Visuals::dark()),
    };
    ctx.set_theme(egui_theme);
    ctx.style_mut_of(egui_theme, |style| {
        style.visuals = dressed(visuals, theme.palette());
        style.text_styles = [
            (
                TextStyle::Small,
                FontId::new(12.5, FontFamily::Proportional),
            ),
            (TextStyle::Body, FontId::new(14.5, FontFamily::Proportional)),
            (
                TextStyle::Button,
                FontId::new(14.5, FontFamily::Proportional),
            ),
            (
                TextStyle::Monospace,
                FontId::new(14.5, FontFamily::Proportional),
            ),
            (TextStyle::Heading, FontId::new(24.0, semibold())),
        ]
        .into();
        style.spacing.item_spacing = vec2(8.0, 8.0);
        style.spacing.button_padding = vec2(10.0, 5.0);
        style.spacing.interact_size = vec2(40.0, 28.0);
        style.spacing.slider_rail_height = 4.0;
        style.spacing.slider_width = 140.0;
        style.spacing.combo_width = 120.0;
        style.spacing.icon_width = 18.0;
        style.spacing.icon_width_inner = 10.0;
        style.spacing.menu_margin = Margin::same(8);
        style.spacing.tooltip_width = 340.0;
        style.interaction.tooltip_delay = 0.6;
        style.animation_time = 0.08;
    });
}

fn dressed(mut visuals: Visuals, p: &Palette) -> Visuals {
    let radius = CornerRadius::same(6);
    let hairline = Stroke::new(1.0, p.hairline);
    visuals.override_text_color = None;
    visuals.weak_text_color = Some(p.muted);
    visuals.hyperlink_color = p.source;
    visuals.panel_fill = p.paper;
    visuals.window_fill = p.paper;
    visuals.window_stroke = hairline;
    visuals.window_corner_radius = CornerRadius::same(10);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.faint_bg_color = p.control;
    visuals.extreme_bg_color = p.stage;
    visuals.code_bg_color = p.control;
    visuals.warn_fg_color = p.model;
    visuals.error_fg_color = p.error;
    visuals.selection.bg_fill = p.control_active;
    visuals.selection.stroke = Stroke::new(1.0, p.ink);
    visuals.slider_trailing_fill = true;
    visuals.handle_shape = egui::style::HandleShape::Circle;
    visuals.interact_cursor = Some(egui::CursorIcon::PointingHand);
    let shadow = Shadow {
        offset: [0, 4],
        blur: 18,
        spread: 0,
        color: p.shade,
    };
    visuals.popup_shadow = shadow;
    visuals.window_shadow = shadow;
    let widgets = &mut visuals.widgets;
    for (state, fill, ink) in [
        (&mut widgets.noninteractive, p.paper, p.ink),
        (&mut widgets.inactive, p.control, p.ink),
        (&mut widgets.hovered, p.control_hover, p.ink),
        (&mut widgets.active, p.control_active, p.ink),
        (&mut widgets.open, p.control_hover, p.ink),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = hairline;
        state.fg_stroke = Stroke::new(1.2, ink);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
    // A rail must be seen on paper, and a handle on its rail.
    widgets.inactive.bg_fill = p.hairline;
    widgets.hovered.bg_fill = p.control_active;
    visuals
}

/// The colour of a cell or class; they repeat after eight.
pub fn category(p: &Palette, index: usize) -> Color32 {
    p.categories[index % p.categories.len()]
}

/// Draws with less ink: the colour at `share` of its opacity.
pub fn faint(color: Color32, share: f32) -> Color32 {
    color.gamma_multiply(share)
}

/// The colour of a run's curve.
pub fn run(p: &Palette, index: usize) -> Color32 {
    p.runs[index % p.runs.len()]
}

/// The ghost as it looks on paper, for a small mark that must be seen.
pub fn opaque_ghost(p: &Palette) -> Color32 {
    p.stage.lerp_to_gamma(p.muted, 0.7)
}

/// A series colour for thin arrows over particles of the same colour: deeper on light paper.
pub fn arrow(p: &Palette, series: Color32) -> Color32 {
    series.lerp_to_gamma(p.ink, 0.45)
}

/// Viridis or cividis: 0 is the darkest, 1 the brightest; beyond them the end's colour.
pub fn sequential(p: &Palette, share: f32) -> Color32 {
    let [r, g, b] = p.map.colour(f64::from(share));
    Color32::from_rgb(r, g, b)
}

/// Lines over such colours, in both themes.
pub fn over_heat() -> Color32 {
    faint(LIGHT.stage, 0.9)
}

/// A soft edge that keeps such lines apart from the bright end of these maps.
pub fn under_lines() -> Color32 {
    faint(LIGHT.ink, 0.4)
}

/// Blue at −1, paper at 0, vermilion at 1; beyond them the end's colour.
pub fn diverging(p: &Palette, share: f32) -> Color32 {
    let end = if share < 0.0 { p.source } else { p.model };
    p.stage.lerp_to_gamma(end, share.abs().min(1.0))
}

/// A colour for each of several curves of equal rank; six are distinct.
pub fn series(p: &Palette, index: usize) -> Color32 {
    toned(p, Tone::Series((index % 6) as u8))
}

/// A colour for each of ten classes.
pub fn class(p: &Palette, label: u8) -> Color32 {
    toned(p, Tone::Class(label))
}

/// A colour that figures have, too.
fn toned(p: &Palette, tone: Tone) -> Color32 {
    let theme = match p.stage.r() > 127 {
        true => figure::Theme::Light,
        false => figure::Theme::Dark,
    };
    let [r, g, b] = tone.colour(theme);
    Color32::from_rgb(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast by WCAG 2: relative luminance, 1 to 21.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |c: Color32| {
            let [r, g, b, _] = egui::Rgba::from(c).to_array();
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn text_and_series_stand_out_on_paper_and_stage() {
        for theme in [Theme::Light, Theme::Dark] {
            let p = theme.palette();
            assert!(contrast(p.ink, p.paper) > 12.0);
            assert!(contrast(p.muted, p.paper) > 4.5);
            assert!(contrast(p.on_accent, p.accent) > 7.0);
            let series = [p.source, p.model, p.exact, p.error];
            for series in series.into_iter().chain(p.categories).chain(p.runs) {
                assert!(contrast(series, p.stage) > 3.0, "{theme:?} {series:?}");
            }
            for color in (0..6).map(|index| super::series(p, index)) {
                assert!(contrast(color, p.stage) > 3.0, "{theme:?} {color:?}");
            }
        }
    }
}
