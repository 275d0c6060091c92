// Matrix product of f32. Prepended by the host:
//   const LHS_TURNED: u32, RHS_TURNED: u32 (1 where the operand is stored transposed), HALVES: u32 (1 or 2),
//   then what reads and writes the buffers: `product_lhs_*.wgsl`, `product_rhs_*.wgsl`, `product_out_*.wgsl`.
// A workgroup of 256 computes a tile of 128 rows by 64 * HALVES columns, eight columns of the left operand and as many rows
// of the right one at a time through workgroup memory (8.3 KiB). An invocation holds eight rows by 4 * HALVES columns in
// registers, and fetches the next piece while it works on this one. Where the tiles alone are too few to fill a GPU, K is
// split over the third dimension of the grid and `product_sum` adds the parts, always in the same order.

const PIECE: u32 = 8u;
// A row of a tile in workgroup memory: 32 vectors, and one that keeps stores of one column off one another's banks.
const STRIDE: u32 = 33u;

var<workgroup> a_tile: array<vec4<f32>, 264>;  // [k, row / 4]
var<workgroup> b_tile: array<vec4<f32>, 264>;  // [k, column / 4]

@group(0) @binding(4) var<uniform> info: array<vec4<u32>, 4>;  // x: M, y: N, z: K, w: K of a split; x: 1 adds the bias, 2 adds to `out`

// Whole vectors: components of one vector may not be stored by several invocations.
fn store_a(words: vec4<f32>, local: u32) {
    if (LHS_TURNED == 1u) {
        a_tile[(local / 32u) * STRIDE + local % 32u] = words;
    } else {
        a_tile[(local % 8u) * STRIDE + local / 8u] = words;
    }
}

fn store_b(words: vec4<f32>, local: u32) {
    if (local >= 128u * HALVES) { return; }
    if (RHS_TURNED == 1u) {
        b_tile[(local % 8u) * STRIDE + local / 8u] = words;
    } else {
        let blocks = 16u * HALVES;
        b_tile[(local / blocks) * STRIDE + local % blocks] = words;
    }
}

@compute @workgroup_size(256)
fn product(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first_row = group.y * 128u;
    let first_column = group.x * 64u * HALVES;
    let start = group.z * info[0].w;
    let end = min(info[0].z, start + info[0].w);
    let x = local % 16u;
    let y = local / 16u;
    // Indices are literals throughout, so that the array lives in registers.
    var sum: array<vec4<f32>, 16>;
    var a = fetch_a(first_row, start, end, local);
    var b = fetch_b(first_column, start, end, local);
    for (var k0 = start; k0 < end; k0 += PIECE) {
        store_a(a, local);
        store_b(b, local);
        workgroupBarrier();
        a = fetch_a(first_row, k0 + PIECE, end, local);
        b = fetch_b(first_column, k0 + PIECE, end, local);
        for (var k = 0u; k < PIECE; k++) {
            let a0 = a_tile[k * STRIDE + y];
            let a1 = a_tile[k * STRIDE + 16u + y];
            let b0 = b_tile[k * STRIDE + x];
            sum[0] += a0.x * b0;
            sum[1] += a0.y * b0;
            sum[2] += a0.z * b0;
            sum[3] += a0.w * b0;
            sum[4] += a1.x * b0;
            sum[5] += a1.y * b0;
            sum[6] += a1.z * b0;
            sum[7] += a1.w * b0;
            if (HALVES == 2u) {
                let b1 = b_tile[k * STRIDE + 16u + x];
                sum[8] += a0.x * b1;
                sum[9] += a0.y * b1;
                sum[10] += a0.z * b1;
                sum[11] += a0.w * b1;
                sum[12] += a1.x * b1;
                sum[13] += a1.y * b1;
                sum[14] += a1.z * b1;
                sum[15] += a1.w * b1;
            }
        }
        workgroupBarrier();
    }
    let upper = first_row + y * 4u;
    let lower = upper + 64u;
    let left = first_column + x * 4u;
    put(group.z, upper, left, sum[0]);
    put(group.z, upper + 1u, left, sum[1]);
    put(group.z, upper + 2u, left, sum[2]);
    put(group.z, upper + 3u, left, sum[3]);
    put(group.z, lower, left, sum[4]);
    put(group.z, lower + 1u, left, sum[5]);
    put(group.z, lower + 2u, left, sum[6]);
    put(group.z, lower + 3u, left, sum[7]);
    if (HALVES == 2u) {
        let right = left + 64u;
        put(group.z, upper, right, sum[8]);
        put(group.z, upper + 1u, right, sum[9]);
        put(group.z, upper + 2u, right, sum[10]);
        put(group.z, upper + 3u, right, sum[11]);
        put(group.z, lower, right, sum[12]);
        put(group.z, lower + 1u, right, sum[13]);
        put(group.z, lower + 2u, right, sum[14]);
        put(group.z, lower + 3u, right, sum[15]);
    }
}
