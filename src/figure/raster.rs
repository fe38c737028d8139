//! A page in pixels.

use skrifa::outline::OutlinePen;
use tiny_skia::{
    Color, FillRule, FilterQuality, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap,
    PixmapPaint, Stroke, StrokeDash, Transform,
};

use super::page::{Anchor, Area, Ink, Page, Picture, Shape};
use super::text::Text;

/// Dashes and gaps, in widths of the line.
pub const DASHES: [f32; 2] = [4.0, 2.5];

/// Draws a page into `width` × `height` pixels.
pub fn render(page: &Page, [width, height]: [u32; 2]) -> Pixmap {
    let mut sheet = Pixmap::new(width.max(1), height.max(1)).expect("the size was checked");
    if let Some([r, g, b]) = page.paper {
        sheet.fill(Color::from_rgba8(r, g, b, 255));
    }
    let scale = f64::from(width) / page.width;
    let view = Transform::from_scale(scale as f32, (f64::from(height) / page.height) as f32);
    for shape in &page.shapes {
        draw(&mut sheet, shape, view);
    }
    sheet
}

/// Pixels of a page, without premultiplication.
pub fn picture(page: &Page, size: [u32; 2]) -> Picture {
    let sheet = render(page, size);
    Picture {
        width: sheet.width(),
        height: sheet.height(),
        rgba: sheet.take_demultiplied(),
    }
}

/// A raster of dots alone, on no paper; covers `area` at `scale` pixels a point.
pub fn dots_picture(at: &[[f32; 2]], radius: f32, ink: Ink, area: Area, scale: f32) -> Picture {
    let side = |length: f32| ((length * scale).round() as u32).max(1);
    let mut sheet = Pixmap::new(side(area.w), side(area.h)).expect("smaller than the page");
    let view = Transform::from_scale(
        sheet.width() as f32 / area.w,
        sheet.height() as f32 / area.h,
    )
    .pre_translate(-area.x, -area.y);
    stamp(&mut sheet, at, radius, ink, view);
    Picture {
        width: sheet.width(),
        height: sheet.height(),
        rgba: sheet.take_demultiplied(),
    }
}

fn paint(ink: Ink) -> Paint<'static> {
    let [r, g, b] = ink.colour;
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (255.0 * ink.alpha).round() as u8);
    paint
}

fn draw(sheet: &mut Pixmap, shape: &Shape, view: Transform) {
    match shape {
        Shape::Rect { area, ink } => {
            if let Some(rect) = tiny_skia::Rect::from_xywh(area.x, area.y, area.w, area.h) {
                sheet.fill_rect(rect, &paint(*ink), view, None);
            }
        }
        Shape::Line {
            points,
            width,
            ink,
            dashed,
        } => {
            if let Some(path) = polyline(points, false) {
                let dash = DASHES.map(|length| length * width).to_vec();
                let stroke = Stroke {
                    width: *width,
                    line_cap: if *dashed {
                        LineCap::Butt
                    } else {
                        LineCap::Round
                    },
                    line_join: LineJoin::Round,
                    dash: if *dashed {
                        StrokeDash::new(dash, 0.0)
                    } else {
                        None
                    },
                    ..Stroke::default()
                };
                stroke_line(sheet, &path, &stroke, *ink, view);
            }
        }
        Shape::Polygon { points, ink } => {
            if let Some(path) = polyline(points, true) {
                sheet.fill_path(&path, &paint(*ink), FillRule::Winding, view, None);
            }
        }
        Shape::Dots {
            at, radius, ink, ..
        } => stamp(sheet, at, *radius, *ink, view),
        Shape::Image { area, picture } => {
            if let Some(pixels) = premultiplied(picture) {
                let onto = view.pre_translate(area.x, area.y).pre_scale(
                    area.w / picture.width as f32,
                    area.h / picture.height as f32,
                );
                let paint = PixmapPaint {
                    quality: FilterQuality::Bilinear,
                    ..PixmapPaint::default()
                };
                sheet.draw_pixmap(0, 0, pixels.as_ref(), &paint, onto, None);
            }
        }
        Shape::Label {
            at,
            anchor,
            upwards,
            size,
            ink,
            text,
        } => {
            let mut view = view.pre_translate(at[0], at[1]);
            if *upwards {
                view = view.pre_rotate(-90.0);
            }
            if let Some(path) = outline(text, *size, *anchor) {
                sheet.fill_path(&path, &paint(*ink), FillRule::Winding, view, None);
            }
        }
    }
}

/// Strokes a line so that it has one opacity where it meets itself, too.
///
/// Lines below a pixel across are drawn segment by segment by tiny-skia: in the zigzags of a faint
/// curve the opacities of the segments would add up, which they do neither in SVG nor in PDF. So
/// such a line is drawn with full ink on a sheet of its own, which is laid over the page.
fn stroke_line(sheet: &mut Pixmap, path: &Path, stroke: &Stroke, ink: Ink, view: Transform) {
    let thin = stroke.width * view.sx.max(view.sy) <= 1.0;
    // A single segment does not meet itself.
    let apart = thin && ink.alpha < 1.0 && path.len() > 2;
    let part = apart.then(|| touched(path, view, [sheet.width(), sheet.height()]));
    let Some(part) = part else {
        return sheet.stroke_path(path, &paint(ink), stroke, view, None);
    };
    let Some(([left, top], mut own)) = part else {
        return;
    };
    let full = Ink { alpha: 1.0, ..ink };
    let moved = view.post_translate(-left as f32, -top as f32);
    own.stroke_path(path, &paint(full), stroke, moved, None);
    let over = PixmapPaint {
        opacity: ink.alpha,
        ..PixmapPaint::default()
    };
    sheet.draw_pixmap(left, top, own.as_ref(), &over, Transform::identity(), None);
}

/// An empty sheet for the pixels of a page that a thin line touches, and where its upper left
/// corner lies; none where it touches none.
fn touched(path: &Path, view: Transform, size: [u32; 2]) -> Option<([i32; 2], Pixmap)> {
    let bounds = path.bounds().transform(view)?;
    // Half a pixel of the line and one of its soft edge.
    let range = |low: f32, high: f32, side: u32| {
        let side = side as f32;
        let low = (low - 2.0).floor().clamp(0.0, side);
        (
            low as i32,
            ((high + 2.0).ceil().clamp(low, side) - low) as u32,
        )
    };
    let (left, width) = range(bounds.left(), bounds.right(), size[0]);
    let (top, height) = range(bounds.top(), bounds.bottom(), size[1]);
    Some(([left, top], Pixmap::new(width, height)?))
}

fn polyline(points: &[[f32; 2]], close: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    path.move_to(first[0], first[1]);
    for [x, y] in rest {
        path.line_to(*x, *y);
    }
    if close {
        path.close();
    }
    path.finish()
}

fn premultiplied(picture: &Picture) -> Option<Pixmap> {
    let mut sheet = Pixmap::new(picture.width, picture.height)?;
    for (to, from) in sheet
        .pixels_mut()
        .iter_mut()
        .zip(picture.rgba.as_chunks::<4>().0)
    {
        let [r, g, b, a] = *from;
        *to = tiny_skia::ColorU8::from_rgba(r, g, b, a).premultiply();
    }
    Some(sheet)
}

/// Distance from the place of a text to its start.
pub fn offset(width: f32, anchor: Anchor) -> f32 {
    match anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -width / 2.0,
        Anchor::End => -width,
    }
}

/// The outlines of a text around its place.
pub fn outline(text: &Text, size: f32, anchor: Anchor) -> Option<Path> {
    let (glyphs, width) = text.set(size);
    let start = offset(width, anchor);
    let mut pen = Pen {
        path: PathBuilder::new(),
        x: 0.0,
        y: 0.0,
    };
    for glyph in &glyphs {
        (pen.x, pen.y) = (start + glyph.x, -glyph.rise);
        glyph.outline(&mut pen);
    }
    pen.path.finish()
}

/// Turns glyphs, whose y points upwards, over onto the page.
struct Pen {
    path: PathBuilder,
    x: f32,
    y: f32,
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.x + x, self.y - y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.x + x, self.y - y);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.path
            .quad_to(self.x + cx, self.y - cy, self.x + x, self.y - y);
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.path.cubic_to(
            self.x + ax,
            self.y - ay,
            self.x + bx,
            self.y - by,
            self.x + x,
            self.y - y,
        );
    }

    fn close(&mut self) {
        self.path.close();
    }
}

/// Most pixels whose sums are kept at once.
const MOST_SUMS: i64 = 1 << 22;

/// Blends antialiased discs one over the other; a path each would take ten times as long.
fn stamp(sheet: &mut Pixmap, at: &[[f32; 2]], radius: f32, ink: Ink, view: Transform) {
    let radius = radius * view.sx;
    let (width, height) = (sheet.width() as i64, sheet.height() as i64);
    let colour = ink.colour.map(f32::from);
    // A disc below a pixel across keeps its area's worth of ink.
    let (radius, alpha) = if radius < 0.5 {
        (0.5, ink.alpha * (radius / 0.5).powi(2))
    } else {
        (radius, ink.alpha)
    };
    let reach = radius + 0.5;
    // Eight bits would stall where a disc changes a value by less than one half, so the sums are
    // kept as they are, a band of rows at a time for the sake of memory.
    let data = sheet.data_mut();
    let rows = (MOST_SUMS / width.max(1)).max(1);
    let mut sums: Vec<f32> = Vec::new();
    for top in (0..height).step_by(rows as usize) {
        let bottom = (top + rows).min(height);
        let band = &mut data[4 * (top * width) as usize..4 * (bottom * width) as usize];
        sums.clear();
        sums.extend(band.iter().map(|value| f32::from(*value)));
        for [x, y] in at {
            let (cx, cy) = (x * view.sx + view.tx, y * view.sy + view.ty);
            if !(cx.is_finite() && cy.is_finite()) {
                continue;
            }
            let low = |c: f32, start: i64| ((c - reach).floor() as i64).max(start);
            let high = |c: f32, end: i64| ((c + reach).ceil() as i64).min(end);
            for py in low(cy, top)..high(cy, bottom) {
                for px in low(cx, 0)..high(cx, width) {
                    let (dx, dy) = (px as f32 + 0.5 - cx, py as f32 + 0.5 - cy);
                    let cover = (reach - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
                    let a = alpha * cover;
                    let i = 4 * ((py - top) * width + px) as usize;
                    let wanted = [colour[0], colour[1], colour[2], 255.0];
                    for (sum, wanted) in sums[i..i + 4].iter_mut().zip(wanted) {
                        *sum += a * (wanted - *sum);
                    }
                }
            }
        }
        for (value, sum) in band.iter_mut().zip(&sums) {
            *value = sum.round() as u8;
        }
    }
    // Rounding must not leave a colour above its opacity.
    for pixel in data.as_chunks_mut::<4>().0 {
        let most = pixel[3];
        for value in &mut pixel[..3] {
            *value = (*value).min(most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The darkest pixel of a black line with these points on white paper.
    fn darkest(points: Vec<[f32; 2]>, alpha: f32, dashed: bool) -> u8 {
        let ink = Ink {
            colour: [0; 3],
            alpha,
        };
        let line = Shape::Line {
            points,
            width: 0.5,
            ink,
            dashed,
        };
        let page = Page {
            width: 80.0,
            height: 60.0,
            paper: Some([255; 3]),
            shapes: vec![line],
        };
        let sheet = render(&page, [80, 60]);
        let values = sheet.pixels().iter().map(|pixel| pixel.red());
        values.min().unwrap_or(255)
    }

    #[test]
    fn a_faint_line_that_meets_itself_is_no_darker_than_its_ink() {
        let high = |i: u16| if i.is_multiple_of(2) { 10.0 } else { 50.0 };
        // Ten zigzags a pixel, and some of them beyond the page.
        let zigzags = |from: f32| (0..400).map(move |i| [from + 0.1 * f32::from(i), high(i)]);
        for from in [20.0, -20.0, 60.0] {
            let value = darkest(zigzags(from).collect(), 0.3, false);
            assert!((177..=180).contains(&value), "{value} at {from}");
        }
        let value = darkest(zigzags(20.0).collect(), 0.3, true);
        assert!((177..=184).contains(&value), "{value} with dashes");
        // A full line still covers what it crosses, and one that is not there does no harm.
        assert!(darkest(zigzags(20.0).collect(), 1.0, false) < 5);
        assert_eq!(darkest(zigzags(500.0).collect(), 0.3, false), 255);
        // A flat line has no height.
        let flat = darkest(vec![[5.0, 5.5], [40.0, 5.5], [70.0, 5.5]], 0.3, false);
        assert!((205..240).contains(&flat), "{flat}");
    }
}
