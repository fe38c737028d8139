//! The parts that lessons are put together from. Each draws one thing and keeps no lesson's state.

pub mod banner;
pub mod canvas;
pub mod chart;
pub mod chip;
pub mod digit_controls;
pub mod digit_grid;
pub mod flow_layers;
pub mod formula;
pub mod heat_map;
pub mod help;
pub mod icon;
pub mod loss_plot;
pub mod notes;
pub mod number;
pub mod panels;
pub mod play_bar;
pub mod quiver;
pub mod run_controls;
pub mod sampling_bar;
pub mod save_dialog;
pub mod stage;
