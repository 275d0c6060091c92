//! Opening a device of the browser.

use std::cell::RefCell;

use burn::tensor::Device;

use super::Error;

thread_local! {
    /// Opened once: a second one would know no tensor of the first.
    static OPENED: RefCell<Option<Device>> = const { RefCell::new(None) };
}

/// The device that the browser offers, with every limit of its adapter.
///
/// # Errors
/// When the browser refuses.
pub(super) async fn open_fastest() -> Result<Device, Error> {
    if let Some(device) = OPENED.with_borrow(Clone::clone) {
        return Ok(device);
    }
    let device = Device::wgpu_options().init_async().await;
    let device = device.map_err(|e| Error::Unopened(e.to_string()))?;
    OPENED.set(Some(device.clone()));
    Ok(device)
}
