//! Measuring models without training them.
//!
//! On a processor no device is waited for, so each loop gives way by itself: a worker of the page hears of a stop only then.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use super::Error;
use crate::gpu::caps::DeviceCaps;
use crate::host::work::breathe;
use crate::model::awd_lstm::State;
use crate::model::classifier::Chunking;
use crate::model::{Architecture, AwdLstm, Classifier, LanguageModel, Network as _, Tokens, read_back};
use crate::ops::reading::{self, Pooling, Reader};
use crate::text::batches::{DocBatch, LmBatchConfig, LmBatches, Order, plan};
use crate::text::corpus::Corpus;

/// A language model's loss on texts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Nll {
    /// Mean negative log-likelihood of a token, nats.
    pub nll: f64,
    /// Tokens that were predicted.
    pub predictions: usize,
}

async fn floats<const D: usize>(t: Tensor<D>) -> Result<Vec<f32>, Error> {
    read_back::floats(t.inner()).await.map_err(Error::Device)
}

/// Streams that a corpus is read in for validation: enough for speed, few enough that cut contexts do not matter.
const STREAMS: usize = 32;

/// Loss on running text: the documents end to end, in 32 streams where there is enough text.
///
/// # Errors
/// When the device is lost.
pub async fn perplexity(model: &LanguageModel, corpus: &Corpus, bptt: usize) -> Result<Nll, Error> {
    let streams = (corpus.tokens().len() / (20 * bptt.max(1))).clamp(1, STREAMS);
    stream_nll(model, corpus, bptt, streams, &mut |_| ControlFlow::Continue(())).await
}

/// Hears how many tokens are predicted, and may break off.
pub type Progress<'a> = &'a mut dyn FnMut(usize) -> ControlFlow<()>;

/// Loss on running text as a single stream from a zero state: every token but the first is predicted.
///
/// # Errors
/// When the device is lost, and [`Error::Stopped`] when `progress` breaks off.
pub async fn single_stream_nll(
    model: &LanguageModel,
    corpus: &Corpus,
    bptt: usize,
    progress: Progress<'_>,
) -> Result<Nll, Error> {
    stream_nll(model, corpus, bptt, 1, progress).await
}

async fn stream_nll(
    model: &LanguageModel,
    corpus: &Corpus,
    bptt: usize,
    streams: usize,
    progress: Progress<'_>,
) -> Result<Nll, Error> {
    let model = model.frozen();
    nll_of(
        &model.encoder,
        corpus,
        bptt,
        streams,
        |tokens, targets, states| model.nll(tokens, targets, states),
        progress,
    )
    .await
}

/// As [`perplexity`], in so many streams.
#[cfg(test)]
pub(super) async fn in_streams(
    model: &LanguageModel,
    corpus: &Corpus,
    bptt: usize,
    streams: usize,
) -> Result<Nll, Error> {
    stream_nll(model, corpus, bptt, streams, &mut |_| ControlFlow::Continue(())).await
}

/// Loss on running text of whatever tells the loss of a window's targets and the states after it.
pub(super) async fn nll_of(
    encoder: &AwdLstm,
    corpus: &Corpus,
    bptt: usize,
    streams: usize,
    nll_of_window: impl Fn(&Tokens, Arc<[u32]>, Vec<State>) -> (Tensor<1>, Vec<State>),
    progress: Progress<'_>,
) -> Result<Nll, Error> {
    let config = LmBatchConfig {
        batch: streams,
        bptt,
        variable: false,
        bucket: 1,
        shuffle: false,
    };
    let batches = LmBatches::new(corpus, config, 0);
    let mut states = encoder.zero_states(batches.batch());
    let (mut sum, mut predictions) = (0.0, 0);
    for index in 0..batches.len() {
        breathe().await;
        let window = batches.window(index);
        let tokens = Tokens::new(window.inputs, window.time, window.batch);
        let (nll, next) = nll_of_window(&tokens, window.targets.into(), states);
        states = next;
        sum += floats(nll).await?.iter().map(|&x| f64::from(x)).sum::<f64>();
        predictions += window.time * window.batch;
        if progress(predictions).is_break() {
            return Err(Error::Stopped);
        }
    }
    Ok(Nll {
        nll: if predictions > 0 {
            sum / predictions as f64
        } else {
            0.0
        },
        predictions,
    })
}

/// Most tokens of a padded batch that is not trained on.
const TOKEN_BUDGET: usize = 64 * 1024;

/// Loss on documents, each from a zero state: every token but a document's first is predicted.
///
/// # Errors
/// When the device is lost, and [`Error::Stopped`] when `progress` breaks off.
pub async fn document_nll(
    model: &LanguageModel,
    documents: &[&[u32]],
    batch: usize,
    bptt: usize,
    progress: Progress<'_>,
) -> Result<Nll, Error> {
    let model = model.frozen();
    let lengths: Vec<usize> = documents.iter().map(|d| d.len()).collect();
    let (mut sum, mut predictions) = (0.0, 0);
    for rows in plan(&lengths, batch, TOKEN_BUDGET, Order::Sorted) {
        let docs: Vec<&[u32]> = rows.iter().map(|&r| documents[r]).collect();
        let padded = DocBatch::new(&docs, 1);
        let mut states = model.encoder.zero_states(padded.batch);
        let tokens = Tokens::new(padded.tokens, padded.time, padded.batch);
        for start in (0..tokens.time.saturating_sub(1)).step_by(bptt.max(1)) {
            breathe().await;
            let count = bptt.min(tokens.time - 1 - start);
            let targets = tokens.steps(start + 1, count);
            let (nll, next) = model.nll(&tokens.steps(start, count), targets.ids, states);
            states = next;
            let nll = floats(nll).await?;
            for t in 0..count {
                for (b, doc) in docs.iter().enumerate() {
                    if start + t + 1 < doc.len() {
                        sum += f64::from(nll[t * tokens.batch + b]);
                        predictions += 1;
                    }
                }
            }
            if progress(predictions).is_break() {
                return Err(Error::Stopped);
            }
        }
    }
    Ok(Nll {
        nll: if predictions > 0 {
            sum / predictions as f64
        } else {
            0.0
        },
        predictions,
    })
}

/// The most of `batch` rows of which the widest layer's gates, `[steps, rows, 4 H]`, fit into one binding of so many bytes.
fn rows_within(binding: u64, arch: &Architecture, steps: usize, batch: usize) -> usize {
    let gates = 4 * arch.hidden.max(arch.embedding) * steps;
    let row = (gates * size_of::<f32>()).max(1) as u64;
    usize::try_from(binding / row).map_or(batch, |rows| batch.min(rows.max(1)))
}

/// Probabilities `[documents][classes]`; `progress` hears how many documents are done and may break off. `reader` is the
/// model's own encoder, where [`AwdLstm::reader`] gives one; without it documents go through in batches.
///
/// # Errors
/// When the device is lost, and [`Error::Stopped`] when `progress` breaks off.
pub async fn classify(
    model: &Classifier,
    reader: Option<&Reader>,
    documents: &[&[u32]],
    batch: usize,
    chunking: Chunking,
    progress: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Vec<Vec<f64>>, Error> {
    let mut all = vec![Vec::new(); documents.len()];
    let mut done = 0;
    let mut keep = |rows: Vec<usize>, values: Vec<f32>| {
        for (row, probabilities) in rows.iter().zip(values.chunks_exact(model.classes)) {
            all[*row] = probabilities.iter().map(|&p| f64::from(p)).collect();
        }
        done += rows.len();
        match progress(done) {
            ControlFlow::Break(()) => Err(Error::Stopped),
            ControlFlow::Continue(()) => Ok(()),
        }
    };
    if let Some(reader) = reader {
        let max_len = chunking.max_len;
        let pooling = match model.pooling {
            crate::model::Pooling::Concat => Pooling::Concat { max_len },
            crate::model::Pooling::Deep => Pooling::Deep { max_len },
        };
        let device = model.encoder.embedding.constant().device();
        for rows in reading::parts(reader, documents) {
            breathe().await;
            let docs: Vec<&[u32]> = rows.iter().map(|&r| documents[r]).collect();
            let shape = [docs.len(), reader.pooled_width(pooling)];
            let pooled = TensorData::new(reader.read(&docs, pooling), shape);
            let values = floats(model.probabilities_of(Tensor::from_data(pooled, &device))).await?;
            keep(rows, values)?;
        }
        return Ok(all);
    }
    let lengths: Vec<usize> = documents.iter().map(|d| d.len()).collect();
    let device = model.encoder.embedding.constant().device();
    let batch = DeviceCaps::of_device(&device).map_or(batch, |caps| {
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let steps = chunking.bptt.min(longest);
        rows_within(caps.binding, &model.encoder.arch, steps, batch)
    });
    for rows in plan(&lengths, batch, TOKEN_BUDGET, Order::Sorted) {
        breathe().await;
        let docs: Vec<&[u32]> = rows.iter().map(|&r| documents[r]).collect();
        let padded = DocBatch::new(&docs, 1);
        let tokens = Tokens::new(padded.tokens, padded.time, padded.batch);
        let values = floats(model.probabilities(&tokens, &padded.lengths, chunking)).await?;
        keep(rows, values)?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use futures_lite::future::block_on;

    use super::*;

    const fn arch(hidden: usize) -> Architecture {
        Architecture {
            vocab: 12,
            embedding: 4,
            hidden,
            layers: 2,
        }
    }

    /// Beside one long text, a batch of short ones would be nothing but padding.
    #[test]
    fn a_long_document_is_not_padded_to_by_all_others() {
        let model = LanguageModel::new(arch(5), 1, &Device::flex());
        let long: Vec<u32> = (0..3_000).map(|i| i * i % 12).collect();
        let mut documents: Vec<&[u32]> = vec![&long[..5]; 39];
        documents.push(&long);
        let mut heard = Vec::new();
        let mut progress = |predictions| {
            heard.push(predictions);
            ControlFlow::Continue(())
        };
        let measured = block_on(document_nll(&model, &documents, 40, 1_000, &mut progress)).unwrap();
        // 40 rows of 3,000 tokens are above the budget: the long one's three windows, and one of those that are left.
        assert_eq!(heard.len(), 4, "{heard:?}");
        assert_eq!((measured.predictions, heard[3]), (39 * 4 + 2_999, 39 * 4 + 2_999));
        let alone = |document: &[u32]| {
            let mut go_on = |_| ControlFlow::Continue(());
            block_on(document_nll(&model, &[document], 1, 1_000, &mut go_on)).unwrap()
        };
        let sum = |nll: Nll| nll.nll * nll.predictions as f64;
        let together = sum(alone(&long)) + 39.0 * sum(alone(&long[..5]));
        assert!((sum(measured) / together - 1.0).abs() < 1e-4);
    }

    #[test]
    fn the_gates_of_a_batch_fit_into_the_binding_that_every_adapter_has() {
        let floor = DeviceCaps::FLOOR.binding;
        let rows = |hidden, batch| rows_within(floor, &arch(hidden), 70, batch);
        assert_eq!([rows(512, 64), rows(512, 401)], [64, 234]);
        assert_eq!([rows(1_152, 64), rows(1_152, 256)], [64, 104]);
        // Short texts are one window that is as short; of what no row fits into, one is tried.
        assert_eq!(rows_within(floor, &arch(512), 7, 401), 401);
        assert_eq!(rows_within(1_000, &arch(512), 70, 401), 1);
    }
}
