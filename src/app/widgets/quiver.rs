//! Velocities on a grid, computed when the field, the time or the weights change.

use std::sync::Arc;

use crate::app::exact::Route;
use crate::app::training::Staged;
use crate::flow::{ExactField, VelocityField};
use crate::kernel::Mlp;
use crate::render::Arrows;

/// Arrows along one side of the grid.
pub const SIDE: usize = 23;
/// The exact field of a bounded target is singular at t = 1.
pub const LAST_TIME: f32 = 1.0 - 1e-3;

/// The last arrows of both fields.
#[derive(Default)]
pub struct Cache {
    model: Option<((u64, u32), Mlp, Arrows)>,
    exact: Option<Exact>,
}

/// An exact field and its arrows at the last time.
struct Exact {
    route: Route,
    field: Option<ExactField>,
    drawn: Option<(u32, Arrows)>,
}

impl Cache {
    /// Arrows of the network at `t` on [-extent, extent]².
    pub fn model(&mut self, staged: &Staged, t: f32, extent: f64) -> Arrows {
        let key = (staged.version, t.to_bits());
        match self.model.take() {
            Some((known, mlp, arrows)) if known == key => self.model = Some((key, mlp, arrows)),
            Some((known, mlp, _)) if known.0 == key.0 => {
                let arrows = on_grid(&mlp, t, extent);
                self.model = Some((key, mlp, arrows));
            }
            _ => {
                let mlp = Mlp::new(&staged.weights);
                let arrows = on_grid(&mlp, t, extent);
                self.model = Some((key, mlp, arrows));
            }
        }
        self.model
            .as_ref()
            .map(|(_, _, arrows)| arrows.clone())
            .unwrap_or_else(none)
    }

    /// Arrows of the exact field at `t` on [-extent, extent]²; none where there is none.
    pub fn exact(&mut self, route: &Route, t: f32, extent: f64) -> Option<Arrows> {
        let fits = |known: &Exact| known.route == *route;
        if !self.exact.as_ref().is_some_and(fits) {
            self.exact = Some(Exact {
                field: route.exact(),
                route: route.clone(),
                drawn: None,
            });
        }
        let Exact { field, drawn, .. } = self.exact.as_mut()?;
        let key = t.to_bits();
        if drawn.as_ref().is_none_or(|(known, _)| *known != key) {
            *drawn = Some((key, on_grid(field.as_ref()?, t.min(LAST_TIME), extent)));
        }
        drawn.as_ref().map(|(_, arrows)| arrows.clone())
    }
}

fn none() -> Arrows {
    Arrows::new(Arc::from([]))
}

/// Velocities of a field at `t` on [-extent, extent]².
pub fn on_grid(field: &dyn VelocityField<f32>, t: f32, extent: f64) -> Arrows {
    let step = 2.0 * extent as f32 / SIDE as f32;
    let at = |i: usize| (i as f32 + 0.5) * step - extent as f32;
    let points: Vec<f32> = (0..SIDE * SIDE)
        .flat_map(|i| [at(i % SIDE), at(i / SIDE)])
        .collect();
    let mut velocity = vec![0.0; points.len()];
    field.velocity(t, &points, &mut velocity);
    let pairs = points.chunks_exact(2).zip(velocity.chunks_exact(2));
    Arrows::new(pairs.flat_map(|(x, v)| [x[0], x[1], v[0], v[1]]).collect())
}
