//! `flowlab scheduler`

use std::io::{self, Write};

use anyhow::ensure;

use crate::cli::SchedulerArgs;

/// Prints `t,alpha,sigma,d_alpha,d_sigma` for each time.
///
/// # Errors
/// When a time lies outside [0, 1] or stdout is closed.
pub fn run(args: &SchedulerArgs) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "t,alpha,sigma,d_alpha,d_sigma")?;
    for &t in &args.t {
        ensure!((0.0..=1.0).contains(&t), "--t: {t} lies outside 0 to 1");
        let c = args.path.at(t);
        writeln!(
            out,
            "{t},{},{},{},{}",
            c.alpha, c.sigma, c.d_alpha, c.d_sigma
        )?;
    }
    Ok(())
}
