//! The parts that lessons are put together from. Each draws one thing and keeps no lesson's state.

pub mod arrow;
pub mod banner;
pub mod bars;
pub mod canvas;
pub mod chart;
pub mod chip;
pub mod flow_layers;
pub mod formula;
pub mod heat_map;
pub mod help;
pub mod icon;
pub mod loss_plot;
pub mod notes;
pub mod number;
pub mod panels;
pub mod places;
pub mod play_bar;
pub mod point;
pub mod quiver;
pub mod readout;
pub mod run_controls;
pub mod sampling_bar;
pub mod save_dialog;
pub mod small_plot;
pub mod stage;
