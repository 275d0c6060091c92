//! Language-model batches: windows over contiguous streams of running text.

use std::ops::Deref;

use rand::{Rng, RngExt, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::text::corpus::Corpus;

/// Standard deviation of the window length in variable-length BPTT.
const LENGTH_DEVIATION: f64 = 5.0;
/// Share of windows whose length is drawn around `bptt`; the others are drawn around half of it.
const FULL_LENGTH_SHARE: f64 = 0.95;
/// No drawn window is shorter.
const SHORTEST_DRAW: f64 = 5.0;

/// How running text is cut into windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LmBatchConfig {
    /// Parallel streams; fewer where the corpus is shorter than one window of each.
    pub batch: usize,
    /// Time steps of a window (backpropagation through time), on average where `variable`.
    pub bptt: usize,
    /// Draw lengths as AWD-LSTM does: 95 % N(bptt, 5), 5 % N(bptt / 2, 5), at least 5.
    pub variable: bool,
    /// Drawn lengths are rounded to multiples of this and cut at two standard deviations, because each distinct
    /// length costs its own buffers on a GPU; 1 keeps the lengths as drawn.
    pub bucket: usize,
    /// Put the documents in a new random order (training) or keep theirs (evaluation).
    pub shuffle: bool,
}

impl Default for LmBatchConfig {
    fn default() -> Self {
        Self {
            batch: 64,
            bptt: 70,
            variable: true,
            bucket: 8,
            shuffle: true,
        }
    }
}

/// One epoch over a corpus: its documents end to end, laid out as `batch` contiguous streams, cut into windows.
///
/// Of `n` tokens, stream `b` predicts tokens `b * len + 1 ..= (b + 1) * len`, `len = (n - 1) / batch`: every token
/// but the very first is a target exactly once, save fewer than `batch` at the end. Consecutive windows of a stream
/// adjoin, so hidden states carry over; the last window may be shorter. Everything is decided by the seed up front:
/// [`Self::window`] is random access, and a resumed run sees what an uninterrupted one would have.
///
/// `C` is `&Corpus`, `Arc<Corpus>` or the like; no token is copied.
#[derive(Debug, Clone)]
pub struct LmBatches<C> {
    corpus: C,
    /// Non-empty documents in reading order.
    order: Vec<usize>,
    /// Position of each document of `order` in the running text.
    offsets: Vec<usize>,
    batch: usize,
    stream_len: usize,
    bptt: usize,
    /// Start and length of each window within a stream.
    windows: Vec<(usize, usize)>,
}

/// A language-model batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// `[time, batch]`
    pub inputs: Vec<u32>,
    /// `[time, batch]`, the token after each input.
    pub targets: Vec<u32>,
    /// Time steps.
    pub time: usize,
    /// Streams.
    pub batch: usize,
    /// `time / bptt`: what the learning rate is multiplied by, so that short windows do not weigh more.
    pub rate_scale: f32,
}

impl<C: Deref<Target = Corpus>> LmBatches<C> {
    /// Lays out one epoch; use [`epoch_seed`](super::epoch_seed) to give each its own order.
    #[must_use]
    pub fn new(corpus: C, config: LmBatchConfig, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let bptt = config.bptt.max(1);

        let mut order: Vec<usize> = (0..corpus.documents())
            .filter(|&i| !corpus.document(i).is_empty())
            .collect();
        if config.shuffle {
            order.shuffle(&mut rng);
        }
        let mut total = 0;
        let mut offsets = Vec::with_capacity(order.len());
        for &document in &order {
            offsets.push(total);
            total += corpus.document(document).len();
        }

        let predictions = total.saturating_sub(1);
        let batch = config.batch.min(predictions / bptt).max(1);
        let stream_len = predictions / batch;
        let mut windows = Vec::new();
        let mut start = 0;
        while start < stream_len {
            let drawn = if config.variable {
                draw_length(&mut rng, bptt, config.bucket)
            } else {
                bptt
            };
            let len = drawn.min(stream_len - start);
            windows.push((start, len));
            start += len;
        }
        Self {
            corpus,
            order,
            offsets,
            batch,
            stream_len,
            bptt,
            windows,
        }
    }

    /// Windows in the epoch; 0 for a corpus of fewer than two tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there is nothing to predict.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Parallel streams, the same in every window.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Tokens predicted in the epoch.
    #[must_use]
    pub fn predictions(&self) -> usize {
        self.batch * self.stream_len
    }

    /// The distinct window lengths, ascending: what a device compiles or allocates for.
    #[must_use]
    pub fn lengths(&self) -> Vec<usize> {
        let mut lengths: Vec<usize> = self.windows.iter().map(|&(_, len)| len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        lengths
    }

    /// Window `index` of the epoch. Hidden states carry over from window `index - 1`, and start at zero for 0.
    ///
    /// # Panics
    /// If `index >= self.len()`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "window lengths are far below 2^24")]
    pub fn window(&self, index: usize) -> Window {
        let (start, time) = self.windows[index];
        let batch = self.batch;
        let mut inputs = vec![0; time * batch];
        let mut targets = vec![0; time * batch];
        for stream in 0..batch {
            let run = self.running_text(stream * self.stream_len + start).take(time + 1);
            for (t, token) in run.enumerate() {
                if t < time {
                    inputs[t * batch + stream] = token;
                }
                if t > 0 {
                    targets[(t - 1) * batch + stream] = token;
                }
            }
        }
        Window {
            inputs,
            targets,
            time,
            batch,
            rate_scale: time as f32 / self.bptt as f32,
        }
    }

    /// The documents end to end, from `position` on.
    fn running_text(&self, position: usize) -> impl Iterator<Item = u32> {
        let first = self
            .offsets
            .partition_point(|&offset| offset <= position)
            .saturating_sub(1);
        let skipped = position - self.offsets[first];
        self.order[first..]
            .iter()
            .flat_map(|&i| self.corpus.document(i))
            .skip(skipped)
            .copied()
    }
}

/// One window length of variable-length BPTT.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths are positive and far below 2^52"
)]
fn draw_length(rng: &mut impl Rng, bptt: usize, bucket: usize) -> usize {
    let centre = if rng.random::<f64>() < FULL_LENGTH_SHARE {
        bptt as f64
    } else {
        bptt as f64 / 2.0
    };
    let mut deviate = standard_normal(rng);
    if bucket > 1 {
        deviate = deviate.clamp(-2.0, 2.0);
    }
    let length = (centre + LENGTH_DEVIATION * deviate).max(SHORTEST_DRAW) as usize;
    let bucket = bucket.max(1);
    ((length + bucket / 2) / bucket).max(1) * bucket
}

/// Box-Muller transform of two uniform draws.
fn standard_normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::text::batches::epoch_seed;

    /// Documents whose tokens are all different, so that a token says where it came from.
    fn numbered(lengths: &[usize]) -> Corpus {
        let mut next = 0u32;
        Corpus::from_documents(lengths.iter().map(|&len| {
            let from = next;
            next += u32::try_from(len).unwrap();
            (from..next).collect::<Vec<u32>>()
        }))
    }

    /// The running text as the layout reads it.
    fn running(batches: &LmBatches<&Corpus>) -> Vec<u32> {
        batches
            .order
            .iter()
            .flat_map(|&i| batches.corpus.document(i))
            .copied()
            .collect()
    }

    /// Inputs and targets of each stream, windows joined.
    fn streams(batches: &LmBatches<&Corpus>) -> Vec<(Vec<u32>, Vec<u32>)> {
        let mut streams = vec![(Vec::new(), Vec::new()); batches.batch()];
        for index in 0..batches.len() {
            let window = batches.window(index);
            for t in 0..window.time {
                for (b, (inputs, targets)) in streams.iter_mut().enumerate() {
                    inputs.push(window.inputs[t * window.batch + b]);
                    targets.push(window.targets[t * window.batch + b]);
                }
            }
        }
        streams
    }

    proptest! {
        #[test]
        fn streams_are_the_running_text_and_targets_follow(
            lengths in prop::collection::vec(0usize..40, 0..30),
            batch in 0usize..9, bptt in 0usize..20, bucket in 0usize..9,
            variable: bool, shuffle: bool, seed: u64,
        ) {
            let corpus = numbered(&lengths);
            let config = LmBatchConfig { batch, bptt, variable, bucket, shuffle };
            let batches = LmBatches::new(&corpus, config, seed);
            let text = running(&batches);
            let tokens: BTreeSet<u32> = text.iter().copied().collect();
            prop_assert_eq!(tokens.len(), corpus.tokens().len(), "every token once");

            let streams = streams(&batches);
            let inputs: Vec<u32> = streams.iter().flat_map(|(inputs, _)| inputs).copied().collect();
            let targets: Vec<u32> = streams.iter().flat_map(|(_, targets)| targets).copied().collect();
            prop_assert_eq!(inputs.len(), batches.predictions());
            prop_assert_eq!(&inputs[..], &text[..inputs.len()]);
            if !inputs.is_empty() {
                prop_assert_eq!(&targets[..], &text[1..=inputs.len()]);
            }
            prop_assert!(text.len().saturating_sub(1) - inputs.len() < batches.batch(), "only the remainder is left");
        }
    }

    #[test]
    fn window_layout_by_hand() {
        let corpus = numbered(&[4, 5]);
        let config = LmBatchConfig {
            batch: 2,
            bptt: 3,
            variable: false,
            bucket: 1,
            shuffle: false,
        };
        let batches = LmBatches::new(&corpus, config, 0);
        assert_eq!((batches.len(), batches.predictions()), (2, 8));
        let first = batches.window(0);
        assert_eq!(
            (first.inputs, first.targets),
            (vec![0, 4, 1, 5, 2, 6], vec![1, 5, 2, 6, 3, 7])
        );
        let last = batches.window(1);
        assert_eq!(
            (last.inputs, last.targets, last.time),
            (vec![3, 7], vec![4, 8], 1)
        );
        assert!((last.rate_scale - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "window counts are small")]
    fn variable_lengths_are_few_and_average_as_the_paper_says() {
        let corpus = numbered(&[400_000]);
        let config = LmBatchConfig {
            batch: 1,
            ..LmBatchConfig::default()
        };
        let bucketed = LmBatches::new(&corpus, config, 7);
        assert!(bucketed.lengths().len() <= 8, "{:?}", bucketed.lengths());
        let drawn = LmBatches::new(&corpus, LmBatchConfig { bucket: 1, ..config }, 7);
        for batches in [&bucketed, &drawn] {
            let mean = 399_999.0 / batches.len() as f64;
            assert!((mean - 68.25).abs() < 1.5, "0.95 * 70 + 0.05 * 35, but {mean}");
        }
        let short = drawn.windows.iter().filter(|&&(_, len)| len < 52).count() as f64;
        assert!((short / drawn.len() as f64 - 0.05).abs() < 0.015);
    }

    #[test]
    fn a_small_corpus_shrinks_the_batch() {
        let corpus = numbered(&[30]);
        let config = LmBatchConfig {
            bptt: 10,
            variable: false,
            ..LmBatchConfig::default()
        };
        let batches = LmBatches::new(&corpus, config, 1);
        assert_eq!((batches.batch(), batches.predictions()), (2, 28));
        for tokens in [0, 1] {
            assert!(LmBatches::new(&numbered(&[tokens]), config, 1).is_empty());
        }
        assert_eq!(LmBatches::new(&numbered(&[2]), config, 1).window(0).targets, [1]);
    }

    #[test]
    fn the_seed_decides_everything() {
        let corpus = numbered(&[17; 200]);
        let config = LmBatchConfig {
            batch: 4,
            bptt: 20,
            ..LmBatchConfig::default()
        };
        let layout = |seed| {
            let batches = LmBatches::new(&corpus, config, seed);
            (running(&batches), batches.windows)
        };
        assert_eq!(layout(3), layout(3));
        assert_ne!(layout(epoch_seed(3, 0)).0, layout(epoch_seed(3, 1)).0);
        assert_ne!(layout(epoch_seed(3, 0)).1, layout(epoch_seed(3, 1)).1);
    }
}
