//! One stage of a run: what was measured while it went on.

use serde::{Deserialize, Serialize};

use super::series::{Changes, Series};
use crate::session::protocol::{GroupStep, Prediction};

/// What a stage is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Stage 2 of the paper: the language model reads the texts.
    Adapt,
    /// A classifier that is trained to be measured: a fold, or all but a hold-out.
    Estimate,
    /// Stage 3 of the paper: the classifier that is kept.
    Train,
    /// Anything else: reading, tokenising, classifying.
    Other,
}

/// The name of what a stage does, without the direction that it reads in, where that is backward.
pub fn read_backward(name: &str) -> Option<&str> {
    name.strip_suffix(" backward")
}

impl Kind {
    /// Of a stage with this name.
    pub fn of(name: &str) -> Self {
        match read_backward(name).unwrap_or(name) {
            "adapt" => Self::Adapt,
            "train" => Self::Train,
            other if other.starts_with("train ") => Self::Estimate,
            _ => Self::Other,
        }
    }
}

/// A layer group over the steps of a stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Learning rate; 0 while frozen.
    pub rate: Series,
    /// Whether it does not train.
    pub frozen: Changes<bool>,
    /// L2 norm of its weights.
    pub weight_norm: Series,
    /// L2 norm of its gradient before clipping.
    pub gradient_norm: Series,
    /// L2 norm of a step's change over that of the weights.
    pub update_ratio: Series,
    /// L2 distance from the pretrained weights over their norm; of the head from its first weights.
    pub moved: Series,
}

/// A measurement on texts that were not trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Epoch, from 1; 0 is before training.
    pub epoch: usize,
    /// Steps done.
    pub step: u64,
    /// Mean negative log-likelihood, nats.
    pub nll: f64,
    /// e to the `nll`, of a language model.
    pub perplexity: Option<f64>,
    /// Share of wrong labels, of a classifier.
    pub error: Option<f64>,
}

/// What the classifier said of the watched texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Steps done.
    pub step: u64,
    /// A prediction for each text.
    pub predictions: Vec<Prediction>,
}

/// One stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// What is counted: `steps`, `texts`, `bytes`.
    pub unit: String,
    /// Steps or items to do; 0 where it is not known.
    pub total: u64,
    /// Done so far.
    pub done: u64,
    /// First to last; empty where the stage does not train.
    pub groups: Vec<Group>,
    /// What was differentiated, nats.
    pub loss: Series,
    /// Cross-entropy alone.
    pub cross_entropy: Series,
    /// Activation regularisation.
    pub ar: Series,
    /// Temporal activation regularisation.
    pub tar: Series,
    /// The epoch, from 1, by its first step.
    pub epochs: Changes<usize>,
    /// By epoch.
    pub measured: Vec<Measured>,
    /// Perplexity on general text.
    pub forgetting: Series,
    /// That of the pretrained model.
    pub pretrained: Option<f64>,
    /// The labels of `said`.
    pub labels: Vec<String>,
    /// By epoch.
    pub said: Vec<Said>,
    /// Tokens a second where it trains, items a second otherwise.
    pub per_second: f64,
    /// Seconds left in this stage.
    pub seconds_left: Option<f64>,
    /// How long it took, once it ended.
    pub seconds: Option<f64>,
}

/// A run of many layers has few groups and few epochs; what exceeds these is no run of ours.
const MOST_GROUPS: usize = 64;
const MOST_EPOCHS: usize = 4096;

/// The numbers of one step.
pub(super) struct Step<'a> {
    pub step: u64,
    pub total: u64,
    pub epoch: usize,
    pub loss: f64,
    pub cross_entropy: f64,
    pub ar: Option<f64>,
    pub tar: Option<f64>,
    pub groups: &'a [GroupStep],
}

impl Stage {
    pub(in crate::ui) fn new(name: &str) -> Self {
        Self {
            name: name.to_string(),
            kind: Kind::of(name),
            unit: String::new(),
            total: 0,
            done: 0,
            groups: Vec::new(),
            loss: Series::default(),
            cross_entropy: Series::default(),
            ar: Series::default(),
            tar: Series::default(),
            epochs: Changes::default(),
            measured: Vec::new(),
            forgetting: Series::default(),
            pretrained: None,
            labels: Vec::new(),
            said: Vec::new(),
            per_second: 0.0,
            seconds_left: None,
            seconds: None,
        }
    }

    /// Whether it trains.
    pub fn trains(&self) -> bool {
        !self.groups.is_empty()
    }

    pub(super) fn name_groups(&mut self, names: &[String]) {
        for (i, name) in names.iter().take(MOST_GROUPS).enumerate() {
            match self.groups.get_mut(i) {
                Some(group) => group.name.clone_from(name),
                None => self.groups.push(Group {
                    name: name.clone(),
                    ..Group::default()
                }),
            }
        }
    }

    pub(super) fn step(&mut self, s: &Step<'_>) {
        self.done = s.step;
        self.total = s.total;
        self.epochs.push(s.step, s.epoch);
        self.loss.push(s.step, s.loss);
        self.cross_entropy.push(s.step, s.cross_entropy);
        for (series, value) in [(&mut self.ar, s.ar), (&mut self.tar, s.tar)] {
            if let Some(value) = value {
                series.push(s.step, value);
            }
        }
        // Measurements of an interrupted attempt that this step repeats.
        self.measured.retain(|m| m.step < s.step);
        self.said.retain(|m| m.step < s.step);
        for (i, now) in s.groups.iter().take(MOST_GROUPS).enumerate() {
            if i == self.groups.len() {
                self.groups.push(Group {
                    name: format!("group {}", i + 1),
                    ..Group::default()
                });
            }
            let Some(group) = self.groups.get_mut(i) else {
                break;
            };
            group.rate.push(s.step, now.rate);
            group.frozen.push(s.step, now.frozen);
            let ratio = now.update_norm.zip(now.weight_norm).map(|(u, w)| u / w);
            for (series, value) in [
                (&mut group.weight_norm, now.weight_norm),
                (&mut group.gradient_norm, now.gradient_norm),
                (&mut group.update_ratio, ratio),
                (&mut group.moved, now.moved),
            ] {
                if let Some(value) = value {
                    series.push(s.step, value);
                }
            }
        }
    }

    pub(super) fn measure(&mut self, mut m: Measured) {
        // What is not finite cannot be drawn, nor written as JSON.
        m.perplexity = m.perplexity.filter(|p| p.is_finite());
        m.error = m.error.filter(|e| e.is_finite());
        if m.nll.is_finite() && self.measured.len() < MOST_EPOCHS {
            self.measured.push(m);
        }
    }

    pub(super) fn pace(&mut self, per_second: f64, seconds_left: Option<f64>) {
        self.per_second = if per_second.is_finite() { per_second } else { 0.0 };
        self.seconds_left = seconds_left.filter(|s| s.is_finite());
    }

    pub(super) fn say(&mut self, said: Said) {
        let mut numbers = said.predictions.iter().flat_map(|p| &p.probabilities);
        if numbers.all(|p| p.is_finite()) && self.said.len() < MOST_EPOCHS {
            self.said.push(said);
        }
    }

    /// The measurement until `step` of the epoch whose weights a method that stops early keeps: the lowest loss, as precise as
    /// the trainer compares it, of equals the first. It need not be the lowest error.
    pub fn kept(&self, step: u64) -> Option<&Measured> {
        let until = self.measured.iter().filter(|m| m.step <= step);
        until.min_by(|a, b| (a.nll as f32).total_cmp(&(b.nll as f32)))
    }

    /// The last measurement until `step`.
    pub fn measured_at(&self, step: u64) -> Option<&Measured> {
        self.measured.iter().rev().find(|m| m.step <= step)
    }

    /// What was said of the watched texts at `step`, and an epoch before.
    pub fn said_at(&self, step: u64) -> Option<(&Said, Option<&Said>)> {
        let mut until = self.said.iter().rev().filter(|s| s.step <= step);
        Some((until.next()?, until.next()))
    }

    /// A layer group at a step: rate, frozen, update ratio, moved.
    pub fn group_at(&self, group: usize, step: u64) -> Option<GroupMoment> {
        let group = self.groups.get(group)?;
        Some(GroupMoment {
            rate: group.rate.at(step)?,
            frozen: group.frozen.at(step).unwrap_or(false),
            update_ratio: group.update_ratio.at(step),
            moved: group.moved.at(step),
        })
    }
}

/// A layer group at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupMoment {
    /// Learning rate; 0 while frozen.
    pub rate: f64,
    /// Whether it does not train.
    pub frozen: bool,
    /// L2 norm of a step's change over that of the weights, where it was measured.
    pub update_ratio: Option<f64>,
    /// How far it is from the pretrained weights, relative to them; the head from its first weights.
    pub moved: Option<f64>,
}
