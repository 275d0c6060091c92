//! In place, on all cores for large parameters. One that a copy of the network has too goes to a buffer of its own.

use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::super::cpu::values;
use super::super::simd::dispatch;
use super::AdamStep;

const CHUNK: usize = 1 << 15;

pub fn adam(
    p: FlexTensor,
    g: &FlexTensor,
    m: FlexTensor,
    v: FlexTensor,
    scale: &FlexTensor,
    step: AdamStep,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let scale = values(scale)[0];
    let gradient = values(g);
    let [mut p, mut m, mut v] = [p, m, v].map(|t| t.to_contiguous());
    p.storage_mut::<f32>()
        .par_chunks_mut(CHUNK)
        .zip(m.storage_mut::<f32>().par_chunks_mut(CHUNK))
        .zip(v.storage_mut::<f32>().par_chunks_mut(CHUNK))
        .zip(gradient.par_chunks(CHUNK))
        .for_each(|(((p, m), v), g)| {
            dispatch(
                #[inline(always)]
                || {
                    for (((p, m), v), g) in p.iter_mut().zip(m).zip(v).zip(g) {
                        let g = g * scale;
                        *m = step.beta1 * *m + (1.0 - step.beta1) * g;
                        *v = step.beta2 * *v + (1.0 - step.beta2) * g * g;
                        *p = *p * step.decay - step.rate * *m / (v.sqrt() / step.correction2 + step.epsilon);
                    }
                },
            );
        });
    (p, m, v)
}
