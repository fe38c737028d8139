//! Weights padded and packed for the running processor.

use pulp::Arch;

use super::aligned::Aligned;
use super::simd::Lanes;
use super::tile::TILE_VECTORS;
use super::weights::{Activation, INPUTS, LinearWeights, MlpWeights, OUTPUTS};

/// Rows that tiles may touch beyond the last one of a block.
pub const ROW_SLACK: usize = 9;

/// Row length of a block whose layer has `width` padded columns.
///
/// One cache line more than the columns: rows a power of two apart would share cache sets.
#[inline(always)]
pub fn row_length(width: usize) -> usize {
    width + 16
}

/// The first layer, `[width]` for each of x, y, t and the bias.
pub struct First {
    pub width: usize,
    pub x: Aligned,
    pub y: Aligned,
    pub t: Aligned,
    pub bias: Aligned,
}

/// A layer between hidden ones.
pub struct Hidden {
    pub inputs: usize,
    pub outputs: usize,
    /// Outputs, padded with zeros to whole tiles.
    pub width: usize,
    /// `[tiles][inputs][columns of a tile]`.
    pub packed: Aligned,
    pub bias: Aligned,
}

/// The last layer, `[width]` for each of the two outputs.
pub struct Last {
    pub inputs: usize,
    pub width: usize,
    pub x: Aligned,
    pub y: Aligned,
    pub bias: [f32; OUTPUTS],
}

/// A network in the layout that the kernels read.
pub struct Prepared {
    pub arch: Arch,
    pub activation: Activation,
    /// Columns of a tile.
    pub step: usize,
    pub first: First,
    pub hidden: Vec<Hidden>,
    pub last: Last,
}

impl Prepared {
    /// A network of zeros with the sizes `shape`, which must have passed
    /// [`MlpWeights::validate`].
    pub fn zeros(shape: &[usize], activation: Activation, arch: Arch) -> Self {
        let step = TILE_VECTORS * arch.dispatch(Lanes);
        let pad = |n: usize| n.next_multiple_of(step);
        let depth = shape.len() - 1;
        let width = pad(shape[1]);
        let zeros = || Aligned::zeros(width);
        let first = First {
            width,
            x: zeros(),
            y: zeros(),
            t: zeros(),
            bias: zeros(),
        };
        let hidden = shape[1..depth]
            .windows(2)
            .map(|pair| Hidden {
                inputs: pair[0],
                outputs: pair[1],
                width: pad(pair[1]),
                packed: Aligned::zeros(pair[0] * pad(pair[1])),
                bias: Aligned::zeros(pad(pair[1])),
            })
            .collect();
        let inputs = shape[depth - 1];
        let last = Last {
            inputs,
            width: pad(inputs),
            x: Aligned::zeros(pad(inputs)),
            y: Aligned::zeros(pad(inputs)),
            bias: [0.0; OUTPUTS],
        };
        Self {
            arch,
            activation,
            step,
            first,
            hidden,
            last,
        }
    }

    /// A network with these weights, which must have passed [`MlpWeights::validate`].
    pub fn new(weights: &MlpWeights, arch: Arch) -> Self {
        let mut net = Self::zeros(&weights.shape(), weights.activation, arch);
        let layers = &weights.layers;
        let slices = |layer: &LinearWeights| (layer.weight.clone(), layer.bias.clone());
        let depth = layers.len();
        for (i, (weight, bias)) in layers.iter().map(slices).enumerate() {
            if i == 0 {
                net.first.load(&weight, &bias);
            } else if i + 1 < depth {
                net.hidden[i - 1].load(&weight, &bias, net.step);
            } else {
                net.last.load(&weight, &bias);
            }
        }
        net
    }

    /// Longest row of any layer's block.
    #[inline]
    pub fn longest_row(&self) -> usize {
        let widths = self.hidden.iter().map(|layer| layer.width);
        row_length(widths.fold(self.first.width, usize::max))
    }
}

impl First {
    /// Takes `weight` `[outputs, 3]` and `bias` `[outputs]`.
    pub fn load(&mut self, weight: &[f32], bias: &[f32]) {
        for (o, row) in weight.chunks_exact(INPUTS).enumerate() {
            self.x[o] = row[0];
            self.y[o] = row[1];
            self.t[o] = row[2];
        }
        self.bias[..bias.len()].copy_from_slice(bias);
    }
}

impl Hidden {
    /// Takes `weight` `[outputs, inputs]` and `bias` `[outputs]`; `step` columns make a tile.
    pub fn load(&mut self, weight: &[f32], bias: &[f32], step: usize) {
        self.bias[..bias.len()].copy_from_slice(bias);
        let inputs = self.inputs;
        let tiles = self.packed.chunks_exact_mut(inputs * step);
        for (tile, rows) in tiles.zip(weight.chunks(inputs * step)) {
            for (j, row) in rows.chunks_exact(inputs).enumerate() {
                for (lanes, &w) in tile.chunks_exact_mut(step).zip(row) {
                    lanes[j] = w;
                }
            }
        }
    }
}

impl Last {
    /// Takes `weight` `[2, inputs]` and `bias` `[2]`.
    pub fn load(&mut self, weight: &[f32], bias: &[f32]) {
        let (x, y) = weight.split_at(self.inputs);
        self.x[..x.len()].copy_from_slice(x);
        self.y[..y.len()].copy_from_slice(y);
        self.bias.copy_from_slice(bias);
    }
}

/// Packs `weight` `[outputs, inputs]` for products `D W`: `[tiles of inputs][outputs][step]`.
pub fn pack_columns(
    packed: &mut [f32],
    weight: &[f32],
    outputs: usize,
    inputs: usize,
    step: usize,
) {
    for (tile, columns) in packed.chunks_exact_mut(outputs * step).enumerate() {
        let col = tile * step;
        let n = step.min(inputs - col);
        for (lanes, row) in columns
            .chunks_exact_mut(step)
            .zip(weight.chunks_exact(inputs))
        {
            lanes[..n].copy_from_slice(&row[col..col + n]);
        }
    }
}
