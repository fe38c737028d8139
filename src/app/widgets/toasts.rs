//! Messages over the stage, at its top right: failures stay until they are read, notices fade.

use egui::{Align2, Area, Frame, Id, Label, Margin, Order, Rect, RichText, Stroke, Ui, vec2};

use crate::app::clipboard;
use crate::app::log::Log;
use crate::app::theme::{self, faint};

/// Widest message, in points.
const WIDEST: f32 = 360.0;
/// How long a notice takes to fade, in seconds.
const FADE: f32 = 0.6;

/// Draws the failures, newest first and without those that were dismissed, then the notices.
/// `details` is what is copied beside a failure's own text.
pub fn toasts(
    ui: &Ui,
    stage: Rect,
    failures: &mut Vec<String>,
    log: &Log,
    details: impl Fn() -> String,
) {
    let recent = log.recent();
    if failures.is_empty() && recent.is_empty() {
        return;
    }
    let ctx = ui.ctx();
    if let Some(left) = recent.iter().map(|(_, left)| *left).min() {
        let soon = left.saturating_sub(std::time::Duration::from_secs_f32(FADE));
        ctx.request_repaint_after(soon.max(std::time::Duration::from_millis(60)));
    }
    let width = WIDEST.min(stage.width() - 24.0).max(120.0);
    let mut dismissed = None;
    Area::new(Id::unique("toasts"))
        .order(Order::Middle)
        .pivot(Align2::RIGHT_TOP)
        .fixed_pos(stage.right_top() + vec2(-8.0, 8.0))
        .constrain(true)
        .show(ctx, |ui| {
            ui.set_width(width);
            for (index, text) in failures.iter().enumerate().rev() {
                if failure_ui(ui, text, &details) {
                    dismissed = Some(index);
                }
            }
            for (line, left) in recent.iter().rev() {
                notice_ui(ui, &line.text, (left.as_secs_f32() / FADE).min(1.0));
            }
        });
    if let Some(index) = dismissed {
        failures.remove(index);
    }
}

/// True when it was dismissed.
fn failure_ui(ui: &mut Ui, text: &str, details: &impl Fn() -> String) -> bool {
    let p = theme::palette(ui);
    let mut dismissed = false;
    let frame = Frame::new()
        .fill(p.error_paper)
        .stroke(Stroke::new(1.0, p.error));
    card(ui, frame, 1.0, |ui| {
        ui.add(
            Label::new(RichText::new(text).color(p.ink))
                .wrap()
                .selectable(true),
        );
        ui.horizontal(|ui| {
            let hint = "Copy the text with the program’s version, the device and the lesson";
            if ui.button("Copy details").on_hover_text(hint).clicked() {
                clipboard::copy_text(ui.ctx(), format!("{text}\n\n{}", details()));
            }
            dismissed = ui
                .button("Dismiss")
                .on_hover_text("Close it; it stays in the list of messages (F10)")
                .clicked();
        });
    });
    dismissed
}

fn notice_ui(ui: &mut Ui, text: &str, share: f32) {
    let p = theme::palette(ui);
    let frame = Frame::new()
        .fill(faint(p.paper, share))
        .stroke(Stroke::new(1.0, faint(p.hairline, share)));
    card(ui, frame, share, |ui| {
        let text = RichText::new(text).color(faint(p.ink, share));
        ui.add(Label::new(text).wrap().selectable(false));
    });
}

fn card(ui: &mut Ui, frame: Frame, share: f32, content: impl FnOnce(&mut Ui)) {
    let mut shadow = ui.visuals().popup_shadow;
    shadow.color = faint(shadow.color, share);
    frame
        .corner_radius(8)
        .shadow(shadow)
        .inner_margin(Margin::symmetric(12, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            content(ui);
        });
}
