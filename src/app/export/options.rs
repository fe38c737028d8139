//! How a figure is exported.

use serde::{Deserialize, Serialize};

use crate::figure::{Format, Style};

/// How a figure is exported; kept from one export to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Size and look.
    pub style: Style,
    /// The kind of file.
    pub format: Format,
    /// Lengths are shown in inches.
    pub inches: bool,
    /// Whether there is a title.
    pub titled: bool,
    /// The title; the figure's own while it is empty.
    pub title: String,
    /// Whether the width is that of the user, not the one that suits the figure.
    pub sized: bool,
    /// What an animation shows.
    pub film: Film,
}

/// What changes from frame to frame of an animation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Along {
    /// The time of the flow.
    #[default]
    Time,
    /// The training.
    Training,
}

/// A scrub of the time of the flow, or a training as it went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Film {
    /// What it shows.
    pub along: Along,
    /// Time of the flow at its start.
    pub from: f32,
    /// And at its end.
    pub to: f32,
    /// How long it plays.
    pub seconds: f32,
    /// Frames a second.
    pub fps: u16,
}

impl Default for Film {
    fn default() -> Self {
        Self {
            along: Along::Time,
            from: 0.0,
            to: 1.0,
            seconds: 3.0,
            fps: 20,
        }
    }
}

impl Film {
    /// Times of its frames; the last one stays for half a second, so that the end can be looked at.
    pub fn times(&self) -> Vec<f32> {
        let fps = f32::from(self.fps.clamp(1, 50));
        let count = (self.seconds.clamp(0.1, 60.0) * fps).round().max(1.0) as usize;
        let at = |i: usize| self.from + (self.to - self.from) * i as f32 / count as f32;
        let rest = (0.5 * fps).round() as usize;
        let moving = (0..=count).map(at);
        moving.chain(std::iter::repeat_n(self.to, rest)).collect()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            style: Style::ONE_COLUMN,
            format: Format::Png,
            inches: false,
            titled: true,
            title: String::new(),
            sized: false,
            film: Film::default(),
        }
    }
}

impl Options {
    /// Takes over the look of an exported figure.
    pub fn take(&mut self, style: &Style) {
        self.titled = style.title.as_deref() != Some("");
        self.title = style.title.clone().unwrap_or_default();
        self.style = style.clone();
        self.sized = true;
    }

    /// The style with the title.
    pub fn style(&self) -> Style {
        let title = self.title.trim();
        Style {
            title: match (self.titled, title.is_empty()) {
                (false, _) => Some(String::new()),
                (true, true) => None,
                (true, false) => Some(title.to_owned()),
            },
            ..self.style.clone()
        }
    }
}
