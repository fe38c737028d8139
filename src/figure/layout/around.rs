//! What stands around the panels.

use super::{LEGEND, SMALL, Sheet, TICK};
use crate::figure::colour::{Tone, viridis};
use crate::figure::page::{Anchor, Area, Picture, Shape};
use crate::figure::scene::{Axis, Entry, Key};
use crate::figure::text::Text;
use crate::figure::ticks::ticks;

impl Sheet<'_> {
    /// Title, names of rows, legend and colour bar.
    pub(super) fn around(&mut self) {
        let size = self.size;
        if let Some(title) = self.title() {
            let at = [self.width / 2.0, 0.5 * size + 1.1 * size];
            self.label(at, Anchor::Middle, 1.15 * size, Tone::Ink, title);
        }
        let [w, h] = self.panel;
        for (row, name) in self.scene.rows.iter().enumerate().take(self.tops.len()) {
            let at = [0.5 * size + 1.1 * size, self.tops[row] + h / 2.0];
            self.upwards(at, Tone::Ink, name.clone());
        }
        let lines = std::mem::take(&mut self.legend);
        for (number, line) in lines.into_iter().enumerate() {
            let entries = &self.scene.legend[line];
            let gap = 1.4 * size;
            let all: f32 = entries.iter().map(|e| self.entry_width(e) + gap).sum();
            let mut x = (self.width - (all - gap)) / 2.0;
            let y = self.legend_top + (number as f32 * LEGEND + 1.2) * size;
            for entry in entries {
                self.key(entry, x, y - 0.36 * size);
                let at = [x + 1.8 * size, y];
                self.label(at, Anchor::Start, size, Tone::Ink, entry.label.clone());
                x += self.entry_width(entry) + gap;
            }
        }
        if let Some(bar) = &self.scene.colour_bar
            && let (Some(&top), Some(&bottom), Some(&last)) =
                (self.tops.first(), self.tops.last(), self.lefts.last())
        {
            let area = Area {
                x: last + w + 1.2 * size,
                y: top,
                w: 0.9 * size,
                h: bottom + h - top,
            };
            self.colour_bar(area, bar.range, bar.label.clone());
        }
    }

    fn key(&mut self, entry: &Entry, x: f32, y: f32) {
        let (ink, size) = (self.ink(entry.tone), self.size);
        self.shapes.push(match entry.key {
            Key::Dot => Shape::Dots {
                at: vec![[x + 0.9 * size, y]],
                radius: 0.25 * size,
                ink,
                area: Area {
                    x,
                    y: y - size,
                    w: 1.8 * size,
                    h: 2.0 * size,
                },
            },
            Key::Line | Key::Dashes => Shape::Line {
                points: vec![[x, y], [x + 1.4 * size, y]],
                width: 0.14 * size,
                ink,
                dashed: entry.key == Key::Dashes,
            },
            Key::Area => Shape::Rect {
                area: Area {
                    x: x + 0.5 * size,
                    y: y - 0.45 * size,
                    w: 0.9 * size,
                    h: 0.9 * size,
                },
                ink,
            },
        });
    }

    fn colour_bar(&mut self, area: Area, range: [f64; 2], label: Text) {
        let rgba = (0..256).flat_map(|i| {
            let [r, g, b] = viridis(1.0 - f64::from(i) / 255.0);
            [r, g, b, 255]
        });
        let picture = Picture {
            width: 1,
            height: 256,
            rgba: rgba.collect(),
        };
        self.shapes.push(Shape::Image { area, picture });
        let axis = Axis::linear(range[0], range[1]);
        let small = SMALL * self.size;
        let right = area.x + area.w;
        for (value, text) in ticks(&axis, 5) {
            let at = area.y + area.h * (1.0 - axis.place(value) as f32);
            self.rule([right, at], [right + TICK, at]);
            let place = [right + TICK + 0.2 * self.size, at + 0.36 * small];
            self.label(place, Anchor::Start, small, Tone::Muted, text);
        }
        let at = [self.width - 0.4 * self.size, area.y + area.h / 2.0];
        self.upwards(at, Tone::Ink, label);
    }
}
