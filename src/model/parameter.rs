//! Trainable arrays, and how the trainer sees a network: named parameters in layer groups.

use burn::tensor::{Device, Gradients, Tensor, TensorData};

use super::read_back::floats;

/// A trainable array of one or two dimensions.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The shape as PyTorch has it and as files store it: `[n]` or `[rows, columns]`.
    shape: Vec<usize>,
    /// `[1, n]` or `[rows, columns]`. A leaf of the autodiff graph while it is tracked, a constant otherwise.
    value: Tensor<2>,
}

impl Parameter {
    /// A parameter from row-major numbers.
    ///
    /// # Panics
    /// If `values` does not fill `shape`, or `shape` has neither one nor two dimensions.
    pub fn new(values: Vec<f32>, shape: &[usize], device: &Device) -> Self {
        assert!(matches!(shape.len(), 1 | 2), "a parameter of shape {shape:?}");
        let dims = if let [n] = *shape {
            [1, n]
        } else {
            [shape[0], shape[1]]
        };
        let value = Tensor::from_data(TensorData::new(values, dims), &device.clone().inner());
        Self {
            shape: shape.to_vec(),
            value,
        }
    }

    /// The shape as files store it.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// What a forward pass computes with, `[1, n]` or `[rows, columns]`.
    pub fn value(&self) -> Tensor<2> {
        self.value.clone()
    }

    /// The numbers, without a graph.
    pub fn constant(&self) -> Tensor<2> {
        self.value.clone().inner()
    }

    /// Makes the parameter a new leaf whose gradient is kept, or a constant.
    pub fn track(&mut self, on: bool) {
        let value = self.constant();
        self.value = if on {
            value.autodiff().require_grad()
        } else {
            value
        };
    }

    /// Takes the gradient out of `gradients`, if this parameter was tracked and took part in the loss.
    pub fn take_gradient(&self, gradients: &mut Gradients) -> Option<Tensor<2>> {
        self.value.grad_remove(gradients)
    }

    /// Replaces the numbers; the parameter is a constant afterwards.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn set(&mut self, value: Tensor<2>) {
        assert_eq!(self.value.dims(), value.dims(), "a parameter keeps its shape");
        self.value = value.inner();
    }

    /// Replaces the numbers by what `f` makes of them; the parameter is a constant afterwards. `f` alone holds them, so that
    /// on a processor it can write over them, unless a copy of the network has them too.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn update(&mut self, f: impl FnOnce(Tensor<2>) -> Tensor<2>) {
        let dims = self.value.dims();
        let nothing = Tensor::empty([1, 1], &self.value.device().inner());
        let value = f(std::mem::replace(&mut self.value, nothing).inner());
        assert_eq!(dims, value.dims(), "a parameter keeps its shape");
        self.value = value.inner();
    }

    /// The numbers on the host, row-major.
    ///
    /// # Errors
    /// When the device is lost or out of memory.
    pub async fn to_vec(&self) -> Result<Vec<f32>, String> {
        floats(self.constant()).await
    }
}

/// A network as trainer and files see it.
///
/// Groups go from the input to the output: discriminative rates fall, and gradual unfreezing proceeds, from the last
/// to the first.
pub trait Network: Clone {
    /// Names of the layer groups, first to last.
    fn groups(&self) -> Vec<String>;
    /// Calls `f` with group, name and parameter of everything that trains, in a fixed order.
    fn visit(&self, f: &mut dyn FnMut(usize, &str, &Parameter));
    /// As [`Network::visit`], to change them.
    fn visit_mut(&mut self, f: &mut dyn FnMut(usize, &str, &mut Parameter));

    /// A copy whose parameters are constants: for evaluation, and for parts that do not train.
    #[must_use]
    fn frozen(&self) -> Self {
        let mut copy = self.clone();
        copy.visit_mut(&mut |_, _, p| p.track(false));
        copy
    }

    /// Number of trainable numbers.
    fn parameter_count(&self) -> usize {
        let mut count = 0;
        self.visit(&mut |_, _, p| count += p.shape().iter().product::<usize>());
        count
    }
}
