// One LSTM layer, one time step a dispatch. Prepended by the host:
//   const HIDDEN: u32.
// Gate order i, f, g, o. Storage bindings are all read_write because CubeCL places tensors in shared buffers, and
// one buffer may not be bound both read-only and read_write in a dispatch.
// A workgroup of 16 x 16 computes a tile of 16 batch rows by 16 hidden units; some columns of both operands at a time
// go through workgroup memory (5 KiB forward), so that each number is read from the buffers once a tile.

const TILE: u32 = 16u;

fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-clamp(x, -30.0, 30.0))); }
// Some drivers' tanh overflows for large arguments.
fn tanh_clamped(x: f32) -> f32 { return tanh(clamp(x, -15.0, 15.0)); }

var<workgroup> lhs: array<f32, 256>;   // [row in tile, k]
var<workgroup> rhs: array<f32, 1024>;  // [gate, unit in tile, k]

@group(0) @binding(0) var<storage, read_write> f_gates: array<f32>;  // [T, B, 4H]  x W_ih^T + b, then activated
@group(0) @binding(1) var<storage, read_write> f_w_hh: array<f32>;   // [4H, H]
@group(0) @binding(2) var<storage, read_write> f_h: array<f32>;      // [T + 1, B, H]
@group(0) @binding(3) var<storage, read_write> f_c: array<f32>;      // [T + 1, B, H]
@group(0) @binding(4) var<uniform> f_info: array<vec4<u32>, 4>;      // x: time step, y: B

@compute @workgroup_size(16, 16)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_id) local: vec3<u32>) {
    let step = f_info[0].x;
    let batch = f_info[0].y;
    let unit = group.x * TILE + local.x;
    let row = (group.z * groups.y + group.y) * TILE + local.y;
    let previous = step * batch * HIDDEN;
    var sum = vec4<f32>(0.0);
    for (var k0 = 0u; k0 < HIDDEN; k0 += TILE) {
        let k = k0 + local.x;
        // Zero beyond the edges: workgroup memory is not cleared for us.
        let row_in = row < batch && k < HIDDEN;
        lhs[local.y * TILE + local.x] = select(0.0, f_h[previous + min(row, batch - 1u) * HIDDEN + min(k, HIDDEN - 1u)], row_in);
        let w_unit = group.x * TILE + local.y;
        let unit_in = w_unit < HIDDEN && k < HIDDEN;
        for (var gate = 0u; gate < 4u; gate++) {
            let at = (gate * HIDDEN + min(w_unit, HIDDEN - 1u)) * HIDDEN + min(k, HIDDEN - 1u);
            rhs[(gate * TILE + local.y) * TILE + local.x] = select(0.0, f_w_hh[at], unit_in);
        }
        workgroupBarrier();
        for (var j = 0u; j < TILE; j++) {
            let a = lhs[local.y * TILE + j];
            let w = local.x * TILE + j;
            sum += a * vec4<f32>(rhs[w], rhs[256u + w], rhs[512u + w], rhs[768u + w]);
        }
        workgroupBarrier();
    }
    if (unit < HIDDEN && row < batch) {
        let at = (step * batch + row) * 4u * HIDDEN + unit;
        let i = sigmoid(f_gates[at] + sum.x);
        let f = sigmoid(f_gates[at + HIDDEN] + sum.y);
        let g = tanh_clamped(f_gates[at + 2u * HIDDEN] + sum.z);
        let o = sigmoid(f_gates[at + 3u * HIDDEN] + sum.w);
        f_gates[at] = i;
        f_gates[at + HIDDEN] = f;
        f_gates[at + 2u * HIDDEN] = g;
        f_gates[at + 3u * HIDDEN] = o;
        let here = previous + row * HIDDEN + unit;
        let c = f * f_c[here] + i * g;
        f_c[here + batch * HIDDEN] = c;
        f_h[here + batch * HIDDEN] = o * tanh_clamped(c);
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

// Four times as long a piece of the sum in workgroup memory (8 KiB) as forward, for a fourth of the barriers.
const PIECE: u32 = 64u;
var<workgroup> long_lhs: array<f32, 1024>;  // [row in tile, k]
var<workgroup> long_rhs: array<f32, 1024>;  // [k, unit in tile]

// One step further back: the recurrent product of step t gives the gradient of the hidden state that it read, and with
// that the invocation goes through its own cell of step t - 1. Another reads gates of step t alone, so one dispatch does.
@group(0) @binding(0) var<storage, read_write> s_gates: array<f32>;  // [T, B, 4H]  of t: gradients; of t - 1: activated, then gradients
@group(0) @binding(1) var<storage, read_write> s_w_hh: array<f32>;   // [4H, H]
@group(0) @binding(2) var<storage, read_write> s_c: array<f32>;      // [T + 1, B, H]
@group(0) @binding(3) var<storage, read_write> s_dy: array<f32>;     // [T, B, H]
@group(0) @binding(4) var<storage, read_write> s_dc: array<f32>;     // [B, H] from step t, then for the one before t - 1
@group(0) @binding(5) var<uniform> s_info: array<vec4<u32>, 4>;      // x: t, at least 1, y: B

@compute @workgroup_size(16, 16)
fn backward_step(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_id) local: vec3<u32>) {
    let step = s_info[0].x;
    let batch = s_info[0].y;
    let unit = group.x * TILE + local.x;
    let row = (group.z * groups.y + group.y) * TILE + local.y;
    let start = (step * batch + min(row, batch - 1u)) * 4u * HIDDEN;
    var sum = 0.0;
    for (var k0 = 0u; k0 < 4u * HIDDEN; k0 += PIECE) {
        for (var part = 0u; part < PIECE; part += TILE) {
            let k_lhs = k0 + part + local.x;
            let k_rhs = k0 + part + local.y;
            // Zero beyond the edges: workgroup memory is not cleared for us.
            let lhs_in = row < batch && k_lhs < 4u * HIDDEN;
            long_lhs[local.y * PIECE + part + local.x] = select(0.0, s_gates[start + min(k_lhs, 4u * HIDDEN - 1u)], lhs_in);
            let at = min(k_rhs, 4u * HIDDEN - 1u) * HIDDEN + min(unit, HIDDEN - 1u);
            long_rhs[(part + local.y) * TILE + local.x] = select(0.0, s_w_hh[at], unit < HIDDEN && k_rhs < 4u * HIDDEN);
        }
        workgroupBarrier();
        for (var j = 0u; j < PIECE; j++) {
            sum += long_lhs[local.y * PIECE + j] * long_rhs[j * TILE + local.x];
        }
        workgroupBarrier();
    }
    if (unit < HIDDEN && row < batch) {
        let cell = row * HIDDEN + unit;
        let at = ((step - 1u) * batch + row) * 4u * HIDDEN + unit;
        let here = (step - 1u) * batch * HIDDEN + cell;
        let gates = vec4<f32>(s_gates[at], s_gates[at + HIDDEN], s_gates[at + 2u * HIDDEN], s_gates[at + 3u * HIDDEN]);
        let found = through_cell(gates, s_c[here], s_c[here + batch * HIDDEN], s_dy[here] + sum, s_dc[cell]);
        s_gates[at] = found.gates.x;
        s_gates[at + HIDDEN] = found.gates.y;
        s_gates[at + 2u * HIDDEN] = found.gates.z;
        s_gates[at + 3u * HIDDEN] = found.gates.w;
        s_dc[cell] = found.before;
    }
}
