//! Masks and label maps as text: a digit for each pixel.

use super::PIXELS;

/// The labels 0 to 9 of `[28, 28]` pixels as 784 digits, row by row.
pub fn to_text(labels: &[u8]) -> String {
    let digit = |label: &u8| char::from(b'0' + (*label).min(9));
    labels.iter().map(digit).collect()
}

/// Labels below `levels` from their text.
///
/// # Errors
/// When it is no such text.
pub fn from_text(text: &str, levels: u8) -> Result<Vec<u8>, String> {
    let labels: Vec<u8> = text.bytes().map(|byte| byte.wrapping_sub(b'0')).collect();
    if labels.len() != PIXELS || labels.iter().any(|label| *label >= levels) {
        return Err(format!(
            "a map of {PIXELS} digits from 0 to {} was expected",
            levels.saturating_sub(1)
        ));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_back_and_others_are_refused() {
        let labels: Vec<u8> = (0..PIXELS).map(|i| (i % 4) as u8).collect();
        let text = to_text(&labels);
        assert_eq!(from_text(&text, 4), Ok(labels));
        assert!(from_text(&text, 3).is_err());
        assert!(from_text(&text[1..], 4).is_err());
        assert!(from_text(&text.replace('1', "ä"), 4).is_err());
    }
}
