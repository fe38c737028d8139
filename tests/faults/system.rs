//! Machines that lack something, odd paths, and folders with traps: rows 14, 33, 34, 39.

use super::{command, finish, listing, run, works};

#[test]
fn fault_14_without_a_gpu_the_processor_trains_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let without = |args: &[&str]| {
        let mut call = command(at, args);
        call.env("VK_DRIVER_FILES", "/nonexistent")
            .env("VK_ICD_FILENAMES", "/nonexistent")
            .env("LIBGL_DRIVERS_PATH", "/nonexistent");
        finish(call.spawn().unwrap())
    };
    let output = without(&["devices"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("CPU"), "{text}");
    let output = without(&[
        "train", "toy", "--steps", "3", "--batch", "32", "--hidden", "8", "--out", "run",
    ]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && text.contains("CPU"), "{text}");
}

#[test]
fn fault_33_odd_paths_and_no_home() {
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join("Größe ünd 空 'a b' $x");
    std::fs::create_dir(&odd).unwrap();
    let mut call = command(
        &odd,
        &[
            "sample",
            "builtin:moons",
            "--n",
            "5",
            "--steps",
            "2",
            "--out",
            "π ≈ 3.csv",
        ],
    );
    call.env_remove("HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME");
    let output = finish(call.spawn().unwrap());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(listing(&odd), ["π ≈ 3.csv"]);
}

#[cfg(unix)]
#[test]
fn fault_33_a_path_that_is_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"caf\xe9.csv");
    let mut call = command(
        folder.path(),
        &[
            "sample",
            "builtin:moons",
            "--n",
            "5",
            "--steps",
            "2",
            "--out",
        ],
    );
    call.arg(name);
    let output = finish(call.spawn().unwrap());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(folder.path().join(name).is_file());
}

#[test]
fn fault_34_numbers_have_a_point_in_any_language() {
    let folder = tempfile::tempdir().unwrap();
    let mut call = command(folder.path(), &["scheduler", "cosine", "--t", "0.1,0.5"]);
    call.env("LC_ALL", "de_DE.UTF-8").env("LANG", "de_DE.UTF-8");
    let text = String::from_utf8(finish(call.spawn().unwrap()).stdout).unwrap();
    assert_eq!(
        text,
        works(folder.path(), &["scheduler", "cosine", "--t", "0.1,0.5"])
    );
    for line in text.lines().skip(1) {
        assert_eq!(line.split(',').count(), 5, "{line}");
        assert!(
            line.split(',').all(|cell| cell.parse::<f64>().is_ok()),
            "{line}"
        );
    }
}

#[test]
fn fault_39_settings_of_the_compute_stack_in_the_folder_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let trap = "[compilation]\nlogger = { level = \"full\", file = \"trap.log\" }\n\
                [profiling]\nlogger = { level = \"full\", file = \"trap.log\" }\n\
                [autotune]\nlogger = { level = \"full\", file = \"trap.log\" }\n\
                [autodiff]\nlogger = { level = \"full\", file = \"trap.log\" }\n\
                [fusion]\nlogger = { level = \"full\", file = \"trap.log\" }\n";
    let names = ["burn.toml", "cubecl.toml", "kittest.toml"];
    for name in names {
        std::fs::write(at.join(name), trap).unwrap();
    }
    let output = run(
        at,
        &[
            "train", "toy", "--steps", "3", "--batch", "32", "--hidden", "8", "--device", "cpu",
            "--out", "run",
        ],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Image networks go through burn's autodiff, which has settings of its own.
    works(
        at,
        &[
            "train",
            "classifier",
            "--images",
            "32",
            "--batch",
            "16",
            "--epochs",
            "1",
            "--device",
            "cpu",
            "--out",
            "seen",
        ],
    );
    works(at, &["devices"]);
    let mut expected = names.to_vec();
    expected.extend(["run", "seen"]);
    assert_eq!(listing(at), expected);
}

/// A panic on any thread leaves a report; the process of this test is started again to panic.
#[test]
fn fault_22_a_panic_leaves_a_report_that_says_where_it_is() {
    const HERE: &str = "FLOWLAB_TEST_PANIC";
    if std::env::var_os(HERE).is_some() {
        flowlab::crash::install();
        flowlab::crash::fact("device", "a device of the test");
        let thread = std::thread::Builder::new().name("worker".to_owned());
        let _ = thread.spawn(|| panic!("on purpose")).unwrap().join();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let again = |state: &std::path::Path| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "system::fault_22_a_panic_leaves_a_report_that_says_where_it_is",
            ])
            .arg("--nocapture")
            .env(HERE, "1")
            .env("HOME", state)
            .env("XDG_STATE_HOME", state)
            .env("LOCALAPPDATA", state)
            .env("TMPDIR", folder.path().join("tmp"))
            .output()
            .unwrap()
    };
    let output = again(folder.path());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = walk(folder.path()).expect("a report");
    assert!(told.contains(&report.display().to_string()), "{told}");
    let text = std::fs::read_to_string(&report).unwrap();
    for part in [
        env!("CARGO_PKG_VERSION"),
        "on purpose",
        "worker",
        "a device of the test",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // A place that cannot be written is replaced by the folder of temporary files.
    std::fs::remove_file(&report).unwrap();
    again(std::path::Path::new("/proc/nowhere"));
    let report = walk(&folder.path().join("tmp")).expect("a report");
    assert!(
        std::fs::read_to_string(report)
            .unwrap()
            .contains("on purpose")
    );
}

/// A report somewhere below a folder.
fn walk(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            return walk(&path);
        }
        name.starts_with("crash-").then_some(path)
    })
}

#[cfg(unix)]
#[test]
fn fault_19_a_reader_that_has_enough_and_a_full_pipe_are_no_panics() {
    use std::fs::File;
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let mut call = command(folder.path(), &["figure", "--list"]);
    call.stdout(File::options().write(true).open("/dev/full").unwrap());
    let output = finish(call.spawn().unwrap());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    let mut call = command(folder.path(), &["figure", "--list"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    call.stdout(Stdio::from(writer));
    let output = finish(call.spawn().unwrap());
    assert!(output.status.success(), "{:?}", output.status);
}

/// Weights of another network than the settings say, and a pipe in place of a file.
#[cfg(unix)]
#[test]
fn fault_07_files_of_two_runs_are_refused_and_a_pipe_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (name, hidden) in [("a", "8"), ("b", "16")] {
        works(
            at,
            &[
                "train", "toy", "--steps", "2", "--batch", "32", "--hidden", hidden, "--layers",
                "1", "--device", "cpu", "--out", name,
            ],
        );
    }
    std::fs::copy(at.join("a/config.json"), at.join("b/config.json")).unwrap();
    let line = super::refused(at, &["sample", "b", "--n", "5", "--out", "x.csv"]);
    assert!(line.contains("config.json says"), "{line}");
    let pipe = at.join("pipe.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let args = [
        "field", "--path", "condot", "--points", "pipe.csv", "--out", "y.csv",
    ];
    let line = super::refused(at, &args);
    assert!(line.contains("no ordinary file"), "{line}");
}
