// How `product.wgsl` writes matrices of any width.

@group(0) @binding(2) var<storage, read_write> bias: array<f32>;  // [N], where there is one
@group(0) @binding(3) var<storage, read_write> out: array<f32>;   // [splits, M, N]

fn put_word(column: u32, at: u32, value: f32) {
    if (column >= info[0].y) { return; }
    var word = value;
    if ((info[1].x & 1u) != 0u) { word += bias[column]; }
    if ((info[1].x & 2u) != 0u) { word += out[at]; }
    out[at] = word;
}

fn put(split: u32, row: u32, column: u32, words: vec4<f32>) {
    if (row >= info[0].x) { return; }
    let at = (split * info[0].x + row) * info[0].y + column;
    put_word(column, at, words.x);
    put_word(column + 1u, at + 1u, words.y);
    put_word(column + 2u, at + 2u, words.z);
    put_word(column + 3u, at + 3u, words.w);
}
