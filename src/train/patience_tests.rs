//! How long methods with early stopping wait, and which epoch is told to be the last.

use burn::tensor::Device;
use futures_lite::future::block_on;

use super::Error;
use super::checkpoint::Checkpoint;
use super::classifier::{Config, Labelled, train};
use super::defaults::CLASSIFIER_CLIP;
use super::monitor::{Evaluation, Monitor, Signal, Snapshot, Step};
use super::plan::Method;
use crate::model::classifier::Chunking;
use crate::model::{Architecture, AwdLstm, Classifier, Dropouts, Pooling};

/// Every epoch that has ended, and whether training ended with it.
#[derive(Default)]
struct Ends(Vec<(usize, bool)>);

impl Monitor for Ends {
    fn step(&mut self, _: Step) {}

    fn evaluation(&mut self, _: Evaluation) {}

    async fn epoch(&mut self, epoch: usize, _: u64, model: Snapshot<'_>) -> Result<(), Error> {
        if let Snapshot::Classifier { is_last, .. } = model {
            self.0.push((epoch, is_last));
        }
        Ok(())
    }

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

/// A training whose watched texts are its own, labelled the other way round: the more it learns, the worse it reads them, and no
/// epoch is better than the first.
fn ends(method: Method, patience: usize) -> Vec<(usize, bool)> {
    let device = Device::flex();
    let model = Classifier::new(AwdLstm::new(ARCH, 1, &device), 2, Pooling::Deep, 1, &device);
    let config = Config {
        batch: 8,
        chunking: Chunking { bptt: 5, max_len: 10 },
        weight_decay: 0.0,
        clip: CLASSIFIER_CLIP,
        dropouts: Dropouts::NONE,
        drop_mult: 0.0,
        class_weights: None,
        patience,
        pretrained: None,
        seed: 1,
        measure_every: 0,
        report_every: 1,
        save_every: 0,
    };
    let documents: Vec<Vec<u32>> = (0..16).map(|i| vec![2, 3 + i % 2, 5 + i % 4]).collect();
    let documents: Vec<&[u32]> = documents.iter().map(Vec::as_slice).collect();
    let labels: Vec<usize> = (0..16).map(|i| i % 2).collect();
    let wrong: Vec<usize> = labels.iter().map(|label| 1 - label).collect();
    let [data, valid] = [&labels, &wrong].map(|labels| Labelled {
        documents: &documents,
        labels,
    });
    let plan = method.plan(ARCH.layers + 2, 20, Some(0.01));
    let mut ends = Ends::default();
    block_on(train(model, data, Some(valid), &plan, &config, None, &mut ends)).expect("it trains");
    ends.0
}

/// All epochs until `last`, which alone is the last.
fn until(last: usize) -> Vec<(usize, bool)> {
    (0..=last).map(|epoch| (epoch, epoch == last)).collect()
}

#[test]
fn groups_that_have_just_joined_have_the_whole_patience() {
    // The last of the four groups joins in epoch 4.
    assert_eq!(ends(Method::Freez, 5), until(8));
    // Four times a part alone, four epochs each; all of them from epoch 17 on.
    assert_eq!(ends(Method::ChainThaw, 2), until(18));
    // Nothing joins.
    assert_eq!(ends(Method::Full, 3), until(4));
}

#[test]
fn what_does_not_stop_early_ends_with_its_plan() {
    assert_eq!(ends(Method::Ulmfit, 2), until(20));
}
