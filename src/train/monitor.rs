//! What a training loop tells, and asks, whoever runs it.

use std::future::Future;

use super::Error;
use super::checkpoint::Checkpoint;
use super::measure::Norms;
use crate::model::{Classifier, LanguageModel};

/// One layer group at one step.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its learning rate by the schedule; 0 while frozen. A step of a language model is made at this times its length over the
    /// usual one, as in AWD-LSTM (Merity et al. 2017, section 4.1).
    pub rate: f64,
    /// Whether it does not train.
    pub frozen: bool,
    /// Its norms, where they were measured.
    pub norms: Option<Norms>,
}

impl Group {
    /// Every group, first to last, from the rate of each and whether it trains.
    pub(super) fn all(groups: impl Iterator<Item = (f64, bool)>, norms: Option<&[Norms]>) -> Vec<Self> {
        groups
            .enumerate()
            .map(|(g, (rate, trains))| Self {
                rate,
                frozen: !trains,
                norms: norms.and_then(|norms| norms.get(g).copied()),
            })
            .collect()
    }
}

/// One optimisation step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Steps done, this one included.
    pub step: u64,
    /// Steps of the whole stage.
    pub total: u64,
    /// Epoch, from 1.
    pub epoch: usize,
    /// Cross-entropy, nats.
    pub cross_entropy: f64,
    /// AR and TAR, of a language model.
    pub regularisation: Option<(f64, f64)>,
    /// Every layer group.
    pub groups: Vec<Group>,
    /// Tokens read since the loop was entered.
    pub tokens: u64,
}

/// What is due at a step.
pub(super) struct Due {
    /// Whether it is reported.
    pub report: bool,
    /// Whether its groups' norms are measured.
    pub measure: bool,
}

impl Due {
    /// At a step, from 1, that is watched alone (`single`) or not. What is measured is reported too, whichever steps the intervals
    /// of the two fall on; an interval of 0 measures never.
    pub fn of(step: u64, total: u64, (report_every, measure_every): (u64, u64), single: bool) -> Self {
        let measure = measure_every > 0 && (single || step % measure_every == 1 % measure_every);
        let in_turn = step.is_multiple_of(report_every.max(1)) || step == 1 || step == total;
        Self {
            report: in_turn || single || measure,
            measure,
        }
    }
}

/// A measurement on held-out texts.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation {
    /// Epoch, from 1; 0 is before training.
    pub epoch: usize,
    /// Mean negative log-likelihood, nats.
    pub nll: f64,
    /// Share of wrong labels, of a classifier.
    pub error: Option<f64>,
}

/// The model as it stands at the end of an epoch.
#[derive(Clone, Copy, Debug)]
pub enum Snapshot<'a> {
    /// Of stage 1 or 2.
    LanguageModel(&'a LanguageModel),
    /// Of stage 3.
    Classifier {
        /// The classifier.
        model: &'a Classifier,
        /// Whether training ends with this epoch, be it that the plan is at its end or that it stops early.
        is_last: bool,
    },
}

/// What to do before the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    Continue,
    /// Write a checkpoint, then go on.
    Save,
    /// Write a checkpoint, then end.
    Stop,
}

/// The other side of a training loop.
pub trait Monitor {
    /// A step was made.
    fn step(&mut self, step: Step);
    /// Whether the coming step has to be reported although its turn has not come: it is watched alone.
    fn single_step(&self) -> bool {
        false
    }
    /// Something was measured.
    fn evaluation(&mut self, evaluation: Evaluation);
    /// An epoch has ended, at `step` steps; epoch and step are 0 before the first of them. Training waits for what is
    /// made of it.
    ///
    /// # Errors
    /// When the device is lost.
    fn epoch(
        &mut self,
        _epoch: usize,
        _step: u64,
        _model: Snapshot<'_>,
    ) -> impl Future<Output = Result<(), Error>> {
        std::future::ready(Ok(()))
    }
    /// Asked before every step; does not return while training is paused.
    fn signal(&mut self) -> impl Future<Output = Signal>;
    /// Keeps a checkpoint.
    ///
    /// # Errors
    /// When it cannot be written; training ends then, rather than go on without a net.
    fn save(&mut self, checkpoint: Checkpoint) -> Result<(), Error>;
}
