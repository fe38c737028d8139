//! Figures out of the window and back: the card in every lesson, what it writes, what it refuses,
//! and the settings that a file brings back.

mod common;
mod harness;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers, vec2};
use egui_kittest::Node;
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::exporting::NOTHING_TO_EXPORT;
use flowlab::app::{LaunchOptions, lessons};
use flowlab::figure::{Meta, Theme};
use harness::{Window, on_cpu, press, said, settle, until};
use tempfile::TempDir;

/// Longest wait for a lesson's first picture, in the plane and of digits: without a GPU those of
/// some lessons take minutes, and the sentence that there is nothing yet is all that is looked at.
const PATIENCE: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(2)];

fn open(lesson: &str, t: f32) -> Window {
    let options = LaunchOptions {
        t: Some(t),
        ..on_cpu(lesson)
    };
    let mut harness = harness::window(options, 0.5);
    // The card is larger than the window must be.
    harness.set_size(vec2(1000.0, 900.0));
    harness
}

fn with_modifiers(harness: &mut Window, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(4);
}

fn has(harness: &Window, label: &str) -> bool {
    harness.query_all_by_label(label).next().is_some()
}

fn of_role<'a>(harness: &'a Window, role: Role, label: &str) -> Node<'a> {
    let mut nodes = harness.query_all_by_role(role);
    nodes
        .find(|node| node.accesskit_node().label().as_deref() == Some(label))
        .unwrap_or_else(|| panic!("no {role:?} “{label}”"))
}

/// Opens the card and waits for its preview.
fn open_card(harness: &mut Window) {
    with_modifiers(harness, Modifiers::COMMAND, Key::E);
    assert!(has(harness, "Export the figure"), "the card is open");
    until(harness, "there is a preview", |harness| {
        has(harness, "Preview of the figure")
    });
}

fn set_path(harness: &mut Window, path: &Path) {
    let fields: Vec<_> = harness.query_all_by_role(Role::TextInput).collect();
    let field = fields.last().expect("a field for the path");
    field.set_text_value_accesskit(path.to_str().expect("a path"));
    harness.run_steps(2);
}

fn choose(harness: &mut Window, menu: &str, entry: &str) {
    of_role(harness, Role::ComboBox, menu).click();
    harness.run_steps(2);
    let entries: Vec<_> = harness.query_all_by_label(entry).collect();
    entries.last().expect("an entry").click();
    harness.run_steps(3);
}

fn set(harness: &mut Window, name: &str, value: f64) {
    of_role(harness, Role::SpinButton, name).set_value_accesskit(value);
    harness.run_steps(3);
}

/// Presses the button and waits for the news.
fn write(harness: &mut Window, path: &Path) {
    until(harness, "the size is known", |harness| {
        let button = of_role(harness, Role::Button, "Export");
        !button.accesskit_node().is_disabled()
    });
    of_role(harness, Role::Button, "Export").click();
    harness.run_steps(2);
    let news = path.display().to_string();
    until(harness, "the file is written", |harness| {
        said(harness, "Written: ").is_some_and(|said| said == news)
    });
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).expect("the folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// One lesson: until there is something to export, a sentence says so; then the card shows it, and
/// its file is a picture with the lesson's name.
fn card_of(lesson: &str, of_digits: bool, folder: &Path) {
    let mut harness = open(lesson, 0.6);
    let started = Instant::now();
    let patience = PATIENCE[usize::from(of_digits)];
    loop {
        with_modifiers(&mut harness, Modifiers::COMMAND, Key::E);
        if has(&harness, "Export the figure") {
            break;
        }
        let messages = &harness.state().lab.training.messages;
        assert_eq!(messages.as_slice(), [NOTHING_TO_EXPORT], "{lesson}");
        if of_digits && started.elapsed() > patience {
            return;
        }
        assert!(started.elapsed() < patience, "{lesson} shows nothing");
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
    until(&mut harness, "there is a preview", |harness| {
        has(harness, "Preview of the figure")
    });
    let path = folder.join(format!("{lesson}.png"));
    set_path(&mut harness, &path);
    set(&mut harness, "Resolution", 50.0);
    write(&mut harness, &path);
    let meta = Meta::find(&std::fs::read(&path).expect("the file")).expect("its settings");
    assert_eq!(meta.figure, format!("lesson-{lesson}"));
    let picture = image::open(&path).expect("a picture").to_rgb8();
    let paper = *picture.get_pixel(0, 0);
    let inked = picture.pixels().filter(|pixel| **pixel != paper).count();
    assert!(inked > 400, "{lesson}: {inked} pixels of {paper:?}");
}

/// The card in one half of the lessons: the halves run beside one another.
fn cards_of(half: usize) {
    if !common::gpu_here() {
        return;
    }
    let folder = folder();
    for (place, lesson) in lessons::all().iter().enumerate() {
        if place % 2 == half {
            card_of(lesson.name(), lesson.part().is_some(), folder.path());
        }
    }
}

#[test]
fn the_card_opens_in_every_even_lesson() {
    cards_of(0);
}

#[test]
fn the_card_opens_in_every_odd_lesson() {
    cards_of(1);
}

/// Width and height that the card tells, in pixels.
fn told_size(harness: &Window) -> Option<[u32; 2]> {
    let mut nodes = harness.query_all_by_label_contains(" pixels at ");
    let node = nodes.next()?.accesskit_node();
    let text = node.label().or_else(|| node.value())?;
    let (width, rest) = text.split_once(" × ")?;
    let height = rest.split_once(' ')?.0;
    Some([width.parse().ok()?, height.parse().ok()?])
}

#[test]
fn what_the_card_says_is_in_the_files() {
    if !common::gpu_here() {
        return;
    }
    let folder = folder();
    let mut harness = open("checkerboard", 0.6);
    settle(&mut harness);
    harness.get_by_label("Export the figure (Ctrl+E)").click();
    harness.run_steps(4);
    until(&mut harness, "there is a preview", |harness| {
        has(harness, "Preview of the figure")
    });
    set(&mut harness, "Width", 10.16);
    set(&mut harness, "Resolution", 100.0);
    set(&mut harness, "Type size", 11.0);
    harness.get_by_label("Dark").click();
    harness.run_steps(2);
    // 10.16 cm at 100 dpi.
    until(&mut harness, "the preview has the new size", |harness| {
        told_size(harness).is_some_and(|[width, _]| width == 400)
    });
    let [width, height] = told_size(&harness).expect("a size");
    let mut at = |format: &str, ending: &str| -> (PathBuf, Vec<u8>) {
        choose(&mut harness, "Format", format);
        let path = folder.path().join(format!("board.{ending}"));
        set_path(&mut harness, &path);
        write(&mut harness, &path);
        let bytes = std::fs::read(&path).expect("the file");
        (path, bytes)
    };
    let (_, svg) = at("SVG, vectors", "svg");
    let (_, pdf) = at("PDF, vectors", "pdf");
    let (png, bytes) = at("PNG, pixels", "png");
    assert_eq!(
        image::image_dimensions(&png).expect("a PNG"),
        (width, height)
    );
    for file in [&bytes, &svg, &pdf] {
        let meta = Meta::find(file).expect("its settings");
        assert_eq!(meta.figure, "lesson-checkerboard");
        assert_eq!((meta.style.font_pt, meta.style.dpi), (11.0, 100.0));
        assert_eq!(meta.style.theme, Theme::Dark);
        assert!((meta.style.width_cm - 10.16).abs() < 1e-9);
    }
    let svg = String::from_utf8(svg).expect("text");
    assert!(svg.starts_with("<svg") || svg.starts_with("<?xml"));
    assert!(svg.trim_end().ends_with("</svg>"), "it is whole");
    assert!(pdf.starts_with(b"%PDF") && pdf.trim_ascii_end().ends_with(b"%%EOF"));
    // 10.16 cm are 288 points.
    let text = String::from_utf8_lossy(&pdf);
    let page = text.split_once("/MediaBox").expect("a page").1;
    let page = &page[..page.find(']').expect("four numbers")];
    assert!(page.contains("288"), "{page}");
    assert_eq!(names(&folder), ["board.pdf", "board.png", "board.svg"]);

    // The last one again, beside it, with the card and without.
    press(&mut harness, Key::Escape);
    assert!(!has(&harness, "Export the figure"));
    for again in ["board-2.png", "board-3.png"] {
        with_modifiers(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::E);
        let path = folder.path().join(again);
        until(&mut harness, "it is written again", |_| path.is_file());
        settle(&mut harness);
        assert!(std::fs::read(&path).expect("a file") == bytes, "{again}");
    }
}

#[test]
fn what_cannot_be_written_is_told_in_one_line() {
    if !common::gpu_here() {
        return;
    }
    let folder = folder();
    let mut harness = open("checkerboard", 0.6);
    settle(&mut harness);
    open_card(&mut harness);
    set(&mut harness, "Width", 60.0);
    set(&mut harness, "Resolution", 2400.0);
    until(&mut harness, "the limit is told", |harness| {
        let mut told = harness.query_all_by_label_contains("16384 a side");
        told.next().is_some()
    });
    let button = of_role(&harness, Role::Button, "Export");
    assert!(
        button.accesskit_node().is_disabled(),
        "it cannot be written"
    );
    set(&mut harness, "Width", 8.0);
    set(&mut harness, "Resolution", 60.0);

    // A file in the place of a folder, and a folder that takes no files.
    let file = folder.path().join("file");
    std::fs::write(&file, "x").expect("a file");
    let mut closed = vec![file.join("figure.png")];
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).expect("a folder");
    let mut rights = std::fs::metadata(&locked)
        .expect("its rights")
        .permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(&locked, rights).expect("rights");
    // Nothing is closed to root.
    if std::fs::write(locked.join("probe"), "x").is_err() {
        closed.push(locked.join("figure.png"));
    }
    for path in closed {
        set_path(&mut harness, &path);
        until(&mut harness, "the size is known", |harness| {
            let button = of_role(harness, Role::Button, "Export");
            !button.accesskit_node().is_disabled()
        });
        of_role(&harness, Role::Button, "Export").click();
        harness.run_steps(2);
        let parent = path.parent().expect("a folder").display().to_string();
        until(&mut harness, "the failure is told", |harness| {
            said(harness, &parent).is_some()
        });
        let line = said(&harness, &parent).expect("a line");
        assert!(!line.contains('\n') && line.len() > 5, "{line}");
        assert!(!path.exists());
    }
    let left = names(&folder);
    assert_eq!(left, ["file", "locked"], "nothing half written");
}

/// What puts a figure's file back into a window that shows something else.
fn put_back(harness: &mut Window, path: &Path) {
    with_modifiers(harness, Modifiers::COMMAND, Key::O);
    harness.get_by_label("Settings from a figure…").click();
    harness.run_steps(3);
    assert!(has(harness, "Settings from a figure"));
    set_path(harness, path);
    harness.get_by_label("Put back").click();
    harness.run_steps(3);
}

#[test]
fn a_figure_brings_its_settings_back() {
    if !common::gpu_here() {
        return;
    }
    let folder = folder();
    let mut harness = open("steps", 0.37);
    // Other noise, with trails, not at first.
    press(&mut harness, Key::R);
    press(&mut harness, Key::Num5);
    settle(&mut harness);
    open_card(&mut harness);
    set(&mut harness, "Width", 12.0);
    set(&mut harness, "Resolution", 60.0);
    let formats = [
        ("SVG, vectors", "svg"),
        ("PDF, vectors", "pdf"),
        ("PNG, pixels", "png"),
    ];
    for (format, ending) in formats {
        choose(&mut harness, "Format", format);
        let path = folder.path().join(format!("one.{ending}"));
        set_path(&mut harness, &path);
        write(&mut harness, &path);
    }
    drop(harness);
    for (format, ending) in formats {
        let mut harness = open("field", 0.9);
        harness.run_steps(2);
        let path = folder.path().join(format!("one.{ending}"));
        put_back(&mut harness, &path);
        until(&mut harness, "the settings are back", |harness| {
            (harness.state().lab.clock.t() - 0.37).abs() < 1e-6
        });
        settle(&mut harness);
        open_card(&mut harness);
        choose(&mut harness, "Format", format);
        let again = folder.path().join(format!("two.{ending}"));
        set_path(&mut harness, &again);
        write(&mut harness, &again);
        let [one, two] = [&path, &again].map(|path| std::fs::read(path).expect("the file"));
        let [a, b] = [&one, &two].map(|file| Meta::find(file).expect("its settings"));
        assert_eq!(a, b, "{ending}");
        assert!(one == two, "the second {ending} is another picture");
        assert!(harness.state().lab.training.messages.is_empty());
    }
}

#[test]
fn a_file_without_settings_is_told_on_the_card() {
    if !common::gpu_here() {
        return;
    }
    let folder = folder();
    let path = folder.path().join("other.svg");
    std::fs::write(&path, "<svg xmlns='http://www.w3.org/2000/svg'/>").expect("a file");
    let mut harness = open("checkerboard", 0.6);
    put_back(&mut harness, &path);
    until(&mut harness, "the failure is told", |harness| {
        said(harness, &path.display().to_string()).is_some()
    });
    press(&mut harness, Key::Escape);
    assert!(!has(&harness, "Settings from a figure"));
    assert!((harness.state().lab.clock.t() - 0.6).abs() < 1e-6);
}
