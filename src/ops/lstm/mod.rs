//! One LSTM layer over a whole window, as a single differentiable operation.
//!
//! Weights keep PyTorch's layout and gate order (input, forget, cell, output): `w_ih [4H, I]`, `w_hh [4H, H]`.
//!
//! ```text
//! i, f, g, o = x_t W_ih^T + h_{t-1} W_hh^T + b        sigmoid, sigmoid, tanh, sigmoid
//! c_t = f c_{t-1} + i g         h_t = o tanh(c_t)
//! ```
//!
//! The input product is taken for all steps at once; the activated gates are kept for the backward pass, whose weight
//! gradients are again single products over all steps.

mod cpu;
pub(super) mod gpu;
#[cfg(test)]
pub(super) mod oracle;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;

use burn::backend::tensor::FloatTensor;

use super::F;
use crate::gpu::watch::span;

/// What the forward pass computes and the backward pass needs.
#[derive(Clone, Debug)]
pub(crate) struct Tape<B: Backend> {
    /// Input `[T, B, I]`.
    x: F<B>,
    w_ih: F<B>,
    w_hh: F<B>,
    /// Hidden states `[T + 1, B, H]`, the initial one first.
    h: F<B>,
    /// Cell states `[T + 1, B, H]`, the initial one first.
    c: F<B>,
    /// Activated gates `[T, B, 4H]`.
    gates: F<B>,
}

/// Which gradients the backward pass has to produce.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    x: bool,
    weights: bool,
    h0: bool,
}

/// Gradients; `None` where they were not wanted.
pub(crate) struct Grads<B: Backend> {
    x: Option<F<B>>,
    w_ih: Option<F<B>>,
    w_hh: Option<F<B>>,
    bias: Option<F<B>>,
    h0: Option<F<B>>,
    c0: F<B>,
}

/// The arithmetic, once per backend.
pub(crate) trait LstmKernels: Backend {
    fn lstm_forward(
        x: F<Self>,
        w_ih: F<Self>,
        w_hh: F<Self>,
        bias: F<Self>,
        h0: F<Self>,
        c0: F<Self>,
    ) -> Tape<Self>;
    fn lstm_backward(tape: Tape<Self>, dy: F<Self>, wanted: Wanted) -> Grads<Self>;
    /// `states[first .. first + count]` along the first axis, without a copy where the backend can.
    fn lstm_steps(states: F<Self>, first: usize, count: usize) -> F<Self>;
}

/// The operation as Burn dispatches it: `(y [T, B, H], h_n [1, B, H], c_n [1, B, H])`, only `y` differentiable.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait LstmBackend: Backend {
    /// See [`lstm`].
    fn lstm(
        x: FloatTensor<Self>,
        w_ih: FloatTensor<Self>,
        w_hh: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        h0: FloatTensor<Self>,
        c0: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

fn outputs<B: LstmKernels>(tape: &Tape<B>) -> (F<B>, F<B>, F<B>) {
    use burn::backend::TensorMetadata as _;
    let steps = tape.h.shape()[0] - 1;
    (
        B::lstm_steps(tape.h.clone(), 1, steps),
        B::lstm_steps(tape.h.clone(), steps, 1),
        B::lstm_steps(tape.c.clone(), steps, 1),
    )
}

impl LstmBackend for Flex {
    fn lstm(
        x: F<Self>,
        w_ih: F<Self>,
        w_hh: F<Self>,
        bias: F<Self>,
        h0: F<Self>,
        c0: F<Self>,
    ) -> (F<Self>, F<Self>, F<Self>) {
        outputs(&Self::lstm_forward(x, w_ih, w_hh, bias, h0, c0))
    }
}

impl LstmBackend for CubeBackend {
    fn lstm(
        x: F<Self>,
        w_ih: F<Self>,
        w_hh: F<Self>,
        bias: F<Self>,
        h0: F<Self>,
        c0: F<Self>,
    ) -> (F<Self>, F<Self>, F<Self>) {
        outputs(&Self::lstm_forward(x, w_ih, w_hh, bias, h0, c0))
    }
}

impl<B: LstmBackend + LstmKernels, C: CheckpointStrategy> LstmBackend for Autodiff<B, C> {
    fn lstm(
        x: F<Self>,
        w_ih: F<Self>,
        w_hh: F<Self>,
        bias: F<Self>,
        h0: F<Self>,
        c0: F<Self>,
    ) -> (F<Self>, F<Self>, F<Self>) {
        #[derive(Debug)]
        struct LstmBackward;
        impl<B: LstmKernels> Backward<B, 6> for LstmBackward {
            type State = Tape<B>;
            fn backward(self, ops: Ops<Self::State, 6>, grads: &mut Gradients, _: &mut Checkpointer) {
                let _span = span("lstm backward");
                let dy = grads.consume::<B>(&ops.node);
                let [x, w_ih, w_hh, bias, h0, c0] = ops.parents;
                let weights = w_ih.is_some() || w_hh.is_some() || bias.is_some();
                let found = B::lstm_backward(
                    ops.state,
                    dy,
                    Wanted {
                        x: x.is_some(),
                        weights,
                        h0: h0.is_some(),
                    },
                );
                let pairs = [
                    (x, found.x),
                    (w_ih, found.w_ih),
                    (w_hh, found.w_hh),
                    (bias, found.bias),
                    (h0, found.h0),
                    (c0, Some(found.c0)),
                ];
                for (node, grad) in pairs {
                    if let (Some(node), Some(grad)) = (node, grad) {
                        grads.register::<B>(node.id, grad);
                    }
                }
            }
        }
        let ((x, nx), (w_ih, n_ih), (w_hh, n_hh)) = (x.into_parts(), w_ih.into_parts(), w_hh.into_parts());
        let ((bias, nb), (h0, nh), (c0, nc)) = (bias.into_parts(), h0.into_parts(), c0.into_parts());
        let tape = B::lstm_forward(x, w_ih, w_hh, bias, h0, c0);
        let (y, h_n, c_n) = outputs(&tape);
        let y = match LstmBackward
            .prepare::<C>([nx, n_ih, n_hh, nb, nh, nc])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(tape, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        };
        (
            y,
            <Self as burn::backend::AutodiffBackend>::from_inner(h_n),
            <Self as burn::backend::AutodiffBackend>::from_inner(c_n),
        )
    }
}

/// Hidden and cell state of one layer, each `[batch, hidden]`.
#[derive(Clone, Debug)]
pub struct State {
    /// Hidden state.
    pub h: Tensor<2>,
    /// Cell state.
    pub c: Tensor<2>,
}

/// Runs one layer over a window.
///
/// # Shapes
/// `x [time, batch, input]`, `w_ih [4 hidden, input]`, `w_hh [4 hidden, hidden]`, `bias [1, 4 hidden]`;
/// returns the outputs `[time, batch, hidden]` and the last state, which carries no graph: back-propagation through
/// time stops at the window's start (truncated BPTT).
pub fn lstm(
    x: Tensor<3>,
    w_ih: Tensor<2>,
    w_hh: Tensor<2>,
    bias: Tensor<2>,
    state: State,
) -> (Tensor<3>, State) {
    let _span = span("lstm");
    let [batch, hidden] = state.h.dims();
    let (y, h_n, c_n) = <Dispatch as LstmBackend>::lstm(
        x.into_dispatch(),
        w_ih.into_dispatch(),
        w_hh.into_dispatch(),
        bias.into_dispatch(),
        state.h.into_dispatch(),
        state.c.into_dispatch(),
    );
    let state = |t| Tensor::<3>::from_dispatch(t).reshape([batch, hidden]).inner();
    (
        Tensor::from_dispatch(y),
        State {
            h: state(h_n),
            c: state(c_n),
        },
    )
}
