//! The IDX format of MNIST: a big-endian header, then bytes.

use super::{PIXELS, SIDE};

/// Magic number of a file of images: unsigned bytes, three axes.
const IMAGES: u32 = 0x0803;
/// Magic number of a file of labels: unsigned bytes, one axis.
const LABELS: u32 = 0x0801;

/// Contents that are not the IDX file they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdxError {
    /// The file ends too early.
    #[error("truncated: {need} bytes are needed, {have} are there")]
    Truncated {
        /// Bytes that the header asks for.
        need: u64,
        /// Bytes in the file.
        have: u64,
    },
    /// Another kind of file.
    #[error("magic number 0x{found:08x}, expected 0x{expected:08x} ({what})")]
    Magic {
        /// What the file begins with.
        found: u32,
        /// What it should begin with.
        expected: u32,
        /// In words.
        what: &'static str,
    },
    /// Images of another size.
    #[error("images of {rows}x{columns} pixels, expected {SIDE}x{SIDE}")]
    Size {
        /// Rows of an image.
        rows: u32,
        /// Columns of an image.
        columns: u32,
    },
    /// No entries at all.
    #[error("holds no entries")]
    Empty,
    /// More bytes than the header says.
    #[error("{extra} bytes after the last entry")]
    TrailingBytes {
        /// How many.
        extra: u64,
    },
    /// A label that is no class.
    #[error("label {label} at place {index}, expected 0 to 9")]
    Label {
        /// Its place in the file, from 0.
        index: usize,
        /// The value found.
        label: u8,
    },
}

/// The pixels `[n, 28, 28]` of an IDX file of images; 0 is background, 255 is ink.
///
/// # Errors
/// What is wrong with the contents. Nothing is allocated before the lengths agree.
pub fn images(bytes: &[u8]) -> Result<&[u8], IdxError> {
    let (count, body) = header(bytes, IMAGES, "images of unsigned bytes", 16)?;
    let (rows, columns) = (word(bytes, 8), word(bytes, 12));
    if rows as usize != SIDE || columns as usize != SIDE {
        return Err(IdxError::Size { rows, columns });
    }
    whole(body, count, PIXELS as u64, 16)
}

/// The labels `[n]` of an IDX file of labels.
///
/// # Errors
/// What is wrong with the contents.
pub fn labels(bytes: &[u8]) -> Result<&[u8], IdxError> {
    let (count, body) = header(bytes, LABELS, "labels of unsigned bytes", 8)?;
    let labels = whole(body, count, 1, 8)?;
    match labels.iter().position(|&label| label > 9) {
        Some(index) => Err(IdxError::Label {
            index,
            label: labels[index],
        }),
        None => Ok(labels),
    }
}

/// Checks the magic number and splits count and body.
fn header<'a>(
    bytes: &'a [u8],
    expected: u32,
    what: &'static str,
    length: usize,
) -> Result<(u32, &'a [u8]), IdxError> {
    if bytes.len() >= 4 && word(bytes, 0) != expected {
        return Err(IdxError::Magic {
            found: word(bytes, 0),
            expected,
            what,
        });
    }
    if bytes.len() < length {
        return Err(IdxError::Truncated {
            need: length as u64,
            have: bytes.len() as u64,
        });
    }
    Ok((word(bytes, 4), &bytes[length..]))
}

/// The body when it holds exactly `count` entries of `size` bytes.
fn whole(body: &[u8], count: u32, size: u64, header: u64) -> Result<&[u8], IdxError> {
    if count == 0 {
        return Err(IdxError::Empty);
    }
    // At most 2³² · 784, which a u64 holds.
    let need = u64::from(count) * size;
    let have = body.len() as u64;
    if have < need {
        return Err(IdxError::Truncated {
            need: need + header,
            have: have + header,
        });
    }
    if have > need {
        return Err(IdxError::TrailingBytes { extra: have - need });
    }
    Ok(body)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An images file of `n` images whose pixels count up.
    fn images_file(n: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [IMAGES, n, 28, 28] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend((0..n as usize * PIXELS).map(|i| i as u8));
        bytes
    }

    fn labels_file(labels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(LABELS.to_be_bytes());
        bytes.extend((labels.len() as u32).to_be_bytes());
        bytes.extend(labels);
        bytes
    }

    #[test]
    fn whole_files_are_read() {
        let file = images_file(3);
        let pixels = images(&file).unwrap();
        assert_eq!(pixels.len(), 3 * PIXELS);
        assert_eq!(pixels[PIXELS + 5], (PIXELS + 5) as u8);
        assert_eq!(labels(&labels_file(&[0, 9, 4])).unwrap(), [0, 9, 4]);
    }

    #[test]
    fn every_prefix_is_truncated_and_says_so() {
        let file = images_file(3);
        for length in 0..file.len() {
            let need = if length < 16 { 16 } else { file.len() } as u64;
            let have = length as u64;
            assert_eq!(
                images(&file[..length]),
                Err(IdxError::Truncated { need, have })
            );
        }
        let file = labels_file(&[1, 2, 3]);
        for length in 0..file.len() {
            let error = labels(&file[..length]).unwrap_err();
            assert!(
                matches!(error, IdxError::Truncated { have, .. } if have == length as u64),
                "{error}"
            );
        }
    }

    #[test]
    fn wrong_headers_are_named() {
        let with = |at: usize, word: u32| {
            let mut file = images_file(2);
            file[at..at + 4].copy_from_slice(&word.to_be_bytes());
            images(&file).unwrap_err().to_string()
        };
        // Labels, floats, four axes, and little-endian files.
        for magic in [LABELS, 0x0D03, 0x0804, 0x0308_0000] {
            assert!(with(0, magic).contains(&format!("0x{magic:08x}")));
        }
        assert!(with(8, 32).contains("32x28"));
        assert!(with(12, u32::MAX).contains("28x4294967295"));
        assert_eq!(
            with(4, u32::MAX),
            "truncated: 3367254359296 bytes are needed, 1584 are there"
        );
        assert!(with(4, 0).contains("no entries"));
        assert!(with(4, 1).contains("784 bytes after"));
        let error = labels(&labels_file(&[0, 1, 10, 2])).unwrap_err();
        assert_eq!(
            error,
            IdxError::Label {
                index: 2,
                label: 10
            }
        );
    }

    proptest! {
        #[test]
        fn mutated_files_never_panic_and_never_lie(
            changes in prop::collection::vec((0_usize..400, any::<u8>()), 1..8),
            cut in 0_usize..2400,
        ) {
            let mut file = images_file(3);
            for (at, value) in changes {
                file[at] = value;
            }
            file.truncate(cut.max(1));
            if let Ok(pixels) = images(&file) {
                prop_assert_eq!(pixels.len() + 16, file.len());
                prop_assert_eq!(pixels.len() % PIXELS, 0);
            }
        }

        #[test]
        fn any_bytes_are_labels_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(labels) = labels(&bytes) {
                prop_assert!(labels.iter().all(|&label| label <= 9));
            }
        }
    }
}
