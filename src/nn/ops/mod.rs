//! Operations of the image networks.
//!
//! On the processor each one is a single fused, vectorised and threaded node of burn's graph with
//! a derivative of its own; results do not depend on the number of threads. Elsewhere they are
//! compositions of burn's operations ([`plain`]), which burn fuses itself.
//!
//! Pictures lie as `[batch, height, width, channels]`, so that the channels of a point are
//! neighbours in memory and a convolution is a matrix product.

mod attention;
mod buffer;
mod columns;
mod conv;
mod dense;
mod extension;
mod group;
mod norm;
pub mod plain;
mod product;
mod resize;
mod tensor;

use burn::backend::{Dispatch, DispatchDevice};
use burn::tensor::Tensor;

use crate::kernel::Activation;
use conv::Geometry;
use extension::Fused;

/// The `ε` under the root of [`layer_norm_modulate`].
pub const NORM_EPSILON: f32 = 1e-6;
/// The `ε` under the root of [`group_norm_relu`], PyTorch's.
pub const GROUP_EPSILON: f32 = 1e-5;

/// Where a convolution's kernel lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Points between two positions of the kernel.
    pub stride: usize,
    /// Zeros on each side of the picture.
    pub padding: usize,
}

/// `x w + b`; x `[..., inputs]`, w `[inputs, outputs]`, b `[outputs]`.
pub fn linear<const D: usize>(x: Tensor<D>, w: Tensor<2>, b: Tensor<1>) -> Tensor<D> {
    if !on_processor(&x) {
        return plain::linear(x, w, b);
    }
    let mut shape = x.dims();
    let rows = flat_rows(x).into_dispatch();
    shape[D - 1] = b.dims()[0];
    let y = Dispatch::fused_linear(rows, w.into_dispatch(), b.into_dispatch());
    Tensor::<2>::from_dispatch(y).reshape(shape)
}

/// `act(x w1 + b1) w2 + b2`; x `[..., inputs]`, w1 `[inputs, hidden]`, w2 `[hidden, outputs]`.
pub fn feed_forward<const D: usize>(
    x: Tensor<D>,
    [w1, w2]: [Tensor<2>; 2],
    [b1, b2]: [Tensor<1>; 2],
    act: Activation,
) -> Tensor<D> {
    if !on_processor(&x) {
        return plain::feed_forward(x, [w1, w2], [b1, b2], act);
    }
    let mut shape = x.dims();
    shape[D - 1] = b2.dims()[0];
    let y = Dispatch::fused_feed_forward(
        flat_rows(x).into_dispatch(),
        w1.into_dispatch(),
        b1.into_dispatch(),
        w2.into_dispatch(),
        b2.into_dispatch(),
        act,
    );
    Tensor::<2>::from_dispatch(y).reshape(shape)
}

/// `(x - mean) / √(variance + ε) · (1 + scale) + shift` over the last axis; x `[batch, n, d]`,
/// modulation `[batch, parts d]`, of which parts `at` and `at + 1` are shift and scale.
///
/// Source: Peebles & Xie 2023, section 3.2 (adaLN).
pub fn layer_norm_modulate(x: Tensor<3>, modulation: Tensor<2>, at: usize) -> Tensor<3> {
    if !on_processor(&x) {
        return plain::layer_norm_modulate(x, modulation, at);
    }
    let (x, modulation) = (x.into_dispatch(), modulation.into_dispatch());
    Tensor::from_dispatch(Dispatch::fused_norm(x, modulation, at))
}

/// `x + gate · y`; x, y `[batch, n, d]`, modulation `[batch, parts d]`, part `at` is the gate.
pub fn gated_add(x: Tensor<3>, y: Tensor<3>, modulation: Tensor<2>, at: usize) -> Tensor<3> {
    if !on_processor(&x) {
        return plain::gated_add(x, y, modulation, at);
    }
    let (x, y) = (x.into_dispatch(), y.into_dispatch());
    let sum = Dispatch::fused_gated_add(x, y, modulation.into_dispatch(), at);
    Tensor::from_dispatch(sum)
}

/// `softmax(q kᵀ / √(d / heads)) v` of every head; qkv `[batch, n, 3 d]`, result `[batch, n, d]`.
pub fn attention(qkv: Tensor<3>, heads: usize) -> Tensor<3> {
    if !on_processor(&qkv) {
        return plain::attention(qkv, heads);
    }
    Tensor::from_dispatch(Dispatch::fused_attention(qkv.into_dispatch(), heads))
}

/// `act(x * w + b)`; x `[batch, h, w, inputs]`, w `[outputs, inputs, k, k]`, b `[outputs]`.
pub fn conv(
    x: Tensor<4>,
    w: Tensor<4>,
    b: Tensor<1>,
    place: Placement,
    act: Option<Activation>,
) -> Tensor<4> {
    if !on_processor(&x) {
        return plain::conv(x, w, b, place, act);
    }
    fused_conv(x, w, b, place, act, false)
}

/// The transpose of [`conv`] with respect to x, then bias and activation;
/// x `[batch, h, w, inputs]`, w `[inputs, outputs, k, k]`, b `[outputs]`,
/// height of the result `(h - 1) stride + k - 2 padding`.
pub fn conv_transposed(
    x: Tensor<4>,
    w: Tensor<4>,
    b: Tensor<1>,
    place: Placement,
    act: Option<Activation>,
) -> Tensor<4> {
    if !on_processor(&x) {
        return plain::conv_transposed(x, w, b, place, act);
    }
    fused_conv(x, w, b, place, act, true)
}

/// `max(0, (x - mean) / √(variance + ε) · scale + shift)` with one mean and variance for each
/// picture; x `[batch, h, w, c]`, scale `[c]`, shift `[batch, c]`.
///
/// Source: Wu & He 2018, group normalisation with one group.
pub fn group_norm_relu(x: Tensor<4>, scale: Tensor<1>, shift: Tensor<2>) -> Tensor<4> {
    if !on_processor(&x) {
        return plain::group_norm_relu(x, scale, shift);
    }
    let (x, scale) = (x.into_dispatch(), scale.into_dispatch());
    Tensor::from_dispatch(Dispatch::fused_group_norm(x, scale, shift.into_dispatch()))
}

/// The largest of each 2 × 2 points, `[batch, h, w, c]` to `[batch, h / 2, w / 2, c]`.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    if !on_processor(&x) {
        return plain::max_pool(x);
    }
    Tensor::from_dispatch(Dispatch::fused_max_pool(x.into_dispatch()))
}

/// Bilinear stretch of `[batch, h, w, c]` to height and width `to`, the corners kept.
pub fn stretch(x: Tensor<4>, to: [usize; 2]) -> Tensor<4> {
    if !on_processor(&x) {
        return plain::stretch(x, to);
    }
    Tensor::from_dispatch(Dispatch::fused_stretch(x.into_dispatch(), to))
}

fn fused_conv(
    x: Tensor<4>,
    w: Tensor<4>,
    b: Tensor<1>,
    place: Placement,
    act: Option<Activation>,
    transposed: bool,
) -> Tensor<4> {
    let geometry = Geometry {
        stride: place.stride,
        padding: place.padding,
        transposed,
        act,
    };
    let (x, w, b) = (x.into_dispatch(), w.into_dispatch(), b.into_dispatch());
    Tensor::from_dispatch(Dispatch::fused_conv(x, w, b, geometry))
}

/// Whether the fused operations can take a tensor.
fn on_processor<const D: usize>(x: &Tensor<D>) -> bool {
    let device = x.device().without_autodiff();
    matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}

fn flat_rows<const D: usize>(x: Tensor<D>) -> Tensor<2> {
    let inputs = x.dims()[D - 1];
    let rows = x.shape().num_elements() / inputs;
    x.reshape([rows, inputs])
}
