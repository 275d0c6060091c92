//! The same in 8-bit integers, where the processor adds four products of bytes in one step (AVX-512 VNNI, AVX-VNNI).
//!
//! A column of the matrix keeps one scale; the left operand is in [-1, 1], as the states of an LSTM are, in 127 steps a
//! side. The sums are exact integers.

use super::super::cpu::Mat;

/// Columns of a panel.
const COLUMNS: usize = 16;
/// Terms that one instruction adds up.
const GROUP: usize = 4;
/// What 0 is as an unsigned byte.
pub const ZERO: u8 = 128;
/// Steps from 0 to 1.
const STEPS: f32 = 127.0;

/// Four terms of sixteen columns.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([i8; COLUMNS * GROUP]);

/// A matrix in panels of columns of bytes: `[panels][rows / 4][16 columns][4 rows]`.
pub struct BytePanels {
    lines: Vec<Line>,
    /// Terms of a sum, a multiple of four.
    terms: usize,
    columns: usize,
    /// A column's numbers are its bytes times this, the left operand's scale included. Filled up to whole panels.
    scales: Vec<f32>,
    /// What the left operand's offset adds to each column's sum, negative.
    offsets: Vec<i32>,
}

/// A number in [-1, 1] as the left operand has it.
#[inline(always)]
pub fn byte(x: f32) -> u8 {
    // Adding 2^23 leaves the nearest integer in the lowest bits, without a conversion that would have to saturate.
    const ROUND: f32 = 8_388_608.0;
    (x * STEPS + (f32::from(ZERO) + ROUND)).to_bits() as u8
}

/// Which instructions for products of bytes there are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InstructionSet {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx,
    None,
}

fn instruction_set() -> InstructionSet {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512f") {
            return InstructionSet::Avx512;
        }
        if is_x86_feature_detected!("avxvnni") && is_x86_feature_detected!("avx2") {
            return InstructionSet::Avx;
        }
    }
    InstructionSet::None
}

/// Whether this processor has what it takes to be faster than in floats.
pub fn supported() -> bool {
    instruction_set() != InstructionSet::None
}

/// The numbers of a row that the left operand needs for so many terms.
pub fn padded(terms: usize) -> usize {
    terms.next_multiple_of(GROUP)
}

impl BytePanels {
    /// Rounds `matrix` and lays it out.
    pub fn new(matrix: Mat<'_>) -> Self {
        let [rows, columns] = matrix.dims();
        let (terms, panels) = (padded(rows), columns.div_ceil(COLUMNS));
        let mut lines = vec![Line([0; COLUMNS * GROUP]); panels * terms / GROUP];
        let mut scales = vec![0.0; panels * COLUMNS];
        let mut offsets = vec![0; panels * COLUMNS];
        for column in 0..columns {
            let largest = (0..rows).fold(0.0f32, |most, row| most.max(matrix.at(row, column).abs()));
            let scale = if largest > 0.0 { STEPS / largest } else { 0.0 };
            let mut sum = 0;
            for row in 0..rows {
                let rounded = (matrix.at(row, column) * scale).round() as i8;
                sum += i32::from(rounded);
                let line = &mut lines[(column / COLUMNS) * (terms / GROUP) + row / GROUP];
                line.0[(column % COLUMNS) * GROUP + row % GROUP] = rounded;
            }
            scales[column] = largest / (STEPS * STEPS);
            offsets[column] = -i32::from(ZERO) * sum;
        }
        Self {
            lines,
            terms,
            columns,
            scales,
            offsets,
        }
    }
}

/// `out = a b` on the calling thread; rows of `a` are padded to a multiple of four with whatever bytes.
pub fn product(out: &mut [f32], a: &[u8], b: &BytePanels) {
    if b.columns == 0 {
        return;
    }
    let count = out.len() / b.columns;
    assert!(out.len() == count * b.columns && a.len() >= count * b.terms);
    match instruction_set() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the features were found, and the sizes asserted.
        InstructionSet::Avx512 => unsafe { x86::wide(out, a, b, count) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        InstructionSet::Avx => unsafe { x86::narrow(out, a, b, count) },
        InstructionSet::None => plain(out, a, b),
    }
}

/// The same number by number, for processors without such an instruction, and for tests.
fn plain(out: &mut [f32], a: &[u8], b: &BytePanels) {
    for (a, out) in a.chunks_exact(b.terms).zip(out.chunks_exact_mut(b.columns)) {
        for (column, out) in out.iter_mut().enumerate() {
            let lines = &b.lines[(column / COLUMNS) * (b.terms / GROUP)..];
            let sum: i32 = a
                .iter()
                .enumerate()
                .map(|(row, &x)| {
                    i32::from(x) * i32::from(lines[row / GROUP].0[(column % COLUMNS) * GROUP + row % GROUP])
                })
                .sum();
            *out = (sum + b.offsets[column]) as f32 * b.scales[column];
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{BytePanels, COLUMNS, GROUP};

    /// Most rows of a tile.
    const WIDE_ROWS: usize = 12;
    const NARROW_ROWS: usize = 6;

    /// Copies a tile's row out, without what fills up the last panel.
    #[inline(always)]
    fn put(out: &mut [f32], b: &BytePanels, row: usize, panel: usize, sums: &[f32; COLUMNS]) {
        let first = panel * COLUMNS;
        let count = COLUMNS.min(b.columns - first);
        out[row * b.columns + first..][..count].copy_from_slice(&sums[..count]);
    }

    /// # Safety
    /// Needs AVX-512 F and VNNI, and `count` rows of `b.terms` bytes in `a`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub unsafe fn wide(out: &mut [f32], a: &[u8], b: &BytePanels, count: usize) {
        let (groups, panels) = (b.terms / GROUP, b.columns.div_ceil(COLUMNS));
        let blocks = count.div_ceil(WIDE_ROWS);
        for pair in 0..panels.div_ceil(2) {
            for block in 0..blocks {
                let (top, end) = (block * count / blocks, (block + 1) * count / blocks);
                macro_rules! tile {
                    ($($rows:literal)*) => {
                        match end - top {
                            // SAFETY: the features are there, and so are the rows.
                            $($rows => unsafe { wide_tile::<$rows>(out, a, b, top, 2 * pair, panels, groups) },)*
                            other => unreachable!("{other} rows"),
                        }
                    };
                }
                tile!(1 2 3 4 5 6 7 8 9 10 11 12);
            }
        }
    }

    /// # Safety
    /// As [`wide`]: rows `top..top + ROWS`, panels `panel` and, where there is one, `panel + 1`.
    #[target_feature(enable = "avx512f,avx512vnni")]
    #[inline]
    unsafe fn wide_tile<const ROWS: usize>(
        out: &mut [f32],
        a: &[u8],
        b: &BytePanels,
        top: usize,
        panel: usize,
        panels: usize,
        groups: usize,
    ) {
        // The last panel of an odd number is computed twice.
        let pair = [panel, (panel + 1).min(panels - 1)];
        let lines = pair.map(|panel| &b.lines[panel * groups..][..groups]);
        assert!(a.len() >= (top + ROWS) * groups * GROUP);
        let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
        for group in 0..groups {
            // SAFETY: `group` is below the length of both; a line is 64 bytes.
            let columns = lines.map(|lines| unsafe { _mm512_load_si512(lines.as_ptr().add(group).cast()) });
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: asserted above.
                let four = unsafe {
                    let at = a.as_ptr().add(((top + row) * groups + group) * GROUP);
                    _mm512_set1_epi32(at.cast::<i32>().read_unaligned())
                };
                sums[0] = _mm512_dpbusd_epi32(sums[0], four, columns[0]);
                sums[1] = _mm512_dpbusd_epi32(sums[1], four, columns[1]);
            }
        }
        for (i, panel) in pair.into_iter().enumerate() {
            // SAFETY: scales and offsets are filled up to whole panels.
            let (offset, scale) = unsafe {
                (
                    _mm512_loadu_si512(b.offsets.as_ptr().add(panel * COLUMNS).cast()),
                    _mm512_loadu_ps(b.scales.as_ptr().add(panel * COLUMNS)),
                )
            };
            for (row, sums) in sums.iter().enumerate() {
                let x = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(sums[i], offset)), scale);
                let mut numbers = [0.0; COLUMNS];
                // SAFETY: sixteen numbers.
                unsafe { _mm512_storeu_ps(numbers.as_mut_ptr(), x) };
                put(out, b, top + row, panel, &numbers);
            }
        }
    }

    /// # Safety
    /// Needs AVX2 and AVX-VNNI, and `count` rows of `b.terms` bytes in `a`.
    #[target_feature(enable = "avx2,avxvnni")]
    pub unsafe fn narrow(out: &mut [f32], a: &[u8], b: &BytePanels, count: usize) {
        let (groups, panels) = (b.terms / GROUP, b.columns.div_ceil(COLUMNS));
        let blocks = count.div_ceil(NARROW_ROWS);
        for panel in 0..panels {
            for block in 0..blocks {
                let (top, end) = (block * count / blocks, (block + 1) * count / blocks);
                macro_rules! tile {
                    ($($rows:literal)*) => {
                        match end - top {
                            // SAFETY: the features are there, and so are the rows.
                            $($rows => unsafe { narrow_tile::<$rows>(out, a, b, top, panel, groups) },)*
                            other => unreachable!("{other} rows"),
                        }
                    };
                }
                tile!(1 2 3 4 5 6);
            }
        }
    }

    /// # Safety
    /// As [`narrow`]: rows `top..top + ROWS`.
    #[target_feature(enable = "avx2,avxvnni")]
    #[inline]
    unsafe fn narrow_tile<const ROWS: usize>(
        out: &mut [f32],
        a: &[u8],
        b: &BytePanels,
        top: usize,
        panel: usize,
        groups: usize,
    ) {
        let lines = &b.lines[panel * groups..][..groups];
        assert!(a.len() >= (top + ROWS) * groups * GROUP);
        let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
        for (group, line) in lines.iter().enumerate() {
            // SAFETY: a line is 64 bytes.
            let columns = [0, 32].map(|at| unsafe { _mm256_load_si256(line.0.as_ptr().add(at).cast()) });
            for (row, sums) in sums.iter_mut().enumerate() {
                // SAFETY: asserted above.
                let four = unsafe {
                    let at = a.as_ptr().add(((top + row) * groups + group) * GROUP);
                    _mm256_set1_epi32(at.cast::<i32>().read_unaligned())
                };
                sums[0] = _mm256_dpbusd_avx_epi32(sums[0], four, columns[0]);
                sums[1] = _mm256_dpbusd_avx_epi32(sums[1], four, columns[1]);
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let mut numbers = [0.0; COLUMNS];
            for (half, &sum) in sums.iter().enumerate() {
                let at = panel * COLUMNS + 8 * half;
                // SAFETY: scales and offsets are filled up to whole panels, and half a panel is eight numbers.
                unsafe {
                    let offset = _mm256_loadu_si256(b.offsets.as_ptr().add(at).cast());
                    let scale = _mm256_loadu_ps(b.scales.as_ptr().add(at));
                    let x = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(sum, offset)), scale);
                    _mm256_storeu_ps(numbers.as_mut_ptr().add(8 * half), x);
                }
            }
            put(out, b, top + row, panel, &numbers);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::super::super::cpu::matmul;
    use super::*;

    fn example(rng: &mut ChaCha8Rng) -> (usize, usize, usize, Vec<f32>, Vec<f32>) {
        let [m, n, k] = [30, 70, 90].map(|most| rng.random_range(1..=most));
        let mut numbers = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-1.0..1.0)).collect() };
        (m, n, k, numbers(m * k), numbers(k * n))
    }

    fn rounded(a: &[f32], k: usize) -> Vec<u8> {
        let row = |row: &[f32]| {
            let mut bytes: Vec<u8> = row.iter().map(|&x| byte(x)).collect();
            // What is behind a row's end must not matter.
            bytes.resize(padded(k), 77);
            bytes
        };
        a.chunks_exact(k).flat_map(row).collect()
    }

    #[test]
    fn it_is_nearly_the_product() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for _ in 0..100 {
            let (m, n, k, a, b) = example(&mut rng);
            let (mut want, mut got) = (vec![0.0; m * n], vec![0.0; m * n]);
            matmul(&mut want, Mat::new(&a, m, k), Mat::new(&b, k, n), false);
            product(&mut got, &rounded(&a, k), &BytePanels::new(Mat::new(&b, k, n)));
            for (got, want) in got.iter().zip(&want) {
                // Two roundings a term of half a step at most each.
                assert!(
                    (got - want).abs() < 1.1 / 127.0 * k as f32,
                    "{m} x {n} x {k}: {got} {want}"
                );
                assert!((got - want).abs() < 0.1, "{m} x {n} x {k}: {got} {want}");
            }
        }
    }

    #[test]
    fn every_way_gives_the_same_numbers() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for _ in 0..100 {
            let (m, n, k, a, b) = example(&mut rng);
            let (a, b) = (rounded(&a, k), BytePanels::new(Mat::new(&b, k, n)));
            let mut want = vec![0.0; m * n];
            plain(&mut want, &a, &b);
            let mut got = vec![0.0; m * n];
            product(&mut got, &a, &b);
            assert_eq!(got, want, "{m} x {n} x {k}");
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avxvnni") {
                got.fill(0.0);
                // SAFETY: the feature is there.
                unsafe { x86::narrow(&mut got, &a, &b, m) };
                assert_eq!(got, want, "{m} x {n} x {k}");
            }
        }
    }

    #[test]
    fn bytes_are_rounded_to_the_nearest_step() {
        assert_eq!([-1.0, 0.0, 1.0].map(byte), [1, ZERO, 255]);
        for step in -127i16..=127 {
            for off in [-0.49, 0.49] {
                let x = ((f32::from(step) + off) / STEPS).clamp(-1.0, 1.0);
                assert_eq!(i16::from(byte(x)) - i16::from(ZERO), step);
            }
        }
    }
}
