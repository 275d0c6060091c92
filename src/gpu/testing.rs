//! The adapter that tests run on, where there is one.

use std::sync::LazyLock;

use burn::tensor::{Device, DeviceKind};

use super::device::adapters;

/// Whatever adapter wgpu finds (a software one will do). Without one, what asks for it tests nothing, and passes: nobody
/// sees what a test that passes says. `tests/run` therefore sets `UNFREEZE_WGPU` where there has to be one.
///
/// # Panics
/// Where there has to be one and is none.
pub fn test_adapter() -> Option<Device> {
    static FOUND: LazyLock<bool> = LazyLock::new(|| !futures_lite::future::block_on(adapters()).is_empty());
    assert!(
        *FOUND || std::env::var_os("UNFREEZE_WGPU").is_none_or(|set| set.is_empty()),
        "UNFREEZE_WGPU is set and there is no adapter: install a Vulkan driver (mesa-vulkan-drivers has a software one)"
    );
    FOUND.then(|| Device::wgpu(DeviceKind::DefaultDevice))
}
