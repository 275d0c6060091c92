//! Products of a few rows with a matrix that is used again and again: a recurrence's, at every step.
//!
//! A library for products lays its operands out anew at every call, which for a few rows costs as much as the arithmetic. Here
//! the matrix is laid out once. An output does not depend on which rows are computed together with it.

pub mod bytes;
#[cfg_attr(target_family = "wasm", path = "plain.rs")]
mod panels;

pub use panels::{Panels, product};
