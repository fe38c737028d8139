//! Faults that the window meets, by the numbers of the list of faults.

mod harness;

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use eframe::App as _;
use eframe::egui_wgpu::RenderState;
use eframe::wgpu::PollType;
use egui::accesskit::Role;
use egui::{Key, Modifiers, RawInput, ViewportCommand, ViewportId, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use flowlab::app::App;
use flowlab::app::runs::MOST;
use flowlab::figure::Meta;
use flowlab::train::{Checkpoint, checkpoint};
use harness::{Window, on_cpu, press, said, settle, until};

/// A run folder whose network throws every particle out of the world.
fn exploding_run(folder: &Path) {
    let good = Checkpoint::load("builtin:checkerboard").expect("it is in the program");
    let mut weights = good.weights;
    let last = weights.layers.last_mut().expect("it has layers");
    for w in &mut last.weight {
        *w *= 1e30;
    }
    checkpoint::save_model(folder, &good.config, good.step, &weights).expect("a folder");
}

#[test]
fn fault_13_particles_that_run_away_are_counted_and_the_window_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    exploding_run(folder.path());
    let mut window = harness::window(on_cpu("checkerboard"), 0.5);
    settle(&mut window);
    let lost = |window: &Window| {
        let picture = window.state().lab.sampler.pictures().model;
        picture.map(|picture| (picture.lost, picture.settings.particles))
    };
    assert_eq!(lost(&window).map(|(lost, _)| lost), Some(0));

    window
        .state_mut()
        .lab
        .training
        .open(folder.path().to_owned());
    until(&mut window, "the particles are counted", |window| {
        lost(window).is_some_and(|(lost, all)| lost == all)
    });
    let picture = window
        .state()
        .lab
        .sampler
        .pictures()
        .model
        .expect("a picture");
    assert_eq!(picture.with_lost("step 5"), "step 5  ·  10\u{2009}000 lost");
    // Every view of them is drawn: paths, arrows, over one another, at any time.
    for key in [
        Key::Num5,
        Key::Num6,
        Key::B,
        Key::Num2,
        Key::Home,
        Key::ArrowRight,
        Key::End,
    ] {
        press(&mut window, key);
        window.render().expect("a picture");
    }
    let Some((lost, all)) = lost(&window) else {
        panic!("the picture is gone");
    };
    assert_eq!(lost, all);
}

#[test]
fn fault_17_a_lost_device_closes_the_window_in_order_and_says_why() {
    let state: Arc<OnceLock<RenderState>> = Arc::default();
    let slot = Arc::clone(&state);
    let mut window = Harness::builder()
        .with_size(vec2(640.0, 480.0))
        .wgpu()
        .build_eframe(move |cc| {
            let mut app = App::new(cc, on_cpu("checkerboard")).expect("the window is built");
            app.lab.training.config.hidden = 16;
            let render = cc.wgpu_render_state.clone().expect("a device");
            assert!(slot.set(render).is_ok());
            app
        });
    settle(&mut window);
    let asks_to_close = |window: &Window| {
        let output = &window.output().viewport_output[&ViewportId::ROOT];
        output.commands.contains(&ViewportCommand::Close)
    };
    assert!(!asks_to_close(&window));

    let device = &state.get().expect("it was built").device;
    device.destroy();
    // The driver tells of a loss when it is asked; a window asks with each picture.
    let _ = device.poll(PollType::Poll);
    let mut closed = false;
    for _ in 0..200 {
        window.step();
        closed |= asks_to_close(&window);
        if closed {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(closed, "the window stays open");
    let said = window.state().lab.training.messages.join(" ");
    assert!(said.contains("device of the window was lost"), "{said}");
    assert!(said.contains("A report is in"), "{said}");
    // Once is enough, and the window lives until it is closed.
    window.run_steps(3);
    assert_eq!(window.state().lab.training.messages.len(), 1);
}

/// The step that the window knows of.
fn step(window: &Window) -> u64 {
    window.state().lab.training.run().map_or(0, |run| run.step)
}

/// What eframe does with a window that nobody sees: it runs the logic alone, whenever a picture was
/// asked for. Returns how often that was within `time`.
fn hide(window: &mut Window, time: Duration, due: &Mutex<Option<Instant>>) -> usize {
    let ctx = window.ctx.clone();
    let mut frame = eframe::Frame::_new_kittest();
    let (end, mut runs) = (Instant::now() + time, 0);
    while Instant::now() < end {
        let now = Instant::now();
        let is_due = due.lock().unwrap().take_if(|at| *at <= now).is_some();
        if is_due {
            let app = window.state_mut();
            let _ = ctx.run_logic(&RawInput::default(), |ctx| app.logic(ctx, &mut frame));
            runs += 1;
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    runs
}

#[test]
fn fault_28_a_hidden_window_trains_on_without_a_storm_of_pictures() {
    const WHILE: Duration = Duration::from_secs(3);
    let mut window = harness::window(on_cpu("checkerboard"), 0.5);
    window.state_mut().lab.training.config.steps = 10_000_000;
    let due = Arc::new(Mutex::new(None::<Instant>));
    let slot = Arc::clone(&due);
    window.ctx.set_request_repaint_callback(move |info| {
        let at = Instant::now() + info.delay.min(Duration::from_secs(3600));
        let mut due = slot.lock().unwrap();
        *due = Some(due.map_or(at, |before| before.min(at)));
    });
    settle(&mut window);

    // At rest nothing is asked for, once what was is done.
    hide(&mut window, Duration::from_millis(500), &due);
    let at_rest = hide(&mut window, WHILE, &due);
    assert!(at_rest <= 1, "{at_rest} times at rest");

    press(&mut window, Key::T);
    until(&mut window, "it trains", |window| step(window) > 0);
    let before = step(&window);
    let ticks = hide(&mut window, WHILE, &due);
    let trained = step(&window);
    eprintln!("hidden: {ticks} times in {WHILE:?}, {before} to {trained} steps");
    assert!(trained > before, "the training stands still");
    // All news are taken, none waits for the window to be seen.
    let curve = &window.state().lab.training.run().expect("a run").curve;
    assert!(
        curve
            .raw()
            .last()
            .is_some_and(|[last, _]| *last > before as f64)
    );
    let a_second = ticks as f64 / WHILE.as_secs_f64();
    assert!(
        ticks >= 3 && a_second < 60.0,
        "{a_second:.0} times a second"
    );

    // Seen again, it draws where the training stands.
    window.step();
    assert!(step(&window) >= trained);
    window.render().expect("a picture");
    assert!(window.state().lab.training.messages.is_empty());
}

/// Writes the figure on the card and scrubs meanwhile.
fn export_while_scrubbing(window: &mut Window, path: &Path) {
    let fields: Vec<_> = window.query_all_by_role(Role::TextInput).collect();
    let field = fields.last().expect("a field for the path");
    field.set_text_value_accesskit(path.to_str().expect("a path"));
    window.run_steps(2);
    let end = Instant::now() + Duration::from_secs(120);
    let mut asked = false;
    for frame in 0.. {
        let t = f64::from(frame % 100) / 100.0;
        window.state_mut().lab.clock.seek(t);
        window.step();
        if !asked {
            let mut buttons = window.query_all_by_role(Role::Button);
            let ready = buttons.find(|node| {
                let node = node.accesskit_node();
                node.label().as_deref() == Some("Export") && !node.is_disabled()
            });
            asked = ready.map(|button| button.click()).is_some();
        } else if said(window, "Written: ").is_some() {
            return;
        }
        assert!(Instant::now() < end, "nothing is written");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Threads of this process that train; none where the system does not tell.
fn trainers() -> Option<usize> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).ok();
    let names = tasks.flatten().filter_map(name);
    // The system keeps the first fifteen letters.
    Some(
        names
            .filter(|name| name.trim_end() == "flowlab-trainer")
            .count(),
    )
}

#[test]
fn fault_31_export_scrubbing_and_starting_anew_while_it_trains() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = harness::window(on_cpu("checkerboard"), 0.5);
    window.set_size(vec2(1000.0, 900.0));
    window.state_mut().lab.training.config.steps = 10_000_000;
    // The target alone makes a figure; the particles are not waited for.
    let target = |window: &Window| window.state().figure_at(0.5).is_some();
    until(&mut window, "there is a target", target);
    press(&mut window, Key::T);
    until(&mut window, "it trains", |window| step(window) > 20);

    // The file shows the moment at which the card was opened, whatever goes on meanwhile.
    window.state_mut().lab.clock.seek(0.25);
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::E);
    window.run_steps(4);
    let then = step(&window);
    let path = folder.path().join("while.png");
    export_while_scrubbing(&mut window, &path);
    let meta = Meta::find(&std::fs::read(&path).expect("the file")).expect("its settings");
    assert_eq!(meta.t, Some(0.25));
    let digest = meta.weights_sha256.expect("weights that are in no file");
    assert!(digest.starts_with("f32:"), "{digest}");
    image::open(&path).expect("a whole picture");
    until(&mut window, "it trains on", |window| step(window) > then);
    press(&mut window, Key::Escape);

    // Double starts, stops and fresh weights, faster than the threads can follow.
    for round in 0..200 {
        window.key_press(Key::T);
        if round % 3 == 0 {
            window.key_press(Key::T);
        }
        if round % 5 == 0 {
            window.key_press_modifiers(Modifiers::SHIFT, Key::R);
        }
        window.key_press(Key::ArrowRight);
        window.step();
    }
    window.state_mut().lab.training.config.steps = 1_000_000;
    window.state_mut().lab.training.start_afresh();
    until(&mut window, "the last one trains", |window| {
        step(window) > 5
    });
    assert!(window.state().lab.training.messages.is_empty());
    // The list keeps so many runs, an undo one more, and another test of this file trains, too.
    until(&mut window, "the threads of the others end", |_| {
        trainers().is_none_or(|count| count <= MOST + 2)
    });
    window.render().expect("a picture");
}

#[test]
fn fault_32_a_clock_that_jumps_moves_the_flow_by_a_tick() {
    /// The most that a picture may move the flow: a quarter of a second of a sweep of four.
    const TICK: f64 = 0.0625 + 1e-9;
    let mut window = harness::window(on_cpu("checkerboard"), 0.5);
    window.run_steps(2);
    press(&mut window, Key::Home);
    press(&mut window, Key::Space);
    let at = |window: &mut Window, time: f64| {
        window.input_mut().time = Some(time);
        window.step();
        window.state().lab.clock.t()
    };
    let start = window.ctx.input(|input| input.time);
    let a = at(&mut window, start + 0.1);
    let b = at(&mut window, start + 86_400.0);
    assert!(b > a && b - a <= TICK, "a day: {a} to {b}");
    let c = at(&mut window, start);
    assert_eq!(c, b, "put back");
    let d = at(&mut window, start + 0.1);
    assert!(
        (d - c - 0.025).abs() < 1e-6,
        "goes on from there: {c} to {d}"
    );
    window.render().expect("a picture");
}
