// One LSTM layer, many time steps a dispatch. Prepended by the host:
//   const HIDDEN: u32, lstm_cell.wgsl and lstm_slots.wgsl.
// Batch rows do not depend on one another, so a workgroup takes a few of them through the steps by itself: hidden and
// cell state stay in workgroup memory, the recurrent weights come out of the cache again at every step, and one barrier
// a step is all that has to be waited for. An invocation owns one hidden unit (two, beyond 256) of one slot of rows.
//
// Workgroup memory is not cleared for us: `*_load` writes every element that is read later.

@group(0) @binding(0) var<storage, read_write> gates: array<f32>;          // [T, B, 4H]  x W_ih^T + b, then activated
@group(0) @binding(1) var<storage, read_write> weights: array<vec4<f32>>;  // [H, H] from unit k to unit j: i, f, g, o
@group(0) @binding(2) var<storage, read_write> h: array<f32>;              // [T + 1, B, H]
@group(0) @binding(3) var<storage, read_write> c: array<f32>;              // [T + 1, B, H]
@group(0) @binding(4) var<uniform> info: array<vec4<u32>, 4>;              // x: first step, y: B, z: steps

// Activates the gates of one unit of one row and steps its cell; returns the new cell and hidden state.
// Rows beyond the batch stay at zero: they are in no buffer.
fn cell_forward(step: u32, row: u32, unit: u32, recurrent: vec4<f32>, cell: f32) -> vec2<f32> {
    let batch = info[0].y;
    if (row >= batch) { return vec2<f32>(0.0); }
    let at = (step * batch + row) * 4u * HIDDEN + unit;
    let i = sigmoid(gates[at] + recurrent.x);
    let f = sigmoid(gates[at + HIDDEN] + recurrent.y);
    let g = tanh_clamped(gates[at + 2u * HIDDEN] + recurrent.z);
    let o = sigmoid(gates[at + 3u * HIDDEN] + recurrent.w);
    let next = f * cell + i * g;
    let out = o * tanh_clamped(next);
    gates[at] = i;
    gates[at + HIDDEN] = f;
    gates[at + 2u * HIDDEN] = g;
    gates[at + 3u * HIDDEN] = o;
    let there = ((step + 1u) * batch + row) * HIDDEN + unit;
    c[there] = next;
    h[there] = out;
    return vec2<f32>(next, out);
}

// Where the state of one unit of one row starts; of the last row for those beyond the batch.
fn start_of(row: u32, unit: u32) -> u32 {
    let batch = info[0].y;
    return (info[0].x * batch + min(row, batch - 1u)) * HIDDEN + unit;
}

var<workgroup> one_h: array<f32, 2 * STATE>;  // of this step, and of the next
var<workgroup> one_c: array<f32, STATE>;

// A slot is one row: for a single sequence.
@compute @workgroup_size(256)
fn sequence_one(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(local_invocation_index) local: u32) {
    let slot = local / COLUMNS;
    let column = local - slot * COLUMNS;
    let row = (group.y * groups.x + group.x) * SLOTS + slot;
    if (slot < SLOTS) {
        for (var unit = column; unit < HIDDEN; unit += COLUMNS) {
            let at = start_of(row, unit);
            one_h[slot * HIDDEN + unit] = h[at];
            one_c[slot * HIDDEN + unit] = c[at];
        }
    }
    var now = 0u;
    for (var t = 0u; t < info[0].z; t++) {
        workgroupBarrier();
        if (slot < SLOTS) {
            let before = now + slot * HIDDEN;
            for (var unit = column; unit < HIDDEN; unit += COLUMNS) {
                var sum = vec4<f32>(0.0);
                for (var k = 0u; k < HIDDEN; k++) {
                    sum += one_h[before + k] * weights[k * HIDDEN + unit];
                }
                let cell = slot * HIDDEN + unit;
                let found = cell_forward(info[0].x + t, row, unit, sum, one_c[cell]);
                one_c[cell] = found.x;
                one_h[STATE - now + cell] = found.y;
            }
        }
        now = STATE - now;
    }
}

var<workgroup> four_h: array<vec4<f32>, 2 * STATE>;  // of this step, and of the next; a component a row
var<workgroup> four_c: array<vec4<f32>, STATE>;

// A slot is four rows, so that each weight that is read is used four times.
@compute @workgroup_size(256)
fn sequence_four(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) local: u32) {
    let slot = local / COLUMNS;
    let column = local - slot * COLUMNS;
    let row = ((group.y * groups.x + group.x) * SLOTS + slot) * 4u;
    if (slot < SLOTS) {
        for (var unit = column; unit < HIDDEN; unit += COLUMNS) {
            let at = vec4<u32>(start_of(row, unit), start_of(row + 1u, unit), start_of(row + 2u, unit), start_of(row + 3u, unit));
            four_h[slot * HIDDEN + unit] = vec4<f32>(h[at.x], h[at.y], h[at.z], h[at.w]);
            four_c[slot * HIDDEN + unit] = vec4<f32>(c[at.x], c[at.y], c[at.z], c[at.w]);
        }
    }
    var now = 0u;
    for (var t = 0u; t < info[0].z; t++) {
        workgroupBarrier();
        if (slot < SLOTS) {
            let before = now + slot * HIDDEN;
            let step = info[0].x + t;
            for (var unit = column; unit < HIDDEN; unit += COLUMNS) {
                var i = vec4<f32>(0.0);
                var f = vec4<f32>(0.0);
                var g = vec4<f32>(0.0);
                var o = vec4<f32>(0.0);
                for (var k = 0u; k < HIDDEN; k++) {
                    let w = weights[k * HIDDEN + unit];
                    let four = four_h[before + k];
                    i += w.x * four;
                    f += w.y * four;
                    g += w.z * four;
                    o += w.w * four;
                }
                let at = slot * HIDDEN + unit;
                let cell = four_c[at];
                let a = cell_forward(step, row, unit, vec4<f32>(i.x, f.x, g.x, o.x), cell.x);
                let b = cell_forward(step, row + 1u, unit, vec4<f32>(i.y, f.y, g.y, o.y), cell.y);
                let d = cell_forward(step, row + 2u, unit, vec4<f32>(i.z, f.z, g.z, o.z), cell.z);
                let e = cell_forward(step, row + 3u, unit, vec4<f32>(i.w, f.w, g.w, o.w), cell.w);
                four_c[at] = vec4<f32>(a.x, b.x, d.x, e.x);
                four_h[STATE - now + at] = vec4<f32>(a.y, b.y, d.y, e.y);
            }
        }
        now = STATE - now;
    }
}
