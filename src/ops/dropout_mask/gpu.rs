//! The mask on a GPU (`shaders/dropout_mask.wgsl`).

use burn::tensor::Shape;
use burn_cubecl::tensor::CubeTensor;

use super::{Key, threshold};
use crate::gpu::caps::DeviceCaps;
use crate::gpu::kernel::{Kernel, empty, launch};

pub fn kernel() -> Kernel {
    Kernel {
        source: include_str!("../../../shaders/dropout_mask.wgsl"),
        entry: "dropout_mask",
        constants: vec![],
    }
}

pub fn mask(like: &CubeTensor, shape: Shape, key: Key, drop: f32) -> CubeTensor {
    let out = empty(like, shape.clone());
    let n = shape.num_elements();
    let scale = 1.0 / (1.0 - drop);
    let info = [
        n as u32,
        key.0[0],
        key.0[1],
        threshold(1.0 - drop),
        scale.to_bits(),
    ];
    launch(kernel(), DeviceCaps::of(&out).groups_1d(n, 256), &[&out], &info);
    out
}
