//! Concat pooling document by document in plain tensors, differentiated by Burn.

use burn::tensor::Tensor;

use super::Spans;

/// Same shapes as [`super::concat_pool`].
pub fn concat_pool(h: Tensor<3>, spans: &Spans) -> Tensor<2> {
    let [_, _, width] = h.dims();
    let rows = spans.spans.iter().enumerate().map(|(b, &(first, end))| {
        let (first, end) = (first as usize, end as usize);
        let steps = h
            .clone()
            .slice([first..end, b..b + 1])
            .reshape([end - first, width]);
        let last = steps.clone().slice([end - first - 1..end - first]);
        Tensor::cat(vec![last, steps.clone().max_dim(0), steps.mean_dim(0)], 1)
    });
    Tensor::cat(rows.collect(), 0)
}
