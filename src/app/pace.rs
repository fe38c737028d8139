//! How often the window is drawn.

use std::time::Duration;

use eframe::egui_wgpu::RenderState;
use eframe::wgpu::DeviceType;

/// How often the window is drawn while something moves.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two pictures while time runs.
    pub playing: Duration,
    /// Between two pictures while a training reports.
    pub training: Duration,
    /// Whether the pictures are made by a program instead of a GPU.
    pub software: bool,
}

impl Pace {
    /// A software renderer takes the time from training: it draws less often.
    pub fn of(state: Option<&RenderState>) -> Self {
        let software =
            state.is_some_and(|state| state.adapter.get_info().device_type == DeviceType::Cpu);
        let [playing, training] = if software { [40, 300] } else { [16, 40] };
        Self {
            playing: Duration::from_millis(playing),
            training: Duration::from_millis(training),
            software,
        }
    }
}
