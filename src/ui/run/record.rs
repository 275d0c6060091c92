//! A run as it is kept: everything that the Train screen draws, without the engine.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::stage::{Kind, Stage};
use crate::session::preview;
use crate::session::protocol::{Method, Prediction};
use crate::session::trust::CHANCE;

/// What was chosen before a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Which layers train when, at which rates.
    pub method: Method,
    /// Highest learning rate, of the last layer group; `None` is the method's own.
    pub rate: Option<f64>,
    /// STLR: share of the steps in which the rate rises.
    pub cut_frac: f64,
    /// STLR: how much smaller the lowest rate is than the highest.
    pub ratio: f64,
    /// Each lower group's rate is the one above it divided by this.
    pub factor: f64,
    /// Passes over the labelled texts.
    pub epochs: usize,
    /// Whether the language model reads the texts first.
    pub adapt: bool,
    /// Whether a second classifier reads the texts backward.
    #[serde(default)]
    pub both: bool,
    /// Whether TF-IDF with logistic regression votes too.
    #[serde(default)]
    pub tfidf: bool,
    /// Whether the language model that has read the texts for an earlier run is kept, so that none has to read them.
    #[serde(default)]
    pub keep: bool,
    /// Highest learning rate of stage 2; `None` is the engine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<f64>,
}

impl Recipe {
    /// Directions of reading, each with a language model and a classifier of its own.
    pub fn directions(&self) -> usize {
        1 + usize::from(self.both)
    }

    /// Whether both train alike, whether or not the language model is kept.
    pub fn trains_as(&self, other: &Self) -> bool {
        let alike = Self {
            keep: self.keep,
            ..other.clone()
        };
        alike == *self
    }

    /// Whether there is a stage 2, in which the language model reads the texts: a method without pretraining has none.
    pub fn reads(&self) -> bool {
        self.adapt && !self.keep && preview::is_pretrained(self.method)
    }
}

impl Default for Recipe {
    /// The paper's (sections 3.2 and 4.1), but for the rate, which is the method's own.
    fn default() -> Self {
        Self {
            method: Method::Ulmfit,
            rate: None,
            cut_frac: preview::CUT_FRAC,
            ratio: preview::RATIO,
            factor: preview::DISCRIMINATIVE_FACTOR,
            epochs: preview::CLASSIFIER_EPOCHS,
            adapt: true,
            both: false,
            tfidf: false,
            keep: false,
            reading: None,
        }
    }
}

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    /// Nothing has run.
    #[default]
    Idle,
    /// The engine was asked and has not answered yet.
    Starting,
    /// It goes on.
    Running,
    /// It holds between two steps.
    Paused,
    /// It was told to stop and can be resumed.
    Stopped {
        /// What the engine said.
        message: String,
    },
    /// It failed.
    Failed {
        /// What happened and what to do.
        message: String,
        /// What became of the device, where that was at fault: another one can go on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
        /// The highest rate, where training diverged at it: it would again from a checkpoint.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diverged: Option<f64>,
    },
    /// It ended well.
    Done,
}

impl Status {
    /// Whether the engine works on it.
    pub fn active(&self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Paused)
    }

    /// Whether it ended before it was done in a way that a checkpoint leads on from.
    pub fn can_go_on(&self) -> bool {
        matches!(self, Self::Stopped { .. } | Self::Failed { diverged: None, .. })
    }
}

/// What a failure is called in the window, which has no options to name: `device` is what became of the device, where that
/// was at fault.
pub fn words(message: String, device: Option<String>) -> String {
    match device {
        Some(what) => {
            format!("It did not work: {what}. Try again, or choose another device in the settings.")
        }
        // What to do in the terminal is the last clause.
        None => match message.rsplit_once("; ") {
            Some((what, how)) if how.contains("`--") || how.contains(" --") => {
                format!("{what}; start again, or change what is asked for")
            }
            _ => message,
        },
    }
}

/// A share of wrong labels with where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share, 0 to 1.
    pub error: f64,
    /// Its 95 % interval.
    pub low: f64,
    /// Its 95 % interval.
    pub high: f64,
    /// Labels that it was measured on; 0 where it was not told.
    pub rows: usize,
    /// How often chance alone makes it differ as much from the classifier that it is set beside; `None` where it is set
    /// beside none, or that was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
}

impl Share {
    /// Reads `<prefix>error`, `<prefix>error_low`, `<prefix>error_high`, `<prefix>p` and the number of rows.
    pub fn of(result: &Map<String, Value>, prefix: &str, rows: &str) -> Option<Self> {
        let number = |key: &str| result.get(&format!("{prefix}{key}")).and_then(Value::as_f64);
        let error = number("error")?;
        Some(Self {
            error,
            low: number("error_low").unwrap_or(error),
            high: number("error_high").unwrap_or(error),
            rows: result.get(rows).and_then(Value::as_u64).unwrap_or(0) as usize,
            p: number("p"),
        })
    }

    /// Whether it is too close to the classifier that it is set beside to tell which errs less.
    pub fn too_close(&self) -> bool {
        self.p.is_some_and(|p| p > CHANCE)
    }

    /// Whether it errs less than this other share, and by more than chance makes of it.
    pub fn clearly_less(&self, than: f64) -> bool {
        self.error < than && self.p.is_some_and(|p| p <= CHANCE)
    }
}

/// What a run gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Estimated by folds or a hold-out of the labels themselves.
    pub estimate: Option<Share>,
    /// How many folds that were; 1 is a hold-out.
    pub folds: usize,
    /// Labels that the estimate says nothing of, since no text of theirs could be held out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_measured: Vec<String>,
    /// On labels that were kept aside from the beginning.
    pub aside: Option<Share>,
    /// TF-IDF with logistic regression, from the same labels on the same texts.
    pub baseline: Option<Share>,
    /// Of a classifier that TF-IDF has no vote in: both together.
    pub together: Option<Share>,
    /// Of a classifier that TF-IDF has a vote in: without it.
    pub alone: Option<Share>,
    /// Perplexity on held-out texts before and after adaptation.
    pub perplexity: Option<(f64, f64)>,
    /// Labelled texts that it was trained on.
    pub rows: usize,
    /// How long it took.
    pub seconds: f64,
    /// The model directory.
    pub out: PathBuf,
}

impl Outcome {
    /// From the keys of the `done` event.
    pub fn of(result: &Map<String, Value>) -> Self {
        let number = |key: &str| result.get(key).and_then(Value::as_f64);
        let names = result.get("not_measured").and_then(Value::as_array);
        let names = names.into_iter().flatten();
        Self {
            estimate: Share::of(result, "", "estimated_on"),
            folds: number("folds").unwrap_or(0.0) as usize,
            not_measured: names.filter_map(|name| Some(name.as_str()?.into())).collect(),
            aside: None,
            baseline: Share::of(result, "baseline_", "estimated_on"),
            together: Share::of(result, "together_", "estimated_on"),
            alone: Share::of(result, "alone_", "estimated_on"),
            perplexity: number("perplexity_before").zip(number("perplexity")),
            rows: number("rows").unwrap_or(0.0) as usize,
            seconds: number("seconds").unwrap_or(0.0),
            out: result
                .get("out")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .into(),
        }
    }

    /// The error that is shown: on labels kept aside where there are some, else the estimate.
    pub fn error(&self) -> Option<&Share> {
        self.aside.as_ref().or(self.estimate.as_ref())
    }
}

/// A moment of a run: a stage and the steps done in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playhead {
    /// Position of the stage among those of the run.
    pub stage: usize,
    /// Steps done.
    pub step: u64,
}

/// A run as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Counts the runs of a project, from 1.
    pub number: usize,
    /// What was chosen.
    pub recipe: Recipe,
    /// The device, in words.
    pub device: String,
    /// The seed.
    pub seed: u64,
    /// Where it stands.
    pub status: Status,
    /// The stages that began, in order.
    pub stages: Vec<Stage>,
    /// The texts that are watched.
    pub watch: Vec<String>,
    /// Labels of `out_of_sample`.
    pub labels: Vec<String>,
    /// What classifiers that had not seen them say of the labelled texts.
    pub out_of_sample: Vec<Prediction>,
    /// Sentences that the engine said, the latest last.
    pub notes: Vec<String>,
    /// Steps done at the last checkpoint of the last stage.
    pub saved: Option<u64>,
    /// What it gave, once it is done.
    pub outcome: Option<Outcome>,
    /// Classifiers that each direction trains to measure the error; `None` where that was not known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
}

impl Record {
    /// A run that was kept while it went on goes on no more.
    pub(super) fn interrupted(&mut self) {
        if self.status.active() {
            self.status = Status::Stopped {
                message: "the window was closed, or another project was opened".into(),
            };
        }
        for stage in &mut self.stages {
            stage.seconds_left = None;
        }
    }

    /// What to call it in a list.
    pub fn title(&self) -> String {
        format!("run {} · {}", self.number, self.recipe.method.name())
    }

    /// The latest moment: the last stage that trains.
    pub fn live(&self) -> Option<Playhead> {
        let (stage, found) = self.stages.iter().enumerate().rev().find(|(_, s)| s.trains())?;
        Some(Playhead {
            stage,
            step: found.done,
        })
    }

    /// The stage at a playhead, and the step held within what is recorded.
    pub fn at(&self, playhead: Playhead) -> Option<(&Stage, u64)> {
        let stage = self.stages.get(playhead.stage)?;
        Some((stage, playhead.step.min(stage.done)))
    }

    /// The last stage of a kind.
    pub fn stage(&self, kind: Kind) -> Option<&Stage> {
        self.stages.iter().rev().find(|s| s.kind == kind)
    }

    /// The stage to compare one of another run with: of the same name, else of the same kind.
    pub fn like(&self, other: &Stage) -> Option<&Stage> {
        let named = self.stages.iter().find(|s| s.name == other.name);
        named.or_else(|| self.stage(other.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn no_option_of_the_terminal_is_named_in_the_window() {
        let diverged = "the loss became NaN at step 3: training diverged; lower the rate (now 0.1)";
        assert_eq!(words(diverged.into(), None), diverged);
        let other = words("it holds another run; start anew with `--overwrite`".into(), None);
        assert_eq!(
            other,
            "it holds another run; start again, or change what is asked for"
        );
        let lost = words(
            "lost; use `--device cpu`".into(),
            Some("the device was lost".into()),
        );
        assert!(
            lost.contains("the device was lost") && !lost.contains("--"),
            "{lost}"
        );
    }
}
