//! Where everything goes: a scene and a style become a page.

mod around;
mod axes;
mod stack;

pub use stack::lay_out;

use super::colour::Tone;
use super::marks::place_marks;
use super::page::{Anchor, Area, Ink, Page, Shape};
use super::scene::{Axis, Entry, Frame, Scene};
use super::style::{POINTS_PER_CM, Style};
use super::text::Text;
use super::ticks::ticks;

/// Length and width of ticks and frames, in points.
const TICK: f32 = 2.5;
const RULE: f32 = 0.5;
/// Size of the numbers beside an axis, relative to the type.
const SMALL: f32 = 0.85;

/// Height of a line of the legend, relative to the type.
const LEGEND: f32 = 1.5;

/// Height of a panel's colour bar with its numbers and label, relative to the type.
const BAR: f32 = 3.9;
/// Least size of a title that is too long for its place, relative to the type.
const SHRUNK: f32 = 0.5;

/// Lays out one part of a scene, without those below it.
fn lay_out_part(scene: &Scene, style: &Style) -> Page {
    let mut sheet = Sheet::new(scene, style);
    sheet.measure();
    for i in 0..scene.panels.len() {
        sheet.panel(i);
    }
    sheet.around();
    Page {
        width: f64::from(sheet.width),
        height: f64::from(sheet.height),
        paper: (!style.transparent).then(|| style.theme.paper()),
        shapes: sheet.shapes,
    }
}

struct Sheet<'a> {
    scene: &'a Scene,
    style: &'a Style,
    /// Size of the type.
    size: f32,
    width: f32,
    height: f32,
    columns: usize,
    rows: usize,
    /// Left edges and common width, upper edges and common height of the panels.
    lefts: Vec<f32>,
    tops: Vec<f32>,
    panel: [f32; 2],
    /// The most marks that the axes have room for.
    most: [usize; 2],
    /// Lines of the legend, as ranges of entries, and where they start.
    legend: Vec<std::ops::Range<usize>>,
    legend_top: f32,
    shapes: Vec<Shape>,
}

impl<'a> Sheet<'a> {
    fn new(scene: &'a Scene, style: &'a Style) -> Self {
        let columns = scene.columns.clamp(1, scene.panels.len().max(1));
        Self {
            scene,
            style,
            size: style.font_pt as f32,
            width: (style.width_cm * POINTS_PER_CM) as f32,
            height: 0.0,
            columns,
            rows: scene.panels.len().div_ceil(columns),
            lefts: Vec::new(),
            tops: Vec::new(),
            panel: [0.0; 2],
            most: [3; 2],
            legend: Vec::new(),
            legend_top: 0.0,
            shapes: Vec::new(),
        }
    }

    fn title(&self) -> Option<Text> {
        let own = self.scene.title.clone();
        let text = match &self.style.title {
            Some(title) => Some(Text::from(title.as_str())),
            None => own,
        };
        text.filter(|text| !text.is_empty()).map(Text::bold)
    }

    /// Whether the numbers of a panel's axes are drawn: x, y.
    fn outer(&self, i: usize) -> [bool; 2] {
        let below = i + self.columns < self.scene.panels.len();
        let inner = self.scene.shared;
        [!(inner && below), !inner || i.is_multiple_of(self.columns)]
    }

    /// Room that a panel needs at its left, below and above.
    fn room(&self, i: usize) -> [f32; 3] {
        let panel = &self.scene.panels[i];
        let [mut left, mut below, mut above] = [0.0_f32; 3];
        if self.style.axes {
            let [x, y] = self.outer(i);
            let small = SMALL * self.size;
            if y && panel.y.ticks {
                let marks = ticks(&panel.y, self.most[1]);
                let widths = marks.iter().map(|(_, text)| text.width(small));
                left += widths.fold(0.0, f32::max) + TICK + 0.3 * self.size;
            }
            if y && !panel.y.label.is_empty() {
                left += 1.3 * self.size;
            }
            if x && panel.x.ticks {
                below += TICK + 1.3 * small;
            }
            if x && !panel.x.label.is_empty() {
                below += 1.35 * self.size;
            }
        }
        if !panel.note.is_empty() {
            below += 1.4 * SMALL * self.size;
        }
        if panel.bar.is_some() {
            below += BAR * self.size;
        }
        if !panel.title.is_empty() {
            above += 1.5 * self.size;
        }
        [left, below, above]
    }

    /// How far the last number of an x axis sticks out to the right.
    fn overhang(&self) -> f32 {
        let Some(panel) = self.scene.panels.first().filter(|p| p.x.ticks) else {
            return 0.0;
        };
        if !self.style.axes {
            return 0.0;
        }
        let last = ticks(&panel.x, self.most[0]).pop();
        let width = last
            .filter(|(value, _)| panel.x.place(*value) > 0.9)
            .map_or(0.0, |(_, text)| text.width(SMALL * self.size));
        (width / 2.0 - 0.2 * self.size).max(0.0)
    }

    fn measure(&mut self) {
        let size = self.size;
        let margin = 0.5 * size;
        let rough = self.width / self.columns as f32;
        let tall = if self.scene.panels.iter().all(|p| p.equal) {
            rough
        } else {
            0.7 * rough
        };
        self.most = [rough / (5.0 * size), tall / (3.5 * size)].map(|n| (n as usize).clamp(3, 6));

        let mut lefts = vec![0.0_f32; self.columns];
        let (mut belows, mut aboves) = (vec![0.0_f32; self.rows], vec![0.0_f32; self.rows]);
        for i in 0..self.scene.panels.len() {
            let [left, below, above] = self.room(i);
            let (row, column) = (i / self.columns, i % self.columns);
            lefts[column] = lefts[column].max(left);
            belows[row] = belows[row].max(below);
            aboves[row] = aboves[row].max(above);
        }
        let gap = if self.scene.shared { 0.6 } else { 1.0 } * size;
        let row_names = if self.scene.rows.iter().any(|name| !name.is_empty()) {
            1.6 * size
        } else {
            0.0
        };
        let bar = self.scene.colour_bar.as_ref().map_or(0.0, |_| 5.5 * size);
        let overhang = self.overhang();
        let sides = 2.0 * margin
            + row_names
            + bar
            + overhang
            + lefts.iter().sum::<f32>()
            + gap * (self.columns - 1) as f32;
        let mut w = ((self.width - sides) / self.columns as f32).max(4.0);
        let first = self.scene.panels.first();
        let equal = first.is_some_and(|panel| panel.equal);
        let mut h = match first {
            Some(panel) if equal => {
                let span = |axis: &Axis| (axis.range[1] - axis.range[0]) as f32;
                w * span(&panel.y) / span(&panel.x)
            }
            _ => {
                let usual = if self.columns == 1 { 0.6 } else { 0.75 };
                w * self.scene.aspect.unwrap_or(usual)
            }
        };

        self.break_legend(self.width - 2.0 * margin);
        let legend = self.legend.len() as f32 * LEGEND * size;
        let title = if self.title().is_some() {
            1.9 * size
        } else {
            0.0
        };
        let over_and_under = 2.0 * margin
            + title
            + legend
            + belows.iter().sum::<f32>()
            + aboves.iter().sum::<f32>()
            + gap * self.rows.saturating_sub(1) as f32;
        let (mut x, mut y) = (margin + row_names, margin + title);
        let rows = self.rows.max(1) as f32;
        if let Some(height) = self.style.height_cm {
            self.height = (height * POINTS_PER_CM) as f32;
            let free = ((self.height - over_and_under) / rows).max(4.0);
            if equal && free < h {
                x += self.columns as f32 * w * (1.0 - free / h) / 2.0;
                w *= free / h;
                h = free;
            } else if equal {
                y += rows * (free - h) / 2.0;
            } else {
                h = free;
            }
        } else {
            self.height = over_and_under + rows * h;
        }
        self.panel = [w, h];
        for left in lefts {
            x += left;
            self.lefts.push(x);
            x += w + gap;
        }
        for (below, above) in belows.into_iter().zip(aboves) {
            y += above;
            self.tops.push(y);
            y += h + below + gap;
        }
        self.legend_top = self.height - margin - legend;
    }

    /// The width of a legend entry.
    fn entry_width(&self, entry: &Entry) -> f32 {
        1.8 * self.size + entry.label.width(self.size)
    }

    fn break_legend(&mut self, width: f32) {
        if !self.style.legend {
            return;
        }
        let mut used = 0.0;
        for (i, entry) in self.scene.legend.iter().enumerate() {
            let more = self.entry_width(entry) + 1.4 * self.size;
            match self.legend.last_mut() {
                Some(line) if used + more <= width => line.end = i + 1,
                _ => {
                    self.legend.push(i..i + 1);
                    used = 0.0;
                }
            }
            used += more;
        }
    }

    fn ink(&self, tone: Tone) -> Ink {
        Ink {
            colour: tone.colour(self.style.theme),
            alpha: 1.0,
        }
    }

    fn rule(&mut self, from: [f32; 2], to: [f32; 2]) {
        let ink = self.ink(Tone::Muted);
        self.shapes.push(Shape::Line {
            points: vec![from, to],
            width: RULE,
            ink,
            dashed: false,
        });
    }

    fn label(&mut self, at: [f32; 2], anchor: Anchor, size: f32, tone: Tone, text: Text) {
        let ink = self.ink(tone);
        self.shapes.push(Shape::Label {
            at,
            anchor,
            upwards: false,
            size,
            ink,
            text,
        });
    }

    /// A number of a horizontal axis; beside another panel it does not stick out.
    fn number(&mut self, [x, y]: [f32; 2], area: Area, text: Text) {
        let size = SMALL * self.size;
        let half = 0.5 * text.width(size);
        let air = if self.columns > 1 {
            0.1 * self.size
        } else {
            f32::INFINITY
        };
        let (low, high) = (area.x - air + half, area.x + area.w + air - half);
        let x = if low < high { x.clamp(low, high) } else { x };
        self.label([x, y], Anchor::Middle, size, Tone::Muted, text);
    }

    fn upwards(&mut self, at: [f32; 2], tone: Tone, text: Text) {
        self.label(at, Anchor::Middle, self.size, tone, text);
        if let Some(Shape::Label { upwards, .. }) = self.shapes.last_mut() {
            *upwards = true;
        }
    }

    fn area(&self, i: usize) -> Area {
        let [w, h] = self.panel;
        Area {
            x: self.lefts[i % self.columns],
            y: self.tops[i / self.columns],
            w,
            h,
        }
    }

    /// The size at which a text fits into a width, within reason.
    fn fitting(&self, text: &Text, size: f32, width: f32) -> f32 {
        let wanted = text.width(size).max(1e-3);
        size * (width / wanted).clamp(SHRUNK, 1.0)
    }

    fn panel(&mut self, i: usize) {
        let area = self.area(i);
        let scene = self.scene;
        let panel = &scene.panels[i];
        place_marks(panel, area, self.style, self.size, &mut self.shapes);
        let Area { x, y, w, h } = area;
        if !panel.title.is_empty() {
            let at = [x + w / 2.0, y - 0.5 * self.size];
            let size = self.fitting(&panel.title, self.size, w + 0.3 * self.size);
            self.label(at, Anchor::Middle, size, Tone::Ink, panel.title.clone());
        }
        let mut below = y + h;
        if self.style.axes {
            below = self.axes(panel, area, self.outer(i));
            let corners = [[x, y], [x, y + h], [x + w, y + h], [x + w, y]];
            let points = match panel.frame {
                Frame::Box => [&corners[..], &corners[..2]].concat(),
                Frame::Axes => corners[..3].to_vec(),
                Frame::None => Vec::new(),
            };
            if !points.is_empty() {
                let ink = self.ink(Tone::Muted);
                self.shapes.push(Shape::Line {
                    points,
                    width: RULE,
                    ink,
                    dashed: false,
                });
            }
        }
        if !panel.note.is_empty() {
            let small = SMALL * self.size;
            let size = self.fitting(&panel.note, small, w + 0.3 * self.size);
            let at = [x + w / 2.0, below + 1.15 * small];
            self.label(at, Anchor::Middle, size, Tone::Muted, panel.note.clone());
            below += 1.4 * small;
        }
        if let Some(bar) = &panel.bar {
            let area = Area {
                x,
                y: below + 0.6 * self.size,
                w,
                h: 0.7 * self.size,
            };
            self.bar_below(area, bar);
        }
    }
}
