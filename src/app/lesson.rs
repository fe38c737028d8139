//! What a lesson is: a short text, a formula, and the parts it draws into the window.

use std::sync::Arc;

use egui::Ui;
use serde_json::Value;

use super::background::Background;
use super::clock::Clock;
use super::digits::{Digits, Part};
use super::figure::Figure;
use super::keys::Action;
use super::sampler::Sampler;
use super::settings::Settings;
use super::training::Training;
use super::widgets::canvas::Easel;
use crate::device::DeviceInfo;

/// What all lessons share.
pub struct Lab {
    /// The time of the flow.
    pub clock: Clock,
    /// The runs.
    pub training: Training,
    /// The worker that moves particles.
    pub sampler: Sampler,
    /// Draws particles.
    pub easel: Easel,
    /// The image lab.
    pub digits: Digits,
    /// Look and layout of the window.
    pub settings: Settings,
    /// Asks for a new frame; for threads.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

impl Lab {
    /// A thread for a lesson's own work; it starts with the first request.
    pub fn background<K: PartialEq, V: Send + Sync + 'static>(&self) -> Background<K, V> {
        let wake = Arc::clone(&self.wake);
        Background::new(move || wake())
    }
}

/// What the status bar says of a training that is not one of [`Lab::training`].
#[derive(Clone, Debug)]
pub struct Status {
    /// What it trains on; none while it opens.
    pub device: Option<DeviceInfo>,
    /// Whether a thread trains it; a run that was opened has none before it trains on.
    pub has_thread: bool,
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run; 0 before it is known.
    pub steps: u64,
    /// Steps a second.
    pub speed: f64,
    /// Seed of the run.
    pub seed: u64,
    /// The newest short notice.
    pub note: Option<String>,
}

/// One file of `lessons/`; the window draws its parts in the same places for each.
pub trait Lesson {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// Two or three words.
    fn title(&self) -> &'static str;

    /// What there is to see, in one sentence.
    fn sentence(&self) -> &'static str;

    /// The formula beside the title, in the notation of [`super::widgets::formula`].
    fn formula(&self) -> &'static str;

    /// Where it comes from: the seed document or paper, as a short reference.
    fn source(&self) -> &'static str;

    /// The picture at `t` as a figure for files; none where there is nothing to export yet.
    fn figure(&self, _lab: &Lab, _t: f32) -> Option<Figure> {
        None
    }

    /// The picture at `t` after each kept moment of a training, where the lesson can go back to
    /// them; of others the window keeps what they showed while they trained.
    fn training_film(&self, _lab: &Lab, _t: f32) -> Vec<Figure> {
        Vec::new()
    }

    /// How many pictures [`Self::training_film`] has, for every frame of an open card: without
    /// making them.
    fn training_film_len(&self, lab: &Lab) -> usize {
        self.training_film(lab, 0.0).len()
    }

    /// Time of the flow at which a still figure says most.
    fn figure_time(&self) -> f64 {
        1.0
    }

    /// What is shown, by the names of the settings; see [`super::view`].
    fn view(&self) -> Value {
        Value::Null
    }

    /// Shows it again; what does not fit is left as it is.
    fn set_view(&mut self, _view: &Value) {}

    /// Whether a training of its own goes on, whose end a figure waits for.
    fn is_training(&self) -> bool {
        false
    }

    /// The training of the image lab that this lesson shows; none for the runs of the 2-D lab.
    fn part(&self) -> Option<Part> {
        None
    }

    /// The training of this lesson, where it has its own.
    fn status(&self, lab: &Lab) -> Option<Status> {
        self.part().map(|part| lab.digits.status(part))
    }

    /// Whether the time of the flow changes what is shown.
    fn uses_time(&self) -> bool {
        true
    }

    /// Whether a picture that was asked for is still being made.
    fn is_busy(&self) -> bool {
        false
    }

    /// Asks the workers for what the next picture needs. Runs when the window is hidden, too.
    fn logic(&mut self, lab: &mut Lab);

    /// What is shown in which colour, and the switches of it. Drawn by the frame in lecture mode,
    /// by the lesson itself otherwise.
    fn legend_ui(&mut self, ui: &mut Ui, lab: &mut Lab);

    /// The picture.
    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab);

    /// What stands under the play bar.
    fn bottom_ui(&mut self, ui: &mut Ui, lab: &mut Lab);

    /// The panel at the side.
    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab);

    /// Reacts to a key; false when it means nothing here. The training of [`Self::part`] is started,
    /// paused and reset by the window.
    fn act(&mut self, action: Action, lab: &mut Lab) -> bool;
}
