//! The GPU device that draws the window: when the driver loses it, no picture can be drawn any
//! more, and the window closes in order and says so.

use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui_wgpu::RenderState;
use egui::{Context, ViewportCommand};

use crate::crash;

/// Where a failure of the window goes that ends the program.
pub type Report = Arc<Mutex<Option<anyhow::Error>>>;

/// Learns of the loss on whatever thread the driver tells it.
pub struct GpuWatch {
    lost: Arc<Mutex<Option<String>>>,
    report: Report,
}

impl GpuWatch {
    /// Watches the device of a window; a window without one loses none.
    pub fn new(state: Option<&RenderState>, ctx: &Context) -> Self {
        let lost = Arc::new(Mutex::new(None));
        if let Some(state) = state {
            let (slot, wake, told) = (Arc::clone(&lost), ctx.clone(), Arc::clone(&lost));
            state.device.set_device_lost_callback(move |_, message| {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
                wake.request_repaint();
            });
            // wgpu's own handler panics. Everything fails on a lost device, and that is told
            // above; any other error is a fault of the program.
            state.device.on_uncaptured_error(Arc::new(move |error| {
                let lost = told
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .is_some();
                assert!(lost, "wgpu error: {error}");
                log::debug!("on the lost device: {error}");
            }));
        }
        Self {
            lost,
            report: Report::default(),
        }
    }

    /// Where the loss is told; the program ends with it.
    pub fn report_to(&mut self, report: Report) {
        self.report = report;
    }

    /// Closes the window when the device is gone. Returns the sentence once.
    pub fn logic(&self, ctx: &Context) -> Option<String> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sentence = lost.as_ref().map(|message| sentence(message))?;
        drop(lost);
        ctx.send_viewport_cmd(ViewportCommand::Close);
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        if report.is_some() {
            return None;
        }
        if let Some(path) = crash::leave(&sentence) {
            sentence = format!("{sentence} A report is in {}.", path.display());
        }
        *report = Some(anyhow::anyhow!(sentence.clone()));
        Some(sentence)
    }
}

fn sentence(message: &str) -> String {
    let why = match message.trim() {
        "" => String::new(),
        message => format!(" ({message})"),
    };
    format!(
        "the graphics device of the window was lost{why}, so it closes. Start it again; if it \
         happens again, WGPU_BACKEND=gl takes another driver."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_has_the_reason_where_there_is_one() {
        assert!(sentence("reset by the driver").contains("(reset by the driver)"));
        assert!(!sentence(" ").contains('('));
    }
}
