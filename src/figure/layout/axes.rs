//! The two axes of a panel.

use super::{SMALL, Sheet, TICK};
use crate::figure::colour::Tone;
use crate::figure::page::{Anchor, Area};
use crate::figure::scene::Panel;
use crate::figure::ticks::ticks;

impl Sheet<'_> {
    /// Ticks, numbers and labels; returns how far down they reach.
    pub(super) fn axes(&mut self, panel: &Panel, area: Area, [with_x, with_y]: [bool; 2]) -> f32 {
        let Area { x, y, w, h } = area;
        let small = SMALL * self.size;
        let mut below = y + h;
        if with_x && panel.x.ticks {
            for (value, text) in ticks(&panel.x, self.most[0]) {
                let at = x + w * panel.x.place(value) as f32;
                self.rule([at, y + h], [at, y + h + TICK]);
                let place = [at, y + h + TICK + 1.05 * small];
                self.number(place, area, text);
            }
            below += TICK + 1.3 * small;
        }
        if with_x && !panel.x.label.is_empty() {
            let at = [x + w / 2.0, below + 1.0 * self.size];
            let label = panel.x.label.clone();
            self.label(at, Anchor::Middle, self.size, Tone::Ink, label);
            below += 1.35 * self.size;
        }
        let mut widest = 0.0_f32;
        if with_y && panel.y.ticks {
            for (value, text) in ticks(&panel.y, self.most[1]) {
                let at = y + h - h * panel.y.place(value) as f32;
                self.rule([x - TICK, at], [x, at]);
                widest = widest.max(text.width(small) + TICK + 0.3 * self.size);
                let place = [x - TICK - 0.2 * self.size, at + 0.36 * small];
                self.label(place, Anchor::End, small, Tone::Muted, text);
            }
        }
        if with_y && !panel.y.label.is_empty() {
            let at = [x - widest - 0.45 * self.size, y + h / 2.0];
            self.upwards(at, Tone::Ink, panel.y.label.clone());
        }
        below
    }
}
