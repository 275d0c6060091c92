// How `product.wgsl` writes matrices whose width is a multiple of four.

@group(0) @binding(2) var<storage, read_write> bias: array<vec4<f32>>;  // [N], where there is one
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;   // [splits, M, N]

fn put(split: u32, row: u32, column: u32, words: vec4<f32>) {
    if (row >= info[0].x || column >= info[0].y) { return; }
    let at = ((split * info[0].x + row) * info[0].y + column) / 4u;
    var four = words;
    if ((info[1].x & 1u) != 0u) { four += bias[column / 4u]; }
    if ((info[1].x & 2u) != 0u) { four += out[at]; }
    out[at] = four;
}
