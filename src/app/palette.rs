//! The command palette: everything that has a key, every lesson and every beat, by a few letters.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Area, Id, Key, Modifiers, Order, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::App;
use super::beats;
use super::keys::{Action, BINDINGS};
use super::lesson::Lesson;
use super::theme;
use super::widgets::card::card;

/// Lines that are shown at once.
const LINES: usize = 11;
/// Height of a line, in points.
const LINE: f32 = 28.0;

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// What a key asks for.
    Act(Action),
    /// A lesson, by its place.
    Lesson(usize),
    /// A beat of a lesson, by their places.
    Beat(usize, usize),
}

/// A line of the palette.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What the letters are looked for in.
    name: String,
    /// Keys, or what kind of line it is.
    side: String,
    goal: Goal,
}

/// The open palette.
pub struct Palette {
    letters: String,
    entries: Vec<Entry>,
    /// Place of the chosen line among those that fit.
    chosen: usize,
}

impl Palette {
    /// All lines: actions first, then lessons, then beats.
    pub fn new(lessons: &[Box<dyn Lesson>]) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for action in BINDINGS.iter().map(|binding| binding.action) {
            let goal = Goal::Act(action);
            if entries.iter().any(|entry| entry.goal == goal) {
                continue;
            }
            if let Some(name) = action.name() {
                let mut keys = action.keys();
                keys.dedup();
                let side = keys.join("  ");
                entries.push(Entry { name, side, goal });
            }
        }
        for (place, lesson) in lessons.iter().enumerate() {
            entries.push(Entry {
                name: lesson.title().to_owned(),
                side: format!("Lesson {}", place + 1),
                goal: Goal::Lesson(place),
            });
        }
        for (place, lesson) in lessons.iter().enumerate() {
            for (beat, told) in beats::of(lesson.name()).iter().enumerate() {
                entries.push(Entry {
                    name: format!("{}: {}", lesson.title(), told.say),
                    side: format!("Beat {}", beat + 1),
                    goal: Goal::Beat(place, beat),
                });
            }
        }
        Self {
            letters: String::new(),
            entries,
            chosen: 0,
        }
    }

    /// The lines that fit the letters, the best first.
    fn fitting(&self) -> Vec<&Entry> {
        let ranked = self.entries.iter().filter_map(|entry| {
            let rank = rank(&self.letters, &entry.name)?;
            Some((rank, entry))
        });
        let mut ranked: Vec<_> = ranked.collect();
        // The sort is stable: lines of equal rank keep their order. Of names with scattered letters
        // the shortest fits best.
        let length = |rank: u8, name: &str| if rank == 3 { name.len() } else { 0 };
        ranked.sort_by_key(|(rank, entry)| (*rank, length(*rank, &entry.name)));
        ranked.into_iter().map(|(_, entry)| entry).collect()
    }
}

/// How badly the letters fit a name, less is better; none where they do not. Every word of the
/// letters must be in the name, or all letters in their order.
fn rank(letters: &str, name: &str) -> Option<u8> {
    let (letters, name) = (letters.trim().to_lowercase(), name.to_lowercase());
    if name.starts_with(&letters) {
        return Some(0);
    }
    let starts = |word: &str| name.split_whitespace().any(|part| part.starts_with(word));
    if letters.split_whitespace().all(starts) {
        return Some(1);
    }
    if letters.split_whitespace().all(|word| name.contains(word)) {
        return Some(2);
    }
    // Scattered letters fit nearly any sentence, so they count for short names alone.
    let mut rest = name.chars();
    let scattered = letters.chars().filter(|c| !c.is_whitespace());
    (name.len() <= 40 && scattered.into_iter().all(|c| rest.any(|there| there == c))).then_some(3)
}

impl App {
    /// Draws the palette while it is open, and does what was chosen.
    pub(super) fn palette_ui(&mut self, ui: &Ui) {
        let Some(palette) = &mut self.palette else {
            return;
        };
        let ctx = ui.ctx().clone();
        let input = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (left, entered) = (input(Key::Escape), input(Key::Enter));
        let page = LINES.cast_signed() - 1;
        let mut by = 0;
        for (key, step) in [
            (Key::ArrowUp, -1),
            (Key::ArrowDown, 1),
            (Key::PageUp, -page),
            (Key::PageDown, page),
        ] {
            by += if input(key) { step } else { 0 };
        }
        let (clicked, away) = palette.show(ui, by);
        let goal = clicked.or_else(|| {
            let fitting = palette.fitting();
            entered.then(|| fitting.get(palette.chosen).map(|entry| entry.goal))?
        });
        if left || away || goal.is_some() {
            self.palette = None;
        }
        match goal {
            None => {}
            Some(Goal::Act(action)) => self.act(action, &ctx),
            Some(Goal::Lesson(place)) => self.current = place,
            Some(Goal::Beat(place, beat)) => {
                self.current = place;
                self.tell(beat);
            }
        }
    }
}

impl Palette {
    /// Moves the choice `by` lines and draws; the line that was clicked, and whether somebody
    /// clicked beside the palette.
    fn show(&mut self, ui: &Ui, by: isize) -> (Option<Goal>, bool) {
        let ctx = ui.ctx().clone();
        let screen = ctx.content_rect();
        let width = (screen.width() - 32.0).clamp(100.0, 680.0);
        let mut clicked = None;
        let shown = Area::new(Id::unique("palette"))
            .order(Order::Foreground)
            .anchor(Align2::CENTER_TOP, vec2(0.0, 0.1 * screen.height()))
            .show(&ctx, |ui| {
                card(ui, 12).show(ui, |ui| {
                    ui.set_width(width);
                    clicked = self.card_ui(ui, by);
                });
            });
        let away = shown.response.clicked_elsewhere();
        (clicked, away)
    }

    fn card_ui(&mut self, ui: &mut Ui, by: isize) -> Option<Goal> {
        let hint = "An action, a lesson or a sentence of the lecture";
        let field = TextEdit::singleline(&mut self.letters)
            .hint_text(hint)
            .desired_width(f32::INFINITY);
        let field = ui
            .name_inputs("Find an action, a lesson or a beat", |ui| ui.add(field))
            .on_hover_text("Type a few letters; ↑ and ↓ choose, Enter does it, Esc closes");
        field.request_focus();
        if field.changed() {
            self.chosen = 0;
        }
        let fitting: Vec<Entry> = self.fitting().into_iter().cloned().collect();
        if fitting.is_empty() {
            ui.label(RichText::new("Nothing fits these letters.").weak());
            return None;
        }
        let last = fitting.len() - 1;
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
        let mut clicked = None;
        let height = LINE * LINES.min(fitting.len()) as f32;
        let room = (ui.ctx().content_rect().height() - 140.0).max(LINE);
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical()
            .max_height(height.min(room))
            .auto_shrink([false, true])
            .show(ui, |ui| {
                for (place, entry) in fitting.iter().enumerate() {
                    let on = place == self.chosen;
                    let line = line_ui(ui, entry, on);
                    if on && (by != 0 || field.changed()) {
                        line.scroll_to_me(None);
                    }
                    if line.clicked() {
                        clicked = Some(entry.goal);
                    }
                }
            });
        clicked
    }
}

fn line_ui(ui: &mut Ui, entry: &Entry, on: bool) -> egui::Response {
    let p = theme::palette(ui);
    let (place, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), LINE), egui::Sense::click());
    let name = format!("{} ({})", entry.name, entry.side);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::ListBoxOption, true, on, &name));
    if !ui.is_rect_visible(place) {
        return response;
    }
    if on || response.hovered() {
        let fill = if on { p.control_active } else { p.control };
        ui.painter().rect_filled(place, 6.0, fill);
    }
    let body = egui::TextStyle::Body.resolve(ui.style());
    let small = egui::TextStyle::Small.resolve(ui.style());
    let right = place.right_center() - vec2(8.0, 0.0);
    let side = (ui.painter()).text(right, Align2::RIGHT_CENTER, &entry.side, small, p.muted);
    let left = place.left_center() + vec2(8.0, 0.0);
    let room = side.left() - 12.0 - left.x;
    let mut job = LayoutJob::simple_singleline(entry.name.clone(), body, p.ink);
    job.wrap = TextWrapping::truncate_at_width(room.max(0.0));
    let text = ui.painter().layout_job(job);
    let corner = left - vec2(0.0, 0.5 * text.size().y);
    ui.painter().galley(corner, text, p.ink);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::lessons;

    fn first(letters: &str) -> Option<Goal> {
        let mut palette = Palette::new(&lessons::all());
        letters.clone_into(&mut palette.letters);
        palette.fitting().first().map(|entry| entry.goal)
    }

    #[test]
    fn letters_find_actions_lessons_and_beats() {
        assert_eq!(first("lecture"), Some(Goal::Act(Action::LectureMode)));
        assert_eq!(first("FRESH w"), Some(Goal::Act(Action::ResetWeights)));
        assert_eq!(first("exfig"), Some(Goal::Act(Action::Export)));
        assert_eq!(first("couplings"), Some(Goal::Lesson(5)));
        assert_eq!(first("hutchinson mean"), Some(Goal::Beat(7, 3)));
        assert_eq!(first("qqqq"), None);
    }

    #[test]
    fn without_letters_everything_is_listed_once() {
        let palette = Palette::new(&lessons::all());
        let all = palette.fitting();
        assert_eq!(all.len(), palette.entries.len());
        for (i, entry) in all.iter().enumerate() {
            assert!(
                all[..i].iter().all(|other| other.goal != entry.goal),
                "{entry:?}"
            );
        }
        let beats = all.iter().filter(|e| matches!(e.goal, Goal::Beat(..)));
        assert!(beats.count() >= 3 * 18);
    }
}
