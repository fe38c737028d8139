//! A network's weights in host memory, by name.

use std::sync::{Mutex, PoisonError};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;

use crate::nn::mlp::read_all;
use crate::train::batch::{Purpose, stream};

/// One tensor of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Its path in the network, such as `blocks.0.qkv.weight`.
    pub name: String,
    /// Its axes; a linear layer's weight is `[in, out]`.
    pub shape: Vec<usize>,
    /// Its numbers, row by row.
    pub values: Vec<f32>,
}

/// Reads every weight back, in the order of the network.
///
/// # Errors
/// When the device was lost.
pub fn collect<M: Module>(module: &M) -> Result<Vec<NamedTensor>, String> {
    let mut collector = Collector::default();
    module.visit(&mut collector);
    let values = read_all(collector.values)?;
    let named = collector.names.into_iter().zip(values);
    let named = named.map(|((name, shape), values)| NamedTensor {
        name,
        shape,
        values,
    });
    Ok(named.collect())
}

/// Puts weights into a network of the same shape, on the network's own device.
///
/// # Errors
/// Names the first tensor that is missing, has another shape, or is one too many.
pub fn load<M: Module>(module: M, tensors: &[NamedTensor]) -> Result<M, String> {
    let mut loader = Loader {
        path: Vec::new(),
        tensors,
        used: 0,
        fault: None,
    };
    let module = module.map(&mut loader);
    if let Some(fault) = loader.fault {
        return Err(fault);
    }
    if loader.used != tensors.len() {
        return Err(format!(
            "{} tensors, but the network has {}",
            tensors.len(),
            loader.used
        ));
    }
    Ok(module)
}

/// A network's first weights from a seed: the same on every device.
///
/// `init` builds the network on the device it is given.
pub fn fresh<M: Module>(seed: u64, init: impl FnOnce(&Device) -> M) -> Result<M, String> {
    // burn's generator is one for the whole process.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let flex = Device::flex();
    flex.seed(stream(seed, Purpose::Weights, 0).random());
    let module = init(&flex);
    // Weights are drawn when they are first looked at, which must happen here.
    let tensors = collect(&module)?;
    load(module, &tensors)
}

#[derive(Default)]
struct Collector {
    path: Vec<String>,
    names: Vec<(String, Vec<usize>)>,
    values: Vec<Tensor<1>>,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val().without_autodiff();
        self.names
            .push((self.path.join("."), value.dims().to_vec()));
        let length = value.shape().num_elements();
        self.values.push(value.reshape([length]));
    }
}

struct Loader<'a> {
    path: Vec<String>,
    tensors: &'a [NamedTensor],
    used: usize,
    fault: Option<String>,
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let Some(tensor) = self.tensors.iter().find(|tensor| tensor.name == name) else {
            self.fault
                .get_or_insert(format!("tensor {name} is missing"));
            return param;
        };
        self.used += 1;
        // Neither the shape nor the device makes burn draw first weights, which would come from the
        // process's one generator while another thread draws its own.
        let expected = param.lazy_shape().dims::<D>();
        if tensor.shape != expected {
            self.fault.get_or_insert(format!(
                "tensor {name}: expected {expected:?}, found {:?}",
                tensor.shape
            ));
            return param;
        }
        let data = TensorData::new(tensor.values.clone(), expected);
        let new = Tensor::from_data(data, &param.lazy_device());
        let id = param.id;
        param.transform_for_load(new, id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::nn::classifier::ClassifierConfig;

    #[test]
    fn fresh_weights_repeat_and_load_back() {
        let make = |seed| fresh(seed, |device| ClassifierConfig::new().init(device)).unwrap();
        let weights = collect(&make(3)).unwrap();
        assert_eq!(weights, collect(&make(3)).unwrap());
        assert_ne!(weights, collect(&make(4)).unwrap());
        let loaded = load(make(4), &weights).unwrap();
        assert_eq!(collect(&loaded).unwrap(), weights);
        assert!(weights.iter().any(|tensor| tensor.name == "convs.0.weight"));
    }

    #[test]
    fn fresh_weights_repeat_while_another_thread_loads() {
        let network = |device: &Device| ClassifierConfig::new().init(device);
        let weights = collect(&fresh(3, network).unwrap()).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    load(network(&Device::flex()), &weights).unwrap();
                }
            });
            let same = (0..20).all(|_| collect(&fresh(3, network).unwrap()).unwrap() == weights);
            done.store(true, Ordering::Relaxed);
            assert!(same, "loading took numbers from the generator");
        });
    }

    #[test]
    fn wrong_tensors_are_named() {
        let make = || fresh(0, |device| ClassifierConfig::new().init(device)).unwrap();
        let weights = collect(&make()).unwrap();
        let mut fewer = weights.clone();
        let gone = fewer.remove(1).name;
        let error = load(make(), &fewer).unwrap_err();
        assert_eq!(error, format!("tensor {gone} is missing"));
        let mut turned = weights.clone();
        turned[0].shape.reverse();
        let error = load(make(), &turned).unwrap_err();
        assert!(
            error.contains(&weights[0].name) && error.contains("expected"),
            "{error}"
        );
        let mut more = weights.clone();
        more.push(NamedTensor {
            name: "extra".to_owned(),
            shape: vec![1],
            values: vec![0.0],
        });
        assert!(load(make(), &more).unwrap_err().contains("the network has"));
    }
}
