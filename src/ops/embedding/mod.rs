//! Rows of the embedding matrix, with whole words dropped.
//!
//! Token ids are known on the host, so the backward pass sums the rows of repeated tokens in a fixed order instead of
//! with atomics: the result is the same on every run.

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

/// Which rows to take and what to multiply each with.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Row of the matrix at each position.
    pub ids: Arc<[u32]>,
    /// Factor at each position (embedding dropout: 0 or 1 / keep, the same wherever the word occurs); `None` is 1.
    pub scale: Option<Arc<[f32]>>,
}

impl Rows {
    /// The positions grouped by id: ids that occur, where each one's positions start, the positions in order.
    fn by_id(&self) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
        let mut positions: Vec<u32> = (0..self.ids.len() as u32).collect();
        positions.sort_by_key(|&p| self.ids[p as usize]);
        let (mut ids, mut starts) = (Vec::new(), Vec::new());
        for (k, &p) in positions.iter().enumerate() {
            let id = self.ids[p as usize];
            if ids.last() != Some(&id) {
                ids.push(id);
                starts.push(k as u32);
            }
        }
        starts.push(positions.len() as u32);
        (ids, starts, positions)
    }
}

pub(crate) trait EmbeddingKernels: Backend {
    /// The rows, in whatever form the backend keeps them for the backward pass.
    type Words: Clone + std::fmt::Debug + Send + 'static;
    /// The rows `[N, E]`; only with `tracked` may the words be handed to [`Self::embedding_scatter`].
    fn embedding_gather(weight: F<Self>, rows: &Rows, tracked: bool) -> (F<Self>, Self::Words);
    /// The gradient `[V, E]` of the matrix from that of the rows `[N, E]`.
    fn embedding_scatter(grad: F<Self>, vocab: usize, words: Self::Words) -> F<Self>;
}

/// The operation as Burn dispatches it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait EmbeddingBackend: Backend {
    /// See [`embedding`].
    fn embedding_rows(weight: FloatTensor<Self>, rows: Rows) -> FloatTensor<Self>;
}

impl EmbeddingBackend for Flex {
    fn embedding_rows(weight: F<Self>, rows: Rows) -> F<Self> {
        Self::embedding_gather(weight, &rows, false).0
    }
}

impl EmbeddingBackend for CubeBackend {
    fn embedding_rows(weight: F<Self>, rows: Rows) -> F<Self> {
        Self::embedding_gather(weight, &rows, false).0
    }
}

impl<B: EmbeddingBackend + EmbeddingKernels, C: CheckpointStrategy> EmbeddingBackend for Autodiff<B, C> {
    fn embedding_rows(weight: F<Self>, rows: Rows) -> F<Self> {
        #[derive(Debug)]
        struct EmbeddingBackward;
        impl<B: EmbeddingKernels> Backward<B, 1> for EmbeddingBackward {
            type State = (usize, B::Words);
            fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
                let _span = span("embedding backward");
                let grad = grads.consume::<B>(&ops.node);
                let (vocab, words) = ops.state;
                if let [Some(node)] = ops.parents {
                    grads.register::<B>(node.id, B::embedding_scatter(grad, vocab, words));
                }
            }
        }
        let (weight, node) = weight.into_parts();
        let vocab = weight.shape()[0];
        match EmbeddingBackward.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (out, words) = B::embedding_gather(weight, &rows, true);
                prep.finish((vocab, words), out)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::embedding_gather(weight, &rows, false).0),
        }
    }
}

/// Rows of `weight [V, E]` at `rows`, each multiplied by its factor: `[N, E]`.
///
/// # Panics
/// If an id is not below V: ids come from the vocabulary that the matrix was made for.
pub fn embedding(weight: Tensor<2>, rows: Rows) -> Tensor<2> {
    let _span = span("embedding");
    let vocab = weight.dims()[0];
    assert!(
        rows.ids.iter().all(|&id| (id as usize) < vocab),
        "a token id is outside the embedding of {vocab} rows"
    );
    assert!(
        rows.scale.as_ref().is_none_or(|s| s.len() == rows.ids.len()),
        "one factor for each position"
    );
    Tensor::from_dispatch(<Dispatch as EmbeddingBackend>::embedding_rows(
        weight.into_dispatch(),
        rows,
    ))
}
