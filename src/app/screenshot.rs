//! One picture of the window into a PNG file, then the window closes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use egui::{ColorImage, Context, ViewportCommand};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};

use super::gpu_watch::Report;
use super::launch::ScreenshotPlan;
use crate::train::files::write_atomically;

/// How much longer than planned it waits for the particles.
const PATIENCE: Duration = Duration::from_secs(30);

/// A plan on its way.
pub struct Screenshot {
    plan: ScreenshotPlan,
    start: Option<Instant>,
    asked: bool,
    image: Arc<Mutex<Option<Arc<ColorImage>>>>,
    report: Option<Report>,
}

impl Screenshot {
    /// Starts to count with the first picture.
    pub fn new(plan: ScreenshotPlan) -> Self {
        Self {
            plan,
            start: None,
            asked: false,
            image: Arc::default(),
            report: None,
        }
    }

    /// Where a failure goes; the window closes in any case.
    pub fn report_to(&mut self, report: Report) {
        self.report = Some(report);
    }

    /// Asks for the picture when its time has come and `ready` tells that nothing is missing.
    pub fn logic(&mut self, ctx: &Context, ready: bool) {
        let elapsed = self.start.get_or_insert_with(Instant::now).elapsed();
        let image = self
            .image
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(image) = image {
            let written = write_png(&self.plan, &image);
            if let (Err(error), Some(report)) = (written, &self.report) {
                *report.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            ctx.send_viewport_cmd(ViewportCommand::Close);
            return;
        }
        let due = elapsed >= self.plan.after;
        if due && !self.asked && (ready || elapsed >= self.plan.after + PATIENCE) {
            self.asked = true;
            let (slot, wake) = (Arc::clone(&self.image), ctx.clone());
            ctx.request_screenshot(move |image| {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(image);
                wake.request_repaint();
            });
        }
        let pause = self
            .plan
            .after
            .saturating_sub(elapsed)
            .max(Duration::from_millis(50));
        ctx.request_repaint_after(pause);
    }
}

fn write_png(plan: &ScreenshotPlan, image: &ColorImage) -> anyhow::Result<()> {
    let [width, height] = image.size.map(|side| side as u32);
    let rgb: Vec<u8> = image
        .pixels
        .iter()
        .flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()])
        .collect();
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&rgb, width, height, ExtendedColorType::Rgb8)
        .context("the screenshot could not be encoded")?;
    write_atomically(&plan.path, &bytes)?;
    Ok(())
}
