//! The program from the outside: real processes with `--json --device cpu` on small models and texts that the tests
//! make themselves.
//!
//! Nothing here measures time. Tests that have to end a process in the middle wait for an event of it, with enough steps
//! left that it cannot have finished.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in functions marked as tests, but not in their helpers"
)]

mod bad_input;
mod bad_place;
mod common;
mod confidences;
mod contract;
mod determinism;
mod fastai;
mod lab;
mod language;
mod memory;
mod onnx;
mod resume;
mod signals;
mod tables;
mod untested;
