//! `flowlab field`

use anyhow::ensure;

use super::generate::Source;
use super::sample::exact_field;
use super::{output, table};
use crate::cli::FieldArgs;
use crate::train::Checkpoint;

/// Evaluates the exact marginal field, in f64, and a model's if one is named.
///
/// # Errors
/// Names the flag, file, row or column at fault.
pub fn run(args: &FieldArgs) -> anyhow::Result<()> {
    output::check_free(&args.out, args.force)?;
    let field = exact_field(&args.dataset, args.path)?;
    let model = args
        .model
        .as_deref()
        .map(Checkpoint::load)
        .transpose()?
        .map(|checkpoint| Source::model(&checkpoint));
    let points = table::read(&args.points, ["t", "x", "y"])?;
    let mut rows = Vec::with_capacity(points.len());
    for (number, [t, x, y]) in points.into_iter().enumerate() {
        ensure!(
            (0.0..=1.0).contains(&t),
            "{}: row {}, column t: {t} lies outside 0 to 1",
            args.points.display(),
            number + 1
        );
        let at = field.at(t, [x, y]);
        let mut row = vec![t, x, y];
        row.extend(at.velocity);
        row.extend([at.log_density, at.divergence]);
        row.extend(at.mean_x1);
        row.push(at.trace_cov);
        if let Some(model) = &model {
            row.extend(model.velocity(t, &[x, y]));
        }
        rows.push(row);
    }
    let mut header = "t,x,y,vx,vy,log_p,divergence,e1x,e1y,trace_cov".to_owned();
    if model.is_some() {
        header.push_str(",model_vx,model_vy");
    }
    let bytes = table::write(&header, rows.iter().map(Vec::as_slice));
    output::write(&args.out, &bytes)
}
