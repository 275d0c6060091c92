//! Matrix products and sums of rows on a GPU (`shaders/product.wgsl`, `shaders/sums.wgsl`), for the operations beside it.
//!
//! Burn's own product is chosen by autotuning, which costs seconds at the start and is not the same from run to run;
//! without it Burn takes one kernel for all shapes. This one has the three layouts that training needs, adds a bias or to
//! what is there on the way out, and splits long sums where a matrix is too small to occupy a GPU. The same shapes are
//! always summed in the same order.

use burn::backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;

use crate::gpu::caps::DeviceCaps;
use crate::gpu::kernel::{Kernel, empty, launch};

/// Rows of a tile.
const TILE_ROWS: usize = 128;
/// Workgroups that occupy a large GPU.
const ENOUGH_GROUPS: usize = if cfg!(test) { 6 } else { 256 };
/// Terms of a sum that are worth a workgroup of their own.
const SPLIT_TERMS: usize = if cfg!(test) { 16 } else { 256 };
/// Rows that one workgroup sums, where there are more of them than two rounds take.
const SUM_ROWS: usize = if cfg!(test) { 16 } else { 128 };

/// A matrix as a product takes it.
#[derive(Clone, Copy)]
pub struct Factor<'a> {
    /// Two dimensions, contiguous.
    pub tensor: &'a CubeTensor,
    /// Whether its transpose is meant.
    pub turned: bool,
}

impl<'a> Factor<'a> {
    /// The matrix as it is stored.
    pub fn plain(tensor: &'a CubeTensor) -> Self {
        Self {
            tensor,
            turned: false,
        }
    }

    /// Its transpose, without storing that.
    pub fn turned(tensor: &'a CubeTensor) -> Self {
        Self { tensor, turned: true }
    }

    fn dims(&self) -> [usize; 2] {
        let [rows, columns] = self.tensor.shape().dims();
        if self.turned {
            [columns, rows]
        } else {
            [rows, columns]
        }
    }
}

/// What is added to a product on the way out.
#[expect(clippy::large_enum_variant, reason = "one at a time, and taken apart at once")]
pub enum Plus<'a> {
    /// Nothing.
    Nothing,
    /// A row `[1, N]` to every row.
    Bias(&'a CubeTensor),
    /// The product is added to this matrix `[M, N]`, which nothing else may hold.
    Into(CubeTensor),
}

/// How an operand, or the product, is read and written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Words,
    Vectors,
}

/// The shader with the parts that read and write its buffers before it.
macro_rules! source {
    ($lhs:literal, $rhs:literal, $out:literal) => {
        concat!(
            include_str!(concat!("../../shaders/product_lhs_", $lhs, ".wgsl")),
            include_str!(concat!("../../shaders/product_rhs_", $rhs, ".wgsl")),
            include_str!(concat!("../../shaders/product_out_", $out, ".wgsl")),
            include_str!("../../shaders/product.wgsl")
        )
    };
}

pub fn kernel(access: [Access; 3], turned: [bool; 2], halves: u32) -> Kernel {
    use Access::{Vectors, Words};
    Kernel {
        source: match access {
            [Words, Words, Words] => source!("words", "words", "words"),
            [Words, Words, Vectors] => source!("words", "words", "vectors"),
            [Words, Vectors, Words] => source!("words", "vectors", "words"),
            [Words, Vectors, Vectors] => source!("words", "vectors", "vectors"),
            [Vectors, Words, Words] => source!("vectors", "words", "words"),
            [Vectors, Words, Vectors] => source!("vectors", "words", "vectors"),
            [Vectors, Vectors, Words] => source!("vectors", "vectors", "words"),
            [Vectors, Vectors, Vectors] => source!("vectors", "vectors", "vectors"),
        },
        entry: "product",
        constants: vec![
            ("LHS_VECTORS", u32::from(access[0] == Vectors)),
            ("RHS_VECTORS", u32::from(access[1] == Vectors)),
            ("OUT_VECTORS", u32::from(access[2] == Vectors)),
            ("LHS_TURNED", u32::from(turned[0])),
            ("RHS_TURNED", u32::from(turned[1])),
            ("HALVES", halves),
        ],
    }
}

/// How a product of these sizes reads `lhs` and `rhs` and writes.
pub fn access(turned: [bool; 2], m: usize, n: usize) -> [Access; 3] {
    let vectors = |are: bool| if are { Access::Vectors } else { Access::Words };
    // Where K is contiguous, an invocation needs words of four rows.
    [
        vectors(turned[0] && m.is_multiple_of(4)),
        vectors(!turned[1] && n.is_multiple_of(4)),
        vectors(n.is_multiple_of(4)),
    ]
}

pub fn sum_kernel(entry: &'static str) -> Kernel {
    Kernel {
        source: include_str!("../../shaders/sums.wgsl"),
        entry,
        constants: vec![],
    }
}

/// How the sum over `terms` is split for a matrix of so many tiles: parts, and terms of a part.
fn split(tiles: usize, terms: usize, software: bool) -> (usize, usize) {
    let parts = if software && !cfg!(test) {
        1
    } else {
        (ENOUGH_GROUPS / tiles.max(1)).min(terms / SPLIT_TERMS).max(1)
    };
    // Pieces of eight terms, so that no piece lies in two parts.
    let length = terms.div_ceil(parts).next_multiple_of(8);
    (terms.div_ceil(length).max(1), length)
}

/// `[M, K] x [K, N]`, in `f32`.
pub fn product(lhs: Factor, rhs: Factor, plus: Plus) -> CubeTensor {
    let ([m, k], [_, n]) = (lhs.dims(), rhs.dims());
    let caps = DeviceCaps::of(lhs.tensor);
    let halves = if n.is_multiple_of(128) || n % 128 > 64 {
        2
    } else {
        1
    };
    let [columns, rows] = [n.div_ceil(64 * halves), m.div_ceil(TILE_ROWS)];
    let (parts, length) = split(rows * columns, k, caps.software);
    // A binding that is not read has to be there all the same.
    let unused = || empty(lhs.tensor, [4]);
    let (out, bias, flags) = match plus {
        Plus::Nothing => (empty(lhs.tensor, [m, n]), unused(), 0),
        Plus::Bias(bias) => (empty(lhs.tensor, [m, n]), bias.clone(), 1),
        Plus::Into(out) => (out, unused(), 2),
    };
    let turned = [lhs.turned, rhs.turned];
    let kernel = kernel(access(turned, m, n), turned, halves as u32);
    let groups = [columns as u32, rows as u32, parts as u32];
    let mut info = [m, n, k, length, 0].map(|word| word as u32);
    if parts == 1 {
        info[4] = flags;
        launch(kernel, groups, &[lhs.tensor, rhs.tensor, &bias, &out], &info);
        return out;
    }
    let partial = empty(lhs.tensor, [parts, m, n]);
    launch(
        kernel,
        groups,
        &[lhs.tensor, rhs.tensor, &unused(), &partial],
        &info,
    );
    launch(
        sum_kernel("product_sum"),
        caps.groups_1d(m * n, 256),
        &[&partial, &bias, &out],
        &[(m * n) as u32, n as u32, parts as u32, flags],
    );
    out
}

/// The sum over the rows of `[rows, columns]`: `[1, columns]`, added to `into` where that is given.
pub fn sum_rows(matrix: &CubeTensor, into: Option<CubeTensor>) -> CubeTensor {
    let [rows, columns] = matrix.shape().dims();
    let blocks = columns.div_ceil(32) as u32;
    let pass = |matrix: &CubeTensor, out: &CubeTensor, rows: usize, parts: usize, add: bool| {
        let info = [rows, columns, rows.div_ceil(parts), usize::from(add)].map(|word| word as u32);
        launch(
            sum_kernel("sum_rows"),
            [blocks, parts as u32, 1],
            &[matrix, out],
            &info,
        );
    };
    let add = into.is_some();
    let out = into.unwrap_or_else(|| empty(matrix, [1, columns]));
    let parts = rows.div_ceil(SUM_ROWS);
    if parts <= 2 {
        pass(matrix, &out, rows, 1, add);
        return out;
    }
    let partial = empty(matrix, [parts, columns]);
    pass(matrix, &partial, rows, parts, false);
    pass(&partial, &out, parts, 1, add);
    out
}

#[cfg(test)]
mod tests {
    use burn::backend::ops::FloatTensorOps as _;
    use burn::tensor::{Shape, TensorData};
    use burn_cubecl::CubeBackend;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::gpu::testing::test_adapter;

    fn upload(values: &[f32], shape: [usize; 2]) -> Option<CubeTensor> {
        test_adapter()?;
        let data = TensorData::new(values.to_vec(), Shape::from(shape));
        Some(CubeBackend::float_from_data(
            data,
            &burn_cubecl::CubeDevice::default(),
        ))
    }

    fn host(tensor: CubeTensor) -> Vec<f32> {
        let data = futures_lite::future::block_on(CubeBackend::float_into_data(tensor)).expect("data");
        data.try_to_vec().expect("floats")
    }

    fn turned(values: &[f32], [rows, columns]: [usize; 2]) -> Vec<f32> {
        (0..rows * columns)
            .map(|at| values[(at % rows) * columns + at / rows])
            .collect()
    }

    #[test]
    fn products_of_any_layout_and_size_are_those_of_the_definition() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let sizes = [
            [1, 1, 1],
            [3, 5, 7],
            [128, 8, 64],
            [130, 36, 128],
            [64, 129, 66],
            [260, 44, 192],
            [17, 300, 132],
            [5, 12, 8],
        ];
        for (case, [m, k, n]) in sizes.into_iter().enumerate() {
            for layout in 0..4 {
                let mut numbers =
                    |n: usize| -> Vec<f32> { (0..n).map(|_| random.random_range(-1.0f32..1.0)).collect() };
                let (a, b, add, start) = (numbers(m * k), numbers(k * n), numbers(n), numbers(m * n));
                let [left, right] = [layout & 1 == 1, layout & 2 == 2];
                let lhs = if left {
                    upload(&turned(&a, [m, k]), [k, m])
                } else {
                    upload(&a, [m, k])
                };
                let Some(lhs) = lhs else { return };
                let rhs = if right {
                    upload(&turned(&b, [k, n]), [n, k])
                } else {
                    upload(&b, [k, n])
                };
                let (Some(rhs), Some(bias), Some(into)) = (rhs, upload(&add, [1, n]), upload(&start, [m, n]))
                else {
                    return;
                };
                let factors = || {
                    (
                        Factor {
                            tensor: &lhs,
                            turned: left,
                        },
                        Factor {
                            tensor: &rhs,
                            turned: right,
                        },
                    )
                };
                let want = |i: usize, j: usize| -> f32 {
                    (0..k)
                        .map(|t| f64::from(a[i * k + t]) * f64::from(b[t * n + j]))
                        .sum::<f64>() as f32
                };
                let results = [
                    host(product(factors().0, factors().1, Plus::Nothing)),
                    host(product(factors().0, factors().1, Plus::Bias(&bias))),
                    host(product(factors().0, factors().1, Plus::Into(into))),
                ];
                for at in 0..m * n {
                    let plain = want(at / n, at % n);
                    for (result, want) in results
                        .iter()
                        .zip([plain, plain + add[at % n], plain + start[at]])
                    {
                        assert!(
                            (result[at] - want).abs() < 2e-5 * (k as f32).sqrt().max(1.0),
                            "case {case}, layout {layout}, [{}, {}]: {} instead of {want}",
                            at / n,
                            at % n,
                            result[at]
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn rows_are_summed_whatever_their_number() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        for [rows, columns] in [[1, 1], [7, 33], [40, 32], [200, 5], [1_000, 70]] {
            let values: Vec<f32> = (0..rows * columns)
                .map(|_| random.random_range(-1.0f32..1.0))
                .collect();
            let start: Vec<f32> = (0..columns).map(|_| random.random_range(-1.0f32..1.0)).collect();
            let (Some(matrix), Some(into)) = (upload(&values, [rows, columns]), upload(&start, [1, columns]))
            else {
                return;
            };
            let (sums, added) = (host(sum_rows(&matrix, None)), host(sum_rows(&matrix, Some(into))));
            for column in 0..columns {
                let want: f32 = (0..rows).map(|row| values[row * columns + column]).sum();
                assert!((sums[column] - want).abs() < 1e-4, "{rows} x {columns}: {column}");
                assert!(
                    (added[column] - want - start[column]).abs() < 1e-4,
                    "{rows} x {columns}: {column}"
                );
            }
        }
    }

    #[test]
    fn parts_cover_every_term_once() {
        for tiles in [1, 2, 3, 100, 1_000] {
            for terms in [1, 7, 8, 9, 100, 1_001, 70_000] {
                let (parts, length) = split(tiles, terms, false);
                assert!(
                    parts * length >= terms && (parts - 1) * length < terms,
                    "{tiles} tiles, {terms} terms"
                );
                assert_eq!(length % 8, 0);
            }
        }
    }
}
