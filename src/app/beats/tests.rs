use serde_json::Value;

use super::{ALL, Beat, merge, of};
use crate::app::keys::Action;
use crate::app::lessons;

/// Whether `all` has every entry of `part`, at every depth; numbers may be rounded to f32.
fn holds(all: &Value, part: &Value) -> bool {
    match (all, part) {
        (Value::Object(all), Value::Object(part)) => part
            .iter()
            .all(|(name, value)| all.get(name).is_some_and(|there| holds(there, value))),
        (Value::Array(all), Value::Array(part)) => {
            all.len() == part.len() && all.iter().zip(part).all(|(all, part)| holds(all, part))
        }
        (Value::Number(all), Value::Number(part)) => match (all.as_f64(), part.as_f64()) {
            (Some(all), Some(part)) => (all - part).abs() < 1e-5,
            _ => false,
        },
        (all, part) => all == part,
    }
}

fn parsed(beat: &Beat) -> Value {
    serde_json::from_str(beat.view).unwrap_or_else(|e| panic!("{}: {e}", beat.say))
}

#[test]
fn every_lesson_has_three_to_five_beats_in_its_order() {
    let names: Vec<_> = lessons::all().iter().map(|lesson| lesson.name()).collect();
    let told: Vec<_> = ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(told, names);
    for (name, beats) in ALL {
        assert!((3..=5).contains(&beats.len()), "{name}: {}", beats.len());
    }
    assert!(of("no lesson").is_empty());
}

#[test]
fn every_lesson_takes_over_what_its_beats_ask_for() {
    let mut changed = 0;
    for mut lesson in lessons::all() {
        let fresh = lesson.view();
        for beat in of(lesson.name()) {
            let asked = parsed(beat);
            lesson.set_view(&beat.settings(&fresh));
            let view = lesson.view();
            assert!(
                holds(&view, &asked),
                "{}, “{}”: {asked} is not in {view}",
                lesson.name(),
                beat.say
            );
            changed += usize::from(!holds(&fresh, &asked));
            // The next beat must not see this one.
            lesson.set_view(&fresh);
            assert!(holds(&lesson.view(), &fresh), "{}", lesson.name());
        }
    }
    assert!(changed > 20, "only {changed} beats change anything");
}

#[test]
fn a_misspelt_setting_would_be_found() {
    for wrong in [
        r#"{"arows": true}"#,
        r#"{"heat": "Sped"}"#,
        r#"{"layers": {"exakt": true}}"#,
        r#"{"steps": 5000000}"#,
    ] {
        let wrong: Value = serde_json::from_str(wrong).expect("JSON");
        for mut lesson in lessons::all() {
            let mut view = lesson.view();
            merge(&mut view, wrong.clone());
            lesson.set_view(&view);
            assert!(!holds(&lesson.view(), &wrong), "{}: {wrong}", lesson.name());
        }
    }
}

#[test]
fn sentences_are_short_and_name_no_number_of_t() {
    for beat in ALL.iter().flat_map(|(_, beats)| *beats) {
        let say = beat.say;
        assert!(say.chars().count() <= 110, "{say}");
        assert!(say.ends_with(['.', '?']), "{say}");
        let words: Vec<&str> = say.split_whitespace().collect();
        assert!(!words.windows(2).any(|two| two == ["t", "="]), "{say}");
        assert!((0.0..=1.0).contains(&beat.t), "{say}");
    }
}

#[test]
fn only_the_first_lesson_trains_and_says_so() {
    for (name, beats) in ALL {
        for beat in *beats {
            let says = beat.say.contains("trains");
            let may = *name == "checkerboard" && says;
            assert!(!beat.trains || may, "{name}: {}", beat.say);
            assert_eq!(beat.trains, says, "{name}: {}", beat.say);
            // Such keys would start a training, or mean something else the second time.
            let steady =
                |action: &Action| *name == "inpaint" && matches!(action, Action::Layer(3..=5));
            assert!(beat.press.iter().all(steady), "{name}: {}", beat.say);
        }
    }
}
