// Sums that finish what the products leave: parts of a split product, and the rows of a matrix.

@group(0) @binding(0) var<storage, read_write> p_parts: array<f32>;  // [splits, M, N]
@group(0) @binding(1) var<storage, read_write> p_bias: array<f32>;   // [N], where there is one
@group(0) @binding(2) var<storage, read_write> p_out: array<f32>;    // [M, N]
@group(0) @binding(3) var<uniform> p_info: array<vec4<u32>, 4>;      // x: M N, y: N, z: splits, w: 1 adds the bias, 2 adds to `p_out`

@compute @workgroup_size(256)
fn product_sum(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
               @builtin(local_invocation_index) local: u32) {
    let at = (group.y * groups.x + group.x) * 256u + local;
    let size = p_info[0].x;
    if (at >= size) { return; }
    var sum = 0.0;
    for (var split = 0u; split < p_info[0].z; split++) { sum += p_parts[split * size + at]; }
    if ((p_info[0].w & 1u) != 0u) { sum += p_bias[at % p_info[0].y]; }
    if ((p_info[0].w & 2u) != 0u) { sum += p_out[at]; }
    p_out[at] = sum;
}

@group(0) @binding(0) var<storage, read_write> r_matrix: array<f32>;  // [rows, columns]
@group(0) @binding(1) var<storage, read_write> r_out: array<f32>;     // [parts, columns]
@group(0) @binding(2) var<uniform> r_info: array<vec4<u32>, 4>;       // x: rows, y: columns, z: rows of a part, w: 1 adds to `r_out`

var<workgroup> lanes: array<f32, 256>;  // [lane, column]

// A workgroup sums one part's rows of 32 columns: eight lanes take every eighth row, then the first adds them up.
@compute @workgroup_size(32, 8)
fn sum_rows(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let column = group.x * 32u + local.x;
    let columns = r_info[0].y;
    let end = min(r_info[0].x, (group.y + 1u) * r_info[0].z);
    var sum = 0.0;
    if (column < columns) {
        for (var row = group.y * r_info[0].z + local.y; row < end; row += 8u) { sum += r_matrix[row * columns + column]; }
    }
    lanes[local.y * 32u + local.x] = sum;
    workgroupBarrier();
    if (local.y == 0u && column < columns) {
        for (var lane = 1u; lane < 8u; lane++) { sum += lanes[lane * 32u + local.x]; }
        let at = group.y * columns + column;
        if (r_info[0].w == 1u) { sum += r_out[at]; }
        r_out[at] = sum;
    }
}

@group(0) @binding(0) var<storage, read_write> t_values: array<f32>;  // [N]
@group(0) @binding(1) var<storage, read_write> t_out: array<f32>;     // [parts]
@group(0) @binding(2) var<uniform> t_info: array<vec4<u32>, 4>;       // x: N, y: values of a part, z: 1 squares them

// A workgroup totals one part: its invocations stride over the values, then halve.
@compute @workgroup_size(256)
fn total(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let end = min(t_info[0].x, (group.x + 1u) * t_info[0].y);
    var sum = 0.0;
    for (var at = group.x * t_info[0].y + local; at < end; at += 256u) {
        let value = t_values[at];
        sum += select(value, value * value, t_info[0].z == 1u);
    }
    lanes[local] = sum;
    workgroupBarrier();
    for (var width = 128u; width > 0u; width /= 2u) {
        if (local < width) { lanes[local] += lanes[local + width]; }
        workgroupBarrier();
    }
    if (local == 0u) { t_out[group.x] = lanes[0]; }
}
