// How `product.wgsl` reads its right operand word by word: any size, and where K is contiguous.

@group(0) @binding(1) var<storage, read_write> rhs: array<f32>;  // [K, N], or with RHS_TURNED [N, K]

fn rhs_word(at: u32, inside: bool) -> f32 {
    if (inside) { return rhs[at]; }
    return 0.0;
}

// Four columns of one k of the piece that starts at k0, zeros beyond the edges.
fn fetch_b(first: u32, k0: u32, end: u32, local: u32) -> vec4<f32> {
    let size = info[0].y;
    if (local >= 128u * HALVES) { return vec4<f32>(0.0); }
    if (RHS_TURNED == 0u) {
        let blocks = 16u * HALVES;
        let k = k0 + local / blocks;
        let four = first + (local % blocks) * 4u;
        let at = k * size + four;
        return vec4<f32>(
            rhs_word(at, k < end && four < size),
            rhs_word(at + 1u, k < end && four + 1u < size),
            rhs_word(at + 2u, k < end && four + 2u < size),
            rhs_word(at + 3u, k < end && four + 3u < size),
        );
    }
    let k = k0 + local % 8u;
    let four = first + (local / 8u) * 4u;
    let depth = info[0].z;
    let at = four * depth + k;
    return vec4<f32>(
        rhs_word(at, k < end && four < size),
        rhs_word(at + depth, k < end && four + 1u < size),
        rhs_word(at + 2u * depth, k < end && four + 2u < size),
        rhs_word(at + 3u * depth, k < end && four + 3u < size),
    );
}
