//! Launching a hand-written WGSL entry point through CubeCL.
//!
//! Burn's own `SourceKernel` fixes the entry point's name and leaves constants out of the pipeline cache's key, so the
//! two traits behind it are implemented here.

use burn::tensor::{DType, Shape};
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::{UIntKind, metadata::Info};
use cubecl::prelude::*;
use cubecl::server::{KernelArguments, MetadataBindingInfo};
use cubecl::{CubeKernel, PrecompiledSource};

/// Words of per-launch information, as `array<vec4<u32>, 4>` in the shader's last binding.
pub const INFO_WORDS: usize = 16;

/// A shader file, one of its entry points, and the constants that the host prepends.
#[derive(Clone)]
pub struct Kernel {
    /// The WGSL text, `include_str!` of a file in `shaders/`.
    pub source: &'static str,
    /// The entry point's name, unique among all shaders of the crate: it is part of the pipeline cache's key.
    pub entry: &'static str,
    /// Shape constants. Keep per-batch values (lengths, steps) out of them: each new value compiles a pipeline.
    pub constants: Vec<(&'static str, u32)>,
}

impl Kernel {
    /// The WGSL that the driver gets: the constants, then the file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.constants {
            text.push_str(&format!("const {name}: u32 = {value}u;\n"));
        }
        text.push_str(self.source);
        text
    }
}

impl KernelMetadata for Kernel {
    fn id(&self) -> KernelId {
        // Everything that changes the text has to be in the key. Out-of-bounds checks are the shaders' own.
        KernelId::new::<Self>()
            .info((self.source.len(), self.entry, self.constants.clone()))
            .mode(ExecutionMode::Unchecked)
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl CubeKernel for Kernel {
    fn define(&self) -> KernelDefinition {
        let settings = KernelSettings::new(
            CubeDim::new_1d(64).into(),
            ExecutionMode::Unchecked,
            AddressType::U32,
        );
        KernelDefinition {
            body: Scope::root(settings.clone()),
            settings,
            info: Info::default(),
        }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.text(),
            entrypoint_name: self.entry.to_string(),
            lang: "wgsl",
        })
    }
}

/// Runs `kernel` over `groups` workgroups (see [`super::caps::DeviceCaps`]) with `buffers` at bindings `0..` and `info`
/// behind them.
///
/// The words travel as a uniform that CubeCL caches by content: writing a buffer instead would submit the queue at
/// every launch.
pub fn launch(kernel: Kernel, groups: [u32; 3], buffers: &[&CubeTensor], info: &[u32]) {
    let mut words = [0u32; INFO_WORDS];
    words[..info.len()].copy_from_slice(info);
    let packed = words
        .chunks_exact(2)
        .map(|w| u64::from(w[0]) | (u64::from(w[1]) << 32))
        .collect();
    let mut arguments = KernelArguments::new();
    for tensor in buffers {
        arguments = arguments.with_buffer(tensor.handle.clone().binding());
    }
    arguments = arguments.with_info(MetadataBindingInfo::custom(packed));
    super::watch::own_launch();
    let [x, y, z] = groups;
    buffers[0]
        .client
        .launch(Box::new(kernel), CubeCount::Static(x, y, z), arguments);
}

/// An uninitialised `f32` tensor on the device of `like`.
///
/// Tests fill it with a conspicuous number, so that a kernel that relies on zeroed memory fails there.
pub fn empty(like: &CubeTensor, shape: impl Into<Shape>) -> CubeTensor {
    let shape = shape.into();
    #[cfg(test)]
    {
        let poison = vec![-12_345.0f32; shape.num_elements()];
        let handle = like.client.create_from_slice(bytemuck::cast_slice(&poison));
        CubeTensor::new_contiguous(
            like.client.clone(),
            like.device.clone(),
            shape,
            handle,
            DType::F32,
        )
    }
    #[cfg(not(test))]
    {
        let handle = like.client.empty(shape.num_elements() * size_of::<f32>());
        CubeTensor::new_contiguous(
            like.client.clone(),
            like.device.clone(),
            shape,
            handle,
            DType::F32,
        )
    }
}

/// Uploads 32-bit words (token ids, offsets) as a one-dimensional tensor on the device of `like`.
///
/// CubeCL submits what is queued before it writes, so an operation uploads once, and early: what a backward pass needs
/// goes up with what the forward pass does.
pub fn upload(like: &CubeTensor, words: &[u32]) -> CubeTensor {
    let handle = like.client.create_from_slice(bytemuck::cast_slice(words));
    CubeTensor::new_contiguous(
        like.client.clone(),
        like.device.clone(),
        Shape::new([words.len()]),
        handle,
        DType::U32,
    )
}
