//! The sum of the squares of a tensor, always added in the same order.
//!
//! Burn sums on a GPU with float atomics where the adapter has them: whichever workgroup comes first, so that clipping by
//! the global norm would make two runs of one seed differ.

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, Dispatch, Flex, TensorMetadata as _, backend_extension,
};
use burn::tensor::Tensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use rayon::prelude::*;

use super::F;
use super::cpu::{self, values};
use super::product::sum_kernel;
use super::simd::dispatch;
use crate::gpu::kernel::{empty, launch};

/// Values that are summed by themselves.
const PART: usize = if cfg!(test) { 1 << 9 } else { 1 << 15 };
/// Parts at most: what one workgroup sums in a few rounds.
const MOST_PARTS: usize = 4_096;

/// The operation as Burn dispatches it.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait SquareSumBackend: Backend {
    /// See [`square_sum`].
    fn square_sum(values: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl SquareSumBackend for Flex {
    fn square_sum(tensor: F<Self>) -> F<Self> {
        let parts: Vec<f32> = values(&tensor)
            .par_chunks(PART)
            .map(|part| {
                dispatch(
                    #[inline(always)]
                    || of_part(part),
                )
            })
            .collect();
        let sum = parts.into_iter().map(f64::from).sum::<f64>() as f32;
        cpu::tensor(vec![sum], [1])
    }
}

/// In sixteen running sums, so that the loop vectorises in the same order for every instruction set.
#[inline(always)]
fn of_part(part: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    for some in part.chunks(sums.len()) {
        for (sum, x) in sums.iter_mut().zip(some) {
            *sum += x * x;
        }
    }
    sums.iter().sum()
}

impl SquareSumBackend for CubeBackend {
    fn square_sum(tensor: F<Self>) -> F<Self> {
        let tensor = into_contiguous(tensor);
        let n = tensor.shape().num_elements();
        let length = PART.max(n.div_ceil(MOST_PARTS));
        let parts = n.div_ceil(length).max(1);
        let (partial, out) = (empty(&tensor, [parts]), empty(&tensor, [1]));
        let first = [n, length, 1].map(|word| word as u32);
        launch(
            sum_kernel("total"),
            [parts as u32, 1, 1],
            &[&tensor, &partial],
            &first,
        );
        let second = [parts, parts, 0].map(|word| word as u32);
        launch(sum_kernel("total"), [1, 1, 1], &[&partial, &out], &second);
        out
    }
}

impl<B: SquareSumBackend, C: CheckpointStrategy> SquareSumBackend for Autodiff<B, C> {
    fn square_sum(tensor: F<Self>) -> F<Self> {
        <Self as AutodiffBackend>::from_inner(B::square_sum(tensor.into_primitive()))
    }
}

/// The sum of the squares of all of `tensor`, `[1]`, which is no part of a graph.
pub fn square_sum(tensor: Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as SquareSumBackend>::square_sum(tensor.into_dispatch()))
}
