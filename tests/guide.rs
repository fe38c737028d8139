//! The guide has a page for each lesson, and its links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

use flowlab::app::{beats, lessons};

const HEADINGS: [&str; 5] = [
    "## What it shows",
    "## What to say",
    "## What to try",
    "## What students get wrong",
    "## Source",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide")
}

fn read(file: &str) -> String {
    let path = folder().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files that a page links to or shows.
fn targets(text: &str) -> Vec<&str> {
    let after = text.split("](").skip(1);
    after.filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn each_lesson_has_its_page() {
    for lesson in lessons::all() {
        let name = lesson.name();
        let page = read(&format!("{name}.md"));
        assert!(
            page.starts_with(&format!("# {}\n", lesson.title())),
            "{name}: its title"
        );
        let lines: Vec<&str> = page.lines().collect();
        for heading in HEADINGS {
            assert!(lines.contains(&heading), "{name} lacks {heading}");
        }
    }
}

#[test]
fn links_and_screenshots_exist() {
    let files = fs::read_dir(folder()).expect("the guide");
    for file in files {
        let name = file.expect("a file").file_name();
        let name = name.to_str().expect("a plain name");
        for target in targets(&read(name)) {
            let there = folder().join(target).is_file();
            assert!(there, "{name} names {target}, which is not there");
        }
    }
}

#[test]
fn readme_and_plan_name_each_lesson() {
    for file in ["README.md", "lecture.md"] {
        let text = read(file);
        let targets = targets(&text);
        for lesson in lessons::all() {
            let page = format!("{}.md", lesson.name());
            assert!(targets.contains(&page.as_str()), "{file} lacks {page}");
        }
    }
}

#[test]
fn the_plan_takes_45_minutes() {
    let text = read("lecture.md");
    let mut sum = 0;
    for row in text.lines().filter(|line| line.contains(".md) |")) {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let mut number = || cells.next().and_then(|cell| cell.parse::<u32>().ok());
        assert_eq!(number(), Some(sum), "{row}");
        sum += number().expect("minutes");
    }
    assert_eq!(sum, 45);
}

#[test]
fn the_plan_counts_the_beats() {
    let text = read("lecture.md");
    for lesson in lessons::all() {
        let name = lesson.name();
        let row = text
            .lines()
            .find(|line| line.contains(&format!("({name}.md) |")));
        let cell = row.and_then(|row| row.split('|').nth(4)).map(str::trim);
        let count = beats::of(name).len().to_string();
        assert_eq!(cell, Some(count.as_str()), "{name}");
    }
}
