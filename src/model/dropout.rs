//! The AWD-LSTM's dropouts as masks that are drawn before the forward pass.
//!
//! A mask multiplies: 0 where it drops, `1 / (1 - p)` where it keeps. Drawing them first keeps the forward pass free
//! of randomness, so that tests can hand in the masks of another implementation.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::config::{Architecture, Dropouts};
use crate::ops::dropout_mask::{Key, dropout_mask, factor};

/// One forward pass's masks; `None` drops nothing.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// Factor of every word of the vocabulary: a dropped word is dropped wherever it occurs.
    pub embedding: Option<Arc<[f32]>>,
    /// `[1, batch, embedding]`, locked over time.
    pub input: Option<Tensor<3>>,
    /// After each layer but the last: `[1, batch, hidden]`, locked over time.
    pub hidden: Vec<Option<Tensor<3>>>,
    /// On each layer's hidden-to-hidden weights: `[4 hidden, hidden]`, one for the whole window.
    pub weight: Vec<Option<Tensor<2>>>,
    /// On the last layer's output: `[1, batch, embedding]`, locked over time.
    pub output: Option<Tensor<3>>,
}

/// Numbers the places of a model where something is dropped, so that each has masks of its own.
mod site {
    pub const EMBEDDING: u32 = 0;
    pub const INPUT: u32 = 1;
    pub const OUTPUT: u32 = 2;
    pub const HIDDEN: u32 = 16;
    pub const WEIGHT: u32 = 48;
}

/// Where masks come from: a run's seed and the number of the step.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    /// The run's seed.
    pub seed: u64,
    /// The optimisation step, counted over the whole run.
    pub step: u64,
}

impl Draw {
    /// The mask of one place of the model, or `None` for a probability of zero.
    pub fn mask<const D: usize>(
        &self,
        shape: [usize; D],
        site: u32,
        drop: f32,
        device: &Device,
    ) -> Option<Tensor<D>> {
        (drop > 0.0).then(|| dropout_mask(shape, Key::new(self.seed, self.step, site), drop, device))
    }

    /// Masks for a batch of `batch` sequences.
    pub fn masks(&self, arch: &Architecture, dropouts: &Dropouts, batch: usize, device: &Device) -> Masks {
        let embedding = (dropouts.embedding > 0.0).then(|| {
            let key = Key::new(self.seed, self.step, site::EMBEDDING);
            (0..arch.vocab as u32)
                .map(|id| factor(key, id, dropouts.embedding))
                .collect()
        });
        let locked = |width: usize, site: u32, drop: f32| self.mask([1, batch, width], site, drop, device);
        Masks {
            embedding,
            input: locked(arch.embedding, site::INPUT, dropouts.input),
            hidden: (1..arch.layers)
                .map(|i| locked(arch.hidden, site::HIDDEN + i as u32, dropouts.hidden))
                .collect(),
            weight: (0..arch.layers)
                .map(|i| {
                    let (_, hidden) = arch.layer_sizes(i);
                    self.mask(
                        [4 * hidden, hidden],
                        site::WEIGHT + i as u32,
                        dropouts.weight,
                        device,
                    )
                })
                .collect(),
            output: locked(arch.embedding, site::OUTPUT, dropouts.output),
        }
    }
}

/// `x` times `mask`, where there is one.
pub fn apply<const D: usize>(x: Tensor<D>, mask: Option<&Tensor<D>>) -> Tensor<D> {
    match mask {
        Some(mask) => x * mask.clone(),
        None => x,
    }
}
