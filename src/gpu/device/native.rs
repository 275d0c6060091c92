//! Opening a device of the operating system.

use std::sync::{Mutex, PoisonError};

use burn::tensor::wgpu::{WgpuInitError, wgpu};
use burn::tensor::{Device, DeviceKind};

use super::Error;

/// Every adapter.
pub(super) async fn found(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    instance.enumerate_adapters(wgpu::Backends::PRIMARY).await
}

/// Whether the device is open. Burn would open it by itself with the first tensor, and panic where it cannot.
static OPEN: Mutex<bool> = Mutex::new(false);

/// The adapter of highest performance, which is the one that `select` names: a real GPU before a software renderer.
///
/// # Errors
/// When the driver refuses.
pub(super) async fn open_fastest() -> Result<Device, Error> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    if !*open {
        match Device::wgpu_options().init() {
            // Somebody else's first tensor may have come before.
            Ok(_) | Err(WgpuInitError::Registration { .. }) => *open = true,
            Err(error) => return Err(Error::Unopened(error.to_string())),
        }
    }
    Ok(Device::wgpu(DeviceKind::DefaultDevice))
}
