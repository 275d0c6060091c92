//! The encoder: an embedding and a stack of weight-dropped LSTM layers.

use std::sync::Arc;

use burn::backend::DispatchDevice;
use burn::tensor::{Device, Tensor};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::config::Architecture;
use super::dropout::{Masks, apply};
use super::parameter::Parameter;
use crate::ops::embedding::{Rows, embedding};
pub use crate::ops::lstm::State;
use crate::ops::lstm::lstm;
use crate::ops::reading::{LayerWeights, Reader, Rounding};

/// Token ids `[time, batch]`, time-major.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The ids, row after row.
    pub ids: Arc<[u32]>,
    /// Time steps.
    pub time: usize,
    /// Sequences.
    pub batch: usize,
}

impl Tokens {
    /// # Panics
    /// If there are not `time x batch` ids.
    pub fn new(ids: impl Into<Arc<[u32]>>, time: usize, batch: usize) -> Self {
        let ids = ids.into();
        assert!(
            ids.len() == time * batch,
            "{} ids for {time} x {batch}",
            ids.len()
        );
        Self { ids, time, batch }
    }

    /// Steps `first .. first + count`.
    #[must_use]
    pub fn steps(&self, first: usize, count: usize) -> Self {
        Self::new(
            &self.ids[first * self.batch..(first + count) * self.batch],
            count,
            self.batch,
        )
    }
}

/// One LSTM layer's weights under PyTorch's names, layout and gate order (i, f, g, o).
#[derive(Clone, Debug)]
pub struct Layer {
    /// `[4 hidden, input]`
    pub weight_ih: Parameter,
    /// `[4 hidden, hidden]`, before weight drop.
    pub weight_hh_raw: Parameter,
    /// `[4 hidden]`
    pub bias_ih: Parameter,
    /// `[4 hidden]`
    pub bias_hh: Parameter,
}

/// An AWD-LSTM.
#[derive(Clone, Debug)]
pub struct AwdLstm {
    /// Sizes.
    pub arch: Architecture,
    /// `[vocab, embedding]`
    pub embedding: Parameter,
    /// The layers, input to output.
    pub layers: Vec<Layer>,
}

/// What a window gives.
pub struct Encoded {
    /// The last layer's output `[time, batch, embedding]`, before its dropout.
    pub raw: Tensor<3>,
    /// What is below the last layer's output: the embedded words and the lower layers' outputs, `[time, batch, features]`, before
    /// their dropouts. A mask that is locked over time does not average out of a mean over time.
    pub below: Vec<Tensor<3>>,
    /// The last state of every layer, without a graph.
    pub states: Vec<State>,
}

impl AwdLstm {
    /// Fresh weights: embedding U(-0.1, 0.1), layers U(-1/sqrt(h), 1/sqrt(h)), as PyTorch's LSTM.
    pub fn new(arch: Architecture, seed: u64, device: &Device) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut uniform = |shape: &[usize], bound: f32| {
            let values = (0..shape.iter().product())
                .map(|_| rng.random_range(-bound..bound))
                .collect();
            Parameter::new(values, shape, device)
        };
        let embedding = uniform(&[arch.vocab, arch.embedding], 0.1);
        let layers = (0..arch.layers)
            .map(|i| {
                let (input, hidden) = arch.layer_sizes(i);
                let bound = 1.0 / (hidden as f32).sqrt();
                Layer {
                    weight_ih: uniform(&[4 * hidden, input], bound),
                    weight_hh_raw: uniform(&[4 * hidden, hidden], bound),
                    bias_ih: uniform(&[4 * hidden], bound),
                    bias_hh: uniform(&[4 * hidden], bound),
                }
            })
            .collect();
        Self {
            arch,
            embedding,
            layers,
        }
    }

    /// The state before the first token of `batch` sequences.
    pub fn zero_states(&self, batch: usize) -> Vec<State> {
        let device = self.embedding.constant().device();
        (0..self.arch.layers)
            .map(|i| {
                let hidden = self.arch.layer_sizes(i).1;
                State {
                    h: Tensor::zeros([batch, hidden], &device),
                    c: Tensor::zeros([batch, hidden], &device),
                }
            })
            .collect()
    }

    /// Reads a window, from `states` on.
    pub fn forward(&self, tokens: &Tokens, states: Vec<State>, masks: &Masks) -> Encoded {
        let Tokens { ids, time, batch } = tokens;
        let scale = masks
            .embedding
            .as_ref()
            .map(|mask| ids.iter().map(|&id| mask[id as usize]).collect());
        let rows = Rows {
            ids: ids.clone(),
            scale,
        };
        let mut x = embedding(self.embedding.value(), rows).reshape([*time, *batch, self.arch.embedding]);
        let mut last_states = Vec::with_capacity(self.layers.len());
        let mut below = vec![x.clone()];
        x = apply(x, masks.input.as_ref());
        for (i, (layer, state)) in self.layers.iter().zip(states).enumerate() {
            let weight_hh = apply(
                layer.weight_hh_raw.value(),
                masks.weight.get(i).and_then(Option::as_ref),
            );
            let bias = layer.bias_ih.value() + layer.bias_hh.value();
            let (y, state) = lstm(x, layer.weight_ih.value(), weight_hh, bias, state);
            last_states.push(state);
            if i + 1 < self.layers.len() {
                below.push(y.clone());
            }
            // The last layer's output is not dropped here: TAR needs it as it is.
            x = apply(y, masks.hidden.get(i).and_then(Option::as_ref));
        }
        Encoded {
            raw: x,
            below,
            states: last_states,
        }
    }

    /// The weights laid out for reading documents without a graph, where they are on the processor.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn reader(&self, rounding: Rounding) -> Result<Option<Reader>, String> {
        if !matches!(
            self.embedding.constant().device().as_dispatch(),
            DispatchDevice::Flex(_)
        ) {
            return Ok(None);
        }
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let mut bias = layer.bias_ih.to_vec().await?;
            let second = layer.bias_hh.to_vec().await?;
            bias.iter_mut().zip(second).for_each(|(a, b)| *a += b);
            layers.push(LayerWeights {
                w_ih: layer.weight_ih.to_vec().await?,
                w_hh: layer.weight_hh_raw.to_vec().await?,
                bias,
            });
        }
        let embedding = self.embedding.to_vec().await?;
        Ok(Some(Reader::new(
            embedding,
            self.arch.embedding,
            layers,
            rounding,
        )))
    }

    /// Parameters of the embedding (`0`) and of each layer (`1..`), named as in fastai's files behind `prefix`.
    pub(super) fn visit(&self, prefix: &str, f: &mut dyn FnMut(usize, &str, &Parameter)) {
        f(0, &format!("{prefix}encoder.weight"), &self.embedding);
        for (i, layer) in self.layers.iter().enumerate() {
            let Layer {
                weight_ih,
                weight_hh_raw,
                bias_ih,
                bias_hh,
            } = layer;
            let rnn = format!("{prefix}rnns.{i}");
            f(i + 1, &format!("{rnn}.weight_hh_l0_raw"), weight_hh_raw);
            f(i + 1, &format!("{rnn}.module.weight_ih_l0"), weight_ih);
            f(i + 1, &format!("{rnn}.module.bias_ih_l0"), bias_ih);
            f(i + 1, &format!("{rnn}.module.bias_hh_l0"), bias_hh);
        }
    }

    /// As [`Self::visit`], to change them.
    pub(super) fn visit_mut(&mut self, prefix: &str, f: &mut dyn FnMut(usize, &str, &mut Parameter)) {
        f(0, &format!("{prefix}encoder.weight"), &mut self.embedding);
        for (i, layer) in self.layers.iter_mut().enumerate() {
            let Layer {
                weight_ih,
                weight_hh_raw,
                bias_ih,
                bias_hh,
            } = layer;
            let rnn = format!("{prefix}rnns.{i}");
            f(i + 1, &format!("{rnn}.weight_hh_l0_raw"), weight_hh_raw);
            f(i + 1, &format!("{rnn}.module.weight_ih_l0"), weight_ih);
            f(i + 1, &format!("{rnn}.module.bias_ih_l0"), bias_ih);
            f(i + 1, &format!("{rnn}.module.bias_hh_l0"), bias_hh);
        }
    }
}
