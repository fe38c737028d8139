//! The colours of figures: named by what they are for, light and dark.

use serde::{Deserialize, Serialize};

/// An opaque colour, red, green, blue.
pub type Colour = [u8; 3];

/// The theme of a figure, independent of the window's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Dark ink on white, for print and projectors.
    #[default]
    Light,
    /// Light ink on dark paper, for dark slides.
    Dark,
}

impl std::str::FromStr for Theme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "light" => Ok(Self::Light),
            "dark" => Ok(Self::Dark),
            _ => Err(format!("`{text}` is neither light nor dark")),
        }
    }
}

/// What a colour stands for; series are those of Okabe and Ito, as in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Text and axes.
    Ink,
    /// Text that steps back, frames.
    Muted,
    /// Grid lines.
    Hairline,
    /// The target in the background.
    Ghost,
    /// Particles of the source (blue).
    Source,
    /// Generated particles and curves of a network (vermilion).
    Model,
    /// The exact field (green).
    Exact,
    /// Differences (reddish purple).
    Error,
    /// Ends of paths (navy).
    Navy,
    /// One of six series of equal rank.
    Series(u8),
    /// One of eight cells of a target.
    Category(u8),
    /// One of ten classes.
    Class(u8),
    /// Any other colour, the same in both themes.
    Fixed(Colour),
}

impl Tone {
    /// The colour in a theme.
    pub fn colour(self, theme: Theme) -> Colour {
        let [light, dark] = match self {
            Self::Ink => [[0x1B, 0x1D, 0x22], [0xE8, 0xE6, 0xE1]],
            Self::Muted => [[0x62, 0x64, 0x6B], [0xA0, 0xA1, 0xA3]],
            Self::Hairline => [[0xD9, 0xD6, 0xCE], [0x2C, 0x30, 0x38]],
            Self::Ghost => [[0xE4, 0xE2, 0xDC], [0x2A, 0x2D, 0x33]],
            Self::Source => [[0x00, 0x72, 0xB2], [0x56, 0xB4, 0xE9]],
            Self::Model => [[0xD5, 0x5E, 0x00], [0xF0, 0x7F, 0x26]],
            Self::Exact => [[0x00, 0x9E, 0x73], [0x1F, 0xBF, 0x92]],
            Self::Error => [[0xB0, 0x4A, 0x86], [0xCC, 0x79, 0xA7]],
            Self::Navy => [[0x1B, 0x2A, 0x6B], [0x8F, 0xA8, 0xFF]],
            Self::Fixed(colour) => [colour; 2],
            Self::Series(index) => return series(index, theme),
            Self::Category(index) => CATEGORIES[usize::from(index) % 8],
            Self::Class(label) => CLASSES[usize::from(label) % 10],
        };
        match theme {
            Theme::Light => light,
            Theme::Dark => dark,
        }
    }
}

/// Each cell's colour, light and dark.
const CATEGORIES: [[Colour; 2]; 8] = [
    [[0x00, 0x72, 0xB2], [0x53, 0xA1, 0xD8]],
    [[0xD5, 0x5E, 0x00], [0xF0, 0x7F, 0x26]],
    [[0x00, 0x8F, 0x68], [0x1F, 0xBF, 0x92]],
    [[0xB0, 0x4A, 0x86], [0xCC, 0x79, 0xA7]],
    [[0xBB, 0x8B, 0x32], [0xEB, 0xB8, 0x33]],
    [[0x2F, 0x93, 0xCC], [0x8A, 0xCB, 0xF2]],
    [[0x5B, 0x3F, 0xA6], [0xA4, 0x8E, 0xF5]],
    [[0x7D, 0x5A, 0x2E], [0xC0, 0x96, 0x62]],
];

/// Each class's colour, light and dark: Tableau's ten, moved so far that they stay apart for
/// colour-blind eyes.
const CLASSES: [[Colour; 2]; 10] = [
    [[0x42, 0x6A, 0x93], [0x61, 0x86, 0xAE]],
    [[0xD0, 0x7B, 0x27], [0xEF, 0x9A, 0x45]],
    [[0xB1, 0x3D, 0x3E], [0xED, 0x78, 0x69]],
    [[0x66, 0xA6, 0xA9], [0x68, 0xAA, 0xA4]],
    [[0x5D, 0x99, 0x56], [0x65, 0x9E, 0x5C]],
    [[0xCF, 0xB0, 0x42], [0xED, 0xCE, 0x60]],
    [[0x9F, 0x67, 0x89], [0xC5, 0x98, 0xC6]],
    [[0xDA, 0x84, 0x8A], [0xFB, 0xA7, 0xA3]],
    [[0x87, 0x6B, 0x5D], [0xA7, 0x88, 0x7B]],
    [[0xB4, 0xB0, 0xA8], [0xC9, 0xC0, 0xC2]],
];

fn series(index: u8, theme: Theme) -> Colour {
    let own = |light: Colour, dark: Colour| match theme {
        Theme::Light => light,
        Theme::Dark => dark,
    };
    match index % 6 {
        0 => Tone::Exact.colour(theme),
        1 => own([0x2A, 0x8F, 0xCC], [0x8F, 0xD3, 0xF7]),
        2 => Tone::Source.colour(theme),
        3 => Tone::Error.colour(theme),
        4 => own([0xA8, 0x6F, 0x00], [0xE6, 0x9F, 0x00]),
        _ => own([0x5D, 0x5E, 0x63], [0xAC, 0xB3, 0xB4]),
    }
}

/// The colour at a share of the way from one to another.
pub fn mix(from: Colour, to: Colour, share: f64) -> Colour {
    let between = |i: usize| f64::from(from[i]) + share * (f64::from(to[i]) - f64::from(from[i]));
    [0, 1, 2].map(|i| between(i).round() as u8)
}

/// The diverging map: blue at 0, paper at ½, vermilion at 1; values that are not finite are grey.
pub fn diverging(s: f64, theme: Theme) -> Colour {
    if !s.is_finite() {
        return [0x80; 3];
    }
    let away = (2.0 * s - 1.0).clamp(-1.0, 1.0);
    let end = if away < 0.0 {
        Tone::Source
    } else {
        Tone::Model
    };
    mix(theme.paper(), end.colour(theme), away.abs())
}

impl Theme {
    /// What a figure lies on, where it is not transparent: white, for pages and slides.
    pub fn paper(self) -> Colour {
        match self {
            Self::Light => [0xFF, 0xFF, 0xFF],
            Self::Dark => [0x14, 0x16, 0x1A],
        }
    }
}

/// The colours of values that grow from nothing: both maps are even in lightness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sequential {
    /// From violet over green to yellow.
    #[default]
    Viridis,
    /// From blue over grey to yellow: the same to eyes that take red for green.
    Cividis,
}

impl Sequential {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Viridis, Self::Cividis];

    /// The name for a person.
    pub fn label(self) -> &'static str {
        match self {
            Self::Viridis => "Viridis",
            Self::Cividis => "Cividis",
        }
    }

    /// The colour at `s` from 0 to 1; values that are not finite are grey.
    pub fn colour(self, s: f64) -> Colour {
        if !s.is_finite() {
            return [0x80; 3];
        }
        let map = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Cividis => colorous::CIVIDIS,
        };
        let colour = map.eval_continuous(s.clamp(0.0, 1.0));
        [colour.r, colour.g, colour.b]
    }

    /// Whether it is the usual one, which files need not name.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl std::str::FromStr for Sequential {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL
            .into_iter()
            .find(|map| map.label().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("`{text}` is neither viridis nor cividis"))
    }
}
