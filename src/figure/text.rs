//! Text with italics and scripts, measured and turned into outlines with the shipped faces.

use std::sync::LazyLock;

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};

/// Size of a script relative to its base, and how far it rises or sinks.
const SCRIPT: f32 = 0.7;
const RISE: f32 = 0.36;
const SINK: f32 = -0.18;

/// A shipped face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    /// Inter with tabular figures.
    Sans,
    /// The same, semibold.
    Bold,
    /// A part of STIX Math.
    Maths,
}

impl Face {
    /// Every face.
    pub const ALL: [Face; 3] = [Face::Sans, Face::Bold, Face::Maths];

    /// The file.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Sans => include_bytes!("../../assets/fonts/InterTabular-Regular.otf"),
            Self::Bold => include_bytes!("../../assets/fonts/InterTabular-SemiBold.otf"),
            Self::Maths => include_bytes!("../../assets/fonts/FigureMaths-Regular.otf"),
        }
    }

    /// The family's name inside the file.
    pub fn family(self) -> &'static str {
        match self {
            Self::Sans => "Inter Tabular",
            Self::Bold => "Inter Tabular SemiBold",
            Self::Maths => "Figure Maths",
        }
    }

    /// The parsed file.
    pub fn font(self) -> &'static FontRef<'static> {
        static FONTS: LazyLock<[FontRef<'static>; 3]> = LazyLock::new(|| {
            Face::ALL.map(|face| FontRef::new(face.bytes()).expect("the shipped faces are fonts"))
        });
        &FONTS[self as usize]
    }

    /// The glyph of a character, from the first face that has it; an empty box where none has.
    fn glyph(self, sign: char) -> (Face, GlyphId) {
        let found = [self, Self::Sans, Self::Maths]
            .into_iter()
            .find_map(|face| Some((face, face.font().charmap().map(sign)?)));
        found.unwrap_or((self, GlyphId::NOTDEF))
    }

    /// Advance of a glyph in sizes of the type.
    pub fn advance(self, glyph: GlyphId) -> f32 {
        let metrics = self
            .font()
            .glyph_metrics(Size::new(1.0), LocationRef::default());
        metrics.advance_width(glyph).unwrap_or(0.0)
    }
}

/// A piece of text in one face and size.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its face.
    pub face: Face,
    /// Its characters.
    pub text: String,
    /// Size relative to the text.
    pub scale: f32,
    /// Rise of the baseline, in sizes of the text.
    pub rise: f32,
}

/// One line of text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text(pub Vec<Run>);

impl<S: Into<String>> From<S> for Text {
    fn from(text: S) -> Self {
        Self::default().plain(text)
    }
}

impl Text {
    /// A label in the notation of the window's formulas: letters are italic, `_` and `^` take the
    /// next sign or a `{group}`, `"…"` is upright.
    pub fn maths(source: &str) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        let (mut rise, mut group, mut upright) = (0.0, false, false);
        for sign in source.chars() {
            match sign {
                '"' => upright = !upright,
                '_' | '^' if !upright => {
                    rise = if sign == '^' { RISE } else { SINK };
                    group = false;
                }
                '{' if !upright => group = true,
                '}' if !upright => (rise, group) = (0.0, false),
                sign => {
                    let sign = if upright { sign } else { italic(sign) };
                    let scale = if rise == 0.0 { 1.0 } else { SCRIPT };
                    match runs.last_mut() {
                        Some(run) if run.rise == rise => run.text.push(sign),
                        _ => runs.push(Run {
                            face: Face::Maths,
                            text: sign.to_string(),
                            scale,
                            rise,
                        }),
                    }
                    if !group {
                        rise = 0.0;
                    }
                }
            }
        }
        Self(runs)
    }

    /// Adds upright text. Control characters become spaces.
    #[must_use]
    pub fn plain(self, text: impl Into<String>) -> Self {
        self.with(Face::Sans, text.into())
    }

    /// Adds a formula.
    #[must_use]
    pub fn and(mut self, source: &str) -> Self {
        self.0.extend(Self::maths(source).0);
        self
    }

    /// The same text with its upright runs semibold.
    #[must_use]
    pub fn bold(mut self) -> Self {
        for run in &mut self.0 {
            if run.face == Face::Sans {
                run.face = Face::Bold;
            }
        }
        self
    }

    fn with(mut self, face: Face, text: String) -> Self {
        let clean = |sign: char| if sign.is_control() { ' ' } else { sign };
        self.0.push(Run {
            face,
            text: text.chars().map(clean).collect(),
            scale: 1.0,
            rise: 0.0,
        });
        self
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|run| run.text.is_empty())
    }

    /// The characters alone.
    pub fn characters(&self) -> String {
        self.0.iter().map(|run| run.text.as_str()).collect()
    }

    /// The glyphs from left to right, and the width of all, at a size.
    pub fn set(&self, size: f32) -> (Vec<Glyph>, f32) {
        let mut x = 0.0;
        let mut glyphs = Vec::new();
        for run in &self.0 {
            for sign in run.text.chars() {
                let (face, id) = run.face.glyph(sign);
                let glyph_size = size * run.scale;
                glyphs.push(Glyph {
                    face,
                    id,
                    sign,
                    x,
                    rise: size * run.rise,
                    size: glyph_size,
                });
                x += glyph_size * face.advance(id);
            }
        }
        (glyphs, x)
    }

    /// The width at a size.
    pub fn width(&self, size: f32) -> f32 {
        self.set(size).1
    }
}

/// A glyph in its place on the baseline.
#[derive(Clone, Copy, Debug)]
pub struct Glyph {
    /// Its face.
    pub face: Face,
    /// Its number in the face.
    pub id: GlyphId,
    /// The character.
    pub sign: char,
    /// Distance from the start of the text.
    pub x: f32,
    /// Distance above the baseline.
    pub rise: f32,
    /// Its size.
    pub size: f32,
}

impl Glyph {
    /// Draws the outline; y points upwards from the baseline.
    pub fn outline(&self, pen: &mut impl OutlinePen) {
        let outlines = self.face.font().outline_glyphs();
        if let Some(outline) = outlines.get(self.id) {
            let settings = DrawSettings::unhinted(Size::new(self.size), LocationRef::default());
            // A glyph of the shipped faces always draws.
            let _ = outline.draw(settings, pen);
        }
    }
}

/// The mathematical italic of a letter; other characters stay.
fn italic(sign: char) -> char {
    let shift = |from: char, to: u32| char::from_u32(sign as u32 - from as u32 + to);
    let found = match sign {
        'h' => Some('\u{210E}'),
        'a'..='z' => shift('a', 0x1D44E),
        'A'..='Z' => shift('A', 0x1D434),
        'α'..='ω' => shift('α', 0x1D6FC),
        '-' => Some('−'),
        _ => None,
    };
    found.unwrap_or(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_of_a_label_has_a_glyph() {
        let label = Text::maths("π_t(x) = α_t x_1 + σ_t x_0, \"loss\" − ∫ v^2 dt ≈ 0.25");
        let (glyphs, width) = label.set(10.0);
        assert!(glyphs.iter().all(|glyph| glyph.id != GlyphId::NOTDEF));
        assert!(width > 50.0 && width < 300.0, "{width}");
        let script = &label.0[1];
        assert_eq!((script.text.as_str(), script.scale), ("𝑡", SCRIPT));
    }

    #[test]
    fn digits_are_of_equal_width_and_odd_signs_do_no_harm() {
        let one = Text::from("1").width(10.0);
        assert_eq!(one, Text::from("8").width(10.0));
        assert_eq!(Text::from("a\tb\n").characters(), "a b ");
        assert!(Text::from("漢字 🎲 \u{202E}").width(10.0) > 0.0);
    }
}
