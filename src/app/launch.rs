//! From the command line's options to an open window.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use eframe::egui_wgpu::{WgpuConfiguration, WgpuSetup};
use eframe::wgpu::PowerPreference;
use egui::{IconData, ViewportBuilder};

use super::App;
use super::keys::Action;
use super::lesson::Lab;
use super::session::Opened;
use super::theme::Theme;
use crate::device::DeviceChoice;
use crate::train::Preset;

/// Size of the window when nothing else is asked for, in points.
const SIZE: [f32; 2] = [1280.0, 800.0];

/// How the window starts.
#[derive(Clone, Debug, Default)]
pub struct LaunchOptions {
    /// Settings of the first run.
    pub preset: Option<Preset>,
    /// Name of the first lesson.
    pub lesson: Option<String>,
    /// The lesson's beat that is shown first, counted from 1.
    pub beat: Option<usize>,
    /// The file that remembers that the hint of the first start was read; none gives no hint.
    pub greeted: Option<PathBuf>,
    /// A session that was read from this file; the other options go before it.
    pub session: Option<(PathBuf, Opened)>,
    /// The folder in which the program remembers things between two starts; none remembers nothing.
    pub state: Option<PathBuf>,
    /// Where runs train.
    pub device: DeviceChoice,
    /// Take one picture of the window, then close it.
    pub screenshot: Option<ScreenshotPlan>,
    /// Time of the flow at the start, 0 to 1.
    pub t: Option<f32>,
    /// Show the paths of some particles.
    pub trajectories: bool,
    /// Show the exact field beside the network.
    pub exact: bool,
    /// Show the velocity field as arrows.
    pub arrows: bool,
    /// Start training at once.
    pub train: bool,
    /// Light or dark.
    pub theme: Option<Theme>,
    /// Start in lecture mode.
    pub lecture: bool,
    /// Write how long each picture takes into this file.
    pub frame_times: Option<PathBuf>,
}

/// A picture of the window, without anybody at it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScreenshotPlan {
    /// The PNG file to write.
    pub path: PathBuf,
    /// How long after the start.
    pub after: Duration,
    /// Size of the window in points.
    pub size: [f32; 2],
}

impl LaunchOptions {
    /// What was asked for beside a session.
    pub(super) fn override_session(&self, lab: &mut Lab) {
        if let Some(t) = self.t {
            lab.clock.seek(f64::from(t));
        }
        if let Some(theme) = self.theme {
            lab.settings.theme = theme;
        }
        lab.settings.lecture |= self.lecture;
    }

    /// The keys that bring a fresh window to what is asked for.
    pub(super) fn actions(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        for (wanted, action) in [
            (self.exact, Action::Layer(2)),
            (self.trajectories, Action::Layer(5)),
            (self.arrows, Action::Layer(6)),
        ] {
            if wanted {
                actions.push(action);
            }
        }
        actions
    }
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// A sentence on why no window could be opened, or why the screenshot was not written.
pub fn run(options: LaunchOptions) -> anyhow::Result<()> {
    crate::priority::window_opens();
    let size = options.screenshot.as_ref().map_or(SIZE, |plan| plan.size);
    let session = options.session.as_ref();
    let lecture = options.lecture || session.is_some_and(|s| s.1.session.window.lecture);
    let viewport = ViewportBuilder::default()
        .with_title("Flow Lab")
        .with_app_id("flowlab")
        .with_icon(icon())
        .with_inner_size(size)
        .with_min_inner_size([360.0, 300.0])
        .with_fullscreen(lecture && options.screenshot.is_none());
    let native = eframe::NativeOptions {
        viewport,
        wgpu_options: graphics(),
        ..eframe::NativeOptions::default()
    };
    let failure = Arc::new(std::sync::Mutex::new(None));
    let report = Arc::clone(&failure);
    let opened = eframe::run_native(
        "Flow Lab",
        native,
        Box::new(move |cc| {
            // Something moves from the first picture on, unless a moment was asked for.
            let asked = options.t.is_some() || options.beat.is_some() || options.session.is_some();
            let play = options.screenshot.is_none() && !asked;
            let mut app = App::new(cc, options)?;
            if play {
                app.lab.clock.toggle();
            }
            if let Some(screenshot) = &mut app.screenshot {
                screenshot.report_to(Arc::clone(&report));
            }
            app.gpu_watch.report_to(report);
            Ok(Box::new(app))
        }),
    );
    opened.map_err(|error| {
        anyhow!(
            "the window did not open: {error}. It needs a display and a Vulkan or OpenGL driver \
             (Debian/Ubuntu: mesa-vulkan-drivers); WGPU_BACKEND=gl tries OpenGL"
        )
    })?;
    let failed = failure.lock().ok().and_then(|mut failed| failed.take());
    failed.map_or(Ok(()), Err)
}

/// The window draws little and takes the frugal adapter; the other one is free to train.
fn graphics() -> WgpuConfiguration {
    let mut graphics = WgpuConfiguration::default();
    if let WgpuSetup::CreateNew(setup) = &mut graphics.wgpu_setup {
        setup.power_preference = PowerPreference::from_env().unwrap_or(PowerPreference::LowPower);
    }
    graphics
}

/// A small checkerboard with particles on their way to it.
fn icon() -> IconData {
    const SIDE: usize = 64;
    let palette = Theme::Light.palette();
    let mut rgba = Vec::with_capacity(4 * SIDE * SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (column, row) = (x / 16, y / 16);
            let [dx, dy] = [x % 8, y % 8].map(|v| v as f32 - 3.5);
            let in_dot = dx * dx + dy * dy < 6.5;
            let color = match (column % 2 != row % 2, in_dot) {
                (true, true) => palette.model,
                (true, false) => palette.control_active,
                (false, _) => palette.paper,
            };
            rgba.extend(color.to_srgba_unmultiplied());
        }
    }
    let side = SIDE as u32;
    IconData {
        rgba,
        width: side,
        height: side,
    }
}
