//! The matrix in panels of as many columns as two vectors hold; each register tile goes through a panel once for up to twelve
//! rows.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::super::cpu::Mat;
use super::super::simd::ARCH;

/// Most rows of a register tile where a vector has 16 numbers, and there are 32 registers for twice as many sums.
const ROWS_WIDE: usize = 12;
/// Elsewhere there may be 16 registers only.
const ROWS: usize = 6;
/// Vectors that a panel is wide.
const VECTORS: usize = 2;
/// Terms of a sum that are added up in one go: so much of a panel stays in the nearest cache.
const TERMS: usize = 256;
/// Most columns of a panel.
const MOST_COLUMNS: usize = 32;

/// Sixteen numbers at an address that the widest vectors like.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// A matrix in panels of columns: `[panels][rows][columns of a panel]`, the last panel filled up with zeros.
pub struct Panels {
    lines: Vec<Line>,
    rows: usize,
    columns: usize,
    /// Columns of a panel.
    width: usize,
}

struct PanelWidth;
impl WithSimd for PanelWidth {
    type Output = usize;
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        VECTORS * S::F32_LANES
    }
}

impl Panels {
    /// Lays `matrix` out.
    pub fn new(matrix: Mat<'_>) -> Self {
        let ([rows, columns], width) = (matrix.dims(), ARCH.dispatch(PanelWidth));
        let panels = columns.div_ceil(width);
        let mut lines = vec![Line([0.0; 16]); (panels * rows * width).div_ceil(16)];
        let lay = |(panel, out): (usize, &mut [f32])| {
            let first = panel * width;
            let count = width.min(columns - first);
            // Tiles of rows, so that a transposed matrix is read along its lines too.
            for top in (0..rows).step_by(16) {
                for column in 0..count {
                    for row in top..(top + 16).min(rows) {
                        out[row * width + column] = matrix.at(row, first + column);
                    }
                }
            }
        };
        floats_mut(&mut lines)[..panels * rows * width]
            .par_chunks_mut((rows * width).max(1))
            .enumerate()
            .for_each(lay);
        Self {
            lines,
            rows,
            columns,
            width,
        }
    }

    fn floats(&self) -> &[f32] {
        // SAFETY: a `Line` is 16 floats and nothing else.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), 16 * self.lines.len()) }
    }
}

fn floats_mut(lines: &mut [Line]) -> &mut [f32] {
    // SAFETY: a `Line` is 16 floats and nothing else.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), 16 * lines.len()) }
}

/// `out = a b` on the calling thread, or `out += a b` with `accumulate`; `a` has as many rows as `out`, all are row-major.
pub fn product(out: &mut [f32], a: &[f32], b: &Panels, accumulate: bool) {
    if b.columns == 0 {
        return;
    }
    let count = out.len() / b.columns;
    assert!(
        out.len() == count * b.columns && a.len() >= count * b.rows,
        "{} numbers times {} x {} into {}",
        a.len(),
        b.rows,
        b.columns,
        out.len()
    );
    ARCH.dispatch(Product {
        out,
        a,
        b,
        count,
        accumulate,
    });
}

struct Product<'a> {
    out: &'a mut [f32],
    a: &'a [f32],
    b: &'a Panels,
    count: usize,
    accumulate: bool,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            out,
            a,
            b,
            count,
            accumulate,
        } = self;
        let most = if S::F32_LANES >= 16 { ROWS_WIDE } else { ROWS };
        let (rows, columns, width) = (b.rows, b.columns, VECTORS * S::F32_LANES);
        assert!(width == b.width && width <= MOST_COLUMNS);
        let blocks = count.div_ceil(most);
        let pieces = rows.div_ceil(TERMS).max(1);
        for (panel, piece) in
            (0..columns.div_ceil(width)).flat_map(|panel| (0..pieces).map(move |p| (panel, p)))
        {
            let (from, to) = (piece * rows / pieces, (piece + 1) * rows / pieces);
            let numbers = &b.floats()[(panel * rows + from) * width..][..(to - from) * width];
            let accumulate = accumulate || piece > 0;
            let first = panel * width;
            let whole = columns - first >= width;
            for block in 0..blocks {
                let (top, end) = (block * count / blocks, (block + 1) * count / blocks);
                let a = &a[top * rows + from..];
                let mut edge = [0.0; ROWS_WIDE * MOST_COLUMNS];
                let (tile, stride) = if whole {
                    (&mut out[top * columns + first..], columns)
                } else {
                    (&mut edge[..], width)
                };
                macro_rules! tile_of {
                    ($($count:literal)*) => {
                        match end - top {
                            $($count => tile_of_rows::<S, $count>(simd, tile, stride, a, rows, numbers, accumulate && whole),)*
                            other => unreachable!("{other} rows"),
                        }
                    };
                }
                tile_of!(1 2 3 4 5 6 7 8 9 10 11 12);
                if !whole {
                    for row in top..end {
                        let sums = &edge[(row - top) * width..];
                        for (out, sum) in out[row * columns + first..(row + 1) * columns]
                            .iter_mut()
                            .zip(sums)
                        {
                            *out = if accumulate { *out + sum } else { *sum };
                        }
                    }
                }
            }
        }
    }
}

/// Asks for the memory that is needed after the next [`TERMS`]: the processor's own prefetching ends at every page.
#[inline(always)]
fn prefetch(at: *const i8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing, whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(at);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// A tile of `COUNT` rows of the product with one panel.
#[inline(always)]
fn tile_of_rows<S: Simd, const COUNT: usize>(
    simd: S,
    out: &mut [f32],
    stride: usize,
    a: &[f32],
    a_stride: usize,
    panel: &[f32],
    accumulate: bool,
) {
    let lanes = S::F32_LANES;
    let terms = panel.len() / (VECTORS * lanes);
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; COUNT];
    assert!(a.len() >= (COUNT - 1) * a_stride + terms);
    assert!(out.len() >= (COUNT - 1) * stride + VECTORS * lanes);
    // SAFETY: the assertions above; a panel begins at the beginning of the lines or a multiple of its own length, which
    // is a multiple of the length of a vector, after it, and lines are aligned to the longest.
    unsafe {
        let (a, out) = (a.as_ptr(), out.as_mut_ptr());
        let panel = panel.as_ptr().cast::<S::f32s>();
        for term in 0..terms {
            let columns = [
                panel.add(VECTORS * term).read(),
                panel.add(VECTORS * term + 1).read(),
            ];
            for vector in 0..VECTORS {
                prefetch(panel.wrapping_add(VECTORS * (term + TERMS) + vector).cast());
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let x = simd.splat_f32s(*a.add(row * a_stride + term));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = simd.mul_add_f32s(x, column, *sum);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (vector, &sum) in sums.iter().enumerate() {
                let at = out.add(row * stride + vector * lanes).cast::<S::f32s>();
                let sum = if accumulate {
                    simd.add_f32s(at.read_unaligned(), sum)
                } else {
                    sum
                };
                at.write_unaligned(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::super::super::cpu::matmul;
    use super::*;

    #[test]
    fn it_is_the_product_whatever_the_sizes() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..200 {
            let [m, n, k] = [40, 100, 700].map(|most| rng.random_range(1..=most));
            let mut numbers =
                |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-1.0..1.0)).collect() };
            let (a, b, before) = (numbers(m * k), numbers(k * n), numbers(m * n));
            for (b, panels) in [
                (Mat::new(&b, k, n), Panels::new(Mat::new(&b, k, n))),
                (Mat::new(&b, n, k).t(), Panels::new(Mat::new(&b, n, k).t())),
            ] {
                for accumulate in [false, true] {
                    let (mut want, mut got) = (before.clone(), before.clone());
                    matmul(&mut want, Mat::new(&a, m, k), b, accumulate);
                    product(&mut got, &a, &panels, accumulate);
                    for (got, want) in got.iter().zip(&want) {
                        assert!((got - want).abs() < 1e-3, "{m} x {n} x {k}: {got} {want}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_its_neighbours() {
        let (n, k) = (45, 33);
        let b: Vec<f32> = (0..n * k).map(|i| (i as f32 * 0.37).sin()).collect();
        let a: Vec<f32> = (0..30 * k).map(|i| (i as f32 * 0.73).cos()).collect();
        let panels = Panels::new(Mat::new(&b, k, n));
        let mut together = vec![0.0; 30 * n];
        product(&mut together, &a, &panels, false);
        for (row, together) in a.chunks_exact(k).zip(together.chunks_exact(n)) {
            let mut alone = vec![0.0; n];
            product(&mut alone, row, &panels, false);
            assert_eq!(alone, together);
        }
    }
}
