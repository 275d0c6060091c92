//! Differentiable operations that Burn does not have, or not fast enough.
//!
//! Each folder holds one operation: `mod.rs` has its trait and its backward, `gpu.rs` launches the WGSL of
//! `shaders/`, `cpu.rs` computes the same over contiguous buffers, and `oracle.rs` says it once more in plain tensors,
//! which is what the tests compare the other two with.

pub mod adam;
pub mod concat_pool;
mod cpu;
pub mod dropout_mask;
pub mod embedding;
pub mod linear_cross_entropy;
pub mod lstm;
mod packed;
pub mod peak;
mod product;
pub mod reading;
#[cfg(test)]
mod shader_tests;
mod simd;
pub mod square_sum;
#[cfg(test)]
mod tests;

use burn::backend::tensor::FloatTensor;

/// A backend's float tensor primitive.
type F<B> = FloatTensor<B>;
