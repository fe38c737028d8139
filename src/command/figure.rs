//! `flowlab figure`

use std::path::Path;

use anyhow::{Context, bail, ensure};

use super::figures::{Recipe, Wish};
use super::output;
use crate::cli::FigureArgs;
use crate::figure::{Format, Meta, Style, format};

/// Writes one figure, all of them, or the list of their names.
///
/// # Errors
/// Names the flag or file at fault.
pub fn run(args: &FigureArgs) -> anyhow::Result<()> {
    if args.list {
        for recipe in Recipe::ALL {
            println!("{:24} {}", recipe.name(), recipe.line());
        }
        return Ok(());
    }
    let mut args = args.clone();
    let like = args.like.take();
    let before = like.as_deref().map(settings).transpose()?;
    let mut style = style(&args, before.as_ref())?;
    if let Some(folder) = &args.all {
        ensure!(
            args.run.is_empty(),
            "--run: each figure of --all needs a run of its own; ask for one figure by name"
        );
        for recipe in Recipe::ALL {
            style.width_cm = args.width_cm.unwrap_or(recipe.width_cm());
            let path = folder.join(format!("{}.{}", recipe.name(), args.format));
            request(recipe, &path, &args, &style)?;
        }
        return Ok(());
    }
    let recipe = match (&args.name, &before) {
        (Some(name), _) => *name,
        (None, Some(meta)) => meta.figure.parse().map_err(anyhow::Error::msg)?,
        (None, None) => bail!("name a figure, or ask for --list or --all DIR"),
    };
    let out = args.out.as_deref().context("--out: where to write?")?;
    if args.width_cm.is_none() && args.size.is_none() && before.is_none() {
        style.width_cm = recipe.width_cm();
    }
    request(recipe, out, &args, &style)
}

/// Reads the settings that a figure holds.
fn settings(path: &Path) -> anyhow::Result<Meta> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Meta::find(&bytes)
        .with_context(|| format!("--like: {} holds no settings of a figure", path.display()))
}

/// The look that the flags ask for, over that of a figure or a usual size.
fn style(args: &FigureArgs, like: Option<&Meta>) -> anyhow::Result<Style> {
    let usual = match args.size.as_deref() {
        Some("slide") => Style::SLIDE,
        Some("one-column") => Style::ONE_COLUMN,
        _ => Style::TWO_COLUMNS,
    };
    let base = match (like, &args.size) {
        (Some(meta), None) => meta.style.clone(),
        _ => usual,
    };
    let style = Style {
        width_cm: args.width_cm.unwrap_or(base.width_cm),
        height_cm: args.height_cm.or(base.height_cm),
        dpi: args.dpi.unwrap_or(base.dpi),
        font_pt: args.font_pt.unwrap_or(base.font_pt),
        theme: args.theme.unwrap_or(base.theme),
        transparent: args.transparent || base.transparent,
        title: args.title.clone().or(base.title),
        axes: base.axes && !args.no_axes,
        legend: base.legend && !args.no_legend,
        outlines: base.outlines || args.outlines,
    };
    style.check()?;
    Ok(style)
}

fn request(recipe: Recipe, path: &Path, args: &FigureArgs, style: &Style) -> anyhow::Result<()> {
    let moving = moves(path)?;
    output::check_free(path, args.force)?;
    let wish = Wish {
        runs: args.run.clone(),
        seed: args.seed,
        moving,
        quick: args.quick,
    };
    let mut style = style.clone();
    if moving && args.dpi.is_none() {
        // Animations are watched on screens: fewer pixels unless they are asked for.
        style.dpi = style.dpi.min(150.0);
    }
    write(recipe, path, &wish, &style)?;
    eprintln!("{}: {}", path.display(), recipe.line());
    Ok(())
}

/// Whether a file's kind is an animation.
fn moves(path: &Path) -> anyhow::Result<bool> {
    match Format::of(path) {
        Some(kind) => Ok(kind.moves()),
        None if is_mp4(path) => Ok(true),
        None => {
            let endings = Format::ALL.map(Format::extension).join(", .");
            bail!("--out: {} ends in none of .{endings}, .mp4", path.display())
        }
    }
}

fn is_mp4(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("mp4"))
}

/// Draws a figure and writes it in one piece.
///
/// # Errors
/// A run that does not fit; a size out of range; a file that cannot be written.
pub fn write(recipe: Recipe, path: &Path, wish: &Wish, style: &Style) -> anyhow::Result<()> {
    let drawn = recipe.draw(wish)?;
    let meta = Meta {
        figure: recipe.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        style: style.clone(),
        source: drawn.source,
        weights_sha256: drawn.sha256,
        seed: wish.seed,
    };
    let bytes = match Format::of(path) {
        Some(kind) => format::encode(&drawn.frames, drawn.fps, kind, style, &meta)?,
        None => super::mp4::encode(&drawn.frames, drawn.fps, style)?,
    };
    output::write(path, &bytes)
}
