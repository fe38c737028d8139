//! `flowlab --session`, as a program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .current_dir(folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env("XDG_STATE_HOME", folder.join("state"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The one line of an error.
fn error(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let lines: Vec<&str> = text.lines().filter(|l| l.starts_with("Error:")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    lines[0].to_owned()
}

#[test]
fn a_session_that_cannot_be_opened_is_an_error_that_names_flag_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("damaged.json"), "{\"format\": 2,").unwrap();
    fs::write(at("newer.json"), "{\"format\": 9, \"flowlab\": \"3.0.0\"}").unwrap();
    fs::create_dir(at("folder.json")).unwrap();
    for (name, part) in [
        ("missing.json", "No such file"),
        ("damaged.json", "not a session"),
        ("newer.json", "3.0.0"),
        ("folder.json", "no ordinary file"),
    ] {
        let line = error(&run(folder.path(), &["--session", name]));
        assert!(
            line.contains("--session: ") && line.contains(name),
            "{line}"
        );
        assert!(line.contains(part), "{line}");
    }
    // The good one gets as far as the display.
    fs::write(at("good.json"), include_str!("../data/session-1.json")).unwrap();
    let args = ["--session", "good.json", "--screenshot", "p.png"];
    let line = error(&run(folder.path(), &args));
    assert!(line.contains("--screenshot: no display"), "{line}");
    // A session has its own preset.
    let both = ["--session", "good.json", "--preset", "seed001"];
    let output = run(folder.path(), &both);
    assert_eq!(output.status.code(), Some(2));
    assert!(!at("state").exists(), "nothing is remembered of this");
}
