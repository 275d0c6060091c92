//! The three kinds of work, a step at a time, on texts that cost nothing to make.

use std::ops::ControlFlow;

use burn::tensor::Device;

use super::super::super::engine::JobError;
use crate::gpu::watch::span;
use crate::model::awd_lstm::State;
use crate::model::classifier::{Chunking, HEAD_HIDDEN, cross_entropy};
use crate::model::dropout::Draw;
use crate::model::regularisation::{ALPHA, BETA};
use crate::model::{
    Architecture, AwdLstm, Classifier, Dropouts, LanguageModel, Network as _, Targets, Tokens,
};
use crate::ops::reading::{Reader, Rounding};
use crate::train::defaults::{
    BPTT, CLASSIFIER_CLIP, CLASSIFIER_DROP_MULT, LM_CLIP, MAX_LEN, POOLING, WEIGHT_DECAY,
};
use crate::train::evaluate::classify;
use crate::train::optimiser::{Adam, Optimiser};

/// Texts of a batch of classifier training.
const TRAINED: usize = 16;
/// Texts that are classified at a time.
const CLASSIFIED: usize = 64;
/// Tokens of each.
pub const TEXT_TOKENS: usize = 280;
const RATE: f64 = 1e-3;
const CHUNKING: Chunking = Chunking {
    bptt: BPTT,
    max_len: MAX_LEN,
};
const CLASSES: usize = 2;

/// Ids that repeat like words do and cost nothing to make.
fn ids(n: usize, vocab: usize, salt: usize) -> Vec<u32> {
    (0..n)
        .map(|i| ((i * 7_919 + salt * 104_729) % vocab) as u32)
        .collect()
}

/// Multiply-adds of one token in the LSTM layers' products, forward.
fn layers(arch: &Architecture) -> usize {
    (0..arch.layers)
        .map(|i| arch.layer_sizes(i))
        .map(|(input, hidden)| 4 * hidden * (input + hidden))
        .sum()
}

/// What one step of some work is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Sequences side by side.
    pub batch: usize,
    /// Tokens that are read.
    pub tokens: usize,
    /// Texts, where there are whole ones.
    pub texts: Option<usize>,
    /// Floating-point operations in matrix products, counted from the sizes: two for a multiply-add. What is done for
    /// each element (gates, softmax, dropout, Adam) is not counted.
    pub product_flops: f64,
}

/// Work of which one step after another can be done.
pub trait Work {
    /// The size of a step.
    fn size(&self) -> Step;
    /// Asks the device for a step.
    async fn step(&mut self) -> Result<(), JobError>;
}

/// Training steps of a language model.
pub struct LmTraining {
    model: LanguageModel,
    optimiser: Optimiser,
    states: Option<Vec<State>>,
    batch: usize,
    bptt: usize,
    plain: bool,
    steps: usize,
}

impl LmTraining {
    /// Fresh weights; `plain` leaves out dropout and activation regularisation.
    pub fn new(arch: Architecture, batch: usize, plain: bool, device: &Device) -> Self {
        Self {
            model: LanguageModel::new(arch, 0, device),
            optimiser: Optimiser::new(Adam::PAPER, WEIGHT_DECAY, LM_CLIP),
            states: None,
            batch,
            bptt: BPTT,
            plain,
            steps: 0,
        }
    }
}

impl Work for LmTraining {
    fn size(&self) -> Step {
        let arch = self.model.arch();
        let tokens = self.batch * self.bptt;
        // The backward pass of a product is two of the same size: one for each operand.
        let multiply_adds = 3 * tokens * (layers(arch) + arch.embedding * arch.vocab);
        Step {
            batch: self.batch,
            tokens,
            texts: None,
            product_flops: 2.0 * multiply_adds as f64,
        }
    }

    async fn step(&mut self) -> Result<(), JobError> {
        let vocab = self.model.arch().vocab;
        let n = self.bptt * self.batch;
        let tokens = Tokens::new(ids(n, vocab, self.steps), self.bptt, self.batch);
        let targets = Targets::All(ids(n, vocab, self.steps + 1).into());
        let states = match self.states.take() {
            Some(states) => states,
            None => self.model.encoder.zero_states(self.batch),
        };
        self.model.visit_mut(&mut |_, _, p| p.track(true));
        let draw = Draw {
            seed: 0,
            step: self.steps as u64,
        };
        self.steps += 1;
        let (dropouts, regularisation) = if self.plain {
            (Dropouts::NONE, (0.0, 0.0))
        } else {
            (Dropouts::LANGUAGE_MODEL, (ALPHA, BETA))
        };
        let total = {
            let _span = span("rest of forward");
            let masks = self.model.masks(draw, &dropouts, self.batch);
            let (loss, next) = self.model.loss(&tokens, &targets, states, &masks, regularisation);
            self.states = Some(next);
            if self.plain {
                loss.cross_entropy
            } else {
                loss.total()
            }
        };
        let gradients = {
            let _span = span("rest of backward");
            total.backward()
        };
        let _span = span("rest of optimiser");
        let rates = vec![RATE; self.model.groups().len()];
        self.optimiser
            .step(&mut self.model, gradients, &rates, None, None)
            .await?;
        Ok(())
    }
}

/// Training steps of a classifier, every layer thawed.
pub struct ClassifierTraining {
    model: Classifier,
    optimiser: Optimiser,
    plain: bool,
    steps: usize,
}

impl ClassifierTraining {
    /// Fresh weights; `plain` leaves out dropout.
    pub fn new(arch: Architecture, plain: bool, device: &Device) -> Self {
        Self {
            model: Classifier::new(AwdLstm::new(arch, 0, device), CLASSES, POOLING, 0, device),
            optimiser: Optimiser::new(Adam::PAPER, WEIGHT_DECAY, CLASSIFIER_CLIP),
            plain,
            steps: 0,
        }
    }
}

/// Multiply-adds of the two linear blocks for one text, forward.
fn head(arch: &Architecture) -> usize {
    POOLING.width(arch) * HEAD_HIDDEN + HEAD_HIDDEN * CLASSES
}

impl Work for ClassifierTraining {
    fn size(&self) -> Step {
        let arch = &self.model.encoder.arch;
        let tokens = TRAINED * TEXT_TOKENS;
        Step {
            batch: TRAINED,
            tokens,
            texts: Some(TRAINED),
            product_flops: 2.0 * (3 * (tokens * layers(arch) + TRAINED * head(arch))) as f64,
        }
    }

    async fn step(&mut self) -> Result<(), JobError> {
        let vocab = self.model.encoder.arch.vocab;
        let ids = ids(TEXT_TOKENS * TRAINED, vocab, self.steps);
        let tokens = Tokens::new(ids, TEXT_TOKENS, TRAINED);
        let labels: Vec<usize> = (0..TRAINED).map(|i| i % CLASSES).collect();
        self.model.visit_mut(&mut |_, _, p| p.track(true));
        let draw = Draw {
            seed: 0,
            step: self.steps as u64,
        };
        self.steps += 1;
        let drop_mult = if self.plain { 0.0 } else { CLASSIFIER_DROP_MULT };
        let loss = {
            let _span = span("rest of forward");
            let dropouts = Dropouts::CLASSIFIER.scaled(drop_mult);
            let masks = self.model.masks(draw, &dropouts, drop_mult, TRAINED);
            let lengths = [TEXT_TOKENS; TRAINED];
            let pooled = self.model.pool(&tokens, &lengths, CHUNKING, &masks.encoder);
            let logits = self.model.head(pooled, &masks.head, Some(draw.step));
            cross_entropy(logits, &labels, None)
        };
        let gradients = {
            let _span = span("rest of backward");
            loss.backward()
        };
        let _span = span("rest of optimiser");
        let rates = vec![RATE; self.model.groups().len()];
        self.optimiser
            .step(&mut self.model, gradients, &rates, None, None)
            .await?;
        Ok(())
    }
}

/// Batches of texts, from ids to probabilities.
pub struct Classifying {
    model: Classifier,
    reader: Option<Reader>,
    texts: Vec<Vec<u32>>,
}

impl Classifying {
    /// Fresh weights.
    pub async fn new(arch: Architecture, device: &Device) -> Result<Self, JobError> {
        let encoder = AwdLstm::new(arch, 0, device);
        Ok(Self {
            reader: encoder.reader(Rounding::Bytes).await.map_err(JobError::Failed)?,
            model: Classifier::new(encoder, CLASSES, POOLING, 0, device),
            texts: (0..CLASSIFIED).map(|d| ids(TEXT_TOKENS, arch.vocab, d)).collect(),
        })
    }
}

impl Work for Classifying {
    fn size(&self) -> Step {
        let arch = &self.model.encoder.arch;
        let tokens = CLASSIFIED * TEXT_TOKENS;
        Step {
            batch: CLASSIFIED,
            tokens,
            texts: Some(CLASSIFIED),
            product_flops: 2.0 * (tokens * layers(arch) + CLASSIFIED * head(arch)) as f64,
        }
    }

    async fn step(&mut self) -> Result<(), JobError> {
        let _span = span("rest of forward");
        let texts: Vec<&[u32]> = self.texts.iter().map(Vec::as_slice).collect();
        classify(
            &self.model,
            self.reader.as_ref(),
            &texts,
            CLASSIFIED,
            CHUNKING,
            &mut |_| ControlFlow::Continue(()),
        )
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;

    use super::*;
    use crate::gpu::testing::test_adapter;
    use crate::gpu::watch::{Report, Watch};

    const ARCH: Architecture = Architecture {
        vocab: 50,
        embedding: 8,
        hidden: 12,
        layers: 3,
    };

    #[test]
    fn products_are_counted_from_the_sizes() {
        let lm = LmTraining::new(ARCH, 2, false, &Device::flex()).size();
        // Layers of 8 -> 12 -> 12 -> 8: 48 x 20, 48 x 24, 32 x 20 multiply-adds a token, and 50 x 8 in the decoder.
        let token = 48 * 20 + 48 * 24 + 32 * 20 + 400;
        assert_eq!(lm.tokens, 2 * BPTT);
        assert_eq!(lm.product_flops, (2 * 3 * 2 * BPTT * token) as f64);
        let classified = block_on(Classifying::new(ARCH, &Device::flex())).unwrap().size();
        // The head sees three numbers of the top layer's each unit and the mean of what each layer is given.
        let text = TEXT_TOKENS * (token - 400) + (3 * 8 + 8 + 12 + 12) * 50 + 100;
        assert_eq!(classified.product_flops, (2 * 64 * text) as f64);
    }

    /// What the device is asked for in one step, after the kernels were compiled.
    fn watched(work: &mut impl Work, device: &Device) -> Report {
        block_on(work.step()).expect("a step");
        device.sync().expect("the device");
        let watch = Watch::start();
        block_on(work.step()).expect("a step");
        device.sync().expect("the device");
        block_on(watch.finish())
    }

    #[test]
    fn time_on_the_cpu_belongs_to_operations() {
        let device = Device::flex();
        let report = watched(&mut LmTraining::new(ARCH, 4, false, &device), &device);
        for name in [
            "lstm",
            "lstm backward",
            "linear_cross_entropy",
            "embedding backward",
            "adam",
            "dropout_mask",
        ] {
            assert!(report.spans[name].host_seconds > 0.0, "{name}: {report:?}");
        }
        assert_eq!(report.total().launches, 0);
        let report = watched(&mut ClassifierTraining::new(ARCH, false, &device), &device);
        for name in ["concat_pool", "concat_pool backward", "rest of backward"] {
            assert!(report.spans[name].host_seconds > 0.0, "{name}: {report:?}");
        }
        assert!(!report.spans.contains_key("linear_cross_entropy"));
    }

    #[test]
    fn a_training_step_on_wgpu_makes_few_launches() {
        let Some(device) = test_adapter() else { return };
        // The layers of the first run all steps in a dispatch or two, those of the second one step in each.
        let large = Architecture { hidden: 324, ..ARCH };
        for (arch, least) in [(ARCH, 30), (large, 280)] {
            let report = watched(&mut LmTraining::new(arch, 1, false, &device), &device);
            let total = report.total();
            eprintln!(
                "{arch:?}: {} launches, {} of them ours, {:?} submissions",
                total.launches, total.own_launches, report.submits
            );
            assert!(total.own_launches > least && total.launches <= 700, "{report:#?}");
            if let Some(submits) = report.submits {
                assert!(submits > 0, "a step that was never submitted");
            }
        }
    }
}
