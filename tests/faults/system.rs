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
    works(at, &["devices"]);
    let mut expected = names.to_vec();
    expected.push("run");
    assert_eq!(listing(at), expected);
}
