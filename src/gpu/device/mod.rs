//! Which device to train on.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(test)]
mod tests;
#[cfg(target_family = "wasm")]
mod web;

use burn::tensor::Device;

use super::caps::DeviceCaps;
#[cfg(not(target_family = "wasm"))]
use native::{found, open_fastest};
#[cfg(target_family = "wasm")]
use web::{found, open_fastest};

/// What the user asked for with `--device`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// A real GPU where there is one, otherwise the CPU.
    #[default]
    Auto,
    /// A real GPU, or an error.
    Gpu,
    /// Burn's Flex backend.
    Cpu,
    /// Whatever adapter wgpu finds, a software one included.
    Wgpu,
}

/// An adapter that wgpu found.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Adapter {
    /// The adapter's name, as the driver gives it.
    pub name: String,
    /// Vulkan, Metal, Dx12, Gl.
    pub api: String,
    /// Discrete, integrated, virtual or CPU (a software renderer).
    pub kind: String,
    /// Driver and its version.
    pub driver: String,
    /// What it can do.
    #[serde(flatten)]
    pub caps: DeviceCaps,
    /// Largest buffer, bytes.
    pub max_buffer: u64,
    /// Whether it can write down when its work begins and ends, without which CubeCL computes on no browser's device.
    #[serde(skip)]
    pub timestamps: bool,
}

impl Adapter {
    /// The first thing that it lacks to compute, in words.
    fn shortfall(&self, in_browser: bool) -> Option<String> {
        if in_browser && !self.timestamps {
            return Some("WebGPU without timestamp queries".into());
        }
        self.caps.shortfall()
    }

    /// What follows "the GPU": browsers keep the name of the adapter to themselves.
    fn called(&self) -> &str {
        match self.name.as_str() {
            "" => "of this browser",
            name => name,
        }
    }
}

/// The device that was chosen, and in a sentence why.
#[derive(Clone, Debug)]
pub struct Selected {
    /// Where tensors live; not an autodiff device.
    pub device: Device,
    /// "CPU (Flex, 2 threads)" or the adapter's name.
    pub name: String,
    /// Why this one.
    pub reason: String,
}

/// The device that was asked for does not exist.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `--device gpu` without one.
    #[error("no GPU was found ({0}); use `--device cpu`, or `unfreeze doctor` to see what there is")]
    NoGpu(String),
    /// `--device wgpu` without any adapter.
    #[error(
        "wgpu found no adapter; install a Vulkan driver (on Debian `mesa-vulkan-drivers` has a software one) or use `--device cpu`"
    )]
    NoAdapter,
    /// It is there, and cannot be opened.
    #[error("the GPU cannot be opened ({0}); use `--device cpu`")]
    Unopened(String),
    /// A GPU that is below [`DeviceCaps::FLOOR`].
    #[error("the GPU {name} offers only {lack}; update its driver, or use `--device cpu`")]
    Weak {
        /// The adapter's name.
        name: String,
        /// The limit.
        lack: String,
    },
}

impl Error {
    /// What happened, without the terminal's ways out.
    pub fn what(&self) -> String {
        match self {
            Self::NoGpu(cause) => format!("no GPU was found ({cause})"),
            Self::Unopened(cause) => format!("the GPU cannot be opened ({cause})"),
            Self::NoAdapter => "no graphics adapter was found".into(),
            Self::Weak { name, lack } => format!("the GPU {name} offers only {lack}"),
        }
    }
}

/// Every adapter that wgpu sees.
pub async fn adapters() -> Vec<Adapter> {
    use burn::tensor::wgpu::wgpu;
    // Without OpenGL: it has no compute shaders on most drivers that would be left with it, and looking for it makes some
    // of them write to standard error.
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::PRIMARY;
    found(&wgpu::Instance::new(descriptor))
        .await
        .iter()
        .map(|adapter| {
            let (info, limits) = (adapter.get_info(), adapter.limits());
            Adapter {
                name: info.name.clone(),
                api: format!("{:?}", info.backend),
                kind: format!("{:?}", info.device_type),
                driver: format!("{} {}", info.driver, info.driver_info).trim().to_string(),
                caps: DeviceCaps {
                    // As CubeCL counts them: wgpu itself may need one for the lengths of the others.
                    storage_buffers: limits.max_storage_buffers_per_shader_stage.saturating_sub(1),
                    workgroup_memory: limits.max_compute_workgroup_storage_size,
                    invocations: limits.max_compute_invocations_per_workgroup,
                    workgroups: limits.max_compute_workgroups_per_dimension,
                    binding: limits.max_storage_buffer_binding_size,
                    software: info.device_type == wgpu::DeviceType::Cpu,
                },
                max_buffer: limits.max_buffer_size,
                timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
            }
        })
        .collect()
}

fn cpu(reason: &str) -> Selected {
    let threads = rayon::current_num_threads();
    Selected {
        device: Device::flex(),
        name: format!("CPU ({threads} thread{})", if threads == 1 { "" } else { "s" }),
        reason: reason.into(),
    }
}

async fn wgpu(adapter: &Adapter, reason: String) -> Result<Selected, Error> {
    // Browsers keep the name of the adapter to themselves.
    let name = match adapter.name.as_str() {
        "" => "GPU (WebGPU)".into(),
        name => format!("{name} ({})", adapter.api),
    };
    Ok(Selected {
        device: open_fastest().await?,
        name,
        reason,
    })
}

/// The real GPU that computes, of several: CubeCL takes the first interface that has one, and wgpu hands out its adapters in
/// this order to whoever asks for performance.
fn fastest(adapters: &[Adapter]) -> Option<&Adapter> {
    let real = || adapters.iter().filter(|a| !a.caps.software);
    let first = real().next()?;
    real()
        .filter(|a| a.api == first.api)
        .min_by_key(|a| match a.kind.as_str() {
            "DiscreteGpu" => 0,
            "IntegratedGpu" => 1,
            "Other" => 2,
            _ => 3,
        })
}

/// What was opened; the CPU where nothing was and nobody insists.
fn or_cpu(choice: Choice, opened: Result<Selected, Error>) -> Result<Selected, Error> {
    match (choice, opened) {
        (Choice::Auto, Err(error)) => Ok(cpu(&error.what())),
        (_, opened) => opened,
    }
}

/// Opens the device that `choice` stands for.
///
/// # Errors
/// When a GPU or an adapter was asked for and there is none.
pub async fn select(choice: Choice) -> Result<Selected, Error> {
    if choice == Choice::Cpu {
        return Ok(cpu("`--device cpu` was given"));
    }
    let adapters = adapters().await;
    let real = fastest(&adapters);
    let computes = match choice {
        Choice::Wgpu => real.or(adapters.first()),
        _ => real,
    };
    // Burn opens the fastest adapter, so another real GPU behind one that is too small does not help.
    let in_browser = cfg!(target_family = "wasm");
    if let Some((gpu, lack)) = computes.and_then(|gpu| Some((gpu, gpu.shortfall(in_browser)?))) {
        let name = gpu.called().to_string();
        return or_cpu(choice, Err(Error::Weak { name, lack }));
    }
    match (choice, real, adapters.first()) {
        (_, Some(gpu), _) => {
            let reason = format!("{} GPU through {}", gpu.kind, gpu.api);
            or_cpu(choice, wgpu(gpu, reason).await)
        }
        (Choice::Wgpu, None, Some(any)) => {
            let reason = "a software renderer, because `--device wgpu` was given";
            wgpu(any, reason.into()).await
        }
        (Choice::Wgpu, None, None) => Err(Error::NoAdapter),
        (Choice::Gpu, None, Some(any)) => {
            Err(Error::NoGpu(format!("only the software renderer {}", any.name)))
        }
        (Choice::Gpu, None, None) => Err(Error::NoGpu("wgpu lists no adapter".into())),
        (_, None, Some(_)) => Ok(cpu(
            "no GPU was found, only a software renderer, which is slower than the CPU backend",
        )),
        (_, None, None) => Ok(cpu("no GPU was found")),
    }
}
