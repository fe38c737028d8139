//! Figures from the window: what a file of them shows, and the threads that preview and write it.

mod options;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::ColorImage;

use super::background::{Background, Job};
use super::figure::Figure;
use crate::figure::format::{self, Frames};
use crate::figure::page::Picture;
use crate::figure::{FigureError, Scene, Style, Watch, layout};
use crate::train::files::write_atomically;
pub use options::{Along, Film, Options};

/// Width of the preview in pixels; twice what it has on the screen, for sharp displays.
const PREVIEW: f64 = 720.0;

/// What a file shows.
pub enum Content {
    /// A figure at its time.
    Still(Figure),
    /// A figure at these times.
    Scrub(Figure, Vec<f32>),
    /// A training, moment by moment.
    Training(Vec<Figure>),
}

impl Content {
    /// The figure that the file's settings are those of.
    fn figure(&self) -> Option<&Figure> {
        match self {
            Self::Still(figure) | Self::Scrub(figure, _) => Some(figure),
            Self::Training(moments) => moments.last(),
        }
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.figure().is_none()
    }

    /// Frames of the file, and how many of them a second.
    fn pace(&self, film: &Film) -> (usize, u16) {
        let fps = film.fps.clamp(1, 50);
        match self {
            Self::Still(_) => (1, fps),
            Self::Scrub(_, times) => (times.len(), fps),
            Self::Training(moments) => {
                let fps = (moments.len() as f32 / film.seconds.clamp(0.1, 60.0)).round();
                let fps = fps.clamp(1.0, 50.0) as u16;
                (moments.len() + usize::from(fps / 2), fps)
            }
        }
    }

    /// A frame; none when it was given up.
    fn scene(&self, frame: usize, watch: &Watch) -> Option<Cow<'_, Scene>> {
        let drawn = |figure: &Figure| figure.scene(watch.flag()).map(|scene| (*scene).clone());
        let scene = match self {
            Self::Still(figure) => drawn(figure),
            Self::Scrub(figure, times) => figure.frame(*times.get(frame)?, watch.flag()),
            // The last one stays for a while.
            Self::Training(moments) => drawn(moments.get(frame).or(moments.last())?),
        };
        scene.map(Cow::Owned)
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

/// A preview, and the size that the file will have in pixels, or why it cannot have it.
pub type Preview = Result<(Picture, Result<[u32; 2], String>), String>;

/// The threads. Each request replaces the one before, which is given up.
pub struct Exporter {
    work: Background<u64, (u64, Done)>,
    preview: Background<(u64, String), Preview>,
    /// Counts the requests; an answer to an older one is not news.
    asked: u64,
    told: u64,
    watch: Arc<Watch>,
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
            watch: Arc::default(),
        }
    }

    /// Writes a file in the background, whole or not at all.
    pub fn write(&mut self, lesson: &str, content: Content, options: &Options, path: PathBuf) {
        let options = options.clone();
        let lesson = lesson.to_owned();
        self.start(move |job, watch| {
            let bytes = job
                .pool
                .install(|| bytes(&lesson, &content, &options, watch));
            let bytes = match bytes {
                Err(FigureError::Cancelled) => return Ok(None),
                other => other.map_err(|error| error.to_string())?,
            };
            if watch.is_cancelled() {
                return Ok(None);
            }
            save(&path, &bytes)?;
            Ok(Some(Done::Written(path)))
        });
    }

    /// Draws the picture for the clipboard.
    pub fn copy(&mut self, figure: Figure, options: &Options) {
        let style = options.style();
        self.start(move |_, watch| {
            let Some(scene) = figure.scene(watch.flag()) else {
                return Ok(None);
            };
            let picture = still(&scene, &style, watch)?;
            let size = [picture.width as usize, picture.height as usize];
            let image = ColorImage::from_rgba_unmultiplied(size, &picture.rgba);
            Ok(Some(Done::Picture(image)))
        });
    }

    fn start(
        &mut self,
        work: impl FnOnce(&Job<'_, (u64, Done)>, &Watch) -> Result<Option<Done>, String>
        + Send
        + 'static,
    ) {
        self.asked += 1;
        let number = self.asked;
        self.watch.cancel();
        let watch = Arc::new(Watch::default());
        self.watch = Arc::clone(&watch);
        self.work.ask(number, move |job| match work(job, &watch) {
            Ok(Some(done)) => job.show((number, done)),
            Ok(None) => {}
            Err(reason) => job.show((number, Done::Failed(reason))),
        });
    }

    /// Gives the work up.
    pub fn cancel(&mut self) {
        self.start(|_, _| Ok(None));
    }

    /// Whether a file or picture is being made.
    pub fn is_busy(&self) -> bool {
        self.work.is_busy()
    }

    /// Frames done of the animation being made, and all of them.
    pub fn progress(&self) -> Option<[usize; 2]> {
        let [done, all] = self.watch.progress();
        (self.is_busy() && all > 0).then_some([done, all])
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
    ) -> Option<Arc<Preview>> {
        let style = options.style();
        let key = (number, format!("{style:?}"));
        let figure = figure.clone();
        self.preview.ask(key, move |job| {
            let Some(scene) = figure.scene(job.cancel) else {
                return;
            };
            let pixels = format::pixels(&scene, &style).map_err(|error| error.to_string());
            let page = layout::lay_out(&scene, &style);
            let inches = page.width.max(page.height) / 72.0;
            let small = Style {
                dpi: (PREVIEW / inches).clamp(30.0, 2400.0),
                ..style
            };
            let picture = still(&scene, &small, &Watch::default());
            job.show(picture.map(|picture| (picture, pixels)));
        });
        self.preview.value()
    }
}

/// One picture in pixels.
fn still(scene: &Scene, style: &Style, watch: &Watch) -> Result<Picture, String> {
    let frames = Frames {
        count: 1,
        fps: 1,
        scene: &|_| Some(Cow::Borrowed(scene)),
    };
    let pictures = format::pictures(&frames, style, watch).map_err(|error| error.to_string())?;
    pictures
        .into_iter()
        .next()
        .ok_or_else(|| "nothing to draw".to_owned())
}

/// A path like this one that no file has yet: figure.png, figure-2.png, figure-3.png.
pub fn free(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().unwrap_or_default().to_string_lossy();
    // figure-2.png beside figure.png is followed by figure-3.png.
    let counted = stem.rsplit_once('-').filter(|(base, number)| {
        number.parse::<u32>().is_ok() && path.with_file_name(format!("{base}.{end}")).exists()
    });
    let stem = counted.map_or(&*stem, |(base, _)| base);
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
    content: &Content,
    options: &Options,
    watch: &Watch,
) -> Result<Vec<u8>, FigureError> {
    let figure = content.figure().ok_or(FigureError::Empty)?;
    let style = options.style();
    let meta = figure.meta(lesson, &style, &figure.weights.runs());
    let (count, fps) = content.pace(&options.film);
    let frames = Frames {
        count,
        fps,
        scene: &|frame| content.scene(frame, watch),
    };
    format::encode_watched(&frames, options.format, &style, &meta, watch)
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
    use crate::figure::{Form, Format, Meta, Panel, Tone};

    fn figure() -> Figure {
        let dots = Form::dots(&[0.0, 0.0, 0.5, 0.5], 2.0);
        let panel = Panel::square(1.0).with("dots", Tone::Model, 1.0, dots);
        let scene = Scene::row(vec![panel]);
        Figure::new(3, 0.0, move |_, _| Some(scene.clone()))
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
    fn repeats_are_counted_from_the_first_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert_eq!(free(&at("board.png")), at("board.png"));
        std::fs::write(at("board.png"), "").unwrap();
        assert_eq!(free(&at("board.png")), at("board-2.png"));
        std::fs::write(at("board-2.png"), "").unwrap();
        assert_eq!(free(&at("board-2.png")), at("board-3.png"));
        // A number of its own stays: there is no seed.png.
        std::fs::write(at("seed-7.png"), "").unwrap();
        assert_eq!(free(&at("seed-7.png")), at("seed-7-2.png"));
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
        exporter.write("name", Content::Still(figure()), &options, path.clone());
        assert!(matches!(&wait(&mut exporter).1, Done::Written(p) if *p == path));
        assert!(exporter.news().is_none(), "news are told once");
        let meta = Meta::find(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((meta.figure.as_str(), meta.seed), ("lesson-name", 3));
        assert_eq!(meta.style.title.as_deref(), Some("<a>"));
        assert_eq!(free(&path), folder.path().join("new/figure-2.svg"));

        exporter.write(
            "name",
            Content::Still(figure()),
            &options,
            folder.path().to_owned(),
        );
        let news = wait(&mut exporter);
        assert!(matches!(&news.1, Done::Failed(why) if why.contains("no ordinary file")));

        exporter.copy(figure(), &options);
        let news = wait(&mut exporter);
        assert!(matches!(&news.1, Done::Picture(image) if image.width() == 1004));

        let film = Options {
            format: Format::Gif,
            ..options
        };
        let content = Content::Scrub(figure(), vec![0.5; 300]);
        exporter.write("name", content, &film, folder.path().join("a.gif"));
        while exporter.progress().is_none_or(|[done, _]| done == 0) {
            let over = exporter.news();
            assert!(over.is_none(), "ended before it began: {over:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
        exporter.cancel();
        while exporter.is_busy() {
            std::thread::yield_now();
        }
        assert!(exporter.news().is_none(), "cancelled work is not news");
        assert!(!folder.path().join("a.gif").exists());
    }
}
