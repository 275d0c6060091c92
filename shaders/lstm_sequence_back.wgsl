// Backward through one LSTM layer, many time steps a dispatch. Prepended by the host:
//   const HIDDEN: u32, lstm_cell.wgsl and lstm_slots.wgsl.
// As in lstm_sequence.wgsl a workgroup takes a few batch rows through the steps by itself, here from the last to the first:
// the gradients of a step's gates stay in workgroup memory for the recurrent product that the step before needs. An
// invocation owns one hidden unit (two, beyond 256) of one slot of two rows.
//
// Workgroup memory is not cleared for us: every element of a slot is written before the first step.

@group(0) @binding(0) var<storage, read_write> gates: array<f32>;          // [T, B, 4H]  activated, then their gradient
@group(0) @binding(1) var<storage, read_write> weights: array<vec4<f32>>;  // [H, H] from unit j of the gates to unit k: i, f, g, o
@group(0) @binding(2) var<storage, read_write> c: array<f32>;              // [T + 1, B, H]
@group(0) @binding(3) var<storage, read_write> dy: array<f32>;             // [T, B, H]
@group(0) @binding(4) var<storage, read_write> dc: array<f32>;             // [B, H] from the dispatch before, then for the next
@group(0) @binding(5) var<uniform> info: array<vec4<u32>, 4>;              // x: last step, y: B, z: steps, w: 1 if no step comes after

var<workgroup> after: array<vec4<f32>, 2 * STATE>;  // gradients of the gates of the step after: of a slot's first row, of its second
var<workgroup> cells: array<vec2<f32>, STATE>;      // gradients of the cells, a component a row

// Gradients of the gates of one unit of one row; zero beyond the batch.
fn gates_of(step: u32, row: u32, unit: u32) -> vec4<f32> {
    let batch = info[0].y;
    if (row >= batch) { return vec4<f32>(0.0); }
    let at = (step * batch + row) * 4u * HIDDEN + unit;
    return vec4<f32>(gates[at], gates[at + HIDDEN], gates[at + 2u * HIDDEN], gates[at + 3u * HIDDEN]);
}

struct CellGradient { gates: vec4<f32>, before: f32 }

// Goes back through the cell of one unit of one row, given the gradient of its hidden state by the recurrent product and
// that of its cell state by the step after. Rows beyond the batch stay at zero: they are in no buffer.
fn cell_backward(step: u32, row: u32, unit: u32, recurrent: f32, dc_after: f32) -> CellGradient {
    let batch = info[0].y;
    if (row >= batch) { return CellGradient(vec4<f32>(0.0), 0.0); }
    let at = (step * batch + row) * 4u * HIDDEN + unit;
    let here = (step * batch + row) * HIDDEN + unit;
    let i = gates[at];
    let f = gates[at + HIDDEN];
    let g = gates[at + 2u * HIDDEN];
    let o = gates[at + 3u * HIDDEN];
    let t = tanh_clamped(c[here + batch * HIDDEN]);
    let dh = dy[here] + recurrent;
    let d = dc_after + dh * o * (1.0 - t * t);
    let found = vec4<f32>(d * g * i * (1.0 - i), d * c[here] * f * (1.0 - f), d * i * (1.0 - g * g), dh * t * o * (1.0 - o));
    gates[at] = found.x;
    gates[at + HIDDEN] = found.y;
    gates[at + 2u * HIDDEN] = found.z;
    gates[at + 3u * HIDDEN] = found.w;
    return CellGradient(found, d * f);
}

@compute @workgroup_size(256)
fn sequence_back(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) local: u32) {
    let slot = local / COLUMNS;
    let column = local - slot * COLUMNS;
    let row = ((group.y * groups.x + group.x) * SLOTS + slot) * 2u;
    let last = info[0].x;
    let batch = info[0].y;
    if (slot < SLOTS) {
        for (var unit = column; unit < HIDDEN; unit += COLUMNS) {
            let at = slot * HIDDEN + unit;
            var a = vec4<f32>(0.0);
            var b = vec4<f32>(0.0);
            var d = vec2<f32>(0.0);
            if (info[0].w == 0u) {
                a = gates_of(last + 1u, row, unit);
                b = gates_of(last + 1u, row + 1u, unit);
                let first = min(row, batch - 1u) * HIDDEN + unit;
                let second = min(row + 1u, batch - 1u) * HIDDEN + unit;
                d = vec2<f32>(dc[first], dc[second]);
            }
            after[at] = a;
            after[STATE + at] = b;
            cells[at] = d;
        }
    }
    for (var t = 0u; t < info[0].z; t++) {
        var recurrent: array<vec2<f32>, PASSES>;
        workgroupBarrier();
        if (slot < SLOTS) {
            let base = slot * HIDDEN;
            for (var pass_ = 0u; pass_ < PASSES; pass_++) {
                let unit = column + pass_ * COLUMNS;
                var sum = vec2<f32>(0.0);
                if (unit < HIDDEN) {
                    for (var j = 0u; j < HIDDEN; j++) {
                        let w = weights[j * HIDDEN + unit];
                        sum += vec2<f32>(dot(after[base + j], w), dot(after[STATE + base + j], w));
                    }
                }
                recurrent[pass_] = sum;
            }
        }
        workgroupBarrier();
        if (slot < SLOTS) {
            for (var pass_ = 0u; pass_ < PASSES; pass_++) {
                let unit = column + pass_ * COLUMNS;
                if (unit < HIDDEN) {
                    let at = slot * HIDDEN + unit;
                    let a = cell_backward(last - t, row, unit, recurrent[pass_].x, cells[at].x);
                    let b = cell_backward(last - t, row + 1u, unit, recurrent[pass_].y, cells[at].y);
                    after[at] = a.gates;
                    after[STATE + at] = b.gates;
                    cells[at] = vec2<f32>(a.before, b.before);
                }
            }
        }
    }
    if (slot < SLOTS) {
        for (var unit = column; unit < HIDDEN; unit += COLUMNS) {
            let at = slot * HIDDEN + unit;
            if (row < batch) { dc[row * HIDDEN + unit] = cells[at].x; }
            if (row + 1u < batch) { dc[(row + 1u) * HIDDEN + unit] = cells[at].y; }
        }
    }
}
