//! The user's folders.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub use native::{cache, data, documents, of_this_process, temporary};
#[cfg(target_family = "wasm")]
pub use web::{cache, data, documents, of_this_process, temporary};
