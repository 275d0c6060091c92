//! Files and folders, with the names that the standard library gives to working with them.
//!
//! In a tab they lie in the page's memory. Whether a path is there is asked with [`is_there`], [`is_file`] and [`is_dir`]: the
//! methods of `Path` would ask an operating system that a tab does not have.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(any(test, target_family = "wasm"))]
#[cfg_attr(
    not(target_family = "wasm"),
    expect(dead_code, unused_imports, reason = "only its tests run on a desktop")
)]
mod web;

#[cfg(not(target_family = "wasm"))]
pub use native::*;
#[cfg(target_family = "wasm")]
pub use web::*;
