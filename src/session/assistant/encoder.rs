//! A text as the frozen language model reads it.
//!
//! The classifier of section 3.3 pools the last layer's outputs only, because training will bend that layer to the task.
//! Here nothing is trained, and a frozen language model's last layer is about the next word rather than about the text:
//! the means of the embedding and of every layer measured better with few labels, so these are the features.

use burn::tensor::Tensor;

use super::linear::{Dense, Linear as _, directions, dot, to_unit};
use crate::model::AwdLstm;
use crate::model::Tokens;
use crate::ops::concat_pool::{Spans, concat_pool};
use crate::ops::embedding::{Rows, embedding};
use crate::ops::lstm::lstm;
use crate::session::engine::JobError;
use crate::session::jobs::base_model;
use crate::text::Tokenizer;
use crate::text::vocab::Vocab;

/// Tokens of a long text that are read: half from its beginning, half from its end.
const MAX_TOKENS: usize = 200;
/// Bytes of a long text that are cut into tokens at either end; far more than [`MAX_TOKENS`] need.
const MAX_BYTES: usize = 4_000;

/// The frozen language model.
pub(super) struct Encoder {
    model: AwdLstm,
    tokenizer: Tokenizer,
    vocab: Vocab,
}

impl Encoder {
    /// The built-in model, on the processor.
    pub fn load() -> Result<Self, JobError> {
        let files = base_model(false)?;
        let device = burn::tensor::Device::flex();
        let model = files.language_model(&device)?.encoder;
        Ok(Self {
            model,
            tokenizer: files.tokenizer,
            vocab: files.vocab,
        })
    }

    /// Numbers of a text.
    pub fn width(&self) -> usize {
        let arch = &self.model.arch;
        arch.embedding + (0..arch.layers).map(|i| arch.layer_sizes(i).1).sum::<usize>()
    }

    /// The text as token ids, the middle of a long one left out.
    pub fn ids(&self, text: &str) -> Vec<u32> {
        let mut tokens = if text.len() > 2 * MAX_BYTES {
            let head = text.floor_char_boundary(MAX_BYTES);
            let tail = text.ceil_char_boundary(text.len() - MAX_BYTES);
            let mut tokens = self.tokenizer.tokenize(&text[..head]);
            tokens.extend(self.tokenizer.tokenize(&text[tail..]).into_iter().skip(1));
            tokens
        } else {
            self.tokenizer.tokenize(text)
        };
        if tokens.len() > MAX_TOKENS {
            tokens.drain(MAX_TOKENS / 2..tokens.len() - MAX_TOKENS / 2);
        }
        let mut ids = self.vocab.encode(tokens);
        if ids.is_empty() {
            ids.push(self.vocab.unk());
        }
        ids
    }

    /// Means over each text of the embedding and of every layer's outputs, `[texts, width]`. Texts run as one batch.
    pub fn pool(&self, documents: &[Vec<u32>]) -> Result<Dense, String> {
        let mut out = Dense::zeros(documents.len(), self.width());
        if documents.is_empty() {
            return Ok(out);
        }
        let documents: Vec<&[u32]> = documents.iter().map(Vec::as_slice).collect();
        let padded = crate::text::batches::DocBatch::new(&documents, 1);
        let tokens = Tokens::new(padded.tokens, padded.time, padded.batch);
        let embedding_size = self.model.arch.embedding;
        let rows = Rows {
            ids: tokens.ids.clone(),
            scale: None,
        };
        let mut x = embedding(self.model.embedding.constant(), rows).reshape([
            tokens.time,
            tokens.batch,
            embedding_size,
        ]);
        let mut at = 0;
        let mut keep = |x: &Tensor<3>| -> Result<(), String> {
            let width = x.dims()[2];
            let pooled = concat_pool(x.clone(), Spans::last(&padded.lengths, usize::MAX));
            let data = crate::host::work::block_on(pooled.into_data_async())
                .map_err(|e| format!("{e:?}"))?
                .try_to_vec::<f32>()
                .map_err(|e| format!("{e:?}"))?;
            for (r, pooled) in data.chunks_exact(3 * width).enumerate() {
                out.row_mut(r)[at..at + width].copy_from_slice(&pooled[2 * width..]);
            }
            at += width;
            Ok(())
        };
        keep(&x)?;
        let states = self.model.zero_states(tokens.batch);
        for (layer, state) in self.model.layers.iter().zip(states) {
            let bias = layer.bias_ih.constant() + layer.bias_hh.constant();
            x = lstm(
                x,
                layer.weight_ih.constant(),
                layer.weight_hh_raw.constant(),
                bias,
                state,
            )
            .0;
            keep(&x)?;
        }
        Ok(out)
    }
}

/// Directions that the encoder's numbers are reduced to.
pub(super) const WIDTH: usize = 96;
/// Length of the reduced rows, where the words' rows have length 1. Measured: one half is better for reviews, one for
/// questions.
const LENGTH: f32 = 0.6;

/// What brings the encoder's numbers to one scale and to few directions.
pub(super) struct Projection {
    mean: Vec<f32>,
    /// 1 / standard deviation; 0 where nothing varies.
    scale: Vec<f32>,
    /// `[width, WIDTH]`
    directions: Dense,
}

impl Projection {
    /// From the numbers of some texts, a row each.
    pub fn fit(raw: &Dense, seed: u64) -> Self {
        let n = raw.rows().max(1) as f64;
        let mut mean = vec![0.0f64; raw.cols];
        let mut square = vec![0.0f64; raw.cols];
        for row in raw.iter() {
            for ((mean, square), &x) in mean.iter_mut().zip(&mut square).zip(row) {
                *mean += f64::from(x) / n;
                *square += f64::from(x).powi(2) / n;
            }
        }
        let scale = mean
            .iter()
            .zip(&square)
            .map(|(mean, square)| {
                let deviation = (square - mean * mean).max(0.0).sqrt();
                if deviation > 1e-5 {
                    (1.0 / deviation) as f32
                } else {
                    0.0
                }
            })
            .collect();
        let mut projection = Self {
            mean: mean.iter().map(|&x| x as f32).collect(),
            scale,
            directions: Dense::default(),
        };
        let mut standard = raw.clone();
        for row in standard.data.chunks_exact_mut(raw.cols.max(1)) {
            projection.standardise(row);
        }
        projection.directions = directions(&standard, WIDTH, seed);
        projection
    }

    fn standardise(&self, row: &mut [f32]) {
        for ((x, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
            *x = (*x - mean) * scale;
        }
        to_unit(row);
    }

    /// A text's numbers in the directions, `[texts, WIDTH]`.
    pub fn apply(&self, mut raw: Dense) -> Dense {
        for row in raw.data.chunks_exact_mut(raw.cols.max(1)) {
            self.standardise(row);
        }
        let mut out = raw.times(&self.directions);
        out.data.iter_mut().for_each(|x| *x *= LENGTH);
        debug_assert!(out.iter().all(|row| dot(row, row).is_finite()));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_the_same_beside_others() {
        let encoder = Encoder::load().unwrap();
        let texts = [
            "The kettle arrived broken.",
            "",
            "Where is my refund? ".repeat(400).leak(),
        ];
        let ids: Vec<Vec<u32>> = texts.iter().map(|t| encoder.ids(t)).collect();
        assert_eq!(ids[2].len(), MAX_TOKENS);
        let together = encoder.pool(&ids).unwrap();
        for (i, one) in ids.iter().enumerate() {
            let alone = encoder.pool(std::slice::from_ref(one)).unwrap();
            for (a, b) in alone.data.iter().zip(together.row(i)) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
        assert!(together.iter().all(|row| dot(row, row) > 0.0));
    }
}
