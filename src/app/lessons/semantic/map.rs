//! The label map under a pen and a brush.

use serde::{Deserialize, Serialize};

use crate::app::widgets::brush::Surface;
use crate::data::mnist::regions::{LEVELS, regions};
use crate::data::mnist::{PIXELS, labels, mask};

/// Four labels, `[28, 28]`. In a file it is 784 digits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LabelMap {
    /// The labels, 0 to 3.
    pub labels: Vec<u8>,
    /// Those without the ink.
    under: Vec<u8>,
    /// What the pen has drawn since labels were last painted by hand, grey values.
    ink: Vec<u8>,
}

/// What a stroke does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Tool {
    /// Draws ink, which the rule of the data turns into labels.
    Pen,
    /// Paints a label.
    Label(u8),
}

impl From<Tool> for u8 {
    /// 0 is the pen, the labels follow.
    fn from(tool: Tool) -> Self {
        match tool {
            Tool::Pen => 0,
            Tool::Label(label) => label + 1,
        }
    }
}

impl TryFrom<u8> for Tool {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number.checked_sub(1) {
            None => Ok(Self::Pen),
            Some(label) if usize::from(label) < LEVELS => Ok(Self::Label(label)),
            Some(label) => Err(format!("there is no label {label}")),
        }
    }
}

/// The labels' names, from paper to core.
pub const NAMES: [&str; LEVELS] = ["Paper", "Edge", "Body", "Core"];

impl LabelMap {
    /// A map of given labels.
    pub fn new(labels: Vec<u8>) -> Self {
        Self {
            under: labels.clone(),
            labels,
            ink: vec![0; PIXELS],
        }
    }

    /// Only paper.
    pub fn empty() -> Self {
        Self::new(vec![0; PIXELS])
    }

    /// Whether there is only paper.
    pub fn is_empty(&self) -> bool {
        self.labels.iter().all(|label| *label == 0)
    }

    /// The map of a digit `[28, 28]`.
    pub fn of(digit: &[u8]) -> Self {
        Self::new(regions(digit))
    }
}

impl Surface for LabelMap {
    type Tool = Tool;

    fn begin(&mut self, tool: Tool) {
        if matches!(tool, Tool::Label(_)) {
            // The ink is dry: from here on it is labels like others.
            self.under.clone_from(&self.labels);
            self.ink.fill(0);
        }
    }

    fn stroke(&mut self, tool: Tool, a: [f32; 2], b: [f32; 2], radius: f32) {
        match tool {
            Tool::Pen => mask::pen(&mut self.ink, a, b, radius),
            Tool::Label(label) => mask::brush(&mut self.under, a, b, radius, label),
        }
        let pairs = self.under.iter().zip(regions(&self.ink));
        self.labels = pairs.map(|(&under, ink)| ink.max(under)).collect();
    }
}

impl From<LabelMap> for String {
    fn from(map: LabelMap) -> Self {
        labels::to_text(&map.labels)
    }
}

impl TryFrom<String> for LabelMap {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        labels::from_text(&text, LEVELS as u8).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::widgets::brush::Strokes;

    #[test]
    fn ink_becomes_the_labels_of_its_regions_and_labels_paint_over_it() {
        let mut strokes = Strokes::new(LabelMap::empty());
        strokes.draw(Tool::Pen, [14.0, 4.0], 1.4);
        strokes.draw(Tool::Pen, [14.0, 24.0], 1.4);
        strokes.end();
        strokes.draw(Tool::Pen, [5.0, 14.0], 1.4);
        strokes.draw(Tool::Pen, [23.0, 14.0], 1.4);
        strokes.end();
        let mut ink = vec![0; PIXELS];
        mask::pen(&mut ink, [14.0, 4.0], [14.0, 24.0], 1.4);
        mask::pen(&mut ink, [5.0, 14.0], [23.0, 14.0], 1.4);
        assert_eq!(strokes.now().labels, regions(&ink), "strokes that cross");
        for level in 0..LEVELS as u8 {
            assert!(strokes.now().labels.contains(&level), "{level}");
        }
        // Paper wipes ink away, and only where it was painted.
        let before = strokes.now().labels.clone();
        strokes.draw(Tool::Label(0), [14.0, 20.0], 3.0);
        strokes.end();
        let after = &strokes.now().labels;
        assert_eq!(after[20 * 28 + 14], 0);
        assert_eq!(after[6 * 28 + 14], before[6 * 28 + 14]);
        strokes.undo();
        assert_eq!(strokes.now().labels, before);
        // The pen never takes labels away.
        strokes.draw(Tool::Label(2), [22.0, 22.0], 2.0);
        strokes.draw(Tool::Pen, [22.0, 22.0], 0.5);
        assert!(strokes.now().labels[22 * 28 + 22] >= 2);
    }

    #[test]
    fn maps_come_back_from_their_text() {
        let map = LabelMap::of(&(0..PIXELS).map(|i| (i % 251) as u8).collect::<Vec<_>>());
        let text = String::from(map.clone());
        assert_eq!(LabelMap::try_from(text.clone()), Ok(map));
        assert!(LabelMap::try_from(text.replace('1', "4")).is_err());
    }
}
