//! Small symbols drawn as shapes, so that they are sharp at every zoom and need no icon font.

use egui::{
    Color32, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2,
};

use crate::app::theme;

/// A symbol of the play bar and the training controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A triangle.
    Play,
    /// Two bars.
    Pause,
    /// To the first frame.
    First,
    /// To the last frame.
    Last,
    /// One frame back.
    Back,
    /// One frame on.
    Forward,
    /// Around in a circle.
    Loop,
    /// Fold or unfold a side panel on the left.
    SideLeft,
    /// Fold or unfold a side panel on the right.
    SideRight,
    /// Fill the screen.
    Expand,
    /// A window beside this one.
    Windows,
    /// Draw again.
    Dice,
    /// Start over.
    Reset,
    /// Light or dark.
    Contrast,
    /// Save.
    Disk,
    /// Out of the window, into a file.
    Export,
    /// Help.
    Question,
}

impl Icon {
    /// Draws the symbol into a square.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let c = rect.center();
        let r = 0.5 * rect.width().min(rect.height());
        let at = |x: f32, y: f32| pos2(c.x + x * r, c.y + y * r);
        let stroke = Stroke::new((0.16 * r).max(1.4), color);
        let triangle =
            |points: [Pos2; 3]| Shape::convex_polygon(points.to_vec(), color, Stroke::NONE);
        let bar = |x: f32, half: f32| {
            let bar = Rect::from_min_max(at(x - half, -0.75), at(x + half, 0.75));
            painter.rect_filled(bar, 1.0, color);
        };
        match self {
            Self::Play => {
                painter.add(triangle([at(-0.55, -0.8), at(0.85, 0.0), at(-0.55, 0.8)]));
            }
            Self::Pause => {
                bar(-0.4, 0.19);
                bar(0.4, 0.19);
            }
            Self::First => {
                bar(-0.65, 0.12);
                painter.add(triangle([at(0.7, -0.7), at(-0.4, 0.0), at(0.7, 0.7)]));
            }
            Self::Last => {
                bar(0.65, 0.12);
                painter.add(triangle([at(-0.7, -0.7), at(0.4, 0.0), at(-0.7, 0.7)]));
            }
            Self::Back => {
                painter.line(vec![at(0.3, -0.65), at(-0.35, 0.0), at(0.3, 0.65)], stroke);
            }
            Self::Forward => {
                painter.line(vec![at(-0.3, -0.65), at(0.35, 0.0), at(-0.3, 0.65)], stroke);
            }
            Self::Loop | Self::Reset => {
                let arc = (0..=24).map(|i| {
                    let angle = -0.9 + 5.2 * i as f32 / 24.0;
                    at(0.68 * angle.cos(), 0.68 * angle.sin())
                });
                let mut arc: Vec<Pos2> = arc.collect();
                if self == Self::Reset {
                    arc.iter_mut().for_each(|p| p.x = 2.0 * c.x - p.x);
                }
                let tip = arc[0];
                let side = if self == Self::Reset { -1.0 } else { 1.0 };
                painter.line(arc, stroke);
                let spike = [
                    tip + vec2(side * 0.38, 0.22) * r,
                    tip + vec2(side * -0.36, 0.3) * r,
                    tip + vec2(side * 0.16, -0.46) * r,
                ];
                painter.add(triangle(spike));
            }
            Self::SideLeft | Self::SideRight => {
                let frame = Rect::from_min_max(at(-0.8, -0.65), at(0.8, 0.65));
                painter.rect_stroke(frame, 2.0, stroke, StrokeKind::Middle);
                let x = if self == Self::SideLeft { -0.3 } else { 0.3 };
                painter.line_segment([at(x, -0.65), at(x, 0.65)], stroke);
            }
            Self::Windows => {
                let near = Rect::from_min_max(at(-0.8, -0.15), at(0.2, 0.7));
                painter.rect_stroke(near, 2.0, stroke, StrokeKind::Middle);
                let far = [
                    at(-0.25, -0.4),
                    at(-0.25, -0.7),
                    at(0.8, -0.7),
                    at(0.8, 0.25),
                    at(0.45, 0.25),
                ];
                painter.line(far.to_vec(), stroke);
            }
            Self::Expand => {
                for (x, y) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
                    let corner = [
                        at(0.3 * x, 0.7 * y),
                        at(0.7 * x, 0.7 * y),
                        at(0.7 * x, 0.3 * y),
                    ];
                    painter.line(corner.to_vec(), stroke);
                }
            }
            Self::Contrast => {
                painter.circle_stroke(c, 0.72 * r, stroke);
                let half = (0..=16).map(|i| {
                    let angle = std::f32::consts::PI * (i as f32 / 16.0 - 0.5);
                    at(0.72 * angle.cos(), 0.72 * angle.sin())
                });
                painter.add(Shape::convex_polygon(half.collect(), color, Stroke::NONE));
            }
            Self::Disk => {
                painter.line(vec![at(0.0, -0.85), at(0.0, 0.3)], stroke);
                painter.line(vec![at(-0.4, -0.1), at(0.0, 0.32), at(0.4, -0.1)], stroke);
                let tray = vec![
                    at(-0.75, 0.25),
                    at(-0.75, 0.75),
                    at(0.75, 0.75),
                    at(0.75, 0.25),
                ];
                painter.line(tray, stroke);
            }
            Self::Export => {
                let frame = [
                    (0.0, -0.6),
                    (-0.7, -0.6),
                    (-0.7, 0.75),
                    (0.65, 0.75),
                    (0.65, 0.1),
                ];
                painter.line(frame.map(|(x, y)| at(x, y)).to_vec(), stroke);
                painter.line_segment([at(-0.15, 0.15), at(0.75, -0.75)], stroke);
                painter.line(
                    vec![at(0.25, -0.78), at(0.78, -0.78), at(0.78, -0.25)],
                    stroke,
                );
            }
            Self::Question => {
                let font = egui::FontId::new(1.9 * r, theme::semibold());
                painter.text(c, egui::Align2::CENTER_CENTER, "?", font, color);
            }
            Self::Dice => {
                let frame = Rect::from_min_max(at(-0.7, -0.7), at(0.7, 0.7));
                painter.rect_stroke(frame, 3.0, stroke, StrokeKind::Middle);
                for (x, y) in [(-0.32, -0.32), (0.0, 0.0), (0.32, 0.32)] {
                    painter.circle_filled(at(x, y), 0.13 * r, color);
                }
            }
        }
    }
}

/// How a symbol button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Only the symbol until the pointer is over it.
    Quiet,
    /// As a switch that is on.
    On,
    /// The one that matters: filled with the accent colour.
    Primary,
}

/// A square button of `size` points with a symbol; `name` is its tooltip and accessible name.
pub fn icon_button(ui: &mut Ui, icon: Icon, size: f32, look: Look, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(size, size), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), name));
    if ui.is_rect_visible(rect) {
        let p = theme::palette(ui);
        let (fill, ink) = match look {
            Look::Primary if response.hovered() => (theme::faint(p.accent, 0.85), p.on_accent),
            Look::Primary => (p.accent, p.on_accent),
            Look::On => (p.control_active, p.ink),
            Look::Quiet if response.is_pointer_button_down_on() => (p.control_active, p.ink),
            Look::Quiet if response.hovered() || response.has_focus() => (p.control_hover, p.ink),
            Look::Quiet => (Color32::TRANSPARENT, p.ink),
        };
        let radius = if look == Look::Primary {
            size / 2.0
        } else {
            6.0
        };
        ui.painter().rect_filled(rect, radius, fill);
        if response.has_focus() {
            let ring = Stroke::new(1.6, p.source);
            ui.painter()
                .rect_stroke(rect, radius, ring, StrokeKind::Inside);
        }
        let share = if look == Look::Primary { 0.28 } else { 0.24 };
        icon.paint(ui.painter(), rect.shrink(share * size), ink);
    }
    response.on_hover_text(name)
}
