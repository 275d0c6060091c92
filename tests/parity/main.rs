//! The engine against PyTorch and fastai, whose results `tests/fixtures/*.safetensors` hold (see the README there), on
//! the CPU backend and on whatever adapter wgpu finds.
//!
//! Values are held to 1e-5, gradients to 1e-4 of the largest number of their tensor. `cargo test --release --test
//! parity -- --nocapture` says how far off each result was.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in functions marked as tests, but not in their helpers"
)]
#![recursion_limit = "512"]

mod adam;
mod batch_invariance;
mod classifier;
mod common;
mod language_model;
mod lstm;
mod optimiser;
