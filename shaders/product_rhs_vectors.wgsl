// How `product.wgsl` reads its right operand four words at a time: where N is contiguous and a multiple of four.

@group(0) @binding(1) var<storage, read_write> rhs: array<vec4<f32>>;  // [K, N]

// Four columns of one k of the piece that starts at k0, zeros beyond the edges.
fn fetch_b(first: u32, k0: u32, end: u32, local: u32) -> vec4<f32> {
    let size = info[0].y;
    if (local >= 128u * HALVES) { return vec4<f32>(0.0); }
    let blocks = 16u * HALVES;
    let k = k0 + local / blocks;
    let four = first + (local % blocks) * 4u;
    if (k < end && four < size) { return rhs[(k * size + four) / 4u]; }
    return vec4<f32>(0.0);
}
