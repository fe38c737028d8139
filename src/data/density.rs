//! Densities of the sources that have one in closed form.

use std::f64::consts::TAU;

use super::source::Source;
use crate::flow::BoxUnion;
use crate::flow::mixture::Mixture;

/// The density of a source: what the likelihood of a flow begins with.
#[derive(Clone, Debug)]
pub enum Density {
    /// N(0, I).
    Gaussian,
    /// Uniform on [−half, half]².
    Square {
        /// Half the side.
        half: f64,
    },
    /// Boxes, each with its share evenly spread.
    Boxes(BoxUnion),
    /// A mixture of Gaussians.
    Mixture(Mixture),
}

impl Density {
    /// ln p(x); −∞ outside a bounded support.
    pub fn log_at(&self, x: [f64; 2]) -> f64 {
        match self {
            Density::Gaussian => -0.5 * (x[0] * x[0] + x[1] * x[1]) - TAU.ln(),
            Density::Square { half } if x.iter().all(|v| v.abs() <= *half) => {
                -(4.0 * half * half).ln()
            }
            Density::Square { .. } => f64::NEG_INFINITY,
            Density::Boxes(boxes) => boxes.cell_of(x).map_or(f64::NEG_INFINITY, |cell| {
                let cell = &boxes.boxes[cell];
                (cell.weight / cell.area()).ln()
            }),
            Density::Mixture(mixture) => mixture.log_density(x).unwrap_or(f64::NAN),
        }
    }
}

impl Source {
    /// The density, where it is known; tables of points and drawn curves have none.
    pub fn density(&self) -> Option<Density> {
        match self {
            Source::Gaussian => Some(Density::Gaussian),
            Source::Uniform => Some(Density::Square {
                half: 3.0_f64.sqrt(),
            }),
            Source::Data(dataset) => match dataset.boxes() {
                Some(boxes) => Some(Density::Boxes(boxes)),
                None => dataset
                    .mixture()
                    .filter(|mixture| mixture.entropy().is_some())
                    .map(Density::Mixture),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;

    #[test]
    fn every_known_density_integrates_to_one() {
        let data = |dataset| Source::Data(Box::new(dataset));
        let sources = [
            Source::Gaussian,
            Source::Uniform,
            data(Dataset::CHECKERBOARD),
            data(Dataset::EightGaussians),
        ];
        // Edges of the cells are edges of the grid; the square's are not.
        let (points, area) = crate::flow::likelihood::grid(600, 6.0);
        for source in sources {
            let density = source.density().expect("a density");
            let p = |x: &[f64]| density.log_at([x[0], x[1]]).exp();
            let mass: f64 = points.chunks_exact(2).map(p).sum::<f64>() * area;
            assert!((mass - 1.0).abs() < 0.01, "{source}: {mass}");
        }
        assert!(data(Dataset::Moons).density().is_none());
    }
}
