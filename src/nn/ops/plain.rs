//! The operations as compositions of burn's own: what a GPU runs, where burn fuses them, and what
//! the fused ones are tested against.

use burn::tensor::activation;
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Tensor, TensorData};

use super::resize::taps;
use super::{GROUP_EPSILON, NORM_EPSILON, Placement};
use crate::kernel::Activation;

/// See [`super::linear`].
pub fn linear<const D: usize>(x: Tensor<D>, w: Tensor<2>, b: Tensor<1>) -> Tensor<D> {
    burn::tensor::module::linear(x, w, Some(b))
}

/// See [`super::feed_forward`].
pub fn feed_forward<const D: usize>(
    x: Tensor<D>,
    [w1, w2]: [Tensor<2>; 2],
    [b1, b2]: [Tensor<1>; 2],
    act: Activation,
) -> Tensor<D> {
    linear(activate(linear(x, w1, b1), Some(act)), w2, b2)
}

/// The axes of x in another order, as `Tensor::permute` has them, by exchanges of two: where burn
/// 0.22.1 sends that one's name to another machine, it says that the numbers were whole ones.
///
/// # Panics
/// When an axis is missing.
pub fn permute<const D: usize>(mut x: Tensor<D>, axes: [usize; D]) -> Tensor<D> {
    let mut order: [usize; D] = std::array::from_fn(|i| i);
    for (to, axis) in axes.into_iter().enumerate() {
        let from = order.iter().position(|have| *have == axis);
        let from = from.expect("each axis once");
        if from != to {
            x = x.swap_dims(to, from);
            order.swap(to, from);
        }
    }
    x
}

/// `[batch, h, w, c]` to `[batch, c, h, w]`.
pub fn channels_first(x: Tensor<4>) -> Tensor<4> {
    permute(x, [0, 3, 1, 2])
}

/// `[batch, c, h, w]` to `[batch, h, w, c]`.
pub fn channels_last(x: Tensor<4>) -> Tensor<4> {
    permute(x, [0, 2, 3, 1])
}

/// `f(x)` at every number, or x itself.
pub fn activate<const D: usize>(x: Tensor<D>, act: Option<Activation>) -> Tensor<D> {
    match act {
        None => x,
        Some(Activation::Gelu) => activation::gelu(x),
        Some(Activation::Relu) => activation::relu(x),
        Some(Activation::Silu) => activation::silu(x),
        Some(Activation::Tanh) => activation::tanh(x),
    }
}

/// `(x - mean) / √(variance + ε) · (1 + scale) + shift` over the last axis; x `[batch, n, d]`,
/// modulation `[batch, parts d]`, of which parts `at` and `at + 1` are shift and scale.
///
/// Source: Peebles & Xie 2023, section 3.2 (adaLN).
pub fn layer_norm_modulate(x: Tensor<3>, modulation: Tensor<2>, at: usize) -> Tensor<3> {
    let d = x.dims()[2];
    let (shift, scale) = (part(&modulation, at, d), part(&modulation, at + 1, d));
    let centred = x.clone() - x.mean_dim(2);
    let variance = centred.clone().powi_scalar(2).mean_dim(2);
    let norm = centred / (variance + NORM_EPSILON).sqrt();
    norm * (scale + 1.0) + shift
}

/// `x + gate · y`; x, y `[batch, n, d]`, modulation `[batch, parts d]`, part `at` is the gate.
pub fn gated_add(x: Tensor<3>, y: Tensor<3>, modulation: Tensor<2>, at: usize) -> Tensor<3> {
    let d = x.dims()[2];
    x + part(&modulation, at, d) * y
}

/// Part `at` of width d of `[batch, parts d]` as `[batch, 1, d]`.
fn part(modulation: &Tensor<2>, at: usize, d: usize) -> Tensor<3> {
    modulation.clone().narrow(1, at * d, d).unsqueeze_dim(1)
}

/// `softmax(q kᵀ / √(d / heads)) v` of every head; qkv `[batch, n, 3 d]`, result `[batch, n, d]`.
pub fn attention(qkv: Tensor<3>, heads: usize) -> Tensor<3> {
    let [batch, n, triple] = qkv.dims();
    let width = triple / 3 / heads;
    let qkv = permute(qkv.reshape([batch, n, 3, heads, width]), [2, 0, 3, 1, 4]);
    let take = |i| qkv.clone().narrow(0, i, 1).squeeze_dim::<4>(0);
    let (q, k, v) = (take(0), take(1), take(2));
    let scores = q.matmul(k.swap_dims(2, 3)) * (1.0 / (width as f32).sqrt());
    let out = activation::softmax(scores, 3).matmul(v);
    out.swap_dims(1, 2).reshape([batch, n, heads * width])
}

/// `act(x * w + b)`; x `[batch, h, w, inputs]`, w `[outputs, inputs, k, k]`, b `[outputs]`.
pub fn conv(
    x: Tensor<4>,
    w: Tensor<4>,
    b: Tensor<1>,
    place: Placement,
    act: Option<Activation>,
) -> Tensor<4> {
    let (stride, padding) = ([place.stride; 2], [place.padding; 2]);
    let options = ConvOptions::new(stride, padding, [1, 1], 1);
    let y = conv2d(channels_first(x), w, Some(b), options);
    activate(channels_last(y), act)
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
    let (stride, padding) = ([place.stride; 2], [place.padding; 2]);
    let options = ConvTransposeOptions::new(stride, padding, [0, 0], [1, 1], 1);
    let y = conv_transpose2d(channels_first(x), w, Some(b), options);
    activate(channels_last(y), act)
}

/// See [`super::group_norm_relu`].
pub fn group_norm_relu(x: Tensor<4>, scale: Tensor<1>, shift: Tensor<2>) -> Tensor<4> {
    let [batch, h, w, c] = x.dims();
    let flat = x.reshape([batch, h * w * c]);
    let centred = flat.clone() - flat.mean_dim(1);
    let variance = centred.clone().powi_scalar(2).mean_dim(1);
    let norm = (centred / (variance + GROUP_EPSILON).sqrt()).reshape([batch, h * w, c]);
    let y = norm * scale.reshape([1, 1, c]) + shift.unsqueeze_dim(1);
    activation::relu(y).reshape([batch, h, w, c])
}

/// See [`super::max_pool`].
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    let [batch, height, width, c] = x.dims();
    let [h, w] = [height / 2, width / 2];
    let even = x.narrow(1, 0, 2 * h).narrow(2, 0, 2 * w);
    let pairs = even.reshape([batch * h, 2, w, 2 * c]);
    let part = |row: usize, column: usize| pairs.clone().narrow(1, row, 1).narrow(3, column * c, c);
    let top = part(0, 0).max_pair(part(0, 1));
    let bottom = part(1, 0).max_pair(part(1, 1));
    top.max_pair(bottom).reshape([batch, h, w, c])
}

/// See [`super::stretch`].
pub fn stretch(x: Tensor<4>, to: [usize; 2]) -> Tensor<4> {
    let [_, h, w, _] = x.dims();
    let device = x.device();
    let matrix = |from: usize, to: usize| {
        let mut values = vec![0.0_f32; to * from];
        for (i, (first, second, share)) in taps(from, to).into_iter().enumerate() {
            values[i * from + first] += 1.0 - share;
            values[i * from + second] += share;
        }
        Tensor::<2>::from_data(TensorData::new(values, [to, from]), &device).unsqueeze::<4>()
    };
    let [b, _, _, c] = x.dims();
    // One picture of one channel at a time is a matrix; its rows, then its columns.
    let pictures = channels_first(x).reshape([1, b * c, h, w]);
    let tall = matrix(h, to[0]).matmul(pictures);
    let wide = tall.matmul(matrix(w, to[1]).swap_dims(2, 3));
    channels_last(wide.reshape([b, c, to[0], to[1]]))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn axes_come_in_the_order_of_permute() {
        let numbers: Vec<f32> = (0..360).map(|i| i as f32).collect();
        let x = Tensor::<5>::from_data(TensorData::new(numbers, [2, 3, 4, 5, 3]), &Device::flex());
        for axes in [
            [0, 1, 2, 3, 4],
            [2, 0, 3, 1, 4],
            [4, 3, 2, 1, 0],
            [1, 2, 3, 4, 0],
            [3, 4, 0, 2, 1],
        ] {
            let own = permute(x.clone(), axes).into_data();
            assert_eq!(own, x.clone().permute(axes).into_data());
        }
    }
}
