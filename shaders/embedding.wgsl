// Rows of the embedding matrix and their gradient. Prepended by the host:
//   const WIDTH: u32.

@group(0) @binding(0) var<storage, read_write> g_weight: array<f32>;  // [V, WIDTH]
@group(0) @binding(1) var<storage, read_write> g_words: array<u32>;   // ids [N], factors [N] as bits, what `scatter` needs
@group(0) @binding(2) var<storage, read_write> g_out: array<f32>;     // [N, WIDTH]
@group(0) @binding(3) var<uniform> g_info: array<vec4<u32>, 4>;       // x: N

@compute @workgroup_size(256)
fn gather(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
          @builtin(local_invocation_index) local: u32) {
    let item = (group.y * groups.x + group.x) * 256u + local;
    let count = g_info[0].x;
    if (item >= count * WIDTH) { return; }
    let position = item / WIDTH;
    let column = item - position * WIDTH;
    g_out[item] = g_weight[g_words[position] * WIDTH + column] * bitcast<f32>(g_words[count + position]);
}

@group(0) @binding(0) var<storage, read_write> s_grad: array<f32>;    // [N, WIDTH]
@group(0) @binding(1) var<storage, read_write> s_words: array<u32>;   // ids [N], factors [N] as bits, distinct ids [U], starts [U + 1], positions [N]
@group(0) @binding(2) var<storage, read_write> s_out: array<f32>;     // [V, WIDTH], zeroed
@group(0) @binding(3) var<uniform> s_info: array<vec4<u32>, 4>;       // x: U distinct ids, y: N

// One invocation sums one column of one distinct id, in the order of its positions.
@compute @workgroup_size(256)
fn scatter(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
           @builtin(local_invocation_index) local: u32) {
    let item = (group.y * groups.x + group.x) * 256u + local;
    let distinct = s_info[0].x;
    let count = s_info[0].y;
    if (item >= distinct * WIDTH) { return; }
    let which = item / WIDTH;
    let column = item - which * WIDTH;
    let ids = 2u * count;
    let starts = ids + distinct;
    let positions = starts + distinct + 1u;
    var sum = 0.0;
    for (var k = s_words[starts + which]; k < s_words[starts + which + 1u]; k++) {
        let position = s_words[positions + k];
        sum += s_grad[position * WIDTH + column] * bitcast<f32>(s_words[count + position]);
    }
    s_out[s_words[ids + which] * WIDTH + column] = sum;
}
