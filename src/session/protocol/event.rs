//! What the engine tells.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lab::{Compared, LeftOut};

/// One layer group at one step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupStep {
    /// Its learning rate by the schedule, 0 while frozen. A step of a language model is made at this times its length over the
    /// usual one, as in AWD-LSTM (Merity et al. 2017, section 4.1).
    pub rate: f64,
    /// Whether it does not train.
    pub frozen: bool,
    /// L2 norm of its weights, where it was measured at this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_norm: Option<f64>,
    /// L2 norm of its gradient before clipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// L2 norm of the change that the step made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_norm: Option<f64>,
    /// How far it is from the pretrained weights: L2 norm of the difference over that of those weights. The head, and
    /// everything where nothing is pretrained, is measured from its first weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<f64>,
}

/// What a classifier says of one text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Row of the text, from 0.
    pub row: usize,
    /// Probability of each label, in the order that the event gives.
    pub probabilities: Vec<f32>,
}

/// How a word moves the probabilities of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WordWeight {
    /// First byte of the word in the text.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
    /// Each label's probability with the word less the one without it.
    pub weights: Vec<f32>,
}

/// What the engine tells a front end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A job began.
    Started {
        /// Its name, as the terminal calls it.
        job: String,
        /// The device, in words.
        device: String,
        /// Why this device.
        reason: String,
        /// The seed.
        seed: u64,
    },
    /// A file was read.
    Loaded {
        /// What it is for: `labelled`, `unlabelled`, `texts`, `running text`.
        what: String,
        /// Its path.
        path: String,
        /// Rows or documents.
        rows: usize,
        /// Columns that were taken as text.
        text_columns: Vec<String>,
        /// The column that was taken as label.
        label_column: Option<String>,
        /// Rows of each label.
        labels: Vec<(String, usize)>,
    },
    /// Something the user should know that does not end the job.
    Warning {
        /// In a sentence or two.
        message: String,
    },
    /// A sentence about what was decided or found.
    Note {
        /// The sentence.
        message: String,
    },
    /// A stage of the job began.
    StageStarted {
        /// `tokenize`, `adapt`, `adapt backward`, `train fold 2 of 5`, `classify`, ...
        stage: String,
        /// Names of the layer groups, where the stage trains.
        groups: Vec<String>,
        /// Training steps or items to do; 0 where it is not known.
        total: u64,
        /// What is counted: `steps`, `texts`, `bytes`.
        unit: String,
    },
    /// A stage that does not train went on.
    Progress {
        /// The stage.
        stage: String,
        /// Done so far.
        done: u64,
        /// To do; 0 where it is not known.
        total: u64,
        /// Items a second.
        per_second: f64,
        /// Seconds left, where it can be told.
        seconds_left: Option<f64>,
    },
    /// A training step.
    Step {
        /// The stage.
        stage: String,
        /// Steps done in this stage, this one included.
        step: u64,
        /// Steps of this stage.
        total: u64,
        /// Epoch, from 1.
        epoch: usize,
        /// The loss that was differentiated, nats.
        loss: f64,
        /// Cross-entropy alone.
        cross_entropy: f64,
        /// Activation regularisation.
        #[serde(skip_serializing_if = "Option::is_none")]
        ar: Option<f64>,
        /// Temporal activation regularisation.
        #[serde(skip_serializing_if = "Option::is_none")]
        tar: Option<f64>,
        /// Every layer group, first to last.
        groups: Vec<GroupStep>,
        /// Throughput since the stage began.
        tokens_per_second: f64,
        /// Seconds left in this stage.
        seconds_left: f64,
    },
    /// Something was measured on texts that were not trained on.
    Evaluation {
        /// The stage.
        stage: String,
        /// Epoch, from 1; 0 is the model before training.
        epoch: usize,
        /// Mean negative log-likelihood, nats.
        nll: f64,
        /// e to the `nll`, of a language model.
        #[serde(skip_serializing_if = "Option::is_none")]
        perplexity: Option<f64>,
        /// Share of wrong labels, of a classifier.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<f64>,
    },
    /// How much general language the model has forgotten: the encoder that is being tuned under the decoder of the
    /// language model that it came from, on general text.
    Forgetting {
        /// The stage.
        stage: String,
        /// Steps done in the stage; 0 before the first.
        step: u64,
        /// Perplexity on general text.
        perplexity: f64,
        /// That of the pretrained model.
        pretrained: f64,
    },
    /// What the classifier says of the texts that are watched.
    Watched {
        /// The stage.
        stage: String,
        /// Epoch, from 1.
        epoch: usize,
        /// The labels.
        labels: Vec<String>,
        /// A prediction for each text.
        predictions: Vec<Prediction>,
    },
    /// What classifiers that had not seen them say of the labelled texts: of every fold, or of the hold-out.
    OutOfSample {
        /// The labels.
        labels: Vec<String>,
        /// Predictions of the labelled texts that were held out, by row: the place among the texts that were handed
        /// over, or among a file's rows that have a text.
        predictions: Vec<Prediction>,
        /// The fold that held each of them out, from 0: those of one fold are of one classifier. A run that was recorded
        /// before this was told has none.
        #[serde(default)]
        folds: Vec<usize>,
    },
    /// A way of training was measured, or a baseline, as a `lab` job was asked to.
    Compared(Compared),
    /// A way of training gave nothing to measure: the others are compared without it.
    LeftOut(LeftOut),
    /// The probabilities that a `predict` job was asked for.
    Predictions {
        /// The labels.
        labels: Vec<String>,
        /// A prediction for each text, in order.
        predictions: Vec<Prediction>,
    },
    /// The words that decide, as an `explain` job was asked for.
    Explanation {
        /// The text.
        text: String,
        /// The labels.
        labels: Vec<String>,
        /// Probability of each label.
        probabilities: Vec<f32>,
        /// The words, in order.
        words: Vec<WordWeight>,
    },
    /// The learning-rate finder's sweep.
    RateFinder {
        /// The stage that it was made for.
        stage: String,
        /// Rate and smoothed loss, in the order of the sweep.
        points: Vec<(f64, f64)>,
        /// The rate that is used, unless the curve suggests none.
        suggestion: Option<f64>,
    },
    /// A stage ended.
    StageDone {
        /// The stage.
        stage: String,
        /// How long it took.
        seconds: f64,
    },
    /// A checkpoint is on disk.
    Saved {
        /// Where.
        path: PathBuf,
        /// Steps done in the stage.
        step: u64,
    },
    /// Training holds.
    Paused {
        /// Steps done in the stage.
        step: u64,
    },
    /// Training goes on.
    Resumed,
    /// A line for standard output: tokens, a generated text.
    Line {
        /// The line.
        text: String,
        /// Of `tokenize`: every token as the model reads it. The line has none that is white space, what `<br />` becomes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tokens: Vec<String>,
    },
    /// A text was classified and no output file was asked for.
    Classified {
        /// Row of the input, from 1.
        row: usize,
        /// The text.
        text: String,
        /// The most probable label; none for an empty text.
        label: Option<String>,
        /// Its probability.
        confidence: Option<f64>,
    },
    /// What a job found: a table for people, and the same numbers in `done`.
    Table {
        /// What it shows.
        title: String,
        /// Column heads.
        columns: Vec<String>,
        /// Cells.
        rows: Vec<Vec<String>>,
    },
    /// The job ended well.
    Done {
        /// Its name.
        job: String,
        /// `error`, `accuracy`, `perplexity`, `tokens_per_second`, ...
        #[serde(flatten)]
        result: Map<String, Value>,
    },
    /// The job ended with a checkpoint because it was told to stop.
    Stopped {
        /// What to do to go on.
        message: String,
    },
    /// The job failed.
    Failed {
        /// What happened and what to do, in one line.
        message: String,
        /// Whether the arguments were at fault (exit code 2) and not what they named.
        usage: bool,
        /// What became of the device, where it was lost, full or missing: the work can go on on another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
        /// The highest rate, where training diverged at it: going on from a checkpoint would end so again, a lower rate may not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diverged: Option<f64>,
    },
}

impl Event {
    /// Whether it is the last one of a job.
    pub fn ends_a_job(&self) -> bool {
        matches!(
            self,
            Self::Done { .. } | Self::Stopped { .. } | Self::Failed { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_a_rate_only_where_it_is_at_fault() {
        let failed = |diverged| Event::Failed {
            message: "no".into(),
            usage: false,
            device: None,
            diverged,
        };
        let plain = serde_json::to_string(&failed(None)).unwrap();
        assert_eq!(plain, r#"{"event":"failed","message":"no","usage":false}"#);
        assert!(matches!(
            serde_json::from_str(&plain).unwrap(),
            Event::Failed { diverged: None, .. }
        ));
        let json = serde_json::to_string(&failed(Some(0.5))).unwrap();
        assert!(json.contains(r#""diverged":0.5"#), "{json}");
    }

    #[test]
    fn a_run_that_was_recorded_before_folds_were_told_can_be_read() {
        let recorded =
            r#"{"event":"out_of_sample","labels":["a"],"predictions":[{"row":3,"probabilities":[1.0]}]}"#;
        let Event::OutOfSample {
            predictions, folds, ..
        } = serde_json::from_str(recorded).unwrap()
        else {
            panic!("another event")
        };
        assert_eq!((predictions[0].row, folds.len()), (3, 0));
    }
}
