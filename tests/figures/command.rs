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
        Recipe::ALL.len()
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
