//! The file alone: formats, limits, and what is said of a bad one.

use std::fs;
use std::path::Path;

use clap::Parser;
use flowlab::app::session::command_line::train_toy;
use flowlab::app::session::{self, MOST_BYTES, SessionFile, parse};
use flowlab::app::theme::Theme;
use flowlab::cli::{Cli, TrainVerb, Verb};
use flowlab::command::train::fresh_config;
use flowlab::data::{Dataset, PixelGrid, Source};
use flowlab::flow::Scheduler;
use flowlab::flow::coupling::Coupling;
use flowlab::kernel::Activation;
use flowlab::train::{LrSchedule, Mistake, Preset, TimeSampling, ToyConfig};
use serde_json::{Value, json};

const FIRST: &str = include_str!("../data/session-1.json");
const SECOND: &str = include_str!("../data/session-2.json");

/// The second fixture with one entry changed.
fn changed(pointer: &str, value: Value) -> Vec<u8> {
    let mut file: Value = serde_json::from_str(SECOND).unwrap();
    *file.pointer_mut(pointer).unwrap() = value;
    serde_json::to_vec(&file).unwrap()
}

fn refused(bytes: &[u8]) -> String {
    parse(bytes).expect_err("it is refused").to_string()
}

#[test]
fn a_file_of_the_first_format_is_opened_and_written_as_the_present_one() {
    let (session, notes) = parse(FIRST.as_bytes()).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(session.lesson, "paths");
    assert_eq!((session.time.t, session.time.speed), (0.6, 0.5));
    assert!(session.time.looping);
    assert_eq!(session.window.theme, Theme::Dark);
    assert!(!session.window.controls_open && session.window.grid);
    let config = &session.plane.config;
    assert_eq!(
        (config.dataset.clone(), config.path),
        (Dataset::Moons, Scheduler::Cosine)
    );
    assert_eq!(
        (config.hidden, config.seed, config.ema),
        (64, 7, Some(0.999))
    );
    assert_eq!(session.lessons["paths"]["particles"], 3000);

    let text = String::from_utf8(session.bytes()).unwrap();
    assert!(text.contains("\"format\": 2"), "{text}");
    assert_eq!(parse(text.as_bytes()).unwrap().0, session);
}

#[test]
fn a_file_of_the_present_format_is_opened() {
    let (session, notes) = parse(SECOND.as_bytes()).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(session.plane.runs[0].folder, "lecture-runs/run-1");
    assert_eq!(session.plane.current, Some(0));
    assert_eq!(
        session.digits["latent"].run.as_deref(),
        Some("lecture-runs/latent")
    );
    assert_eq!(parse(&session.bytes()).unwrap().0, session);
}

#[test]
fn a_newer_file_is_refused_with_both_versions() {
    let mut file: Value = serde_json::from_str(SECOND).unwrap();
    file["format"] = json!(3);
    file["flowlab"] = json!("9.8.7");
    // A newer format may mean anything by its entries: they are not looked at.
    file["window"] = json!("elsewhere");
    let sentence = refused(&serde_json::to_vec(&file).unwrap());
    for part in [
        "9.8.7",
        "format 3",
        env!("CARGO_PKG_VERSION"),
        "formats 1 to 2",
    ] {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
}

#[test]
fn fault_08_damaged_sessions_are_refused_by_name() {
    let long = vec![b' '; MOST_BYTES + 1];
    let deep = format!(
        "{{\"format\": 2, \"lessons\": {{\"a\": {}{}}}}}",
        "[".repeat(60),
        "]".repeat(60)
    );
    let deeper = "[".repeat(100_000);
    for (bytes, part) in [
        (&b""[..], "not a session"),
        (b"\x00\xff", "not a session"),
        (b"(lesson: \"paths\")", "not a session"),
        (b"[]", "no entries"),
        (b"{}", "format"),
        (b"{\"format\": \"2\"}", "format"),
        (b"{\"format\": -1}", "format"),
        (b"{\"format\": 0}", "format 0"),
        (&SECOND.as_bytes()[..SECOND.len() / 2], "line"),
        (deep.as_bytes(), "deeper"),
        (deeper.as_bytes(), "not a session"),
        (&long, "8 MiB"),
        (&changed("/window", json!([])), "window"),
        (&changed("/window/theme", json!("pink")), "pink"),
        (&changed("/time/t", json!("now")), "time"),
        (
            &changed("/plane/config/hidden", json!(0)),
            "plane.config: hidden = 0",
        ),
        (
            &changed("/plane/config/lr", json!(-1.0)),
            "plane.config: lr",
        ),
        (
            &changed("/plane/config/dataset", json!("image:/etc/passwd")),
            "plane",
        ),
        (&changed("/plane/runs", json!({"a": 1})), "plane"),
        (&changed("/digits/vae/config", json!(3)), "digits"),
        (&changed("/lessons", json!(3)), "lessons"),
    ] {
        let sentence = refused(bytes);
        assert!(sentence.contains(part), "{part}: {sentence}");
        assert!(
            !sentence.contains('\n') && sentence.len() < 400,
            "{sentence}"
        );
    }
}

#[test]
fn fault_08_what_is_out_of_range_is_moved_and_told_and_what_is_unknown_ignored() {
    for (pointer, value, name) in [
        ("/window/zoom", json!(1e308), "window.zoom"),
        ("/window/zoom", json!(-4), "window.zoom"),
        ("/time/t", json!(1e308), "time.t"),
        ("/time/speed", json!(17.5), "time.speed"),
        ("/plane/current", json!(99), "plane.current"),
    ] {
        let (session, notes) = parse(&changed(pointer, value)).unwrap();
        assert!(notes.len() == 1 && notes[0].contains(name), "{notes:?}");
        assert!((0.0..=1.0).contains(&session.time.t));
        assert!((0.5..=3.0).contains(&session.window.zoom));
        // Once moved, there is nothing more to tell.
        assert!(parse(&session.bytes()).unwrap().1.is_empty());
    }
    let mut file: Value = serde_json::from_str(SECOND).unwrap();
    file["weather"] = json!({"rain": [1, 2]});
    file["window"]["curtains"] = json!(true);
    let (session, notes) = parse(&serde_json::to_vec(&file).unwrap()).unwrap();
    assert!(notes.is_empty());
    assert_eq!(session, parse(SECOND.as_bytes()).unwrap().0);
    // Everything but the format may be missing.
    let (session, notes) = parse(b"{\"format\": 2}").unwrap();
    assert!(notes.is_empty());
    assert_eq!(session, SessionFile::default());
}

#[test]
fn fault_09_a_session_names_no_folder_outside_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("talk/session.json");
    fs::create_dir_all(folder.path().join("talk/runs/a")).unwrap();
    fs::create_dir_all(folder.path().join("secret")).unwrap();
    let open = |run: &str, pointer: &str| {
        fs::write(&path, changed(pointer, json!(run))).unwrap();
        session::open(&path)
    };
    let pointers = ["/plane/runs/0/folder", "/digits/latent/run"];
    for pointer in pointers {
        for bad in [
            "../secret",
            "runs/../../secret",
            "/etc",
            "",
            ".",
            "C:/Windows",
            "C:runs",
            "\\\\server\\share",
            "runs\\..\\..\\secret",
            "runs/\u{0}/a",
        ] {
            let sentence = open(bad, pointer).expect_err(bad);
            assert!(sentence.contains("own folder"), "{bad}: {sentence}");
            assert!(sentence.contains("session.json"), "{sentence}");
        }
        let opened = open("runs/a", pointer).unwrap();
        assert_eq!(opened.folders["runs/a"], folder.path().join("talk/runs/a"));
    }
    #[cfg(unix)]
    {
        let link = folder.path().join("talk/link");
        std::os::unix::fs::symlink(folder.path().join("secret"), link).unwrap();
        let sentence = open("link", pointers[0]).expect_err("a link that leads out");
        assert!(sentence.contains("own folder"), "{sentence}");
    }
}

#[test]
fn a_session_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/session.json");
    let (session, _) = parse(FIRST.as_bytes()).unwrap();
    session::write(&path, &session).unwrap();
    assert_eq!(session::open(&path).unwrap().session, session);
    // A folder stands where the file should be: the error names it, and nothing is left beside.
    let taken = folder.path().join("taken");
    fs::create_dir_all(taken.join("inside")).unwrap();
    let sentence = session::write(&taken, &session).unwrap_err();
    assert!(sentence.contains("taken"), "{sentence}");
    let names = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["new", "taken"]);
    let missing = session::open(Path::new("nowhere/session.json")).unwrap_err();
    assert!(missing.contains("nowhere/session.json"), "{missing}");
}

/// What the clap parser makes of a line, words as a shell would split them.
fn parsed(line: &str) -> ToyConfig {
    let (mut words, mut word, mut inside, mut any) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '\'' => (inside, any) = (!inside, true),
            ' ' if !inside => {
                if any {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            c => {
                word.push(c);
                any = true;
            }
        }
    }
    words.extend(any.then_some(word));
    let cli = Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
    match cli.verb {
        Some(Verb::Train(TrainVerb::Toy(args))) => fresh_config(&args),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_command_line_gives_the_same_run() {
    let mut grid = PixelGrid::new(5);
    grid.set([1, 2], 63);
    grid.set([4, 0], 40);
    let painted = Dataset::painted(grid).unwrap();
    let points: Dataset = serde_json::from_value(json!("point-list:1,2;-0.5,1e-3")).unwrap();
    let mut configs = Vec::from(Preset::ALL.map(ToyConfig::preset));
    let odd = ToyConfig {
        dataset: painted,
        path: Scheduler::SigmaMin(0.01),
        source: Source::Data(Box::new(Dataset::EightGaussians)),
        coupling: Coupling::OT,
        time: TimeSampling::LogitNormal {
            mean: -0.25,
            std: 1.5,
        },
        mistake: Mistake::NoTime,
        hidden: 17,
        layers: 2,
        activation: Activation::Tanh,
        batch: 33,
        steps: 123_456_789,
        lr: 1.234_567_890_123e-5,
        lr_schedule: LrSchedule::Cosine,
        ema: Some(0.9995),
        seed: u64::MAX,
        ..ToyConfig::default()
    };
    configs.push(ToyConfig {
        source: Source::Uniform,
        coupling: Coupling::SINKHORN,
        path: Scheduler::Poly(2.5),
        lr: 1e-300,
        dataset: Dataset::Checkerboard {
            grid: 7,
            scale: 0.3,
        },
        ..odd.clone()
    });
    configs.push(ToyConfig {
        dataset: points,
        ..odd.clone()
    });
    configs.push(odd);
    for dataset in Dataset::ALL {
        configs.push(ToyConfig {
            dataset,
            ..ToyConfig::default()
        });
    }
    for mistake in Mistake::ALL {
        configs.push(ToyConfig {
            mistake,
            ..ToyConfig::default()
        });
    }
    for config in configs {
        let line = train_toy(&config, Some("runs/my run")).unwrap();
        assert_eq!(parsed(&line), config, "{line}");
    }
    // A long table is no command line.
    let list: Vec<String> = (0..2000).map(|k| format!("{k},0.25")).collect();
    let dataset = format!("point-list:{}", list.join(";"));
    let config = ToyConfig {
        dataset: serde_json::from_value(json!(dataset)).unwrap(),
        ..ToyConfig::default()
    };
    assert_eq!(train_toy(&config, None), None);
}
