//! The bound of a latent flow: its parts against other ways to compute them, and the whole on
//! linear fields, where both flows are known.

use flowlab::flow::bound::{
    Growth, Terms, gronwall, largest_singular, largest_singular_2x2, one_sided, one_sided_2x2,
    upper_integral,
};
use flowlab::flow::{Solver, integrate_fixed};
use flowlab::train::images::frechet::eigen;
use proptest::prelude::*;

/// The eigenvalues of AᵀA of a 2 × 2 matrix by its trace and determinant.
fn singular_by_trace([a, b, c, d]: [f64; 4]) -> f64 {
    let trace = a * a + b * b + c * c + d * d;
    let det = (a * d - b * c).powi(2);
    (0.5 * (trace + (trace * trace - 4.0 * det).max(0.0).sqrt())).sqrt()
}

fn times(n: usize) -> Vec<f64> {
    (0..=n).map(|i| i as f64 / n as f64).collect()
}

#[test]
fn growth_of_constant_terms_is_closed_form() {
    let times = times(40);
    let n = times.len();
    for (rate, force) in [(3.0, 0.2), (-2.0, 1.5), (0.0, 0.7)] {
        let y = gronwall(&times, &vec![rate; n], &vec![force; n]);
        for (t, y) in times.iter().zip(&y) {
            let exact = if rate == 0.0 {
                force * t
            } else {
                force * ((rate * t).exp() - 1.0) / rate
            };
            assert!((y - exact).abs() < 1e-12, "{rate} at {t}: {y} {exact}");
        }
    }
    // A rising rate: above the solution of the equation, and near it.
    let rates: Vec<f64> = times.iter().map(|t| 4.0 * t).collect();
    let y = gronwall(&times, &rates, &vec![1.0; n]);
    let field = |t: f64, y: &Vec<f64>| vec![4.0 * t * y[0] + 1.0];
    let exact = integrate_fixed(Solver::Rk4, 1000, 0.0, 1.0, vec![0.0], &[1.0], field).states[0][0];
    assert!(exact < y[40] && y[40] < 1.1 * exact, "{} {exact}", y[40]);
    let sums = upper_integral(&[0.0, 0.5, 1.0], &[1.0, 3.0, 2.0]);
    assert_eq!(sums, [0.0, 1.5, 3.0]);
}

#[test]
fn scalar_flows_are_bounded_by_hand() {
    // z' = a z, ẑ' = b ẑ, z(0) of variance 1: δ(1) = e^a − e^b and
    // ∫E|v − v̂|² = (a − b)² (e^{2a} − 1) / 2a.
    let (a, b) = (0.8_f64, 0.5_f64);
    let times = times(2000);
    let error: Vec<f64> = times
        .iter()
        .map(|t| (a - b).powi(2) * (2.0 * a * t).exp())
        .collect();
    let n = times.len();
    let terms = Terms {
        times,
        field_error: error,
        lipschitz: vec![b; n],
        one_sided: vec![b; n],
        reconstruction: 0.04,
        decoder: 3.0,
    };
    let excess = (a - b).powi(2) * ((2.0 * a).exp() - 1.0) / (2.0 * a);
    assert!((terms.excess() - excess).abs() < 1e-3 * excess);
    let by_hand = (0.5 + b).exp() * excess.sqrt();
    for growth in [Growth::Largest, Growth::Along] {
        assert!((terms.latent(growth) / by_hand - 1.0).abs() < 1e-3);
        assert!((terms.total(growth) - 0.2 - 3.0 * terms.latent(growth)).abs() < 1e-12);
    }
    assert!((terms.mean_lipschitz() - b).abs() < 1e-12);
    // Grönwall's integral: ∫ e^{(1 + 2b)(1 − t)} (a − b)² e^{2at} dt.
    let rate = 1.0 + 2.0 * b;
    let integral = (a - b).powi(2) * ((2.0 * a).exp() - rate.exp()) / (2.0 * a - rate);
    assert!((terms.latent(Growth::OneSided) / integral.sqrt() - 1.0).abs() < 1e-3);
    let apart = a.exp() - b.exp();
    assert!(apart < terms.latent(Growth::OneSided));
    assert!(terms.latent(Growth::OneSided) < terms.latent(Growth::Along));
}

#[test]
fn power_iteration_finds_known_values() {
    // A diagonal matrix with a rotation on one side only.
    let (c, s) = (0.6, 0.8);
    assert!((largest_singular(&[3.0 * c, -s, 3.0 * s, c], 2) - 3.0).abs() < 1e-7);
    // A tall matrix with one column.
    assert!((largest_singular(&[3.0, 4.0, 12.0], 1) - 13.0).abs() < 1e-12);
    assert_eq!(largest_singular(&[0.0; 6], 3), 0.0);
    // A field that only contracts has a negative one-sided constant, whatever its size.
    assert!((one_sided(&[-5.0, 40.0, -40.0, -2.0], 2) + 2.0).abs() < 1e-6);
    assert!((one_sided_2x2([-5.0, 40.0, -40.0, -2.0]) + 2.0).abs() < 1e-12);
    assert_eq!(one_sided(&[0.0; 9], 3), 0.0);
}

/// E|δ|², the terms and the field error of two linear flows from points, by Runge–Kutta.
fn linear(a: [f64; 4], b: [f64; 4], from: &[f64]) -> (Vec<f64>, Terms) {
    let times = times(50);
    let apply = |m: [f64; 4], x: &[f64]| -> Vec<f64> {
        let each = x.chunks_exact(2);
        each.flat_map(|x| [m[0] * x[0] + m[1] * x[1], m[2] * x[0] + m[3] * x[1]])
            .collect()
    };
    let states = |m: [f64; 4]| {
        let field = |_: f64, x: &Vec<f64>| apply(m, x);
        integrate_fixed(Solver::Rk4, 50, 0.0, 1.0, from.to_vec(), &times, field).states
    };
    let square = |a: &[f64], b: &[f64]| {
        let sum: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
        sum / (from.len() / 2) as f64
    };
    let (z, learned) = (states(a), states(b));
    let apart = z
        .iter()
        .zip(&learned)
        .map(|(z, l)| square(z, l).sqrt())
        .collect();
    let n = times.len();
    let terms = Terms {
        field_error: z
            .iter()
            .map(|z| square(&apply(a, z), &apply(b, z)))
            .collect(),
        lipschitz: vec![largest_singular_2x2(b); n],
        one_sided: vec![one_sided_2x2(b); n],
        times,
        ..Terms::default()
    };
    (apart, terms)
}

proptest! {
    #[test]
    fn the_bound_holds_for_linear_fields(
        a in prop::array::uniform4(-3.0..3.0),
        b in prop::array::uniform4(-3.0..3.0),
        from in prop::collection::vec(-2.0..2.0, 8),
    ) {
        let (apart, terms) = linear(a, b, &from);
        let [largest, along, one_sided] = Growth::ALL.map(|growth| terms.apart(growth));
        for i in 0..apart.len() {
            // A relative hair for the solver's own error.
            prop_assert!(apart[i] <= one_sided[i] * (1.0 + 1e-4) + 1e-9, "{} {}", apart[i], one_sided[i]);
            prop_assert!(one_sided[i] <= along[i] * (1.0 + 1e-9));
            prop_assert!(along[i] <= largest[i] * (1.0 + 1e-9));
        }
    }

    #[test]
    fn singular_values_of_the_plane_are_found_three_ways(m in prop::array::uniform4(-5.0..5.0)) {
        let direct = largest_singular_2x2(m);
        prop_assert!((direct - singular_by_trace(m)).abs() < 1e-9 * (1.0 + direct));
        // The last digits come slowly where both singular values are near each other.
        prop_assert!((direct - largest_singular(&m, 2)).abs() < 1e-4 * (1.0 + direct));
        // The symmetric part by rotating a vector all round.
        let quotient = |i: usize| {
            let (s, c) = (i as f64 * 1e-3).sin_cos();
            m[0] * c * c + (m[1] + m[2]) * c * s + m[3] * s * s
        };
        let round = (0..3142).map(quotient).fold(f64::NEG_INFINITY, f64::max);
        prop_assert!((one_sided_2x2(m) - round).abs() < 1e-4);
        prop_assert!((one_sided(&m, 2) - round).abs() < 1e-3, "{} {}", one_sided(&m, 2), round);
    }

    #[test]
    fn larger_matrices_agree_with_jacobis_rotations(values in prop::collection::vec(-1.0..1.0, 8 * 5)) {
        let gram: Vec<f64> = (0..25)
            .map(|k| (0..8).map(|r| values[r * 5 + k / 5] * values[r * 5 + k % 5]).sum())
            .collect();
        let (eigenvalues, _) = eigen(gram, 5);
        let wanted = eigenvalues.into_iter().fold(0.0, f64::max).sqrt();
        let found = largest_singular(&values, 5);
        prop_assert!(found <= wanted * (1.0 + 1e-9), "from below");
        prop_assert!(found > 0.999 * wanted, "{found} {wanted}");
        let square = &values[..25];
        let symmetric = (0..25).map(|k| 0.5 * (square[k] + square[(k % 5) * 5 + k / 5]));
        let (eigenvalues, _) = eigen(symmetric.collect(), 5);
        let wanted = eigenvalues.into_iter().fold(f64::NEG_INFINITY, f64::max);
        prop_assert!((one_sided(square, 5) - wanted).abs() < 3e-3);
    }
}

#[test]
fn differences_give_the_matrix_of_a_linear_map() {
    let matrix = [1.0_f32, -2.0, 0.5, 3.0, 0.0, 4.0];
    let map = |points: &[f32]| {
        let each = points.chunks_exact(2);
        let apply = |x: &[f32]| -> Vec<f32> {
            matrix
                .chunks_exact(2)
                .map(|row| row[0] * x[0] + row[1] * x[1])
                .collect()
        };
        Ok::<_, String>(each.flat_map(apply).collect())
    };
    let found = flowlab::flow::bound::jacobian(&[0.3, -1.7], 0.02, map).expect("a map");
    assert_eq!(found.len(), 6);
    for (found, wanted) in found.iter().zip(matrix) {
        assert!((found - f64::from(wanted)).abs() < 1e-4, "{found} {wanted}");
    }
    let fails = flowlab::flow::bound::jacobian(&[0.0], 0.1, |_| Err::<Vec<f32>, _>("lost"));
    assert_eq!(fails, Err("lost"));
}
