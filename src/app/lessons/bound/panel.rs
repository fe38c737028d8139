//! The terms of the bound as figures.

use egui::Ui;

use super::measured::Measured;
use super::{Bound, picture};
use crate::app::theme;
use crate::app::widgets::notes;
use crate::app::widgets::readout::{self, readout};

impl Bound {
    /// The terms one under another; `small` leaves out what a narrow column has no room for.
    pub(super) fn terms_ui(&self, ui: &mut Ui, small: bool) {
        let (plane, digits) = (self.shown_plane(), self.shown_digits());
        let measured: Option<&Measured> = if self.digits {
            let made = digits.as_deref().and_then(|made| made.as_ref().ok());
            made.map(|made| &made.measured)
        } else {
            let made = plane.as_deref().and_then(|made| made.as_ref().ok());
            made.map(|made| &made.measured)
        };
        let Some(measured) = measured else { return };
        if !small {
            let title = if self.digits {
                "Terms, pixels from 0 to 1"
            } else {
                "Terms"
            };
            notes::heading(ui, title);
        }
        let terms = &measured.terms;
        let number = picture::number;
        let figure = |formula, value: f64, hint| readout::Figure {
            formula,
            value: number(value),
            hint,
        };
        let mut figures = vec![
            figure(
                r#"(E|x-g(f(x))|^2)^{1/2}"#,
                terms.reconstruction.sqrt(),
                "What encoder and decoder lose of the data, over the ends of the true flow.",
            ),
            figure(
                r#"L_g"#,
                terms.decoder,
                "The decoder's Lipschitz constant: the largest singular value of its Jacobian on \
                 the way from each true code to the learned one. The largest of samples.",
            ),
            figure(
                r#""max"L"#,
                terms.largest_lipschitz(),
                "The largest singular value of the learned field's Jacobian at any time, at the \
                 true place, the learned one and between. The largest of samples.",
            ),
            figure(
                r#"∫Ld"t""#,
                terms.mean_lipschitz(),
                "The same, largest at each time, over all times.",
            ),
            figure(
                r#"∫E|v-v_θ|^2d"t""#,
                terms.excess(),
                "The error of the field over the true flow: d times the excess loss. An upper sum.",
            ),
        ];
        if let Some([other, null]) = measured.others.filter(|_| !small) {
            figures.push(figure(
                r#"W_2~~"to other data""#,
                other,
                "Of what was made and data that do not share its noise: so many samples alone \
                 are this far apart, see below.",
            ));
            figures.push(figure(
                r#"W_2~~"of two data sets""#,
                null,
                "Of two independent sets of data of the same size: zero, were they infinite.",
            ));
        }
        readout(ui, &figures);
        if !small {
            let n = measured.n;
            let color = theme::palette(ui).muted;
            let probed = digits.as_deref().and_then(|made| made.as_ref().ok());
            let probed = probed.filter(|_| self.digits).map(|made| made.probed);
            let probed = probed.map_or(String::new(), |probed| {
                let times = measured.terms.times.len();
                format!(" Jacobians at {probed} points at each of {times} times.")
            });
            let text = match measured.holds() {
                true => {
                    format!("Each line of the chain is below the next, for {n} particles.{probed}")
                }
                false => "A constant was underestimated: the chain is broken.".to_owned(),
            };
            ui.add(egui::Label::new(egui::RichText::new(text).color(color)).wrap());
        }
    }
}
