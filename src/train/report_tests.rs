//! Which steps are told and measured.

use burn::tensor::Device;
use futures_lite::future::block_on;

use super::Error;
use super::checkpoint::Checkpoint;
use super::classifier::{self, Labelled};
use super::language_model;
use super::monitor::{Evaluation, Monitor, Signal, Step};
use super::plan::Method;
use crate::model::classifier::Chunking;
use crate::model::{Architecture, AwdLstm, Classifier, Dropouts, LanguageModel, Pooling};
use crate::text::batches::{LmBatchConfig, LmBatches, epoch_seed};
use crate::text::corpus::Corpus;
use crate::train::defaults::{CLASSIFIER_CLIP, WEIGHT_DECAY, adaptation};

/// Every step that is told, and whether it was measured; the rates of its groups.
#[derive(Default)]
struct Told(Vec<(u64, bool)>, Vec<Vec<f64>>);

impl Monitor for Told {
    fn step(&mut self, step: Step) {
        let is_measured = step.groups.iter().all(|group| group.norms.is_some());
        self.0.push((step.step, is_measured));
        self.1.push(step.groups.iter().map(|group| group.rate).collect());
    }

    fn evaluation(&mut self, _: Evaluation) {}

    async fn signal(&mut self) -> Signal {
        Signal::Continue
    }

    fn save(&mut self, _: Checkpoint) -> Result<(), Error> {
        Ok(())
    }
}

const ARCH: Architecture = Architecture {
    vocab: 10,
    embedding: 3,
    hidden: 4,
    layers: 2,
};

/// Every fifth step, as on a GPU, and those that are measured, which are others.
fn check(told: &[(u64, bool)]) {
    let last = told.last().expect("steps").0;
    assert!(last > 25, "{told:?}");
    let is_measured = |step: u64| step % 10 == 1;
    let expected: Vec<(u64, bool)> = (1..=last)
        .filter(|&step| is_measured(step) || step.is_multiple_of(5) || step == last)
        .map(|step| (step, is_measured(step)))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn measured_steps_of_a_language_model_are_told_though_few_steps_are() {
    let mut config = adaptation(500, 3);
    (
        config.epochs,
        config.bptt,
        config.report_every,
        config.measure_every,
    ) = (3, 10, 5, 10);
    let model = LanguageModel::new(ARCH, 1, &Device::flex());
    let corpus = Corpus::from_documents([(0..500).map(|i| i * i % 10).collect::<Vec<u32>>()]);
    let mut told = Told::default();
    block_on(language_model::train(
        model, corpus, None, &config, None, &mut told,
    ))
    .expect("it trains");
    check(&told.0);
}

/// What is drawn of stage 2 is read off these rates.
#[test]
fn the_rate_that_is_told_is_the_schedules_however_long_the_step() {
    let mut config = adaptation(500, 3);
    (config.epochs, config.bptt, config.report_every) = (3, 10, 1);
    let corpus = Corpus::from_documents([(0..500).map(|i| i * i % 10).collect::<Vec<u32>>()]);
    // Drawn lengths are multiples of eight, so that none is the usual one.
    let layout = LmBatchConfig {
        batch: config.batch,
        bptt: config.bptt,
        ..LmBatchConfig::default()
    };
    let first = LmBatches::new(&corpus, layout, epoch_seed(config.seed, 0)).window(0);
    assert!((first.rate_scale - 1.0).abs() > 0.1, "{}", first.rate_scale);
    let mut told = Told::default();
    let model = LanguageModel::new(ARCH, 1, &Device::flex());
    let trained = language_model::train(model, corpus, None, &config, None, &mut told);
    block_on(trained).expect("it trains");
    let multiples = config.rates.multiples(ARCH.layers + 1);
    for (t, rates) in told.1.iter().enumerate() {
        let rate = config.rate * config.schedule.rate(t, told.1.len());
        let expected: Vec<f64> = multiples.iter().map(|multiple| multiple * rate).collect();
        assert_eq!(*rates, expected, "step {}", t + 1);
    }
}

#[test]
fn measured_steps_of_a_classifier_are_told_though_few_steps_are() {
    let device = Device::flex();
    let model = Classifier::new(AwdLstm::new(ARCH, 1, &device), 2, Pooling::Deep, 1, &device);
    let config = classifier::Config {
        batch: 2,
        chunking: Chunking { bptt: 5, max_len: 10 },
        weight_decay: WEIGHT_DECAY,
        clip: CLASSIFIER_CLIP,
        dropouts: Dropouts::NONE,
        drop_mult: 0.0,
        class_weights: None,
        patience: 5,
        pretrained: None,
        seed: 1,
        measure_every: 10,
        report_every: 5,
        save_every: 0,
    };
    let documents: Vec<Vec<u32>> = (0..8).map(|i| vec![2 + i % 8, 3, 4]).collect();
    let documents: Vec<&[u32]> = documents.iter().map(Vec::as_slice).collect();
    let labels = [0, 1, 0, 1, 0, 1, 0, 1];
    let data = Labelled {
        documents: &documents,
        labels: &labels,
    };
    let plan = Method::Ulmfit.plan(ARCH.layers + 2, 8, None);
    let mut told = Told::default();
    block_on(classifier::train(
        model, data, None, &plan, &config, None, &mut told,
    ))
    .expect("it trains");
    check(&told.0);
}
