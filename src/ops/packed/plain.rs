//! The same in a tab, by the library: the page's program is compiled to be small, which unrolls no register tiles.

use super::super::cpu::{Mat, matmul};

/// A matrix, row-major.
pub struct Panels {
    numbers: Vec<f32>,
    rows: usize,
    columns: usize,
}

impl Panels {
    /// Lays `matrix` out.
    pub fn new(matrix: Mat<'_>) -> Self {
        let [rows, columns] = matrix.dims();
        let numbers = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| matrix.at(row, column)))
            .collect();
        Self {
            numbers,
            rows,
            columns,
        }
    }
}

/// `out = a b`, or `out += a b` with `accumulate`; `a` has as many rows as `out`, all are row-major.
pub fn product(out: &mut [f32], a: &[f32], b: &Panels, accumulate: bool) {
    let count = out.len() / b.columns.max(1);
    let matrix = Mat::new(&b.numbers, b.rows, b.columns);
    matmul(out, Mat::new(a, count, b.rows), matrix, accumulate);
}
