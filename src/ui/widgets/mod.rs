//! Small pieces that every screen is built from.

mod basic;

pub use basic::{card, chip, heading, keycap, label_dot, small, stat};
