// How `product.wgsl` reads its left operand word by word: any size, and where K is contiguous.

@group(0) @binding(0) var<storage, read_write> lhs: array<f32>;  // [M, K], or with LHS_TURNED [K, M]

fn lhs_word(at: u32, inside: bool) -> f32 {
    if (inside) { return lhs[at]; }
    return 0.0;
}

// Four rows of one k of the piece that starts at k0, zeros beyond the edges.
fn fetch_a(first: u32, k0: u32, end: u32, local: u32) -> vec4<f32> {
    let size = info[0].x;
    if (LHS_TURNED == 1u) {
        let blocks = 32u;
        let k = k0 + local / blocks;
        let four = first + (local % blocks) * 4u;
        let at = k * size + four;
        return vec4<f32>(
            lhs_word(at, k < end && four < size),
            lhs_word(at + 1u, k < end && four + 1u < size),
            lhs_word(at + 2u, k < end && four + 2u < size),
            lhs_word(at + 3u, k < end && four + 3u < size),
        );
    }
    let k = k0 + local % 8u;
    let four = first + (local / 8u) * 4u;
    let depth = info[0].z;
    let at = four * depth + k;
    return vec4<f32>(
        lhs_word(at, k < end && four < size),
        lhs_word(at + depth, k < end && four + 1u < size),
        lhs_word(at + 2u * depth, k < end && four + 2u < size),
        lhs_word(at + 3u * depth, k < end && four + 3u < size),
    );
}
