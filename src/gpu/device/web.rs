//! Opening a device of the browser.

use std::cell::RefCell;

use burn::tensor::Device;
use burn::tensor::wgpu::wgpu;

use super::Error;

/// The adapter that Burn will ask for: a browser hands out one at a time.
pub(super) async fn found(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    let fastest = wgpu::RequestAdapterOptions {
        power_preference: wgpu::PowerPreference::HighPerformance,
        ..wgpu::RequestAdapterOptions::default()
    };
    instance.request_adapter(&fastest).await.into_iter().collect()
}

thread_local! {
    /// Opened once: a second one would know no tensor of the first. Once it is lost it stays so, until the page starts
    /// another worker.
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
