//! Finding, unpacking and checking the four files of a set.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::idx::{self, IdxError};
use super::{CHECKSUMS, Digits, FILES, Mnist};

/// The largest file that is unpacked from a folder, in bytes.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// Folders below the chosen one that other programs keep the files in: torchvision's caches.
const BELOW: [&str; 6] = [
    "",
    "raw",
    "MNIST/raw",
    "FashionMNIST/raw",
    "KMNIST/raw",
    "mnist",
];

/// A data set that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MnistError {
    /// The folder does not hold the files.
    #[error(
        "{folder}: {file} is not there, raw or .gz; put the four IDX files of MNIST or \
         Fashion-MNIST into this folder"
    )]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
        /// Which of the four.
        file: String,
    },
    /// A file could not be read.
    #[error("{path}: {reason}")]
    Read {
        /// The file at fault.
        path: PathBuf,
        /// What the system or the unpacker said.
        reason: String,
    },
    /// A file unpacks to more than is sensible.
    #[error("{path}: unpacks to more than {limit} bytes")]
    TooLarge {
        /// The file at fault.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// A file's contents are wrong.
    #[error("{path}: {error}")]
    Idx {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong.
        error: IdxError,
    },
    /// Images and labels do not belong together.
    #[error("{path}: {labels} labels for {images} images")]
    Count {
        /// The file of labels.
        path: PathBuf,
        /// Images there are.
        images: usize,
        /// Labels there are.
        labels: usize,
    },
    /// Contents that must be the official ones are not.
    #[error("{path}: the checksum is wrong; the program file is damaged")]
    Checksum {
        /// The file at fault.
        path: PathBuf,
    },
}

/// Unpacks the program's own files; their checksums must be right.
pub(super) fn builtin(packed: &[&[u8]; 4]) -> Result<Mnist, MnistError> {
    let mut contents = Vec::with_capacity(4);
    for ((packed, name), checksum) in packed.iter().zip(FILES).zip(CHECKSUMS) {
        let path = PathBuf::from(format!("builtin:{name}"));
        let bytes = unpack(*packed, &path, MAX_BYTES)?;
        if sha256(&bytes) != checksum {
            return Err(MnistError::Checksum { path });
        }
        contents.push((path, bytes));
    }
    assemble(&contents, "MNIST".to_owned(), Vec::new())
}

/// Reads a user's folder; other checksums than MNIST's are only told.
pub(super) fn load(folder: &Path) -> Result<Mnist, MnistError> {
    let base = BELOW
        .iter()
        .map(|below| folder.join(below))
        .find(|base| find(base, FILES[0]).is_some())
        .unwrap_or_else(|| folder.to_owned());
    let mut contents = Vec::with_capacity(4);
    let mut official = true;
    for (name, checksum) in FILES.iter().zip(CHECKSUMS) {
        let path = find(&base, name).ok_or_else(|| MnistError::Missing {
            folder: base.clone(),
            file: (*name).to_owned(),
        })?;
        let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
        let bytes = unpack(file, &path, MAX_BYTES)?;
        official &= sha256(&bytes) == checksum;
        contents.push((path, bytes));
    }
    let notes = if official {
        Vec::new()
    } else {
        vec![format!(
            "{}: not the official MNIST (the checksums differ); used as it is",
            base.display()
        )]
    };
    let name = if official {
        "MNIST".to_owned()
    } else {
        base.display().to_string()
    };
    assemble(&contents, name, notes)
}

/// A file under any of the names that are in use, or inside a folder of that name.
fn find(base: &Path, name: &str) -> Option<PathBuf> {
    let dotted = name.replace("-idx", ".idx");
    for stem in [name, &dotted] {
        for end in ["", ".gz"] {
            let path = base.join(format!("{stem}{end}"));
            if path.is_file() {
                return Some(path);
            }
            let inside = path.join(stem);
            if inside.is_file() {
                return Some(inside);
            }
        }
    }
    None
}

/// The contents of a raw or gz file, at most `limit` bytes.
pub(super) fn unpack(mut from: impl Read, path: &Path, limit: u64) -> Result<Vec<u8>, MnistError> {
    let fail = |error: io::Error| unreadable(path, &error);
    let mut head = Vec::new();
    from.by_ref().take(2).read_to_end(&mut head).map_err(fail)?;
    let packed = head == [0x1f, 0x8b];
    let whole = io::Cursor::new(head).chain(from);
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a full file from a larger one.
    if packed {
        let mut unpacked = MultiGzDecoder::new(whole).take(limit + 1);
        unpacked.read_to_end(&mut bytes).map_err(fail)?;
    } else {
        let mut whole = whole.take(limit + 1);
        whole.read_to_end(&mut bytes).map_err(fail)?;
    }
    if bytes.len() as u64 > limit {
        return Err(MnistError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

fn assemble(
    contents: &[(PathBuf, Vec<u8>)],
    name: String,
    notes: Vec<String>,
) -> Result<Mnist, MnistError> {
    let part = |first: usize| -> Result<Digits, MnistError> {
        let [(images_path, images), (labels_path, labels)] = &contents[first..first + 2] else {
            unreachable!("there are four files");
        };
        let wrong = |path: &PathBuf| {
            let path = path.clone();
            move |error| MnistError::Idx { path, error }
        };
        let pixels = idx::images(images).map_err(wrong(images_path))?;
        let labels = idx::labels(labels).map_err(wrong(labels_path))?;
        let count = pixels.len() / super::PIXELS;
        if count != labels.len() {
            return Err(MnistError::Count {
                path: labels_path.clone(),
                images: count,
                labels: labels.len(),
            });
        }
        Ok(Digits {
            pixels: pixels.to_vec(),
            labels: labels.to_vec(),
        })
    };
    Ok(Mnist {
        train: part(0)?,
        test: part(2)?,
        name,
        notes,
    })
}

fn unreadable(path: &Path, error: &io::Error) -> MnistError {
    MnistError::Read {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn file(magic: u32, words: &[u32], body: &[u8]) -> Vec<u8> {
        let mut bytes = magic.to_be_bytes().to_vec();
        for word in words {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(body);
        bytes
    }

    /// Three training images and two test images.
    fn small() -> [Vec<u8>; 4] {
        [
            file(0x803, &[3, 28, 28], &[7; 3 * 784]),
            file(0x801, &[3], &[1, 2, 3]),
            file(0x803, &[2, 28, 28], &[9; 2 * 784]),
            file(0x801, &[2], &[4, 5]),
        ]
    }

    fn write(base: &Path, files: &[Vec<u8>; 4], name: impl Fn(&str) -> String) {
        fs::create_dir_all(base).unwrap();
        for (bytes, file) in files.iter().zip(FILES) {
            let path = base.join(name(file));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    fn error(folder: &Path) -> String {
        load(folder).unwrap_err().to_string()
    }

    #[test]
    fn the_layouts_of_other_programs_are_found() {
        let packed = small().map(|bytes| gz(&bytes));
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write(&at("plain"), &small(), str::to_owned);
        write(&at("packed"), &packed, |name| format!("{name}.gz"));
        write(&at("torch/FashionMNIST/raw"), &small(), str::to_owned);
        write(&at("dots"), &small(), |name| name.replace("-idx", ".idx"));
        write(&at("nested"), &small(), |name| format!("{name}/{name}"));
        for name in ["plain", "packed", "torch", "dots", "nested"] {
            let set = load(&at(name)).unwrap();
            assert_eq!(set.train.labels, [1, 2, 3], "{name}");
            assert_eq!(set.test.image(1), [9; 784], "{name}");
            assert!(set.notes[0].contains("not the official MNIST"), "{name}");
        }
    }

    #[test]
    fn faults_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        assert!(error(base).contains("train-images-idx3-ubyte is not there"));
        let change = |place: usize, bytes: Vec<u8>| {
            let mut files = small();
            files[place] = bytes;
            write(base, &files, str::to_owned);
            error(base)
        };
        let text = change(1, file(0x801, &[2], &[1, 2]));
        assert!(text.contains("train-labels"), "{text}");
        assert!(text.contains("2 labels for 3 images"), "{text}");
        let text = change(3, file(0x801, &[2], &[4, 17]));
        assert!(
            text.contains("t10k-labels") && text.contains("label 17"),
            "{text}"
        );
        let text = change(2, small()[0].clone()[..900].to_vec());
        assert!(
            text.contains("t10k-images") && text.contains("truncated"),
            "{text}"
        );
    }

    #[test]
    fn damaged_gz_files_are_refused() {
        let path = Path::new("f.gz");
        let whole = gz(&small()[0]);
        assert_eq!(unpack(&whole[..], path, 1 << 20).unwrap(), small()[0]);
        for length in [2, 9, whole.len() / 2, whole.len() - 1] {
            assert!(unpack(&whole[..length], path, 1 << 20).is_err(), "{length}");
        }
        let mut flipped = whole.clone();
        // The last eight bytes are the checksum and the length.
        let place = whole.len() - 6;
        flipped[place] ^= 1;
        assert!(unpack(&flipped[..], path, 1 << 20).is_err());
        let garbage = [&whole[..], b"garbage"].concat();
        assert!(unpack(&garbage[..], path, 1 << 20).is_err());
        // Two members are one file, as gzip itself reads them.
        let two = [gz(b"ab"), gz(b"cd")].concat();
        assert_eq!(unpack(&two[..], path, 9).unwrap(), b"abcd");
    }

    #[test]
    fn a_file_that_unpacks_to_too_much_stops_at_the_limit() {
        let bomb = gz(&vec![0; 20 << 20]);
        assert!(bomb.len() < 1 << 20);
        let limit = 1 << 20;
        let found = unpack(&bomb[..], Path::new("bomb.gz"), limit).unwrap_err();
        assert!(matches!(found, MnistError::TooLarge { limit: l, .. } if l == limit));
        assert!(unpack(&vec![0; limit as usize][..], Path::new("f"), limit).is_ok());
        assert!(unpack(&vec![0; limit as usize + 1][..], Path::new("f"), limit).is_err());
    }

    #[test]
    fn a_changed_builtin_file_is_refused() {
        let packed = small().map(|bytes| gz(&bytes));
        let files = [&packed[0][..], &packed[1], &packed[2], &packed[3]];
        let found = builtin(&files).unwrap_err();
        assert!(matches!(found, MnistError::Checksum { .. }), "{found}");
    }
}
