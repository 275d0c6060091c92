//! The layer on a GPU: one WGSL dispatch a step forward, two backward (`shaders/lstm.wgsl`), products by Burn.

use burn::backend::TensorMetadata as _;
use burn::backend::ops::FloatTensorOps as _;
use burn::tensor::{FloatDType, Shape, Slice};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::{CubeBackend, tensor::CubeTensor};

use super::{Grads, LstmKernels, Tape, Wanted};
use crate::gpu::kernel::{Kernel, empty, groups_1d, launch};

const TILE: usize = 16;

fn kernel(entry: &'static str, batch: usize, hidden: usize) -> Kernel {
    let constants = vec![("BATCH", batch as u32), ("HIDDEN", hidden as u32)];
    Kernel {
        source: include_str!("../../../shaders/lstm.wgsl"),
        entry,
        constants,
    }
}

fn reshape(t: CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    CubeBackend::float_reshape(t, shape.into())
}

fn zeros(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    CubeBackend::float_zeros(shape.into(), &like.device(), FloatDType::F32)
}

/// `[T + 1, B, H]` whose first step is `initial`; the others are for the kernel to write.
fn states(initial: CubeTensor, time: usize) -> CubeTensor {
    let [batch, hidden] = initial.shape().dims();
    let all = empty(&initial, [time + 1, batch, hidden]);
    let slices = [Slice::from(0..1), Slice::from(0..batch), Slice::from(0..hidden)];
    into_contiguous(CubeBackend::float_slice_assign(
        all,
        &slices,
        reshape(initial, [1, batch, hidden]),
    ))
}

impl LstmKernels for CubeBackend {
    fn lstm_run(
        x: CubeTensor,
        w_ih: CubeTensor,
        w_hh: CubeTensor,
        bias: CubeTensor,
        h0: CubeTensor,
        c0: CubeTensor,
    ) -> Tape<Self> {
        let [time, batch, input] = x.shape().dims();
        let hidden = h0.shape()[1];
        let x = into_contiguous(x);
        let w_hh = into_contiguous(w_hh);
        let projected = Self::float_matmul(
            reshape(x.clone(), [time * batch, input]),
            Self::float_transpose(w_ih.clone()),
        );
        let gates = into_contiguous(reshape(
            Self::float_add(projected, bias),
            [time, batch, 4 * hidden],
        ));
        let (h, c) = (states(h0, time), states(c0, time));
        let groups = [hidden.div_ceil(TILE) as u32, batch.div_ceil(TILE) as u32, 1];
        for t in 0..time {
            launch(
                kernel("forward", batch, hidden),
                groups,
                &[&gates, &w_hh, &h, &c],
                &[t as u32],
            );
        }
        Tape {
            x,
            w_ih,
            w_hh,
            h,
            c,
            gates,
        }
    }

    fn lstm_reverse(tape: Tape<Self>, dy: CubeTensor, wanted: Wanted) -> Grads<Self> {
        let Tape {
            x,
            w_ih,
            w_hh,
            h,
            c,
            gates,
        } = tape;
        let [time, batch, input] = x.shape().dims();
        let hidden = h.shape()[2];
        let dy = into_contiguous(dy);
        let (dh, dc) = (zeros(&dy, [batch, hidden]), zeros(&dy, [batch, hidden]));
        let cells = groups_1d(batch * hidden, 256);
        let groups = [hidden.div_ceil(TILE) as u32, batch.div_ceil(TILE) as u32, 1];
        for t in (0..time as u32).rev() {
            launch(
                kernel("backward_cell", batch, hidden),
                cells,
                &[&gates, &c, &dy, &dh, &dc],
                &[t],
            );
            launch(
                kernel("backward_recurrent", batch, hidden),
                groups,
                &[&gates, &w_hh, &dh],
                &[t],
            );
        }
        let n = time * batch;
        let d_gates = reshape(gates, [n, 4 * hidden]);
        let dx = wanted
            .x
            .then(|| reshape(Self::float_matmul(d_gates.clone(), w_ih), [time, batch, input]));
        let (mut d_ih, mut d_hh, mut d_bias) = (None, None, None);
        if wanted.weights {
            let transposed = Self::float_transpose(d_gates.clone());
            let h_prev = reshape(Self::lstm_steps(h, 0, time), [n, hidden]);
            d_ih = Some(Self::float_matmul(transposed.clone(), reshape(x, [n, input])));
            d_hh = Some(Self::float_matmul(transposed, h_prev));
            d_bias = Some(Self::float_sum_dim(d_gates, 0));
        }
        Grads {
            x: dx,
            w_ih: d_ih,
            w_hh: d_hh,
            bias: d_bias,
            h0: dh,
            c0: dc,
        }
    }

    fn lstm_steps(states: CubeTensor, first: usize, count: usize) -> CubeTensor {
        let [_, batch, hidden] = states.shape().dims();
        Self::float_slice(
            states,
            &[
                Slice::from(first..first + count),
                Slice::from(0..batch),
                Slice::from(0..hidden),
            ],
        )
    }
}
