//! Faults and bad input that the program survives, by the numbers of the list of faults. What
//! needs the inside of a module is tested there.

mod clock;
mod counter;
mod disk;
mod files;
mod mutations;
mod replaced;
mod runs;
mod sessions;
mod system;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than any call here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowlab"));
    command
        .args(args)
        .current_dir(folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs to the end, or fails the test when it hangs.
fn finish(mut child: Child) -> Output {
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("hangs");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

fn run(folder: &Path, args: &[&str]) -> Output {
    finish(command(folder, args).spawn().unwrap())
}

fn works(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {text}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one line of a call that must fail with exit code 1 or 2, and not by a panic.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code();
    assert!(matches!(code, Some(1 | 2)), "{args:?}: {code:?}: {text}");
    assert!(!text.contains("panicked"), "{args:?}: {text}");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.to_lowercase().starts_with("error:"))
        // Said by the system's Vulkan loader, not by the program.
        .filter(|line| !line.contains("XDG_RUNTIME_DIR"))
        .collect();
    assert_eq!(lines.len(), 1, "{args:?}: {text}");
    lines[0].to_owned()
}

/// Names of the files in a folder.
fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Many runs one after another leave memory and threads as they were. Other tests of this process
/// would move both, so that it runs in one of its own, where only this test is chosen.
/// `FLOWLAB_SOAK=10000` sets the number of runs.
#[test]
fn fault_40_a_long_row_of_runs_leaves_memory_and_threads_flat() {
    const ALONE: &str = "FLOWLAB_SOAK_ALONE";
    let rounds = std::env::var("FLOWLAB_SOAK").map_or(200, |text| text.parse().unwrap());
    if std::env::var_os(ALONE).is_some() {
        return sessions::soak(rounds);
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "fault_40_a_long_row_of_runs_leaves_memory_and_threads_flat",
        ])
        .arg("--nocapture")
        .env(ALONE, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("soak:"), "{text}");
    println!("{text}");
}
