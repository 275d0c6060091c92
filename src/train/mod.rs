//! Fine-tuning: schedules, layer groups and unfreezing plans, optimisers, the two training loops, and what is
//! measured about their results.

pub mod baseline;
pub mod checkpoint;
pub mod classifier;
pub mod course;
pub mod defaults;
pub mod evaluate;
pub mod find_rate;
pub mod forgetting;
#[cfg(test)]
mod keep_best_tests;
pub mod language_model;
pub mod measure;
#[cfg(test)]
mod memory_tests;
pub mod metrics;
pub mod monitor;
pub mod optimiser;
mod pace;
#[cfg(test)]
mod patience_tests;
pub mod plan;
#[cfg(test)]
mod report_tests;
pub mod schedule;
pub mod split;

/// Why training ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The loss is not a number any more.
    #[error("the loss became {loss} at step {step}: training diverged; lower the rate (now {rate})")]
    Diverged {
        /// The loss.
        loss: f64,
        /// Steps done.
        step: u64,
        /// The highest rate.
        rate: f64,
    },
    /// The texts are too short to predict anything.
    #[error("the texts have {tokens} tokens in all, too few to train a language model on; add texts")]
    TooShort {
        /// Tokens found.
        tokens: usize,
    },
    /// A device that was lost, or out of memory.
    #[error("the device failed while computing ({0}); try `--device cpu`")]
    Device(String),
    /// A checkpoint of another run.
    #[error("the checkpoint does not fit this run ({0}); start again without `--resume`")]
    Checkpoint(String),
    /// A checkpoint could not be written.
    #[error("{0}")]
    Save(String),
    /// The user said stop; a checkpoint was written.
    #[error("stopped")]
    Stopped,
}
