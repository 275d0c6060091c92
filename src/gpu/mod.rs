//! Choosing and opening a device, what it can do, launching hand-written WGSL on it, and watching it work.

pub mod caps;
pub mod device;
pub(crate) mod kernel;
#[cfg(test)]
pub(crate) mod testing;
pub mod watch;
