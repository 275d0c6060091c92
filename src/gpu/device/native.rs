//! Opening a device of the operating system.

use burn::tensor::{Device, DeviceKind};

use super::Error;

/// The adapter of highest performance, which is the one that `select` names: a real GPU before a software renderer.
///
/// # Errors
/// None here: Burn opens it when it is first used.
pub(super) async fn open_fastest() -> Result<Device, Error> {
    Ok(Device::wgpu(DeviceKind::DefaultDevice))
}
