//! Fixtures, devices and comparisons.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use burn::tensor::{Device, DeviceKind, Gradients, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors};
use unfreeze::model::dropout::Masks;
use unfreeze::model::{Architecture, Network, Parameter, Tokens};

/// Tolerance of values, absolute: four times what float32 alone costs in PyTorch.
pub const VALUE: f32 = 1e-5;
/// Tolerance of gradients, relative to the largest number of the tensor.
pub const GRADIENT: f32 = 1e-4;

/// Devices to test on. Without an adapter, which `tests/run` sets `UNFREEZE_WGPU` against, it is the processor alone.
pub fn devices() -> Vec<(&'static str, Device)> {
    static FOUND: LazyLock<bool> =
        LazyLock::new(|| !futures_lite::future::block_on(unfreeze::gpu::device::adapters()).is_empty());
    assert!(
        *FOUND || std::env::var_os("UNFREEZE_WGPU").is_none_or(|set| set.is_empty()),
        "UNFREEZE_WGPU is set and there is no adapter: install a Vulkan driver (mesa-vulkan-drivers has a software one)"
    );
    let mut all = vec![("cpu", Device::flex())];
    all.extend(FOUND.then(|| ("wgpu", Device::wgpu(DeviceKind::DefaultDevice))));
    all
}

/// A fixture file.
pub struct Fixture(Vec<u8>);

impl Fixture {
    pub fn open(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.safetensors"));
        Self(std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    }

    fn raw<const N: usize>(&self, name: &str, dtype: Dtype) -> (Vec<usize>, Vec<[u8; N]>) {
        let file = SafeTensors::deserialize(&self.0).expect("a safetensors file");
        let view = file.tensor(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(view.dtype(), dtype, "{name}");
        (view.shape().to_vec(), view.data().as_chunks::<N>().0.to_vec())
    }

    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.raw::<4>(name, Dtype::F32).0
    }

    pub fn floats(&self, name: &str) -> Vec<f32> {
        self.raw(name, Dtype::F32)
            .1
            .into_iter()
            .map(f32::from_le_bytes)
            .collect()
    }

    pub fn integers(&self, name: &str) -> Vec<usize> {
        let bytes = self.raw(name, Dtype::I32).1.into_iter();
        bytes
            .map(|b| i32::from_le_bytes(b).try_into().expect("not negative"))
            .collect()
    }

    /// `[time, batch]` ids.
    pub fn ids(&self, name: &str) -> Tokens {
        let shape = self.raw::<4>(name, Dtype::I32).0;
        let ids: Vec<u32> = self.integers(name).into_iter().map(|id| id as u32).collect();
        Tokens::new(ids, shape[0], shape[1])
    }

    /// A constant; a vector becomes `[1, n]`.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let mut shape = self.shape(name);
        shape.splice(0..0, vec![1; D - shape.len()]);
        Tensor::from_data(TensorData::new(self.floats(name), shape), device)
    }

    /// As [`Self::tensor`], with a gradient.
    pub fn leaf<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        self.tensor::<D>(name, device).autodiff().require_grad()
    }

    /// Names behind `prefix`.
    fn names(&self, prefix: &str) -> BTreeSet<String> {
        let file = SafeTensors::deserialize(&self.0).expect("a safetensors file");
        file.names()
            .into_iter()
            .filter_map(|name| name.strip_prefix(prefix).map(str::to_string))
            .collect()
    }

    /// Gives every parameter of `network` the fixture's numbers and makes it a leaf.
    pub fn load(&self, network: &mut impl Network, device: &Device) {
        network.visit_mut(&mut |_, name, parameter| {
            assert_eq!(parameter.shape(), self.shape(name), "{name}");
            *parameter = Parameter::new(self.floats(name), &self.shape(name), device);
            parameter.track(true);
        });
    }

    /// The encoder's masks, and the output's where the fixture has it.
    pub fn masks(&self, arch: &Architecture, device: &Device) -> Masks {
        Masks {
            embedding: Some(self.floats("mask.embedding").into()),
            input: Some(self.tensor("mask.input", device)),
            hidden: (0..arch.layers - 1)
                .map(|i| Some(self.tensor(&format!("mask.hidden.{i}"), device)))
                .collect(),
            weight: (0..arch.layers)
                .map(|i| Some(self.tensor(&format!("mask.weight.{i}"), device)))
                .collect(),
            output: self
                .names("mask.")
                .contains("output")
                .then(|| self.tensor("mask.output", device)),
        }
    }

    /// Every gradient of `network` against `{prefix}grad.*`, of which none may be left over.
    #[track_caller]
    pub fn assert_gradients(
        &self,
        what: &str,
        network: &impl Network,
        mut gradients: Gradients,
        prefix: &str,
    ) {
        let prefix = format!("{prefix}grad.");
        let found = network_gradients(network, &mut gradients);
        for (name, gradient) in &found {
            assert_gradient(
                &format!("{what} {prefix}{name}"),
                gradient,
                &self.floats(&format!("{prefix}{name}")),
            );
        }
        assert_eq!(
            found.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>(),
            self.names(&prefix),
            "{what}"
        );
    }
}

/// Names and gradients of the parameters that have one.
pub fn network_gradients(network: &impl Network, gradients: &mut Gradients) -> Vec<(String, Vec<f32>)> {
    let mut found = Vec::new();
    network.visit(&mut |_, name, p| {
        found.extend(p.take_gradient(gradients).map(|g| (name.to_string(), host(g))))
    });
    found
}

pub fn host<const D: usize>(t: Tensor<D>) -> Vec<f32> {
    t.inner().into_data().try_to_vec::<f32>().expect("floats")
}

/// Log-probabilities of logits `[rows, classes]`, in float64.
pub fn log_softmax(logits: &[f32], classes: usize) -> Vec<f32> {
    let row = |row: &[f32]| {
        let log_sum = row.iter().map(|&x| f64::from(x).exp()).sum::<f64>().ln();
        row.iter()
            .map(|&x| (f64::from(x) - log_sum) as f32)
            .collect::<Vec<_>>()
    };
    logits.chunks(classes).flat_map(row).collect()
}

/// One sequence of a batch, `[length, 1]`: without its padding.
pub fn alone(tokens: &Tokens, sequence: usize, length: usize) -> Tokens {
    let ids: Arc<[u32]> = (0..length)
        .map(|t| tokens.ids[t * tokens.batch + sequence])
        .collect();
    Tokens::new(ids, length, 1)
}

/// Absolute comparison.
#[track_caller]
pub fn assert_close(what: &str, got: &[f32], want: &[f32], tolerance: f32) {
    assert_eq!(got.len(), want.len(), "{what}: lengths");
    let mut worst = 0.0f32;
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let difference = (g - w).abs();
        assert!(difference <= tolerance, "{what}[{i}]: {g} instead of {w}");
        worst = worst.max(difference);
    }
    println!("{what}: {worst:.1e}");
}

/// Comparison relative to the largest number wanted.
#[track_caller]
pub fn assert_gradient(what: &str, got: &[f32], want: &[f32]) {
    let scale = want.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    assert!(scale > 0.0, "{what}: a reference of zeros shows nothing");
    let relative = |x: &[f32]| x.iter().map(|x| x / scale).collect::<Vec<_>>();
    assert_close(what, &relative(got), &relative(want), GRADIENT);
}
