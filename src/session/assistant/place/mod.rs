//! Where the assistant works: on a thread, or in a worker of the page.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub(super) use native::start;
#[cfg(target_family = "wasm")]
pub(super) use web::start;
