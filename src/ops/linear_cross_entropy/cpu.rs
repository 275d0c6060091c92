//! Row chunks that stay in the cache, products by the `gemm` crate, rows of the softmax in parallel.

use burn::backend::{Flex, TensorMetadata as _};
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::super::cpu::{Mat, add_column_sums, fill_rows, matmul, tensor, values};
use super::super::simd::{dispatch, exp, max, sum};
use super::{CrossEntropyKernels, Grads};

/// Floats of logits that exist at a time (32 MiB). The gradient of the weights is added to once for every chunk, and products
/// of a few rows are slow: 4 MiB, which stay in the cache, are 35 rows of 30,000 words.
const CHUNK: usize = 1 << 23;

/// The row's negative log-likelihood; with `scale` the logits become `scale` times their gradient.
fn softmax_row(logits: &mut [f32], target: usize, scale: Option<f32>) -> f32 {
    dispatch(
        #[inline(always)]
        || {
            let top = max(logits);
            let target_logit = logits[target];
            for x in logits.iter_mut() {
                *x = exp(*x - top);
            }
            let total = sum(logits);
            if let Some(scale) = scale {
                let factor = scale / total;
                for x in logits.iter_mut() {
                    *x *= factor;
                }
                logits[target] -= scale;
            }
            total.ln() + top - target_logit
        },
    )
}

impl CrossEntropyKernels for Flex {
    fn cross_entropy_run(
        h: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        targets: &[u32],
        with_grads: bool,
    ) -> (FlexTensor, Option<Grads<Self>>) {
        let ([n, width], vocab) = (h.shape().dims(), weight.shape()[0]);
        let (h, weight, bias) = (values(&h), values(&weight), values(&bias));
        let rows = (CHUNK / vocab).clamp(16, 512).min(n.max(1));
        let scale = with_grads.then_some(1.0 / n as f32);

        let mut nll = vec![0.0; n];
        let mut logits = vec![0.0; rows * vocab];
        let grads = if with_grads {
            (n * width, vocab * width, vocab)
        } else {
            (0, 0, 0)
        };
        let (mut dh, mut dw, mut db) = (vec![0.0; grads.0], vec![0.0; grads.1], vec![0.0; grads.2]);
        let weight = Mat::new(&weight, vocab, width);
        for first in (0..n).step_by(rows) {
            let count = rows.min(n - first);
            let logits = &mut logits[..count * vocab];
            fill_rows(logits, &bias);
            let chunk = Mat::new(&h[first * width..], count, width);
            matmul(logits, chunk, weight.t(), true);
            logits
                .par_chunks_exact_mut(vocab)
                .zip(&mut nll[first..first + count])
                .zip(&targets[first..])
                .for_each(|((row, nll), &target)| *nll = softmax_row(row, target as usize, scale));
            if with_grads {
                let d_logits = Mat::new(logits, count, vocab);
                matmul(&mut dh[first * width..], d_logits, weight, false);
                matmul(&mut dw, d_logits.t(), chunk, true);
                add_column_sums(&mut db, logits);
            }
        }
        let grads = with_grads.then(|| Grads {
            h: tensor(dh, [n, width]),
            weight: tensor(dw, [vocab, width]),
            bias: tensor(db, [1, vocab]),
        });
        (tensor(nll, [n]), grads)
    }
}
