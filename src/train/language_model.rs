//! Training a language model: stage 1 from scratch, stage 2 on the user's texts.

use std::sync::Arc;

use super::Error;
use super::checkpoint::{Array, Checkpoint, Position};
use super::evaluate::perplexity;
use super::measure::Origin;
use super::monitor::{Due, Evaluation, Group, Monitor, Snapshot, Step};
use super::optimiser::{Adam, Optimiser};
use super::pace::{Pace, read_loss};
use super::plan::Rates;
use super::schedule::Schedule;
use crate::model::awd_lstm::State;
use crate::model::dropout::Draw;
use crate::model::sampled_softmax::{Sampler, Targets};
use crate::model::{Dropouts, LanguageModel, Network as _, Tokens};
use crate::text::batches::{LmBatchConfig, LmBatches, epoch_seed};
use crate::text::corpus::Corpus;

/// How to train.
#[derive(Clone, Debug)]
pub struct Config {
    /// Passes over the corpus.
    pub epochs: usize,
    /// Parallel streams.
    pub batch: usize,
    /// Time steps of a window, on average.
    pub bptt: usize,
    /// Highest rate of the last layer group.
    pub rate: f64,
    /// The other groups' rates.
    pub rates: Rates,
    /// Over all iterations.
    pub schedule: Schedule,
    /// The optimiser's numbers.
    pub adam: Adam,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Largest gradient norm.
    pub clip: f64,
    /// Dropouts, scaled already.
    pub dropouts: Dropouts,
    /// Whether large vocabularies take part in a step as a sample only.
    pub sampled_softmax: bool,
    /// Coefficients of AR and TAR.
    pub regularisation: (f64, f64),
    /// Whether the weights of the epoch with the lowest validation loss are returned, the untrained ones among them,
    /// and not the last epoch's: a small corpus is soon known by heart. For a model that writes; the features of the last
    /// epoch make the better classifier.
    pub keep_best: bool,
    /// The run's seed.
    pub seed: u64,
    /// Ends the schedule after so many seconds of training: the rate then follows the clock where that is ahead of
    /// the steps, so such a run is not repeatable to the bit.
    pub max_seconds: Option<f64>,
    /// Steps between measurements of the groups' norms; 0 never measures.
    pub measure_every: u64,
    /// Steps between reports: each reads the loss back from the device.
    pub report_every: u64,
    /// Steps between checkpoints that nobody asked for; 0 writes none.
    pub save_every: u64,
}

impl Config {
    fn batches(&self, corpus: &Arc<Corpus>, epoch: usize) -> LmBatches<Arc<Corpus>> {
        let config = LmBatchConfig {
            batch: self.batch,
            bptt: self.bptt,
            ..LmBatchConfig::default()
        };
        LmBatches::new(corpus.clone(), config, epoch_seed(self.seed, epoch as u64))
    }

    /// What draws the words that take part in a step on a corpus of `tokens`, where not all of them do.
    pub fn sampler(&self, tokens: &[u32], vocab: usize) -> Option<Sampler> {
        self.sampled_softmax
            .then(|| Sampler::new(tokens, vocab))
            .flatten()
    }

    fn fingerprint(&self, corpus: &Corpus) -> String {
        let Self {
            epochs,
            batch,
            bptt,
            rate,
            seed,
            sampled_softmax,
            ..
        } = self;
        let targets = if *sampled_softmax {
            "a sample of the words"
        } else {
            "all words"
        };
        format!(
            "language model; {} tokens; {epochs} epochs; {batch} x {bptt}; rate {rate}; seed {seed}; {targets} in each step",
            corpus.tokens().len()
        )
    }
}

/// Fine-tunes (or, from fresh weights, trains) `model` on `corpus`.
///
/// The validation loss on `valid` is measured before the first epoch and after each. Returns the trained model, or with
/// [`Config::keep_best`] the best of those that were measured.
///
/// # Errors
/// Divergence, a lost device, a checkpoint that does not fit, or [`Error::Stopped`].
pub async fn train<M: Monitor>(
    mut model: LanguageModel,
    corpus: Corpus,
    valid: Option<&Corpus>,
    config: &Config,
    resume: Option<Checkpoint>,
    monitor: &mut M,
) -> Result<LanguageModel, Error> {
    let tokens = corpus.tokens().len();
    let corpus = Arc::new(corpus);
    let lengths: Vec<usize> = (0..config.epochs)
        .map(|e| config.batches(&corpus, e).len())
        .collect();
    let total: usize = lengths.iter().sum();
    if total == 0 {
        return Err(Error::TooShort { tokens });
    }
    let sampler = config.sampler(corpus.tokens(), model.arch().vocab);
    let group_count = model.groups().len();
    let multiples = config.rates.multiples(group_count);
    let mut optimiser = Optimiser::new(config.adam, config.weight_decay, config.clip);
    let mut at = Position {
        fingerprint: config.fingerprint(&corpus),
        ..Position::default()
    };
    let origin = (config.measure_every > 0).then(|| Origin::of(&model));
    let mut states: Option<Vec<State>> = None;
    let mut best: Option<Best> = None;
    if let Some(checkpoint) = &resume {
        checkpoint.check(&at.fingerprint)?;
        at = checkpoint.position.clone();
        checkpoint.load_network(&mut model)?;
        optimiser.load(checkpoint, &model)?;
        states = load_states(checkpoint, &model)?;
        best = Best::load(checkpoint, &model)?;
    } else if let Some(valid) = valid {
        let nll = perplexity(&model, valid, config.bptt).await?.nll;
        if config.keep_best {
            Best::update(&mut best, nll, &model);
        }
        monitor.evaluation(Evaluation {
            epoch: 0,
            nll,
            error: None,
        });
    }
    if resume.is_none() {
        monitor.epoch(0, 0, Snapshot::LanguageModel(&model)).await?;
    }
    drop(resume);

    let mut seen = 0;
    let mut pace = Pace::new(&at, config.save_every);
    'epochs: for epoch in at.epoch..config.epochs {
        let batches = config.batches(&corpus, epoch);
        let mut carried = states
            .take()
            .unwrap_or_else(|| model.encoder.zero_states(batches.batch()));
        let first = if epoch == at.epoch { at.batch } else { 0 };
        for index in first..batches.len() {
            let here = |seconds| {
                let position = Position {
                    epoch,
                    batch: index,
                    seconds,
                    ..at.clone()
                };
                checkpoint(&model, &optimiser, best.as_ref(), &carried, position)
            };
            pace.before_step(monitor, at.step, here).await?;
            // A run with a time limit is at whichever point of its schedule the clock or the steps have reached.
            let by_clock = config.max_seconds.map_or(0.0, |limit| pace.seconds() / limit);
            if by_clock >= 1.0 {
                break 'epochs;
            }
            let t = (at.step as usize).max((by_clock * total as f64) as usize);
            let window = batches.window(index);
            let tokens = Tokens::new(window.inputs, window.time, window.batch);
            // What is told is the schedule's rate. A step takes more or less of that by its length, which is drawn: the curve would
            // be a saw.
            let told = config.rate * config.schedule.rate(t, total);
            let rate = told * f64::from(window.rate_scale);
            let rates: Vec<f64> = multiples.iter().map(|m| m * rate).collect();

            model.visit_mut(&mut |_, _, p| p.track(true));
            let draw = Draw {
                seed: config.seed,
                step: at.step,
            };
            let masks = model.masks(draw, &config.dropouts, tokens.batch);
            let targets = targets(sampler.as_ref(), window.targets, draw);
            let (loss, next) = model.loss(&tokens, &targets, carried, &masks, config.regularisation);
            carried = next;
            let gradients = loss.total().backward();
            at.step += 1;
            seen += (tokens.time * tokens.batch) as u64;
            let single = monitor.single_step();
            let intervals = (config.report_every, config.measure_every);
            let Due { report, measure } = Due::of(at.step, total as u64, intervals, single);
            let measure = origin.as_ref().filter(|_| measure);
            let momentum = config.schedule.momentum(t, total);
            let norms = optimiser
                .step(&mut model, gradients, &rates, momentum, measure)
                .await?;
            if report {
                let terms = [loss.cross_entropy, loss.ar, loss.tar];
                let [cross_entropy, ar, tar] = read_loss(terms, at.step, config.rate).await?;
                let groups = multiples.iter().map(|multiple| (multiple * told, true));
                monitor.step(Step {
                    step: at.step,
                    total: total as u64,
                    epoch: epoch + 1,
                    cross_entropy,
                    regularisation: Some((ar, tar)),
                    groups: Group::all(groups, norms.as_deref()),
                    tokens: seen,
                });
            }
        }
        let now = model.frozen();
        if let Some(valid) = valid {
            let nll = perplexity(&now, valid, config.bptt).await?.nll;
            if config.keep_best {
                Best::update(&mut best, nll, &now);
            }
            monitor.evaluation(Evaluation {
                epoch: epoch + 1,
                nll,
                error: None,
            });
        }
        monitor
            .epoch(epoch + 1, at.step, Snapshot::LanguageModel(&now))
            .await?;
    }
    Ok(match best {
        Some(best) => best.model,
        None => model.frozen(),
    })
}

/// What a step predicts: among all words, or among those that are drawn for it.
pub fn targets(sampler: Option<&Sampler>, ids: Vec<u32>, draw: Draw) -> Targets {
    match sampler {
        Some(sampler) => Targets::Sampled(sampler.draw(&ids, draw)),
        None => Targets::All(ids.into()),
    }
}

/// The weights with the lowest validation loss so far.
struct Best {
    /// As precise as a checkpoint keeps it, so that a resumed run decides as an uninterrupted one.
    nll: f32,
    model: LanguageModel,
}

impl Best {
    fn update(best: &mut Option<Self>, nll: f64, model: &LanguageModel) {
        let nll = nll as f32;
        // A model that has diverged is never the best; of two equals the earlier one is.
        if nll.is_finite() && best.as_ref().is_none_or(|best| nll < best.nll) {
            let model = model.frozen();
            *best = Some(Self { nll, model });
        }
    }

    async fn save(&self, checkpoint: &mut Checkpoint) -> Result<(), Error> {
        let mut kept = Checkpoint::default();
        kept.put_network(&self.model).await?;
        let (shape, values) = (vec![1], vec![self.nll]);
        kept.arrays.insert("nll".into(), Array { shape, values });
        checkpoint.nest("best.", kept);
        Ok(())
    }

    fn load(checkpoint: &Checkpoint, model: &LanguageModel) -> Result<Option<Self>, Error> {
        let kept = checkpoint.nested("best.");
        let Some(&nll) = kept.arrays.get("nll").and_then(|array| array.values.first()) else {
            return Ok(None);
        };
        let mut model = model.clone();
        kept.load_network(&mut model)?;
        Ok(Some(Self { nll, model }))
    }
}

async fn checkpoint(
    model: &LanguageModel,
    optimiser: &Optimiser,
    best: Option<&Best>,
    states: &[State],
    position: Position,
) -> Result<Checkpoint, Error> {
    let mut checkpoint = Checkpoint {
        position,
        ..Checkpoint::default()
    };
    checkpoint.put_network(model).await?;
    optimiser.save(&mut checkpoint).await?;
    if let Some(best) = best {
        best.save(&mut checkpoint).await?;
    }
    for (i, state) in states.iter().enumerate() {
        checkpoint.put(format!("state.{i}.h"), state.h.clone()).await?;
        checkpoint.put(format!("state.{i}.c"), state.c.clone()).await?;
    }
    Ok(checkpoint)
}

fn load_states(checkpoint: &Checkpoint, model: &LanguageModel) -> Result<Option<Vec<State>>, Error> {
    if !checkpoint.arrays.contains_key("state.0.h") {
        return Ok(None);
    }
    let device = model.decoder_bias.constant().device();
    let state = |i: usize| -> Result<State, Error> {
        Ok(State {
            h: checkpoint.get(&format!("state.{i}.h"), &device)?,
            c: checkpoint.get(&format!("state.{i}.c"), &device)?,
        })
    };
    (0..model.arch().layers)
        .map(state)
        .collect::<Result<Vec<_>, _>>()
        .map(Some)
}
