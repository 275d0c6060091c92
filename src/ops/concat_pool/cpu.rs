//! One pass over the pooled steps of each document.

use std::sync::Arc;

use burn::backend::{Flex, TensorMetadata as _};
use burn_flex::FlexTensor;

use super::super::cpu::{tensor, values};
use super::{ConcatPoolKernels, Spans};

impl ConcatPoolKernels for Flex {
    type Argmax = Arc<[u32]>;

    fn pool_forward(h: FlexTensor, spans: &Spans) -> (FlexTensor, Self::Argmax) {
        let [_, batch, width] = h.shape().dims();
        let h = values(&h);
        let mut out = vec![0.0; batch * 3 * width];
        let mut argmax = vec![0; batch * width];
        for (b, &(first, end)) in spans.spans.iter().enumerate() {
            let row = |t: u32| &h[(t as usize * batch + b) * width..][..width];
            let (last, rest) = out[b * 3 * width..][..3 * width].split_at_mut(width);
            let (max, mean) = rest.split_at_mut(width);
            let argmax = &mut argmax[b * width..][..width];
            last.copy_from_slice(row(end - 1));
            max.fill(f32::NEG_INFINITY);
            for t in first..end {
                for (e, &x) in row(t).iter().enumerate() {
                    if x > max[e] {
                        max[e] = x;
                        argmax[e] = t;
                    }
                    mean[e] += x;
                }
            }
            let count = (end - first) as f32;
            mean.iter_mut().for_each(|x| *x /= count);
        }
        (tensor(out, [batch, 3 * width]), argmax.into())
    }

    fn pool_backward(grad: FlexTensor, argmax: Self::Argmax, spans: &Spans, time: usize) -> FlexTensor {
        let [batch, width] = [grad.shape()[0], grad.shape()[1] / 3];
        let grad = values(&grad);
        let mut out = vec![0.0; time * batch * width];
        for (b, &(first, end)) in spans.spans.iter().enumerate() {
            let (last, rest) = grad[b * 3 * width..][..3 * width].split_at(width);
            let (max, mean) = rest.split_at(width);
            let at = |t: u32| (t as usize * batch + b) * width;
            let count = (end - first) as f32;
            for t in first..end {
                for (o, &g) in out[at(t)..][..width].iter_mut().zip(mean) {
                    *o += g / count;
                }
            }
            for e in 0..width {
                out[at(end - 1) + e] += last[e];
                out[at(argmax[b * width + e]) + e] += max[e];
            }
        }
        tensor(out, [time, batch, width])
    }
}
