//! The classifier against fastai's layers: BPT3C, concat pooling, batch norm and the head.

use burn::tensor::{Device, Tensor};
use unfreeze::model::classifier::{Block, Chunking, ClassifierMasks, cross_entropy};
use unfreeze::model::dropout::Masks;
use unfreeze::model::{Architecture, AwdLstm, Classifier, Network as _, Parameter, Pooling, Tokens};

use super::common::{
    Fixture, VALUE, alone, assert_close, assert_gradient, devices, host, log_softmax, network_gradients,
};

const ARCH: Architecture = Architecture {
    vocab: 24,
    embedding: 8,
    hidden: 10,
    layers: 3,
};
const HIDDEN: usize = 12;
const CLASSES: usize = 3;

struct Case {
    fixture: Fixture,
    model: Classifier,
    tokens: Tokens,
    lengths: Vec<usize>,
    labels: Vec<usize>,
    chunking: Chunking,
    device: Device,
}

impl Case {
    fn new(device: Device) -> Self {
        let fixture = Fixture::open("classifier");
        let sizes = [(3 * ARCH.embedding, HIDDEN), (HIDDEN, CLASSES)];
        let zeros = |shape: &[usize]| Parameter::new(vec![0.0; shape.iter().product()], shape, &device);
        let block = |(i, (inputs, outputs)): (usize, (usize, usize))| Block {
            norm_weight: zeros(&[inputs]),
            norm_bias: zeros(&[inputs]),
            running_mean: fixture.tensor(&format!("1.layers.{i}.0.running_mean"), &device),
            running_var: fixture.tensor(&format!("1.layers.{i}.0.running_var"), &device),
            weight: zeros(&[outputs, inputs]),
            bias: zeros(&[outputs]),
        };
        let blocks = sizes.into_iter().enumerate().map(block).collect();
        let mut model = Classifier {
            encoder: AwdLstm::new(ARCH, 0, &device),
            pooling: Pooling::Concat,
            blocks,
            classes: CLASSES,
        };
        fixture.load(&mut model, &device);
        let chunking = Chunking {
            bptt: fixture.integers("bptt")[0],
            max_len: fixture.integers("max_len")[0],
        };
        let (tokens, lengths) = (fixture.ids("tokens"), fixture.integers("lengths"));
        let labels = fixture.integers("labels");
        Self {
            fixture,
            model,
            tokens,
            lengths,
            labels,
            chunking,
            device,
        }
    }

    fn masks(&self, prefix: &str) -> ClassifierMasks {
        if prefix == "train." {
            return ClassifierMasks::default();
        }
        ClassifierMasks {
            encoder: self.fixture.masks(&ARCH, &self.device),
            head: (0..2)
                .map(|i| Some(self.fixture.tensor(&format!("mask.head.{i}"), &self.device)))
                .collect(),
        }
    }

    fn assert_value(&self, what: &str, name: &str, got: &[f32]) {
        assert_close(&format!("{what} {name}"), got, &self.fixture.floats(name), VALUE);
    }

    /// Pooled features without dropout.
    fn pool(&self, tokens: &Tokens, lengths: &[usize], chunking: Chunking) -> Tensor<2> {
        self.model.pool(tokens, lengths, chunking, &Masks::default())
    }
}

#[test]
fn a_training_step_is_fastais() {
    for (what, device) in devices() {
        let case = Case::new(device);
        for prefix in ["train.", "masked."] {
            let (mut model, masks) = (case.model.clone(), case.masks(prefix));
            let pooled = model.pool(&case.tokens, &case.lengths, case.chunking, &masks.encoder);
            case.assert_value(what, &format!("{prefix}pooled"), &host(pooled.clone()));
            // Before its tenth step the running statistics are a plain mean, and PyTorch's never.
            let logits = model.head(pooled, &masks.head, Some(9));
            case.assert_value(what, &format!("{prefix}logits"), &host(logits.clone()));
            let loss = cross_entropy(logits, &case.labels, None);
            case.assert_value(what, &format!("{prefix}loss"), &host(loss.clone()));
            case.fixture
                .assert_gradients(what, &model, loss.backward(), prefix);
            for (i, block) in model.blocks.iter().enumerate() {
                let name = format!("{prefix}after.1.layers.{i}.0.running");
                case.assert_value(what, &format!("{name}_mean"), &host(block.running_mean.clone()));
                case.assert_value(what, &format!("{name}_var"), &host(block.running_var.clone()));
            }
        }
    }
}

#[test]
fn evaluation_is_fastais() {
    for (what, device) in devices() {
        let case = Case::new(device);
        let mut model = case.model.frozen();
        let pooled = case.pool(&case.tokens, &case.lengths, case.chunking);
        case.assert_value(what, "eval.logits", &host(model.head(pooled.inner(), &[], None)));
        let probabilities = host(
            case.model
                .probabilities(&case.tokens, &case.lengths, case.chunking),
        );
        case.assert_value(what, "eval.probabilities", &probabilities);
        for (block, before) in model.blocks.iter().zip(&case.model.blocks) {
            let running = |b: &Block| (host(b.running_mean.clone()), host(b.running_var.clone()));
            assert_eq!(
                running(block),
                running(before),
                "{what}: evaluation leaves the running statistics"
            );
        }
    }
}

/// A document's result depends neither on the padding that others bring nor on what the padding holds.
#[test]
fn a_document_alone_equals_its_row_of_the_padded_batch() {
    for (what, device) in devices() {
        let case = Case::new(device);
        let mut model = case.model.frozen();
        let pooled = host(case.pool(&case.tokens, &case.lengths, case.chunking));
        for (b, &length) in case.lengths.iter().enumerate() {
            let row = &pooled[b * 3 * ARCH.embedding..][..3 * ARCH.embedding];
            let own = case.pool(&alone(&case.tokens, b, length), &[length], case.chunking);
            assert_close(
                &format!("{what} pooled features of document {b}"),
                &host(own.clone()),
                row,
                VALUE,
            );
            case.assert_value(
                what,
                &format!("single.logits.{b}"),
                &host(model.head(own.inner(), &[], None)),
            );
        }

        let batch = case.tokens.batch;
        let other = case.tokens.ids.iter().enumerate();
        let other = other.map(|(i, &id)| {
            if i / batch < case.lengths[i % batch] {
                id
            } else {
                (i % ARCH.vocab) as u32
            }
        });
        let other = Tokens::new(other.collect::<Vec<_>>(), case.tokens.time, batch);
        assert_ne!(other.ids, case.tokens.ids);
        assert_eq!(
            host(case.pool(&other, &case.lengths, case.chunking)),
            pooled,
            "{what}: what the padding holds"
        );

        let whole = Chunking {
            bptt: case.tokens.time,
            ..case.chunking
        };
        let whole = host(case.pool(&case.tokens, &case.lengths, whole));
        assert_close(
            &format!("{what} pooled features in one chunk"),
            &whole,
            &pooled,
            VALUE,
        );
    }
}

/// Alone, the longest document's first chunk is before its last `max_len` tokens and leaves no graph; in the batch the
/// short documents keep it in.
#[test]
fn gradients_of_documents_alone_add_up_to_those_of_the_padded_batch() {
    for (what, device) in devices() {
        let case = Case::new(device.clone());
        assert!(
            case.lengths[0] - case.chunking.max_len > case.chunking.bptt,
            "a chunk without a graph"
        );
        let weights =
            case.fixture.tensor::<2>("mask.head.0", &device) + case.fixture.tensor("train.pooled", &device);
        let gradients = |pooled: Tensor<2>, weights: Tensor<2>| {
            network_gradients(&case.model, &mut (pooled * weights).sum().backward())
        };
        let want = gradients(
            case.pool(&case.tokens, &case.lengths, case.chunking),
            weights.clone(),
        );
        let mut sum: Vec<Vec<f32>> = want.iter().map(|(_, g)| vec![0.0; g.len()]).collect();
        for (b, &length) in case.lengths.iter().enumerate() {
            let own = case.pool(&alone(&case.tokens, b, length), &[length], case.chunking);
            let own = gradients(own, weights.clone().slice([b..b + 1]));
            assert_eq!(own.len(), want.len(), "{what}: document {b}");
            for (sum, (_, gradient)) in sum.iter_mut().zip(own) {
                sum.iter_mut().zip(gradient).for_each(|(s, g)| *s += g);
            }
        }
        assert_eq!(
            want.len(),
            13,
            "{what}: a gradient of every parameter of the encoder"
        );
        for ((name, want), got) in want.iter().zip(&sum) {
            assert_gradient(&format!("{what} sum over documents {name}"), got, want);
        }
    }
}

/// `CrossEntropyLoss(weight)` divides by the sum of the documents' weights, not by their number.
#[test]
fn class_weights_are_normalised_as_pytorchs() {
    let fixture = Fixture::open("classifier");
    let (labels, weights) = (fixture.integers("labels"), [0.5, 2.0, 1.25f32]);
    let rows = log_softmax(&fixture.floats("eval.logits"), CLASSES);
    let terms = rows
        .chunks(CLASSES)
        .zip(&labels)
        .map(|(row, &label)| -row[label] * weights[label]);
    let want = terms.sum::<f32>() / labels.iter().map(|&label| weights[label]).sum::<f32>();
    for (what, device) in devices() {
        let loss = cross_entropy(fixture.tensor("eval.logits", &device), &labels, Some(&weights));
        assert_close(&format!("{what} weighted loss"), &host(loss), &[want], VALUE);
    }
}
