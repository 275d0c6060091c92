// Concat pooling of each document's pooled steps, and its gradient. Prepended by the host:
//   const WIDTH: u32.
// One invocation owns one feature of one document, so neither pass needs atomics.

@group(0) @binding(0) var<storage, read_write> p_h: array<f32>;       // [T, B, WIDTH]
@group(0) @binding(1) var<storage, read_write> p_spans: array<u32>;   // [B, 2] first and end step
@group(0) @binding(2) var<storage, read_write> p_out: array<f32>;     // [B, 3 WIDTH] last, max, mean
@group(0) @binding(3) var<storage, read_write> p_argmax: array<u32>;  // [B, WIDTH]
@group(0) @binding(4) var<uniform> p_info: array<vec4<u32>, 4>;       // x: B

@compute @workgroup_size(64)
fn pool(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
    let item = (group.y * groups.x + group.x) * 64u + local;
    let batch = p_info[0].x;
    if (item >= batch * WIDTH) { return; }
    let row = item / WIDTH;
    let column = item - row * WIDTH;
    let first = p_spans[2u * row];
    let end = p_spans[2u * row + 1u];
    var top = -3.0e38;
    var where_top = first;
    var sum = 0.0;
    var last = 0.0;
    for (var t = first; t < end; t++) {
        last = p_h[(t * batch + row) * WIDTH + column];
        if (last > top) { top = last; where_top = t; }
        sum += last;
    }
    let at = row * 3u * WIDTH + column;
    p_out[at] = last;
    p_out[at + WIDTH] = top;
    p_out[at + 2u * WIDTH] = sum / f32(end - first);
    p_argmax[item] = where_top;
}

@group(0) @binding(0) var<storage, read_write> q_grad: array<f32>;    // [B, 3 WIDTH]
@group(0) @binding(1) var<storage, read_write> q_spans: array<u32>;   // [B, 2]
@group(0) @binding(2) var<storage, read_write> q_argmax: array<u32>;  // [B, WIDTH]
@group(0) @binding(3) var<storage, read_write> q_out: array<f32>;     // [T, B, WIDTH]
@group(0) @binding(4) var<uniform> q_info: array<vec4<u32>, 4>;       // x: B, y: T

@compute @workgroup_size(64)
fn pool_backward(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                 @builtin(local_invocation_index) local: u32) {
    let item = (group.y * groups.x + group.x) * 64u + local;
    let batch = q_info[0].x;
    if (item >= batch * WIDTH) { return; }
    let row = item / WIDTH;
    let column = item - row * WIDTH;
    let first = q_spans[2u * row];
    let end = q_spans[2u * row + 1u];
    let at = row * 3u * WIDTH + column;
    let mean = q_grad[at + 2u * WIDTH] / f32(end - first);
    let top = q_argmax[item];
    for (var t = 0u; t < q_info[0].y; t++) {
        var d = 0.0;
        if (t >= first && t < end) { d = mean; }
        if (t == end - 1u) { d += q_grad[at]; }
        if (t == top) { d += q_grad[at + WIDTH]; }
        q_out[(t * batch + row) * WIDTH + column] = d;
    }
}
