//! The layer on a GPU: the products over all steps by `ops/product`, the recurrence by kernels of its own.
//!
//! There are two variants. One dispatch a step (`shaders/lstm.wgsl`) spreads every step over the whole GPU; in the backward
//! pass a dispatch takes the recurrent product of a step and, with that, the cells of the step before. One dispatch for many steps
//! (`shaders/lstm_sequence.wgsl`, `lstm_sequence_back.wgsl`) saves the launches, but a workgroup then reads all recurrent
//! weights at every step for the few rows that it holds: that pays while the weights are small.

use burn::backend::TensorMetadata as _;
use burn::backend::ops::FloatTensorOps as _;
use burn::tensor::{Shape, Slice};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::{CubeBackend, tensor::CubeTensor};

use super::{Grads, LstmKernels, Tape, Wanted};
use crate::gpu::caps::DeviceCaps;
use crate::gpu::kernel::{Kernel, empty, launch};
use crate::ops::product::{Factor, Plus, product, sum_rows};

/// Hidden units of a workgroup that takes one step forward, and back.
const STEP_UNITS: [usize; 2] = [8, 16];
/// Invocations of a workgroup that runs many steps.
const SEQUENCE_SIZE: usize = 256;

/// Rows of a slot in the backward pass.
const BACK_ROWS: usize = 2;

/// How the steps are dispatched forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forward {
    /// A dispatch for each step.
    Step,
    /// A dispatch for many steps, a row a slot.
    SequenceOne,
    /// A dispatch for many steps, four rows a slot.
    SequenceFour,
}

/// Hidden units up to which one workgroup for a few rows beats one dispatch a step, where a dispatch is dear.
///
/// A group of rows reads `16 H^2` bytes of weights a step, all by itself. On an H100 through Vulkan a step of 256 units took
/// 49 microseconds so, several times as long as a dispatch that spreads it over the GPU. A browser checks every
/// dispatch, which costs it about that much, and a software renderer has no GPU to spread it over.
const SEQUENCE_HIDDEN: usize = 320;

impl Forward {
    /// The faster variant for these sizes.
    pub fn choose(caps: &DeviceCaps, batch: usize, hidden: usize) -> Self {
        #[cfg(test)]
        if let Some(forced) = FORCED.get() {
            return forced;
        }
        let sequence = if batch == 1 {
            Self::SequenceOne
        } else {
            Self::SequenceFour
        };
        let dear = caps.software || cfg!(target_family = "wasm");
        if dear && hidden <= SEQUENCE_HIDDEN && sequence.fits(caps, hidden) {
            sequence
        } else {
            Self::Step
        }
    }

    /// Rows of a slot of a sequence kernel.
    fn rows(self) -> usize {
        if self == Self::SequenceFour { 4 } else { 1 }
    }

    /// Whether the states of a workgroup's rows fit its memory: hidden twice (this step's and the next's) and cell.
    pub fn fits(self, caps: &DeviceCaps, hidden: usize) -> bool {
        self == Self::Step
            || 3 * slots(hidden) * hidden * self.rows() * size_of::<f32>() <= caps.workgroup_memory as usize
    }

    /// Whether the backward pass runs many steps in a dispatch too: the gradients of four gates of [`BACK_ROWS`] rows, and of
    /// their cells, have to fit a workgroup's memory.
    pub fn sequence_back(self, caps: &DeviceCaps, hidden: usize) -> bool {
        let bytes = 5 * slots(hidden) * hidden * BACK_ROWS * size_of::<f32>();
        self != Self::Step && bytes <= caps.workgroup_memory as usize
    }

    fn entry(self) -> &'static str {
        match self {
            Self::Step => "forward",
            Self::SequenceOne => "sequence_one",
            Self::SequenceFour => "sequence_four",
        }
    }
}

#[cfg(test)]
thread_local! {
    /// What tests want instead of the faster variant.
    pub static FORCED: std::cell::Cell<Option<Forward>> = const { std::cell::Cell::new(None) };
}

/// Slots of rows in a workgroup that runs many steps, as the shader counts them.
fn slots(hidden: usize) -> usize {
    let columns = hidden.div_ceil(hidden.div_ceil(SEQUENCE_SIZE));
    SEQUENCE_SIZE / columns
}

/// Multiply-adds that one dispatch may take: a fortieth of a second on a GPU of 20 GFLOP/s. Systems reset a GPU whose
/// dispatch lasts too long, and a window stops drawing long before.
///
/// Tests keep it so low that their small windows take several dispatches, as long ones do.
const DISPATCH_WORK: usize = if cfg!(test) { 20_000 } else { 1 << 28 };

/// Steps of one dispatch of a sequence kernel.
fn steps_per_dispatch(batch: usize, hidden: usize) -> usize {
    (DISPATCH_WORK / (batch * 4 * hidden * hidden).max(1)).clamp(1, 1_024)
}

/// A shader with what it shares with the others before it.
macro_rules! source {
    ($($file:literal),+) => {
        concat!(
            include_str!("../../../shaders/lstm_cell.wgsl"),
            $(include_str!(concat!("../../../shaders/", $file, ".wgsl"))),+
        )
    };
}

/// A kernel that takes many steps.
pub fn kernel(entry: &'static str, hidden: usize) -> Kernel {
    let source = match entry {
        "sequence_back" => source!("lstm_slots", "lstm_sequence_back"),
        _ => source!("lstm_slots", "lstm_sequence"),
    };
    Kernel {
        source,
        entry,
        constants: vec![("HIDDEN", hidden as u32)],
    }
}

/// A kernel that takes one step, `rows` of the batch a workgroup.
pub fn step_kernel(entry: &'static str, hidden: usize, rows: usize) -> Kernel {
    Kernel {
        source: source!("lstm"),
        entry,
        constants: vec![("HIDDEN", hidden as u32), ("ROWS", rows as u32)],
    }
}

/// Rows of a workgroup that takes one step: the fewest that hold the batch, or as many as a workgroup can hold.
fn step_rows(batch: usize) -> usize {
    batch.next_power_of_two().clamp(8, 32)
}

fn reshape(t: CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    CubeBackend::float_reshape(t, shape.into())
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

/// Activates `gates [T, B, 4H]` and fills the states behind their first step.
fn recurrence(forward: Forward, gates: &CubeTensor, w_hh: CubeTensor, h: &CubeTensor, c: &CubeTensor) {
    let [time, batch, _] = gates.shape().dims();
    let hidden = h.shape()[2];
    let caps = DeviceCaps::of(gates);
    let entry = forward.entry();
    // The four gates' weights side by side, and neighbouring units next to one another, so that neighbouring
    // invocations read neighbouring words.
    let by_gate = reshape(w_hh, [4, hidden, hidden]);
    let weights = into_contiguous(CubeBackend::float_permute(by_gate, &[2, 1, 0]));
    if forward == Forward::Step {
        let rows = step_rows(batch);
        let groups = caps.groups_2d(hidden, batch, [STEP_UNITS[0], rows]);
        for t in 0..time as u32 {
            launch(
                step_kernel(entry, hidden, rows),
                groups,
                &[gates, &weights, h, c],
                &[t, batch as u32],
            );
        }
        return;
    }
    let groups = caps.groups_1d(batch, (slots(hidden) * forward.rows()) as u32);
    let most = steps_per_dispatch(batch, hidden);
    for first in (0..time).step_by(most) {
        let info = [first, batch, most.min(time - first)].map(|n| n as u32);
        launch(kernel(entry, hidden), groups, &[gates, &weights, h, c], &info);
    }
}

/// The backward pass: turns activated `gates [T, B, 4H]` into gradients of what they were made of, and gives the gradient of the
/// initial cell state.
fn recurrence_backward(
    forward: Forward,
    gates: &CubeTensor,
    w_hh: CubeTensor,
    c: &CubeTensor,
    dy: &CubeTensor,
) -> CubeTensor {
    let [time, batch, hidden] = dy.shape().dims();
    let caps = DeviceCaps::of(gates);
    let dc = empty(dy, [batch, hidden]);
    if forward.sequence_back(&caps, hidden) {
        // As forward, but from a unit of the gates to the units that they are made of.
        let by_gate = reshape(w_hh, [4, hidden, hidden]);
        let weights = into_contiguous(CubeBackend::float_permute(by_gate, &[1, 2, 0]));
        let groups = caps.groups_1d(batch, (slots(hidden) * BACK_ROWS) as u32);
        let most = steps_per_dispatch(batch, hidden);
        let mut left = time;
        while left > 0 {
            let steps = most.min(left);
            let info = [left - 1, batch, steps, usize::from(left == time)].map(|n| n as u32);
            launch(
                kernel("sequence_back", hidden),
                groups,
                &[gates, &weights, c, dy, &dc],
                &info,
            );
            left -= steps;
        }
        return dc;
    }
    let cells = caps.groups_1d(batch * hidden, 256);
    let rows = step_rows(batch);
    let tiles = caps.groups_2d(hidden, batch, [STEP_UNITS[1], rows]);
    let info = |t: usize| [t as u32, batch as u32];
    launch(
        step_kernel("backward_end", hidden, rows),
        cells,
        &[gates, c, dy, &dc],
        &info(time - 1),
    );
    for t in (1..time).rev() {
        launch(
            step_kernel("backward_step", hidden, rows),
            tiles,
            &[gates, &w_hh, c, dy, &dc],
            &info(t),
        );
    }
    dc
}

impl LstmKernels for CubeBackend {
    fn lstm_forward(
        x: CubeTensor,
        w_ih: CubeTensor,
        w_hh: CubeTensor,
        bias: CubeTensor,
        h0: CubeTensor,
        c0: CubeTensor,
    ) -> Tape<Self> {
        let [time, batch, input] = x.shape().dims();
        let hidden = h0.shape()[1];
        let [x, w_ih, bias] = [x, w_ih, bias].map(into_contiguous);
        let rows = reshape(x.clone(), [time * batch, input]);
        let projected = product(Factor::plain(&rows), Factor::turned(&w_ih), Plus::Bias(&bias));
        let gates = reshape(projected, [time, batch, 4 * hidden]);
        let (h, c) = (states(h0, time), states(c0, time));
        let forward = Forward::choose(&DeviceCaps::of(&x), batch, hidden);
        recurrence(forward, &gates, w_hh.clone(), &h, &c);
        Tape {
            x,
            w_ih,
            w_hh,
            h,
            c,
            gates,
        }
    }

    fn lstm_backward(tape: Tape<Self>, dy: CubeTensor, wanted: Wanted) -> Grads<Self> {
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
        let w_hh = into_contiguous(w_hh);
        let dy = into_contiguous(dy);
        let variant = Forward::choose(&DeviceCaps::of(&dy), batch, hidden);
        let dc = recurrence_backward(variant, &gates, w_hh.clone(), &c, &dy);
        let dh = wanted.h0.then(|| {
            let rows = [
                Slice::from(0..1),
                Slice::from(0..batch),
                Slice::from(0..4 * hidden),
            ];
            let first = into_contiguous(Self::float_slice(gates.clone(), &rows));
            let first = reshape(first, [batch, 4 * hidden]);
            product(Factor::plain(&first), Factor::plain(&w_hh), Plus::Nothing)
        });
        let n = time * batch;
        let d_gates = reshape(gates, [n, 4 * hidden]);
        let dx = wanted.x.then(|| {
            let rows = product(Factor::plain(&d_gates), Factor::plain(&w_ih), Plus::Nothing);
            reshape(rows, [time, batch, input])
        });
        let (mut d_ih, mut d_hh, mut d_bias) = (None, None, None);
        if wanted.weights {
            let over_steps = |operand: CubeTensor, width: usize| {
                let operand = reshape(into_contiguous(operand), [n, width]);
                product(Factor::turned(&d_gates), Factor::plain(&operand), Plus::Nothing)
            };
            d_ih = Some(over_steps(x, input));
            d_hh = Some(over_steps(Self::lstm_steps(h, 0, time), hidden));
            d_bias = Some(sum_rows(&d_gates, None));
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
