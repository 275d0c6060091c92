//! What is used where the user does not say, in one place.

use super::language_model as lm;
use super::optimiser::Adam;
use super::plan::{Plan, Rates};
use super::schedule::{DISCRIMINATIVE_FACTOR, Schedule};
use crate::model::regularisation::{ALPHA, BETA};
use crate::model::{Architecture, Dropouts, Pooling};

/// How often a token has to occur to get a row of its own: in stage 1's corpus, and in stage 2's texts where the base model
/// lacks it.
pub const MIN_FREQ: u64 = 3;
/// Time steps of a window, and of a chunk of BPT3C.
pub const BPTT: usize = 70;
/// What a classifier's head sees of a document.
pub const POOLING: Pooling = Pooling::Deep;
/// Tokens of a document that are pooled.
pub const MAX_LEN: usize = 1400;
/// Largest gradient norm of language models (reference code).
pub const LM_CLIP: f64 = 0.3;
/// Largest gradient norm of classifiers (reference code).
pub const CLASSIFIER_CLIP: f64 = 25.0;
/// Decoupled weight decay.
pub const WEIGHT_DECAY: f64 = 0.01;

/// Sizes of a model that `pretrain` makes.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// Sizes; `vocab` is the most rows the vocabulary may have.
    pub arch: Architecture,
    /// Parallel streams.
    pub batch: usize,
    /// Scale of the language model's dropouts: a small model cannot afford much.
    pub drop_mult: f32,
    /// Highest learning rate.
    pub rate: f64,
}

/// Every preset.
pub const PRESETS: [Preset; 4] = [
    Preset {
        name: "tiny",
        arch: Architecture {
            vocab: 2_000,
            embedding: 32,
            hidden: 64,
            layers: 2,
        },
        batch: 16,
        drop_mult: 0.1,
        rate: 4e-3,
    },
    Preset {
        name: "mini",
        arch: Architecture {
            vocab: 8_000,
            embedding: 128,
            hidden: 256,
            layers: 3,
        },
        batch: 32,
        drop_mult: 0.1,
        rate: 4e-3,
    },
    Preset {
        name: "small",
        arch: Architecture {
            vocab: 24_000,
            embedding: 192,
            hidden: 512,
            layers: 3,
        },
        batch: 128,
        drop_mult: 0.1,
        rate: 4e-3,
    },
    Preset {
        name: "paper",
        arch: Architecture {
            vocab: 30_000,
            embedding: 400,
            hidden: 1152,
            layers: 3,
        },
        batch: 64,
        drop_mult: 0.5,
        rate: 2e-3,
    },
];

/// The preset of that name.
pub fn preset(name: &str) -> Option<Preset> {
    PRESETS.into_iter().find(|p| p.name == name)
}

/// Factors of AR and TAR where a language model's dropouts have this scale, which is that of all its regularisation.
pub fn regularisation(drop_mult: f32) -> (f64, f64) {
    (ALPHA * f64::from(drop_mult), BETA * f64::from(drop_mult))
}

/// Stage 1: one cycle over the corpus, every layer at one rate.
pub fn pretraining(epochs: usize, batch: usize, rate: f64, drop_mult: f32, seed: u64) -> lm::Config {
    lm::Config {
        epochs,
        batch,
        bptt: BPTT,
        rate,
        rates: Rates::Uniform,
        schedule: Schedule::one_cycle(),
        adam: Adam::PAPER,
        weight_decay: WEIGHT_DECAY,
        clip: LM_CLIP,
        dropouts: Dropouts::LANGUAGE_MODEL.scaled(drop_mult),
        sampled_softmax: false,
        regularisation: regularisation(drop_mult),
        keep_best: false,
        seed,
        max_seconds: None,
        measure_every: 50,
        report_every: 10,
        save_every: 500,
    }
}

/// Passes of stage 2 over texts of so many tokens: ten over the shortest, to make some hundred steps; one over texts that
/// are many enough to be read once.
fn adaptation_epochs(tokens: usize) -> usize {
    let least = match tokens {
        0..=100_000 => 3,
        100_001..=1_000_000 => 2,
        _ => 1,
    };
    (60_000 / tokens.max(1)).clamp(least, 10)
}

/// Stage 2: discriminative rates and STLR (sections 3.2 and 4.1).
///
/// Small corpora get fewer streams, so that an epoch still makes sixty steps or so, and more epochs. The rate is high and the
/// epochs few because the classifier gains from how far the word vectors have come, and a processor has to take them there:
/// three epochs at 0.012 do for it nearly what ten at 0.004 do (`benches/results/2026-11-27-stage-2.md`). For the same reason
/// the last epoch's weights are used although held-out texts are read best some epochs earlier. Of a large vocabulary a sample
/// takes part in each step: up to twice the speed, and classifiers about as good (`benches/results/2026-11-29-sampled-softmax.md`).
pub fn adaptation(tokens: usize, seed: u64) -> lm::Config {
    let batch = (tokens / (BPTT * 100)).clamp(4, 32);
    let drop_mult = 0.3;
    lm::Config {
        epochs: adaptation_epochs(tokens),
        batch,
        bptt: BPTT,
        rate: 0.012,
        rates: Rates::Discriminative {
            factor: DISCRIMINATIVE_FACTOR,
        },
        schedule: Schedule::stlr(),
        adam: Adam::PAPER,
        weight_decay: WEIGHT_DECAY,
        clip: LM_CLIP,
        dropouts: Dropouts::LANGUAGE_MODEL.scaled(drop_mult),
        sampled_softmax: true,
        regularisation: regularisation(drop_mult),
        keep_best: false,
        seed,
        max_seconds: None,
        measure_every: 20,
        report_every: 1,
        save_every: 200,
    }
}

/// Stage 3: the highest rate, that of the head, of methods with discriminative rates.
///
/// A tenth of the paper's. With 100 of IMDb's reviews and a `small` model that had read 10,000 of them, the error on reviews
/// left aside was 28.6 % at 0.001, 29.7 % at 0.003 and, of the one draw that was measured, 31.2 % instead of 28.8 % at 0.01:
/// the head has more inputs than there are labels, and learns them by heart
/// (`benches/results/2026-11-30-stage-3.md`).
pub const CLASSIFIER_RATE: f64 = 0.001;
/// Epochs over the labelled texts.
pub const CLASSIFIER_EPOCHS: usize = 20;
/// Most texts of a batch.
const CLASSIFIER_BATCH: usize = 16;
/// Texts of a batch where so many train: few labels still make six steps an epoch, without which the head does not get far at
/// its rate (there too).
pub fn classifier_batch(rows: usize) -> usize {
    (rows / 6).clamp(4, CLASSIFIER_BATCH)
}
/// Scale of the classifier's dropouts (fastai's default).
pub const CLASSIFIER_DROP_MULT: f32 = 0.5;
/// Epochs without improvement before methods with early stopping stop.
pub const PATIENCE: usize = 5;
/// Share of the training rows that methods with early stopping watch, and do not train on.
pub const WATCHED: f64 = 0.15;
/// Fewest training rows of which some are watched.
const WATCHED_ROWS: usize = 20;

/// Whether a part of so many training rows is watched for early stopping.
pub fn is_watched(plan: &Plan, rows: usize) -> bool {
    plan.early_stopping && rows >= WATCHED_ROWS
}

/// Share of TF-IDF's vote in a classifier that it votes in.
///
/// As much as each direction of reading has where both are read. On texts left aside of the sample, TREC-6 and SST-2 a third erred
/// less than the classifier alone; a half gained more on the sample and lost on TREC-6
/// (`benches/results/2026-11-30-tfidf-votes.md`).
pub const TFIDF_SHARE: f64 = 1.0 / 3.0;

/// Texts of a batch when classifying.
pub const CLASSIFY_BATCH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_labels_make_six_steps_an_epoch() {
        assert_eq!([2, 30, 60, 96, 10_000].map(classifier_batch), [4, 5, 10, 16, 16]);
        for rows in 21_usize..200 {
            assert!(rows.div_ceil(classifier_batch(rows)) >= 6, "{rows}");
        }
    }

    #[test]
    fn the_more_text_the_fewer_passes_and_never_none() {
        let epochs = |tokens| adaptation(tokens, 1).epochs;
        assert_eq!([0, 3_000, 10_000, 17_000, 90_000].map(epochs), [10, 10, 6, 3, 3]);
        assert_eq!(
            [100_001, 1_000_000, 1_000_001, 50_000_000].map(epochs),
            [2, 2, 1, 1]
        );
    }
}
