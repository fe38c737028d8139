//! A digit's pixels under a brush: strokes with the mouse or the keys, taken back and redone.

use egui::{Button, EventFilter, Key, Pos2, Rect, Response, Sense, Stroke, Ui};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::app::theme;
use crate::data::mnist::SIDE;

/// Strokes that can be taken back.
const UNDO: usize = 64;

/// What is painted on, `[28, 28]` pixels.
pub trait Surface: Clone + PartialEq {
    /// What a stroke is made with.
    type Tool: Copy;

    /// A stroke begins.
    fn begin(&mut self, _tool: Self::Tool) {}

    /// Moves the tool from `a` to `b`, in pixels from the top left, `radius` pixels to each side.
    fn stroke(&mut self, tool: Self::Tool, a: [f32; 2], b: [f32; 2], radius: f32);
}

/// A surface with what it was before each stroke and what was taken back.
pub struct Strokes<S> {
    now: S,
    before: Vec<S>,
    after: Vec<S>,
    /// The surface when the stroke in progress began, and where the brush is.
    drawing: Option<(S, [f32; 2])>,
    /// Where the keys have moved the brush to, and whether it is down.
    cursor: [f32; 2],
    held: bool,
}

impl<S: Surface> Strokes<S> {
    /// Nothing to take back yet.
    pub fn new(now: S) -> Self {
        Self {
            now,
            before: Vec::new(),
            after: Vec::new(),
            drawing: None,
            cursor: [SIDE as f32 / 2.0; 2],
            held: false,
        }
    }

    /// The surface.
    pub fn now(&self) -> &S {
        &self.now
    }

    /// Whether a stroke is in progress.
    pub fn is_drawing(&self) -> bool {
        self.drawing.is_some()
    }

    /// Another surface, as one step that can be taken back.
    pub fn set(&mut self, next: S) {
        self.end();
        let before = std::mem::replace(&mut self.now, next);
        self.remember(before);
    }

    /// Moves the brush to a place in pixels from the top left; a stroke begins where none is.
    pub fn draw(&mut self, tool: S::Tool, to: [f32; 2], radius: f32) {
        let from = match &mut self.drawing {
            Some((_, at)) => std::mem::replace(at, to),
            None => {
                self.drawing = Some((self.now.clone(), to));
                self.now.begin(tool);
                to
            }
        };
        self.now.stroke(tool, from, to, radius);
    }

    /// Lifts the brush; true when a stroke ended.
    pub fn end(&mut self) -> bool {
        self.held = false;
        let Some((before, _)) = self.drawing.take() else {
            return false;
        };
        self.remember(before);
        true
    }

    /// Takes the last step back.
    pub fn undo(&mut self) {
        self.end();
        if let Some(before) = self.before.pop() {
            self.after.push(std::mem::replace(&mut self.now, before));
        }
    }

    /// Does again what was taken back last.
    pub fn redo(&mut self) {
        self.end();
        if let Some(after) = self.after.pop() {
            self.before.push(std::mem::replace(&mut self.now, after));
        }
    }

    fn remember(&mut self, before: S) {
        if before == self.now {
            return;
        }
        if self.before.len() >= UNDO {
            self.before.remove(0);
        }
        self.before.push(before);
        self.after.clear();
    }

    /// Lets the mouse or the keys draw inside `rect`, which shows the surface: arrows move the
    /// brush, the space bar puts it down and lifts it.
    pub fn ui(&mut self, ui: &Ui, rect: Rect, name: &str, tool: S::Tool, radius: f32) -> Response {
        let response = ui.interact(rect, ui.scope_id().with(name), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
        let down = response.is_pointer_button_down_on();
        if let Some(at) = response.interact_pointer_pos()
            && (down || response.clicked())
        {
            let off = (at - rect.min) * SIDE as f32 / rect.width().max(1.0);
            self.held = false;
            self.draw(tool, [off.x, off.y], radius);
            ui.ctx().request_repaint();
        }
        if response.has_focus() {
            self.keys(ui, response.id, tool, radius);
        } else {
            self.held = false;
        }
        if !down && !self.held && self.end() {
            ui.ctx().request_repaint();
        }
        response
    }

    fn keys(&mut self, ui: &Ui, id: egui::Id, tool: S::Tool, radius: f32) {
        let filter = EventFilter {
            tab: false,
            horizontal_arrows: true,
            vertical_arrows: true,
            escape: false,
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let pressed = |key| ui.input(|input| input.num_presses(key)) as f32;
        let across = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        let along = pressed(Key::ArrowDown) - pressed(Key::ArrowUp);
        let [x, y] = self.cursor;
        let inside = |v: f32| v.clamp(0.0, SIDE as f32);
        self.cursor = [inside(x + across), inside(y + along)];
        let toggled = pressed(Key::Space) > 0.0;
        if toggled {
            self.held = !self.held;
        }
        if self.held && (toggled || self.cursor != [x, y]) {
            self.draw(tool, self.cursor, radius);
        }
    }

    /// Draws the frame of the surface and the brush over it.
    pub fn outline(&self, ui: &Ui, response: &Response, radius: f32) {
        let p = theme::palette(ui);
        let rect = response.rect;
        let pixel = rect.width() / SIDE as f32;
        let focus = response.has_focus();
        let frame = if focus { p.ink } else { p.hairline };
        let kind = egui::StrokeKind::Outside;
        ui.painter()
            .rect_stroke(rect, 0.0, Stroke::new(1.0, frame), kind);
        let brush = if focus {
            let [x, y] = self.cursor;
            Some(rect.min + pixel * egui::vec2(x, y))
        } else {
            response.hover_pos()
        };
        let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
        let ring = |at: Pos2, by: f32, color| {
            painter.circle_stroke(at, radius * pixel + by, Stroke::new(1.6, color));
        };
        if let Some(at) = brush {
            ring(at, 1.0, p.stage);
            ring(at, 0.0, p.ink);
        }
    }

    /// Buttons that take a stroke back, redo it, and clear the surface.
    pub fn history_ui(&mut self, ui: &mut Ui, empty: S) {
        let undo = ui.add_enabled(!self.before.is_empty(), Button::new("Undo"));
        if undo.on_hover_text("The last stroke (Ctrl+Z)").clicked() {
            self.undo();
        }
        let redo = ui.add_enabled(!self.after.is_empty(), Button::new("Redo"));
        let hint = "The stroke that was taken back (Ctrl+Y)";
        if redo.on_hover_text(hint).clicked() {
            self.redo();
        }
        if ui.button("Clear").on_hover_text("An empty one").clicked() {
            self.set(empty);
        }
    }
}

impl<S: Serialize> Serialize for Strokes<S> {
    fn serialize<T: Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        self.now.serialize(to)
    }
}

impl<'de, S: Surface + Deserialize<'de>> Deserialize<'de> for Strokes<S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        S::deserialize(from).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::mnist::{PIXELS, mask};

    #[derive(Clone, PartialEq, Debug)]
    struct Plain(Vec<u8>);

    impl Surface for Plain {
        type Tool = u8;

        fn stroke(&mut self, tool: u8, a: [f32; 2], b: [f32; 2], radius: f32) {
            mask::brush(&mut self.0, a, b, radius, tool);
        }
    }

    fn covered(strokes: &Strokes<Plain>) -> usize {
        strokes.now().0.iter().filter(|&&v| v == 1).count()
    }

    #[test]
    fn strokes_are_taken_back_and_redone_whole() {
        let mut strokes = Strokes::new(Plain(vec![0; PIXELS]));
        for x in [5.0, 12.0, 20.0] {
            strokes.draw(1, [x, 8.0], 1.5);
        }
        assert!(strokes.is_drawing() && strokes.end() && !strokes.is_drawing());
        let first = covered(&strokes);
        assert!(first > 40, "the brush covers the way between: {first}");
        strokes.draw(0, [12.0, 8.0], 3.0);
        strokes.end();
        let second = covered(&strokes);
        assert!(second < first);
        // A stroke that changes nothing is no step.
        strokes.draw(0, [12.0, 25.0], 1.0);
        strokes.end();
        strokes.undo();
        assert_eq!(covered(&strokes), first);
        strokes.undo();
        assert_eq!(covered(&strokes), 0);
        strokes.undo();
        strokes.redo();
        strokes.redo();
        strokes.redo();
        assert_eq!(covered(&strokes), second);
        // A new stroke leaves nothing to redo.
        strokes.undo();
        strokes.draw(1, [3.0, 25.0], 1.0);
        strokes.undo();
        assert_eq!(covered(&strokes), first);
        strokes.set(Plain(vec![0; PIXELS]));
        strokes.redo();
        assert_eq!(covered(&strokes), 0);
    }

    #[test]
    fn the_memory_of_strokes_ends() {
        let mut strokes = Strokes::new(Plain(vec![0; PIXELS]));
        for i in 0..UNDO + 10 {
            let mut next = vec![0; PIXELS];
            next[i] = 1;
            strokes.set(Plain(next));
        }
        for _ in 0..2 * UNDO {
            strokes.undo();
        }
        assert_eq!(strokes.now().0.iter().position(|&v| v == 1), Some(9));
    }
}
