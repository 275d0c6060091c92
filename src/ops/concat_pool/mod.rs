//! Concat pooling (equation 4): `[h_T, maxpool(H), meanpool(H)]` over the pooled steps of each document.

mod cpu;
pub(super) mod gpu;
#[cfg(test)]
pub(super) mod oracle;

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata as _, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;

use burn::backend::tensor::FloatTensor;

use super::F;
use crate::gpu::watch::span;

/// The pooled steps `first..end` of each document of the batch; the document's last step is `end - 1`.
#[derive(Clone, Debug)]
pub struct Spans {
    spans: Arc<[(u32, u32)]>,
}

impl Spans {
    /// The last `max_len` steps of documents of these lengths.
    ///
    /// # Panics
    /// If a document has no step.
    pub fn last(lengths: &[usize], max_len: usize) -> Self {
        assert!(lengths.iter().all(|&n| n > 0), "a document without a token");
        let spans = lengths
            .iter()
            .map(|&n| (n.saturating_sub(max_len) as u32, n as u32))
            .collect();
        Self { spans }
    }

    fn words(&self) -> Vec<u32> {
        self.spans.iter().flat_map(|&(first, end)| [first, end]).collect()
    }
}

/// The outputs and, for each, the step that held the maximum.
pub(crate) trait ConcatPoolKernels: Backend {
    /// Token-step indices of the maxima `[B, E]`, in whatever form the backend keeps them.
    type Argmax: Clone + std::fmt::Debug + Send + 'static;
    fn pool_forward(h: F<Self>, spans: &Spans) -> (F<Self>, Self::Argmax);
    fn pool_backward(grad: F<Self>, argmax: Self::Argmax, spans: &Spans, time: usize) -> F<Self>;
}

/// The operation as Burn dispatches it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait ConcatPoolBackend: Backend {
    /// See [`concat_pool`].
    fn concat_pool(h: FloatTensor<Self>, spans: Spans) -> FloatTensor<Self>;
}

impl ConcatPoolBackend for Flex {
    fn concat_pool(h: F<Self>, spans: Spans) -> F<Self> {
        Self::pool_forward(h, &spans).0
    }
}

impl ConcatPoolBackend for CubeBackend {
    fn concat_pool(h: F<Self>, spans: Spans) -> F<Self> {
        Self::pool_forward(h, &spans).0
    }
}

impl<B: ConcatPoolBackend + ConcatPoolKernels, C: CheckpointStrategy> ConcatPoolBackend for Autodiff<B, C> {
    fn concat_pool(h: F<Self>, spans: Spans) -> F<Self> {
        #[derive(Debug)]
        struct PoolBackward;
        impl<B: ConcatPoolKernels> Backward<B, 1> for PoolBackward {
            type State = (B::Argmax, Spans, usize);
            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let _span = span("concat_pool backward");
                let grad = grads.consume::<B>(&ops.node);
                let (argmax, spans, time) = ops.state;
                if let [Some(node)] = ops.parents {
                    grads.register::<B>(node.id, B::pool_backward(grad, argmax, &spans, time));
                }
            }
        }
        let (h, node) = h.into_parts();
        let time = h.shape()[0];
        let (out, argmax) = B::pool_forward(h, &spans);
        match PoolBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((argmax, spans, time), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}

/// Pools `h [time, batch, E]` into `[batch, 3 E]`: the last step, the maximum, the mean.
///
/// # Panics
/// If there is not one span a document, or a span ends beyond `time`.
pub fn concat_pool(h: Tensor<3>, spans: Spans) -> Tensor<2> {
    let _span = span("concat_pool");
    let [time, batch, _] = h.dims();
    assert!(
        spans.spans.len() == batch,
        "{} spans for {batch} documents",
        spans.spans.len()
    );
    assert!(
        spans.spans.iter().all(|s| s.1 as usize <= time),
        "a span ends after step {time}"
    );
    Tensor::from_dispatch(<Dispatch as ConcatPoolBackend>::concat_pool(
        h.into_dispatch(),
        spans,
    ))
}
