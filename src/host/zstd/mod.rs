//! Zstandard: C's library on the desktop, Rust's in a tab. Either reads what the other wrote.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub use native::{Encoder, decode, decode_any_window, encode_all};
#[cfg(target_family = "wasm")]
pub use web::{Encoder, decode, decode_any_window, encode_all};
