//! The window: a frame around the lessons. [`App::logic`] receives what the worker threads have
//! made, `ui` draws it; neither ever waits.

mod acting;
mod autosave;
mod background;
pub mod beats;
mod cards;
pub mod clipboard;
mod clock;
mod copying;
mod curve;
pub mod digits;
mod exact;
pub mod export;
pub mod exporting;
pub mod figure;
mod film;
mod fonts;
mod frame;
mod frame_times;
mod gpu_watch;
mod greeting;
mod keys;
mod launch;
pub mod lesson;
pub mod lessons;
pub mod log;
mod messages;
mod moments;
mod opening;
mod pace;
mod pair;
mod palette;
mod prompt;
mod recording;
mod restoring;
pub mod run;
pub mod runs;
mod sampler;
mod sampling_grid;
mod screenshot;
pub mod session;
mod settings;
mod sketch;
mod stage_window;
mod staged;
pub mod studio;
pub mod theme;
pub mod time_label;
pub mod training;
mod undo;
mod view;
mod widgets;

use std::sync::Arc;

use egui::{Context, Ui};

use clock::Clock;
use digits::Digits;
use exporting::Exporting;
use frame_times::FrameTimes;
use gpu_watch::GpuWatch;
use lesson::{Lab, Lesson};
use pace::Pace;
use recording::Recording;
use restoring::Restoring;
use sampler::Sampler;
use screenshot::Screenshot;
use session::Desk;
use settings::Settings;
use training::Training;
use widgets::canvas::Easel;
use widgets::save_dialog::SaveDialog;

pub use launch::{LaunchOptions, ScreenshotPlan, run};

/// The window.
pub struct App {
    /// What the lessons share.
    pub lab: Lab,
    lessons: Vec<Box<dyn Lesson>>,
    current: usize,
    telling: beats::Telling,
    help: bool,
    palette: Option<palette::Palette>,
    stage_window: stage_window::StageWindow,
    log_shown: bool,
    noted: messages::Noted,
    greeting: Option<greeting::Greeting>,
    titled: String,
    frame_times: FrameTimes,
    frame_times_shown: bool,
    save: Option<SaveDialog>,
    card: Option<cards::Open>,
    exporting: Exporting,
    copying: clipboard::Failures,
    desk: Desk,
    session_card: Option<session::Card>,
    again: session::Again,
    undo: undo::Undo,
    autosave: autosave::Autosave,
    recording: Recording,
    restoring: Restoring,
    screenshot: Option<Screenshot>,
    gpu_watch: GpuWatch,
    themed: Option<theme::Theme>,
    zoomed: f32,
    pace: Pace,
    time: Option<f64>,
}

impl App {
    /// Builds the window's content; the training device is opened later, on its own thread.
    ///
    /// # Errors
    /// Names the lesson if there is none of that name.
    pub fn new(cc: &eframe::CreationContext<'_>, options: LaunchOptions) -> anyhow::Result<Self> {
        let ctx = &cc.egui_ctx;
        fonts::install(ctx);
        let gpu = cc.wgpu_render_state.as_ref().is_some_and(|state| {
            crate::render::init(state);
            crate::render::available(state)
        });
        let pace = Pace::of(cc.wgpu_render_state.as_ref());
        let lessons = lessons::all();
        let current = match &options.lesson {
            None => 0,
            Some(name) => {
                let names: Vec<_> = lessons.iter().map(|lesson| lesson.name()).collect();
                names
                    .iter()
                    .position(|known| known == name)
                    .ok_or_else(|| {
                        anyhow::anyhow!("--lesson {name}: unknown; use one of {}", names.join(", "))
                    })?
            }
        };
        let (for_training, for_sampler) = (ctx.clone(), ctx.clone());
        let mut training = Training::new(
            options.preset.unwrap_or_default(),
            options.device,
            move || for_training.request_repaint_after(pace.training),
        );
        if options.train {
            training.toggle();
        }
        let mut clock = Clock::default();
        if let Some(t) = options.t {
            clock.seek(f64::from(t));
        }
        let settings = Settings {
            theme: options.theme.unwrap_or_default(),
            lecture: options.lecture,
            lessons_open: lessons.len() > 1,
            ..Settings::default()
        };
        let actions = options.actions();
        let (beat, t) = (options.beat, options.t);
        let mut frame_times = FrameTimes::new();
        if let Some(path) = &options.frame_times {
            frame_times.write_to(path)?;
        }
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new({
            let ctx = ctx.clone();
            move || ctx.request_repaint()
        });
        let exporting = Exporting::new(&wake);
        let for_leftovers = {
            let ctx = ctx.clone();
            move || ctx.request_repaint()
        };
        let desk = Desk::new(options.state.clone(), &wake);
        let recording = Recording::new(&wake);
        let mut app = Self {
            exporting,
            copying: clipboard::Failures::default(),
            desk,
            session_card: None,
            again: session::Again::new(),
            undo: undo::Undo::default(),
            autosave: autosave::Autosave::new(options.state.clone(), for_leftovers),
            lab: Lab {
                clock,
                training,
                sampler: Sampler::new(cc.wgpu_render_state.clone(), move || {
                    for_sampler.request_repaint();
                }),
                easel: Easel::new(gpu, pace.software),
                settings,
                digits: Digits::new(&wake),
                wake,
            },
            telling: beats::Telling::new(&lessons),
            lessons,
            current,
            help: false,
            palette: None,
            stage_window: stage_window::StageWindow::new(ctx),
            log_shown: false,
            noted: messages::Noted::default(),
            greeting: greeting::Greeting::new(options.greeted.clone()),
            titled: String::new(),
            frame_times,
            frame_times_shown: options.frame_times.is_some(),
            save: None,
            card: None,
            recording,
            restoring: Restoring::default(),
            screenshot: options.screenshot.clone().map(Screenshot::new),
            gpu_watch: GpuWatch::new(cc.wgpu_render_state.as_ref(), ctx),
            themed: None,
            zoomed: 1.0,
            pace,
            time: None,
        };
        if let Some((path, opened)) = &options.session {
            app.restore(opened);
            app.desk.path = Some(path.clone());
            options.override_session(&mut app.lab);
            if options.lesson.is_some() {
                app.current = current;
            }
        }
        if let Some(beat) = beat {
            app.open_at(beat, t)?;
        }
        for action in actions {
            app.act(action, ctx);
        }
        Ok(app)
    }

    /// Name of the lesson on the stage.
    pub fn lesson(&self) -> &'static str {
        self.lessons[self.current].name()
    }

    /// Whether the stage is in a window of its own.
    pub fn has_stage_window(&self) -> bool {
        self.stage_window.is_open()
    }

    /// Whether a picture that was asked for is still being made.
    pub fn is_busy(&self) -> bool {
        self.lab.sampler.is_busy() || self.lessons[self.current].is_busy() || self.is_restoring()
    }

    /// Lets the time of the flow pass, and asks for the next picture while it runs.
    fn tick(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        let passed = self.time.replace(now).map_or(0.0, |before| now - before);
        if self.lab.clock.tick(passed) {
            ctx.request_repaint_after(self.pace.playing);
        }
    }

    /// Hands theme and zoom to egui when they changed, and takes over egui's own zoom keys.
    fn dress(&mut self, ctx: &Context) {
        let settings = &mut self.lab.settings;
        let shown = ctx.zoom_factor();
        if (shown - self.zoomed).abs() > 1e-3 {
            settings.zoom *= shown / self.zoomed;
        }
        self.zoomed = settings.zoom_factor(ctx.content_rect().height() * shown);
        if (shown - self.zoomed).abs() > 1e-3 {
            ctx.set_zoom_factor(self.zoomed);
        }
        theme::choose_map(ctx, settings.map);
        if self.themed != Some(settings.theme) {
            theme::apply(ctx, settings.theme);
            if self.screenshot.is_some() {
                // A pointer that happens to be there must not leave its mark.
                ctx.all_styles_mut(|style| style.interaction.tooltip_delay = f32::MAX);
            }
            self.themed = Some(settings.theme);
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, frame: &mut eframe::Frame) {
        let training = self.lab.training.is_running();
        let t = self.lab.clock.t();
        self.frame_times.begin(frame.info().cpu_usage, training, t);
        self.lab.training.drain();
        if let Some(sentence) = self.gpu_watch.logic(ctx) {
            self.lab.training.report(sentence);
        }
        if let Some(sentence) = self.copying.news() {
            self.not_copied(sentence);
        }
        for sentence in self.lab.digits.drain() {
            self.lab.training.report(sentence);
        }
        self.drain_sessions(ctx);
        self.lessons[self.current].logic(&mut self.lab);
        self.note();
        self.title(ctx);
        self.set_again();
        if let Some(wait) = self.autosave() {
            ctx.request_repaint_after(wait);
        }
        self.restoring_logic(ctx);
        self.record();
        let busy = self.is_busy();
        if let Some(screenshot) = &mut self.screenshot {
            let ready = !busy || self.lab.training.is_running();
            screenshot.logic(ctx, ready);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.dress(&ctx);
        self.greeting_ui(&ctx);
        time_label::count_from_data(self.lab.settings.from_data);
        let cards = self.save.is_some() || self.card.is_some() || self.session_card.is_some();
        let card = cards || self.palette.is_some();
        if !card && !self.exporting.is_open() {
            for action in keys::take_actions(&ctx) {
                self.act(action, &ctx);
            }
        }
        self.tick(&ctx);
        self.stage_window_ui(&ctx);
        self.frame_ui(ui);
        self.save_ui(ui);
        let part = self.lessons[self.current].part();
        if let Some(found) = cards::cards_ui(&mut self.card, &mut self.lab, part, ui) {
            self.restore_figure(*found);
        }
        self.session_card_ui(ui);
        self.offer_ui(ui);
        self.export_ui(ui, &ctx);
        self.log_ui(ui);
        self.palette_ui(ui);
        self.notice_settings(&ctx);
        if self.help {
            self.help = widgets::help::overlay(ui);
        }
    }

    fn on_exit(&mut self) {
        self.autosave_last();
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        self.lab
            .settings
            .theme
            .palette()
            .paper
            .to_normalized_gamma_f32()
    }
}
