//! Marks of a panel in points, clipped to it.

use super::colour::{Theme, Tone, diverging};
use super::page::{Anchor, Area, Ink, Picture, Shape};
use super::scene::{Form, GAP, Map, Panel};
use super::style::Style;

/// Pixels that a picture of few values is enlarged to, so that viewers do not blur it.
const SHARP: usize = 768;

/// Puts the marks of a panel on a page.
/// Marks are sized for type of eight points, and grow with larger type of `size` points.
pub fn place_marks(panel: &Panel, area: Area, style: &Style, size: f32, shapes: &mut Vec<Shape>) {
    let theme = style.theme;
    let scale = (size / 8.0).max(1.0);
    let type_size = size;
    let place = |[x, y]: [f32; 2]| {
        [
            area.x + area.w * panel.x.place(f64::from(x)) as f32,
            area.y + area.h * (1.0 - panel.y.place(f64::from(y)) as f32),
        ]
    };
    for mark in &panel.marks {
        let ink = Ink {
            colour: mark.tone.colour(theme),
            alpha: mark.alpha.clamp(0.0, 1.0),
        };
        match &mark.shape {
            Form::Points { at, radius } => shapes.push(Shape::Dots {
                at: at
                    .iter()
                    .map(|p| place(*p))
                    .filter(|p| inside(*p, area))
                    .collect(),
                radius: scale * radius,
                ink,
                area,
            }),
            Form::Lines {
                lines,
                width,
                dashed,
            } => {
                for line in lines {
                    let points: Vec<_> = line.iter().map(|p| place(*p)).collect();
                    for points in clip(&points, area) {
                        shapes.push(Shape::Line {
                            points,
                            width: scale * width,
                            ink,
                            dashed: *dashed,
                        });
                    }
                }
            }
            Form::Arrows { at, vectors, width } => {
                for (at, vector) in at.iter().zip(vectors) {
                    let tip = [at[0] + vector[0], at[1] + vector[1]];
                    arrow(place(*at), place(tip), scale * width, ink, area, shapes);
                }
            }
            Form::Boxes(boxes) => {
                for (low, high) in boxes {
                    let [low, high] = [low, high].map(|p| place(p.map(|v| v as f32)));
                    let (x0, x1) = (low[0].max(area.x), high[0].min(area.x + area.w));
                    let (y0, y1) = (high[1].max(area.y), low[1].min(area.y + area.h));
                    if x0 < x1 && y0 < y1 {
                        let [x, y, w, h] = [x0, y0, x1 - x0, y1 - y0];
                        let area = Area { x, y, w, h };
                        shapes.push(Shape::Rect { area, ink });
                    }
                }
            }
            Form::Heat {
                values,
                columns,
                range: [low, high],
                map,
            } => {
                let colour = |v: &f32| {
                    let share = (f64::from(*v) - low) / (high - low);
                    let [r, g, b] = map_colour(*map, share, style);
                    [r, g, b, 255]
                };
                let pixels: Vec<_> = values.iter().map(colour).collect();
                shapes.extend(
                    picture(&pixels, *columns, SHARP).map(|picture| Shape::Image { area, picture }),
                );
            }
            Form::Words { at, size } => {
                for (place_of, text) in at {
                    let [x, y] = place(*place_of);
                    if inside([x, y], area) {
                        let size = size * type_size;
                        shapes.push(Shape::Label {
                            at: [x, y + 0.36 * size],
                            anchor: Anchor::Middle,
                            upwards: false,
                            size,
                            ink,
                            text: text.clone(),
                        });
                    }
                }
            }
            Form::Stamps {
                at,
                side,
                pixels,
                size,
                tones,
            } => {
                let images = pixels.chunks_exact((size[0] * size[1]).max(1));
                let [low, high] = panel.x.range;
                let w = area.w * side / (high - low) as f32;
                for (at, (image, tone)) in at.iter().zip(images.zip(tones)) {
                    let [x, y] = place(*at);
                    if !inside([x, y], area) {
                        continue;
                    }
                    let stamp = Area {
                        x: x - 0.5 * w,
                        y: y - 0.5 * w,
                        w,
                        h: w,
                    };
                    shapes.extend(stamped(image, *size, stamp, ink, *tone, theme, scale));
                }
            }
            Form::Images {
                pixels,
                size,
                columns,
            } => {
                let (pixels, columns) = grid(pixels, *size, *columns, ink);
                shapes.extend(
                    picture(&pixels, columns, SHARP).map(|picture| Shape::Image { area, picture }),
                );
            }
        }
    }
}

/// The colour at a share of a map.
pub fn map_colour(map: Map, share: f64, style: &Style) -> super::colour::Colour {
    match map {
        Map::Sequential => style.map.colour(share),
        Map::Diverging => diverging(share, style.theme),
    }
}

fn inside([x, y]: [f32; 2], area: Area) -> bool {
    (area.x..=area.x + area.w).contains(&x) && (area.y..=area.y + area.h).contains(&y)
}

/// The pieces of a polyline inside an area (Liang and Barsky); points that are not finite cut it.
pub fn clip(points: &[[f32; 2]], area: Area) -> Vec<Vec<[f32; 2]>> {
    let low = [area.x, area.y];
    let high = [area.x + area.w, area.y + area.h];
    let mut pieces: Vec<Vec<[f32; 2]>> = Vec::new();
    let mut open = false;
    for pair in points.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        if !from.iter().chain(&to).all(|v| v.is_finite()) {
            open = false;
            continue;
        }
        let (mut start, mut end) = (0.0_f32, 1.0_f32);
        for k in 0..2 {
            let step = to[k] - from[k];
            if step == 0.0 {
                if from[k] < low[k] || from[k] > high[k] {
                    end = -1.0;
                }
                continue;
            }
            let (a, b) = ((low[k] - from[k]) / step, (high[k] - from[k]) / step);
            start = start.max(a.min(b));
            end = end.min(a.max(b));
        }
        if start > end {
            open = false;
            continue;
        }
        let at = |s: f32| [0, 1].map(|k| from[k] + s * (to[k] - from[k]));
        match pieces.last_mut() {
            Some(piece) if open && start == 0.0 => piece.push(at(end)),
            _ => pieces.push(vec![at(start), at(end)]),
        }
        open = end == 1.0;
    }
    pieces
}

fn arrow(from: [f32; 2], to: [f32; 2], width: f32, ink: Ink, area: Area, shapes: &mut Vec<Shape>) {
    let step = [to[0] - from[0], to[1] - from[1]];
    let length = step[0].hypot(step[1]);
    if !(inside(from, area) && inside(to, area)) || length.is_nan() || length < 1e-3 {
        return;
    }
    let along = step.map(|v| v / length);
    let head = (5.0 * width).min(0.6 * length);
    let neck = [0, 1].map(|k| to[k] - head * along[k]);
    let side = 0.4 * head;
    shapes.push(Shape::Line {
        points: vec![from, neck],
        width,
        ink,
        dashed: false,
    });
    shapes.push(Shape::Polygon {
        points: vec![
            to,
            [neck[0] - side * along[1], neck[1] + side * along[0]],
            [neck[0] + side * along[1], neck[1] - side * along[0]],
        ],
        ink,
    });
}

/// A small picture on paper of its own, with a frame.
fn stamped(
    image: &[u8],
    size: [usize; 2],
    area: Area,
    ink: Ink,
    tone: Tone,
    theme: Theme,
    scale: f32,
) -> Vec<Shape> {
    let paper = Ink {
        colour: theme.paper(),
        alpha: 1.0,
    };
    let (pixels, columns) = grid(image, size, 1, ink);
    let [x0, y0, x1, y1] = [area.x, area.y, area.x + area.w, area.y + area.h];
    let frame = Shape::Line {
        points: vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]],
        width: 0.9 * scale,
        ink: Ink {
            colour: tone.colour(theme),
            alpha: 1.0,
        },
        dashed: false,
    };
    let mut shapes = vec![Shape::Rect { area, ink: paper }];
    let picture = picture(&pixels, columns, SHARP / 8);
    shapes.extend(picture.map(|picture| Shape::Image { area, picture }));
    shapes.push(frame);
    shapes
}

/// Pixels as a picture, enlarged by a whole factor where there are few.
fn picture(pixels: &[[u8; 4]], columns: usize, sharp: usize) -> Option<Picture> {
    let rows = pixels.len().checked_div(columns)?;
    if rows == 0 {
        return None;
    }
    let factor = sharp.div_ceil(columns.max(rows));
    let mut rgba = Vec::with_capacity(4 * columns * rows * factor * factor);
    for y in 0..rows * factor {
        for x in 0..columns * factor {
            rgba.extend(pixels[y / factor * columns + x / factor]);
        }
    }
    Some(Picture {
        width: (columns * factor) as u32,
        height: (rows * factor) as u32,
        rgba,
    })
}

/// Grey pictures side by side in an ink, as opaque as they are grey; also the pixels in a row.
fn grid(pixels: &[u8], [w, h]: [usize; 2], columns: usize, ink: Ink) -> (Vec<[u8; 4]>, usize) {
    let count = pixels.len().checked_div(w * h).unwrap_or(0);
    let columns = columns.clamp(1, count.max(1));
    let rows = count.div_ceil(columns);
    let width = columns * (w + GAP) - GAP;
    let height = (rows * (h + GAP)).saturating_sub(GAP);
    let [r, g, b] = ink.colour;
    let mut out = vec![[r, g, b, 0]; width * height];
    for (i, image) in pixels.chunks_exact((w * h).max(1)).enumerate() {
        let (left, top) = (i % columns * (w + GAP), i / columns * (h + GAP));
        for (y, row) in image.chunks_exact(w).enumerate() {
            for (x, &grey) in row.iter().enumerate() {
                let alpha = (f32::from(grey) * ink.alpha).round() as u8;
                out[(top + y) * width + left + x] = [r, g, b, alpha];
            }
        }
    }
    (out, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area {
        x: 0.0,
        y: 0.0,
        w: 10.0,
        h: 10.0,
    };

    #[test]
    fn lines_are_cut_at_the_edge_and_at_gaps() {
        let through = [[-5.0, 5.0], [5.0, 5.0], [15.0, 5.0]];
        assert_eq!(
            clip(&through, AREA),
            [[[0.0, 5.0], [5.0, 5.0], [10.0, 5.0]]]
        );
        let beside = [[-5.0, -1.0], [15.0, -1.0]];
        assert!(clip(&beside, AREA).is_empty());
        let gap = [
            [1.0, 1.0],
            [2.0, 1.0],
            [f32::NAN, 1.0],
            [3.0, 1.0],
            [4.0, 1.0],
        ];
        assert_eq!(clip(&gap, AREA).len(), 2);
        // Out and in again: two pieces, not a line along the edge.
        let out = [[5.0, 5.0], [5.0, 20.0], [8.0, 20.0], [8.0, 5.0]];
        assert_eq!(clip(&out, AREA).len(), 2);
    }

    #[test]
    fn pictures_of_odd_counts_fill_a_grid() {
        let ink = Ink {
            colour: [1, 2, 3],
            alpha: 1.0,
        };
        let (pixels, width) = grid(&[7; 3 * 4], [2, 2], 2, ink);
        assert_eq!((width, pixels.len()), (6, 36));
        assert_eq!(pixels[0], [1, 2, 3, 7]);
        assert_eq!(pixels[35], [1, 2, 3, 0]);
        assert!(picture(&grid(&[], [28, 28], 4, ink).0, 1, SHARP).is_none());
    }
}
