//! The two flows, the distance between them with its bounds over t, and the chain as bars.

use egui::{Align2, Color32, FontId, Painter, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::digits::Digits;
use super::measured::{Link, Measured};
use super::plane::{PARTICLES, Plane};
use crate::app::lesson::Lab;
use crate::app::theme::{self, Palette};
use crate::app::widgets::chart::{Chart, LineKind, time_ticks};
use crate::app::widgets::digit_grid::{self, Layout, Textures};
use crate::app::widgets::flow_layers::Target;
use crate::app::widgets::places::{self, Heading};
use crate::flow::bound::Growth;
use crate::kernel::Trajectories;

/// Height of a bar with its gap, at most.
const BAR: f32 = 26.0;

/// Codes at the time of the clock, both flows; the chart and the bars.
pub fn plane(ui: &mut Ui, place: Rect, made: &Plane, target: Option<&Target>, lab: &mut Lab) {
    let p = theme::palette(ui);
    let t = lab.clock.t() as f32;
    let [picture, chart, bars] = parts(place);
    let extent = lab.training.dataset().extent();
    if let Some(stage) = places::stage(picture, extent) {
        let painter = ui
            .painter()
            .with_clip_rect(stage.rect.intersect(ui.clip_rect()));
        stage.paint_axes(ui.painter(), p, lab.settings.grid);
        if let Some(target) = target {
            let mut canvas = lab.easel.canvas(&painter, stage.rect, stage.view);
            target.paint(
                (0, 0),
                &mut canvas,
                &stage,
                1.0,
                theme::faint(p.ghost, 0.45),
            );
        }
        let bold = if lab.settings.lecture { 1.3 } else { 1.0 };
        let line = Stroke::new(1.25 * bold, theme::faint(p.error, 0.8));
        for i in 0..PARTICLES {
            let [a, b] = [&made.truth, &made.learned]
                .map(|way| stage.view.to_screen(stage.rect, position(way, t, i)));
            painter.add(Shape::line_segment([a, b], line));
            painter.circle_filled(a, 2.3 * bold, p.exact);
            painter.circle_filled(b, 2.0 * bold, p.model);
        }
        stage.paint_frame(ui.painter(), p);
        let end = between(&made.measured, t);
        let figure = format!("|δ| {}", number(end));
        Heading {
            color: p.error,
            title: "Codes",
            detail: "true, learned",
            figure: &figure,
            short: &figure,
            hint: "The same noise under the exact field and under the network; the lines between \
                   are δ, and the figure is its root mean square at this time.",
        }
        .show(ui, &stage);
    }
    over_time(ui.painter(), chart, &made.measured, Some(t), p);
    chain(ui.painter(), bars, &made.measured, p);
}

/// The digits that belong to the same noise; the chart and the bars.
pub fn digits(ui: &mut Ui, place: Rect, made: &Digits, textures: &mut Textures) {
    let p = theme::palette(ui);
    let [picture, chart, bars] = parts(place);
    let painter = ui.painter();
    let halves = places::split(picture.shrink(4.0), 2, false);
    let data = format!("Where the true flow ends, {} digits as data", made.data);
    let both = [
        (data.as_str(), &made.truth),
        ("What the learned flow makes", &made.made),
    ];
    for (slot, ((title, pictures), half)) in both.into_iter().zip(halves).enumerate() {
        let room = Rect::from_min_max(half.min + vec2(0.0, 24.0), half.max - vec2(0.0, 6.0));
        let rows = pictures.len().div_ceil(10);
        if let Some(layout) = Layout::fit(room, 10, rows, 2.0) {
            let at = layout.origin - vec2(0.0, 4.0);
            let font = FontId::new(14.5, theme::semibold());
            painter.text(at, Align2::LEFT_BOTTOM, title, font, p.ink);
            digit_grid::paint(painter, textures, slot as u32, pictures, &layout, p);
        }
    }
    over_time(painter, chart, &made.measured, None, p);
    chain(painter, bars, &made.measured, p);
    if !made.note.is_empty() {
        let font = FontId::proportional(14.0);
        let at = bars.right_top() + vec2(-12.0, 2.0);
        painter.text(at, Align2::RIGHT_TOP, &made.note, font, p.muted);
    }
}

/// Places of the picture, the chart and the bars.
fn parts(place: Rect) -> [Rect; 3] {
    let bars = (0.34 * place.height()).clamp(96.0, 6.0 * BAR + 40.0);
    let (above, below) = place.split_top_bottom_at_y(place.bottom() - bars);
    let (left, right) = above.split_left_right_at_fraction(0.52);
    [left, right, below]
}

/// A particle of a flow at any time between the first and the last.
pub fn position(way: &Trajectories, t: f32, i: usize) -> [f32; 2] {
    let times: Vec<f64> = way.times.iter().map(|t| f64::from(*t)).collect();
    let (k, share) = place_in(&times, t);
    let of = |k: usize, c: usize| way.points[2 * (k * PARTICLES + i) + c];
    [0, 1].map(|c| of(k, c) + share * (of(k + 1, c) - of(k, c)))
}

/// The interval of rising times that t lies in, and its share there.
fn place_in(times: &[f64], t: f32) -> (usize, f32) {
    let t = f64::from(t);
    let after = times.partition_point(|known| *known <= t);
    let k = after.saturating_sub(1).min(times.len().saturating_sub(2));
    let share = (t - times[k]) / (times[k + 1] - times[k]);
    (k, share.clamp(0.0, 1.0) as f32)
}

fn between(measured: &Measured, t: f32) -> f64 {
    let (k, share) = place_in(&measured.terms.times, t);
    let values = &measured.apart;
    values[k] + f64::from(share) * (values[k + 1] - values[k])
}

/// The powers of ten around what is shown of values.
pub fn decades(values: impl Iterator<Item = f64>) -> [i32; 2] {
    let positive = values.filter(|v| *v > 0.0 && v.is_finite());
    let [low, high] = positive.fold([f64::MAX, f64::MIN], |[low, high], v| {
        [low.min(v), high.max(v)]
    });
    if low > high {
        return [-1, 1];
    }
    let low = (low.log10().floor() as i32).max(-9);
    let high = high.log10().ceil() as i32;
    [low, high.max(low + 1)]
}

/// The curves of the chart: measured, then each bound.
pub fn curves(measured: &Measured) -> [(&'static str, Vec<f64>); 4] {
    let bound = |growth| measured.terms.apart(growth);
    [
        ("measured", measured.apart.clone()),
        ("bound, one-sided μ(t)", bound(Growth::OneSided)),
        ("bound, L(t)", bound(Growth::Along)),
        ("bound, max L", bound(Growth::Largest)),
    ]
}

fn colors(p: &Palette) -> [Color32; 4] {
    [p.error, p.exact, p.model, p.source]
}

fn over_time(painter: &Painter, place: Rect, measured: &Measured, t: Option<f32>, p: &Palette) {
    let rect = Rect::from_min_max(
        pos2(place.left() + 54.0, place.top() + 34.0),
        pos2(place.right() - 16.0, place.bottom() - 30.0),
    );
    if rect.height() < 40.0 || rect.width() < 60.0 {
        return;
    }
    let all = curves(measured);
    // At t = 0 nothing is apart yet; the first of the later ones begins the axis.
    let [low, high] = decades(
        all.iter()
            .flat_map(|(_, values)| values.iter().skip(2).copied()),
    );
    let chart = Chart {
        rect,
        x: [0.0, 1.0],
        y: [low as f32, high as f32],
    };
    let font = FontId::new(15.0, theme::semibold());
    let at = pos2(rect.left(), rect.top() - 10.0);
    let title = "Distance of codes over t";
    painter.text(at, Align2::LEFT_BOTTOM, title, font, p.ink);
    let step = ((high - low) as f32 / (rect.height() / 34.0).max(1.0)).ceil() as i32;
    let ticks = (low..=high).step_by(step.max(1) as usize);
    let ticks: Vec<(f32, String)> = ticks.map(|k| (k as f32, power(k))).collect();
    chart.axes(painter, p, &time_ticks(), &ticks);
    let times = &measured.terms.times;
    for (index, ((_, values), color)) in all.iter().zip(colors(p)).enumerate() {
        let points = times.iter().zip(values).filter(|(_, v)| **v > 0.0);
        let points = points.map(|(t, v)| [*t as f32, (v.log10() as f32).max(low as f32)]);
        let kind = if index == 0 {
            LineKind::Solid
        } else {
            LineKind::Dashed
        };
        chart.line(painter, points, kind, Stroke::new(2.4, color));
    }
    if let Some(t) = t {
        chart.cursor(painter, t, p);
    }
}

/// The chain as bars on a scale of powers of ten, each with its value.
fn chain(painter: &Painter, place: Rect, measured: &Measured, p: &Palette) {
    let links = measured.chain();
    let place = Rect::from_min_max(
        pos2(place.left() + 12.0, place.top() + 8.0),
        pos2(place.right() - 16.0, place.bottom() - 6.0),
    );
    let each = (place.height() / links.len() as f32).min(BAR);
    if each < 13.0 || place.width() < 200.0 {
        return;
    }
    let size = (0.62 * each).clamp(12.5, 15.0);
    let font = FontId::proportional(size);
    let wide = |link: &Link| {
        let words = painter.layout_no_wrap(link.name.to_owned(), font.clone(), p.ink);
        words.size().x
    };
    let words = links.iter().map(wide).fold(0.0, f32::max);
    let rail = Rect::from_min_max(
        pos2(place.left() + words + 8.0, place.top()),
        pos2(place.right() - 6.0 * size, place.bottom()),
    );
    let [low, high] = decades(links.iter().map(|link| link.value));
    for (i, (link, color)) in links.iter().zip(link_colors(p)).enumerate() {
        let middle = place.top() + (i as f32 + 0.5) * each;
        let at = pos2(place.left() + words, middle);
        painter.text(at, Align2::RIGHT_CENTER, link.name, font.clone(), p.ink);
        let share = share(link, [low, high]);
        let right = rail.left() + share * rail.width();
        let bar = Rect::from_min_max(
            pos2(rail.left(), middle - 0.3 * each),
            pos2(right, middle + 0.3 * each),
        );
        painter.rect_filled(
            bar,
            2.0,
            theme::faint(color, if link.is_left { 1.0 } else { 0.7 }),
        );
        let font = FontId::new(size, theme::semibold());
        let at = pos2(right + 8.0, middle);
        painter.text(at, Align2::LEFT_CENTER, number(link.value), font, p.ink);
    }
}

/// Colours of the bars: those of the chart for the bounds.
fn link_colors(p: &Palette) -> [Color32; 6] {
    [p.ink, p.error, p.error, p.exact, p.model, p.source]
}

fn share(link: &Link, [low, high]: [i32; 2]) -> f32 {
    let at = link.value.max(1e-12).log10() as f32;
    ((at - low as f32) / (high - low) as f32).clamp(0.01, 1.0)
}

/// A power of ten with a raised exponent.
pub fn power(exponent: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    let exponent: String = exponent.to_string().chars().map(raised).collect();
    format!("10{exponent}")
}

/// A number with three digits, as a power of ten where it is long.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0" } else { "∞" }.to_owned();
    }
    let exponent = value.abs().log10().floor() as i32;
    match exponent {
        4.. | ..-3 => {
            let mantissa = value / 10f64.powi(exponent);
            format!("{mantissa:.1}\u{2009}×\u{2009}{}", power(exponent))
        }
        2..=3 => format!("{value:.0}"),
        1 => format!("{value:.1}"),
        0 => format!("{value:.2}"),
        _ => format!("{value:.*}", (2 - exponent) as usize),
    }
    .replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.01234, "0.0123"),
            (-1.234, "−1.23"),
            (42.04, "42.0"),
            (1234.0, "1234"),
            (2.5e7, "2.5\u{2009}×\u{2009}10⁷"),
            (3.1e-5, "3.1\u{2009}×\u{2009}10⁻⁵"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(decades([0.02, 0.0, 31.0].into_iter()), [-2, 2]);
        assert_eq!(decades([].into_iter()), [-1, 1]);
        let mut measured = Measured::default();
        measured.terms.times = vec![0.0, 0.5, 1.0];
        measured.apart = vec![0.0, 1.0, 4.0];
        assert_eq!(between(&measured, 0.75), 2.5);
        assert_eq!([0.0, 1.0].map(|t| between(&measured, t)), [0.0, 4.0]);
    }
}
