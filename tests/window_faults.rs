//! Faults that the window meets, by the numbers of the list of faults.

mod harness;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use eframe::egui_wgpu::RenderState;
use eframe::wgpu::PollType;
use egui::{Key, ViewportCommand, ViewportId, vec2};
use egui_kittest::Harness;
use flowlab::app::App;
use flowlab::train::{Checkpoint, checkpoint};
use harness::{Window, on_cpu, press, settle, until};

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
