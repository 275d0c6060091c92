//! Sampled softmax: the targets of a step compete with some thousand words, not with the whole vocabulary
//! (Bengio and Senécal 2008; Jean et al. 2015).
//!
//! On a processor the decoder's product with 32,000 words is more than half of a step. The candidates of a step are its
//! targets, the words that the corpus has most of, and a uniform draw of the others. From each logit the logarithm of the
//! probability that its word is a candidate is subtracted, so that what is learnt is still the logits of the whole softmax.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::dropout::Draw;

/// Candidates of a step; more where its targets and the frequent words are more. The number is the same at every step,
/// so that the shapes are too.
const CANDIDATES: usize = 4096;
/// Words that are always candidates: those the corpus has most of.
const FREQUENT: usize = 2048;
/// Candidates that are drawn even where targets leave no room for them.
const DRAWN: usize = 256;

/// What a step's outputs are to predict.
#[derive(Clone, Debug)]
pub enum Targets {
    /// Token ids `[time, batch]`, among the whole vocabulary.
    All(Arc<[u32]>),
    /// Among candidates.
    Sampled(Candidates),
}

/// The words that take part in one step's softmax.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// Their token ids, rising.
    pub ids: Arc<[u32]>,
    /// The logarithm of the probability that each is a candidate, at most 0.
    pub log_probability: Vec<f32>,
    /// Which candidate each target is: positions in `ids`, `[time, batch]`.
    pub targets: Arc<[u32]>,
}

impl Candidates {
    /// Token ids as a tensor `[candidates]`.
    pub(super) fn rows(&self, device: &Device) -> Tensor<1, Int> {
        let ids: Vec<i32> = self.ids.iter().map(|&id| id as i32).collect();
        let count = ids.len();
        Tensor::from_data(TensorData::new(ids, [count]), &device.clone().inner())
    }

    /// What is added to the logits, `[1, candidates]`.
    pub(super) fn correction(&self, device: &Device) -> Tensor<2> {
        let values: Vec<f32> = self.log_probability.iter().map(|p| -p).collect();
        let count = values.len();
        Tensor::from_data(TensorData::new(values, [1, count]), &device.clone().inner())
    }

    /// What the corrections add to the targets' logits on average, in nats: the loss among the candidates plus this
    /// estimates the loss among all words.
    pub(super) fn offset(&self) -> f64 {
        let sum: f64 = self
            .targets
            .iter()
            .map(|&t| -f64::from(self.log_probability[t as usize]))
            .sum();
        sum / self.targets.len().max(1) as f64
    }
}

/// Draws candidates for the steps over one corpus.
#[derive(Clone, Debug)]
pub struct Sampler {
    /// Share of the corpus of every token id.
    share: Vec<f64>,
    /// Whether each token id is always a candidate.
    frequent: Vec<bool>,
}

impl Sampler {
    /// For a corpus of these tokens; `None` where the vocabulary is too small for candidates to be a saving.
    pub fn new(tokens: &[u32], vocab: usize) -> Option<Self> {
        (vocab >= 2 * CANDIDATES).then(|| Self::of(tokens, vocab, FREQUENT))
    }

    fn of(tokens: &[u32], vocab: usize, most_frequent: usize) -> Self {
        let mut counts = vec![0u64; vocab];
        for &token in tokens {
            counts[token as usize] += 1;
        }
        let mut order: Vec<usize> = (0..vocab).collect();
        order.sort_by_key(|&id| (std::cmp::Reverse(counts[id]), id));
        let mut frequent = vec![false; vocab];
        order
            .iter()
            .take(most_frequent)
            .for_each(|&id| frequent[id] = true);
        let total = tokens.len().max(1) as f64;
        let share = counts.into_iter().map(|n| n as f64 / total).collect();
        Self { share, frequent }
    }

    /// The candidates of one step, whose targets are these token ids.
    pub fn draw(&self, targets: &[u32], draw: Draw) -> Candidates {
        self.draw_of(targets, draw, CANDIDATES, DRAWN)
    }

    fn draw_of(&self, targets: &[u32], draw: Draw, most: usize, least_drawn: usize) -> Candidates {
        let vocab = self.share.len();
        let mut chosen = self.frequent.clone();
        targets.iter().for_each(|&t| chosen[t as usize] = true);
        let others: Vec<usize> = (0..vocab).filter(|&id| !chosen[id]).collect();
        let certain = vocab - others.len();
        let drawn = most.saturating_sub(certain).max(least_drawn).min(others.len());
        let mut rng = ChaCha8Rng::seed_from_u64(draw.seed ^ 0x5a4d_91ed);
        rng.set_stream(draw.step);
        for i in rand::seq::index::sample(&mut rng, others.len(), drawn) {
            chosen[others[i]] = true;
        }

        // A word is no candidate if it is neither drawn nor the target of any position.
        let not_drawn = 1.0 - drawn as f64 / others.len().max(1) as f64;
        let not_target = |share: f64| (targets.len() as f64 * (-share).ln_1p()).exp();
        let mut place = vec![0; vocab];
        let (mut ids, mut log_probability) = (Vec::new(), Vec::new());
        for id in (0..vocab).filter(|&id| chosen[id]) {
            place[id] = ids.len() as u32;
            ids.push(id as u32);
            log_probability.push(if self.frequent[id] {
                0.0
            } else {
                (-not_drawn * not_target(self.share[id])).ln_1p() as f32
            });
        }
        Candidates {
            ids: ids.into(),
            log_probability,
            targets: targets.iter().map(|&t| place[t as usize]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Token ids in which the n-th word is n times rarer than the first.
    fn corpus(vocab: u32) -> Vec<u32> {
        (0..vocab)
            .flat_map(|id| vec![id; (vocab / (id + 1)) as usize])
            .collect()
    }

    fn step(step: u64) -> Draw {
        Draw { seed: 3, step }
    }

    #[test]
    fn targets_and_frequent_words_are_candidates_and_the_number_is_fixed() {
        let sampler = Sampler::of(&corpus(500), 500, 40);
        for i in 0..50u32 {
            let targets = [i * 7 % 500, 499 - i, 3, 3];
            let found = sampler.draw_of(&targets, step(u64::from(i)), 120, 10);
            assert_eq!(found.ids.len(), 120);
            assert!(found.ids.is_sorted_by(|a, b| a < b));
            assert!((0..40).all(|id| found.ids.contains(&id)));
            let named: Vec<u32> = found.targets.iter().map(|&t| found.ids[t as usize]).collect();
            assert_eq!(named, targets);
            assert!(found.log_probability.iter().all(|&p| p <= 0.0 && p > -4.0));
        }
    }

    #[test]
    fn a_step_has_its_own_candidates_and_the_same_at_every_run() {
        let sampler = Sampler::of(&corpus(500), 500, 40);
        let ids = |i| sampler.draw_of(&[1, 2], step(i), 120, 10).ids;
        assert_eq!(ids(5), ids(5));
        assert_ne!(ids(5), ids(6));
    }

    #[test]
    fn where_targets_fill_all_places_some_words_are_drawn_still() {
        let sampler = Sampler::of(&corpus(500), 500, 40);
        let targets: Vec<u32> = (0..200).collect();
        assert_eq!(sampler.draw_of(&targets, step(1), 120, 10).ids.len(), 210);
        let all: Vec<u32> = (0..500).collect();
        let everything = sampler.draw_of(&all, step(1), 120, 10);
        assert_eq!(everything.ids.len(), 500);
    }

    /// Every word's share of the steps in which it is a candidate is the probability that its logit is corrected by.
    #[test]
    fn words_are_candidates_as_often_as_is_said() {
        let (vocab, steps) = (300, 4000);
        let tokens = corpus(vocab as u32);
        let sampler = Sampler::of(&tokens, vocab, 20);
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let (mut counts, mut said) = (vec![0.0; vocab], vec![0.0; vocab]);
        for i in 0..steps {
            let targets: Vec<u32> = (0..30)
                .map(|_| tokens[rand::RngExt::random_range(&mut rng, 0..tokens.len())])
                .collect();
            let found = sampler.draw_of(&targets, step(i), 80, 10);
            for (&id, &p) in found.ids.iter().zip(&found.log_probability) {
                counts[id as usize] += 1.0;
                said[id as usize] += f64::from(p).exp();
            }
        }
        for id in 0..vocab {
            let (share, said) = (counts[id] / steps as f64, said[id] / counts[id]);
            // Five standard deviations of a share.
            let spread = 5.0 * (said * (1.0 - said) / steps as f64).sqrt();
            assert!(
                (share - said).abs() <= spread + 0.02 * said,
                "{id}: {share} for {said}"
            );
        }
    }

    #[test]
    fn small_vocabularies_are_not_sampled() {
        assert!(Sampler::new(&[1, 2, 3], 8_000).is_none());
        assert!(Sampler::new(&[1, 2, 3], 24_000).is_some());
    }
}
