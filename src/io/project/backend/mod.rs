//! A file as redb reads and writes it.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub(super) use native::of_file;
#[cfg(target_family = "wasm")]
pub(super) use web::of_file;
