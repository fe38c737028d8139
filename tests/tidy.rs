//! The layout's invariants, held by reading the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file of ours below a folder.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        let Ok(entries) = fs::read_dir(folder) else {
            return;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path
                .extension()
                .is_some_and(|kind| kind == "rs" || kind == "wgsl")
            {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let path = root.join(folder);
    if path.is_file() {
        found.push((path.clone(), fs::read_to_string(path).unwrap()));
    } else {
        walk(&path, &mut found);
    }
    assert!(!found.is_empty(), "{folder} holds no sources");
    found
}

/// Source lines that hold a word, comments left out.
fn uses(folder: &str, word: &str) -> Vec<String> {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut lines = Vec::new();
    for (path, text) in sources(folder) {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap();
            let whole = code.match_indices(word).any(|(at, _)| {
                !is_part(code[..at].chars().next_back())
                    && !is_part(code[at + word.len()..].chars().next())
            });
            if whole {
                lines.push(format!(
                    "{}:{}: {}",
                    path.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    lines
}

fn forbid(folders: &[&str], words: &[&str]) {
    for folder in folders {
        for word in words {
            let found = uses(folder, word);
            assert!(
                found.is_empty(),
                "{folder} must not name {word}:\n{}",
                found.join("\n")
            );
        }
    }
}

#[test]
fn only_the_window_knows_egui() {
    let blind = [
        "src/flow",
        "src/data",
        "src/nn",
        "src/train",
        "src/kernel",
        "src/figure",
    ];
    let window = ["egui", "eframe", "egui_plot"];
    forbid(&blind, &window);
    forbid(&["src/command"], &window);
    assert!(
        !uses("src/app", "egui").is_empty(),
        "the scan itself must find something"
    );
}

#[test]
fn the_mathematics_stands_alone() {
    let ours = [
        "app", "cli", "command", "data", "device", "figure", "kernel", "nn", "render", "train",
    ];
    for module in ours {
        forbid(&["src/flow"], &[&format!("crate::{module}")]);
    }
    forbid(
        &["src/flow"],
        &[
            "std::thread",
            "std::fs",
            "std::time",
            "Instant",
            "rayon",
            "burn",
        ],
    );
}

#[test]
fn imports_point_one_way() {
    let allowed: [(&str, &[&str]); 6] = [
        ("data", &["flow"]),
        ("kernel", &["flow"]),
        ("nn", &["kernel", "flow"]),
        ("figure", &[]),
        ("render", &[]),
        ("train", &["nn", "kernel", "data", "flow", "device"]),
    ];
    let modules = [
        "app", "cli", "command", "data", "device", "figure", "flow", "kernel", "nn", "render",
        "train",
    ];
    for (module, may) in allowed {
        for other in modules {
            if other != module && !may.contains(&other) {
                forbid(&[&format!("src/{module}")], &[&format!("crate::{other}")]);
            }
        }
    }
}

#[test]
fn figures_need_no_gpu_and_no_training() {
    forbid(&["src/figure"], &["burn", "wgpu"]);
    forbid(&["src/app", "src/render"], &["burn"]);
}

#[test]
fn one_place_chooses_devices_and_one_colours() {
    forbid(&["src"], &["Device::default"]);
    for line in uses("src", "Color32") {
        let makes = line.contains("Color32::from_");
        assert!(
            !makes || line.contains("src/app/theme"),
            "a colour outside the theme: {line}"
        );
    }
}

#[test]
fn files_stay_short() {
    for folder in ["src", "tests", "shaders"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 400, "{}: {lines} lines", path.display());
        }
    }
}

#[test]
fn nothing_is_left_undone() {
    // Put together here, or this file would find itself.
    for word in ["todo!", "unimplemented!", "#[ignore"] {
        for (path, text) in ["src", "tests"].into_iter().flat_map(sources) {
            let own = path.ends_with("tests/tidy.rs");
            assert!(own || !text.contains(word), "{}: {word}", path.display());
        }
    }
}
