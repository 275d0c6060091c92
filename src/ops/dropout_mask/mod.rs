//! Dropout masks from a counter: element `i` of the mask under a key is the same number on every device.
//!
//! A run's masks depend on its seed alone, not on how a backend keeps its random state, so a run that was interrupted
//! goes on with the masks it would have had, and a browser's losses can be compared with the desktop's.

mod cpu;
pub(super) mod gpu;

use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Device, Shape, Tensor};
use burn_cubecl::CubeBackend;

use burn::backend::tensor::FloatTensor;

use super::F;
use crate::gpu::watch::span;

/// Two words that name one mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub [u32; 2]);

impl Key {
    /// A key from a run's seed, a step and the place of the mask in the model.
    pub fn new(seed: u64, step: u64, site: u32) -> Self {
        let mix = |mut z: u64| {
            // SplitMix64's finaliser: neighbouring steps and sites give unrelated keys.
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let z = mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15));
        let z = mix(z ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = mix(z ^ (u64::from(site) << 32 | u64::from(site)));
        Self([z as u32, (z >> 32) as u32])
    }

    /// 32 well-mixed bits for element `i`.
    #[inline(always)]
    pub fn bits(self, i: u32) -> u32 {
        hash(hash(i ^ self.0[0]).wrapping_add(self.0[1]))
    }
}

/// A bijection of 32-bit words whose every output bit depends on every input bit (two multiply-xorshift rounds).
#[inline(always)]
fn hash(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x21f0_aaad);
    x ^= x >> 15;
    x = x.wrapping_mul(0x735a_2d97);
    x ^ (x >> 15)
}

/// Bits below which an element is kept.
fn threshold(keep: f32) -> u32 {
    (f64::from(keep) * f64::from(u32::MAX)) as u32
}

/// The factor that [`dropout_mask`] gives element `i`.
pub fn factor(key: Key, i: u32, drop: f32) -> f32 {
    if key.bits(i) <= threshold(1.0 - drop) {
        1.0 / (1.0 - drop)
    } else {
        0.0
    }
}

/// The operation as Burn dispatches it; `like` only names the device.
#[backend_extension(Cube, Flex, Autodiff)]
pub trait DropoutMaskBackend: Backend {
    /// See [`dropout_mask`].
    fn dropout_mask(like: FloatTensor<Self>, shape: Shape, key: Key, drop: f32) -> FloatTensor<Self>;
}

impl DropoutMaskBackend for Flex {
    fn dropout_mask(_: F<Self>, shape: Shape, key: Key, drop: f32) -> F<Self> {
        cpu::mask(shape, key, drop)
    }
}

impl DropoutMaskBackend for CubeBackend {
    fn dropout_mask(like: F<Self>, shape: Shape, key: Key, drop: f32) -> F<Self> {
        gpu::mask(&like, shape, key, drop)
    }
}

impl<B: DropoutMaskBackend, C: CheckpointStrategy> DropoutMaskBackend for Autodiff<B, C> {
    fn dropout_mask(like: F<Self>, shape: Shape, key: Key, drop: f32) -> F<Self> {
        <Self as AutodiffBackend>::from_inner(B::dropout_mask(like.into_primitive(), shape, key, drop))
    }
}

/// A mask of zeros (with probability `drop`) and `1 / (1 - drop)`, outside the graph.
///
/// # Panics
/// If `drop` is not in `[0, 1)`.
pub fn dropout_mask<const D: usize>(shape: [usize; D], key: Key, drop: f32, device: &Device) -> Tensor<D> {
    assert!((0.0..1.0).contains(&drop), "a dropout probability of {drop}");
    let _span = span("dropout_mask");
    let like = Tensor::<1>::empty([1], &device.clone().inner()).into_dispatch();
    Tensor::from_dispatch(<Dispatch as DropoutMaskBackend>::dropout_mask(
        like,
        Shape::new(shape),
        key,
        drop,
    ))
}
