//! The classifier: pooling over the encoder's outputs and two linear blocks (section 3.3).

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::awd_lstm::{AwdLstm, Tokens};
use super::config::Dropouts;
use super::dropout::{Draw, Masks, apply};
use super::parameter::{Network, Parameter};
use super::pooling::{Means, Pooling};
use crate::ops::concat_pool::{Spans, concat_pool};

/// Hidden units between the two blocks.
pub const HEAD_HIDDEN: usize = 50;
/// Dropout of the second block, before `drop_mult` (fastai's `ps`).
pub const HEAD_DROPOUT: f32 = 0.1;
/// What is added to a variance before its root is divided by.
pub const BN_EPSILON: f64 = 1e-5;
const BN_MOMENTUM: f64 = 0.1;

/// Share of the running statistics that a batch has after so many steps: that of their mean over all batches in the first ten
/// steps, PyTorch's from then on. With PyTorch's alone, what the statistics begin with is a tenth of them after twenty steps,
/// and few labels make no more than that in three epochs.
fn momentum(steps: u64) -> f64 {
    BN_MOMENTUM.max(1.0 / (steps as f64 + 1.0))
}

/// Batch norm, dropout, linear: the activation follows outside.
#[derive(Clone, Debug)]
pub struct Block {
    /// Scale of the normalised input `[n]`.
    pub norm_weight: Parameter,
    /// Shift of the normalised input `[n]`.
    pub norm_bias: Parameter,
    /// Running mean `[1, n]`, for evaluation.
    pub running_mean: Tensor<2>,
    /// Running (unbiased) variance `[1, n]`, for evaluation.
    pub running_var: Tensor<2>,
    /// `[m, n]`
    pub weight: Parameter,
    /// `[m]`
    pub bias: Parameter,
}

impl Block {
    fn new(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng, device: &Device) -> Self {
        let plain = device.clone().inner();
        let bound = 1.0 / (inputs as f32).sqrt();
        let mut uniform = |shape: &[usize]| {
            let values = (0..shape.iter().product())
                .map(|_| rng.random_range(-bound..bound))
                .collect();
            Parameter::new(values, shape, device)
        };
        Self {
            weight: uniform(&[outputs, inputs]),
            bias: uniform(&[outputs]),
            norm_weight: Parameter::new(vec![1.0; inputs], &[inputs], device),
            norm_bias: Parameter::new(vec![0.0; inputs], &[inputs], device),
            running_mean: Tensor::zeros([1, inputs], &plain),
            running_var: Tensor::ones([1, inputs], &plain),
        }
    }

    /// `x [batch, n]` to `[batch, m]`. Training, after so many steps, normalises with the batch's statistics and updates the
    /// running ones.
    fn forward(&mut self, x: Tensor<2>, mask: Option<&Tensor<2>>, training: Option<u64>) -> Tensor<2> {
        let (mean, var) = if let Some(steps) = training {
            let batch = x.dims()[0] as f64;
            let mean = x.clone().mean_dim(0);
            let centred = x.clone() - mean.clone();
            let var = (centred.clone() * centred).mean_dim(0);
            let share = momentum(steps);
            let keep = 1.0 - share;
            // One row has no unbiased variance; it says nothing about the spread, so the running one stays.
            if batch > 1.0 {
                let unbiased = var.clone().inner() * (batch / (batch - 1.0));
                self.running_var = self.running_var.clone() * keep + unbiased * share;
            }
            self.running_mean = self.running_mean.clone() * keep + mean.clone().inner() * share;
            (mean, var)
        } else {
            (self.running_mean.clone(), self.running_var.clone())
        };
        let normalised =
            (x - mean) / (var + BN_EPSILON).sqrt() * self.norm_weight.value() + self.norm_bias.value();
        apply(normalised, mask).matmul(self.weight.value().transpose()) + self.bias.value()
    }
}

/// A text classifier.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// The pretrained and fine-tuned encoder.
    pub encoder: AwdLstm,
    /// What the head sees of a document.
    pub pooling: Pooling,
    /// The two blocks: `[pooled -> 50 -> classes]`.
    pub blocks: Vec<Block>,
    /// Classes.
    pub classes: usize,
}

/// Masks of one batch: the encoder's, and one for each block.
#[derive(Clone, Debug, Default)]
pub struct ClassifierMasks {
    /// The encoder's; the output mask is not used.
    pub encoder: Masks,
    /// `[batch, features]` before each block's linear layer.
    pub head: Vec<Option<Tensor<2>>>,
}

/// How a document is cut for BPT3C.
#[derive(Clone, Copy, Debug)]
pub struct Chunking {
    /// Steps of a chunk; gradients do not pass from one to the one before.
    pub bptt: usize,
    /// The last so many tokens are pooled; earlier ones only set the state.
    pub max_len: usize,
}

impl Classifier {
    /// An encoder with a fresh head.
    pub fn new(encoder: AwdLstm, classes: usize, pooling: Pooling, seed: u64, device: &Device) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0xc1a5_51f1);
        let pooled = pooling.width(&encoder.arch);
        let mut blocks = vec![
            Block::new(pooled, HEAD_HIDDEN, &mut rng, device),
            Block::new(HEAD_HIDDEN, classes, &mut rng, device),
        ];
        // No class is preferred at first: what a random last layer would say of the texts, few labels do not unlearn.
        let zeros = |shape: &[usize]| Parameter::new(vec![0.0; shape.iter().product()], shape, device);
        (blocks[1].weight, blocks[1].bias) = (zeros(&[classes, HEAD_HIDDEN]), zeros(&[classes]));
        Self {
            encoder,
            pooling,
            blocks,
            classes,
        }
    }

    /// Draws a batch's masks.
    pub fn masks(&self, draw: Draw, dropouts: &Dropouts, drop_mult: f32, batch: usize) -> ClassifierMasks {
        let device = self.encoder.embedding.constant().device();
        let head = [dropouts.output, (HEAD_DROPOUT * drop_mult).min(0.95)];
        let inputs = self.blocks.iter().map(|b| b.weight.shape()[1]);
        ClassifierMasks {
            encoder: draw.masks(
                &self.encoder.arch,
                &Dropouts {
                    output: 0.0,
                    ..*dropouts
                },
                batch,
                &device,
            ),
            head: inputs
                .zip(head)
                .zip(8..)
                .map(|((n, p), site)| draw.mask([batch, n], site, p, &device))
                .collect(),
        }
    }

    /// Pooled features `[batch, pooled]` of right-padded documents: BPT3C (section 3.3).
    ///
    /// The document runs in chunks of `bptt` steps from its start. State passes from chunk to chunk, gradients do not;
    /// chunks outside of every document's last `max_len` tokens leave no graph at all, so that memory does not grow with the
    /// longest text.
    pub fn pool(&self, tokens: &Tokens, lengths: &[usize], chunking: Chunking, masks: &Masks) -> Tensor<2> {
        let is_pooled = |start: usize, end: usize| {
            let first = |n: usize| n.saturating_sub(chunking.max_len);
            lengths.iter().any(|&n| start < n && end > first(n))
        };
        let constant = {
            let mut encoder = self.encoder.clone();
            encoder.visit_mut("", &mut |_, _, p| p.track(false));
            encoder
        };
        let mut states = self.encoder.zero_states(tokens.batch);
        let device = self.encoder.embedding.constant().device().inner();
        let mut means = Means::new(chunking.max_len);
        let mut outputs = Vec::new();
        // Steps of each document that are in `outputs`. Those that are pooled stay next to one another.
        let mut rest = vec![0; lengths.len()];
        for start in (0..tokens.time).step_by(chunking.bptt) {
            let count = chunking.bptt.min(tokens.time - start);
            let pooled = is_pooled(start, start + count);
            let encoder = if pooled { &self.encoder } else { &constant };
            let encoded = encoder.forward(&tokens.steps(start, count), states, masks);
            states = encoded.states;
            if pooled {
                if self.pooling == Pooling::Deep {
                    means.add(encoded.below, start, lengths, &device);
                }
                outputs.push(encoded.raw);
                for (rest, n) in rest.iter_mut().zip(lengths) {
                    *rest += n.saturating_sub(start).min(count);
                }
            }
        }
        let h = if outputs.len() == 1 {
            outputs.remove(0)
        } else {
            Tensor::cat(outputs, 0)
        };
        let top = concat_pool(h, Spans::last(&rest, chunking.max_len));
        let below = means.finish();
        if below.is_empty() {
            top
        } else {
            Tensor::cat([vec![top], below].concat(), 1)
        }
    }

    /// Logits `[batch, classes]` from pooled features. `training` is how many steps of training came before this one, which
    /// updates the running statistics of batch norm; `None` evaluates with them.
    pub fn head(
        &mut self,
        pooled: Tensor<2>,
        masks: &[Option<Tensor<2>>],
        training: Option<u64>,
    ) -> Tensor<2> {
        let count = self.blocks.len();
        let mut x = pooled;
        for (i, block) in self.blocks.iter_mut().enumerate() {
            x = block.forward(x, masks.get(i).and_then(Option::as_ref), training);
            if i + 1 < count {
                x = relu(x);
            }
        }
        x
    }

    /// Probabilities `[batch, classes]`, without dropout or a graph.
    pub fn probabilities(&self, tokens: &Tokens, lengths: &[usize], chunking: Chunking) -> Tensor<2> {
        let pooled = self.frozen().pool(tokens, lengths, chunking, &Masks::default());
        self.probabilities_of(pooled)
    }

    /// Probabilities `[batch, classes]` from pooled features, without dropout or a graph.
    pub fn probabilities_of(&self, pooled: Tensor<2>) -> Tensor<2> {
        let logits = self.frozen().head(pooled, &[], None);
        log_softmax(logits.inner(), 1).exp()
    }
}

/// Mean cross-entropy of `logits [batch, classes]`, each document weighted by its class's weight and normalised by the
/// weights' sum, as PyTorch's `CrossEntropyLoss(weight)`.
pub fn cross_entropy(logits: Tensor<2>, labels: &[usize], class_weights: Option<&[f32]>) -> Tensor<1> {
    let n = labels.len();
    let device = logits.device().inner();
    let ids: Vec<i32> = labels.iter().map(|&l| l as i32).collect();
    let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [n, 1]), &device);
    let weights: Vec<f32> = labels
        .iter()
        .map(|&l| class_weights.map_or(1.0, |w| w[l]))
        .collect();
    let total: f32 = weights.iter().sum();
    let weights = Tensor::<2>::from_data(TensorData::new(weights, [n, 1]), &device);
    (log_softmax(logits, 1).gather(1, ids) * weights).sum() * (-1.0 / f64::from(total))
}

impl Network for Classifier {
    fn groups(&self) -> Vec<String> {
        let layers = (1..=self.encoder.arch.layers).map(|i| format!("LSTM {i}"));
        ["embedding".to_string()]
            .into_iter()
            .chain(layers)
            .chain(["classifier head".to_string()])
            .collect()
    }

    fn visit(&self, f: &mut dyn FnMut(usize, &str, &Parameter)) {
        self.encoder.visit("0.module.", f);
        let last = self.encoder.arch.layers + 1;
        for (i, block) in self.blocks.iter().enumerate() {
            f(last, &format!("1.layers.{i}.0.weight"), &block.norm_weight);
            f(last, &format!("1.layers.{i}.0.bias"), &block.norm_bias);
            f(last, &format!("1.layers.{i}.2.weight"), &block.weight);
            f(last, &format!("1.layers.{i}.2.bias"), &block.bias);
        }
    }

    fn visit_mut(&mut self, f: &mut dyn FnMut(usize, &str, &mut Parameter)) {
        self.encoder.visit_mut("0.module.", f);
        let last = self.encoder.arch.layers + 1;
        for (i, block) in self.blocks.iter_mut().enumerate() {
            f(last, &format!("1.layers.{i}.0.weight"), &mut block.norm_weight);
            f(last, &format!("1.layers.{i}.0.bias"), &mut block.norm_bias);
            f(last, &format!("1.layers.{i}.2.weight"), &mut block.weight);
            f(last, &format!("1.layers.{i}.2.bias"), &mut block.bias);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Architecture;

    const ARCH: Architecture = Architecture {
        vocab: 10,
        embedding: 3,
        hidden: 5,
        layers: 3,
    };

    fn model(device: &Device) -> Classifier {
        Classifier::new(AwdLstm::new(ARCH, 1, device), 4, Pooling::Deep, 1, device)
    }

    /// Two documents of three steps.
    fn tokens() -> Tokens {
        Tokens::new(vec![2, 3, 4, 5, 6, 7], 3, 2)
    }

    const CHUNKING: Chunking = Chunking { bptt: 2, max_len: 3 };

    /// A mask is the same at every step: a mean over time would hand it to the head undiminished.
    #[test]
    fn what_is_dropped_between_layers_is_not_dropped_from_their_means() {
        let device = Device::flex();
        let (model, gone) = (model(&device), |n| Some(Tensor::<3>::zeros([1, 2, n], &device)));
        // `[concat pooling 9 | words 3 | layer 1 5 | layer 2 5]` of each document.
        let pooled = |masks: &Masks| -> Vec<f32> {
            let pooled = model.pool(&tokens(), &[3, 3], CHUNKING, masks);
            pooled.into_data().try_to_vec().unwrap()
        };
        let whole = pooled(&Masks::default());
        let keeps = |masks: Masks, kept: std::ops::Range<usize>| {
            let masked = pooled(&masks);
            for row in 0..2 {
                let of = |x: &[f32], range: std::ops::Range<usize>| x[row * 22..][range].to_vec();
                assert_eq!(of(&masked, kept.clone()), of(&whole, kept.clone()));
                assert_ne!(of(&masked, 0..9), of(&whole, 0..9), "the mask does something");
            }
        };
        keeps(
            Masks {
                input: gone(3),
                ..Masks::default()
            },
            9..12,
        );
        keeps(
            Masks {
                hidden: vec![gone(5), None],
                ..Masks::default()
            },
            9..17,
        );
        keeps(
            Masks {
                hidden: vec![None, gone(5)],
                ..Masks::default()
            },
            9..22,
        );
    }

    /// Beside a short document, the middle of a long one is pooled by neither: read without a graph, it changes nothing.
    #[test]
    fn chunks_that_no_document_pools_change_neither_features_nor_gradients() {
        let mut model = model(&Device::flex());
        model.visit_mut(&mut |_, _, p| p.track(true));
        let (long, short) = (vec![2, 3, 4, 5, 6, 7, 8, 9, 2, 4, 6], vec![7, 5, 3]);
        let together = || {
            let padded = long.iter().zip(short.iter().chain(std::iter::repeat(&1)));
            Tokens::new(padded.flat_map(|(&a, &b)| [a, b]).collect::<Vec<_>>(), 11, 2)
        };
        let alone = |document: &[u32]| Tokens::new(document.to_vec(), document.len(), 1);
        let learned = |tokens: &Tokens, lengths: &[usize]| -> (Vec<f32>, Vec<f32>) {
            let pooled = model.pool(tokens, lengths, CHUNKING, &Masks::default());
            let mut gradients = pooled.clone().sum().backward();
            let mut of = Vec::new();
            model.encoder.visit("", &mut |_, _, p| {
                let gradient = p.take_gradient(&mut gradients).expect("is trained");
                of.extend(gradient.into_data().try_to_vec::<f32>().expect("floats"));
            });
            (pooled.inner().into_data().try_to_vec().unwrap(), of)
        };
        let (features, gradient) = learned(&together(), &[11, 3]);
        let (first, one) = learned(&alone(&long), &[11]);
        let (second, other) = learned(&alone(&short), &[3]);
        let close = |a: &[f32], b: &[f32]| {
            assert_eq!(a.len(), b.len());
            a.iter()
                .zip(b)
                .for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
        };
        close(&features, &[first, second].concat());
        let sum: Vec<f32> = one.iter().zip(&other).map(|(a, b)| a + b).collect();
        close(&gradient, &sum);
    }

    #[test]
    fn a_fresh_head_prefers_no_class() {
        let device = Device::flex();
        let probabilities = model(&device).probabilities(&tokens(), &[3, 3], CHUNKING);
        let probabilities: Vec<f32> = probabilities.into_data().try_to_vec().unwrap();
        assert_eq!(probabilities, [0.25; 8]);
    }

    /// Three batches of features far from what the statistics begin with, whose means and variances are known.
    #[test]
    fn running_statistics_are_those_of_the_batches_from_the_first_step_on() {
        let device = Device::flex();
        let mut model = model(&device);
        let width = model.blocks[0].norm_weight.shape()[0];
        let close = |tensor: &Tensor<2>, want: f32| {
            let got: Vec<f32> = tensor.clone().into_data().try_to_vec().unwrap();
            assert!(got.iter().all(|x| (x - want).abs() < 1e-5), "{want}: {got:?}");
        };
        // Two rows at `middle` +- `reach`: their mean, and twice `reach` squared, unbiased.
        for (steps, (middle, reach), mean, var) in [
            (0, (5.0, 0.1), 5.0, 0.02),
            (1, (7.0, 0.2), 6.0, 0.05),
            (2, (9.0, 0.3), 7.0, 0.28 / 3.0),
        ] {
            let rows: Vec<f32> = [vec![middle - reach; width], vec![middle + reach; width]].concat();
            let pooled = Tensor::from_data(TensorData::new(rows, [2, width]), &device);
            model.head(pooled, &[], Some(steps));
            close(&model.blocks[0].running_mean, mean);
            close(&model.blocks[0].running_var, var);
        }
    }

    #[test]
    fn from_the_tenth_step_on_a_batch_has_pytorchs_share() {
        assert_eq!(
            [0, 1, 3, 9, 10, 1_000].map(momentum),
            [1.0, 0.5, 0.25, 0.1, 0.1, 0.1]
        );
    }
}
