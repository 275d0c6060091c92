//! Row chunks below the binding limit; softmax and its gradient in place (`shaders/linear_cross_entropy.wgsl`).

use burn::backend::TensorMetadata as _;
use burn::backend::ops::FloatTensorOps as _;
use burn::tensor::{Shape, Slice};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::{CubeBackend, tensor::CubeTensor};

use super::{CrossEntropyKernels, Grads};
use crate::gpu::caps::DeviceCaps;
use crate::gpu::kernel::{Kernel, empty, launch, upload};
use crate::ops::product::{Factor, Plus, product, sum_rows};

/// Bytes of logits that exist at a time: half of what every WebGPU adapter can bind. Larger chunks gain nothing.
const CHUNK_BYTES: usize = 64 << 20;

/// Rows of a chunk: one a workgroup.
fn rows_of_chunk(caps: &DeviceCaps, vocab: usize) -> usize {
    (CHUNK_BYTES.min(caps.binding as usize) / (4 * vocab)).clamp(1, caps.workgroups as usize)
}

pub fn kernel() -> Kernel {
    Kernel {
        source: include_str!("../../../shaders/linear_cross_entropy.wgsl"),
        entry: "softmax_rows",
        constants: vec![],
    }
}

impl CrossEntropyKernels for CubeBackend {
    fn cross_entropy_run(
        h: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        targets: &[u32],
        with_grads: bool,
    ) -> (CubeTensor, Option<Grads<Self>>) {
        let ([n, width], vocab) = (h.shape().dims(), weight.shape()[0]);
        let targets = upload(&h, targets);
        let nll = empty(&h, [n]);
        let rows = rows_of_chunk(&DeviceCaps::of(&h), vocab);
        let scale = if with_grads { 1.0 / n as f32 } else { 0.0 };
        let [h, weight, bias] = [h, weight, bias].map(into_contiguous);
        let mut dh = Vec::new();
        let mut total: Option<(CubeTensor, CubeTensor)> = None;
        for first in (0..n).step_by(rows) {
            let count = rows.min(n - first);
            let chunk = into_contiguous(Self::float_slice(
                h.clone(),
                &[Slice::from(first..first + count), Slice::from(0..width)],
            ));
            let logits = product(Factor::plain(&chunk), Factor::turned(&weight), Plus::Bias(&bias));
            let info = [first as u32, scale.to_bits(), vocab as u32];
            launch(kernel(), [count as u32, 1, 1], &[&logits, &targets, &nll], &info);
            if with_grads {
                dh.push(product(
                    Factor::plain(&logits),
                    Factor::plain(&weight),
                    Plus::Nothing,
                ));
                let (factors, sums) = ((Factor::turned(&logits), Factor::plain(&chunk)), total.take());
                let (into, bias) = match sums {
                    Some((weight, bias)) => (Plus::Into(weight), Some(bias)),
                    None => (Plus::Nothing, None),
                };
                total = Some((product(factors.0, factors.1, into), sum_rows(&logits, bias)));
            }
        }
        let grads = total.map(|(weight, bias)| Grads {
            h: if dh.len() == 1 {
                dh.remove(0)
            } else {
                Self::float_cat(dh, 0)
            },
            weight,
            bias: Self::float_reshape(bias, Shape::new([1, vocab])),
        });
        (nll, grads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_fit_a_binding_and_a_grid() {
        let caps = DeviceCaps::FLOOR;
        for vocab in [1, 2, 255, 30_000, 60_001, 100_000_000] {
            let rows = rows_of_chunk(&caps, vocab);
            assert!(
                rows >= 1 && rows <= caps.workgroups as usize,
                "{vocab} words: {rows} rows"
            );
            assert!(
                rows == 1 || rows * vocab * 4 <= caps.binding as usize,
                "{vocab} words: {rows} rows"
            );
        }
        assert_eq!(rows_of_chunk(&caps, 1), 65_535, "a row is a workgroup");
    }
}
