//! What the loss plots show: the curves of one or several runs.

use crate::app::curve::LossCurve;
use crate::app::run::Run;
use crate::app::training::Training;

/// The curve of one of several runs.
#[derive(Clone, Copy)]
pub struct Trace<'a> {
    /// Its name in the read-out.
    pub name: &'a str,
    /// Its losses.
    pub curve: &'a LossCurve,
    /// Its colour and line style.
    pub color: usize,
}

/// Several curves over one another.
#[derive(Clone, Default)]
pub struct RunsView<'a> {
    /// Tells the plots of one panel apart.
    pub id: &'static str,
    /// The curve that the figures speak of.
    pub current: Option<Trace<'a>>,
    /// The other ones, drawn behind it.
    pub others: Vec<Trace<'a>>,
    /// The right end of both axes.
    pub steps: u64,
    /// The loss no network goes below, where it is known.
    pub floor: Option<f64>,
    /// Whether there is no exact field, and so no floor to wait for.
    pub no_exact: bool,
    /// An iteration to mark.
    pub cursor: Option<u64>,
}

impl<'a> RunsView<'a> {
    /// The shown runs of the window; the controls' settings where there is none.
    pub fn of(training: &'a Training, floor: Option<f64>) -> Self {
        let trace = |run: &'a Run| Trace {
            name: &run.name,
            curve: &run.curve,
            color: run.color,
        };
        let current = training.run();
        let shown = training.runs().iter().filter(|run| run.shown);
        let others: Vec<&Run> = shown
            .filter(|run| Some(run.id) != current.map(|run| run.id))
            .filter(|run| !run.curve.is_empty())
            .collect();
        let ends = others.iter().map(|run| run.step);
        let steps = current.map_or(training.config.steps, |run| run.config.steps);
        Self {
            current: current.map(trace),
            steps: ends.fold(steps, u64::max),
            others: others.into_iter().map(trace).collect(),
            floor: current.and_then(|run| run.floor).or(floor),
            no_exact: !training.route().has_exact(),
            ..Self::default()
        }
    }

    /// Every curve, the one in front last.
    pub fn traces(&self) -> impl Iterator<Item = &Trace<'a>> {
        self.others.iter().chain(&self.current)
    }
}
