//! How particles are moved: solver, steps, number of particles, noise.

use egui::{ComboBox, RichText, Slider, SliderClamping, Ui};
use serde::{Deserialize, Deserializer, Serialize};

use super::bar_parts::{dice_ui, solver_ui};
use super::number;
use crate::app::sampler::frames_kept;
use crate::flow::Solver;

/// Steps a solver may take.
pub const STEPS: std::ops::RangeInclusive<usize> = 1..=200;
/// Numbers of particles to choose from.
const PARTICLES: [usize; 11] = [
    500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
];

/// What the bar edits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampling {
    /// The method.
    pub solver: Solver,
    /// Its steps.
    #[serde(deserialize_with = "steps_within")]
    pub steps: usize,
    /// Particles.
    #[serde(deserialize_with = "particles_within")]
    pub particles: usize,
    /// Seed of the noise.
    pub noise: u64,
}

/// A file may hold any number.
fn steps_within<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let steps = usize::deserialize(from)?;
    Ok(steps.clamp(*STEPS.start(), *STEPS.end()))
}

fn particles_within<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let particles = usize::deserialize(from)?;
    Ok(particles.clamp(1, PARTICLES[PARTICLES.len() - 1]))
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            solver: Solver::Euler,
            steps: 100,
            particles: 10_000,
            noise: 1,
        }
    }
}

impl Sampling {
    /// The next power of two above.
    pub fn more_steps(&mut self) {
        self.steps = (self.steps + 1).next_power_of_two().min(*STEPS.end());
    }

    /// The next power of two below.
    pub fn fewer_steps(&mut self) {
        let below = self.steps.saturating_sub(1).max(1);
        self.steps = 1 << below.ilog2();
    }

    /// Other noise.
    pub fn resample(&mut self) {
        self.noise = self.noise.wrapping_add(1);
    }
}

/// Draws the bar in one row.
pub fn sampling_bar(ui: &mut Ui, sampling: &mut Sampling) {
    ui.horizontal(|ui| {
        let hint = "How the flow is followed. Every method evaluates the velocity field; NFE counts \
                    these evaluations for one particle.";
        solver_ui(ui, hint, 132.0, &mut sampling.solver);
        ui.add_space(8.0);
        let label = ui.label("Steps").id;
        ui.label_inputs_by(label, |ui| steps_ui(ui, sampling));
        ui.add_space(8.0);
        noise_ui(ui, &mut sampling.particles, &mut sampling.noise);
        let [kept, wanted] = frames_kept(sampling.solver, sampling.steps, sampling.particles);
        if kept < wanted {
            let note = RichText::new(format!("{kept} frames kept: memory"))
                .small()
                .weak();
            ui.label(note).on_hover_text(format!(
                "So many particles leave room for {kept} of {wanted} moments; between them the \
                 picture is interpolated. The end is exact."
            ));
        }
    });
}

/// How many particles flow, and the button that draws other noise.
pub fn noise_ui(ui: &mut Ui, particles: &mut usize, noise: &mut u64) {
    let label = ui.label("Particles").id;
    ui.label_inputs_by(label, |ui| particles_ui(ui, particles));
    dice_ui(ui, "new noise", noise);
}

fn steps_ui(ui: &mut Ui, sampling: &mut Sampling) {
    let adaptive = sampling.solver.is_adaptive();
    let hint = if adaptive {
        "This method chooses its own steps, to a tolerance of 1e-5."
    } else {
        "Steps from the noise to the data. Few steps follow a curved flow badly (↑ and ↓)."
    };
    ui.add_enabled_ui(!adaptive, |ui| {
        // What stands to the right of the rail keeps its width.
        let kept = frames_kept(sampling.solver, sampling.steps, sampling.particles);
        let others = if kept[0] < kept[1] { 410.0 } else { 260.0 };
        ui.spacing_mut().slider_width = (ui.available_width() - others).clamp(48.0, 260.0);
        let slider = Slider::new(&mut sampling.steps, STEPS)
            .logarithmic(true)
            .clamping(SliderClamping::Always);
        ui.add(slider)
            .on_hover_text(hint)
            .on_disabled_hover_text(hint);
    });
}

fn particles_ui(ui: &mut Ui, particles: &mut usize) {
    ComboBox::from_id_salt("particles")
        .width(78.0)
        .height(420.0)
        .selected_text(number::grouped(*particles as u64))
        .show_ui(ui, |ui| {
            for count in PARTICLES {
                let text = number::grouped(count as u64);
                ui.selectable_value(particles, count, text);
            }
        })
        .response
        .on_hover_text("How many particles flow.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_walk_the_powers_of_two() {
        let mut sampling = Sampling {
            steps: 1,
            ..Sampling::default()
        };
        let mut seen = vec![];
        for _ in 0..10 {
            seen.push(sampling.steps);
            sampling.more_steps();
        }
        assert_eq!(seen, [1, 2, 4, 8, 16, 32, 64, 128, 200, 200]);
        for expected in [128, 64, 32, 16, 8, 4, 2, 1, 1] {
            sampling.fewer_steps();
            assert_eq!(sampling.steps, expected);
        }
        sampling.steps = 100;
        sampling.fewer_steps();
        assert_eq!(sampling.steps, 64);
    }
}
