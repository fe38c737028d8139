//! Parts of a scene under one another.

use super::lay_out_part;
use crate::figure::page::Page;
use crate::figure::scene::Scene;
use crate::figure::style::Style;

/// Lays a scene out, its parts under one another; a given height is shared as they need it.
pub fn lay_out(scene: &Scene, style: &Style) -> Page {
    if scene.below.is_empty() {
        return lay_out_part(scene, style);
    }
    let natural = pages(scene, style, |_| None);
    let Some(height) = style.height_cm else {
        return joined(natural);
    };
    let all: f64 = natural.iter().map(|page| page.height).sum();
    let share = |i: usize| Some(height * natural[i].height / all);
    joined(pages(scene, style, share))
}

/// Each part with a height in centimetres, or the one it needs.
fn pages(scene: &Scene, style: &Style, height: impl Fn(usize) -> Option<f64>) -> Vec<Page> {
    let parts = parts(scene);
    let page = |(i, part): (usize, &Scene)| {
        let style = Style {
            height_cm: height(i),
            // The given title stands above the first part alone.
            title: style.title.clone().filter(|_| i == 0),
            ..style.clone()
        };
        lay_out_part(part, &style)
    };
    parts.into_iter().enumerate().map(page).collect()
}

/// A scene and all that stands below it, and below that, from top to bottom.
fn parts(scene: &Scene) -> Vec<&Scene> {
    let below = scene.below.iter().flat_map(parts);
    std::iter::once(scene).chain(below).collect()
}

fn joined(pages: Vec<Page>) -> Page {
    let mut pages = pages.into_iter();
    let mut whole = pages.next().expect("a scene is a part of itself");
    for mut page in pages {
        let by = whole.height as f32;
        page.shapes.iter_mut().for_each(|shape| shape.lower(by));
        whole.shapes.append(&mut page.shapes);
        whole.height += page.height;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::page::Shape;
    use crate::figure::style::POINTS_PER_CM;
    use crate::figure::{Form, Panel, Tone};

    #[test]
    fn parts_stand_under_one_another_and_share_a_given_height() {
        let part = |name: &str| {
            let dot = Form::dots(&[0.0, 0.0], 1.0);
            Scene::row(vec![Panel::square(1.0).with(name, Tone::Ink, 1.0, dot)])
        };
        let scene = part("a").over(part("b"));
        let style = Style::ONE_COLUMN;
        let alone = lay_out(&part("a"), &style);
        let both = lay_out(&scene, &style);
        assert!((both.height - 2.0 * alone.height).abs() < 1e-3);
        let fixed = Style {
            height_cm: Some(6.0),
            ..style
        };
        let page = lay_out(&scene, &fixed);
        assert!((page.height - 6.0 * POINTS_PER_CM).abs() < 1e-3);
        let dots: Vec<f32> = (page.shapes.iter())
            .filter_map(|shape| match shape {
                Shape::Dots { at, .. } => Some(at[0][1]),
                _ => None,
            })
            .collect();
        assert!((dots[1] - dots[0] - 3.0 * POINTS_PER_CM as f32).abs() < 1e-2);
    }
}
