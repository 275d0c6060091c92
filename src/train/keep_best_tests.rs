//! The best epoch of a language model is kept, in a resumed run as in an uninterrupted one.

use burn::tensor::Device;
use futures_lite::future::block_on;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::Error;
use super::checkpoint::Checkpoint;
use super::evaluate::perplexity;
use super::language_model::{Config, train};
use super::monitor::{Evaluation, Monitor, Signal, Step};
use super::plan::Rates;
use crate::model::{Architecture, Dropouts, LanguageModel, Network as _};
use crate::text::corpus::Corpus;
use crate::train::defaults::adaptation;

/// Writes the losses down, and stops before step `stop_at` if there is one.
#[derive(Default)]
struct Watch {
    losses: Vec<f64>,
    steps: u64,
    stop_at: Option<u64>,
    saved: Option<Checkpoint>,
}

impl Monitor for Watch {
    fn step(&mut self, step: Step) {
        self.steps = step.step;
    }

    fn evaluation(&mut self, evaluation: Evaluation) {
        self.losses.push(evaluation.nll);
    }

    async fn signal(&mut self) -> Signal {
        match self.stop_at {
            Some(step) if self.steps >= step => Signal::Stop,
            _ => Signal::Continue,
        }
    }

    fn save(&mut self, checkpoint: Checkpoint) -> Result<(), Error> {
        self.saved = Some(checkpoint);
        Ok(())
    }
}

/// Random words: what is learnt of the one by heart is wrong for the other. Half of the words never occur, which is
/// worth learning, so that the loss falls before it rises.
fn corpora() -> (Corpus, Corpus) {
    let words = |seed: u64, count: usize| -> Vec<u32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| rng.random_range(0..12)).collect()
    };
    (
        Corpus::from_documents([words(1, 500)]),
        Corpus::from_documents([words(2, 200)]),
    )
}

fn start() -> (LanguageModel, Config) {
    let arch = Architecture {
        vocab: 24,
        embedding: 32,
        hidden: 64,
        layers: 2,
    };
    let mut config = adaptation(500, 3);
    (config.epochs, config.bptt, config.rate) = (30, 20, 1e-2);
    (config.rates, config.weight_decay, config.regularisation) = (Rates::Uniform, 0.0, (0.0, 0.0));
    config.dropouts = Dropouts::NONE;
    (config.report_every, config.keep_best) = (1, true);
    (LanguageModel::new(arch, 1, &Device::flex()), config)
}

fn weights(model: &LanguageModel) -> Vec<Vec<u32>> {
    let mut all = Vec::new();
    model.visit(&mut |_, _, p| {
        let data = p.constant().into_data().try_to_vec::<f32>().expect("floats");
        all.push(data.into_iter().map(f32::to_bits).collect());
    });
    all
}

#[test]
fn the_best_epoch_is_kept_and_survives_an_interruption() {
    let (corpus, valid) = corpora();
    let (model, config) = start();
    let mut whole = Watch::default();
    let trained = block_on(train(
        model.clone(),
        corpus.clone(),
        Some(&valid),
        &config,
        None,
        &mut whole,
    ))
    .expect("it trains");

    let best = whole.losses.iter().copied().fold(f64::INFINITY, f64::min);
    let last = *whole.losses.last().expect("losses");
    assert_eq!(whole.losses.len(), config.epochs + 1);
    assert!(best < last && best < whole.losses[0] - 0.05, "{:?}", whole.losses);
    let measured = block_on(perplexity(&trained, &valid, config.bptt))
        .expect("a loss")
        .nll;
    assert_eq!(measured.to_bits(), best.to_bits(), "{:?}", whole.losses);

    // Stopped long after the best epoch: only the checkpoint can know its weights.
    let mut first = Watch {
        stop_at: Some(whole.steps - 3),
        ..Watch::default()
    };
    let stopped = block_on(train(
        model.clone(),
        corpus.clone(),
        Some(&valid),
        &config,
        None,
        &mut first,
    ));
    assert!(matches!(stopped, Err(Error::Stopped)));
    let checkpoint = first.saved.expect("a checkpoint");
    let mut second = Watch::default();
    let resumed = train(
        model.clone(),
        corpus.clone(),
        Some(&valid),
        &config,
        Some(checkpoint),
        &mut second,
    );
    let resumed = block_on(resumed).expect("it resumes");
    assert!(
        weights(&resumed) == weights(&trained),
        "a resumed run ends elsewhere"
    );

    let config = Config {
        keep_best: false,
        ..config
    };
    let plain = block_on(train(
        model,
        corpus,
        Some(&valid),
        &config,
        None,
        &mut Watch::default(),
    ))
    .expect("it trains");
    let measured = block_on(perplexity(&plain, &valid, config.bptt))
        .expect("a loss")
        .nll;
    assert_eq!(measured.to_bits(), last.to_bits());
}
