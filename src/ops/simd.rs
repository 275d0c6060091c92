//! Vectorised loops for the CPU implementations.
//!
//! The bodies are branch-free scalar code that LLVM vectorises; [`dispatch`] compiles each loop for the widest
//! instruction set the processor has (AVX-512, AVX2, NEON, wasm SIMD) and picks one at run time.

use std::sync::LazyLock;

pub static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

/// Runs `op` compiled for the processor's widest vector unit. Closures must be `#[inline(always)]`, and what they call too: one that
/// is not inlined is compiled for the smallest processor there is.
#[inline(always)]
pub fn dispatch<R>(op: impl FnOnce() -> R) -> R {
    ARCH.dispatch(op)
}

/// e^x to about 1 ulp for |x| < 88, saturating outside (Cody-Waite reduction, degree-6 polynomial).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer without a branch or a libm call.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let rounded = x * LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN2_HI - n * LN2_LO;
    let p = 1.987_569_2e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 0.166_666_66;
    let p = p * r + 0.5;
    let y = p * (r * r) + r + 1.0;
    // n is an integer in [-126, 127], so the biased exponent stays in range. It is in the lowest bits of `rounded`, whose
    // higher ones the shift drops; a conversion would have to saturate.
    let scale = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    y * scale
}

/// Logistic function.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Hyperbolic tangent, absolute error below 2e-7.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// Largest element, with eight running maxima so that the loop vectorises.
#[inline(always)]
pub fn max(xs: &[f32]) -> f32 {
    reduce(xs, f32::NEG_INFINITY, |a, x| if x > a { x } else { a })
}

/// Sum in a fixed order that does not depend on the instruction set: sixteen running sums, then a pairwise total.
#[inline(always)]
pub fn sum(xs: &[f32]) -> f32 {
    reduce(xs, 0.0, |a, x| a + x)
}

#[inline(always)]
fn reduce(xs: &[f32], start: f32, f: impl Fn(f32, f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [start; LANES];
    let mut chunks = xs.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = f(*lane, x);
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane = f(*lane, x);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = f(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_agree_with_the_standard_library() {
        let mut worst = [0f64; 3];
        for i in -8700..8700 {
            let x = i as f32 * 0.009_9;
            let exact = f64::from(x);
            worst[0] = worst[0].max((f64::from(exp(x)) - exact.exp()).abs() / exact.exp());
            worst[1] = worst[1].max((f64::from(sigmoid(x)) - 1.0 / (1.0 + (-exact).exp())).abs());
            worst[2] = worst[2].max((f64::from(tanh(x)) - exact.tanh()).abs());
        }
        assert!(worst[0] < 3e-7 && worst[1] < 2e-7 && worst[2] < 3e-7, "{worst:?}");
        assert!(tanh(1e30) == 1.0 && tanh(-1e30) == -1.0 && sigmoid(-1e30) < 1e-37);
    }

    #[test]
    fn reductions_cover_the_remainder() {
        for n in 1..70 {
            let xs: Vec<f32> = (0..n).map(|i| ((i * 37) % 11) as f32 - 5.0).collect();
            assert_eq!(sum(&xs), xs.iter().sum::<f32>());
            assert_eq!(max(&xs), xs.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }
}
