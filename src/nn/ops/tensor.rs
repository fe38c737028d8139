//! flex tensors as slices, and an operation with its derivative on them.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::TensorData;

/// A tensor on the processor.
pub type Host = FloatTensor<Flex>;

/// A tensor whose numbers lie row by row.
pub fn contiguous(tensor: &Host) -> Host {
    if tensor.as_slice::<f32>().is_some() {
        tensor.clone()
    } else {
        tensor.to_contiguous()
    }
}

/// The numbers of a [`contiguous`] tensor.
pub fn numbers(tensor: &Host) -> &[f32] {
    tensor.as_slice().expect("the tensor lies row by row")
}

/// A tensor's lengths.
pub fn dims<const D: usize>(tensor: &Host) -> [usize; D] {
    tensor.shape().dims()
}

/// A tensor of the given lengths.
pub fn host(values: Vec<f32>, shape: &[usize]) -> Host {
    Host::from_data(TensorData::new(values, shape))
}

/// An operation on `N` tensors with its derivative.
pub trait Operation<const N: usize>: Clone + Debug + Send + 'static {
    /// What the derivative needs.
    type Saved: Clone + Debug + Send + 'static;

    /// The result, from contiguous inputs.
    fn forward(&self, inputs: &[Host; N]) -> (Host, Self::Saved);

    /// The gradients with respect to those inputs that are `wanted`, from that of the result.
    fn backward(
        &self,
        inputs: &[Host; N],
        saved: Self::Saved,
        grad: Host,
        wanted: [bool; N],
    ) -> [Option<Host>; N];
}

/// Runs an operation outside any graph.
pub fn run<O: Operation<N>, const N: usize>(operation: O, inputs: [Host; N]) -> Host {
    operation
        .forward(&inputs.map(|tensor| contiguous(&tensor)))
        .0
}

/// Runs an operation as a node of the graph.
pub fn track<O: Operation<N>, C: CheckpointStrategy, const N: usize>(
    operation: O,
    inputs: [FloatTensor<Autodiff<Flex, C>>; N],
) -> FloatTensor<Autodiff<Flex, C>> {
    let nodes = inputs.each_ref().map(|tensor| tensor.node());
    let inputs = inputs.map(|tensor| contiguous(tensor.primitive()));
    let (output, saved) = operation.forward(&inputs);
    match Node(operation)
        .prepare::<C>(nodes)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(prep) => prep.finish((inputs, saved), output),
        OpsKind::UnTracked(prep) => prep.finish(output),
    }
}

#[derive(Debug)]
struct Node<O>(O);

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Node<O> {
    type State = ([Host; N], O::Saved);

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = contiguous(&grads.consume::<Flex>(&ops.node));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let (inputs, saved) = ops.state;
        let results = self.0.backward(&inputs, saved, grad, wanted);
        for (parent, result) in ops.parents.into_iter().zip(results) {
            if let (Some(parent), Some(result)) = (parent, result) {
                grads.register::<Flex>(parent.id, result);
            }
        }
    }
}
