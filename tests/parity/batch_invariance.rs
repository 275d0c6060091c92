//! A document's probabilities do not depend on the batch that it is in.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use unfreeze::model::classifier::Chunking;
use unfreeze::model::{Architecture, AwdLstm, Classifier, Network as _, Parameter, Pooling, Tokens};

use super::common::{VALUE, assert_close, devices, host};

const ARCH: Architecture = Architecture {
    vocab: 60,
    embedding: 20,
    hidden: 37,
    layers: 3,
};
const CLASSES: usize = 4;
const PADDING: u32 = 1;

/// Weights wide enough that documents are told apart: fresh ones give every document nearly the same probabilities.
fn randomise(model: &mut Classifier, device: &burn::tensor::Device) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    model.visit_mut(&mut |_, name, p| {
        let bound = match name {
            _ if name.ends_with(".2.weight") => 2.0,
            // Batch norm stays as it begins: neither scale nor shift, which would be the same for every document.
            _ if name.starts_with("1.") => return,
            _ if name.contains("weight_hh") => 0.3,
            _ => 0.6,
        };
        let values = (0..p.shape().iter().product())
            .map(|_| rng.random_range(-bound..bound))
            .collect();
        *p = Parameter::new(values, p.shape(), device);
    });
}

fn documents() -> Vec<Vec<u32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let mut document = |length: usize| {
        (0..length)
            .map(|_| rng.random_range(2..ARCH.vocab as u32))
            .collect()
    };
    // The edges of a chunk and of the pooled part, then whatever comes.
    let mut lengths = vec![1, 2, 7, 8, 9, 19, 20, 21, 64];
    lengths.extend((0..28).map(|i| 1 + (i * 23) % 61));
    lengths.into_iter().map(&mut document).collect()
}

fn probabilities(model: &Classifier, documents: &[Vec<u32>]) -> Vec<f32> {
    let lengths: Vec<usize> = documents.iter().map(Vec::len).collect();
    let time = lengths.iter().copied().max().unwrap_or(0);
    let steps = (0..time).flat_map(|t| {
        documents
            .iter()
            .map(move |d| d.get(t).copied().unwrap_or(PADDING))
    });
    let tokens = Tokens::new(steps.collect::<Vec<_>>(), time, documents.len());
    host(model.probabilities(&tokens, &lengths, Chunking { bptt: 8, max_len: 20 }))
}

#[test]
fn probabilities_are_the_same_alone_and_in_every_batch() {
    let documents = documents();
    let mut first: Option<Vec<f32>> = None;
    for (what, device) in devices() {
        let mut model = Classifier::new(AwdLstm::new(ARCH, 3, &device), CLASSES, Pooling::Deep, 4, &device);
        randomise(&mut model, &device);
        let alone: Vec<f32> = documents
            .iter()
            .flat_map(|d| probabilities(&model, std::slice::from_ref(d)))
            .collect();
        for row in alone.chunks(CLASSES) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{what}: {row:?}");
        }
        let spread = |class: usize| {
            let of_class = || alone.iter().skip(class).step_by(CLASSES).copied();
            of_class().fold(f32::MIN, f32::max) - of_class().fold(f32::MAX, f32::min)
        };
        let widest = (0..CLASSES).map(spread).fold(0.0, f32::max);
        assert!(
            widest > 0.3,
            "{what}: documents differ too little ({widest}) to show anything"
        );
        for size in [2, 5, 16, documents.len()] {
            let batched: Vec<f32> = documents
                .chunks(size)
                .flat_map(|batch| probabilities(&model, batch))
                .collect();
            assert_close(&format!("{what} in batches of {size}"), &batched, &alone, VALUE);
        }
        match &first {
            Some(other) => assert_close(&format!("{what} and the CPU"), &alone, other, VALUE),
            None => first = Some(alone),
        }
    }
}
