// A dropout mask from a counter: the same numbers as `Key::bits` gives on the host.

@group(0) @binding(0) var<storage, read_write> mask: array<f32>;
@group(0) @binding(1) var<uniform> info: array<vec4<u32>, 4>;  // length, key, key, threshold | bits of the scale

fn hash(word: u32) -> u32 {
    var x = word;
    x ^= x >> 16u;
    x *= 0x21f0aaadu;
    x ^= x >> 15u;
    x *= 0x735a2d97u;
    return x ^ (x >> 15u);
}

@compute @workgroup_size(256)
fn dropout_mask(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
                @builtin(local_invocation_index) local: u32) {
    let i = (group.y * groups.x + group.x) * 256u + local;
    if (i >= info[0].x) { return; }
    let bits = hash(hash(i ^ info[0].y) + info[0].z);
    mask[i] = select(0.0, bitcast<f32>(info[1].x), bits <= info[0].w);
}
