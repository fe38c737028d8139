//! Exponential average of a module's weights.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

/// `average ← decay · average + (1 - decay) · module`, weight by weight.
///
/// The weights are matched by their ids, so `average` has to stem from a copy of the module,
/// such as `module.valid()`. It never takes part in a gradient.
pub fn update<M: Module>(average: M, module: &M, decay: f64) -> M {
    let mut weights = Collect::default();
    module.visit(&mut weights);
    average.map(&mut Mix {
        weights: weights.0,
        decay: decay as f32,
    })
}

/// The decay after `steps` steps, `min(decay, (1 + steps) / (10 + steps))`: a young average must
/// not hold on to the first, random weights.
pub fn warmed_up(decay: f64, steps: usize) -> f64 {
    let steps = steps as f64;
    decay.min((1.0 + steps) / (10.0 + steps))
}

/// Every weight as a flat tensor outside any graph.
#[derive(Default)]
struct Collect(HashMap<ParamId, Tensor<1>>);

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val().without_autodiff();
        let length = value.shape().num_elements();
        self.0.insert(param.id, value.reshape([length]));
    }
}

struct Mix {
    weights: HashMap<ParamId, Tensor<1>>,
    decay: f32,
}

impl ModuleMapper for Mix {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let new = self.weights.remove(&param.id);
        let new = new.expect("the average is a copy of the module");
        let decay = self.decay;
        param.map(|old| {
            let old = old.without_autodiff();
            let new = new.reshape(old.dims());
            old * decay + new * (1.0 - decay)
        })
    }
}
