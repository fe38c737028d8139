//! Linear layers, and two of them with an activation between.

use rayon::prelude::*;

use super::buffer::Buffer;
use super::product::{BLOCK, Finishing, Packed, gradients, multiply, padded};
use super::tensor::{Host, Operation, dims, host, numbers};
use crate::kernel::Activation;

/// `x w + b`; x `[rows, inputs]`, w `[inputs, outputs]`, b `[outputs]`.
#[derive(Clone, Debug)]
pub struct Linear;

impl Operation<3> for Linear {
    type Saved = ();

    fn forward(&self, [x, w, b]: &[Host; 3]) -> (Host, ()) {
        let ([rows, inputs], [_, outputs]) = (dims::<2>(x), dims::<2>(w));
        let packed = Packed::new(numbers(w), [inputs, outputs], [outputs, 1]);
        let bias = padded(numbers(b));
        (
            host(
                rows_times(numbers(x), &packed, &bias, rows),
                &[rows, outputs],
            ),
            (),
        )
    }

    fn backward(
        &self,
        [x, w, _]: &[Host; 3],
        (): (),
        grad: Host,
        wanted: [bool; 3],
    ) -> [Option<Host>; 3] {
        let ([rows, inputs], [_, outputs]) = (dims::<2>(x), dims::<2>(w));
        let d = numbers(&grad);
        let dx = wanted[0].then(|| {
            let back = Packed::new(numbers(w), [outputs, inputs], [1, outputs]);
            let zeros = padded(&vec![0.0; inputs]);
            host(rows_times(d, &back, &zeros, rows), &[rows, inputs])
        });
        let (dw, db) = gradients(numbers(x), d, rows, inputs, outputs);
        [
            dx,
            Some(host(dw, &[inputs, outputs])),
            Some(host(db, &[outputs])),
        ]
    }
}

/// `x w + bias` over blocks of rows.
fn rows_times(x: &[f32], w: &Packed, bias: &[f32], rows: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows * w.outputs];
    out.par_chunks_mut(BLOCK * w.outputs)
        .zip(x.par_chunks(BLOCK * w.inputs))
        .for_each(|(out, x)| {
            let rows = out.len() / w.outputs;
            multiply(x, w.inputs, w, rows, out, Finishing::Bias(bias));
        });
    out
}

/// `act(x w1 + b1) w2 + b2`; x `[rows, inputs]`, w1 `[inputs, hidden]`, w2 `[hidden, outputs]`.
#[derive(Clone, Debug)]
pub struct FeedForward(pub Activation);

impl Operation<5> for FeedForward {
    /// The hidden layer and its slopes, `[rows, hidden]`.
    type Saved = (Buffer, Buffer);

    fn forward(&self, [x, w1, b1, w2, b2]: &[Host; 5]) -> (Host, Self::Saved) {
        let ([rows, inputs], [hidden, outputs]) = (dims::<2>(x), dims::<2>(w2));
        let first = Packed::new(numbers(w1), [inputs, hidden], [hidden, 1]);
        let second = Packed::new(numbers(w2), [hidden, outputs], [outputs, 1]);
        let (b1, b2) = (padded(numbers(b1)), padded(numbers(b2)));
        let (mut h, mut slopes) = (Buffer::new(rows * hidden), Buffer::new(rows * hidden));
        let mut out = vec![0.0; rows * outputs];
        out.par_chunks_mut(BLOCK * outputs)
            .zip(h.par_chunks_mut(BLOCK * hidden))
            .zip(slopes.par_chunks_mut(BLOCK * hidden))
            .zip(numbers(x).par_chunks(BLOCK * inputs))
            .for_each(|(((out, h), slopes), x)| {
                let rows = out.len() / outputs;
                let activate = Finishing::Activate(&b1, self.0, slopes);
                multiply(x, inputs, &first, rows, h, activate);
                multiply(h, hidden, &second, rows, out, Finishing::Bias(&b2));
            });
        (host(out, &[rows, outputs]), (h, slopes))
    }

    fn backward(
        &self,
        [x, w1, _, w2, _]: &[Host; 5],
        (h, slopes): Self::Saved,
        grad: Host,
        _: [bool; 5],
    ) -> [Option<Host>; 5] {
        let ([rows, inputs], [hidden, outputs]) = (dims::<2>(x), dims::<2>(w2));
        let first = Packed::new(numbers(w1), [hidden, inputs], [1, hidden]);
        let second = Packed::new(numbers(w2), [outputs, hidden], [1, outputs]);
        let zeros = padded(&vec![0.0; inputs]);
        let d = numbers(&grad);
        let mut dh = Buffer::new(rows * hidden);
        let mut dx = vec![0.0; rows * inputs];
        dx.par_chunks_mut(BLOCK * inputs)
            .zip(dh.par_chunks_mut(BLOCK * hidden))
            .zip(slopes.par_chunks(BLOCK * hidden))
            .zip(d.par_chunks(BLOCK * outputs))
            .for_each(|(((dx, dh), slopes), d)| {
                let rows = dx.len() / inputs;
                multiply(d, outputs, &second, rows, dh, Finishing::Slopes(slopes));
                multiply(dh, hidden, &first, rows, dx, Finishing::Bias(&zeros));
            });
        let (dw2, db2) = gradients(&h, d, rows, hidden, outputs);
        let (dw1, db1) = gradients(numbers(x), &dh, rows, inputs, hidden);
        [
            Some(host(dx, &[rows, inputs])),
            Some(host(dw1, &[inputs, hidden])),
            Some(host(db1, &[hidden])),
            Some(host(dw2, &[hidden, outputs])),
            Some(host(db2, &[outputs])),
        ]
    }
}
