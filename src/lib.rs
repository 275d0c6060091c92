#![recursion_limit = "512"]
pub mod gpu;
pub mod model;
pub mod ops;
