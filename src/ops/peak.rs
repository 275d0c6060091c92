//! The fastest that this machine multiplies matrices: what a training step is held against.

use std::time::Instant;

use burn::tensor::{Device, Tensor};

use super::cpu::{Mat, Threads, matmul};

/// The measured peak of a device.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    /// Floating-point operations a second: two for each multiply-add.
    pub per_second: f64,
    /// Rows and columns of the matrices with which it was reached.
    pub size: usize,
}

/// Sides of the squares that are tried, each only while the one before took less than [`LONG`].
const SIDES: [usize; 4] = [512, 1024, 2048, 4096];
/// Seconds of one product that are enough to measure.
const LONG: f64 = 0.1;
const REPEATS: usize = 5;

/// Measures the `f32` product of two square matrices: the `gemm` crate's on all threads of the CPU, Burn's on a GPU.
/// The best of five products of the largest square that the device does in about a tenth of a second.
///
/// # Errors
/// When the device is lost.
pub fn peak(device: &Device) -> Result<Peak, String> {
    let device = device.clone().inner();
    let on_gpu = device.memory_pool_usage().is_some();
    let mut best = Peak {
        per_second: 0.0,
        size: 0,
    };
    for size in SIDES {
        let mut run: Box<dyn FnMut() -> Result<f64, String>> =
            if on_gpu { gpu(size, &device) } else { cpu(size) };
        // The first product warms caches, and compiles a kernel.
        run()?;
        let mut fastest = run()?;
        for _ in 1..REPEATS {
            fastest = fastest.min(run()?);
        }
        let per_second = 2.0 * (size as f64).powi(3) / fastest;
        if per_second > best.per_second {
            best = Peak { per_second, size };
        }
        if fastest > LONG {
            break;
        }
    }
    Ok(best)
}

/// Numbers that no shortcut for zeros or denormals makes faster.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37) % 97) as f32 / 97.0 - 0.5).collect()
}

/// Seconds of a product.
fn cpu(size: usize) -> Box<dyn FnMut() -> Result<f64, String>> {
    let (a, b, mut out) = (numbers(size * size), numbers(size * size), vec![0.0; size * size]);
    Box::new(move || {
        let started = Instant::now();
        matmul(
            &mut out,
            Mat::new(&a, size, size),
            Mat::new(&b, size, size),
            false,
            Threads::All,
        );
        std::hint::black_box(&out);
        Ok(started.elapsed().as_secs_f64())
    })
}

/// As [`cpu`]; the device is waited for, so that small squares are not flattered and large ones hardly slowed.
fn gpu(size: usize, device: &Device) -> Box<dyn FnMut() -> Result<f64, String>> {
    let make = || Tensor::<1>::from_floats(numbers(size * size).as_slice(), device).reshape([size, size]);
    let (a, b): (Tensor<2>, Tensor<2>) = (make(), make());
    let device = device.clone();
    Box::new(move || {
        let wait = || device.sync().map_err(|e| format!("{e:?}"));
        wait()?;
        let started = Instant::now();
        let product = a.clone().matmul(b.clone());
        wait()?;
        drop(product);
        Ok(started.elapsed().as_secs_f64())
    })
}
