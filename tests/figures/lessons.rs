//! Every lesson hands over what it shows, and what the window wrote can be made again without it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use flowlab::app::export::{Content, Done, Exporter, Options};
use flowlab::app::lessons;
use flowlab::app::studio::{self, Drawn, Order};
use flowlab::data::Dataset;
use flowlab::figure::{Form, Format, Meta, Scene};

fn draw(order: &Order) -> Drawn {
    studio::draw(order).unwrap_or_else(|error| panic!("{}: {error}", order.lesson))
}

/// Numbers that a scene shows.
fn size(scene: &Scene) -> usize {
    let marks = scene
        .all_panels()
        .into_iter()
        .flat_map(|panel| &panel.marks);
    let count = |form: &Form| match form {
        Form::Points { at, .. } | Form::Arrows { at, .. } | Form::Stamps { at, .. } => at.len(),
        Form::Lines { lines, .. } => lines.iter().map(Vec::len).sum(),
        Form::Boxes(boxes) => boxes.len(),
        Form::Heat { values, .. } => values.len(),
        Form::Images { pixels, .. } => pixels.len(),
        Form::Words { at, .. } => at.len(),
    };
    marks.map(|mark| count(&mark.shape)).sum()
}

#[test]
fn every_lesson_has_a_figure_and_settings_that_come_back() {
    for lesson in lessons::all() {
        let order = Order {
            lesson: lesson.name().to_owned(),
            quick: true,
            ..Order::default()
        };
        let drawn = draw(&order);
        assert!(size(&drawn.scenes[0]) > 100, "{}", lesson.name());
        assert!(!drawn.figure.source.is_empty(), "{}", lesson.name());
        // What the file says puts a fresh lesson into the same state.
        let mut other = lesson;
        other.set_view(&drawn.figure.view);
        let mut own = drawn.figure.view.clone();
        let stage = own.as_object_mut().and_then(|own| own.remove("stage"));
        assert!(
            stage.is_some_and(|stage| stage["dataset"].is_object() || stage["dataset"].is_string())
        );
        assert_eq!(other.view(), own, "{}", other.name());
        // Nonsense does no harm.
        for odd in [
            serde_json::json!(null),
            serde_json::json!({ "particles": 1e18, "steps": -1, "ends": [99, 99], "pair": [7, 7],
                "digit": 200, "anchor": { "t": 1e9, "x": [0, 0] }, "mistake": 5 }),
        ] {
            other.set_view(&odd);
            assert_eq!(other.view(), own, "{}", other.name());
        }
    }
}

#[test]
fn particles_of_a_lesson_move_with_t_and_with_the_seed() {
    let order = |t: f64, seed: u64| Order {
        lesson: "paths".to_owned(),
        times: vec![t],
        seed: Some(seed),
        ..Order::default()
    };
    let points = |order: &Order| {
        let drawn = draw(order);
        let first = drawn.scenes[0].panels[0].marks.iter();
        let found = first.filter_map(|mark| match &mark.shape {
            Form::Points { at, .. } if mark.name == "Linear" => Some(at.clone()),
            _ => None,
        });
        found
            .into_iter()
            .next()
            .expect("particles on the linear path")
    };
    let one = points(&order(0.5, 3));
    assert_eq!(one.len(), 2000);
    assert!(one.iter().flatten().all(|v| v.is_finite()));
    assert_eq!(one, points(&order(0.5, 3)), "the same twice");
    assert_ne!(one, points(&order(0.6, 3)));
    assert_ne!(one, points(&order(0.5, 4)));
}

/// Writes a figure as the window's card does.
fn export(lesson: &str, drawn: &Drawn, path: &Path) {
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    let mut exporter = Exporter::new(&wake);
    let options = Options {
        format: Format::of(path).unwrap(),
        ..Options::default()
    };
    exporter.write(
        lesson,
        Content::Still(drawn.figure.clone()),
        &options,
        path.to_owned(),
    );
    let started = Instant::now();
    let news = loop {
        assert!(started.elapsed() < Duration::from_secs(60), "no answer");
        match exporter.news() {
            Some(news) => break news,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    assert!(matches!(&news.1, Done::Written(_)), "{news:?}");
}

#[test]
fn what_the_window_wrote_is_made_again_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // Not what the lesson shows at first.
    let order = Order {
        lesson: "steps".to_owned(),
        times: vec![0.75],
        ..Order::default()
    };
    let mut view = draw(&order).figure.view;
    view["table"]["counts"] =
        serde_json::json!([true, false, true, false, false, false, false, false]);
    view["table"]["by"] = serde_json::json!("Paths");
    view["particles"] = serde_json::json!(300);
    view["trails"] = serde_json::json!(true);
    let drawn = draw(&Order { view, ..order });
    assert_eq!(drawn.scenes[0].panels.len(), 4 * 2);
    export("steps", &drawn, &path("window.pdf"));
    export("steps", &drawn, &path("window.svg"));
    let meta = Meta::find(&std::fs::read(path("window.pdf")).unwrap()).unwrap();
    assert_eq!((meta.figure.as_str(), meta.t), ("lesson-steps", Some(0.75)));
    let out = Command::new(env!("CARGO_BIN_EXE_flowlab"))
        .args(["figure", "--from"])
        .args([path("window.pdf")])
        .arg("--out")
        .arg(path("again.svg"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && !said.contains("warning"), "{said}");
    let [window, again] =
        ["window.svg", "again.svg"].map(|name| std::fs::read(path(name)).unwrap());
    assert!(window == again, "the two files differ");
}

#[test]
fn the_target_of_a_figure_comes_back() {
    let order = Order {
        lesson: "paths".to_owned(),
        ..Order::default()
    };
    let mut view = draw(&order).figure.view;
    assert_ne!(view["stage"]["dataset"], serde_json::json!("StandardBoard"));
    view["stage"]["dataset"] = serde_json::to_value(Dataset::StandardBoard).unwrap();
    let drawn = draw(&Order {
        view: view.clone(),
        ..order.clone()
    });
    assert_eq!(drawn.figure.view["stage"], view["stage"]);
    view["stage"] = serde_json::json!("painted points");
    let error = studio::draw(&Order { view, ..order });
    assert!(error.is_err_and(|e| e.to_string().contains("--run")));
}

#[test]
fn the_scene_of_a_film_is_made_for_each_time() {
    let drawn = draw(&Order {
        lesson: "field".to_owned(),
        times: vec![0.2, 0.8],
        ..Order::default()
    });
    let map = |scene: &Scene| {
        let marks = scene.panels[0].marks.iter();
        let found = marks.filter_map(|mark| match &mark.shape {
            Form::Heat { values, .. } => Some(values.clone()),
            _ => None,
        });
        found.into_iter().next().expect("a map")
    };
    assert_ne!(map(&drawn.scenes[0]), map(&drawn.scenes[1]));
    let still = drawn.figure.scene(&AtomicBool::new(false)).unwrap();
    assert_eq!(map(&still), map(&drawn.scenes[0]));
}
