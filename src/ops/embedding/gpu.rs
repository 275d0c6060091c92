//! Gather and scatter on a GPU (`shaders/embedding.wgsl`).

use burn::backend::TensorMetadata as _;
use burn::backend::ops::FloatTensorOps as _;
use burn::tensor::{FloatDType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::{CubeBackend, tensor::CubeTensor};

use super::{EmbeddingKernels, Rows};
use crate::gpu::kernel::{Kernel, empty, groups_1d, launch, upload};

fn kernel(entry: &'static str, width: usize) -> Kernel {
    Kernel {
        source: include_str!("../../../shaders/embedding.wgsl"),
        entry,
        constants: vec![("WIDTH", width as u32)],
    }
}

/// The factors' bits, one a position.
fn factors(rows: &Rows) -> Vec<u32> {
    match &rows.scale {
        Some(scale) => scale.iter().map(|s| s.to_bits()).collect(),
        None => vec![1f32.to_bits(); rows.ids.len()],
    }
}

impl EmbeddingKernels for CubeBackend {
    fn embedding_gather(weight: CubeTensor, rows: &Rows) -> CubeTensor {
        let width = weight.shape()[1];
        let weight = into_contiguous(weight);
        let n = rows.ids.len();
        let out = empty(&weight, [n, width]);
        let words = rows.ids.iter().copied().chain(factors(rows)).collect::<Vec<_>>();
        let words = upload(&weight, &words);
        launch(
            kernel("gather", width),
            groups_1d(n * width, 256),
            &[&weight, &words, &out],
            &[n as u32],
        );
        out
    }

    fn embedding_scatter(grad: CubeTensor, vocab: usize, rows: &Rows) -> CubeTensor {
        let width = grad.shape()[1];
        let grad = into_contiguous(grad);
        let out = Self::float_zeros(Shape::new([vocab, width]), &grad.device(), FloatDType::F32);
        let (ids, starts, positions) = rows.by_id();
        let info = [ids.len() as u32, positions.len() as u32];
        let words: Vec<u32> = ids
            .iter()
            .copied()
            .chain(starts)
            .chain(positions)
            .chain(factors(rows))
            .collect();
        let words = upload(&grad, &words);
        let groups = groups_1d(ids.len() * width, 256);
        launch(kernel("scatter", width), groups, &[&grad, &words, &out], &info);
        out
    }
}
