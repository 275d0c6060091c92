//! The layer on the processor: contiguous buffers, the `gemm` crate's products over all steps, our own with the recurrent
//! weights at every step, vectorised activations.
//!
//! Batch rows are independent, so each thread takes a share of them through all the steps: no barrier at every step.

use burn::backend::{Flex, TensorMetadata as _};
use burn_flex::FlexTensor;
use rayon::prelude::*;

use super::super::cpu::{Mat, add_column_sums, fill_rows, matmul, tensor, values};
use super::super::packed::{Panels, product};
use super::super::simd::{dispatch, sigmoid, tanh};
use super::{Grads, LstmKernels, Tape, Wanted};

/// Below this many multiply-adds a step, handing rows to another thread costs more than it saves.
const PARALLEL_WORK: usize = 1 << 17;

/// Rows of the batch that one thread takes.
fn rows_per_thread(batch: usize, hidden: usize) -> usize {
    let threads = rayon::current_num_threads();
    if threads > 1 && batch * hidden * hidden * 4 >= PARALLEL_WORK {
        batch.div_ceil(threads)
    } else {
        batch
    }
}

/// Shared, row-disjoint access to a `[time, batch, width]` buffer from several threads.
#[derive(Clone, Copy)]
struct Rows {
    data: *mut f32,
    len: usize,
    width: usize,
    batch: usize,
}
// SAFETY: every thread touches only its own batch rows (see `rows`).
unsafe impl Send for Rows {}
// SAFETY: as above.
unsafe impl Sync for Rows {}

impl Rows {
    fn new(data: &mut [f32], batch: usize, width: usize) -> Self {
        Self {
            data: data.as_mut_ptr(),
            len: data.len(),
            width,
            batch,
        }
    }

    /// Rows `first .. first + count` of step `t`.
    ///
    /// # Safety
    /// No other slice over the same rows of the same step may be alive.
    #[expect(clippy::mut_from_ref, reason = "exclusive by the caller's promise")]
    unsafe fn rows(&self, t: usize, first: usize, count: usize) -> &mut [f32] {
        let start = (t * self.batch + first) * self.width;
        assert!(start + count * self.width <= self.len && first + count <= self.batch);
        // SAFETY: in bounds by the assertion; exclusive by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(start), count * self.width) }
    }
}

/// Activates a row of gate pre-activations in place and steps the cell.
#[inline(always)]
pub fn cell_forward(gates: &mut [f32], c_prev: &[f32], c: &mut [f32], h: &mut [f32]) {
    let n = c.len();
    let (i, rest) = gates.split_at_mut(n);
    let (f, rest) = rest.split_at_mut(n);
    let (g, o) = rest.split_at_mut(n);
    let (o, c_prev, h) = (&mut o[..n], &c_prev[..n], &mut h[..n]);
    for j in 0..n {
        i[j] = sigmoid(i[j]);
        f[j] = sigmoid(f[j]);
        g[j] = tanh(g[j]);
        o[j] = sigmoid(o[j]);
        c[j] = f[j] * c_prev[j] + i[j] * g[j];
        h[j] = o[j] * tanh(c[j]);
    }
}

/// Turns a row of activated gates into the gradient of the pre-activations; `dc` becomes that of the previous cell.
#[inline(always)]
fn cell_backward(gates: &mut [f32], c_prev: &[f32], c: &[f32], dy: &[f32], dh: &[f32], dc: &mut [f32]) {
    let n = dc.len();
    let (i, rest) = gates.split_at_mut(n);
    let (f, rest) = rest.split_at_mut(n);
    let (g, o) = rest.split_at_mut(n);
    let (o, c_prev, c, dy, dh) = (&mut o[..n], &c_prev[..n], &c[..n], &dy[..n], &dh[..n]);
    for j in 0..n {
        let (it, ft, gt, ot) = (i[j], f[j], g[j], o[j]);
        let tanh_c = tanh(c[j]);
        let dht = dy[j] + dh[j];
        let dct = dc[j] + dht * ot * (1.0 - tanh_c * tanh_c);
        i[j] = dct * gt * it * (1.0 - it);
        f[j] = dct * c_prev[j] * ft * (1.0 - ft);
        g[j] = dct * it * (1.0 - gt * gt);
        o[j] = dht * tanh_c * ot * (1.0 - ot);
        dc[j] = dct * ft;
    }
}

impl LstmKernels for Flex {
    fn lstm_forward(
        x: FlexTensor,
        w_ih: FlexTensor,
        w_hh: FlexTensor,
        bias: FlexTensor,
        h0: FlexTensor,
        c0: FlexTensor,
    ) -> Tape<Self> {
        let [time, batch, input] = x.shape().dims();
        let [batch, hidden] = [batch, h0.shape()[1]];
        let x = x.to_contiguous();

        let mut gates = vec![0.0; time * batch * 4 * hidden];
        fill_rows(&mut gates, &values(&bias));
        let w_ih_values = values(&w_ih);
        let projection = Mat::new(&w_ih_values, 4 * hidden, input).t();
        matmul(
            &mut gates,
            Mat::new(&values(&x), time * batch, input),
            projection,
            true,
        );

        let (mut h, mut c) = (
            vec![0.0; (time + 1) * batch * hidden],
            vec![0.0; (time + 1) * batch * hidden],
        );
        h[..batch * hidden].copy_from_slice(&values(&h0));
        c[..batch * hidden].copy_from_slice(&values(&c0));
        let recurrent = Panels::new(Mat::new(&values(&w_hh), 4 * hidden, hidden).t());

        let share = rows_per_thread(batch, hidden);
        let (gates_rows, h_rows, c_rows) = (
            Rows::new(&mut gates, batch, 4 * hidden),
            Rows::new(&mut h, batch, hidden),
            Rows::new(&mut c, batch, hidden),
        );
        let run = |first: usize| {
            let count = share.min(batch - first);
            for t in 0..time {
                // SAFETY: rows first..first+count belong to this call alone, and steps t and t + 1 are distinct.
                let (gates, h_prev, h_next, c_prev, c_next) = unsafe {
                    (
                        gates_rows.rows(t, first, count),
                        h_rows.rows(t, first, count),
                        h_rows.rows(t + 1, first, count),
                        c_rows.rows(t, first, count),
                        c_rows.rows(t + 1, first, count),
                    )
                };
                product(gates, h_prev, &recurrent, true);
                dispatch(
                    #[inline(always)]
                    || {
                        for r in 0..count {
                            let (s, e) = (r * hidden, (r + 1) * hidden);
                            cell_forward(
                                &mut gates[4 * s..4 * e],
                                &c_prev[s..e],
                                &mut c_next[s..e],
                                &mut h_next[s..e],
                            );
                        }
                    },
                );
            }
        };
        let firsts: Vec<usize> = (0..batch).step_by(share).collect();
        if firsts.len() > 1 {
            firsts.into_par_iter().for_each(run);
        } else {
            run(0);
        }

        Tape {
            x,
            w_ih,
            w_hh,
            h: tensor(h, [time + 1, batch, hidden]),
            c: tensor(c, [time + 1, batch, hidden]),
            gates: tensor(gates, [time, batch, 4 * hidden]),
        }
    }

    fn lstm_backward(tape: Tape<Self>, dy: FlexTensor, wanted: Wanted) -> Grads<Self> {
        let Tape {
            x,
            w_ih,
            w_hh,
            h,
            c,
            mut gates,
        } = tape;
        let [time, batch, input] = x.shape().dims();
        let hidden = h.shape()[2];
        let (c_values, dy_values) = (values(&c), values(&dy));
        let recurrent = Panels::new(Mat::new(&values(&w_hh), 4 * hidden, hidden));
        let (mut dh, mut dc) = (vec![0.0; batch * hidden], vec![0.0; batch * hidden]);

        // The activated gates are not needed again: their buffer becomes the gradient of the pre-activations.
        let d_gates = gates.storage_mut::<f32>();
        let share = rows_per_thread(batch, hidden);
        {
            let rows = Rows::new(d_gates, batch, 4 * hidden);
            let (dh_rows, dc_rows) = (
                Rows::new(&mut dh, batch, hidden),
                Rows::new(&mut dc, batch, hidden),
            );
            let run = |first: usize| {
                let count = share.min(batch - first);
                // SAFETY: rows first..first+count belong to this call alone.
                let (dh, dc) = unsafe { (dh_rows.rows(0, first, count), dc_rows.rows(0, first, count)) };
                for t in (0..time).rev() {
                    // SAFETY: as above, and one step at a time.
                    let gates = unsafe { rows.rows(t, first, count) };
                    let at = |step: usize| {
                        ((step * batch + first) * hidden)..((step * batch + first + count) * hidden)
                    };
                    let (c_prev, c, dy) = (&c_values[at(t)], &c_values[at(t + 1)], &dy_values[at(t)]);
                    dispatch(
                        #[inline(always)]
                        || {
                            for r in 0..count {
                                let (s, e) = (r * hidden, (r + 1) * hidden);
                                let g = &mut gates[4 * s..4 * e];
                                cell_backward(
                                    g,
                                    &c_prev[s..e],
                                    &c[s..e],
                                    &dy[s..e],
                                    &dh[s..e],
                                    &mut dc[s..e],
                                );
                            }
                        },
                    );
                    product(dh, gates, &recurrent, false);
                }
            };
            let firsts: Vec<usize> = (0..batch).step_by(share).collect();
            if firsts.len() > 1 {
                firsts.into_par_iter().for_each(run);
            } else {
                run(0);
            }
        }

        let n = time * batch;
        let d_gates = Mat::new(d_gates, n, 4 * hidden);
        let over_steps = |b: Mat<'_>, cols: usize| {
            let mut out = vec![0.0; 4 * hidden * cols];
            matmul(&mut out, d_gates.t(), b, false);
            tensor(out, [4 * hidden, cols])
        };
        let dx = wanted.x.then(|| {
            let mut out = vec![0.0; n * input];
            matmul(
                &mut out,
                d_gates,
                Mat::new(&values(&w_ih), 4 * hidden, input),
                false,
            );
            tensor(out, [time, batch, input])
        });
        let weights = wanted.weights.then(|| {
            let mut bias = vec![0.0; 4 * hidden];
            add_column_sums(&mut bias, d_gates.data());
            let d_ih = over_steps(Mat::new(&values(&x), n, input), input);
            let d_hh = over_steps(Mat::new(&values(&h), n, hidden), hidden);
            (d_ih, d_hh, tensor(bias, [1, 4 * hidden]))
        });
        let (d_ih, d_hh, d_bias) = match weights {
            Some((a, b, c)) => (Some(a), Some(b), Some(c)),
            None => (None, None, None),
        };
        Grads {
            x: dx,
            w_ih: d_ih,
            w_hh: d_hh,
            bias: d_bias,
            h0: wanted.h0.then(|| tensor(dh, [batch, hidden])),
            c0: tensor(dc, [batch, hidden]),
        }
    }

    fn lstm_steps(states: FlexTensor, first: usize, count: usize) -> FlexTensor {
        states.narrow(0, first, count)
    }
}
