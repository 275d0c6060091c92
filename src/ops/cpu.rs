//! What the CPU implementations share: views of Flex tensors as slices, and matrix products.

use std::borrow::Cow;

use burn::tensor::{Shape, TensorData};
use burn_flex::FlexTensor;
use gemm::Parallelism;
use rayon::prelude::*;

/// The tensor's numbers, in row-major order; copies only a strided view.
pub fn values(tensor: &FlexTensor) -> Cow<'_, [f32]> {
    match tensor.as_slice::<f32>() {
        Some(values) => Cow::Borrowed(values),
        None => {
            let dense = tensor.to_contiguous();
            Cow::Owned(dense.as_slice::<f32>().unwrap_or_default().to_vec())
        }
    }
}

/// A tensor that takes over `values`.
pub fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// A row-major or transposed matrix operand: `rows x cols` with its strides.
#[derive(Clone, Copy)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Mat<'a> {
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        assert!(
            data.len() >= rows * cols,
            "matrix of {rows} x {cols} from {} numbers",
            data.len()
        );
        Self {
            data,
            rows,
            cols,
            row_stride: cols,
            col_stride: 1,
        }
    }

    /// Rows and columns.
    pub fn dims(self) -> [usize; 2] {
        [self.rows, self.cols]
    }

    /// The number at `row` and `column`.
    #[inline(always)]
    pub fn at(self, row: usize, column: usize) -> f32 {
        self.data[row * self.row_stride + column * self.col_stride]
    }

    /// The numbers behind the matrix, in storage order.
    pub fn data(self) -> &'a [f32] {
        self.data
    }

    /// The transposed view.
    pub fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }
}

/// `out = a b` on all threads, or `out += a b` with `accumulate`; `out` is row-major.
pub fn matmul(out: &mut [f32], a: Mat<'_>, b: Mat<'_>, accumulate: bool) {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    assert!(
        b.rows == k && out.len() >= m * n,
        "product of {m}x{k} and {}x{n} into {}",
        b.rows,
        out.len()
    );
    let parallelism = if rayon::current_num_threads() > 1 {
        Parallelism::Rayon(0)
    } else {
        Parallelism::None
    };
    // SAFETY: the assertions above keep every row and column of the three operands inside their slices, and `out` is
    // borrowed mutably, so it overlaps neither `a` nor `b`.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            accumulate,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// Numbers from which on a pass over them is shared out among threads.
const PARALLEL: usize = 1 << 16;
/// Columns that a thread adds up at a time.
const COLUMNS: usize = 256;

/// `out[i] += column sums of rows`, `rows` being `n x out.len()`.
///
/// Threads share out the columns, so that each is added up from the first row to the last however many threads there are.
pub fn add_column_sums(out: &mut [f32], rows: &[f32]) {
    let width = out.len();
    let add = |(at, out): (usize, &mut [f32])| {
        super::simd::dispatch(
            #[inline(always)]
            || {
                for row in rows.chunks_exact(width) {
                    for (o, &x) in out.iter_mut().zip(&row[at * COLUMNS..]) {
                        *o += x;
                    }
                }
            },
        );
    };
    if rows.len() < PARALLEL {
        add((0, out));
    } else {
        out.par_chunks_mut(COLUMNS).enumerate().for_each(add);
    }
}

/// Writes `row` into every row of `out`.
pub fn fill_rows(out: &mut [f32], row: &[f32]) {
    if out.len() < PARALLEL {
        out.chunks_exact_mut(row.len())
            .for_each(|o| o.copy_from_slice(row));
    } else {
        out.par_chunks_exact_mut(row.len())
            .for_each(|o| o.copy_from_slice(row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_plain_and_transposed_operands() {
        let (a, b) = ([1., 2., 3., 4., 5., 6.], [1., 0., 2., 1., 0., 3.]);
        let mut out = [10.0; 4];
        matmul(&mut out, Mat::new(&a, 2, 3), Mat::new(&b, 3, 2), false);
        assert_eq!(out, [5., 11., 14., 23.]);
        matmul(&mut out, Mat::new(&a, 2, 3), Mat::new(&b, 2, 3).t(), true);
        assert_eq!(out, [12., 21., 30., 45.]);
    }

    /// Few and many, of widths that threads share out evenly and unevenly.
    #[test]
    fn columns_are_added_up_from_the_first_row_to_the_last() {
        for (n, width) in [(3, 5), (80, 4 * COLUMNS), (90, 3 * COLUMNS + 7), (PARALLEL, 1)] {
            let rows: Vec<f32> = (0..n * width).map(|i| (i * 7919 % 1000) as f32 / 997.0).collect();
            let begun: Vec<f32> = (0..width).map(|i| i as f32 / 3.0).collect();
            let mut want = begun.clone();
            for row in rows.chunks(width) {
                want.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            let mut got = begun;
            add_column_sums(&mut got, &rows);
            assert!(got == want, "{n} rows of {width}");
        }
    }

    #[test]
    fn every_row_is_filled() {
        for (n, width) in [(3, 5), (PARALLEL / 8, 9)] {
            let row: Vec<f32> = (0..width).map(|i| i as f32).collect();
            let mut out = vec![-1.0; n * width];
            fill_rows(&mut out, &row);
            assert!(out == row.repeat(n), "{n} rows of {width}");
        }
    }
}
