//! The base models that come with the program, one for each direction; `assets/models/README.md` says how they were made.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub(super) use native::{fetch, files};
#[cfg(target_family = "wasm")]
pub use web::{FILES, give};
#[cfg(target_family = "wasm")]
pub(super) use web::{fetch, files};

/// The files of a model directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files {
    pub config: &'static [u8],
    pub vocab: &'static [u8],
    pub weights: &'static [u8],
}
