//! What stands around the panels.

use super::{LEGEND, SMALL, Sheet, TICK};
use crate::figure::colour::Tone;
use crate::figure::marks::map_colour;
use crate::figure::page::{Anchor, Area, Picture, Shape};
use crate::figure::scene::{Axis, ColourBar, Entry, Key, Map};
use crate::figure::ticks::ticks;

impl Sheet<'_> {
    /// Title, names of rows, legend and colour bar.
    pub(super) fn around(&mut self) {
        let size = self.size;
        if let Some(title) = self.title() {
            let at = [self.width / 2.0, 0.5 * size + 1.1 * size];
            let fitting = self.fitting(&title, 1.15 * size, self.width - size);
            self.label(at, Anchor::Middle, fitting, Tone::Ink, title);
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
            self.colour_bar(area, bar);
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

    fn colour_bar(&mut self, area: Area, bar: &ColourBar) {
        let picture = self.ramp(bar.map, [1, 256]);
        self.shapes.push(Shape::Image { area, picture });
        let axis = Axis::linear(bar.range[0], bar.range[1]);
        let small = SMALL * self.size;
        let right = area.x + area.w;
        for (value, text) in ticks(&axis, 5) {
            let at = area.y + area.h * (1.0 - axis.place(value) as f32);
            self.rule([right, at], [right + TICK, at]);
            let place = [right + TICK + 0.2 * self.size, at + 0.36 * small];
            self.label(place, Anchor::Start, small, Tone::Muted, text);
        }
        let at = [self.width - 0.4 * self.size, area.y + area.h / 2.0];
        self.upwards(at, Tone::Ink, bar.label.clone());
    }

    /// The bar of one panel, from the left to the right.
    pub(super) fn bar_below(&mut self, area: Area, bar: &ColourBar) {
        let picture = self.ramp(bar.map, [256, 1]);
        self.shapes.push(Shape::Image { area, picture });
        let axis = Axis::linear(bar.range[0], bar.range[1]);
        let small = SMALL * self.size;
        let bottom = area.y + area.h;
        let most = ((area.w / (4.0 * self.size)) as usize).clamp(2, 5);
        for (value, text) in ticks(&axis, most) {
            let at = area.x + area.w * axis.place(value) as f32;
            self.rule([at, bottom], [at, bottom + TICK]);
            let place = [at, bottom + TICK + 1.05 * small];
            self.number(place, area, text);
        }
        let at = [
            area.x + area.w / 2.0,
            bottom + TICK + 1.3 * small + 0.95 * self.size,
        ];
        let size = self.fitting(&bar.label, self.size, area.w + 0.5 * self.size);
        self.label(at, Anchor::Middle, size, Tone::Ink, bar.label.clone());
    }

    /// All colours of a map, upwards or to the right.
    fn ramp(&self, map: Map, [width, height]: [u32; 2]) -> Picture {
        let last = f64::from(width.max(height) - 1);
        let rgba = (0..width.max(height)).flat_map(|i| {
            let along = f64::from(i) / last;
            let share = if height > width { 1.0 - along } else { along };
            let [r, g, b] = map_colour(map, share, self.style);
            [r, g, b, 255]
        });
        Picture {
            width,
            height,
            rgba: rgba.collect(),
        }
    }
}
