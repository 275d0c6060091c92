// One LSTM layer, one time step a dispatch. Prepended by the host:
//   const HIDDEN: u32, ROWS: u32 (batch rows of a workgroup: 8, 16 or 32), and lstm_cell.wgsl.
// Gate order i, f, g, o. Storage bindings are all read_write because CubeCL places tensors in shared buffers, and
// one buffer may not be bound both read-only and read_write in a dispatch.
//
// A step's product is short and wide (few rows, long sums), so the 256 invocations of a workgroup share out not only its
// tile but also the sum: each slice of them takes every piece's k from another place, four rows by four columns in
// registers, and at the end the slices' parts are added, always in the same order. A piece of 32 k of both operands at a
// time goes through workgroup memory (16 KiB, which then holds the parts), while the next one is fetched.

const PIECE: u32 = 32u;
const BLOCKS: u32 = ROWS / 4u;  // of four rows
// A piece of the left operand: [k, row / 4], with one vector more than a row needs, which keeps the stores of neighbours
// off one another's banks. The right operand's lies behind it.
const LEFT: u32 = BLOCKS + 1u;
const RIGHT: u32 = PIECE * LEFT;
var<workgroup> tile: array<vec4<f32>, 1024>;

// What an invocation brings of the left operand: one k of a block of rows, as a whole vector, for components of one vector
// may not be stored by several invocations. Eight neighbours take neighbouring k, a line of the buffer.
fn left_k(local: u32) -> u32 { return local % 8u + 8u * (local / (8u * BLOCKS)); }
fn left_block(local: u32) -> u32 { return (local / 8u) % BLOCKS; }

@group(0) @binding(0) var<storage, read_write> f_gates: array<f32>;          // [T, B, 4H]  x W_ih^T + b, then activated
@group(0) @binding(1) var<storage, read_write> f_weights: array<vec4<f32>>;  // [H, H] from unit k to unit j: i, f, g, o
@group(0) @binding(2) var<storage, read_write> f_h: array<f32>;              // [T + 1, B, H]
@group(0) @binding(3) var<storage, read_write> f_c: array<f32>;              // [T + 1, B, H]
@group(0) @binding(4) var<uniform> f_info: array<vec4<u32>, 4>;              // x: time step, y: B

const F_UNITS: u32 = 8u;
const F_SLICES: u32 = 256u / (BLOCKS * F_UNITS);

fn f_word(row: u32, k: u32) -> f32 {
    if (row < f_info[0].y) { return f_h[(f_info[0].x * f_info[0].y + row) * HIDDEN + k]; }
    return 0.0;
}

// This invocation's part of the hidden states from k0 on; zero beyond the edges, for workgroup memory is not cleared for us.
fn f_hidden(first_row: u32, k0: u32, local: u32) -> vec4<f32> {
    let k = k0 + left_k(local);
    if (local >= PIECE * BLOCKS || k >= HIDDEN) { return vec4<f32>(0.0); }
    let row = first_row + left_block(local) * 4u;
    return vec4<f32>(f_word(row, k), f_word(row + 1u, k), f_word(row + 2u, k), f_word(row + 3u, k));
}

fn f_weight(k: u32, unit: u32) -> vec4<f32> {
    if (k < HIDDEN && unit < HIDDEN) { return f_weights[k * HIDDEN + unit]; }
    return vec4<f32>(0.0);
}

fn f_cell(row: u32, unit: u32, recurrent: vec4<f32>) {
    let batch = f_info[0].y;
    if (unit >= HIDDEN || row >= batch) { return; }
    let at = (f_info[0].x * batch + row) * 4u * HIDDEN + unit;
    let i = sigmoid(f_gates[at] + recurrent.x);
    let f = sigmoid(f_gates[at + HIDDEN] + recurrent.y);
    let g = tanh_clamped(f_gates[at + 2u * HIDDEN] + recurrent.z);
    let o = sigmoid(f_gates[at + 3u * HIDDEN] + recurrent.w);
    f_gates[at] = i;
    f_gates[at + HIDDEN] = f;
    f_gates[at + 2u * HIDDEN] = g;
    f_gates[at + 3u * HIDDEN] = o;
    let here = (f_info[0].x * batch + row) * HIDDEN + unit;
    let c = f * f_c[here] + i * g;
    f_c[here + batch * HIDDEN] = c;
    f_h[here + batch * HIDDEN] = o * tanh_clamped(c);
}

// ROWS rows by eight units with their four gates.
@compute @workgroup_size(256)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) local: u32) {
    let first_unit = group.x * F_UNITS;
    let first_row = (group.z * groups.y + group.y) * ROWS;
    let unit = local % F_UNITS;
    let block = (local / F_UNITS) % BLOCKS;
    let slice = local / (F_UNITS * BLOCKS);
    var h = f_hidden(first_row, 0u, local);
    var w = f_weight(local / F_UNITS, first_unit + unit);
    var sum0 = vec4<f32>(0.0);
    var sum1 = vec4<f32>(0.0);
    var sum2 = vec4<f32>(0.0);
    var sum3 = vec4<f32>(0.0);
    for (var k0 = 0u; k0 < HIDDEN; k0 += PIECE) {
        if (local < PIECE * BLOCKS) { tile[left_k(local) * LEFT + left_block(local)] = h; }
        tile[RIGHT + local] = w;
        workgroupBarrier();
        let next = k0 + PIECE;
        h = f_hidden(first_row, next, local);
        w = f_weight(next + local / F_UNITS, first_unit + unit);
        for (var j = 0u; j < PIECE / F_SLICES; j++) {
            let k = slice * (PIECE / F_SLICES) + j;
            let four = tile[k * LEFT + block];
            let weights = tile[RIGHT + k * F_UNITS + unit];
            sum0 += four.x * weights;
            sum1 += four.y * weights;
            sum2 += four.z * weights;
            sum3 += four.w * weights;
        }
        workgroupBarrier();
    }
    let part = (slice * ROWS + block * 4u) * F_UNITS + unit;
    tile[part] = sum0;
    tile[part + F_UNITS] = sum1;
    tile[part + 2u * F_UNITS] = sum2;
    tile[part + 3u * F_UNITS] = sum3;
    workgroupBarrier();
    if (local < ROWS * F_UNITS) {
        var recurrent = vec4<f32>(0.0);
        for (var s = 0u; s < F_SLICES; s++) { recurrent += tile[s * ROWS * F_UNITS + local]; }
        f_cell(first_row + local / F_UNITS, first_unit + unit, recurrent);
    }
}

// Backward through one cell: gradients of the four pre-activations, and of the cell state before.
struct CellGradient { gates: vec4<f32>, before: f32 }
fn through_cell(gates: vec4<f32>, before: f32, after: f32, dh: f32, dc_after: f32) -> CellGradient {
    let i = gates.x;
    let f = gates.y;
    let g = gates.z;
    let o = gates.w;
    let t = tanh_clamped(after);
    let dc = dc_after + dh * o * (1.0 - t * t);
    return CellGradient(
        vec4<f32>(dc * g * i * (1.0 - i), dc * before * f * (1.0 - f), dc * i * (1.0 - g * g), dh * t * o * (1.0 - o)),
        dc * f,
    );
}

// The cells of the last step: nothing comes from a step after it.
@group(0) @binding(0) var<storage, read_write> e_gates: array<f32>;  // [T, B, 4H]  activated, then their gradient
@group(0) @binding(1) var<storage, read_write> e_c: array<f32>;      // [T + 1, B, H]
@group(0) @binding(2) var<storage, read_write> e_dy: array<f32>;     // [T, B, H]
@group(0) @binding(3) var<storage, read_write> e_dc: array<f32>;     // [B, H] out, for the step before
@group(0) @binding(4) var<uniform> e_info: array<vec4<u32>, 4>;      // x: last time step, y: B

@compute @workgroup_size(256)
fn backward_end(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(local_invocation_index) local: u32) {
    let cell = (group.y * groups.x + group.x) * 256u + local;
    let step = e_info[0].x;
    let batch = e_info[0].y;
    if (cell >= batch * HIDDEN) { return; }
    let row = cell / HIDDEN;
    let at = (step * batch + row) * 4u * HIDDEN + (cell - row * HIDDEN);
    let here = step * batch * HIDDEN + cell;
    let gates = vec4<f32>(e_gates[at], e_gates[at + HIDDEN], e_gates[at + 2u * HIDDEN], e_gates[at + 3u * HIDDEN]);
    let found = through_cell(gates, e_c[here], e_c[here + batch * HIDDEN], e_dy[here], 0.0);
    e_gates[at] = found.gates.x;
    e_gates[at + HIDDEN] = found.gates.y;
    e_gates[at + 2u * HIDDEN] = found.gates.z;
    e_gates[at + 3u * HIDDEN] = found.gates.w;
    e_dc[cell] = found.before;
}

// One step further back: the recurrent product of step t gives the gradient of the hidden state that it read, and with
// that the workgroup goes through its own cells of step t - 1. Another reads gates of step t alone, so one dispatch does.
@group(0) @binding(0) var<storage, read_write> s_gates: array<f32>;  // [T, B, 4H]  of t: gradients; of t - 1: activated, then gradients
@group(0) @binding(1) var<storage, read_write> s_w_hh: array<f32>;   // [4H, H]
@group(0) @binding(2) var<storage, read_write> s_c: array<f32>;      // [T + 1, B, H]
@group(0) @binding(3) var<storage, read_write> s_dy: array<f32>;     // [T, B, H]
@group(0) @binding(4) var<storage, read_write> s_dc: array<f32>;     // [B, H] from step t, then for the one before t - 1
@group(0) @binding(5) var<uniform> s_info: array<vec4<u32>, 4>;      // x: t, at least 1, y: B

const S_COLUMNS: u32 = 4u;  // of four units
const S_UNITS: u32 = 4u * S_COLUMNS;
const S_SLICES: u32 = 256u / (BLOCKS * S_COLUMNS);

fn s_gate(row: u32, k: u32) -> f32 {
    if (row < s_info[0].y) { return s_gates[(s_info[0].x * s_info[0].y + row) * 4u * HIDDEN + k]; }
    return 0.0;
}

// This invocation's part of the gates' gradients from k0 on.
fn s_left(first_row: u32, k0: u32, local: u32) -> vec4<f32> {
    let k = k0 + left_k(local);
    if (local >= PIECE * BLOCKS || k >= 4u * HIDDEN) { return vec4<f32>(0.0); }
    let row = first_row + left_block(local) * 4u;
    return vec4<f32>(s_gate(row, k), s_gate(row + 1u, k), s_gate(row + 2u, k), s_gate(row + 3u, k));
}

fn s_word(k: u32, unit: u32) -> f32 {
    if (unit < HIDDEN) { return s_w_hh[k * HIDDEN + unit]; }
    return 0.0;
}

// And of the weights: four units of one k.
fn s_right(first_unit: u32, k0: u32, local: u32) -> vec4<f32> {
    let k = k0 + local / S_COLUMNS;
    if (local >= PIECE * S_COLUMNS || k >= 4u * HIDDEN) { return vec4<f32>(0.0); }
    let unit = first_unit + (local % S_COLUMNS) * 4u;
    return vec4<f32>(s_word(k, unit), s_word(k, unit + 1u), s_word(k, unit + 2u), s_word(k, unit + 3u));
}

fn s_cell(row: u32, unit: u32, recurrent: f32) {
    let batch = s_info[0].y;
    if (unit >= HIDDEN || row >= batch) { return; }
    let before = (s_info[0].x - 1u) * batch;
    let cell = row * HIDDEN + unit;
    let at = (before + row) * 4u * HIDDEN + unit;
    let here = before * HIDDEN + cell;
    let gates = vec4<f32>(s_gates[at], s_gates[at + HIDDEN], s_gates[at + 2u * HIDDEN], s_gates[at + 3u * HIDDEN]);
    let found = through_cell(gates, s_c[here], s_c[here + batch * HIDDEN], s_dy[here] + recurrent, s_dc[cell]);
    s_gates[at] = found.gates.x;
    s_gates[at + HIDDEN] = found.gates.y;
    s_gates[at + 2u * HIDDEN] = found.gates.z;
    s_gates[at + 3u * HIDDEN] = found.gates.w;
    s_dc[cell] = found.before;
}

// ROWS rows by sixteen units.
@compute @workgroup_size(256)
fn backward_step(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) local: u32) {
    let first_unit = group.x * S_UNITS;
    let first_row = (group.z * groups.y + group.y) * ROWS;
    let column = local % S_COLUMNS;
    let block = (local / S_COLUMNS) % BLOCKS;
    let slice = local / (S_COLUMNS * BLOCKS);
    var gates = s_left(first_row, 0u, local);
    var w = s_right(first_unit, 0u, local);
    var sum0 = vec4<f32>(0.0);
    var sum1 = vec4<f32>(0.0);
    var sum2 = vec4<f32>(0.0);
    var sum3 = vec4<f32>(0.0);
    for (var k0 = 0u; k0 < 4u * HIDDEN; k0 += PIECE) {
        if (local < PIECE * BLOCKS) { tile[left_k(local) * LEFT + left_block(local)] = gates; }
        if (local < PIECE * S_COLUMNS) { tile[RIGHT + local] = w; }
        workgroupBarrier();
        let next = k0 + PIECE;
        gates = s_left(first_row, next, local);
        w = s_right(first_unit, next, local);
        for (var j = 0u; j < PIECE / S_SLICES; j++) {
            let k = slice * (PIECE / S_SLICES) + j;
            let four = tile[k * LEFT + block];
            let weights = tile[RIGHT + k * S_COLUMNS + column];
            sum0 += four.x * weights;
            sum1 += four.y * weights;
            sum2 += four.z * weights;
            sum3 += four.w * weights;
        }
        workgroupBarrier();
    }
    let part = (slice * ROWS + block * 4u) * S_COLUMNS + column;
    tile[part] = sum0;
    tile[part + S_COLUMNS] = sum1;
    tile[part + 2u * S_COLUMNS] = sum2;
    tile[part + 3u * S_COLUMNS] = sum3;
    workgroupBarrier();
    for (var cell = local; cell < ROWS * S_UNITS; cell += 256u) {
        let unit = cell % S_UNITS;
        let at = (cell / S_UNITS) * S_COLUMNS + unit / 4u;
        var recurrent = 0.0;
        for (var s = 0u; s < S_SLICES; s++) { recurrent += tile[s * ROWS * S_COLUMNS + at][unit % 4u]; }
        s_cell(first_row + cell / S_UNITS, first_unit + unit, recurrent);
    }
}
