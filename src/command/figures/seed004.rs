//! Seed 004: solvers and the bound of flow matching in latent space, as the lessons show them.

use serde_json::{Value, json};

use super::{Drawn, Wish, lessons};

/// Error and label accuracy of every solver against its evaluations of the field.
pub fn solvers(wish: &Wish) -> anyhow::Result<Drawn> {
    let view = json!({ "view": "Solvers", "seed": wish.seed() });
    timeless(lessons::draw("latent", &shown(wish, view))?)
}

/// Both sides of the bound for digits.
pub fn bound(wish: &Wish) -> anyhow::Result<Drawn> {
    let view = json!({ "digits": true, "asked": true, "seed": wish.seed() });
    timeless(lessons::draw("bound", &shown(wish, view))?)
}

/// The wish with a lesson's settings, where it names none of its own.
fn shown(wish: &Wish, view: Value) -> Wish {
    Wish {
        view: match wish.view.is_null() {
            true => view,
            false => wish.view.clone(),
        },
        ..wish.clone()
    }
}

/// The same without a time of the flow: these figures show all of it.
fn timeless(drawn: Drawn) -> anyhow::Result<Drawn> {
    Ok(Drawn { t: None, ..drawn })
}
