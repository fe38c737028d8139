//! `flowlab` without a verb: the window, or the headless demo where there is no display.

use anyhow::{anyhow, ensure};
use std::path::PathBuf;
use std::time::Duration;

use super::demo;
use super::output::check_free;
use crate::app::theme::Theme;
use crate::app::{self, LaunchOptions, ScreenshotPlan, session};
use crate::cli::WindowArgs;
use crate::crash;

/// Opens the lab.
///
/// # Errors
/// A screenshot that cannot be written; a window that does not open.
pub fn run(args: &WindowArgs) -> anyhow::Result<()> {
    ensure!(
        args.after.is_finite() && (0.0..=3600.0).contains(&args.after),
        "--after: {} is not within 0 to 3600 seconds",
        args.after
    );
    if let Some(t) = args.t {
        ensure!((0.0..=1.0).contains(&t), "--t: {t} lies outside 0 to 1");
    }
    if let Some(path) = &args.screenshot {
        check_free(path, args.force)?;
    }
    if let Some(path) = &args.frame_times {
        check_free(path, args.force)?;
    }
    let session = args.session.as_ref().map(|path| {
        let opened = session::open(path).map_err(|sentence| anyhow!("--session: {sentence}"));
        opened.map(|opened| (path.clone(), opened))
    });
    let session = session.transpose()?;
    if !has_display() {
        ensure!(
            args.screenshot.is_none(),
            "--screenshot: no display; run it under Xvfb: xvfb-run -a flowlab --screenshot FILE.png"
        );
        return demo::run(args.device);
    }
    app::run(LaunchOptions {
        lesson: args.lesson.clone(),
        beat: args.beat,
        greeted: crash::folder()
            .filter(|_| args.screenshot.is_none())
            .map(|folder| folder.join("greeted")),
        preset: args.preset,
        session,
        // A picture of the window neither finds traces of other windows nor leaves any.
        state: args.screenshot.is_none().then(state_folder),
        device: args.device,
        screenshot: args.screenshot.clone().map(|path| ScreenshotPlan {
            path,
            after: Duration::from_secs_f64(args.after),
            size: args.size,
        }),
        t: args.t,
        trajectories: args.trajectories,
        exact: args.exact_field,
        arrows: args.arrows,
        train: args.train,
        theme: args.theme.as_deref().map(|name| match name {
            "dark" => Theme::Dark,
            _ => Theme::Light,
        }),
        lecture: args.lecture,
        frame_times: args.frame_times.clone(),
    })
}

/// Where the program remembers things between two starts; without a home that is the folder of
/// temporary files.
fn state_folder() -> PathBuf {
    crash::folder().unwrap_or_else(|| std::env::temp_dir().join("flowlab"))
}

/// Whether a window could open: always outside Linux and the BSDs, there if X11 or Wayland is
/// named.
fn has_display() -> bool {
    if cfg!(any(target_os = "windows", target_os = "macos")) {
        return true;
    }
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
