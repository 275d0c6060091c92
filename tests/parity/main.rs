//! The engine against PyTorch and fastai, whose results `tests/fixtures/*.safetensors` hold (see the README there), on
//! the CPU backend and on whatever adapter wgpu finds.
//!
//! Values are held to 1e-5, gradients to 1e-4 of the largest number of their tensor. `cargo test --release --test
//! parity -- --nocapture` says how far off each result was.
// Helpers of tests are not in functions marked as tests, so clippy.toml does not cover them.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr
)]
#![recursion_limit = "512"]

mod adam;
mod batch_invariance;
mod classifier;
mod common;
mod language_model;
mod lstm;
mod optimiser;
