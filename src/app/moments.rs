//! Which run's kept iterations are looked at, and what is known of it.

use egui::{ComboBox, RichText, Ui};

use super::background::Background;
use super::curve::LossCurve;
use super::film::FilmOf;
use super::lesson::Lab;
use super::run::Run;
use super::training::Training;
use super::widgets::loss_plot::{RunsView, Trace};
use crate::train::kept::{FIGURE, Film};
use crate::train::{Kept, ToyConfig};

/// The name of the run that comes with the program.
pub const PRETRAINED: &str = "Pretrained run of seed 003";

/// The run that comes with the program, read on a thread.
pub struct Stock(Background<(), Known>);

struct Known {
    film: Film,
    curve: LossCurve,
    floor: Option<f64>,
}

impl Stock {
    /// Starts to read.
    pub fn new(lab: &Lab) -> Self {
        let mut work = lab.background();
        work.ask((), |job| match Film::pretrained() {
            Ok(film) => {
                let mut curve = LossCurve::default();
                film.log.iter().for_each(|point| curve.push(point));
                let field = film.config.dataset.exact(film.config.path);
                let floor = field.map(|field| field.loss_floor());
                job.show(Known { film, curve, floor });
            }
            Err(error) => log::error!("{error}"),
        });
        Self(work)
    }
}

/// The kept iterations of one run.
#[derive(Default)]
pub struct Moments {
    /// Whose they are; none before there are any.
    pub of: Option<FilmOf>,
    /// The run's name.
    pub name: String,
    /// How it was trained.
    pub config: ToyConfig,
    /// The moments in order.
    pub kept: Vec<Kept>,
    curve: LossCurve,
    floor: Option<f64>,
}

impl Moments {
    /// Takes over what a run has kept; no choice means the window's current run, or the pretrained
    /// one before that has two moments. True when it is another run than before.
    pub fn follow(&mut self, choice: Option<FilmOf>, training: &Training, stock: &Stock) -> bool {
        let enough = |run: &&Run| run.kept().len() > 1;
        let find = |id| training.runs().iter().find(|run| run.id == id);
        let run = match choice {
            Some(FilmOf::Pretrained) => None,
            Some(FilmOf::Run(id)) => find(id),
            None => training.run().filter(enough),
        };
        let of = run.map_or(FilmOf::Pretrained, |run| FilmOf::Run(run.id));
        let changed = self.of != Some(of);
        match run {
            Some(run) => {
                self.name.clone_from(&run.name);
                self.config = run.config.clone();
                self.kept = run.kept().to_vec();
                self.curve = run.curve.clone();
                self.floor = run.floor;
            }
            None if changed => {
                // It comes a little later than the window.
                let Some(known) = stock.0.value() else {
                    return false;
                };
                PRETRAINED.clone_into(&mut self.name);
                self.config = known.film.config.clone();
                self.kept.clone_from(&known.film.kept);
                self.curve = known.curve.clone();
                self.floor = known.floor;
            }
            None => {}
        }
        self.of = Some(of);
        changed
    }

    /// The place nearest to an iteration.
    pub fn nearest(&self, step: f64) -> usize {
        let distance = |kept: &Kept| (kept.step as f64 - step).abs();
        let places = self.kept.iter().enumerate();
        let best = places.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
        best.map_or(0, |(index, _)| index)
    }

    /// The places of the seed's figure; of a shorter run, the same shares of it.
    pub fn figure(&self) -> Vec<usize> {
        let end = self.kept.last().map_or(0, |kept| kept.step) as f64;
        let share = (end / FIGURE[3] as f64).min(1.0);
        let place = |step: &u64| self.nearest(*step as f64 * share);
        let mut places: Vec<usize> = FIGURE.iter().map(place).collect();
        places.dedup();
        places
    }

    /// The losses, with a mark at an iteration.
    pub fn curves(&self, cursor: Option<u64>) -> RunsView<'_> {
        RunsView {
            id: "moments",
            current: Some(Trace {
                name: "",
                curve: &self.curve,
                color: 0,
            }),
            steps: self.config.steps,
            floor: self.floor,
            cursor,
            ..RunsView::default()
        }
    }

    /// The menu of runs whose moments can be looked at, and how much they take.
    pub fn choice_ui(&self, ui: &mut Ui, of: &mut Option<FilmOf>, training: &Training) {
        ui.horizontal(|ui| {
            let hint = "Whose weights the iteration slider goes through";
            let label = ui.label("Moments of").on_hover_text(hint).id;
            ComboBox::from_id_salt("film")
                .width(ui.available_width() - 8.0)
                .truncate()
                .selected_text(&self.name)
                .show_ui(ui, |ui| {
                    ui.selectable_value(of, None, "The current run")
                        .on_hover_text("The pretrained one until it has kept two moments");
                    let pretrained = Some(FilmOf::Pretrained);
                    ui.selectable_value(of, pretrained, PRETRAINED);
                    for run in training.runs() {
                        let this = Some(FilmOf::Run(run.id));
                        ui.selectable_value(of, this, &run.name);
                    }
                })
                .response
                .labelled_by(label)
                .on_hover_text(hint);
        });
        let numbers = self.kept.iter().map(|kept| kept.weights.num_params());
        let bytes = 4 * numbers.sum::<usize>();
        let count = self.kept.len();
        let text = format!("{count} moments kept, {:.1} MB", bytes as f64 / 1e6);
        ui.label(RichText::new(text).small().weak()).on_hover_text(
            "At 0, then on a log scale, and at the iterations of the seed's figure; at most 24 \
             moments and 48 MiB for one run.",
        );
    }
}
