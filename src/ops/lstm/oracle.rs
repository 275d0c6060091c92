//! The layer in plain tensors, one step after the other, differentiated by Burn.

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

use super::State;

/// Same shapes as [`super::lstm`].
pub fn lstm(
    x: Tensor<3>,
    w_ih: Tensor<2>,
    w_hh: Tensor<2>,
    bias: Tensor<2>,
    state: State,
) -> (Tensor<3>, State) {
    let [time, batch, input] = x.dims();
    let State { mut h, mut c } = state;
    let mut outputs = Vec::with_capacity(time);
    for t in 0..time {
        let x_t = x.clone().slice([t..t + 1]).reshape([batch, input]);
        let gates = x_t.matmul(w_ih.clone().transpose()) + h.matmul(w_hh.clone().transpose()) + bias.clone();
        let [i, f, g, o]: [Tensor<2>; 4] = gates.chunk(4, 1).try_into().expect("four gates");
        c = sigmoid(f) * c + sigmoid(i) * g.tanh();
        h = sigmoid(o) * c.clone().tanh();
        outputs.push(h.clone());
    }
    (Tensor::stack(outputs, 0), State { h, c })
}
