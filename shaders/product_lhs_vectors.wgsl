// How `product.wgsl` reads its left operand four words at a time: where M is contiguous and a multiple of four.

@group(0) @binding(0) var<storage, read_write> lhs: array<vec4<f32>>;  // [K, M]

// Four rows of one k of the piece that starts at k0, zeros beyond the edges.
fn fetch_a(first: u32, k0: u32, end: u32, local: u32) -> vec4<f32> {
    let size = info[0].x;
    let blocks = 32u;
    let k = k0 + local / blocks;
    let four = first + (local % blocks) * 4u;
    if (k < end && four < size) { return lhs[(k * size + four) / 4u]; }
    return vec4<f32>(0.0);
}
