//! The guide's page of a lesson, and the little Markdown it is written in.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontFamily, FontId};

use crate::app::theme;

/// A page by the name of its lesson.
macro_rules! pages {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../docs/guide/", $name, ".md")))),*]
    };
}

const PAGES: &[(&str, &str)] = pages![
    "checkerboard",
    "paths",
    "steps",
    "field",
    "conditional",
    "couplings",
    "learning",
    "likelihood",
    "variational",
    "mistakes",
    "vae",
    "latent",
    "guidance",
    "inpaint",
    "semantic",
    "editing",
    "variational_digits",
    "bound",
];

/// The page of a lesson; empty for a name that is no lesson.
pub fn of(lesson: &str) -> &'static str {
    let found = PAGES.iter().find(|(name, _)| *name == lesson);
    found.map_or("", |(_, page)| page)
}

/// The paragraphs and points under a heading, without the marks of their kind.
pub fn part<'a>(page: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    let mut lines = page.lines();
    // What is left begins after the heading, and is nothing without it.
    _ = lines.any(|line| line.strip_prefix("## ") == Some(heading));
    let own = lines.take_while(|line| !line.starts_with("## "));
    let bare = own.map(|line| line.trim_start_matches(['>', '-']).trim());
    bare.filter(|line| !line.is_empty())
}

/// A line with its **keys**, *words* and links, in points.
pub fn inline(text: &str, size: f32, color: Color32) -> LayoutJob {
    let plain = TextFormat::simple(FontId::new(size, FontFamily::Proportional), color);
    let strong = TextFormat::simple(FontId::new(size, theme::semibold()), color);
    let leaning = TextFormat {
        italics: true,
        ..plain.clone()
    };
    let mut job = LayoutJob::default();
    let (mut bold, mut italic) = (false, false);
    let mut rest = text;
    while !rest.is_empty() {
        let (before, mark) = rest.split_at(rest.find(['*', '[', '\\']).unwrap_or(rest.len()));
        let format = match (bold, italic) {
            (true, _) => &strong,
            (_, true) => &leaning,
            _ => &plain,
        };
        if !before.is_empty() {
            job.append(before, 0.0, format.clone());
        }
        rest = if let Some(after) = mark.strip_prefix("**") {
            bold = !bold;
            after
        } else if let Some(after) = mark.strip_prefix('*') {
            italic = !italic;
            after
        } else if let Some(after) = mark.strip_prefix('[') {
            let link = after.split_once("](").and_then(|(name, to)| {
                let (_, after) = to.split_once(')')?;
                Some((name, after))
            });
            let (name, after) = link.unwrap_or(("[", after));
            job.append(name, 0.0, format.clone());
            after
        } else {
            mark.strip_prefix('\\').unwrap_or(mark)
        };
    }
    job
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::lessons;
    use crate::app::theme::Theme;

    #[test]
    fn every_lesson_has_something_to_say() {
        for lesson in lessons::all() {
            let page = of(lesson.name());
            let title = page.lines().next();
            assert_eq!(title, Some(format!("# {}", lesson.title()).as_str()));
            for heading in super::super::PARTS {
                let count = part(page, heading).count();
                assert!(count >= 2, "{}: {heading}: {count}", lesson.name());
            }
            let mut said = part(page, "What to say");
            assert!(said.all(|line| !line.starts_with(['>', '#'])));
        }
        assert_eq!(part(of("paths"), "No such part").count(), 0);
    }

    #[test]
    fn marks_become_faces() {
        let ink = Theme::Light.palette().ink;
        let job = inline(
            "**B** goes to [the plan](lecture.md), *Seven times*; a \\| b",
            16.0,
            ink,
        );
        assert_eq!(job.text, "B goes to the plan, Seven times; a | b");
        let faces: Vec<_> = (job.sections.iter())
            .map(|part| {
                let length = part.byte_range.end.0 - part.byte_range.start.0;
                let strong = part.format.font_id.family == theme::semibold();
                (length, strong, part.format.italics)
            })
            .collect();
        assert_eq!(faces[0], (1, true, false));
        assert!(faces.contains(&(11, false, true)));
        // A bracket that is no link stays.
        assert_eq!(inline("on [0, 1]", 16.0, ink).text, "on [0, 1]");
    }
}
