//! The sheet and the curves as a figure.

use super::work::{LARGEST, Measured, Sheet};
use super::{Guidance, between};
use crate::app::background::Background;
use crate::app::figure::Figure;
use crate::app::lesson::Lab;
use crate::app::sketch;
use crate::app::widgets::number;
use crate::data::mnist::SIDE;
use crate::figure::{Axis, Form, Panel, Scene, Text, Tone};

pub fn figure(lesson: &Guidance, lab: &Lab, t: f32) -> Option<Figure> {
    let sheet = lesson.sheet.as_ref().and_then(Background::value)?;
    if sheet.is_err() {
        return None;
    }
    let measured = lesson.curves.as_ref().and_then(Background::value);
    let draw = move |_: f32, _: &_| {
        let measured = measured.as_deref().and_then(|all| all.as_deref().ok());
        sheet.as_ref().as_ref().ok().map(|made| {
            let mut panels = vec![digits(made)];
            if let Some(all) = measured {
                panels.extend(curves(all, made.gamma));
            }
            Scene::apart(panels)
        })
    };
    Some(Figure::new(lesson.seed, t, draw).by_image(&lab.digits.flow()))
}

/// Guided digits; those that are read as others have a frame and what they are read as.
fn digits(made: &Sheet) -> Panel {
    let pairs = || made.read.iter().zip(&made.asked).enumerate();
    let wrong: Vec<usize> = pairs()
        .filter(|(_, (a, b))| a != b)
        .map(|(i, _)| i)
        .collect();
    let right = made.read.len() - wrong.len();
    let panel = sketch::digits(&made.pictures, made.columns);
    let words = wrong.iter().map(|&i| {
        let corner = panel.around_image(i, [SIDE, SIDE], made.columns)[1];
        let read = Text::from(made.read[i].to_string());
        ([corner[0] - 4.0, corner[1] - 5.0], read)
    });
    let words = Form::Words {
        at: words.collect(),
        size: 0.7,
    };
    let title = Text::maths(&format!("γ = {:.1}", made.gamma));
    sketch::framed(panel, &wrong, made.columns, Tone::Error)
        .with("read as", Tone::Error, 1.0, words)
        .titled(title)
        .noted(format!("{right} of {} are read as asked", made.read.len()))
}

/// Accuracy and diversity over γ, with a line at the γ of the sheet.
fn curves(all: &[Measured], gamma: f32) -> [Panel; 2] {
    type Value = fn(&Measured) -> f32;
    let kinds: [(&str, Value, Tone); 2] = [
        ("Read as asked", |m| m.accuracy, Tone::Exact),
        ("Diversity, test digits = 1", |m| m.diversity, Tone::Source),
    ];
    kinds.map(|(title, value, tone)| {
        let top = all.iter().map(value).fold(1.0_f32, f32::max);
        let top = (10.0 * top).ceil() / 10.0;
        let x = Axis::linear(0.0, f64::from(LARGEST)).labelled(Text::from("Guidance ").and("γ"));
        let points: Vec<[f32; 2]> = all.iter().map(|m| [m.gamma, value(m)]).collect();
        let cursor = Form::lines(vec![vec![[gamma, 0.0], [gamma, top]]], 0.6, true);
        let panel = Panel::curves(x, Axis::linear(0.0, f64::from(top)))
            .titled(title)
            .with("γ", Tone::Muted, 1.0, cursor)
            .with(
                title,
                tone,
                1.0,
                Form::lines(vec![points.clone()], 1.2, false),
            )
            .with(
                "measured",
                tone,
                1.0,
                Form::Points {
                    at: points,
                    radius: 1.6,
                },
            );
        match between(all, gamma, value) {
            Some(here) => panel.noted(format!("{} here", number::percent(f64::from(here)))),
            None => panel,
        }
    })
}
