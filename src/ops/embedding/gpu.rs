//! Gather and scatter on a GPU (`shaders/embedding.wgsl`).

use burn::backend::TensorMetadata as _;
use burn::backend::ops::FloatTensorOps as _;
use burn::tensor::{FloatDType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::{CubeBackend, tensor::CubeTensor};

use super::{EmbeddingKernels, Rows};
use crate::gpu::caps::DeviceCaps;
use crate::gpu::kernel::{Kernel, empty, launch, upload};

pub fn kernel(entry: &'static str, width: usize) -> Kernel {
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

/// Where the words are on the device, and how many.
#[derive(Clone, Debug)]
pub struct Words {
    words: CubeTensor,
    positions: usize,
    distinct: usize,
}

impl EmbeddingKernels for CubeBackend {
    type Words = Words;

    fn embedding_gather(weight: CubeTensor, rows: &Rows, tracked: bool) -> (CubeTensor, Words) {
        let width = weight.shape()[1];
        let weight = into_contiguous(weight);
        let n = rows.ids.len();
        let out = empty(&weight, [n, width]);
        let mut words: Vec<u32> = rows.ids.iter().copied().chain(factors(rows)).collect();
        let mut distinct = 0;
        if tracked {
            let (ids, starts, positions) = rows.by_id();
            distinct = ids.len();
            words.extend(ids.into_iter().chain(starts).chain(positions));
        }
        let words = upload(&weight, &words);
        launch(
            kernel("gather", width),
            DeviceCaps::of(&weight).groups_1d(n * width, 256),
            &[&weight, &words, &out],
            &[n as u32],
        );
        let words = Words {
            words,
            positions: n,
            distinct,
        };
        (out, words)
    }

    fn embedding_scatter(grad: CubeTensor, vocab: usize, words: Words) -> CubeTensor {
        let width = grad.shape()[1];
        let grad = into_contiguous(grad);
        let out = Self::float_zeros(Shape::new([vocab, width]), &grad.device(), FloatDType::F32);
        let Words {
            words,
            positions,
            distinct,
        } = words;
        let groups = DeviceCaps::of(&grad).groups_1d(distinct * width, 256);
        let info = [distinct as u32, positions as u32];
        launch(kernel("scatter", width), groups, &[&grad, &words, &out], &info);
        out
    }
}
