//! Digits of 28x28 grey pixels: the MNIST in the binary, or another set of the same shape from a
//! folder.

mod folder;
pub mod idx;
pub mod labels;
pub mod mask;
pub mod regions;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

pub use folder::MnistError;
pub use idx::IdxError;

/// Side of an image, in pixels.
pub const SIDE: usize = 28;
/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// Side of a padded image: a power of two, so that strides of 2 halve it evenly.
pub const PADDED: usize = 32;
/// Number of classes.
pub const CLASSES: usize = 10;

/// The four files of a set, in the order train images, train labels, test images, test labels.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// SHA-256 of the official files' unpacked contents.
const CHECKSUMS: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// The official files, gz.
const BUILTIN: [&[u8]; 4] = [
    include_bytes!("../../../assets/mnist/train-images-idx3-ubyte.gz"),
    include_bytes!("../../../assets/mnist/train-labels-idx1-ubyte.gz"),
    include_bytes!("../../../assets/mnist/t10k-images-idx3-ubyte.gz"),
    include_bytes!("../../../assets/mnist/t10k-labels-idx1-ubyte.gz"),
];

/// A data set of digits, or of anything else of that shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mnist {
    /// Images to train on.
    pub train: Digits,
    /// Images to measure on.
    pub test: Digits,
    /// Where it came from, for people.
    pub name: String,
    /// What a user should know about the files, one sentence each.
    pub notes: Vec<String>,
}

impl Mnist {
    /// The MNIST in the binary, unpacked once.
    ///
    /// # Errors
    /// When its checksums are wrong, which only a damaged program file can cause.
    pub fn builtin() -> Result<Arc<Self>, MnistError> {
        static UNPACKED: OnceLock<Result<Arc<Mnist>, MnistError>> = OnceLock::new();
        UNPACKED
            .get_or_init(|| folder::builtin(&BUILTIN).map(Arc::new))
            .clone()
    }

    /// Another set of four IDX files, raw or gz, in the layouts that other programs leave.
    ///
    /// # Errors
    /// Names the file at fault and what is wrong with it.
    pub fn load(folder: Option<&PathBuf>) -> Result<Arc<Self>, MnistError> {
        match folder {
            None => Self::builtin(),
            Some(folder) => folder::load(folder).map(Arc::new),
        }
    }
}

/// Images with labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    /// Grey values `[n, 28, 28]`; 0 is background, 255 is ink.
    pub pixels: Vec<u8>,
    /// Classes 0 to 9, `[n]`.
    pub labels: Vec<u8>,
}

impl Digits {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The first `n` images, or all.
    pub fn first(&self, n: usize) -> Self {
        let n = n.min(self.len());
        Self {
            pixels: self.pixels[..n * PIXELS].to_vec(),
            labels: self.labels[..n].to_vec(),
        }
    }

    /// The images of one class.
    pub fn of_class(&self, label: u8) -> Self {
        let of_class = || (0..self.len()).filter(|i| self.labels[*i] == label);
        Self {
            pixels: of_class().flat_map(|i| self.image(i).to_vec()).collect(),
            labels: vec![label; of_class().count()],
        }
    }

    /// One image, `[28, 28]`.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * PIXELS..(index + 1) * PIXELS]
    }

    /// The chosen images with values 0 to 1, `[indices, 28, 28]`.
    pub fn unit(&self, indices: &[usize]) -> Vec<f32> {
        let mut out = Vec::with_capacity(indices.len() * PIXELS);
        for &index in indices {
            out.extend(
                self.image(index)
                    .iter()
                    .map(|&grey| f32::from(grey) / 255.0),
            );
        }
        out
    }

    /// The chosen images padded by two pixels of background, with values −1 to 1,
    /// `[indices, 32, 32]`.
    pub fn padded(&self, indices: &[usize]) -> Vec<f32> {
        let mut out = Vec::with_capacity(indices.len() * PADDED * PADDED);
        for &index in indices {
            let image = self.image(index).iter();
            out.extend(pad(image.map(|&grey| f32::from(grey) / 127.5 - 1.0), -1.0));
        }
        out
    }
}

/// The contents of a raw or gz file in memory, at most 256 MiB; `path` is for the errors.
///
/// # Errors
/// Names the file when it is damaged or unpacks to more.
pub fn unpack(bytes: &[u8], path: &Path) -> Result<Vec<u8>, MnistError> {
    folder::unpack(bytes, path, folder::MAX_BYTES)
}

/// A picture of 28x28 values in the middle of 32x32, with `around` at its edges.
pub fn pad(values: impl IntoIterator<Item = f32>, around: f32) -> Vec<f32> {
    let edge = (PADDED - SIDE) / 2;
    let mut out = vec![around; PADDED * PADDED];
    for (i, value) in values.into_iter().take(PIXELS).enumerate() {
        out[(i / SIDE + edge) * PADDED + i % SIDE + edge] = value;
    }
    out
}

/// Cuts padded images `[n, 32, 32]` of −1 to 1 to grey values `[n, 28, 28]`; values outside are
/// clamped.
pub fn crop(padded: &[f32]) -> Vec<u8> {
    let edge = (PADDED - SIDE) / 2;
    let mut out = Vec::with_capacity(padded.len() / (PADDED * PADDED) * PIXELS);
    for image in padded.chunks_exact(PADDED * PADDED) {
        for row in image.chunks_exact(PADDED).skip(edge).take(SIDE) {
            let grey = |&value: &f32| ((value + 1.0) * 127.5).clamp(0.0, 255.0).round() as u8;
            out.extend(row[edge..edge + SIDE].iter().map(grey));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_holds_all_of_mnist() {
        let mnist = Mnist::builtin().unwrap();
        assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
        assert_eq!(mnist.train.labels[..5], [5, 0, 4, 1, 9]);
        assert_eq!(mnist.test.labels[..5], [7, 2, 1, 0, 4]);
        assert!(mnist.notes.is_empty());
        // Mean of the training pixels, as every tutorial's normalisation has it.
        let sum: u64 = mnist.train.pixels.iter().map(|&grey| u64::from(grey)).sum();
        let mean = sum as f64 / mnist.train.pixels.len() as f64 / 255.0;
        assert!((mean - 0.1307).abs() < 1e-4, "{mean}");
    }

    #[test]
    fn padding_is_undone_by_cropping() {
        let test = &Mnist::builtin().unwrap().test;
        let padded = test.padded(&[3, 0]);
        assert_eq!(padded.len(), 2 * PADDED * PADDED);
        assert!(padded[..2 * PADDED + 2].iter().all(|&value| value == -1.0));
        let pixels = crop(&padded);
        assert_eq!(pixels[..PIXELS], *test.image(3));
        assert_eq!(pixels[PIXELS..], *test.image(0));
        let unit = test.unit(&[3]);
        assert!(unit.iter().all(|value| (0.0..=1.0).contains(value)));
        assert_eq!(crop(&[7.0; PADDED * PADDED]), [255; PIXELS]);
        assert_eq!(crop(&[f32::NAN; PADDED * PADDED]), [0; PIXELS]);
    }
}
