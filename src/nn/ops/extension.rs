//! The fused operations as an extension of burn's dispatch.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, backend_extension};

use super::attention::Attention;
use super::conv::{Conv, Geometry};
use super::dense::{FeedForward, Linear};
use super::group::GroupNorm;
use super::norm::{GatedAdd, Norm};
use super::resize::{MaxPool, Stretch};
use super::tensor::{run, track};
use crate::kernel::Activation;

/// What the fused operations compute is said where [`super`] offers them.
#[backend_extension(Flex, Autodiff)]
pub trait Fused: Backend {
    fn fused_linear(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    fn fused_feed_forward(
        x: FloatTensor<Self>,
        w1: FloatTensor<Self>,
        b1: FloatTensor<Self>,
        w2: FloatTensor<Self>,
        b2: FloatTensor<Self>,
        act: Activation,
    ) -> FloatTensor<Self>;

    fn fused_norm(
        x: FloatTensor<Self>,
        modulation: FloatTensor<Self>,
        at: usize,
    ) -> FloatTensor<Self>;

    fn fused_gated_add(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        modulation: FloatTensor<Self>,
        at: usize,
    ) -> FloatTensor<Self>;

    fn fused_attention(qkv: FloatTensor<Self>, heads: usize) -> FloatTensor<Self>;

    fn fused_conv(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
        geometry: Geometry,
    ) -> FloatTensor<Self>;

    fn fused_group_norm(
        x: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    fn fused_max_pool(x: FloatTensor<Self>) -> FloatTensor<Self>;

    fn fused_stretch(x: FloatTensor<Self>, to: [usize; 2]) -> FloatTensor<Self>;
}

/// Implements [`Fused`] by a function that runs an operation on an array of tensors.
macro_rules! implement {
    ($run:path) => {
        fn fused_linear(
            x: FloatTensor<Self>,
            w: FloatTensor<Self>,
            b: FloatTensor<Self>,
        ) -> FloatTensor<Self> {
            $run(Linear, [x, w, b])
        }

        fn fused_feed_forward(
            x: FloatTensor<Self>,
            w1: FloatTensor<Self>,
            b1: FloatTensor<Self>,
            w2: FloatTensor<Self>,
            b2: FloatTensor<Self>,
            act: Activation,
        ) -> FloatTensor<Self> {
            $run(FeedForward(act), [x, w1, b1, w2, b2])
        }

        fn fused_norm(
            x: FloatTensor<Self>,
            modulation: FloatTensor<Self>,
            at: usize,
        ) -> FloatTensor<Self> {
            $run(Norm { at }, [x, modulation])
        }

        fn fused_gated_add(
            x: FloatTensor<Self>,
            y: FloatTensor<Self>,
            modulation: FloatTensor<Self>,
            at: usize,
        ) -> FloatTensor<Self> {
            $run(GatedAdd { at }, [x, y, modulation])
        }

        fn fused_attention(qkv: FloatTensor<Self>, heads: usize) -> FloatTensor<Self> {
            $run(Attention { heads }, [qkv])
        }

        fn fused_conv(
            x: FloatTensor<Self>,
            w: FloatTensor<Self>,
            b: FloatTensor<Self>,
            geometry: Geometry,
        ) -> FloatTensor<Self> {
            $run(Conv(geometry), [x, w, b])
        }

        fn fused_group_norm(
            x: FloatTensor<Self>,
            scale: FloatTensor<Self>,
            shift: FloatTensor<Self>,
        ) -> FloatTensor<Self> {
            $run(GroupNorm, [x, scale, shift])
        }

        fn fused_max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
            $run(MaxPool, [x])
        }

        fn fused_stretch(x: FloatTensor<Self>, to: [usize; 2]) -> FloatTensor<Self> {
            $run(Stretch { to }, [x])
        }
    };
}

impl Fused for Flex {
    implement!(run);
}

impl<C: CheckpointStrategy> Fused for Autodiff<Flex, C> {
    implement!(track::<_, C, _>);
}
