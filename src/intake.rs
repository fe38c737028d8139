//! Everything that reads bytes of foreign origin, in one list: what a fuzzer feeds.
//!
//! Each reader must end in a value or an error, never in a panic, in bounded time and memory. The
//! list is gone through by `tests/faults` with mutated files, and by the targets of `tests/fuzz`.

use std::path::Path;

use crate::app::session;
use crate::command::table;
use crate::data::mnist::{self, idx};
use crate::data::picture::grey_square_of;
use crate::data::{Dataset, PixelGrid, PointSet};
use crate::figure::Meta;
use crate::kernel::Activation;
use crate::train::checkpoint::{self, import_bytes};
use crate::train::images::store;

/// A reader of one kind of file.
#[derive(Clone, Copy)]
pub struct Reader {
    /// What it reads.
    pub name: &'static str,
    /// Reads; true when the bytes were taken for good.
    pub read: fn(&[u8]) -> bool,
}

/// Feeds the reader of a name; true when the bytes were taken for good.
///
/// # Panics
/// When there is no reader of that name.
pub fn read(name: &str, bytes: &[u8]) -> bool {
    let reader = READERS.iter().find(|reader| reader.name == name);
    (reader.unwrap_or_else(|| panic!("no reader {name}")).read)(bytes)
}

/// Every reader.
pub const READERS: [Reader; 11] = [
    Reader {
        name: "idx",
        read: |bytes| idx::images(bytes).is_ok() || idx::labels(bytes).is_ok(),
    },
    Reader {
        name: "gz",
        read: |bytes| mnist::unpack(bytes, Path::new("fuzz")).is_ok(),
    },
    Reader {
        name: "safetensors",
        read: |bytes| import_bytes(Path::new("fuzz"), bytes, Activation::Gelu).is_ok(),
    },
    Reader {
        name: "toy-config",
        read: |bytes| checkpoint::parse_config(Path::new("fuzz"), bytes).is_ok(),
    },
    Reader {
        name: "image-config",
        read: |bytes| store::parse_config(Path::new("fuzz"), bytes).is_ok(),
    },
    Reader {
        name: "points",
        read: |bytes| PointSet::parse(bytes, false).is_ok(),
    },
    Reader {
        name: "table",
        read: |bytes| table::parse(bytes, "fuzz", ["t", "x", "y"]).is_ok(),
    },
    Reader {
        name: "picture",
        read: |bytes| {
            let density = PixelGrid::from_image(bytes, false).is_ok();
            grey_square_of(bytes, mnist::SIDE).is_ok() || density
        },
    },
    Reader {
        name: "figure-settings",
        read: |bytes| Meta::find(bytes).is_some(),
    },
    Reader {
        name: "session",
        read: |bytes| session::parse(bytes).is_ok(),
    },
    Reader {
        name: "dataset",
        read: |bytes| {
            // Names of files would be opened: those are read by the readers above.
            let text = String::from_utf8_lossy(bytes);
            !text.contains("image:") && !text.contains("points:") && text.parse::<Dataset>().is_ok()
        },
    },
];
