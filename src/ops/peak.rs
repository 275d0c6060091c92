//! The fastest that this machine multiplies matrices: what a training step is held against.

use burn::backend::DispatchDevice;
use burn::backend::ops::FloatTensorOps as _;
use burn::tensor::{Device, Tensor, TensorData};
use burn_cubecl::CubeBackend;

use super::cpu::{Mat, matmul};
use super::product::{Factor, Plus, product};
use crate::host::clock::Instant;

/// The measured peak of a device.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    /// Floating-point operations a second: two for each multiply-add.
    pub per_second: f64,
    /// Rows and columns of the matrices with which it was reached.
    pub size: usize,
    /// Whose product it was.
    pub of: &'static str,
}

/// Sides of the squares that are tried, each only while the one before took less than [`LONG`].
const SIDES: [usize; 4] = [512, 1024, 2048, 4096];
/// Seconds of one product that are enough to measure.
const LONG: f64 = 0.1;
const REPEATS: usize = 5;

/// Measures the `f32` product of two square matrices: the `gemm` crate's on all threads of the CPU, Burn's and this
/// crate's on a GPU. The best of five products of the largest square that the device does in about a tenth of a second.
///
/// # Errors
/// When the device is lost.
pub fn peak(device: &Device) -> Result<Peak, String> {
    let device = device.clone().inner();
    let mut best = Peak {
        per_second: 0.0,
        size: 0,
        of: "",
    };
    let sorts: &[(&'static str, Make)] = match device.as_dispatch() {
        DispatchDevice::Cube(_) => &[("Burn's", burns), ("this program's", ours)],
        _ => &[("the gemm crate's on all threads", cpu)],
    };
    for &(of, make) in sorts {
        for size in SIDES {
            let mut run = make(size, &device)?;
            // The first product warms caches, and compiles a kernel.
            run()?;
            let mut fastest = run()?;
            for _ in 1..REPEATS {
                fastest = fastest.min(run()?);
            }
            let per_second = 2.0 * (size as f64).powi(3) / fastest;
            if per_second > best.per_second {
                best = Peak { per_second, size, of };
            }
            if fastest > LONG {
                break;
            }
        }
    }
    Ok(best)
}

/// Gives the seconds of a product each time it is called.
type Run = Box<dyn FnMut() -> Result<f64, String>>;
type Make = fn(usize, &Device) -> Result<Run, String>;

/// Numbers that no shortcut for zeros or denormals makes faster.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37) % 97) as f32 / 97.0 - 0.5).collect()
}

fn cpu(size: usize, _: &Device) -> Result<Run, String> {
    let (a, b, mut out) = (numbers(size * size), numbers(size * size), vec![0.0; size * size]);
    Ok(Box::new(move || {
        let started = Instant::now();
        matmul(
            &mut out,
            Mat::new(&a, size, size),
            Mat::new(&b, size, size),
            false,
        );
        std::hint::black_box(&out);
        Ok(started.elapsed().as_secs_f64())
    }))
}

/// The device is waited for, so that small squares are not flattered and large ones hardly slowed.
fn burns(size: usize, device: &Device) -> Result<Run, String> {
    let make = || Tensor::<1>::from_floats(numbers(size * size).as_slice(), device).reshape([size, size]);
    let (a, b): (Tensor<2>, Tensor<2>) = (make(), make());
    timed(device, move || drop(a.clone().matmul(b.clone())))
}

fn ours(size: usize, device: &Device) -> Result<Run, String> {
    let DispatchDevice::Cube(cube) = device.as_dispatch() else {
        return Err("no GPU".into());
    };
    let make = || CubeBackend::float_from_data(TensorData::new(numbers(size * size), [size, size]), cube);
    let (a, b) = (make(), make());
    timed(device, move || {
        drop(product(Factor::plain(&a), Factor::plain(&b), Plus::Nothing));
    })
}

fn timed(device: &Device, mut ask: impl FnMut() + 'static) -> Result<Run, String> {
    let device = device.clone();
    Ok(Box::new(move || {
        let wait = || device.sync().map_err(|e| format!("{e:?}"));
        wait()?;
        let started = Instant::now();
        ask();
        wait()?;
        Ok(started.elapsed().as_secs_f64())
    }))
}
