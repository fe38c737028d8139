//! `flowlab figure`

use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};

use super::figures::{Recipe, Wish};
use super::{output, table};
use crate::cli::FigureArgs;
use crate::figure::{Format, Meta, Style, encode};

/// Writes one figure, all of them, or the list of their names.
///
/// # Errors
/// Names the flag or file at fault.
pub fn run(args: &FigureArgs) -> anyhow::Result<()> {
    if args.list {
        for recipe in Recipe::all() {
            output::print(format_args!("{:24} {}\n", recipe.name(), recipe.line()))?;
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
        for recipe in Recipe::all() {
            style.width_cm = width_cm(recipe, &args, &style, before.is_some());
            let path = folder.join(format!("{}.{}", recipe.name(), args.format));
            request(recipe, &path, &args, &style, None)?;
        }
        return Ok(());
    }
    let recipe = match (&args.name, &before) {
        (Some(name), _) => *name,
        (None, Some(meta)) => meta.figure.parse().map_err(anyhow::Error::msg)?,
        (None, None) => bail!("name a figure, or ask for --list or --all DIR"),
    };
    let out = args.out.as_deref().context("--out: where to write?")?;
    style.width_cm = width_cm(recipe, &args, &style, before.is_some());
    request(recipe, out, &args, &style, before.as_ref())
}

/// The figure's usual width, unless a flag or another figure sets it: then the style has it.
fn width_cm(recipe: Recipe, args: &FigureArgs, style: &Style, like: bool) -> f64 {
    match args.width_cm.is_some() || args.size.is_some() || like {
        true => style.width_cm,
        false => recipe.width_cm(),
    }
}

/// Reads the settings that a figure holds.
fn settings(path: &Path) -> anyhow::Result<Meta> {
    let bytes = table::contents(path).context("--like")?;
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
        map: args.map.unwrap_or(base.map),
        transparent: args.transparent || base.transparent,
        title: args.title.clone().or(base.title),
        axes: base.axes && !args.no_axes,
        legend: base.legend && !args.no_legend,
        outlines: base.outlines || args.outlines,
    };
    style.check()?;
    Ok(style)
}

fn request(
    recipe: Recipe,
    path: &Path,
    args: &FigureArgs,
    style: &Style,
    before: Option<&Meta>,
) -> anyhow::Result<()> {
    let format = format(path)?;
    let moving = format.moves();
    output::check_free(path, args.force)?;
    let mut wish = Wish {
        runs: args.run.clone(),
        seed: args.seed,
        t: args.t,
        moving,
        quick: args.quick,
        ..Wish::default()
    };
    if let Some(before) = before {
        like(&mut wish, recipe, before)?;
    }
    let mut style = style.clone();
    if moving && args.dpi.is_none() {
        // Animations are watched on screens: fewer pixels unless they are asked for.
        style.dpi = style.dpi.min(150.0);
    }
    let meta = write(recipe, path, &wish, &style)?;
    let digests = before.map(|before| [&before.weights_sha256, &meta.weights_sha256]);
    if let Some([Some(old), Some(new)]) = digests
        && old != new
        // One digest of a file and one of numbers cannot be compared.
        && old.starts_with("f32:") == new.starts_with("f32:")
    {
        eprintln!("warning: --like: the figure was made with other weights, SHA-256 {old}");
    }
    eprintln!("{}: {}", path.display(), recipe.line());
    Ok(())
}

/// Takes over what an earlier figure was made with, where no flag says otherwise.
fn like(wish: &mut Wish, recipe: Recipe, before: &Meta) -> anyhow::Result<()> {
    let unsaved = |digest: &String| digest.starts_with("f32:");
    let trained_on_the_way = recipe == Recipe::Lesson("mistakes");
    if before.weights_sha256.as_ref().is_some_and(unsaved) && !trained_on_the_way {
        ensure!(
            !wish.runs.is_empty(),
            "--like: that figure shows weights that were in no file ({}); name the folder that \
             they were saved in: --run FOLDER",
            before.source
        );
    }
    if wish.runs.is_empty() {
        wish.runs.clone_from(&before.runs);
    }
    wish.t = wish.t.or(before.t);
    match recipe {
        // The seed is one of its settings.
        Recipe::Lesson(_) => wish.view = before.view.clone(),
        _ => wish.seed = wish.seed.or(Some(before.seed)),
    }
    Ok(())
}

/// The kind of file that a name asks for.
fn format(path: &Path) -> anyhow::Result<Format> {
    Format::of(path).ok_or_else(|| {
        let endings = Format::ALL.map(Format::extension).join(", .");
        anyhow!("--out: {} ends in none of .{endings}", path.display())
    })
}

/// Draws a figure and writes it in one piece; also what the file says about itself.
///
/// # Errors
/// A run that does not fit; a size out of range; a file that cannot be written.
pub fn write(recipe: Recipe, path: &Path, wish: &Wish, style: &Style) -> anyhow::Result<Meta> {
    let format = format(path)?;
    style.check()?;
    let drawn = recipe.draw(wish)?;
    let meta = Meta {
        figure: recipe.name(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        style: style.clone(),
        source: drawn.source,
        weights_sha256: drawn.sha256,
        seed: drawn.seed.unwrap_or(wish.seed()),
        runs: wish.runs.clone(),
        t: drawn.t,
        view: drawn.view,
    };
    let bytes = encode(&drawn.frames, drawn.fps, format, style, &meta)?;
    output::write(path, &bytes)?;
    Ok(meta)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: FigureArgs,
    }

    #[test]
    fn every_figure_of_all_has_the_size_that_was_asked_for() {
        let width = |flags: &[&str], like: Option<&Meta>| {
            let line = [&["figure", "--all", "folder"], flags].concat();
            let args = Line::try_parse_from(line).unwrap().args;
            let style = style(&args, like).unwrap();
            [Recipe::Samples, Recipe::PiT].map(|r| width_cm(r, &args, &style, like.is_some()))
        };
        assert_eq!(width(&[], None), [8.5, 17.5]);
        let slide = Style::SLIDE.width_cm;
        assert_eq!(width(&["--size", "slide"], None), [slide; 2]);
        let both = ["--size", "slide", "--width-cm", "12"];
        assert_eq!(width(&both, None), [12.0; 2]);
        let mut meta = Meta::default();
        meta.style.width_cm = 6.0;
        assert_eq!(width(&[], Some(&meta)), [6.0; 2]);
        assert_eq!(width(&["--size", "slide"], Some(&meta)), [slide; 2]);
    }
}
