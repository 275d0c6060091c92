//! One invocation an element (`shaders/adam.wgsl`).
//!
//! The moments belong to the optimiser alone and are updated in place; the parameter may be shared with a copy that is
//! kept for evaluation, so it goes to a buffer of its own.

use burn::backend::TensorMetadata as _;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::AdamStep;
use crate::gpu::caps::DeviceCaps;
use crate::gpu::kernel::{Kernel, empty, launch};

pub fn kernel() -> Kernel {
    Kernel {
        source: include_str!("../../../shaders/adam.wgsl"),
        entry: "adam",
        constants: vec![],
    }
}

pub fn adam(
    p: CubeTensor,
    g: CubeTensor,
    m: CubeTensor,
    v: CubeTensor,
    scale: CubeTensor,
    step: AdamStep,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let [p, g, m, v, scale] = [p, g, m, v, scale].map(into_contiguous);
    let out = empty(&p, p.shape());
    let n = p.shape().num_elements();
    let AdamStep {
        rate,
        beta1,
        beta2,
        correction2,
        epsilon,
        decay,
    } = step;
    let numbers = [rate, beta1, beta2, correction2, epsilon, decay].map(f32::to_bits);
    let info: Vec<u32> = std::iter::once(n as u32).chain(numbers).collect();
    let groups = DeviceCaps::of(&p).groups_1d(n, 256);
    launch(kernel(), groups, &[&p, &g, &m, &v, &scale, &out], &info);
    (out, m, v)
}
