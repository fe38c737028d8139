//! The U-Net of seed 002, for the posterior and for the velocity.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::layers::{apply, apply_conv, conv};
use super::ops;

/// Sizes of a [`Unet`].
#[derive(Config, Debug)]
pub struct UnetConfig {
    /// Channels of a picture.
    pub channels: usize,
    /// Channels of the result.
    pub outputs: usize,
    /// Channels of each level, the full picture first; each level halves the side.
    pub widths: Vec<usize>,
    /// Whether it is told the time.
    pub timed: bool,
}

impl UnetConfig {
    /// A network with random weights.
    ///
    /// # Panics
    /// When there are no levels.
    pub fn init(&self, device: &Device) -> Unet {
        let widths = &self.widths;
        let deepest = *widths.last().expect("a U-Net has levels");
        let mut down = vec![self.level(self.channels, widths[0], device)];
        for pair in widths.windows(2) {
            down.push(self.level(pair[0], pair[1], device));
        }
        let mut up = Vec::new();
        for pair in widths.windows(2).rev() {
            up.push(self.level(pair[1] + pair[0], pair[0], device));
        }
        // The last layer of a velocity looks at neighbours, that of a posterior at the point.
        let side = if self.timed { 3 } else { 1 };
        Unet {
            down,
            up,
            whole: self
                .timed
                .then(|| LinearConfig::new(deepest, deepest).init(device)),
            output: conv([widths[0], self.outputs], side, 1, device),
        }
    }

    fn level(&self, inputs: usize, outputs: usize, device: &Device) -> Level {
        Level {
            conv: conv([inputs, outputs], 3, 1, device),
            scale: Param::from_tensor(Tensor::ones([outputs], device)),
            shift: Param::from_tensor(Tensor::zeros([outputs], device)),
            time: self
                .timed
                .then(|| LinearConfig::new(1, outputs).init(device)),
        }
    }
}

/// Levels of convolution, norm over the whole picture, time bias and ReLU; on the way down each
/// halves the picture by its largest points, on the way up it is stretched and joined by what the
/// way down had at that size. A linear layer on the mean over the smallest picture tells every
/// point of the whole, beside the convolution: seed 002's own code loses the convolution there.
///
/// Source: Cho's code of seed 002; Ronneberger et al. 2015.
#[derive(Module, Debug)]
pub struct Unet {
    down: Vec<Level>,
    up: Vec<Level>,
    whole: Option<Linear>,
    output: Conv2d,
}

#[derive(Module, Debug)]
struct Level {
    conv: Conv2d,
    scale: Param<Tensor<1>>,
    shift: Param<Tensor<1>>,
    time: Option<Linear>,
}

impl Unet {
    /// `[batch, s, s, outputs]` of pictures `[batch, s, s, channels]`, at times `[batch, 1]` where
    /// the network is told them.
    pub fn forward(&self, x: Tensor<4>, t: Option<Tensor<2>>) -> Tensor<4> {
        let mut skips = Vec::with_capacity(self.down.len());
        let mut h = x;
        for (i, level) in self.down.iter().enumerate() {
            if i > 0 {
                h = ops::max_pool(h);
            }
            h = level.forward(h, t.as_ref());
            skips.push(h.clone());
        }
        skips.pop();
        if let Some(whole) = &self.whole {
            let [batch, height, width, c] = h.dims();
            let mean = h.clone().reshape([batch, height * width, c]).mean_dim(1);
            let told = apply(whole, mean.reshape([batch, c]), None);
            h = h + told.reshape([batch, 1, 1, c]);
        }
        for (level, skip) in self.up.iter().zip(skips.into_iter().rev()) {
            let [_, height, width, _] = skip.dims();
            let stretched = ops::stretch(h, [height, width]);
            h = level.forward(Tensor::cat(vec![stretched, skip], 3), t.as_ref());
        }
        apply_conv(&self.output, h, None)
    }
}

impl Level {
    fn forward(&self, x: Tensor<4>, t: Option<&Tensor<2>>) -> Tensor<4> {
        let h = apply_conv(&self.conv, x, None);
        let [batch, _, _, c] = h.dims();
        let shift = self.shift.val().reshape([1, c]);
        let shift = match (&self.time, t) {
            (Some(time), Some(t)) => apply(time, t.clone(), None) + shift,
            _ => shift.repeat_dim(0, batch),
        };
        ops::group_norm_relu(h, self.scale.val(), shift)
    }
}
