//! Work beside the window.
//!
//! Work is a future. On the desktop it has a thread of its own, where it may compute and wait as long as it likes. A tab has
//! one thread, which also draws: the work runs there between frames, and a long one gives way with [`breathe`].

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub use native::{Work, block_on, breathe, moment, on_one_core, receive_within, spawn};
#[cfg(target_family = "wasm")]
pub use web::{Work, block_on, breathe, moment, on_one_core, receive_within, spawn};
