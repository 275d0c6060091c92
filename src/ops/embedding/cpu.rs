//! Gather and scatter over contiguous rows.

use burn::backend::{Flex, TensorMetadata as _};
use burn_flex::FlexTensor;

use super::super::cpu::{tensor, values};
use super::{EmbeddingKernels, Rows};

impl EmbeddingKernels for Flex {
    type Words = Rows;

    fn embedding_gather(weight: FlexTensor, rows: &Rows, _: bool) -> (FlexTensor, Rows) {
        let width = weight.shape()[1];
        let weight = values(&weight);
        let mut out = Vec::with_capacity(rows.ids.len() * width);
        for (p, &id) in rows.ids.iter().enumerate() {
            let row = &weight[id as usize * width..][..width];
            match &rows.scale {
                Some(scale) => out.extend(row.iter().map(|w| w * scale[p])),
                None => out.extend_from_slice(row),
            }
        }
        (tensor(out, [rows.ids.len(), width]), rows.clone())
    }

    fn embedding_scatter(grad: FlexTensor, vocab: usize, rows: Rows) -> FlexTensor {
        let width = grad.shape()[1];
        let grad = values(&grad);
        let mut out = vec![0.0; vocab * width];
        for (p, &id) in rows.ids.iter().enumerate() {
            let factor = rows.scale.as_ref().map_or(1.0, |s| s[p]);
            let (to, from) = (
                &mut out[id as usize * width..][..width],
                &grad[p * width..][..width],
            );
            for (o, &g) in to.iter_mut().zip(from) {
                *o += factor * g;
            }
        }
        tensor(out, [vocab, width])
    }
}
