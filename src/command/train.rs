//! `flowlab train`

use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::output::check_free_run;
use crate::cli::TrainToyArgs;
use crate::device::DeviceChoice;
use crate::train::checkpoint;
use crate::train::files::{NOT_SAVED, copy_files, has_run, replace_run, run_files};
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
    let place = Place::of(args.out.as_deref(), args.resume.as_deref());
    if let Some(place) = &place {
        place.check(args.force)?;
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
    follow(session, place.as_ref(), None)
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
    let session = Session::toy(config, start, device, true, || {});
    follow(session, Place::of(out, None).as_ref(), limit)
}

/// Where a run is saved.
pub struct Place<'a> {
    folder: &'a Path,
    /// The other folder that the run goes on from.
    from: Option<&'a Path>,
    /// Whether it is that folder itself.
    goes_on: bool,
}

impl<'a> Place<'a> {
    /// The place that `--out` and `--resume` ask for, if any.
    pub fn of(out: Option<&'a Path>, resume: Option<&'a Path>) -> Option<Self> {
        let folder = out.or(resume)?;
        let same = |other: &Path| match (folder.canonicalize(), other.canonicalize()) {
            (Ok(a), Ok(b)) => a == b,
            _ => folder == other,
        };
        let goes_on = resume.is_some_and(same);
        Some(Self {
            folder,
            from: resume.filter(|_| !goes_on),
            goes_on,
        })
    }

    /// Refuses to replace another run without `--force`.
    ///
    /// # Errors
    /// Names the folder.
    pub fn check(&self, force: bool) -> anyhow::Result<()> {
        match self.goes_on {
            true => Ok(()),
            false => check_free_run(self.folder, force),
        }
    }

    /// Whether the first save has to make room or to bring something along.
    fn is_prepared(&self) -> bool {
        !self.goes_on && (self.from.is_some() || has_run(self.folder))
    }

    /// Saves a session that is ready, with the losses and sheets of before it, in place of the run
    /// that the folder holds: that one is gone only when this is there.
    fn prepare<S: Send + Sync + 'static>(&self, listener: &mut Listener<S>) -> anyhow::Result<()> {
        replace_run(self.folder, |place| {
            if let Some(from) = self.from {
                let mut history = run_files(from);
                history.retain(|name| name == Path::new("log.csv") || name.starts_with("samples"));
                copy_files(from, history, place)?;
            }
            listener.save(place, self.folder)
        })
    }
}

/// Runs a paused session to its end, or for a time, and prints what it says.
///
/// # Errors
/// What the session failed with, or why it is not saved.
pub fn follow<S: Send + Sync + 'static>(
    session: Session<S>,
    place: Option<&Place>,
    limit: Option<Duration>,
) -> anyhow::Result<()> {
    let mut listener = Listener::new(&session);
    let end = listener.run(place, limit);
    listener.line.finish();
    session.join();
    end
}

/// Hears a session.
struct Listener<'a, S: Send + Sync + 'static> {
    session: &'a Session<S>,
    line: Line,
    ready: bool,
    finished: bool,
    failure: Option<String>,
    /// How the last save ended, if there was one since the last step that was told.
    saved: Option<Result<(), String>>,
}

impl<'a, S: Send + Sync + 'static> Listener<'a, S> {
    fn new(session: &'a Session<S>) -> Self {
        Self {
            session,
            line: Line::new(),
            ready: false,
            finished: false,
            failure: None,
            saved: None,
        }
    }

    fn run(&mut self, place: Option<&Place>, limit: Option<Duration>) -> anyhow::Result<()> {
        if let Some(place) = place {
            if place.is_prepared() {
                while !self.ready && self.hear() {}
                self.check()?;
                place.prepare(self)?;
            }
            let folder = place.folder.to_owned();
            self.session.send(Command::KeepIn(folder));
        }
        self.session.send(Command::Run);
        let started = Instant::now();
        let over = || limit.is_some_and(|limit| started.elapsed() > limit);
        while !self.finished && !over() && self.hear() {}
        self.check()?;
        match (place, self.saved.take()) {
            // A run that was over before, or that its time stops, has told of no save.
            (Some(place), None) => self.save(place.folder, place.folder),
            (Some(place), Some(Err(reason))) => Err(not_saved(place.folder, &reason)),
            _ => Ok(()),
        }
    }

    /// Has the session saved now, and waits for that; `named` is the folder that a failure names.
    fn save(&mut self, folder: &Path, named: &Path) -> anyhow::Result<()> {
        self.saved = None;
        self.session.send(Command::Save(folder.to_owned()));
        while self.saved.is_none() && self.hear() {}
        self.check()?;
        match self.saved.take() {
            Some(Ok(())) => Ok(()),
            Some(Err(reason)) => Err(not_saved(named, &reason)),
            None => Err(not_saved(named, "the training has ended")),
        }
    }

    fn check(&mut self) -> anyhow::Result<()> {
        // A run that fails tells so last.
        while self.failure.is_none() && self.session.is_over() && self.hear() {}
        match self.failure.take() {
            Some(error) => bail!("{error}"),
            None => Ok(()),
        }
    }

    /// Takes the next event; false when there is none any more.
    fn hear(&mut self) -> bool {
        let Some(event) = next(self.session) else {
            return false;
        };
        match event {
            Event::Ready { device, floor } => {
                self.ready = true;
                self.line.ready(&device.to_string(), floor);
            }
            Event::Progress(progress) => {
                self.saved = None;
                self.line.show(&progress);
            }
            Event::Note(text) => {
                self.line.say(&text);
                if let Some(reason) = text.strip_prefix(NOT_SAVED) {
                    self.saved = Some(Err(reason.to_owned()));
                }
            }
            Event::Saved(_) => self.saved = Some(Ok(())),
            Event::State(RunState::Finished) => self.finished = true,
            Event::Failed(error) => self.failure = Some(error),
            Event::State(_) => {}
        }
        true
    }
}

fn not_saved(folder: &Path, reason: &str) -> anyhow::Error {
    anyhow!(
        "{}: the run is {NOT_SAVED}{reason}; ask for another folder with --out",
        folder.display()
    )
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
