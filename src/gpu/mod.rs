//! Choosing and opening a device, what it can do, and launching hand-written WGSL on it.

pub mod caps;
pub mod device;
pub(crate) mod kernel;
