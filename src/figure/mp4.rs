//! MP4 through an `ffmpeg` on the path, where there is one.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::format::FigureError;
use super::meta::Meta;
use super::page::Picture;
use super::style::Style;
use super::watch::Watch;

/// Pictures as an MP4 that office programs and browsers play (H.264, 4:2:0).
///
/// # Errors
/// When there is no ffmpeg, when it fails, or when it was given up.
pub fn encode(
    frames: &[Picture],
    fps: u16,
    style: &Style,
    meta: &Meta,
    watch: &Watch,
) -> Result<Vec<u8>, FigureError> {
    if style.transparent {
        let text = "MP4 has no transparency: choose a paper, or GIF or APNG";
        return Err(FigureError::Encoder(text.to_owned()));
    }
    let fault = |error: std::io::Error| FigureError::Encoder(format!("ffmpeg: {error}"));
    let folder = tempfile::tempdir().map_err(fault)?;
    let film = folder.path().join("film.mp4");
    let first = frames.first().ok_or(FigureError::Empty)?;
    let mut child = match command(first, fps, &style.paper_name(), meta, film.as_os_str()).spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text =
                "MP4 needs the program ffmpeg, which is not on the path; GIF and APNG do not";
            return Err(FigureError::Encoder(text.to_owned()));
        }
        Err(error) => return Err(fault(error)),
    };
    let mut sent = Ok(());
    if let Some(mut input) = child.stdin.take() {
        watch.begin(frames.len());
        for frame in frames {
            if watch.is_cancelled() {
                // It may have ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                return Err(FigureError::Cancelled);
            }
            sent = input.write_all(&frame.rgba);
            if sent.is_err() {
                break;
            }
            watch.step();
        }
    }
    let mut said = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_string(&mut said).map_err(fault)?;
    }
    let status = child.wait().map_err(fault)?;
    if !status.success() {
        let last = said.lines().last().unwrap_or("no reason given");
        return Err(FigureError::Encoder(format!("ffmpeg failed: {last}")));
    }
    sent.map_err(fault)?;
    std::fs::read(&film).map_err(fault)
}

fn command(first: &Picture, fps: u16, paper: &str, meta: &Meta, film: &OsStr) -> Command {
    let size = format!("{}x{}", first.width, first.height);
    let rate = fps.max(1).to_string();
    let about = format!("comment={}", meta.json());
    // The format wants even sides.
    let even = format!("pad=ceil(iw/2)*2:ceil(ih/2)*2:color={paper}");
    let mut program = Command::new("ffmpeg");
    program
        .args(["-hide_banner", "-loglevel", "error", "-y"])
        .args(["-f", "rawvideo", "-pix_fmt", "rgba", "-s", &size])
        .args(["-r", &rate, "-i", "-", "-vf", &even])
        .args(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18"])
        .args(["-movflags", "+faststart", "-metadata", &about])
        .arg(film)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    program
}

/// Whether there is one.
pub fn is_there() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = if cfg!(windows) {
        "ffmpeg.exe"
    } else {
        "ffmpeg"
    };
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
