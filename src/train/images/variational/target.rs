//! What a variational run learns to draw: points of the plane, or pictures.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::data::pictures::{PictureSet, Tone};

/// The data of a run, as text: a 2-D data set such as `checkerboard`, `mnist`, `idx:DIR`, or
/// `folder:DIR[:28|32][:grey|colour]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    /// Points.
    Points(Dataset),
    /// The digits in the program.
    Mnist,
    /// A folder with the four files of an IDX set of 28 × 28 grey pixels.
    Idx(PathBuf),
    /// A folder of PNG and JPEG files.
    Folder {
        /// Where they are; folders below it count.
        path: PathBuf,
        /// Side that they are resized to.
        side: usize,
        /// Grey or colour.
        tone: Tone,
    },
}

impl Target {
    /// Height, width and channels; a point is a picture of one point with two channels.
    pub fn shape(&self) -> [usize; 3] {
        match self {
            Self::Points(_) => [1, 1, 2],
            Self::Mnist | Self::Idx(_) => [28, 28, 1],
            Self::Folder { side, tone, .. } => [*side, *side, tone.channels()],
        }
    }

    /// The distribution in the plane, where it is one.
    pub fn points(&self) -> Option<&Dataset> {
        match self {
            Self::Points(dataset) => Some(dataset),
            _ => None,
        }
    }

    /// The training pictures; none for points.
    ///
    /// # Errors
    /// Names the file or folder at fault.
    pub fn pictures(&self) -> Result<Option<PictureSet>, String> {
        match self {
            Self::Points(_) => Ok(None),
            Self::Mnist => PictureSet::digits(None).map(Some),
            Self::Idx(path) => PictureSet::digits(Some(path)).map(Some),
            Self::Folder { path, side, tone } => PictureSet::folder(path, *side, *tone).map(Some),
        }
    }

    /// Name for people.
    pub fn label(&self) -> String {
        match self {
            Self::Points(dataset) => dataset.label(),
            Self::Mnist => "MNIST".to_owned(),
            Self::Idx(path) | Self::Folder { path, .. } => path.display().to_string(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Points(dataset) => dataset.fmt(f),
            Self::Mnist => f.write_str("mnist"),
            Self::Idx(path) => write!(f, "idx:{}", path.display()),
            Self::Folder { path, side, tone } => {
                write!(f, "folder:{}:{side}:{tone}", path.display())
            }
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "mnist" {
            return Ok(Self::Mnist);
        }
        if let Some(path) = text.strip_prefix("idx:") {
            return Ok(Self::Idx(PathBuf::from(path)));
        }
        if let Some(rest) = text.strip_prefix("folder:") {
            return Ok(folder(rest));
        }
        text.parse::<Dataset>()
            .map(Self::Points)
            .map_err(|error| format!("{error}; for pictures: mnist, idx:DIR or folder:DIR"))
    }
}

/// Reads side and tone off the end; what is left is the path, which may hold colons of its own.
fn folder(text: &str) -> Target {
    let (mut rest, mut side, mut tone) = (text, 28, Tone::Grey);
    while let Some((before, last)) = rest.rsplit_once(':') {
        match (last, last.parse::<Tone>()) {
            ("28", _) => side = 28,
            ("32", _) => side = 32,
            (_, Ok(found)) => tone = found,
            _ => break,
        }
        rest = before;
    }
    Target::Folder {
        path: PathBuf::from(rest),
        side,
        tone,
    }
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if ["idx:", "folder:"]
            .iter()
            .any(|kind| text.starts_with(kind))
            || text == "mnist"
        {
            return text.parse();
        }
        // Stored data sets may hold more than the command line says, such as a table's points.
        Dataset::try_from(text)
            .map(Self::Points)
            .map_err(|error| error.to_string())
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        match target {
            Target::Points(dataset) => dataset.into(),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_round_trip_as_text() {
        for text in [
            "checkerboard",
            "moons",
            "mnist",
            "idx:/data/fashion",
            "folder:/data/svhn:32:colour",
            "folder:C:\\faces:28:grey",
        ] {
            let target: Target = text.parse().unwrap();
            let json = serde_json::to_string(&target).unwrap();
            assert_eq!(serde_json::from_str::<Target>(&json).unwrap(), target);
        }
        let short: Target = "folder:C:\\faces".parse().unwrap();
        assert_eq!(short.to_string(), "folder:C:\\faces:28:grey");
        assert_eq!(
            "folder:a:32:colour".parse::<Target>().unwrap().shape(),
            [32, 32, 3]
        );
        assert!(
            "nowhere"
                .parse::<Target>()
                .unwrap_err()
                .contains("folder:DIR")
        );
    }
}
