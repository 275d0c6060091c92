//! The mask on the processor.

use burn::tensor::Shape;
use burn_flex::FlexTensor;

use super::super::cpu::tensor;
use super::super::simd::dispatch;
use super::{Key, threshold};

pub fn mask(shape: Shape, key: Key, drop: f32) -> FlexTensor {
    let mut out = vec![0.0f32; shape.num_elements()];
    let (limit, scale) = (threshold(1.0 - drop), 1.0 / (1.0 - drop));
    dispatch(
        #[inline(always)]
        || {
            for (i, x) in out.iter_mut().enumerate() {
                *x = if key.bits(i as u32) <= limit { scale } else { 0.0 };
            }
        },
    );
    tensor(out, shape)
}
