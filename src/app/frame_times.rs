//! How long the window's pictures take, for the status bar and for scripts.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;

/// Pictures that the read-out looks back on.
const KEPT: usize = 300;
/// A longer pause between two pictures is rest, not slowness.
const REST_MS: f64 = 500.0;

/// The duration of the last pictures.
pub struct FrameTimes {
    start: Instant,
    /// When the picture under way began.
    began: Option<Instant>,
    /// From the start of the picture before to the start of this one.
    interval_ms: Option<f64>,
    kept: VecDeque<Frame>,
    file: Option<(PathBuf, File)>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    work_ms: f64,
    interval_ms: Option<f64>,
}

/// Median and 99th percentile, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Work of the window's thread for one picture, without waiting for the screen.
    pub work: [f64; 2],
    /// From picture to picture while something moves.
    pub interval: [f64; 2],
}

impl FrameTimes {
    /// Without a file; nothing is written.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            began: None,
            interval_ms: None,
            kept: VecDeque::with_capacity(KEPT),
            file: None,
        }
    }

    /// Writes a line for each picture too: seconds since the start, work, interval (both in ms),
    /// whether a training ran, t.
    ///
    /// # Errors
    /// A file that cannot be made, with its path.
    pub fn write_to(&mut self, path: &Path) -> anyhow::Result<()> {
        let shown = path.display();
        let mut file = File::create(path).with_context(|| format!("--frame-times {shown}"))?;
        writeln!(file, "seconds,work_ms,interval_ms,training,t")
            .with_context(|| format!("--frame-times {shown}"))?;
        self.file = Some((path.to_owned(), file));
        Ok(())
    }

    /// Begins a picture; `work` is what the last one cost the window's thread, in seconds.
    pub fn begin(&mut self, work: Option<f32>, training: bool, t: f64) {
        let now = Instant::now();
        if let (Some(began), Some(work)) = (self.began, work) {
            let frame = Frame {
                work_ms: 1e3 * f64::from(work),
                interval_ms: self.interval_ms,
            };
            self.write(frame, began, training, t);
            if self.kept.len() == KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back(frame);
        }
        self.interval_ms = self
            .began
            .map(|began| 1e3 * now.duration_since(began).as_secs_f64());
        self.began = Some(now);
    }

    /// The last 300 pictures in two pairs of numbers; none before the first is done.
    pub fn summary(&self) -> Option<Summary> {
        let work = self.kept.iter().map(|frame| frame.work_ms);
        let intervals = self.kept.iter().filter_map(|frame| frame.interval_ms);
        Some(Summary {
            work: percentiles(work)?,
            interval: percentiles(intervals.filter(|ms| *ms < REST_MS)).unwrap_or([f64::NAN; 2]),
        })
    }

    /// A line of the file. The disk's cache takes it at once; a full disk ends the file.
    fn write(&mut self, frame: Frame, began: Instant, training: bool, t: f64) {
        let Some((path, file)) = &mut self.file else {
            return;
        };
        let seconds = began.duration_since(self.start).as_secs_f64();
        let interval = frame
            .interval_ms
            .map_or(String::new(), |ms| format!("{ms:.3}"));
        let line = format!(
            "{seconds:.4},{:.3},{interval},{},{t:.4}\n",
            frame.work_ms,
            u8::from(training)
        );
        if let Err(error) = file.write_all(line.as_bytes()) {
            log::error!("--frame-times {}: {error}", path.display());
            self.file = None;
        }
    }
}

/// Median and 99th percentile of numbers; none of none.
fn percentiles(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some([0.5, 0.99].map(|share| sorted[(share * last as f64).round() as usize]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_numbers() {
        let numbers = (0..=100).map(|i| f64::from((i * 37) % 101));
        assert_eq!(percentiles(numbers), Some([50.0, 99.0]));
        assert_eq!(percentiles([3.0].into_iter()), Some([3.0, 3.0]));
        assert_eq!(percentiles(std::iter::empty()), None);
    }

    #[test]
    fn only_the_last_pictures_count_and_each_is_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frames.csv");
        let mut times = FrameTimes::new();
        times.write_to(&path).unwrap();
        assert_eq!(times.summary(), None);
        times.begin(None, false, 0.0);
        for i in 0..400 {
            let work = if i < 100 { 1.0 } else { 0.002 };
            times.begin(Some(work), true, 0.5);
        }
        let summary = times.summary().unwrap();
        assert!((summary.work[1] - 2.0).abs() < 1e-6, "{summary:?}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 401);
        assert!(text.lines().nth(1).unwrap().contains(",1000.000,,1,0.5000"));
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named() {
        let mut times = FrameTimes::new();
        let error = times
            .write_to(Path::new("/no/such/folder/f.csv"))
            .unwrap_err();
        assert!(
            error.to_string().contains("/no/such/folder/f.csv"),
            "{error}"
        );
    }
}
