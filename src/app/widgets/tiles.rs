//! Equal squares in rows, as large as they can be.

use egui::{Rect, pos2, vec2};

/// `n` cells of equal size in `place`, row by row: squares of the greatest side with `caption`
/// points above each and `gap` between them. Empty where there is no room.
pub fn tiles(place: Rect, n: usize, caption: f32, gap: f32) -> Vec<Rect> {
    let side = |columns: usize| {
        let rows = n.div_ceil(columns);
        let width = (place.width() + gap) / columns as f32 - gap;
        let height = (place.height() + gap) / rows as f32 - gap - caption;
        width.min(height).floor()
    };
    // A grid without holes is worth a little size.
    let worth = |columns: usize| {
        let full = n as f32 / (columns * n.div_ceil(columns)) as f32;
        side(columns) * full.powf(0.3)
    };
    let best = (1..=n).max_by(|a, b| worth(*a).total_cmp(&worth(*b)));
    let Some(columns) = best.filter(|columns| side(*columns) >= 16.0) else {
        return Vec::new();
    };
    let (side, rows) = (side(columns), n.div_ceil(columns));
    let used = vec2(
        columns as f32 * (side + gap) - gap,
        rows as f32 * (side + caption + gap) - gap,
    );
    let start = place.center() - 0.5 * used;
    let cell = |i: usize| {
        let (column, row) = ((i % columns) as f32, (i / columns) as f32);
        let corner = pos2(
            start.x + column * (side + gap),
            start.y + row * (side + caption + gap) + caption,
        );
        Rect::from_min_size(corner.round(), vec2(side, side))
    };
    (0..n).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_fill_the_place_without_touching() {
        for (width, height) in [
            (300.0, 560.0),
            (800.0, 100.0),
            (380.0, 300.0),
            (20.0, 900.0),
        ] {
            let place = Rect::from_min_size(pos2(5.0, 7.0), vec2(width, height));
            for n in 1..=24 {
                let cells = tiles(place, n, 18.0, 6.0);
                assert!(cells.is_empty() || cells.len() == n);
                for (i, cell) in cells.iter().enumerate() {
                    assert!(
                        place.expand(1.0).contains_rect(*cell),
                        "{n} in {width} x {height}"
                    );
                    assert_eq!(cell.width(), cell.height());
                    assert!(
                        cells[..i]
                            .iter()
                            .all(|other| !other.expand(2.0).intersects(*cell))
                    );
                }
            }
        }
        let wide = Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 220.0));
        let row = tiles(wide, 4, 18.0, 6.0);
        assert!(row.iter().all(|cell| cell.top() == row[0].top()), "one row");
        let square = Rect::from_min_size(pos2(0.0, 0.0), vec2(750.0, 500.0));
        let four = tiles(square, 4, 18.0, 6.0);
        assert_eq!(
            four[0].left(),
            four[2].left(),
            "two by two, not three and one"
        );
        assert!(tiles(wide, 0, 18.0, 6.0).is_empty());
    }
}
