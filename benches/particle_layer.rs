//! What a hundred thousand points add to a picture: our layer beside `egui_plot::Points`, and a
//! scrub through the frames of few and of many solver steps.
//!
//!     cargo bench --bench particle_layer [-- PICTURES]
//!
//! Every picture is drawn and read back, on whatever adapter there is. The kinds take turns, so
//! that a busy machine slows all of them. Ends with 1 where our layer adds more than a tenth of
//! what `egui_plot::Points` adds, or many steps cost more than few by a fifth.

use std::hint::black_box;
use std::time::Instant;

use eframe::egui_wgpu::RenderState;
use egui::{CentralPanel, Rect, vec2};
use egui_kittest::Harness;
use egui_plot::{Plot, PlotPoints, Points};
use flowlab::app::theme::Theme;
use flowlab::render::{self, Frames, ParticleStyle, View2d};
use flowlab::train::batch::noise;

const PARTICLES: usize = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A plot without points.
    Empty,
    /// The same with `egui_plot::Points`.
    Plot,
    /// The same under our layer, frames of 10 solver steps.
    Layer10,
    /// The same under our layer, frames of 1000 solver steps.
    Layer1000,
}

const KINDS: [Kind; 4] = [Kind::Empty, Kind::Plot, Kind::Layer10, Kind::Layer1000];

struct Bench {
    kind: Kind,
    t: f32,
    positions: Vec<[f64; 2]>,
    few: Frames,
    many: Frames,
}

impl Bench {
    fn new(state: Option<&RenderState>) -> Self {
        if let Some(state) = state {
            render::init(state);
        }
        let start = noise(0, PARTICLES);
        let positions = (start.as_chunks::<2>().0.iter())
            .map(|p| p.map(f64::from))
            .collect();
        Self {
            kind: Kind::Empty,
            t: 0.0,
            positions,
            few: frames(&start, 10),
            many: frames(&start, 64),
        }
    }
}

/// As the window keeps them: 1000 steps of so many particles leave room for 64 frames.
fn frames(start: &[f32], steps: usize) -> Frames {
    let times: Vec<f32> = (0..=steps).map(|i| i as f32 / steps as f32).collect();
    let points: Vec<f32> = (times.iter())
        .flat_map(|t| start.iter().map(move |x| x * (1.0 + 0.5 * t)))
        .collect();
    Frames::new(times.into(), points.into(), PARTICLES)
}

impl eframe::App for Bench {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let color = Theme::Light.palette().model;
        CentralPanel::default().show(ui, |ui| {
            let plot = Plot::new("plot")
                .include_x(-3.0)
                .include_x(3.0)
                .include_y(-3.0);
            let shown = plot.include_y(3.0).show(ui, |plot| {
                if self.kind == Kind::Plot {
                    let (grow, positions) = (f64::from(1.0 + 0.5 * self.t), &self.positions);
                    let moved = positions.iter().map(|p| p.map(|x| x * grow));
                    let points = PlotPoints::from(moved.collect::<Vec<_>>());
                    plot.points(Points::new("points", points).radius(1.0).color(color));
                }
            });
            let rect: Rect = shown.response.rect;
            let view = View2d::fit(rect, [0.0, 0.0], 3.0);
            let frames = match self.kind {
                Kind::Layer10 => &self.few,
                Kind::Layer1000 => &self.many,
                Kind::Empty | Kind::Plot => return,
            };
            let style = ParticleStyle::new(1.0, color);
            ui.painter()
                .add(render::particles(rect, view, frames, self.t, style));
        });
    }
}

fn main() {
    let pictures: usize = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(30);
    let mut harness = Harness::builder()
        .with_size(vec2(800.0, 800.0))
        .with_pixels_per_point(1.0)
        .wgpu()
        .build_eframe(|cc| Bench::new(cc.wgpu_render_state.as_ref()));
    let mut times = [const { Vec::new() }; KINDS.len()];
    for picture in 0..pictures + 3 {
        for (kind, times) in KINDS.into_iter().zip(&mut times) {
            let state = harness.state_mut();
            state.kind = kind;
            state.t = (picture as f32 * 0.618).fract();
            let started = Instant::now();
            harness.step();
            black_box(harness.render().expect("a picture"));
            // The first pictures upload the frames and fill egui's caches.
            if picture >= 3 {
                times.push(1e3 * started.elapsed().as_secs_f64());
            }
        }
    }
    let mut medians = [0.0; KINDS.len()];
    for ((kind, times), median) in KINDS.iter().zip(&mut times).zip(&mut medians) {
        times.sort_by(f64::total_cmp);
        *median = times[times.len() / 2];
        println!(
            "{:10} {median:8.2} ms, best {:8.2} ms",
            format!("{kind:?}"),
            times[0]
        );
    }
    let [empty, plot, few, many] = medians;
    println!("egui_plot::Points adds {:.2} ms", plot - empty);
    println!("our layer adds         {:.2} ms", few - empty);
    let share = (few - empty) / (plot - empty);
    println!("share of egui_plot     {share:.3}, limit 0.1");
    println!("1000 steps over 10     {:.3}, limit 1.2", many / few);
    if share > 0.1 || many / few > 1.2 {
        std::process::exit(1);
    }
}
