//! The loss in plain tensors, differentiated by Burn.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};

/// Negative log-likelihood of each target, `[N]`.
pub fn negative_log_likelihood(
    h: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<2>,
    targets: &[u32],
) -> Tensor<1> {
    let n = targets.len();
    let targets: Vec<i32> = targets.iter().map(|&t| t as i32).collect();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [n, 1]), &h.device());
    -log_softmax(h.matmul(weight.transpose()) + bias, 1)
        .gather(1, targets)
        .reshape([n])
}
