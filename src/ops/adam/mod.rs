//! One Adam step of one parameter in a single pass over parameter, gradient and moments.

mod cpu;
pub(super) mod gpu;

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;

use burn::backend::tensor::FloatTensor;

use super::F;
use crate::gpu::watch::span;

/// The numbers of one step, bias corrections included.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// Rate divided by the first moment's bias correction.
    pub rate: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Square root of the second moment's bias correction.
    pub correction2: f32,
    /// Added to the denominator.
    pub epsilon: f32,
    /// What the parameter is multiplied with first: 1 - rate x decoupled weight decay.
    pub decay: f32,
}

/// The operation as Burn dispatches it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait AdamBackend: Backend {
    /// See [`adam`].
    fn adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        scale: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl AdamBackend for Flex {
    fn adam(
        p: F<Self>,
        g: F<Self>,
        m: F<Self>,
        v: F<Self>,
        scale: F<Self>,
        step: AdamStep,
    ) -> (F<Self>, F<Self>, F<Self>) {
        cpu::adam(p, &g, m, v, &scale, step)
    }
}

impl AdamBackend for CubeBackend {
    fn adam(
        p: F<Self>,
        g: F<Self>,
        m: F<Self>,
        v: F<Self>,
        scale: F<Self>,
        step: AdamStep,
    ) -> (F<Self>, F<Self>, F<Self>) {
        gpu::adam(p, g, m, v, scale, step)
    }
}

impl<B: AdamBackend, C: CheckpointStrategy> AdamBackend for Autodiff<B, C> {
    fn adam(
        p: F<Self>,
        g: F<Self>,
        m: F<Self>,
        v: F<Self>,
        scale: F<Self>,
        step: AdamStep,
    ) -> (F<Self>, F<Self>, F<Self>) {
        let [p, g, m, v, scale] = [p, g, m, v, scale].map(|t| t.into_primitive());
        let (p, m, v) = B::adam(p, g, m, v, scale, step);
        let lift = <Self as AutodiffBackend>::from_inner;
        (lift(p), lift(m), lift(v))
    }
}

/// One step: the new parameter, first and second moment, from `gradient` times `scale [1]` (gradient clipping).
/// All have the parameter's shape and none is part of a graph.
pub fn adam(
    parameter: Tensor<2>,
    gradient: Tensor<2>,
    first: Tensor<2>,
    second: Tensor<2>,
    scale: Tensor<1>,
    step: AdamStep,
) -> (Tensor<2>, Tensor<2>, Tensor<2>) {
    let _span = span("adam");
    let (p, m, v) = <Dispatch as AdamBackend>::adam(
        parameter.into_dispatch(),
        gradient.into_dispatch(),
        first.into_dispatch(),
        second.into_dispatch(),
        scale.into_dispatch(),
        step,
    );
    (
        Tensor::from_dispatch(p),
        Tensor::from_dispatch(m),
        Tensor::from_dispatch(v),
    )
}
