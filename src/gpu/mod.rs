//! Choosing and opening a device, and launching hand-written WGSL on it.

pub mod device;
pub(crate) mod kernel;
