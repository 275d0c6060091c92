//! Small dense linear algebra: what turns many features into few directions.
//!
//! Matrices here are tall and thin (texts or words by at most about a hundred directions), so everything goes through
//! the small Gram matrix, whose eigenvectors Jacobi rotations find to full precision. Directions without any spread come
//! out as zeros instead of noise, so that identical texts do no harm.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::train::baseline::tfidf::Sparse;

/// A row-major matrix.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dense {
    /// Numbers a row.
    pub cols: usize,
    /// Row after row.
    pub data: Vec<f32>,
}

impl Dense {
    pub fn zeros(rows: usize, cols: usize) -> Self {
        Self {
            cols,
            data: vec![0.0; rows * cols],
        }
    }

    pub fn rows(&self) -> usize {
        self.data.len().checked_div(self.cols).unwrap_or(0)
    }

    pub fn row(&self, r: usize) -> &[f32] {
        &self.data[r * self.cols..(r + 1) * self.cols]
    }

    pub fn row_mut(&mut self, r: usize) -> &mut [f32] {
        &mut self.data[r * self.cols..(r + 1) * self.cols]
    }

    pub fn iter(&self) -> std::slice::ChunksExact<'_, f32> {
        self.data.chunks_exact(self.cols.max(1))
    }
}

/// A matrix that is only multiplied with.
pub(super) trait Linear {
    fn cols(&self) -> usize;
    fn rows(&self) -> usize;
    /// `self x`.
    fn times(&self, x: &Dense) -> Dense;
    /// `self^T y`.
    fn transposed_times(&self, y: &Dense) -> Dense;
}

impl Linear for Dense {
    fn cols(&self) -> usize {
        self.cols
    }

    fn rows(&self) -> usize {
        Self::rows(self)
    }

    fn times(&self, x: &Dense) -> Dense {
        let mut out = Dense::zeros(Self::rows(self), x.cols);
        for (row, out) in self.iter().zip(out.data.chunks_exact_mut(x.cols)) {
            for (&value, direction) in row.iter().zip(x.iter()) {
                add_scaled(out, direction, value);
            }
        }
        out
    }

    fn transposed_times(&self, y: &Dense) -> Dense {
        let mut out = Dense::zeros(self.cols, y.cols);
        for (row, y) in self.iter().zip(y.iter()) {
            for (&value, out) in row.iter().zip(out.data.chunks_exact_mut(y.len())) {
                add_scaled(out, y, value);
            }
        }
        out
    }
}

impl Linear for Sparse {
    fn cols(&self) -> usize {
        self.width
    }

    fn rows(&self) -> usize {
        self.len()
    }

    fn times(&self, x: &Dense) -> Dense {
        let mut out = Dense::zeros(self.len(), x.cols);
        for (row, out) in Sparse::rows(self).zip(out.data.chunks_exact_mut(x.cols)) {
            for (column, value) in row.entries() {
                add_scaled(out, x.row(column), value as f32);
            }
        }
        out
    }

    fn transposed_times(&self, y: &Dense) -> Dense {
        let mut out = Dense::zeros(self.width, y.cols);
        for (row, y) in Sparse::rows(self).zip(y.iter()) {
            for (column, value) in row.entries() {
                add_scaled(out.row_mut(column), y, value as f32);
            }
        }
        out
    }
}

/// out += by x.
pub(super) fn add_scaled(out: &mut [f32], x: &[f32], by: f32) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out += by * x);
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(super) fn square_distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Scales a row to length 1; a row of zeros stays.
pub(super) fn to_unit(row: &mut [f32]) {
    let length = dot(row, row).sqrt();
    if length > 1e-9 {
        row.iter_mut().for_each(|x| *x /= length);
    }
}

/// The `k` right singular vectors of the largest singular values, `[cols, k]`, by randomised subspace iteration.
/// Where the matrix has fewer, the rest are zeros.
pub(super) fn directions(a: &impl Linear, k: usize, seed: u64) -> Dense {
    /// More columns than asked for make the last ones converge as well.
    const EXTRA: usize = 8;
    const ITERATIONS: usize = 4;
    let width = (k + EXTRA).min(a.cols()).min(a.rows());
    let mut found = Dense::zeros(a.cols(), k);
    if width == 0 || k == 0 {
        return found;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut x = Dense::zeros(a.cols(), width);
    x.data.iter_mut().for_each(|x| *x = rng.random_range(-1.0..1.0));
    for _ in 0..ITERATIONS {
        let y = orthonormal(&a.times(&x), width);
        x = a.transposed_times(&y);
    }
    let sorted = orthonormal(&x, width.min(k));
    let kept = sorted.cols;
    for (out, row) in found.data.chunks_exact_mut(k).zip(sorted.iter()) {
        out[..kept].copy_from_slice(row);
    }
    found
}

/// The first `k` left singular vectors of a tall matrix; zeros for those of no weight.
fn orthonormal(y: &Dense, k: usize) -> Dense {
    let n = y.cols;
    let mut gram = vec![0.0f64; n * n];
    for row in y.iter() {
        for i in 0..n {
            let by = f64::from(row[i]);
            for j in i..n {
                gram[i * n + j] += by * f64::from(row[j]);
            }
        }
    }
    for i in 0..n {
        for j in 0..i {
            gram[i * n + j] = gram[j * n + i];
        }
    }
    let (values, vectors) = eigen(gram, n);
    let least = 1e-9 * values.first().copied().unwrap_or(0.0).max(1e-30);
    let mut small = Dense::zeros(n, k);
    for column in 0..k.min(n) {
        if values[column] > least {
            let by = 1.0 / values[column].sqrt();
            for i in 0..n {
                small.data[i * k + column] = (vectors[i * n + column] * by) as f32;
            }
        }
    }
    y.times(&small)
}

/// Eigenvalues, largest first, and eigenvectors (columns of `[n, n]`) of a symmetric matrix, by Jacobi rotations.
fn eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut v = vec![0.0; n * n];
    for i in 0..n {
        v[i * n + i] = 1.0;
    }
    for _sweep in 0..30 {
        let scale: f64 = (0..n).map(|i| a[i * n + i].powi(2)).sum();
        let mut off = 0.0;
        for i in 0..n {
            for j in 0..i {
                off += a[i * n + j].powi(2);
            }
        }
        if off <= 1e-22 * scale.max(1e-300) {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                let apq = a[p * n + q];
                if apq.abs() < 1e-300 {
                    continue;
                }
                let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..n {
                    let (x, y) = (a[k * n + p], a[k * n + q]);
                    a[k * n + p] = c * x - s * y;
                    a[k * n + q] = s * x + c * y;
                }
                for k in 0..n {
                    let (x, y) = (a[p * n + k], a[q * n + k]);
                    a[p * n + k] = c * x - s * y;
                    a[q * n + k] = s * x + c * y;
                    let (x, y) = (v[k * n + p], v[k * n + q]);
                    v[k * n + p] = c * x - s * y;
                    v[k * n + q] = s * x + c * y;
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[j * n + j].total_cmp(&a[i * n + i]));
    let values = order.iter().map(|&i| a[i * n + i].max(0.0)).collect();
    let mut vectors = vec![0.0; n * n];
    for (column, &from) in order.iter().enumerate() {
        for i in 0..n {
            vectors[i * n + column] = v[i * n + from];
        }
    }
    (values, vectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_those_of_the_largest_spread() {
        // Rows 3 u + 1 v with u, v orthonormal and signs all four ways: the singular vectors are u and v.
        let (u, v) = ([0.6, 0.8, 0.0, 0.0], [0.0, 0.0, 0.8, -0.6]);
        let mut a = Dense::zeros(0, 4);
        for (x, y) in [(3.0, 1.0), (3.0, -1.0), (-3.0, 1.0), (-3.0, -1.0)] {
            a.data.extend((0..4).map(|i| x * u[i] + y * v[i]));
        }
        let found = directions(&a, 3, 1);
        let column = |c: usize| -> Vec<f32> { found.iter().map(|row| row[c]).collect() };
        assert!((dot(&column(0), &u).abs() - 1.0).abs() < 1e-5);
        assert!((dot(&column(1), &v).abs() - 1.0).abs() < 1e-5);
        assert!(column(2).iter().all(|x| x.abs() < 1e-3), "{:?}", column(2));
    }

    #[test]
    fn identical_rows_have_one_direction() {
        let a = Dense {
            cols: 3,
            data: [1.0, 2.0, 2.0].repeat(50),
        };
        let found = directions(&a, 2, 1);
        assert!(found.data.iter().all(|x| x.is_finite()));
        assert!((found.data[0].abs() - 1.0 / 3.0).abs() < 1e-5);
        assert!(
            directions(&Dense::zeros(9, 3), 2, 1)
                .data
                .iter()
                .all(|&x| x == 0.0)
        );
    }
}
