//! The decoder's product and its cross-entropy in one operation.
//!
//! Logits of `tokens x vocabulary` never exist as a whole (64 x 70 tokens of 60,000 words would be 1.08 GB, and one
//! storage binding may hold 128 MiB): rows go through in chunks, and since the loss is a scalar its gradients are
//! taken on the way, to be scaled by whatever arrives in the backward pass.

mod cpu;
pub(super) mod gpu;
#[cfg(test)]
pub(super) mod oracle;

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::CubeBackend;

use burn::backend::tensor::FloatTensor;

use super::F;
use crate::gpu::watch::span;

/// Gradients of the mean loss.
#[derive(Clone, Debug)]
pub(crate) struct Grads<B: Backend> {
    /// `[N, E]`
    h: F<B>,
    /// `[V, E]`
    weight: F<B>,
    /// `[1, V]`
    bias: F<B>,
}

pub(crate) trait CrossEntropyKernels: Backend {
    /// Negative log-likelihoods `[N]` and, where wanted, the gradients of their mean.
    fn cross_entropy_run(
        h: F<Self>,
        weight: F<Self>,
        bias: F<Self>,
        targets: &[u32],
        with_grads: bool,
    ) -> (F<Self>, Option<Grads<Self>>);
}

/// The operation as Burn dispatches it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait LinearCrossEntropyBackend: Backend {
    /// See [`linear_cross_entropy`]: the mean, `[1]`.
    fn linear_cross_entropy(
        h: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        targets: Arc<[u32]>,
    ) -> FloatTensor<Self>;

    /// See [`negative_log_likelihood`]: `[N]`, without a graph.
    fn linear_nll(
        h: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        targets: Arc<[u32]>,
    ) -> FloatTensor<Self>;
}

fn mean<B: Backend>(nll: F<B>) -> F<B> {
    B::float_reshape(B::float_mean(nll), Shape::new([1]))
}

impl LinearCrossEntropyBackend for Flex {
    fn linear_cross_entropy(h: F<Self>, weight: F<Self>, bias: F<Self>, targets: Arc<[u32]>) -> F<Self> {
        mean::<Self>(Self::linear_nll(h, weight, bias, targets))
    }
    fn linear_nll(h: F<Self>, weight: F<Self>, bias: F<Self>, targets: Arc<[u32]>) -> F<Self> {
        Self::cross_entropy_run(h, weight, bias, &targets, false).0
    }
}

impl LinearCrossEntropyBackend for CubeBackend {
    fn linear_cross_entropy(h: F<Self>, weight: F<Self>, bias: F<Self>, targets: Arc<[u32]>) -> F<Self> {
        mean::<Self>(Self::linear_nll(h, weight, bias, targets))
    }
    fn linear_nll(h: F<Self>, weight: F<Self>, bias: F<Self>, targets: Arc<[u32]>) -> F<Self> {
        Self::cross_entropy_run(h, weight, bias, &targets, false).0
    }
}

impl<B: LinearCrossEntropyBackend + CrossEntropyKernels, C: CheckpointStrategy> LinearCrossEntropyBackend
    for Autodiff<B, C>
{
    fn linear_cross_entropy(h: F<Self>, weight: F<Self>, bias: F<Self>, targets: Arc<[u32]>) -> F<Self> {
        #[derive(Debug)]
        struct CrossEntropyBackward;
        impl<B: CrossEntropyKernels> Backward<B, 3> for CrossEntropyBackward {
            type State = Grads<B>;
            fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
                let _span = span("linear_cross_entropy backward");
                let upstream = B::float_reshape(grads.consume::<B>(&ops.node), Shape::new([1, 1]));
                let Grads { h, weight, bias } = ops.state;
                for (node, grad) in ops.parents.into_iter().zip([h, weight, bias]) {
                    if let Some(node) = node {
                        grads.register::<B>(node.id, B::float_mul(grad, upstream.clone()));
                    }
                }
            }
        }
        let ((h, nh), (weight, nw), (bias, nb)) = (h.into_parts(), weight.into_parts(), bias.into_parts());
        match CrossEntropyBackward
            .prepare::<C>([nh, nw, nb])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let (nll, grads) = B::cross_entropy_run(h, weight, bias, &targets, true);
                let Some(grads) = grads else {
                    unreachable!("gradients were asked for")
                };
                prep.finish(grads, mean::<B>(nll))
            }
            OpsKind::UnTracked(prep) => {
                let (nll, _) = B::cross_entropy_run(h, weight, bias, &targets, false);
                prep.finish(mean::<B>(nll))
            }
        }
    }

    fn linear_nll(h: F<Self>, weight: F<Self>, bias: F<Self>, targets: Arc<[u32]>) -> F<Self> {
        let nll = B::linear_nll(
            h.into_primitive(),
            weight.into_primitive(),
            bias.into_primitive(),
            targets,
        );
        <Self as AutodiffBackend>::from_inner(nll)
    }
}

fn check(h: &Tensor<2>, weight: &Tensor<2>, targets: &[u32]) {
    let ([n, _], [vocab, _]) = (h.dims(), weight.dims());
    assert!(targets.len() == n, "{} targets for {n} rows", targets.len());
    assert!(
        targets.iter().all(|&t| (t as usize) < vocab),
        "a target is outside the vocabulary of {vocab}"
    );
}

/// Mean cross-entropy (nats) of `softmax(h weight^T + bias)` against `targets`: `[1]`.
///
/// # Shapes
/// `h [N, E]`, `weight [V, E]` (tied with the embedding), `bias [1, V]`, `targets` of length N.
///
/// # Panics
/// If a target is not below V or there are not N of them.
pub fn linear_cross_entropy(
    h: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<2>,
    targets: Arc<[u32]>,
) -> Tensor<1> {
    let _span = span("linear_cross_entropy");
    check(&h, &weight, &targets);
    Tensor::from_dispatch(<Dispatch as LinearCrossEntropyBackend>::linear_cross_entropy(
        h.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        targets,
    ))
}

/// Negative log-likelihood (nats) of each target, `[N]`, outside the graph. Shapes and panics as
/// [`linear_cross_entropy`].
pub fn negative_log_likelihood(
    h: Tensor<2>,
    weight: Tensor<2>,
    bias: Tensor<2>,
    targets: Arc<[u32]>,
) -> Tensor<1> {
    let _span = span("linear_cross_entropy");
    check(&h, &weight, &targets);
    Tensor::from_dispatch(<Dispatch as LinearCrossEntropyBackend>::linear_nll(
        h.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        targets,
    ))
}
