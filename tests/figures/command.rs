//! The verb `figure`.

use std::process::Command;

use flowlab::command::figures::Recipe;
use flowlab::figure::{Meta, Theme};

fn flowlab(args: &[&str]) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(args)
        .output()
        .unwrap();
    (
        out.status.success(),
        String::from_utf8_lossy(&out.stderr).into_owned(),
    )
}

#[test]
fn the_command_writes_lists_and_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let figure =
        |more: &[&str]| flowlab(&[&["figure", "seed003-distributions", "--quick"], more].concat());

    let out = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(["figure", "--list"])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(out.stdout).unwrap().lines().count(),
        Recipe::all().len()
    );

    let png = path("a.png");
    let title = "<&\"> ü";
    let (fine, said) = figure(&[
        "--out",
        &png,
        "--width-cm",
        "5",
        "--title",
        title,
        "--theme",
        "dark",
    ]);
    assert!(fine, "{said}");
    let (fine, said) = figure(&["--out", &png]);
    assert!(!fine && said.contains("--force"), "{said}");
    let pdf = path("b.pdf");
    let (fine, said) = flowlab(&["figure", "--like", &png, "--quick", "--out", &pdf]);
    assert!(fine, "{said}");
    let again = Meta::find(&std::fs::read(&pdf).unwrap()).unwrap();
    assert_eq!(again.figure, "seed003-distributions");
    assert_eq!(
        (again.style.width_cm, again.style.theme),
        (5.0, Theme::Dark)
    );
    assert_eq!(again.style.title.as_deref(), Some(title));

    let wrong: [(&str, &[&str], &str); 6] = [
        (
            "a folder",
            &["--out", &path("x.png"), "--width-cm", "0"],
            "width: 0 cm",
        ),
        ("kind", &["--out", &path("x.bmp")], "ends in none of"),
        ("proc", &["--out", "/proc/flowlab/x.png"], "/proc/flowlab"),
        ("device", &["--out", "/dev/full"], "/dev/full"),
        (
            "run",
            &["--out", &path("x.png"), "--run", "/nowhere"],
            "/nowhere",
        ),
        (
            "pixels",
            &[
                "--out",
                &path("x.png"),
                "--width-cm",
                "400",
                "--dpi",
                "2000",
            ],
            "too many",
        ),
    ];
    for (name, args, expected) in wrong {
        let (fine, said) = figure(args);
        assert!(!fine && said.contains(expected), "{name}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{name}: {said}");
    }
    for late in ["1.5", "x"] {
        let (fine, said) = flowlab(&["figure", "lesson-paths", "--t", late]);
        assert!(!fine && said.contains("--t"), "{said}");
    }
    // A film needs a program that is not there.
    let out = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(["figure", "seed003-distributions", "--quick", "--out"])
        .arg(path("x.mp4"))
        .env("PATH", "")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && said.contains("ffmpeg"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    std::fs::create_dir(path("d.png")).unwrap();
    let (fine, said) = figure(&["--out", &path("d.png"), "--force"]);
    assert!(!fine && said.contains("is a folder"), "{said}");
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(
        left,
        ["a.png", "b.pdf", "d.png"],
        "nothing else is left behind"
    );
}

/// What `figure` says when a file may not become larger than four blocks.
#[cfg(unix)]
#[test]
fn a_disk_without_room_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.png");
    // The signal is ignored, so that the write fails as it does on a full disk.
    let script = format!(
        "trap '' XFSZ; ulimit -f 4; exec '{}' figure seed003-distributions --quick --out '{}'",
        env!("CARGO_BIN_EXE_flowlab"),
        path.display()
    );
    let out = Command::new("sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && said.contains("full.png"), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A figure that is loaded back is made again to the last byte, whatever kind of file it was.
#[test]
fn a_figure_is_made_again_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let run = |args: &[&str]| {
        let (fine, said) = flowlab(&[&["figure"], args].concat());
        assert!(fine, "{said}");
    };
    let wanted = |out: &'static str| {
        let mut args = vec!["lesson-conditional", "--t", "0.3", "--seed", "4"];
        args.extend([
            "--width-cm",
            "12",
            "--theme",
            "dark",
            "--font-pt",
            "7",
            "--out",
        ]);
        run(&[&args[..], &[&path(out)[..]]].concat());
    };
    wanted("direct.svg");
    let direct = std::fs::read(path("direct.svg")).unwrap();
    for first in ["a.png", "b.pdf", "c.svg"] {
        wanted(first);
        let again = path(&format!("{first}.again.svg"));
        run(&["--from", &path(first), "--out", &again]);
        assert!(std::fs::read(again).unwrap() == direct, "{first}");
    }
    run(&[
        "--from",
        &path("a.png"),
        "--t",
        "0.6",
        "--out",
        &path("later.svg"),
    ]);
    assert!(std::fs::read(path("later.svg")).unwrap() != direct);
    // A seed's figure takes its seed and its run along.
    let moons = [
        "seed003-samples",
        "--quick",
        "--run",
        "builtin:moons",
        "--seed",
        "9",
    ];
    run(&[&moons[..], &["--out", &path("moons.png")]].concat());
    run(&[
        "--from",
        &path("moons.png"),
        "--quick",
        "--out",
        &path("moons.pdf"),
    ]);
    let [one, two] = ["moons.png", "moons.pdf"]
        .map(|name| Meta::find(&std::fs::read(path(name)).unwrap()).unwrap());
    assert_eq!(one, two);
    assert_eq!(
        (one.seed, &one.runs[..]),
        (9, &["builtin:moons".to_owned()][..])
    );
    assert_eq!(one.weights_sha256.unwrap().len(), 64);
}
