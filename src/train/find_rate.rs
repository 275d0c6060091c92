//! The learning-rate finder (Smith 2017, as fastai runs it) for stage 2.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::Error;
use super::language_model::{Config, targets};
use super::optimiser::Optimiser;
use super::schedule::lr_finder::{LrCurve, LrFinder};
use crate::host::work::breathe;
use crate::model::dropout::Draw;
use crate::model::read_back::floats;
use crate::model::{LanguageModel, Network as _, Tokens};
use crate::text::batches::{LmBatchConfig, LmBatches, epoch_seed};
use crate::text::corpus::Corpus;

/// Trains a copy of `model` at rates that grow exponentially until the loss runs away; `model` itself is untouched. `heard` is
/// told how many steps are done before each, and may end it.
///
/// # Errors
/// When the device is lost, the corpus is too short, or `heard` ends it: [`Error::Stopped`].
pub async fn find_rate(
    model: &LanguageModel,
    corpus: &Corpus,
    config: &Config,
    finder: &LrFinder,
    heard: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<LrCurve, Error> {
    let mut model = model.clone();
    let layout = LmBatchConfig {
        batch: config.batch,
        bptt: config.bptt,
        ..LmBatchConfig::default()
    };
    let batches = LmBatches::new(Arc::new(corpus.clone()), layout, epoch_seed(config.seed, 0));
    if batches.is_empty() {
        return Err(Error::TooShort {
            tokens: corpus.tokens().len(),
        });
    }
    let mut optimiser = Optimiser::new(config.adam, config.weight_decay, config.clip);
    let multiples = config.rates.multiples(model.groups().len());
    let sampler = config.sampler(corpus.tokens(), model.arch().vocab);
    let mut states = model.encoder.zero_states(batches.batch());
    let mut curve = LrCurve::default();
    for i in 0..finder.steps {
        // Or else a worker of the page that computes on the processor hears of no stop.
        breathe().await;
        if heard(i).is_break() {
            return Err(Error::Stopped);
        }
        let window = batches.window(i % batches.len());
        let tokens = Tokens::new(window.inputs, window.time, window.batch);
        let rate = finder.rate(i);
        let rates: Vec<f64> = multiples.iter().map(|m| m * rate).collect();
        model.visit_mut(&mut |_, _, p| p.track(true));
        let draw = Draw {
            seed: config.seed,
            step: i as u64,
        };
        let masks = model.masks(draw, &config.dropouts, tokens.batch);
        let targets = targets(sampler.as_ref(), window.targets, draw);
        let (loss, next) = model.loss(&tokens, &targets, states, &masks, config.regularisation);
        states = next;
        let gradients = loss.total().backward();
        optimiser.step(&mut model, gradients, &rates, None, None).await?;
        let loss = floats(loss.cross_entropy.inner()).await;
        let loss = loss.map_err(Error::Device)?[0];
        if !curve.record(rate, f64::from(loss)) {
            break;
        }
    }
    Ok(curve)
}
