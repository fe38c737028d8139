//! MP4 through an `ffmpeg` on the path, where there is one.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::figure::{Scene, Style, format};

/// Frames as an MP4 that office programs and browsers play (H.264, 4:2:0).
///
/// # Errors
/// When there is no ffmpeg, or it fails.
pub fn encode(frames: &[Scene], fps: u16, style: &Style) -> anyhow::Result<Vec<u8>> {
    ensure!(
        !style.transparent,
        "--transparent: .mp4 has no transparency"
    );
    let pictures = format::pictures(frames, style)?;
    let folder = tempfile::tempdir().context("a folder for the film")?;
    let film = folder.path().join("film.mp4");
    let first = pictures.first().context("the figure has no frame")?;
    let size = format!("{}x{}", first.width, first.height);
    let rate = fps.max(1).to_string();
    let mut program = Command::new("ffmpeg");
    program
        .args(["-hide_banner", "-loglevel", "error", "-y"])
        .args([
            "-f", "rawvideo", "-pix_fmt", "rgba", "-s", &size, "-r", &rate,
        ])
        .args(["-i", "-"])
        // The format wants even sides.
        .args(["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=white"])
        .args(["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18"])
        .args(["-movflags", "+faststart"])
        .arg(OsStr::new(&film))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = match program.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "--out: .mp4 needs the program ffmpeg, which is not on the path; .gif and .apng do not"
        ),
        Err(error) => return Err(error).context("ffmpeg"),
    };
    let mut input = child.stdin.take().context("ffmpeg takes no input")?;
    let sent = pictures.iter().try_for_each(|p| input.write_all(&p.rgba));
    drop(input);
    let mut said = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_string(&mut said).context("ffmpeg")?;
    }
    let status = child.wait().context("ffmpeg")?;
    let last = said.lines().last().unwrap_or("no reason given");
    ensure!(status.success(), "ffmpeg failed: {last}");
    sent.context("ffmpeg")?;
    std::fs::read(&film).context("ffmpeg wrote no film")
}
