//! Between which numbers a recipe can be set: what its sliders reach, and what an address may ask for.
//!
//! They are the same ones, so that no slider moves what an address has set.

/// η max, the highest learning rate of the last layer group.
pub const RATE: (f64, f64) = (1e-5, 0.1);
/// STLR: the share of the steps in which the rate rises (equation 3).
pub const CUT_FRAC: (f64, f64) = (0.01, 0.9);
/// STLR: how many times smaller the lowest rate is than the highest (equation 3).
pub const RATIO: (f64, f64) = (1.0, 128.0);
/// By what each lower group's rate is the one above it divided (equation 2).
pub const FACTOR: (f64, f64) = (1.0, 6.0);
/// Passes over the labelled texts.
pub const EPOCHS: (usize, usize) = (1, 200);
