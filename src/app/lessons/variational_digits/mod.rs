//! Variational flow matching on digits: U-Nets, a learned prior, and what they gain over vanilla.

mod figure;
mod results;
mod work;

use std::sync::Arc;

use egui::{Align2, FontId, Rect, RichText, ScrollArea, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::background::Background;
use crate::app::digits::Part;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::theme;
use crate::app::view::view_of;
use crate::app::widgets::chart::{Chart, LineKind};
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::digit_grid::{self, Layout, Textures};
use crate::app::widgets::icon::{Icon, Look, icon_button};
use crate::app::widgets::loss_terms::{TERMS, terms_ui};
use crate::app::widgets::notes::{self, Note};
use crate::app::widgets::places;
use crate::app::widgets::variational_controls::ladder_ui;
use crate::app::widgets::{digit_controls, digit_settings};
use work::{BINS, FRAMES, Key, Made, SHOWN, Shown};

/// Images in a row.
const COLUMNS: usize = 4;
/// Shares of the histogram, as powers of ten.
const SHARES: [f32; 2] = [-4.0, 0.0];

/// The lesson's own state.
pub struct VariationalDigits {
    histogram: bool,
    seed: u64,
    textures: Textures,
    work: Option<Background<Key, Made>>,
}

impl Default for VariationalDigits {
    fn default() -> Self {
        Self {
            histogram: true,
            seed: 0,
            textures: Textures::default(),
            work: None,
        }
    }
}

impl Lesson for VariationalDigits {
    fn name(&self) -> &'static str {
        "variational_digits"
    }

    fn title(&self) -> &'static str {
        "Variational MNIST"
    }

    fn sentence(&self) -> &'static str {
        "U-Nets for posterior and velocity, a prior learned pixel by pixel: digits straight from \
         784 pixels of noise, beside a flow from N(0, I) that was trained as long."
    }

    fn formula(&self) -> &'static str {
        r#"z~"~"~"N"(μ_p,"e"^{"logvar"_p})~~~{"d"x|"d"t}=v_θ(x,t)"#
    }

    fn source(&self) -> &'static str {
        "Variational flow matching based generative models, Cho (seed 002)"
    }

    fn part(&self) -> Option<Part> {
        Some(Part::Pictures)
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    fn figure_time(&self) -> f64 {
        1.0
    }

    view_of!(histogram; seed in 0..=1_000_000);

    fn is_busy(&self) -> bool {
        self.work.as_ref().is_some_and(Background::is_busy)
    }

    fn logic(&mut self, lab: &mut Lab) {
        let source = lab.digits.pictures.source();
        let key = Key {
            version: source.version,
            seed: self.seed,
        };
        let models = Arc::clone(&lab.digits.models);
        let thread = self.work.get_or_insert_with(|| lab.background());
        // New weights of a run in progress wait until the pictures before them are whole.
        if thread.is_busy() && thread.value().is_some() && lab.digits.pictures.is_running() {
            return;
        }
        let wanted = key.clone();
        thread.ask(key, move |job| {
            if let Err(error) = work::make(&wanted, &source, &models, job) {
                job.show(Err(error));
            }
        });
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        let p = theme::palette(ui);
        chip(
            ui,
            &mut self.histogram,
            Mark::Curve,
            p.model,
            "Pixel values",
            1,
        )
        .on_hover_text("How often each grey occurs (1)");
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        let place = ui.available_rect_before_wrap();
        let made = self.work.as_ref().and_then(Background::value);
        match made.as_deref() {
            None => notes::sentence(ui, place, "The first digits are on their way…"),
            Some(Err(error)) => notes::sentence(ui, place, error),
            Some(Ok(shown)) => self.pictures_ui(ui, lab, place, shown),
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        ui.horizontal(|ui| {
            let hint = format!("Draw new noise (R); seed {}", self.seed);
            if icon_button(ui, Icon::Dice, 28.0, Look::Quiet, &hint).clicked() {
                self.seed += 1;
            }
            ui.label("Euler, 100 steps; the framed picture is the prior’s mean.");
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        digit_controls::run_ui(ui, &mut lab.digits, Part::Pictures, lab.training.device);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                results::table_ui(ui);
                ladder_ui(ui, &mut lab.digits.pictures);
                digit_settings::settings_ui(ui, &mut lab.digits.pictures);
                terms_ui(ui, &lab.digits.pictures, &TERMS, 64.0);
                ui.add_space(4.0);
                NOTES.iter().for_each(|note| notes::note_ui(ui, note));
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        match action {
            Action::Layer(1) => self.histogram = !self.histogram,
            Action::NewNoise => self.seed += 1,
            _ => return false,
        }
        true
    }
}

impl VariationalDigits {
    fn pictures_ui(&mut self, ui: &mut Ui, lab: &Lab, place: Rect, shown: &Shown) {
        let p = theme::palette(ui);
        let t = lab.clock.t() as f32;
        let frame = FRAMES.nearest(t);
        let (mut rest, axis) = place.split_top_bottom_at_y(place.bottom() - 56.0);
        if self.histogram {
            let height = (0.3 * rest.height()).clamp(100.0, 200.0);
            let (upper, lower) = rest.split_top_bottom_at_y(rest.bottom() - height);
            rest = upper;
            histogram_ui(ui, lower, shown, frame);
        }
        for (slot, place) in places::split(rest, 2, true).into_iter().enumerate() {
            let Some(way) = &shown.ways[slot] else {
                notes::sentence(ui, place, "On its way…");
                continue;
            };
            let room = Rect::from_min_max(
                pos2(place.left() + 8.0, place.top() + 26.0),
                pos2(place.right() - 8.0, place.bottom() - 6.0),
            );
            let Some(layout) = Layout::fit(room, COLUMNS, SHOWN / COLUMNS, 4.0) else {
                continue;
            };
            let color = [p.model, p.error][slot];
            let at = layout.origin - vec2(0.0, 6.0);
            let title = ui.painter().text(
                at + vec2(16.0, 0.0),
                Align2::LEFT_BOTTOM,
                &way.name,
                FontId::new(14.5, theme::semibold()),
                p.ink,
            );
            let dot = pos2(layout.origin.x + 6.0, title.center().y);
            ui.painter().circle_filled(dot, 5.0, color);
            let grid = &way.grids[frame.min(way.grids.len() - 1)];
            digit_grid::paint(
                ui.painter(),
                &mut self.textures,
                slot as u32,
                grid,
                &layout,
                p,
            );
            let line = Stroke::new(2.0, p.source);
            let mean = layout.cell(0);
            ui.painter()
                .rect_stroke(mean, 2.0, line, StrokeKind::Outside);
        }
        axis_ui(ui, axis, t);
    }
}

/// The time of the clock on an axis labelled the seed's way round.
fn axis_ui(ui: &Ui, place: Rect, t: f32) {
    let p = theme::palette(ui);
    let x = place.left() + 90.0..=place.right() - 90.0;
    let y = place.top() + 14.0;
    let painter = ui.painter();
    painter.hline(
        x.start().to_owned()..=x.end().to_owned(),
        y,
        Stroke::new(1.4, p.muted),
    );
    let at = |t: f32| x.start() + t * (x.end() - x.start());
    let font = FontId::proportional(12.5);
    for share in [0.0, 0.25, 0.5, 0.75, 1.0_f32] {
        painter.vline(at(share), y - 3.0..=y + 3.0, Stroke::new(1.2, p.muted));
        let label = format!("{}", 1.0 - share);
        let below = pos2(at(share), y + 5.0);
        painter.text(below, Align2::CENTER_TOP, label, font.clone(), p.muted);
    }
    let ends = [
        (*x.start() - 12.0, "noise", Align2::RIGHT_CENTER),
        (*x.end() + 12.0, "data", Align2::LEFT_CENTER),
    ];
    for (x, label, align) in ends {
        painter.text(pos2(x, y), align, label, FontId::proportional(13.5), p.ink);
    }
    painter.circle_filled(pos2(at(t), y), 5.0, p.ink);
    let text = format!("t of seed 002 = {:.2}", 1.0 - t);
    let below = pos2(place.center().x, place.bottom() - 2.0);
    painter.text(below, Align2::CENTER_BOTTOM, text, font, p.ink);
}

/// How often each grey occurs, on a scale of powers of ten.
fn histogram_ui(ui: &Ui, place: Rect, shown: &Shown, frame: usize) {
    let p = theme::palette(ui);
    let chart = Chart {
        rect: Rect::from_min_max(
            pos2(place.left() + 90.0, place.top() + 22.0),
            pos2(place.right() - 90.0, place.bottom() - 22.0),
        ),
        x: [-1.0, 1.0],
        y: SHARES,
    };
    let font = FontId::new(14.0, theme::semibold());
    let at = chart.rect.left_top() - vec2(0.0, 4.0);
    let title = "Share of the pixels by their value";
    ui.painter()
        .text(at, Align2::LEFT_BOTTOM, title, font, p.ink);
    let y = [(-4.0, "0.01 %"), (-2.0, "1 %"), (0.0, "100 %")].map(|(y, text)| (y, text.to_owned()));
    let x =
        [(-1.0, "−1, paper"), (0.0, "0"), (1.0, "1, ink")].map(|(x, text)| (x, text.to_owned()));
    chart.axes(ui.painter(), p, &x, &y);
    let line = |shares: &[f32; BINS]| -> Vec<[f32; 2]> {
        let place = |i: usize| 2.0 * (i as f32 + 0.5) / BINS as f32 - 1.0;
        let height = |share: f32| share.max(1e-9).log10().max(SHARES[0]);
        (0..BINS).map(|i| [place(i), height(shares[i])]).collect()
    };
    if let Some(data) = &shown.data {
        chart.line(
            ui.painter(),
            line(data),
            LineKind::Dashed,
            Stroke::new(1.8, p.ink),
        );
    }
    for (slot, color) in [p.model, p.error].into_iter().enumerate() {
        if let Some(way) = &shown.ways[slot] {
            let shares = &way.shares[frame.min(way.shares.len() - 1)];
            chart.line(
                ui.painter(),
                line(shares),
                LineKind::Solid,
                Stroke::new(2.2, color),
            );
        }
    }
    let text = RichText::new("dashed: test digits")
        .size(12.5)
        .text()
        .to_owned();
    let right = chart.rect.right_top() - vec2(0.0, 4.0);
    let font = FontId::proportional(12.5);
    ui.painter()
        .text(right, Align2::RIGHT_BOTTOM, text, font, p.muted);
}

const NOTES: [Note; 3] = [
    Note {
        title: "The learned prior",
        formula: r#"μ_p,~"logvar"_p∈"R"^{784}"#,
        text: "Its mean is the mean digit, its variance is small where the paper is always empty. \
               The flow then need not paint the corners, only the digit.",
    },
    Note {
        title: "Observation noise",
        formula: r#"x+σε,~~σ^2=0.01"#,
        text: "Greys of 256 levels are no density. A little noise gives the prior’s variance a \
               bottom of σ² and the velocity a finite end; the pictures keep a grain of that size.",
    },
    Note {
        title: "What the seed’s nets look like",
        formula: r#"28→14→7→3→7→14→28"#,
        text: "Convolution, norm over the picture, time bias and ReLU at each level, joined across \
               by what the way down had there. Cho’s code loses the convolution at the bottom by \
               the order of two operators; here it is kept.",
    },
];
