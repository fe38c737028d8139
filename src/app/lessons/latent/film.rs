//! The film strip: samples after each epoch, always from the same noise.

use std::sync::Arc;

use egui::{Align2, FontId, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::app::sketch;
use crate::app::theme;
use crate::app::widgets::digit_grid::{self, Layout, Pictures, Textures};
use crate::app::widgets::notes;
use crate::data::mnist::PIXELS;
use crate::figure::Panel;
use crate::train::images::{ImageSnapshot, Sheet, store};

/// Pictures of the strip at most; of a longer film every n-th is shown.
const STRIP: usize = 8;

/// One epoch.
struct Scene {
    /// The sheet that it shows; none of the pretrained film. It is held, so that no other sheet can
    /// come to lie in its place and be taken for it.
    of: Option<Arc<Sheet>>,
    epoch: u64,
    columns: usize,
    pictures: Pictures,
}

/// The film of the present run, or of the pretrained one.
#[derive(Default)]
pub struct Film {
    scenes: Vec<Scene>,
    /// Whether the scenes are those of a run of this window.
    own: bool,
    loaded: bool,
    /// The scene that was clicked; the newest one otherwise.
    chosen: Option<usize>,
}

impl Film {
    /// Takes the scenes that are new.
    pub fn take(&mut self, snapshot: Option<&Arc<ImageSnapshot>>) {
        self.take_sheets(snapshot.map_or(&[][..], |snapshot| &snapshot.sheets));
    }

    fn take_sheets(&mut self, sheets: &[Arc<Sheet>]) {
        let own = !sheets.is_empty();
        if own != self.own || own && !self.begins(sheets) {
            self.scenes.clear();
            self.chosen = None;
            self.loaded = false;
            self.own = own;
        }
        if own {
            let new = &sheets[self.scenes.len()..];
            self.scenes.extend(new.iter().map(|sheet| Scene {
                of: Some(Arc::clone(sheet)),
                ..scene(sheet)
            }));
        } else if !self.loaded {
            self.scenes = store::builtin_film().iter().map(scene).collect();
            self.loaded = true;
        }
    }

    /// Whether the scenes are those of the first of these sheets. Their number says nothing:
    /// another run, or the same one after a reset, may have as many.
    fn begins(&self, sheets: &[Arc<Sheet>]) -> bool {
        let same = |(scene, sheet): (&Scene, &Arc<Sheet>)| {
            (scene.of.as_ref()).is_some_and(|known| Arc::ptr_eq(known, sheet))
        };
        self.scenes.len() <= sheets.len() && self.scenes.iter().zip(sheets).all(same)
    }

    /// The scenes of the strip, for a figure.
    pub fn panels(&self) -> Vec<Panel> {
        let Some(last) = self.scenes.len().checked_sub(1) else {
            return Vec::new();
        };
        let shown = strip(self.scenes.len(), self.chosen.unwrap_or(last).min(last));
        let panel = |index: usize| {
            let scene = &self.scenes[index];
            let title = format!("Epoch {}", scene.epoch);
            sketch::digits(&scene.pictures, scene.columns).titled(title)
        };
        shown.into_iter().map(panel).collect()
    }

    /// One scene large, all of them in a strip below.
    pub fn ui(&mut self, ui: &mut Ui, place: Rect, textures: &mut Textures) {
        let p = theme::palette(ui);
        if self.scenes.is_empty() {
            let text = "Press Train (T): after each epoch new digits appear here.";
            return notes::sentence(ui, place, text);
        }
        let last = self.scenes.len() - 1;
        let chosen = self.chosen.unwrap_or(last).min(last);
        let below = (0.2 * place.height()).clamp(72.0, 180.0);
        let large = Rect::from_min_max(
            pos2(place.left(), place.top() + 30.0),
            pos2(place.right(), place.bottom() - below - 40.0),
        );
        let scene = &self.scenes[chosen];
        let rows = scene.pictures.len().div_ceil(scene.columns);
        if let Some(layout) = Layout::fit(large, scene.columns, rows, 6.0) {
            let whose = if self.own { "this run" } else { "pretrained" };
            let title = format!("After epoch {} · {whose}", scene.epoch);
            let at = layout.origin - vec2(0.0, 6.0);
            let font = FontId::new(16.0, theme::semibold());
            ui.painter()
                .text(at, Align2::LEFT_BOTTOM, title, font, p.ink);
            digit_grid::paint(ui.painter(), textures, 40, &scene.pictures, &layout, p);
        }
        let shown = strip(self.scenes.len(), chosen);
        let strip = Rect::from_min_max(
            pos2(place.left(), place.bottom() - below - 22.0),
            pos2(place.right(), place.bottom() - 22.0),
        );
        let gap = 10.0;
        let width = ((strip.width() + gap) / shown.len() as f32 - gap).min(2.2 * below);
        let whole = (width + gap) * shown.len() as f32 - gap;
        let mut left = strip.center().x - 0.5 * whole;
        for (slot, index) in shown.into_iter().enumerate() {
            let scene = &self.scenes[index];
            let cell = Rect::from_min_size(pos2(left, strip.top()), vec2(width, below));
            left += width + gap;
            let rows = scene.pictures.len().div_ceil(scene.columns);
            let Some(layout) = Layout::fit(cell.shrink(4.0), scene.columns, rows, 1.0) else {
                continue;
            };
            let slot = 50 + slot as u32;
            digit_grid::paint(ui.painter(), textures, slot, &scene.pictures, &layout, p);
            let frame = layout.rect().expand(4.0);
            let response = ui.interact(frame, ui.scope_id().with(("scene", index)), Sense::click());
            let name = format!("Epoch {}", scene.epoch);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            let color = match index == chosen {
                true => p.model,
                false if response.hovered() => p.muted,
                false => p.hairline,
            };
            let line = Stroke::new(if index == chosen { 2.5 } else { 1.0 }, color);
            ui.painter()
                .rect_stroke(frame, 3.0, line, StrokeKind::Outside);
            let at = pos2(frame.center().x, frame.bottom() + 4.0);
            let font = FontId::proportional(13.0);
            ui.painter()
                .text(at, Align2::CENTER_TOP, name, font, p.muted);
            let response = response.on_hover_text("Show the digits after this epoch");
            if response.clicked() {
                self.chosen = (index != last).then_some(index);
            }
        }
    }
}

fn scene(sheet: &Sheet) -> Scene {
    debug_assert!(sheet.images.len().is_multiple_of(PIXELS));
    Scene {
        of: None,
        epoch: sheet.epoch,
        columns: sheet.columns,
        pictures: Pictures::new(sheet.images.clone()),
    }
}

/// The scenes of the strip: evenly spread, with the first, the last and the chosen one.
fn strip(count: usize, chosen: usize) -> Vec<usize> {
    if count <= STRIP {
        return (0..count).collect();
    }
    let mut shown: Vec<usize> = (0..STRIP).map(|i| i * (count - 1) / (STRIP - 1)).collect();
    if !shown.contains(&chosen) {
        let inner = 1..STRIP - 1;
        let nearest = inner
            .min_by_key(|i| shown[*i].abs_diff(chosen))
            .unwrap_or(1);
        shown[nearest] = chosen;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheets(count: u64, grey: u8) -> Vec<Arc<Sheet>> {
        let sheet = |epoch| Sheet {
            epoch,
            columns: 1,
            images: vec![grey; PIXELS],
        };
        (1..=count).map(|epoch| Arc::new(sheet(epoch))).collect()
    }

    #[test]
    fn another_run_begins_a_film_of_its_own() {
        let mut film = Film::default();
        let shows = |film: &Film, count: usize, grey: u8| {
            let greys = film.scenes.iter().map(|scene| scene.pictures.grey[0]);
            assert_eq!(greys.collect::<Vec<_>>(), vec![grey; count]);
        };
        let mut run = sheets(3, 10);
        film.take_sheets(&run);
        film.chosen = Some(1);
        // The same run goes on: what was chosen stays.
        run.extend(sheets(1, 10));
        film.take_sheets(&run.clone());
        shows(&film, 4, 10);
        assert_eq!(film.chosen, Some(1));
        // More scenes, as many and fewer.
        for (count, grey) in [(6, 20), (6, 30), (2, 40)] {
            film.chosen = Some(1);
            film.take_sheets(&sheets(count, grey));
            shows(&film, count as usize, grey);
            assert_eq!(film.chosen, None);
        }
        film.take_sheets(&[]);
        assert!(!film.own && film.scenes.iter().all(|scene| scene.of.is_none()));
    }

    #[test]
    fn a_long_film_keeps_its_ends_and_the_chosen_scene() {
        assert_eq!(strip(3, 2), [0, 1, 2]);
        for chosen in 0..50 {
            let shown = strip(50, chosen);
            assert_eq!(shown.len(), STRIP);
            assert!(shown.contains(&0) && shown.contains(&49) && shown.contains(&chosen));
            assert!(shown.is_sorted());
        }
    }
}
