//! One invocation a document and feature (`shaders/concat_pool.wgsl`).

use burn::backend::TensorMetadata as _;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::{CubeBackend, tensor::CubeTensor};

use super::{ConcatPoolKernels, Spans};
use crate::gpu::caps::DeviceCaps;
use crate::gpu::kernel::{Kernel, empty, launch, upload};

pub fn kernel(entry: &'static str, width: usize) -> Kernel {
    Kernel {
        source: include_str!("../../../shaders/concat_pool.wgsl"),
        entry,
        constants: vec![("WIDTH", width as u32)],
    }
}

impl ConcatPoolKernels for CubeBackend {
    /// The indices, and the spans as they were uploaded.
    type Argmax = (CubeTensor, CubeTensor);

    fn pool_forward(h: CubeTensor, spans: &Spans) -> (CubeTensor, Self::Argmax) {
        let [_, batch, width] = h.shape().dims();
        let h = into_contiguous(h);
        let (out, argmax) = (empty(&h, [batch, 3 * width]), empty(&h, [batch, width]));
        let spans = upload(&h, &spans.words());
        let groups = DeviceCaps::of(&h).groups_1d(batch * width, 64);
        launch(
            kernel("pool", width),
            groups,
            &[&h, &spans, &out, &argmax],
            &[batch as u32],
        );
        (out, (argmax, spans))
    }

    fn pool_backward(grad: CubeTensor, argmax: Self::Argmax, _: &Spans, time: usize) -> CubeTensor {
        let (argmax, spans) = argmax;
        let [batch, width] = argmax.shape().dims();
        let grad = into_contiguous(grad);
        let out = empty(&grad, [time, batch, width]);
        let info = [batch as u32, time as u32];
        launch(
            kernel("pool_backward", width),
            DeviceCaps::of(&grad).groups_1d(batch * width, 64),
            &[&grad, &spans, &argmax, &out],
            &info,
        );
        out
    }
}
