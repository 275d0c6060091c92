//! Where the engine runs: on a thread, or in a worker of the page, to which the assistant has a line of its own.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub(super) use native::{OWN_DEVICE, room, start, work_in};
#[cfg(target_family = "wasm")]
pub(super) use web::{Line, OWN_DEVICE, decoded, listen, room, start, tell_page, work_in};
