//! The second window: the stage alone on the projector, the notes on the laptop.

mod common;
mod harness;

use std::cell::RefCell;
use std::rc::Rc;

use egui::{Context, Event, Key, Modifiers, RawInput, Rect, Vec2, ViewportId, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use flowlab::app::theme::Theme;
use flowlab::app::{App, beats, lessons};
use harness::{Window, count, on_cpu, picture, press, settle};

const BACK: &str = "Stage back here";

/// Whether the notes stand where the stage was.
fn has_notes(window: &Window) -> bool {
    window.query_by_label(BACK).is_some()
}

#[test]
fn a_key_opens_the_stage_in_a_window_and_escape_brings_it_back() {
    if !common::gpu_here() {
        return;
    }
    let mut window = harness::window(on_cpu("checkerboard"), 0.5);
    settle(&mut window);
    press(&mut window, Key::PageDown);
    press(&mut window, Key::Num3);
    press(&mut window, Key::End);
    let settings = window.state().lab.settings.clone();
    let before = picture(&mut window, "stage-here");
    assert!(!has_notes(&window));

    press(&mut window, Key::W);
    settle(&mut window);
    assert!(window.state().has_stage_window());
    window.get_by_label("Checkerboard · Stage");
    // The picture is in it: the network's particles are still there, and only once.
    let orange = Theme::Light.palette().model;
    let there = picture(&mut window, "stage-away");
    let (here, away) = (count(&before, orange), count(&there, orange));
    assert!(away > here / 8 && away < 2 * here, "{here}, then {away}");
    // The notes: what comes next, and what the guide says.
    let beats = beats::of("checkerboard");
    window.get_by_label(beats[1].say);
    window.get_by_label("What students get wrong");
    // Two read-outs of one time.
    assert_eq!(window.query_all_by_label("1.00").count(), 2);

    // Keys act as before.
    press(&mut window, Key::Home);
    assert_eq!(window.state().lab.clock.t(), 0.0);
    assert_eq!(window.query_all_by_label("0.00").count(), 2);
    press(&mut window, Key::PageDown);
    assert_eq!(window.state().beat().1, Some(1));
    press(&mut window, Key::PageUp);
    assert_eq!(window.state().beat().1, Some(0));
    // Full screen is the other window's.
    press(&mut window, Key::F);
    assert!(!window.state().lab.settings.lecture);

    press(&mut window, Key::Escape);
    assert!(!window.state().has_stage_window() && !has_notes(&window));
    assert!(window.query_by_label("Checkerboard · Stage").is_none());
    assert_eq!(window.state().lab.settings, settings);
    assert_eq!(window.state().beat().1, Some(0));
    press(&mut window, Key::Num3);
    press(&mut window, Key::Num3);
    press(&mut window, Key::End);
    settle(&mut window);
    let after = picture(&mut window, "stage-back");
    let back = count(&after, orange);
    assert!(back > here / 2, "{here} before, {back} after");
}

#[test]
fn every_lesson_can_be_shown_on_the_projector() {
    if !common::gpu_here() {
        return;
    }
    let mut window = harness::window(on_cpu("checkerboard"), 0.25);
    window.run_steps(2);
    press(&mut window, Key::W);
    for lesson in lessons::all() {
        assert_eq!(window.state().lesson(), lesson.name());
        press(&mut window, Key::PageDown);
        window.run_steps(2);
        let stage = format!("{} · Stage", lesson.title());
        assert!(window.query_by_label(&stage).is_some(), "{stage}");
        assert!(has_notes(&window));
        window.render().expect("a picture");
        let wrong = window.unnamed_widgets();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", lesson.name());
        window.key_press_modifiers(Modifiers::COMMAND, Key::PageDown);
        window.run_steps(2);
    }
    assert!(window.state().lab.training.messages.is_empty());
}

#[test]
fn lecture_mode_and_the_buttons_lead_there_and_back() {
    if !common::gpu_here() {
        return;
    }
    let mut window = harness::window(on_cpu("paths"), 0.25);
    window.run_steps(2);
    press(&mut window, Key::F);
    assert!(window.state().lab.settings.lecture);
    // The laptop gets its panels back.
    press(&mut window, Key::W);
    assert!(!window.state().lab.settings.lecture && window.state().has_stage_window());
    // The window that lies over the button here has a screen of its own elsewhere.
    window.get_by_label(BACK).click_accesskit();
    window.run_steps(3);
    assert!(!window.state().has_stage_window());
    let button = window.get_by_label_contains("for the projector (W)");
    button.click_accesskit();
    window.run_steps(3);
    assert!(window.state().has_stage_window() && has_notes(&window));
    press(&mut window, Key::W);
    assert!(!window.state().has_stage_window());
}

/// The screen of a second window: what was put in, and what came out.
#[derive(Default)]
struct Screen {
    events: Vec<Event>,
    close: bool,
    commands: Vec<egui::ViewportCommand>,
    pixels_per_point: f32,
    shapes: usize,
    painted: usize,
}

/// Lets egui open a second window of its own, as a system with several windows does.
fn second_screen(ctx: &Context, size: Vec2) -> Rc<RefCell<Screen>> {
    let screen = Rc::new(RefCell::new(Screen::default()));
    let shown = Rc::clone(&screen);
    ctx.set_embed_viewports(false);
    Context::set_immediate_viewport_renderer(move |ctx, mut viewport| {
        let mut input = RawInput {
            viewport_id: viewport.ids.this,
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), size)),
            events: std::mem::take(&mut shown.borrow_mut().events),
            ..RawInput::default()
        };
        let info = input.viewports.entry(viewport.ids.this).or_default();
        info.parent = Some(ViewportId::ROOT);
        if shown.borrow().close {
            info.events.push(egui::ViewportEvent::Close);
        }
        let output = ctx.run_ui(input, |ui| (viewport.viewport_ui_cb)(ui));
        let mut shown = shown.borrow_mut();
        shown.pixels_per_point = output.pixels_per_point;
        shown.shapes = output.shapes.len();
        shown.painted += 1;
        for view in output.viewport_output.values() {
            shown.commands.extend(view.commands.iter().cloned());
        }
        output.drop_without_applying_deltas();
    });
    screen
}

fn key(key: Key, pressed: bool) -> Event {
    Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    }
}

#[test]
fn a_window_of_its_own_has_its_keys_and_its_size() {
    if !common::gpu_here() {
        return;
    }
    // Nothing is drawn here: the second screen takes what it needs of the fonts and forgets it.
    let mut window: Window = Harness::builder()
        .with_size(vec2(1280.0, 800.0))
        .build_eframe(|cc| App::new(cc, on_cpu("checkerboard")).expect("the window is built"));
    window.run_steps(2);
    let screen = second_screen(&window.ctx, vec2(1920.0, 1080.0));
    let send = |window: &mut Window, sent: Key| {
        // A key that is held repeats itself, which is no second press.
        let both = [true, false].map(|pressed| key(sent, pressed));
        screen.borrow_mut().events.extend(both);
        window.run_steps(3);
    };
    press(&mut window, Key::W);
    settle(&mut window);
    assert!(window.query_by_label("Checkerboard · Stage").is_none());
    assert!(has_notes(&window) && screen.borrow().shapes > 20);
    // Large enough for the last row, whatever the laptop shows.
    assert!((screen.borrow().pixels_per_point - 1.6).abs() < 1e-3);
    assert_eq!(window.state().lab.settings.zoom, 1.0);
    // The clicker, the arrows and the bar of space.
    send(&mut window, Key::PageDown);
    send(&mut window, Key::PageDown);
    assert_eq!(window.state().beat().1, Some(1));
    send(&mut window, Key::PageUp);
    assert_eq!(window.state().beat().1, Some(0));
    send(&mut window, Key::Home);
    send(&mut window, Key::ArrowRight);
    assert!((window.state().lab.clock.t() - 0.01).abs() < 1e-9);
    send(&mut window, Key::Space);
    assert!(window.state().lab.clock.playing());
    send(&mut window, Key::Space);
    // Full screen is this window's, and asked for once.
    send(&mut window, Key::F11);
    let full = |command: &&egui::ViewportCommand| {
        matches!(command, egui::ViewportCommand::Fullscreen(true))
    };
    assert_eq!(screen.borrow().commands.iter().filter(full).count(), 1);
    assert!(!window.state().lab.settings.lecture);
    // Escape on the laptop leaves the projector alone.
    press(&mut window, Key::Escape);
    assert!(window.state().has_stage_window());
    send(&mut window, Key::Escape);
    assert!(!window.state().has_stage_window() && !has_notes(&window));
    // The button of the window frame closes it, too.
    press(&mut window, Key::W);
    window.run_steps(2);
    assert!(window.state().has_stage_window());
    screen.borrow_mut().close = true;
    window.run_steps(3);
    assert!(!window.state().has_stage_window());
    let painted = screen.borrow().painted;
    window.run_steps(3);
    assert_eq!(
        screen.borrow().painted,
        painted,
        "nothing is drawn any more"
    );
}
