//! The parts that lessons are put together from. Each draws one thing and keeps no lesson's state.

pub mod banner;
pub mod canvas;
pub mod chip;
pub mod file_dialog;
pub mod flow_layers;
pub mod formula;
pub mod help;
pub mod icon;
pub mod iteration_bar;
pub mod loss_plot;
pub mod loss_view;
pub mod number;
pub mod paint_dialog;
pub mod path_picker;
pub mod play_bar;
pub mod quiver;
pub mod run_controls;
pub mod run_list;
pub mod sampling_bar;
pub mod save_dialog;
pub mod stage;
pub mod target_controls;
pub mod tiles;
pub mod verdict_plot;
pub mod weights_choice;
