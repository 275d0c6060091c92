// One Adam step of one parameter.

@group(0) @binding(0) var<storage, read_write> parameter: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> first: array<f32>;
@group(0) @binding(3) var<storage, read_write> second: array<f32>;
@group(0) @binding(4) var<storage, read_write> scale: array<f32>;  // [1] gradient clipping
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
// length, rate, beta1, beta2 | correction2, epsilon, decay; all but the length as bits
@group(0) @binding(6) var<uniform> info: array<vec4<u32>, 4>;

@compute @workgroup_size(256)
fn adam(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
    let i = (group.y * groups.x + group.x) * 256u + local;
    if (i >= info[0].x) { return; }
    let rate = bitcast<f32>(info[0].y);
    let beta1 = bitcast<f32>(info[0].z);
    let beta2 = bitcast<f32>(info[0].w);
    let g = gradient[i] * scale[0];
    let m = beta1 * first[i] + (1.0 - beta1) * g;
    let v = beta2 * second[i] + (1.0 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    out[i] = parameter[i] * bitcast<f32>(info[1].z) - rate * m / (sqrt(v) / bitcast<f32>(info[1].x) + bitcast<f32>(info[1].y));
}
