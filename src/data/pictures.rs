//! Pictures to train on: digits of an IDX set, or a folder of PNG and JPEG files brought to one size.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use image::imageops::FilterType;
use rayon::prelude::*;

use super::mnist::{Mnist, SIDE};
use super::picture::{decode, read_limited};

/// Files of a folder that are read at most.
const MAX_FILES: usize = 200_000;
/// Folders inside each other that are looked into.
const MAX_DEPTH: usize = 8;

/// How the names of pictures end.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// Grey or colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// One channel.
    #[default]
    Grey,
    /// Red, green and blue.
    Colour,
}

impl Tone {
    /// Numbers of a pixel.
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Colour => 3,
        }
    }
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grey => "grey",
            Self::Colour => "colour",
        })
    }
}

impl FromStr for Tone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "grey" | "gray" => Ok(Self::Grey),
            "colour" | "color" => Ok(Self::Colour),
            _ => Err(format!("unknown tone `{text}`; use grey or colour")),
        }
    }
}

/// Pictures of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureSet {
    /// Side in pixels.
    pub side: usize,
    /// Numbers of a pixel: 1 or 3.
    pub channels: usize,
    /// `[n, side, side, channels]`
    pub pixels: Vec<u8>,
    /// What a user should know about the files, one sentence each.
    pub notes: Vec<String>,
}

impl PictureSet {
    /// The training digits of the program or of a folder of IDX files.
    ///
    /// # Errors
    /// Names the file at fault.
    pub fn digits(folder: Option<&PathBuf>) -> Result<Self, String> {
        let set = Mnist::load(folder).map_err(|error| error.to_string())?;
        Ok(Self {
            side: SIDE,
            channels: 1,
            pixels: set.train.pixels.clone(),
            notes: set.notes.clone(),
        })
    }

    /// Every PNG and JPEG file of a folder and the folders below it, cut to its middle square and resized.
    ///
    /// # Errors
    /// A folder that cannot be read or holds no picture; a file that is none, or too large.
    pub fn folder(folder: &Path, side: usize, tone: Tone) -> Result<Self, String> {
        let (mut files, mut others) = (Vec::new(), 0);
        collect(folder, MAX_DEPTH, &mut files, &mut others)?;
        files.sort();
        if files.is_empty() {
            return Err(format!(
                "{}: holds no .png, .jpg or .jpeg file{}; convert other pictures first, such as \
                 with `mogrify -format png *.webp`",
                folder.display(),
                if others > 0 {
                    format!(" ({others} other files)")
                } else {
                    String::new()
                }
            ));
        }
        let read: Vec<Vec<u8>> = files
            .par_iter()
            .map(|path| read_one(path, side, tone))
            .collect::<Result<_, _>>()?;
        let mut notes = vec![format!("{}: {} pictures", folder.display(), files.len())];
        if others > 0 {
            notes.push(format!(
                "{}: {others} files that are no .png, .jpg or .jpeg are left out",
                folder.display()
            ));
        }
        Ok(Self {
            side,
            channels: tone.channels(),
            pixels: read.concat(),
            notes,
        })
    }

    /// Numbers of one picture.
    pub fn length(&self) -> usize {
        self.side * self.side * self.channels
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.length()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// The chosen pictures with values −1 to 1, `[indices, side · side · channels]`.
    pub fn signed(&self, indices: &[usize]) -> Vec<f32> {
        let length = self.length();
        let mut out = Vec::with_capacity(indices.len() * length);
        for &index in indices {
            let one = &self.pixels[index * length..][..length];
            out.extend(signed(one));
        }
        out
    }
}

/// Values −1 to 1 of bytes.
pub fn signed(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.iter().map(|&value| f32::from(value) / 127.5 - 1.0)
}

/// Bytes of values of about −1 to 1.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    let byte = |&value: &f32| ((value + 1.0) * 127.5).clamp(0.0, 255.0).round() as u8;
    values.iter().map(byte).collect()
}

fn collect(
    folder: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    others: &mut usize,
) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(fail)?);
        if kind.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, files, others)?;
            }
            continue;
        }
        let picture = path.extension().is_some_and(|end| {
            let mut known = ENDINGS.iter();
            known.any(|ending| end.eq_ignore_ascii_case(ending))
        });
        if !picture {
            *others += 1;
        } else if files.len() < MAX_FILES {
            files.push(path);
        } else {
            return Err(format!(
                "{}: holds more than {MAX_FILES} pictures",
                folder.display()
            ));
        }
    }
    Ok(())
}

fn read_one(path: &Path, side: usize, tone: Tone) -> Result<Vec<u8>, String> {
    let bytes = read_limited(path).map_err(|error| error.to_string())?;
    let image = decode(&bytes).map_err(|reason| format!("{}: {reason}", path.display()))?;
    let square = image.width().min(image.height());
    let (left, top) = ((image.width() - square) / 2, (image.height() - square) / 2);
    let small = image.crop_imm(left, top, square, square).resize_exact(
        side as u32,
        side as u32,
        FilterType::Triangle,
    );
    Ok(match tone {
        Tone::Grey => small.to_luma8().into_raw(),
        Tone::Colour => small.to_rgb8().into_raw(),
    })
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn a_folder_of_pictures_is_cut_and_resized() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("faces");
        fs::create_dir(&below).unwrap();
        // Red in the middle square, blue beside it.
        let wide = RgbImage::from_fn(60, 40, |x, _| {
            if (10..50).contains(&x) {
                Rgb([255, 0, 0])
            } else {
                Rgb([0, 0, 255])
            }
        });
        wide.save(below.join("a.PNG")).unwrap();
        wide.save(below.join("b.jpeg")).unwrap();
        fs::write(folder.path().join("readme.txt"), "x").unwrap();
        let set = PictureSet::folder(folder.path(), 32, Tone::Colour).unwrap();
        assert_eq!((set.len(), set.side, set.channels), (2, 32, 3));
        let (png, jpeg) = set.pixels.split_at(set.length());
        assert!(png.chunks_exact(3).all(|pixel| pixel == [255, 0, 0]));
        // JPEG's colours are near, and blue bleeds a little over the edges.
        let red = |pixel: &[u8]| pixel[0] > 180 && pixel[1] < 60 && pixel[2] < 120;
        assert!(jpeg.chunks_exact(3).all(red), "{jpeg:?}");
        assert_eq!(bytes(&set.signed(&[0])), png);
        let grey = PictureSet::folder(folder.path(), 28, Tone::Grey).unwrap();
        assert_eq!(grey.pixels.len(), 2 * 28 * 28);
        assert!(
            set.notes
                .iter()
                .any(|note| note.contains("1 files that are no .png"))
        );
    }

    #[test]
    fn wrong_folders_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = PictureSet::folder(folder.path(), 28, Tone::Grey).unwrap_err();
        assert!(error.contains("no .png"), "{error}");
        fs::write(folder.path().join("bad.png"), b"not a picture").unwrap();
        let error = PictureSet::folder(folder.path(), 28, Tone::Grey).unwrap_err();
        assert!(error.contains("bad.png"), "{error}");
    }
}
