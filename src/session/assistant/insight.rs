//! What the assistant knows at one moment.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::session::project::{LabelId, Project, TextId};
use crate::train::metrics::most_probable;

/// Why a text is asked for next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reason {
    /// Drawn at random, and kept aside to measure the error.
    KeptAside,
    /// Drawn at random.
    Random,
    /// The head hesitates between these two labels.
    Uncertain {
        /// The most probable label.
        first: LabelId,
        /// The next.
        second: LabelId,
    },
    /// Unlike every text that was answered.
    Diverse,
}

/// A text to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pick {
    /// The text.
    pub text: TextId,
    /// Why.
    pub reason: Reason,
}

/// Labels kept aside that an error is measured on, at least.
pub const MEASURED_ON: usize = 8;

/// The error of a classifier that stops learning now, measured on the labels kept aside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Labels that it was trained on.
    pub trained_on: usize,
    /// Labels that it was measured on.
    pub measured_on: usize,
    /// Share of wrong labels.
    pub error: f64,
    /// 95 % interval of the error.
    pub interval: (f64, f64),
    /// The error of TF-IDF with logistic regression from the same labels on the same texts.
    pub baseline: f64,
}

/// How much the latest labels moved the predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Churn {
    /// The latest labels.
    pub labels: usize,
    /// Share of the texts whose predicted label they changed.
    pub changed: f64,
}

/// A stretch of a text that moves its suggestion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tint {
    /// Bytes of the text.
    pub bytes: Range<usize>,
    /// The label that it speaks for.
    pub label: LabelId,
    /// How much, of the strongest in this text: 0 to 1.
    pub weight: f32,
}

/// What the assistant knows. Everything is of one moment: labels given since are not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Insight {
    /// Texts with features, and texts in all.
    pub features: (usize, usize),
    /// Texts to ask for, best first; never one that was answered.
    pub queue: Vec<Pick>,
    /// Texts that are or will be kept aside to measure the error, ascending. A random sample of all texts stays one only
    /// if these are left out where many are labelled at once.
    pub reserve: Arc<[TextId]>,
    /// Labels of the columns of `probabilities`; empty until there are enough labels to suggest from.
    pub labels: Vec<LabelId>,
    /// Probabilities of texts with features, a row a text, by text. Where there are many texts, some rows are of the head
    /// before for a moment, or not there yet.
    pub probabilities: Arc<HashMap<TextId, Arc<[f32]>>>,
    /// The error if the user stopped now; `None` until enough labels are kept aside.
    pub estimate: Option<Estimate>,
    /// Earlier estimates, oldest first.
    pub history: Vec<Estimate>,
    /// How settled the predictions are; `None` until there is something to compare.
    pub churn: Option<Churn>,
    /// The words that decide, of texts that were asked about or come next.
    pub tints: HashMap<TextId, Arc<[Tint]>>,
    /// Similar texts, nearest first, of texts that were asked about.
    pub similar: HashMap<TextId, Arc<[TextId]>>,
    /// A place in the unit square for every text that has features; empty until it was asked for.
    pub map: Arc<[(TextId, [f32; 2])]>,
    /// What the assistant had to do without, in one line.
    pub trouble: Option<String>,
}

impl Insight {
    /// Whether a text is or will be kept aside.
    pub fn is_reserved(&self, text: TextId) -> bool {
        self.reserve.binary_search(&text).is_ok()
    }

    /// Texts of the queue that are to be kept aside and are not yet: what [`Action::KeepAside`] must say before the first
    /// of them is answered.
    ///
    /// [`Action::KeepAside`]: crate::session::project::Action::KeepAside
    pub fn picks_aside(&self, project: &Project) -> Vec<TextId> {
        let picks = self.queue.iter().filter(|p| p.reason == Reason::KeptAside);
        picks.map(|p| p.text).filter(|&t| !project.is_aside(t)).collect()
    }

    /// The most probable label of a text, and its probability.
    pub fn suggestion(&self, text: TextId) -> Option<(LabelId, f32)> {
        let row = self.probabilities.get(&text)?;
        let best = most_probable(row)?;
        Some((*self.labels.get(best)?, *row.get(best)?))
    }

    /// The probability of a label for a text.
    pub fn probability(&self, text: TextId, label: LabelId) -> Option<f32> {
        let column = self.labels.iter().position(|&l| l == label)?;
        self.probabilities.get(&text)?.get(column).copied()
    }
}
