//! Documents through a stack of LSTM layers on the processor, without a graph and without padding.
//!
//! Each thread has a number of slots, and a document in each; all layers take one step for all slots, and where a document
//! ends the next one begins in its slot. So the products always have as many rows as there are slots, whatever the lengths.
//! What a document gives does not depend on which others are read with it.
//!
//! ```text
//! layer 1      [h_{t-1}] W_hh^T + (W_ih x + b), the latter once for every word of the documents
//! layer 2...   [h_t of the layer below | h_{t-1}] [W_ih | W_hh]^T + b
//! ```

mod part;
mod step;

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::cpu::Mat;
use super::packed::{Panels, bytes, product};
pub use part::parts;
use step::{Layer, Slots, Weights};

/// Slots of a thread: five tiles of twelve rows.
const SLOTS: usize = 60;

/// How products are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// In 32-bit floats.
    None,
    /// Weights and states in 8 bits a number, where the processor has instructions for it; sums, cells and what is pooled stay
    /// in floats.
    Bytes,
}

/// What is kept of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Concat pooling (equation 4) of the last layer's last `max_len` steps: `[last, max, mean]`.
    Concat {
        /// Steps.
        max_len: usize,
    },
    /// The same, then the means of the embedded words and of every lower layer's outputs over the same steps.
    Deep {
        /// Steps.
        max_len: usize,
    },
    /// The means of the embedded words and of every layer's outputs.
    Means,
}

/// One layer's weights in PyTorch's layout, the two biases added up.
pub struct LayerWeights {
    /// `[4 hidden, input]`
    pub w_ih: Vec<f32>,
    /// `[4 hidden, hidden]`
    pub w_hh: Vec<f32>,
    /// `[4 hidden]`
    pub bias: Vec<f32>,
}

/// An encoder, laid out for reading.
pub struct Reader {
    /// `[vocab, width]`
    embedding: Vec<f32>,
    /// Width of the embedding.
    width: usize,
    /// The first layer's `W_ih^T` and bias.
    first: (Panels, Vec<f32>),
    layers: Vec<Layer>,
}

/// `[a | b]`, row by row.
fn beside(a: &[f32], a_width: usize, b: &[f32], b_width: usize) -> Vec<f32> {
    a.chunks_exact(a_width)
        .zip(b.chunks_exact(b_width))
        .flat_map(|(a, b)| a.iter().chain(b))
        .copied()
        .collect()
}

impl Reader {
    /// Lays weights out; `embedding` is `[vocab, width]`.
    ///
    /// # Panics
    /// If there is no layer or the sizes do not fit each other.
    pub fn new(embedding: Vec<f32>, width: usize, weights: Vec<LayerWeights>, rounding: Rounding) -> Self {
        let rounded = rounding == Rounding::Bytes && bytes::supported();
        assert!(!weights.is_empty(), "an encoder without layers");
        let mut first = None;
        let mut input = width;
        let mut layers = Vec::with_capacity(weights.len());
        for LayerWeights { w_ih, w_hh, bias } in weights {
            let hidden = bias.len() / 4;
            assert!(w_ih.len() == 4 * hidden * input && w_hh.len() == 4 * hidden * hidden);
            let (joined, below, bias) = if first.is_none() {
                first = Some((Panels::new(Mat::new(&w_ih, 4 * hidden, input).t()), bias));
                (w_hh, 0, Vec::new())
            } else {
                (beside(&w_ih, input, &w_hh, hidden), input, bias)
            };
            let joined = Mat::new(&joined, 4 * hidden, below + hidden).t();
            let weights = if rounded {
                Weights::Bytes(bytes::BytePanels::new(joined))
            } else {
                Weights::Floats(Panels::new(joined))
            };
            layers.push(Layer {
                weights,
                bias,
                below,
                hidden,
            });
            input = hidden;
        }
        let Some(first) = first else {
            unreachable!("asserted above")
        };
        Self {
            embedding,
            width,
            first,
            layers,
        }
    }

    /// Weights that a token meets after the embedding.
    fn weights(&self) -> usize {
        self.layers
            .iter()
            .map(|layer| 4 * layer.hidden * (layer.below + layer.hidden))
            .sum()
    }

    /// Numbers that are kept of a document.
    pub fn pooled_width(&self, pooling: Pooling) -> usize {
        let all = self.width + self.layers.iter().map(|layer| layer.hidden).sum::<usize>();
        match pooling {
            Pooling::Concat { .. } => 3 * self.top(),
            Pooling::Deep { .. } => all + 2 * self.top(),
            Pooling::Means => all,
        }
    }

    /// Width of the last layer's outputs.
    fn top(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.hidden)
    }

    /// Different words that documents read in one go may have: what the first layer makes of them stays below 64 MiB.
    fn most_words(&self) -> usize {
        ((64 << 20) / (4 * self.first.1.len()).max(1)).max(1)
    }

    /// Reads documents, every one with at least a token: `[documents, pooled_width]`. All threads work on them. Those of one
    /// call should be no more than [`parts`] puts together.
    ///
    /// # Panics
    /// If a document has no token, or one outside the vocabulary.
    pub fn read(&self, documents: &[&[u32]], pooling: Pooling) -> Vec<f32> {
        assert!(
            documents.iter().all(|d| !d.is_empty()),
            "a document without a token"
        );
        let words = Words::of(self, documents);
        // The longest first, so that no thread is left with one at the end.
        let mut order: Vec<usize> = (0..documents.len()).collect();
        order.sort_by_key(|&d| std::cmp::Reverse(documents[d].len()));
        let threads = rayon::current_num_threads().clamp(1, documents.len().max(1));
        let slots = documents.len().div_ceil(threads).min(SLOTS);
        let next = AtomicUsize::new(0);
        let read = |_| {
            let take = || order.get(next.fetch_add(1, Ordering::Relaxed)).copied();
            Slots::new(self, &words, slots, pooling).read(documents, take)
        };
        let found: Vec<(usize, Vec<f32>)> = (0..threads).into_par_iter().flat_map_iter(read).collect();
        let width = self.pooled_width(pooling);
        let mut pooled = vec![0.0; documents.len() * width];
        for (document, numbers) in found {
            pooled[document * width..][..width].copy_from_slice(&numbers);
        }
        pooled
    }
}

/// What the first layer makes of each different word: `W_ih x + b`.
struct Words {
    /// Row of a token id; of those that do not occur, any.
    row: Vec<u32>,
    /// `[words, 4 hidden]`
    gates: Vec<f32>,
}

impl Words {
    fn of(reader: &Reader, documents: &[&[u32]]) -> Self {
        const NONE: u32 = u32::MAX;
        let mut row = vec![NONE; reader.embedding.len() / reader.width.max(1)];
        let mut rows = Vec::new();
        let mut count = 0;
        for &id in documents.iter().copied().flatten() {
            let row = &mut row[id as usize];
            if *row == NONE {
                *row = count;
                count += 1;
                rows.extend_from_slice(&reader.embedding[id as usize * reader.width..][..reader.width]);
            }
        }
        let (w_ih, bias) = &reader.first;
        let mut gates = bias.repeat(count as usize);
        gates
            .par_chunks_mut(bias.len() * SLOTS)
            .zip(rows.par_chunks(reader.width * SLOTS))
            .for_each(|(gates, rows)| product(gates, rows, w_ih, true));
        Self { row, gates }
    }
}

#[cfg(test)]
mod tests;
