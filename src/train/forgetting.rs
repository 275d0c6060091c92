//! How much general language a model has forgotten: its perplexity on a text of general language.
//!
//! A fine-tuned vocabulary holds that of the pretrained model and new words behind it. Only the old rows are asked, so
//! that the numbers compare whatever words were added.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::Tensor;

use super::Error;
use super::evaluate::nll_of;
use crate::model::dropout::Masks;
use crate::model::{AwdLstm, LanguageModel};
use crate::ops::linear_cross_entropy::negative_log_likelihood;
use crate::text::corpus::Corpus;

/// The part of a language model that guesses the next word: weights `[vocab, embedding]` and bias `[1, vocab]`, without
/// a graph.
#[derive(Clone, Debug)]
pub struct Decoder {
    weight: Tensor<2>,
    bias: Tensor<2>,
}

impl Decoder {
    /// That of `model`, for the first `vocab` words.
    pub fn of(model: &LanguageModel, vocab: usize) -> Self {
        let vocab = vocab.min(model.arch().vocab);
        let width = model.arch().embedding;
        Self {
            weight: model.encoder.embedding.constant().slice([0..vocab, 0..width]),
            bias: model.decoder_bias.constant().slice([0..1, 0..vocab]),
        }
    }
}

/// Streams that the text is read in: it is short, and its articles are independent.
const STREAMS: usize = 8;

/// Perplexity on `general` of an encoder under a decoder, whose vocabulary the text must be in.
///
/// # Errors
/// When the device is lost.
pub async fn perplexity(
    encoder: &AwdLstm,
    decoder: &Decoder,
    general: &Corpus,
    bptt: usize,
) -> Result<f64, Error> {
    let width = encoder.arch.embedding;
    let nll = nll_of(
        encoder,
        general,
        bptt,
        STREAMS,
        |tokens, targets: Arc<[u32]>, states| {
            let encoded = encoder.forward(tokens, states, &Masks::default());
            let rows = encoded.raw.inner().reshape([tokens.time * tokens.batch, width]);
            let nll = negative_log_likelihood(rows, decoder.weight.clone(), decoder.bias.clone(), targets);
            (nll, encoded.states)
        },
        &mut |_| ControlFlow::Continue(()),
    )
    .await?;
    Ok(nll.nll.exp())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::model::{Architecture, Parameter};

    const ARCH: Architecture = Architecture {
        vocab: 24,
        embedding: 6,
        hidden: 7,
        layers: 2,
    };

    fn corpus() -> Corpus {
        Corpus::from_documents([(0..400_u32).map(|i| (i * i + i / 7) % 16).collect::<Vec<_>>()])
    }

    fn measure(model: &LanguageModel, vocab: usize) -> f64 {
        let decoder = Decoder::of(model, vocab);
        futures_lite::future::block_on(perplexity(&model.encoder, &decoder, &corpus(), 10)).unwrap()
    }

    #[test]
    fn it_is_the_models_own_perplexity_over_its_whole_vocabulary() {
        let model = LanguageModel::new(ARCH, 5, &Device::default());
        let corpus = corpus();
        let own = super::super::evaluate::in_streams(&model, &corpus, 10, STREAMS);
        let own = futures_lite::future::block_on(own).unwrap().nll.exp();
        assert!((measure(&model, 24) / own - 1.0).abs() < 1e-5);
    }

    #[test]
    fn words_that_were_added_do_not_count_and_lost_knowledge_does() {
        let mut model = LanguageModel::new(ARCH, 5, &Device::default());
        let before = measure(&model, 16);
        // The words behind the first sixteen become likely: nobody is asked for them.
        let bias = (0..24).map(|i| if i < 16 { 0.0 } else { 9.0 }).collect();
        model.decoder_bias = Parameter::new(bias, &[24], &Device::default());
        assert!((measure(&model, 16) / before - 1.0).abs() < 1e-5);
        let bias = (0..24).map(|i| if i == 3 { 6.0 } else { 0.0 }).collect();
        model.decoder_bias = Parameter::new(bias, &[24], &Device::default());
        assert!(measure(&model, 16) > 2.0 * before);
    }
}
