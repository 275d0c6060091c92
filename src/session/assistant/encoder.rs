//! A text as the frozen language model reads it.
//!
//! The classifier of section 3.3 pools the last layer's outputs only, because training will bend that layer to the task.
//! Here nothing is trained, and a frozen language model's last layer is about the next word rather than about the text:
//! the means of the embedding and of every layer measured better with few labels, so these are the features.

use super::linear::{Dense, Linear as _, directions, dot, to_unit};
use crate::ops::reading::{self, Pooling, Reader, Rounding};
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
    reader: Reader,
    tokenizer: Tokenizer,
    vocab: Vocab,
}

impl Encoder {
    /// The built-in model, on the processor.
    pub fn load() -> Result<Self, JobError> {
        let files = base_model(false)?;
        let device = burn::tensor::Device::flex();
        let encoder = files.language_model(&device)?.encoder;
        let reader = crate::host::work::block_on(encoder.reader(Rounding::None)).map_err(JobError::Failed)?;
        let Some(reader) = reader else {
            unreachable!("the processor's models are read on the processor")
        };
        Ok(Self {
            reader,
            tokenizer: files.tokenizer,
            vocab: files.vocab,
        })
    }

    /// Numbers of a text.
    pub fn width(&self) -> usize {
        self.reader.pooled_width(Pooling::Means)
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

    /// Means over each text of the embedding and of every layer's outputs, `[texts, width]`.
    pub fn pool(&self, documents: &[Vec<u32>]) -> Dense {
        let mut out = Dense::zeros(documents.len(), self.width());
        let documents: Vec<&[u32]> = documents.iter().map(Vec::as_slice).collect();
        for rows in reading::parts(&self.reader, &documents) {
            let part: Vec<&[u32]> = rows.iter().map(|&row| documents[row]).collect();
            let read = self.reader.read(&part, Pooling::Means);
            for (row, means) in rows.into_iter().zip(read.chunks_exact(self.width())) {
                out.row_mut(row).copy_from_slice(means);
            }
        }
        out
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
        let together = encoder.pool(&ids);
        for (i, one) in ids.iter().enumerate() {
            let alone = encoder.pool(std::slice::from_ref(one));
            for (a, b) in alone.data.iter().zip(together.row(i)) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
        assert!(together.iter().all(|row| dot(row, row) > 0.0));
    }
}
