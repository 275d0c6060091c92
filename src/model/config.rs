//! Sizes and dropout probabilities.

use serde::{Deserialize, Serialize};

/// Sizes of an AWD-LSTM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Architecture {
    /// Rows of the embedding, which is also the decoder.
    pub vocab: usize,
    /// Width of the embedding and of the last layer's output.
    pub embedding: usize,
    /// Hidden units of the layers before the last.
    pub hidden: usize,
    /// LSTM layers.
    pub layers: usize,
}

impl Architecture {
    /// Input and output width of layer `i`: the first reads the embedding, the last writes its width (tied weights).
    pub fn layer_sizes(&self, i: usize) -> (usize, usize) {
        let input = if i == 0 { self.embedding } else { self.hidden };
        let output = if i + 1 == self.layers {
            self.embedding
        } else {
            self.hidden
        };
        (input, output)
    }
}

/// Dropout probabilities of an AWD-LSTM; all are scaled together by `drop_mult`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropouts {
    /// On the last layer's output, before the decoder or the first block of the classifier.
    pub output: f32,
    /// Between LSTM layers, locked over time.
    pub hidden: f32,
    /// On the embedded words, locked over time.
    pub input: f32,
    /// On whole rows of the embedding.
    pub embedding: f32,
    /// On the hidden-to-hidden weights (weight drop).
    pub weight: f32,
}

impl Dropouts {
    /// No dropout at all.
    pub const NONE: Self = Self {
        output: 0.0,
        hidden: 0.0,
        input: 0.0,
        embedding: 0.0,
        weight: 0.0,
    };
    /// fastai's language model.
    pub const LANGUAGE_MODEL: Self = Self {
        output: 0.1,
        hidden: 0.15,
        input: 0.25,
        embedding: 0.02,
        weight: 0.2,
    };
    /// fastai's classifier, which are the paper's numbers (section 4.1).
    pub const CLASSIFIER: Self = Self {
        output: 0.4,
        hidden: 0.3,
        input: 0.4,
        embedding: 0.05,
        weight: 0.5,
    };

    /// Every probability times `drop_mult`, kept below 0.95.
    #[must_use]
    pub fn scaled(self, drop_mult: f32) -> Self {
        let f = |p: f32| (p * drop_mult).clamp(0.0, 0.95);
        Self {
            output: f(self.output),
            hidden: f(self.hidden),
            input: f(self.input),
            embedding: f(self.embedding),
            weight: f(self.weight),
        }
    }
}
