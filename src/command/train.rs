//! `flowlab train`

use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};

use super::output::check_free_run;
use crate::cli::TrainToyArgs;
use crate::device::DeviceChoice;
use crate::train::checkpoint;
use crate::train::{Command, Event, Progress, RunState, Session, Start, ToyConfig};

/// Trains the 2-D lab, with a progress line on stderr.
///
/// # Errors
/// Settings out of range, a folder that holds a run, a device that does not open, divergence.
pub fn run(args: &TrainToyArgs) -> anyhow::Result<()> {
    let (config, start) = match &args.resume {
        Some(folder) => {
            let (saved, _, _) = checkpoint::load_state(folder)?;
            (overridden(saved, args), Start::Resume(folder.clone()))
        }
        None => {
            let config = fresh_config(args);
            (config, Start::Fresh)
        }
    };
    config.validate()?;
    let out = args.out.as_deref().or(args.resume.as_deref());
    if let Some(out) = out
        && Some(out) != args.resume.as_deref()
    {
        check_free_run(out, args.force)?;
    }
    if let Some(step) = args
        .keep
        .iter()
        .flatten()
        .find(|step| **step > config.steps)
    {
        bail!("--keep {step}: the run ends at step {}", config.steps);
    }
    let keep = args.keep.clone();
    let session = Session::toy_keeping(config, start, args.device, true, keep, || {});
    follow(session, out, None)
}

/// The settings of a run that starts from fresh weights.
pub fn fresh_config(args: &TrainToyArgs) -> ToyConfig {
    overridden(ToyConfig::preset(args.preset.unwrap_or_default()), args)
}

fn overridden(mut config: ToyConfig, args: &TrainToyArgs) -> ToyConfig {
    fn set<T: Clone>(field: &mut T, value: &Option<T>) {
        if let Some(value) = value {
            field.clone_from(value);
        }
    }
    set(&mut config.dataset, &args.dataset);
    set(&mut config.path, &args.path);
    set(&mut config.source, &args.source);
    set(&mut config.coupling, &args.coupling);
    set(&mut config.time, &args.time);
    set(&mut config.mistake, &args.mistake);
    set(&mut config.steps, &args.steps);
    set(&mut config.batch, &args.batch);
    set(&mut config.lr, &args.lr);
    set(&mut config.lr_schedule, &args.lr_schedule);
    set(&mut config.hidden, &args.hidden);
    set(&mut config.layers, &args.layers);
    set(&mut config.activation, &args.activation);
    set(&mut config.seed, &args.seed);
    if let Some(decay) = args.ema {
        config.ema = (decay != 0.0).then_some(decay);
    }
    config
}

/// Runs a session to its end, or for a time, and prints what it says.
///
/// # Errors
/// What the session failed with.
pub fn train(
    config: ToyConfig,
    start: Start,
    device: DeviceChoice,
    out: Option<&Path>,
    limit: Option<Duration>,
) -> anyhow::Result<()> {
    follow(Session::toy(config, start, device, true, || {}), out, limit)
}

/// Runs a paused session to its end, or for a time, and prints what it says.
///
/// # Errors
/// What the session failed with.
pub fn follow<S: Send + Sync + 'static>(
    session: Session<S>,
    out: Option<&Path>,
    limit: Option<Duration>,
) -> anyhow::Result<()> {
    if let Some(out) = out {
        session.send(Command::KeepIn(out.to_owned()));
    }
    session.send(Command::Run);
    let started = Instant::now();
    let mut line = Line::new();
    let mut failure = None;
    while let Some(event) = next(&session) {
        match event {
            Event::Ready { device, floor } => line.ready(&device.to_string(), floor),
            Event::Progress(progress) => line.show(&progress),
            Event::Note(text) => line.say(&text),
            Event::State(RunState::Finished) => break,
            Event::Failed(error) => failure = Some(error),
            Event::State(_) | Event::Saved(_) => {}
        }
        if limit.is_some_and(|limit| started.elapsed() > limit) {
            break;
        }
    }
    line.finish();
    session.join();
    match failure {
        Some(error) => bail!("{error}"),
        None => Ok(()),
    }
}

/// The next event; none when the run is over.
fn next<S: Send + Sync + 'static>(session: &Session<S>) -> Option<Event> {
    loop {
        // The order matters: a run that ended may have left events.
        let over = session.is_over();
        match session.wait_event(Duration::from_millis(100)) {
            Some(event) => return Some(event),
            None if over => return None,
            None => {}
        }
    }
}

/// A live bar on a terminal; otherwise a line now and then.
struct Line {
    bar: ProgressBar,
    terminal: bool,
    floor: Option<f64>,
    smooth: Option<f64>,
    spoken: Option<Instant>,
}

impl Line {
    fn new() -> Self {
        let bar = ProgressBar::new(0).with_style(
            ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg} {eta}")
                .expect("the template is well formed"),
        );
        Self {
            bar,
            terminal: std::io::stderr().is_terminal(),
            floor: None,
            smooth: None,
            spoken: None,
        }
    }

    fn ready(&mut self, device: &str, floor: Option<f64>) {
        self.floor = floor;
        let floor = floor.map_or(String::new(), |floor| format!(", loss floor {floor:.4}"));
        self.say(&format!("training on {device}{floor}"));
    }

    fn show(&mut self, progress: &Progress) {
        for point in &progress.points {
            let loss = f64::from(point.loss);
            self.smooth = Some(self.smooth.map_or(loss, |old| old + 0.02 * (loss - old)));
        }
        let (Some(point), Some(loss)) = (progress.points.last(), self.smooth) else {
            return;
        };
        let excess = point
            .excess
            .map_or(String::new(), |excess| format!(" excess {excess:.4}"));
        let speed = progress.steps_per_second;
        let places = usize::from(speed < 10.0);
        let text = format!("loss {loss:.4}{excess} · {speed:.places$} steps/s");
        if self.terminal {
            self.bar.set_length(progress.total);
            self.bar.set_position(progress.step);
            self.bar.set_message(text);
        } else if self.spoken.is_none_or(|at| at.elapsed().as_secs() >= 5)
            || progress.step == progress.total
        {
            self.spoken = Some(Instant::now());
            eprintln!("step {}/{} {text}", progress.step, progress.total);
        }
    }

    fn say(&self, text: &str) {
        if self.terminal {
            self.bar.println(text);
        } else {
            eprintln!("{text}");
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
