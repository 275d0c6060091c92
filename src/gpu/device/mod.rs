//! Which device to train on.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

use burn::tensor::Device;

use super::caps::DeviceCaps;
#[cfg(not(target_family = "wasm"))]
use native::open_fastest;
#[cfg(target_family = "wasm")]
use web::open_fastest;

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
    let found = wgpu::Instance::new(descriptor)
        .enumerate_adapters(wgpu::Backends::PRIMARY)
        .await;
    found
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

/// Opens the device that `choice` stands for.
///
/// # Errors
/// When a GPU or an adapter was asked for and there is none.
pub async fn select(choice: Choice) -> Result<Selected, Error> {
    if choice == Choice::Cpu {
        return Ok(cpu("`--device cpu` was given"));
    }
    let adapters = adapters().await;
    let real = adapters.iter().find(|a| !a.caps.software);
    // Burn opens the fastest adapter, so another real GPU behind one that is too small does not help.
    let weak = real.and_then(|gpu| gpu.caps.shortfall().map(|lack| (gpu, lack)));
    if let Some((gpu, lack)) = weak {
        return match choice {
            Choice::Auto => Ok(cpu(&format!("the GPU {} offers only {lack}", gpu.name))),
            _ => Err(Error::Weak {
                name: gpu.name.clone(),
                lack,
            }),
        };
    }
    match (choice, real, adapters.first()) {
        (_, Some(gpu), _) => wgpu(gpu, format!("{} GPU through {}", gpu.kind, gpu.api)).await,
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
