//! Flags of `train variational`.

use clap::Args;

use super::TrainImageArgs;
use crate::flow::variational::Form;
use crate::train::TimeSampling;
use crate::train::images::variational::{LossTerm, Net, Rung, Target};

/// Flags of `train variational`.
#[derive(Clone, Debug, Args)]
pub struct TrainVariationalArgs {
    /// What every image training has.
    #[command(flatten)]
    pub common: TrainImageArgs,
    /// A 2-D data set such as checkerboard or moons, or pictures: mnist, idx:DIR (four IDX files)
    /// or folder:DIR[:28|32][:grey|colour] (PNG and JPEG files).
    #[arg(long)]
    pub dataset: Option<Target>,
    /// Steps of the run over points, 250 to an epoch.
    #[arg(long, conflicts_with = "epochs")]
    pub steps: Option<u64>,
    /// Take all that the seed's story has up to here: vanilla, posterior, unet, prior or noise.
    #[arg(long)]
    pub rung: Option<Rung>,
    /// The seed's own numbers: wide U-Nets, sums beside a mean, log-variance floor 0.
    #[arg(long)]
    pub as_in_the_seed: bool,
    /// conv or unet, for pictures.
    #[arg(long)]
    pub net: Option<Net>,
    /// Draw z from a posterior q(z|x) instead of the prior.
    #[arg(long, value_name = "BOOL")]
    pub posterior: Option<bool>,
    /// Learn the prior's mean and variance.
    #[arg(long, value_name = "BOOL")]
    pub learned_prior: Option<bool>,
    /// Observation noise; 0 turns it off.
    #[arg(long, value_name = "SIGMA", allow_negative_numbers = true)]
    pub noise: Option<f64>,
    /// Where the noise enters: cho (as in the seed's code) or consistent.
    #[arg(long)]
    pub form: Option<Form>,
    /// Weight and reduction of the squared error: WEIGHT[:mean|sample|sum].
    #[arg(long, value_name = "TERM")]
    pub mse: Option<LossTerm>,
    /// Weight and reduction of KL(q|p).
    #[arg(long, value_name = "TERM")]
    pub kl: Option<LossTerm>,
    /// Weight and reduction of the prior's own term.
    #[arg(long, value_name = "TERM")]
    pub prior: Option<LossTerm>,
    /// The prior's log-variance never falls below this.
    #[arg(long, value_name = "LOGVAR", allow_negative_numbers = true)]
    pub floor: Option<f64>,
    /// Channels of the velocity's levels, the full picture first, such as 128,128,128,256.
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub widths: Option<Vec<usize>>,
    /// Channels of the posterior's levels.
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    pub posterior_widths: Option<Vec<usize>>,
    /// Learn mean and variance of all z together, for samples to start from.
    #[arg(long, value_name = "BOOL")]
    pub aggregate: Option<bool>,
    /// Width of the networks over points.
    #[arg(long)]
    pub hidden: Option<usize>,
    /// Pairs of layers of the networks over points.
    #[arg(long)]
    pub blocks: Option<usize>,
    /// stratified, uniform or logit-normal.
    #[arg(long)]
    pub time: Option<TimeSampling>,
}
