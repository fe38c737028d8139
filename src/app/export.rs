//! Figures from the window: how they are exported, and the threads that preview and write them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::ColorImage;

use super::background::{Background, Job};
use crate::figure::page::Picture;
use crate::figure::{Format, Meta, Scene, Style, encode, format};
use crate::train::files::write_atomically;

/// Width of the preview in pixels; twice what it has on the screen, for sharp displays.
const PREVIEW: f64 = 720.0;

/// What a lesson hands over: the picture at one time, or at many for an animation.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The picture.
    pub scene: Scene,
    /// What moved the particles.
    pub source: String,
    /// Seed of the noise.
    pub seed: u64,
}

/// How a figure is exported; kept from one export to the next.
#[derive(Clone, Debug)]
pub struct Options {
    /// Size and look.
    pub style: Style,
    /// The kind of file.
    pub format: Format,
    /// Lengths are shown in inches.
    pub inches: bool,
    /// The title; none while it is empty.
    pub title: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            style: Style::ONE_COLUMN,
            format: Format::Png,
            inches: false,
            title: String::new(),
        }
    }
}

impl Options {
    /// The style with the title.
    pub fn style(&self) -> Style {
        let title = self.title.trim();
        Style {
            title: (!title.is_empty()).then(|| title.to_owned()),
            ..self.style.clone()
        }
    }
}

/// What came of the last export.
#[derive(Debug)]
pub enum Done {
    /// A file was written.
    Written(PathBuf),
    /// A picture for the clipboard.
    Picture(ColorImage),
    /// One line that says why not.
    Failed(String),
}

/// The threads. Each request replaces the one before, which is given up.
pub struct Exporter {
    work: Background<u64, (u64, Done)>,
    preview: Background<(u64, String), Result<Picture, String>>,
    /// Counts the requests; an answer to an older one is not news.
    asked: u64,
    told: u64,
}

impl Exporter {
    /// `wake` asks for a new frame.
    pub fn new(wake: &Arc<dyn Fn() + Send + Sync>) -> Self {
        let (one, two) = (Arc::clone(wake), Arc::clone(wake));
        Self {
            work: Background::new(move || one()),
            preview: Background::new(move || two()),
            asked: 0,
            told: 0,
        }
    }

    /// Writes a file in the background, whole or not at all.
    pub fn write(&mut self, lesson: &str, frames: Vec<Figure>, options: &Options, path: PathBuf) {
        let (style, format) = (options.style(), options.format);
        let lesson = lesson.to_owned();
        self.start(move |job| {
            let bytes = bytes(&lesson, frames, format, &style)?;
            if job.is_cancelled() {
                return Ok(None);
            }
            save(&path, &bytes)?;
            Ok(Some(Done::Written(path)))
        });
    }

    /// Draws the picture for the clipboard.
    pub fn copy(&mut self, figure: Figure, options: &Options) {
        let style = options.style();
        self.start(move |_| {
            let mut pictures =
                format::pictures(&[figure.scene], &style).map_err(|e| e.to_string())?;
            let picture = pictures.pop().ok_or("nothing to copy")?;
            let size = [picture.width as usize, picture.height as usize];
            let image = ColorImage::from_rgba_unmultiplied(size, &picture.rgba);
            Ok(Some(Done::Picture(image)))
        });
    }

    fn start(
        &mut self,
        work: impl FnOnce(&Job<'_, (u64, Done)>) -> Result<Option<Done>, String> + Send + 'static,
    ) {
        self.asked += 1;
        let number = self.asked;
        self.work.ask(number, move |job| match work(job) {
            Ok(Some(done)) => job.show((number, done)),
            Ok(None) => {}
            Err(reason) => job.show((number, Done::Failed(reason))),
        });
    }

    /// Gives the work up.
    pub fn cancel(&mut self) {
        self.start(|_| Ok(None));
    }

    /// Whether a file or picture is being made.
    pub fn is_busy(&self) -> bool {
        self.work.is_busy()
    }

    /// What came of the newest request, once.
    pub fn news(&mut self) -> Option<Arc<(u64, Done)>> {
        let answer = self.work.value()?;
        if answer.0 <= self.told || answer.0 != self.asked {
            return None;
        }
        self.told = answer.0;
        Some(answer)
    }

    /// The preview of a figure; the last one until it is ready.
    pub fn preview(
        &mut self,
        number: u64,
        figure: &Figure,
        options: &Options,
    ) -> Option<Arc<Result<Picture, String>>> {
        let mut style = options.style();
        style.dpi = (PREVIEW / style.width_cm * 2.54).clamp(30.0, 2400.0);
        let key = (number, format!("{style:?}"));
        let scene = figure.scene.clone();
        self.preview.ask(key, move |job| {
            let mut pictures = format::pictures(&[scene], &style).map_err(|e| e.to_string());
            let last = pictures.as_mut().map(Vec::pop).map_err(|e| e.clone());
            job.show(last.and_then(|picture| picture.ok_or_else(|| "nothing to show".to_owned())));
        });
        self.preview.value()
    }
}

/// A path like this one that no file has yet: figure.png, figure-2.png, figure-3.png.
pub fn free(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().unwrap_or_default().to_string_lossy();
    let other = |n: u32| path.with_file_name(format!("{stem}-{n}.{end}"));
    let mut paths = (2..10_000).map(other);
    match path.exists() {
        true => paths
            .find(|p| !p.exists())
            .unwrap_or_else(|| path.to_owned()),
        false => path.to_owned(),
    }
}

fn bytes(
    lesson: &str,
    frames: Vec<Figure>,
    format: Format,
    style: &Style,
) -> Result<Vec<u8>, String> {
    let first = frames.first().ok_or("nothing to export")?;
    let meta = Meta {
        figure: lesson.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        style: style.clone(),
        source: first.source.clone(),
        weights_sha256: None,
        seed: first.seed,
    };
    let scenes: Vec<_> = frames.into_iter().map(|figure| figure.scene).collect();
    encode(&scenes, 20, format, style, &meta).map_err(|error| error.to_string())
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if path.exists() && !path.is_file() {
        return Err(format!("{}: is no ordinary file", path.display()));
    }
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    write_atomically(path, bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::figure::{Form, Panel, Tone};

    fn figure() -> Figure {
        let dots = Form::dots(&[0.0, 0.0, 0.5, 0.5], 2.0);
        Figure {
            scene: Scene::row(vec![Panel::square(1.0).with(
                "dots",
                Tone::Model,
                1.0,
                dots,
            )]),
            source: "test".to_owned(),
            seed: 3,
        }
    }

    fn wait(exporter: &mut Exporter) -> Arc<(u64, Done)> {
        let started = Instant::now();
        loop {
            if let Some(news) = exporter.news() {
                return news;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "no answer");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn a_file_is_written_once_and_a_repeat_takes_a_free_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/figure.svg");
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
        let mut exporter = Exporter::new(&wake);
        let options = Options {
            format: Format::Svg,
            title: " <a> ".to_owned(),
            ..Options::default()
        };
        exporter.write("lesson", vec![figure()], &options, path.clone());
        assert!(matches!(&wait(&mut exporter).1, Done::Written(p) if *p == path));
        assert!(exporter.news().is_none(), "news are told once");
        let meta = Meta::find(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((meta.figure.as_str(), meta.seed), ("lesson", 3));
        assert_eq!(meta.style.title.as_deref(), Some("<a>"));
        assert_eq!(free(&path), folder.path().join("new/figure-2.svg"));

        exporter.write("lesson", vec![figure()], &options, folder.path().to_owned());
        let news = wait(&mut exporter);
        assert!(matches!(&news.1, Done::Failed(why) if why.contains("no ordinary file")));

        exporter.copy(figure(), &options);
        let news = wait(&mut exporter);
        assert!(matches!(&news.1, Done::Picture(image) if image.width() == 1004));

        exporter.write("lesson", vec![figure()], &options, free(&path));
        exporter.cancel();
        std::thread::sleep(Duration::from_millis(50));
        assert!(exporter.news().is_none(), "cancelled work is not news");
    }
}
