//! Batches: windows over running text for language models, padded documents for classifiers.
//!
//! Token matrices are time-major, `[time, batch]` flattened: the LSTM reads one time step of every row at once.

mod documents;
mod windows;

pub use documents::{DocBatch, Order, plan};
pub use windows::{LmBatchConfig, LmBatches, Window};

/// The seed of one epoch, far from those of its neighbours and of other runs (the finaliser of `SplitMix64`).
#[must_use]
pub fn epoch_seed(seed: u64, epoch: u64) -> u64 {
    let mut mixed = seed ^ epoch.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
