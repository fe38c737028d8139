//! The velocity network of the image lab: a diffusion transformer.

use burn::config::Config;
use burn::module::{Initializer, Module};
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::layers::{apply, apply_pair, linear};
use super::ops;
use super::ops::plain::{channels_first, channels_last, permute};
use crate::kernel::Activation;

/// Numbers of the sinusoidal time embedding.
const FREQUENCIES: usize = 256;
/// The network sees times from 0 to 1000, as diffusion models count steps.
const TIME_SCALE: f32 = 1000.0;
/// The longest period of the embeddings.
const MAX_PERIOD: f32 = 10_000.0;

/// Sizes of a [`Dit`].
#[derive(Config, Debug)]
pub struct DitConfig {
    /// Channels of the picture or latent code.
    #[config(default = 4)]
    pub channels: usize,
    /// Points along one side.
    #[config(default = 4)]
    pub side: usize,
    /// Points along one side of a token.
    #[config(default = 1)]
    pub patch: usize,
    /// Numbers of a token inside the network.
    #[config(default = 128)]
    pub width: usize,
    /// Number of blocks.
    #[config(default = 4)]
    pub depth: usize,
    /// Attention heads.
    #[config(default = 4)]
    pub heads: usize,
    /// Width of the feed-forward layer as a multiple of `width`.
    #[config(default = 4)]
    pub mlp_ratio: usize,
    /// Number of classes; the label `classes` stands for "no class".
    #[config(default = 10)]
    pub classes: usize,
    /// Extra input channels of the tokens, for conditions.
    #[config(default = 0)]
    pub extra: usize,
    /// Channels of a map that a learned layer turns into the `extra` ones, point by point; 0 when
    /// these are given as they are.
    #[config(default = 0)]
    pub map: usize,
}

impl DitConfig {
    /// A network with random weights; its output is 0 until it is trained.
    ///
    /// # Panics
    /// When `patch` does not divide `side`, `heads` not `width`, or 4 not `width`.
    pub fn init(&self, device: &Device) -> Dit {
        assert!(
            self.side.is_multiple_of(self.patch),
            "patch must divide side"
        );
        assert!(
            self.width.is_multiple_of(self.heads),
            "heads must divide width"
        );
        assert!(self.width.is_multiple_of(4), "4 must divide width");
        let (d, area) = (self.width, self.patch * self.patch);
        let side = self.side / self.patch;
        let table = EmbeddingConfig::new(self.classes + 1, d).with_initializer(normal());
        Dit {
            patches: linear(area * (self.channels + self.extra), d, xavier(), device),
            time_in: linear(FREQUENCIES, d, normal(), device),
            time_out: linear(d, d, normal(), device),
            class: table.init(device),
            blocks: (0..self.depth).map(|_| self.block(device)).collect(),
            modulation: linear(d, 2 * d, Initializer::Zeros, device),
            output: linear(d, area * self.channels, Initializer::Zeros, device),
            positions: positions(side, d, device),
            rescaler: (self.map > 0).then(|| linear(self.map, self.extra, xavier(), device)),
            channels: self.channels,
            patch: self.patch,
        }
    }

    fn block(&self, device: &Device) -> Block {
        let (d, hidden) = (self.width, self.width * self.mlp_ratio);
        Block {
            modulation: linear(d, 6 * d, Initializer::Zeros, device),
            qkv: linear(d, 3 * d, xavier(), device),
            merge: linear(d, d, xavier(), device),
            mlp_in: linear(d, hidden, xavier(), device),
            mlp_out: linear(hidden, d, xavier(), device),
            heads: self.heads,
        }
    }
}

/// `v_θ(x, t, class)` for pictures: a transformer whose layer norms are scaled, shifted and gated
/// by time and class (adaLN-Zero).
///
/// Source: Peebles & Xie 2023, "Scalable diffusion models with transformers".
#[derive(Module, Debug)]
pub struct Dit {
    patches: Linear,
    time_in: Linear,
    time_out: Linear,
    class: Embedding,
    blocks: Vec<Block>,
    modulation: Linear,
    output: Linear,
    positions: Tensor<3>,
    rescaler: Option<Linear>,
    channels: usize,
    patch: usize,
}

#[derive(Module, Debug)]
struct Block {
    modulation: Linear,
    qkv: Linear,
    merge: Linear,
    mlp_in: Linear,
    mlp_out: Linear,
    heads: usize,
}

impl Dit {
    /// The velocities `[batch, channels, side, side]` at pictures x
    /// `[batch, channels + extra, side, side]` (`channels + map` where a map is rescaled), times t
    /// `[batch]` and labels `[batch]`, where the label `classes` means "no class".
    pub fn forward(&self, x: Tensor<4>, t: Tensor<1>, labels: Tensor<1, Int>) -> Tensor<4> {
        let [batch, all, height, width] = x.dims();
        let x = match &self.rescaler {
            None => x,
            Some(layer) => {
                let map = x.clone().narrow(1, self.channels, all - self.channels);
                let map = channels_first(apply(layer, channels_last(map), None));
                Tensor::cat(vec![x.narrow(1, 0, self.channels), map], 1)
            }
        };
        let time = apply(&self.time_in, time_embedding(t), Some(Activation::Silu));
        let time = apply(&self.time_out, time, None);
        let class = self.class.weight.val().select(0, labels);
        let condition = ops::plain::activate(time + class, Some(Activation::Silu));

        let tokens = patchify(x, self.patch);
        let mut h = apply(&self.patches, tokens, None) + self.positions.clone();
        for block in &self.blocks {
            h = block.forward(h, condition.clone());
        }
        let modulation = apply(&self.modulation, condition, None);
        let h = ops::layer_norm_modulate(h, modulation, 0);
        let out = apply(&self.output, h, None);
        unpatchify(out, self.patch, [batch, self.channels, height, width])
    }
}

impl Block {
    fn forward(&self, x: Tensor<3>, condition: Tensor<2>) -> Tensor<3> {
        // Parts: shift, scale and gate of the attention, then of the feed-forward layers.
        let m = apply(&self.modulation, condition, None);
        let h = ops::layer_norm_modulate(x.clone(), m.clone(), 0);
        let h = ops::attention(apply(&self.qkv, h, None), self.heads);
        let x = ops::gated_add(x, apply(&self.merge, h, None), m.clone(), 2);
        let h = ops::layer_norm_modulate(x.clone(), m.clone(), 3);
        let h = apply_pair(&self.mlp_in, &self.mlp_out, h, Activation::Gelu);
        ops::gated_add(x, h, m, 5)
    }
}

fn xavier() -> Initializer {
    Initializer::XavierUniform { gain: 1.0 }
}

fn normal() -> Initializer {
    Initializer::Normal {
        mean: 0.0,
        std: 0.02,
    }
}

/// `[batch, c, s, s]` to tokens `[batch, (s / p)², p p c]`.
fn patchify(x: Tensor<4>, p: usize) -> Tensor<3> {
    let [batch, c, height, width] = x.dims();
    let (rows, cols) = (height / p, width / p);
    permute(x.reshape([batch, c, rows, p, cols, p]), [0, 2, 4, 3, 5, 1]).reshape([
        batch,
        rows * cols,
        p * p * c,
    ])
}

/// The inverse of [`patchify`].
fn unpatchify(tokens: Tensor<3>, p: usize, [batch, c, height, width]: [usize; 4]) -> Tensor<4> {
    let points = tokens.reshape([batch, height / p, width / p, p, p, c]);
    permute(points, [0, 5, 1, 3, 2, 4]).reshape([batch, c, height, width])
}

/// `cos` and `sin` of `1000 t · 10000^(-i / half)`; t `[batch]`, result `[batch, FREQUENCIES]`.
fn time_embedding(t: Tensor<1>) -> Tensor<2> {
    let half = FREQUENCIES / 2;
    let rates: Vec<f32> = (0..half)
        .map(|i| TIME_SCALE * MAX_PERIOD.powf(-(i as f32) / half as f32))
        .collect();
    let rates = Tensor::<2>::from_data(TensorData::new(rates, [1, half]), &t.device());
    let angle = t.unsqueeze_dim::<2>(1) * rates;
    Tensor::cat(vec![angle.clone().cos(), angle.sin()], 1)
}

/// The fixed embedding `[1, side², d]` of the tokens' places: one half of the numbers for the
/// row, one for the column, each as sines and cosines.
fn positions(side: usize, d: usize, device: &Device) -> Tensor<3> {
    let quarter = d / 4;
    let mut values = Vec::with_capacity(side * side * d);
    for row in 0..side {
        for col in 0..side {
            for place in [row, col] {
                let angle = |i: usize| place as f32 * MAX_PERIOD.powf(-(i as f32) / quarter as f32);
                values.extend((0..quarter).map(|i| angle(i).sin()));
                values.extend((0..quarter).map(|i| angle(i).cos()));
            }
        }
    }
    Tensor::from_data(TensorData::new(values, [1, side * side, d]), device)
}
