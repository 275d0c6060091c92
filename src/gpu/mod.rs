//! Choosing and opening a device, launching hand-written WGSL on it, and watching it work.

pub mod device;
pub(crate) mod kernel;
pub mod watch;
