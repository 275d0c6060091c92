//! The language model: the encoder and a decoder tied to its embedding.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::awd_lstm::{AwdLstm, State, Tokens};
use super::config::{Architecture, Dropouts};
use super::dropout::{Draw, Masks, apply};
use super::parameter::{Network, Parameter};
use super::regularisation::{activation, temporal_activation};
use super::sampled_softmax::Targets;
use crate::ops::embedding::{Rows, embedding};
use crate::ops::linear_cross_entropy::{linear_cross_entropy, negative_log_likelihood};

/// An AWD-LSTM language model.
#[derive(Clone, Debug)]
pub struct LanguageModel {
    /// The encoder, whose embedding is the decoder's weight.
    pub encoder: AwdLstm,
    /// `[vocab]`
    pub decoder_bias: Parameter,
}

/// The terms of the training loss, each `[1]`, in nats.
pub struct Loss {
    /// Mean cross-entropy of the next token; among candidates, an estimate of it.
    pub cross_entropy: Tensor<1>,
    /// Activation regularisation.
    pub ar: Tensor<1>,
    /// Temporal activation regularisation.
    pub tar: Tensor<1>,
}

impl Loss {
    /// What is differentiated.
    pub fn total(&self) -> Tensor<1> {
        self.cross_entropy.clone() + self.ar.clone() + self.tar.clone()
    }
}

impl LanguageModel {
    /// Fresh weights; the decoder's bias starts at zero.
    pub fn new(arch: Architecture, seed: u64, device: &Device) -> Self {
        let decoder_bias = Parameter::new(vec![0.0; arch.vocab], &[arch.vocab], device);
        Self {
            encoder: AwdLstm::new(arch, seed, device),
            decoder_bias,
        }
    }

    /// Starts the decoder's bias at the logarithm of each token's share of the corpus, of which `tokens` are all.
    ///
    /// From zero, training first learns the words' frequencies by driving the last layer into saturation, where hardly
    /// any gradient passes, and sits on that plateau for hundreds of steps. The paper's code pretrains long enough not
    /// to care.
    pub fn start_from_frequencies(&mut self, tokens: &[u32]) {
        let vocab = self.arch().vocab;
        let mut counts = vec![1.0f64; vocab];
        for &token in tokens {
            counts[token as usize] += 1.0;
        }
        let total: f64 = counts.iter().sum();
        let bias = counts.iter().map(|c| (c / total).ln() as f32).collect();
        self.decoder_bias = Parameter::new(bias, &[vocab], &self.decoder_bias.constant().device());
    }

    /// Sizes.
    pub fn arch(&self) -> &Architecture {
        &self.encoder.arch
    }

    /// Draws a window's masks.
    pub fn masks(&self, draw: Draw, dropouts: &Dropouts, batch: usize) -> Masks {
        let device = self.decoder_bias.constant().device();
        draw.masks(self.arch(), dropouts, batch, &device)
    }

    /// Loss of predicting `targets [time, batch]` after `tokens`, and the states after the window.
    pub fn loss(
        &self,
        tokens: &Tokens,
        targets: &Targets,
        states: Vec<State>,
        masks: &Masks,
        (alpha, beta): (f64, f64),
    ) -> (Loss, Vec<State>) {
        let encoded = self.encoder.forward(tokens, states, masks);
        let dropped = apply(encoded.raw.clone(), masks.output.as_ref());
        let rows = dropped
            .clone()
            .reshape([tokens.time * tokens.batch, self.arch().embedding]);
        let loss = Loss {
            cross_entropy: self.cross_entropy(rows, targets),
            ar: activation(dropped, alpha),
            tar: temporal_activation(encoded.raw, beta),
        };
        (loss, encoded.states)
    }

    /// Mean cross-entropy of `targets` from the last layer's outputs `[time * batch, embedding]`.
    fn cross_entropy(&self, rows: Tensor<2>, targets: &Targets) -> Tensor<1> {
        let (weight, bias) = (self.encoder.embedding.value(), self.decoder_bias.value());
        match targets {
            Targets::All(ids) => linear_cross_entropy(rows, weight, bias, ids.clone()),
            Targets::Sampled(candidates) => {
                let device = bias.device();
                let words = Rows {
                    ids: candidates.ids.clone(),
                    scale: None,
                };
                let weight = embedding(weight, words);
                let bias = bias.select(1, candidates.rows(&device)) + candidates.correction(&device);
                linear_cross_entropy(rows, weight, bias, candidates.targets.clone()) + candidates.offset()
            }
        }
    }

    /// Negative log-likelihood of every target, `[time * batch]`, without dropout or a graph.
    pub fn nll(&self, tokens: &Tokens, targets: Arc<[u32]>, states: Vec<State>) -> (Tensor<1>, Vec<State>) {
        let encoded = self.encoder.forward(tokens, states, &Masks::default());
        let rows = encoded
            .raw
            .inner()
            .reshape([tokens.time * tokens.batch, self.arch().embedding]);
        let weight = self.encoder.embedding.constant();
        (
            negative_log_likelihood(rows, weight, self.decoder_bias.constant(), targets),
            encoded.states,
        )
    }

    /// Logits `[batch, vocab]` of the token after the window's last.
    pub fn next_logits(&self, tokens: &Tokens, states: Vec<State>) -> (Tensor<2>, Vec<State>) {
        let encoded = self.encoder.forward(tokens, states, &Masks::default());
        let width = self.arch().embedding;
        let last = encoded
            .raw
            .inner()
            .slice([tokens.time - 1..tokens.time])
            .reshape([tokens.batch, width]);
        (
            last.matmul(self.encoder.embedding.constant().transpose()) + self.decoder_bias.constant(),
            encoded.states,
        )
    }
}

impl Network for LanguageModel {
    /// fastai's groups: the layers from the input on, then embedding and decoder, which are one matrix.
    fn groups(&self) -> Vec<String> {
        let layers = (1..=self.arch().layers).map(|i| format!("LSTM {i}"));
        layers.chain(["embedding and decoder".to_string()]).collect()
    }

    fn visit(&self, f: &mut dyn FnMut(usize, &str, &Parameter)) {
        let last = self.arch().layers;
        self.encoder.visit("0.", &mut |part, name, p| {
            f(if part == 0 { last } else { part - 1 }, name, p)
        });
        f(last, "1.decoder.bias", &self.decoder_bias);
    }

    fn visit_mut(&mut self, f: &mut dyn FnMut(usize, &str, &mut Parameter)) {
        let last = self.arch().layers;
        self.encoder.visit_mut("0.", &mut |part, name, p| {
            f(if part == 0 { last } else { part - 1 }, name, p)
        });
        f(last, "1.decoder.bias", &mut self.decoder_bias);
    }
}
