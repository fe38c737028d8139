//! Loss and gradients of the whole network in one pass over blocks of particles.

use pulp::Arch;
use rayon::prelude::*;

use super::aligned::{Aligned, with_scratch};
use super::backward::{self, Batch};
use super::prepared::{Prepared, ROW_SLACK, pack_columns};
use super::weights::{Activation, INPUTS, MlpWeights, OUTPUTS};

/// Particles of a block: their activations, slopes and the weights share the cache.
const MAX_BLOCK: usize = 128;
/// Below this the work of a block no longer outweighs that of starting it.
const MIN_BLOCK: usize = 32;
/// Sums of gradients that grow side by side. Not the number of threads, so that the order of
/// additions, and with it every bit of the result, is the same for any number of them.
const MAX_LANES: usize = 16;

/// Computes the loss and its gradients, and keeps its memory between calls.
#[derive(Default)]
pub struct TrainKernel {
    state: Option<State>,
}

struct State {
    shape: Vec<usize>,
    net: Prepared,
    /// Hidden layers packed for the way back.
    back: Vec<Aligned>,
    lanes: Vec<Gradients>,
}

/// Gradients of all layers, padded like the layers.
pub struct Gradients {
    /// `[width]` for each of x, y, t and the bias.
    pub first: [Aligned; INPUTS + 1],
    /// `[outputs and slack, width of the inputs]` and `[width]`.
    pub hidden: Vec<(Aligned, Aligned)>,
    /// `[width]` for each output.
    pub last: [Aligned; OUTPUTS],
    pub last_bias: [f32; OUTPUTS],
    /// Sum of squared errors.
    pub loss: f64,
}

impl TrainKernel {
    /// A kernel without memory of its own yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the mean squared error over coordinates, `Σ |v(x_t, t) - u|² / 2b`, and writes its
    /// gradients in the order of [`MlpWeights::to_flat`].
    ///
    /// `shape` gives sizes and activation, `flat` the parameters; `xt` and `target` are `[b, 2]`,
    /// `t` is `[b]`. The result is the same for any number of threads. A batch of 0 has loss 0.
    ///
    /// # Panics
    /// If [`MlpWeights::validate`] rejects `shape`, or a slice has the wrong length.
    pub fn loss_and_gradients(
        &mut self,
        shape: &MlpWeights,
        flat: &[f32],
        xt: &[f32],
        t: &[f32],
        target: &[f32],
        grads: &mut [f32],
    ) -> f32 {
        if let Err(error) = shape.validate() {
            panic!("{error}");
        }
        let params = shape.num_params();
        assert_eq!(flat.len(), params, "one number for each parameter");
        assert_eq!(grads.len(), params, "one gradient for each parameter");
        assert_eq!(xt.len(), 2 * t.len(), "one time for each point");
        assert_eq!(target.len(), xt.len(), "one target for each point");
        if t.is_empty() {
            grads.fill(0.0);
            return 0.0;
        }
        let sizes = shape.shape();
        let state = match &mut self.state {
            Some(state) if state.fits(&sizes, shape.activation) => state,
            state => state.insert(State::new(sizes, shape.activation, Arch::new())),
        };
        state.load(flat);
        let lanes = state.run(xt, t, target);
        (state.collect(lanes, grads) / xt.len() as f64) as f32
    }
}

impl State {
    fn new(shape: Vec<usize>, activation: Activation, arch: Arch) -> Self {
        let net = Prepared::zeros(&shape, activation, arch);
        let step = net.step;
        let pack = |pair: &[usize]| Aligned::zeros(pair[1] * pair[0].next_multiple_of(step));
        Self {
            back: shape[1..shape.len() - 1].windows(2).map(pack).collect(),
            shape,
            net,
            lanes: Vec::new(),
        }
    }

    fn fits(&self, shape: &[usize], activation: Activation) -> bool {
        self.shape == shape && self.net.activation == activation
    }

    fn load(&mut self, flat: &[f32]) {
        let step = self.net.step;
        let (first, rest) = split_layer(flat, INPUTS, self.shape[1]);
        self.net.first.load(first.0, first.1);
        let mut rest = rest;
        let mut slices = Vec::with_capacity(self.net.hidden.len());
        for layer in &self.net.hidden {
            let (slice, tail) = split_layer(rest, layer.inputs, layer.outputs);
            slices.push(slice);
            rest = tail;
        }
        self.net
            .hidden
            .par_iter_mut()
            .zip(&mut self.back)
            .zip(slices)
            .for_each(|((layer, back), (weight, bias))| {
                layer.load(weight, bias, step);
                pack_columns(back, weight, layer.outputs, layer.inputs, step);
            });
        let (last, _) = split_layer(rest, self.net.last.inputs, OUTPUTS);
        self.net.last.load(last.0, last.1);
    }

    /// Runs all blocks; returns how many lanes took part.
    fn run(&mut self, xt: &[f32], t: &[f32], target: &[f32]) -> usize {
        let block = t.len().div_ceil(MAX_LANES).next_multiple_of(2);
        let block = block.clamp(MIN_BLOCK, MAX_BLOCK);
        let blocks = t.len().div_ceil(block);
        let particles = block * blocks.div_ceil(MAX_LANES);
        let lanes = t.len().div_ceil(particles);
        while self.lanes.len() < lanes {
            self.lanes.push(Gradients::zeros(&self.net));
        }
        // Derivative of the mean square: 2 (v - u) / 2b.
        let scale = 1.0 / t.len() as f32;
        let (net, back) = (&self.net, &self.back);
        let room = backward::scratch_len(net, block + ROW_SLACK);
        self.lanes[..lanes]
            .par_iter_mut()
            .zip(xt.par_chunks(2 * particles))
            .zip(t.par_chunks(particles))
            .zip(target.par_chunks(2 * particles))
            .for_each(|(((lane, xt), t), target)| {
                lane.loss = 0.0;
                with_scratch(room, |scratch| {
                    let parts = xt.chunks(2 * block).zip(t.chunks(block));
                    let parts = parts.zip(target.chunks(2 * block)).enumerate();
                    for (i, ((xt, t), target)) in parts {
                        let batch = Batch {
                            xt,
                            t,
                            target,
                            scale,
                        };
                        backward::block(net, back, batch, lane, i == 0, scratch);
                    }
                });
            });
        lanes
    }

    /// Adds the lanes up in their order and returns their sum of squared errors.
    fn collect(&self, lanes: usize, grads: &mut [f32]) -> f64 {
        let lanes = &self.lanes[..lanes];
        let depth = self.shape.len() - 1;
        let mut rest = grads;
        for (l, pair) in self.shape.windows(2).enumerate() {
            let (inputs, outputs) = (pair[0], pair[1]);
            let (weight, tail) = rest.split_at_mut(inputs * outputs);
            let (bias, tail) = tail.split_at_mut(outputs);
            rest = tail;
            if l == 0 {
                for (o, row) in weight.chunks_exact_mut(INPUTS).enumerate() {
                    for (i, w) in row.iter_mut().enumerate() {
                        *w = lanes.iter().map(|lane| lane.first[i][o]).sum();
                    }
                }
                sum_rows(bias, lanes, |lane| &lane.first[INPUTS]);
            } else if l + 1 < depth {
                let width = inputs.next_multiple_of(self.net.step);
                let rows = weight.par_chunks_exact_mut(inputs).with_min_len(16);
                rows.enumerate().for_each(|(o, row)| {
                    sum_rows(row, lanes, |lane| &lane.hidden[l - 1].0[o * width..]);
                });
                sum_rows(bias, lanes, |lane| &lane.hidden[l - 1].1);
            } else {
                for (o, row) in weight.chunks_exact_mut(inputs).enumerate() {
                    sum_rows(row, lanes, |lane| &lane.last[o]);
                }
                sum_rows(bias, lanes, |lane| &lane.last_bias);
            }
        }
        lanes.iter().map(|lane| lane.loss).sum()
    }
}

impl Gradients {
    fn zeros(net: &Prepared) -> Self {
        let mut width = net.first.width;
        let mut hidden = Vec::with_capacity(net.hidden.len());
        for layer in &net.hidden {
            let weight = Aligned::zeros((layer.outputs + ROW_SLACK) * width);
            hidden.push((weight, Aligned::zeros(layer.width)));
            width = layer.width;
        }
        Self {
            first: std::array::from_fn(|_| Aligned::zeros(net.first.width)),
            hidden,
            last: std::array::from_fn(|_| Aligned::zeros(net.last.width)),
            last_bias: [0.0; OUTPUTS],
            loss: 0.0,
        }
    }
}

/// `([weight, bias], rest)` of a flat vector.
fn split_layer(flat: &[f32], inputs: usize, outputs: usize) -> ((&[f32], &[f32]), &[f32]) {
    let (weight, rest) = flat.split_at(inputs * outputs);
    let (bias, rest) = rest.split_at(outputs);
    ((weight, bias), rest)
}

/// Sums one row of all lanes, in their order.
fn sum_rows<'a>(out: &mut [f32], lanes: &'a [Gradients], row: impl Fn(&'a Gradients) -> &'a [f32]) {
    let n = out.len();
    out.copy_from_slice(&row(&lanes[0])[..n]);
    for lane in &lanes[1..] {
        for (sum, &value) in out.iter_mut().zip(&row(lane)[..n]) {
            *sum += value;
        }
    }
}
