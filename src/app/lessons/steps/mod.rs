//! The third lesson: what the number of steps and the solver do, on one grid of panels that
//! share their noise.

mod figure;
mod picture;
mod table;
mod words;

use egui::{Button, Checkbox, Rect, ScrollArea, Sense, Ui, vec2};

use crate::app::exact::Route;
use crate::app::figure::Figure;
use crate::app::keys::Action;
use crate::app::lesson::{Lab, Lesson};
use crate::app::sampling_grid::{Cell, Request, SamplingGrid};
use crate::app::theme;
use crate::app::training::{FieldChoice, Training};
use crate::app::view::view_of;
use crate::app::widgets::chip::{Mark, chip};
use crate::app::widgets::field_menu::{self, Entries};
use crate::app::widgets::flow_layers::Targets;
use crate::app::widgets::notes;
use crate::app::widgets::panels::{Margins, PanelGrid, thinned};
use crate::app::widgets::weights_choice::weights_choice;
use crate::app::widgets::{run_controls, sampling_bar};
use crate::flow::ExactField;
use table::{COLUMNS, Columns, PATHS, Rows, SOLVERS, Table};
use words::{NO_PATHS, NOTES};

/// Stored moments of a panel.
const FRAMES: usize = 32;
/// Room under a panel for its figures and its bars, in points.
const BELOW: f32 = 34.0;

/// The lesson's own state.
pub struct Steps {
    table: Table,
    /// Where the noise-free answer stands before the last step: E[x1|x].
    means: bool,
    show_target: bool,
    trails: bool,
    particles: usize,
    noise: u64,
    grid: SamplingGrid,
    targets: Targets,
    /// The panel that fills the stage.
    enlarged: Option<Cell>,
    /// The particle under the pointer.
    chosen: Option<usize>,
    /// Exact fields of the rows, for the means.
    fields: Vec<(Route, Option<ExactField>)>,
    /// Columns and rows on the stage of those that are wanted.
    fitting: [usize; 2],
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            table: Table::default(),
            means: false,
            show_target: true,
            trails: false,
            particles: 2000,
            noise: 1,
            grid: SamplingGrid::default(),
            targets: Targets::default(),
            enlarged: None,
            chosen: None,
            fields: Vec::new(),
            fitting: [0, 0],
        }
    }
}

impl Lesson for Steps {
    fn name(&self) -> &'static str {
        "steps"
    }

    fn title(&self) -> &'static str {
        "Steps"
    }

    fn sentence(&self) -> &'static str {
        "The same noise, more steps to the right, other solvers below: where do the particles \
         land?"
    }

    fn formula(&self) -> &'static str {
        r#"x_{t+h}=x_t+h~v_t"#
    }

    fn source(&self) -> &'static str {
        "Flow matching on a checkerboard (seeds 001 and 003); Lipman et al. 2023, figures 4 and 7"
    }

    fn figure(&self, lab: &Lab, t: f32) -> Option<Figure> {
        figure::figure(self, lab, t)
    }

    view_of!(
        table, means, show_target, trails, noise, enlarged;
        particles in 1..=1_000_000,
    );

    fn is_busy(&self) -> bool {
        self.grid.is_busy()
    }

    fn logic(&mut self, lab: &mut Lab) {
        let route = lab.training.route();
        self.table.path = route.path;
        self.table.has_exact = route.has_exact();
        self.table.has_network = lab.training.staged().is_some();
        field_menu::forget_gone(&lab.training, &mut self.table.of_solvers);
        field_menu::forget_gone(&lab.training, &mut self.table.of_paths);
        let mut cells: Vec<Cell> = Vec::new();
        for row in self.table.rows() {
            for column in self.table.columns() {
                let cell = self.table.cell(row, column);
                cells.extend(cell.filter(|cell| !cells.contains(cell)));
            }
        }
        if self.enlarged.is_some_and(|cell| !cells.contains(&cell)) {
            self.enlarged = None;
        }
        let request = Request {
            route,
            cells,
            particles: self.particles,
            noise: self.noise,
            frames: FRAMES,
            rest: lab.training.is_running(),
        };
        self.grid.ask(lab, request);
        let datasets = self.grid.datasets();
        self.targets.keep(&datasets);
        self.fields
            .retain(|(route, _)| datasets.contains(&route.dataset));
    }

    fn legend_ui(&mut self, ui: &mut Ui, _lab: &mut Lab) {
        let p = theme::palette(ui);
        let table = &mut self.table;
        let solvers = table.rows_by() == Rows::Solvers;
        for (network, name, color, key) in
            [(true, "Network", p.model, 1), (false, "Exact", p.exact, 2)]
        {
            let there = if network {
                table.has_network
            } else {
                table.has_exact
            };
            let mut on = table.is_network() == network;
            let chosen =
                there && solvers && chip(ui, &mut on, Mark::Dots, color, name, key).clicked();
            if chosen {
                table.network = network;
            }
        }
        let hint = "A ring where the data are expected, E[x₁|x], seen from the start of the last \
                    step: of the particle under the pointer, and of some others in the large panel.";
        if table.has_exact {
            chip(ui, &mut self.means, Mark::Dots, p.error, "E[x₁|x]", 3).on_hover_text(hint);
        }
        let ghost = theme::opaque_ghost(p);
        chip(ui, &mut self.show_target, Mark::Square, ghost, "Target", 4);
        chip(ui, &mut self.trails, Mark::Curve, p.ink, "Paths", 5);
        let hint =
            "Take the last step with Euler's method, which never looks at the data’s end (key 6)";
        ui.toggle_value(&mut table.last_euler, "Last step Euler")
            .on_hover_text(hint);
        if self.enlarged.is_some() && ui.button("All panels").clicked() {
            self.enlarged = None;
        }
    }

    fn stage_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        if !lab.settings.lecture {
            notes::legend_row(ui, |ui| self.legend_ui(ui, lab));
        }
        notes::why_ui(
            ui,
            &lab.training.route(),
            "the network moves all particles.",
        );
        let place = ui.available_rect_before_wrap();
        match self.enlarged {
            Some(cell) => self.enlarged_ui(ui, lab, place, cell),
            None => self.grid_ui(ui, lab, place),
        }
        ui.advance_cursor_after_rect(place);
    }

    fn bottom_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.horizontal(|ui| {
            let table = &mut self.table;
            ui.label("Rows");
            for (rows, name, hint) in [
                (
                    Rows::Solvers,
                    "Solvers",
                    "One solver in each row (B: other rows)",
                ),
                (
                    Rows::Paths,
                    "Paths",
                    "Euler on the exact field of one path in each row (B)",
                ),
            ] {
                let there = table.has_exact || rows == Rows::Solvers;
                let hint = if there { hint } else { NO_PATHS };
                let on = table.rows_by() == rows;
                let button = ui.add_enabled(there, Button::selectable(on, name));
                let button = button.on_hover_text(hint).on_disabled_hover_text(hint);
                if button.clicked() {
                    table.by = rows;
                }
            }
            ui.add_space(4.0);
            ui.label("Columns");
            for (columns, name, hint) in [
                (
                    Columns::Steps,
                    "Steps",
                    "Equal numbers of steps in a column",
                ),
                (
                    Columns::Nfe,
                    "Equal NFE",
                    "Equal numbers of evaluations of the field in a column: what a picture costs",
                ),
            ] {
                ui.selectable_value(&mut table.across, columns, name)
                    .on_hover_text(hint);
            }
            if !lab.settings.lecture {
                ui.add_space(4.0);
                sampling_bar::noise_ui(ui, &mut self.particles, &mut self.noise);
            }
        });
    }

    fn controls_ui(&mut self, ui: &mut Ui, lab: &mut Lab) {
        ui.spacing_mut().item_spacing.y = 8.0;
        run_controls::run_ui(ui, &mut lab.training);
        ui.horizontal(|ui| {
            ui.label("Weights");
            let width = ui.available_width();
            weights_choice(ui, "steps", &lab.training, &mut self.table.weights, width);
        });
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.choice_ui(ui);
                for note in NOTES {
                    notes::note_ui(ui, &note);
                }
            });
    }

    fn act(&mut self, action: Action, _lab: &mut Lab) -> bool {
        let table = &mut self.table;
        match action {
            Action::Layer(1) => table.network = true,
            Action::Layer(2) => table.network = false,
            Action::Layer(3) => self.means = !self.means,
            Action::Layer(4) => self.show_target = !self.show_target,
            Action::Layer(5) => self.trails = !self.trails,
            Action::Layer(6) => table.last_euler = !table.last_euler,
            Action::SideBySide => table.by = table.by.other(),
            Action::NewNoise => self.noise = self.noise.wrapping_add(1),
            Action::Leave if self.enlarged.is_some() => self.enlarged = None,
            _ => return false,
        }
        true
    }
}

impl Steps {
    /// Which rows and columns are wanted.
    fn choice_ui(&mut self, ui: &mut Ui) {
        let table = &mut self.table;
        notes::heading(ui, "Rows");
        ui.horizontal_wrapped(|ui| match table.rows_by() {
            Rows::Solvers => {
                for (on, solver) in table.solvers.iter_mut().zip(SOLVERS) {
                    ui.add(Checkbox::new(on, table::solver_name(solver)))
                        .on_hover_text("Show the row of this solver");
                }
            }
            Rows::Paths => {
                for (on, (_, name)) in table.paths.iter_mut().zip(PATHS) {
                    ui.add(Checkbox::new(on, name))
                        .on_hover_text("Show the row of this path");
                }
            }
        });
        notes::heading(ui, table.across.heading());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
            for (on, count) in table.counts.iter_mut().zip(COLUMNS) {
                ui.toggle_value(on, count.to_string())
                    .on_hover_text(format!("Show the column of {count}"));
            }
        });
        let wanted = [table.rows().len(), table.columns().len()];
        let text = if self.enlarged.is_none() && self.fitting != wanted {
            let [rows, columns] = self.fitting;
            format!(
                "There is room for {rows} of {} rows and {columns} of {} columns.",
                wanted[0], wanted[1]
            )
        } else {
            "Figures and bars are those of the end. Click a panel to enlarge it, the name of a row to \
             choose its field."
                .to_owned()
        };
        ui.label(egui::RichText::new(text).small().weak());
        self.grid.note_ui(ui);
        ui.add_space(4.0);
    }

    /// What the header of a row offers.
    fn entries(&self, training: &Training, row: usize) -> Entries {
        match self.table.rows_by() {
            Rows::Solvers => {
                let mut entries = vec![(None, "As chosen above".to_owned())];
                if self.table.has_exact {
                    entries.push((Some(FieldChoice::Exact), "Exact field".to_owned()));
                }
                entries.extend(field_menu::networks(training, |_| true));
                entries
            }
            Rows::Paths => {
                let mut entries = vec![(None, "Exact field".to_owned())];
                let kind = std::mem::discriminant(&PATHS[row].0);
                let fits = |path| std::mem::discriminant(&path) == kind;
                entries.extend(field_menu::networks(training, |s| fits(s.path)));
                entries
            }
        }
    }

    fn grid_ui(&mut self, ui: &mut Ui, lab: &mut Lab, place: Rect) {
        let (rows, columns) = (self.table.rows(), self.table.columns());
        if rows.is_empty() || columns.is_empty() {
            return notes::sentence(ui, place, "Choose at least one row and one column.");
        }
        if !self.table.has_exact && !self.table.has_network {
            return notes::sentence(ui, place, "Train a network to see its particles.");
        }
        let margins = Margins {
            left: 26.0,
            top: 24.0,
            below: BELOW,
            beside: 0.0,
            least: 80.0,
        };
        let place = place.with_max_x(place.right() - 4.0);
        let Some(fit) = PanelGrid::fit(place, [rows.len(), columns.len()], margins) else {
            return;
        };
        self.fitting = [fit.rows, fit.columns];
        let rows = thinned(&rows, fit.rows);
        let columns = thinned(&columns, fit.columns);
        let mut pointed = None;
        for (r, row) in rows.into_iter().enumerate() {
            self.row_header_ui(ui, lab, fit.rect(r, 0), row);
            for (c, count) in columns.iter().copied().enumerate() {
                let rect = fit.rect(r, c);
                if r == 0 {
                    picture::column_name(ui, rect, self.table.across, count);
                }
                let Some(cell) = self.table.cell(row, count) else {
                    picture::impossible(ui, rect, self.table.least_nfe(row));
                    continue;
                };
                let index = (r * columns.len() + c) as u8;
                let hovered = self.panel_ui(ui, lab, rect, index, &cell);
                pointed = pointed.or(hovered);
                let name = format!("{}, {count}: enlarge", self.table.row_name(row));
                let id = ui.scope_id().with(("panel", r, c));
                let response = ui.interact(rect, id, Sense::click());
                response.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::Role::Button, true, name.clone())
                });
                if response.clicked() {
                    self.enlarged = Some(cell);
                }
            }
        }
        self.chosen = pointed;
    }
}

#[cfg(test)]
mod tests;
