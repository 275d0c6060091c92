// Softmax cross-entropy of rows of logits, in place. A workgroup takes one row. Its 256 invocations stride over the words, then
// reduce through workgroup memory. How many words there are is no constant: with sampled softmax it may be another at each step.

const SIZE: u32 = 256u;
var<workgroup> partial: array<f32, 256>;

@group(0) @binding(0) var<storage, read_write> logits: array<f32>;   // [rows, vocab], becomes the gradient
@group(0) @binding(1) var<storage, read_write> targets: array<u32>;  // [N]
@group(0) @binding(2) var<storage, read_write> nll: array<f32>;      // [N]
@group(0) @binding(3) var<uniform> info: array<vec4<u32>, 4>;        // x: the chunk's first row, y: bits of the scale (0: no gradient), z: vocab

@compute @workgroup_size(256)
fn softmax_rows(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let vocab = info[0].z;
    let start = group.x * vocab;
    let row = info[0].x + group.x;
    let scale = bitcast<f32>(info[0].y);

    var top = -3.0e38;
    for (var k = local; k < vocab; k += SIZE) { top = max(top, logits[start + k]); }
    partial[local] = top;
    workgroupBarrier();
    for (var width = SIZE / 2u; width > 0u; width /= 2u) {
        if (local < width) { partial[local] = max(partial[local], partial[local + width]); }
        workgroupBarrier();
    }
    top = partial[0];
    workgroupBarrier();

    var sum = 0.0;
    for (var k = local; k < vocab; k += SIZE) { sum += exp(logits[start + k] - top); }
    partial[local] = sum;
    workgroupBarrier();
    for (var width = SIZE / 2u; width > 0u; width /= 2u) {
        if (local < width) { partial[local] += partial[local + width]; }
        workgroupBarrier();
    }
    sum = partial[0];

    let goal = targets[row];
    if (local == 0u) { nll[row] = log(sum) + top - logits[start + goal]; }
    // The target's logit has to be read before the loop below overwrites it.
    storageBarrier();
    workgroupBarrier();
    if (scale != 0.0) {
        for (var k = local; k < vocab; k += SIZE) {
            let p = exp(logits[start + k] - top) / sum;
            logits[start + k] = scale * (p - select(0.0, 1.0, k == goal));
        }
    }
}
