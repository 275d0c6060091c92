//! Activation regularisation and temporal activation regularisation (Merity et al. 2017, section 4).

use burn::tensor::Tensor;

/// Coefficient of AR, as fastai and the AWD-LSTM paper have it.
pub const ALPHA: f64 = 2.0;
/// Coefficient of TAR.
pub const BETA: f64 = 1.0;

/// AR: `alpha * mean(h^2)` of the last layer's output after dropout, `[time, batch, features]`.
pub fn activation(dropped: Tensor<3>, alpha: f64) -> Tensor<1> {
    (dropped.clone() * dropped).mean() * alpha
}

/// TAR: `beta * mean((h_{t+1} - h_t)^2)` of the last layer's output before dropout; zero for a single step.
pub fn temporal_activation(raw: Tensor<3>, beta: f64) -> Tensor<1> {
    let time = raw.dims()[0];
    if time < 2 {
        return Tensor::zeros([1], &raw.device());
    }
    let change = raw.clone().slice([1..time]) - raw.slice([0..time - 1]);
    (change.clone() * change).mean() * beta
}
