//! What classifiers are trained on, asked and measured by: the options of `train`, `fit`, `classify` and `evaluate`.

use std::path::PathBuf;

use clap::Args;

use super::columns::{ColumnArgs, TextColumnArgs};
use super::language_model::LmArgs;
use super::{OutArgs, values};
use crate::session::protocol::{Estimate, Method, Pooling};

#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Labelled texts
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,
    #[command(flatten)]
    pub columns: ColumnArgs,
    #[command(flatten)]
    pub out: OutArgs,
    /// The language model to start from; the built-in one without it
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// How to fine-tune: the paper's way, or a row of its tables 6 and 7
    #[arg(long, value_name = "NAME", default_value = "ulmfit", value_parser = values::method())]
    pub method: Method,
    /// Train a backward-reading classifier too and average the probabilities
    #[arg(long)]
    pub bidirectional: bool,
    /// The language model that reads backward, for `--bidirectional` with a `--model` of your own
    #[arg(long, value_name = "DIR", requires = "bidirectional", requires = "model")]
    pub backward_model: Option<PathBuf>,
    /// Let TF-IDF with logistic regression, learned from the same labels, have a third of the vote
    ///
    /// It knows only which words a text has, so that it errs on other texts than the language model does. Kept beside the
    /// classifier as `tfidf.json`, and asked whenever the classifier is
    #[arg(long)]
    pub with_tfidf: bool,
    /// How to estimate the error: auto, none, folds:K or holdout:F
    ///
    /// `auto` is folds:5 below 200 labels or with a class of fewer than 10, however small that class is, and a hold-out of
    /// 20 % or, from 5,000 labels on, 10 % above that. Each fold trains a classifier of its own before
    /// the one that is kept: with folds:5 stage 3 takes about six times as long as with `none`, with a hold-out twice.
    /// Stage 2 runs once in any case
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = values::estimate)]
    pub estimate: Estimate,
    /// Weight classes by the inverse of their frequency
    #[arg(long)]
    pub balance: bool,
    /// Passes over the labelled texts, gradual unfreezing included
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub epochs: Option<usize>,
    /// Highest learning rate, of the last layer group
    #[arg(long, value_name = "RATE", value_parser = values::above_zero)]
    pub rate: Option<f64>,
    /// Slanted triangle: the share of the steps in which the rate rises, from 0 to 1; 0.1 in the paper
    #[arg(long, value_name = "X", value_parser = values::share)]
    pub cut_frac: Option<f64>,
    /// Slanted triangle: how many times smaller the lowest rate is than the highest; 32 in the paper
    #[arg(long, value_name = "X", value_parser = values::at_least_one)]
    pub ratio: Option<f64>,
    /// How many times slower each layer group learns than the one above it; 2.6 in the paper
    #[arg(long, value_name = "X", value_parser = values::at_least_one)]
    pub factor: Option<f64>,
    /// Texts of a batch
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub batch: Option<usize>,
    /// Time steps of a chunk (with `fit`, of the language model's windows too)
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub bptt: Option<usize>,
    /// Tokens that are pooled, from the text's end
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub max_len: Option<usize>,
    /// What the classifier's head sees of a text; deep without it
    #[arg(long, value_name = "WAY", value_parser = values::pooling())]
    pub pooling: Option<Pooling>,
    /// Scale of all dropouts (with `fit`, of the language model's too, and of its AR and TAR)
    #[arg(long, value_name = "X", value_parser = values::scale)]
    pub drop_mult: Option<f32>,
}

#[derive(Debug, Args)]
pub struct FitArgs {
    #[command(flatten)]
    pub train: TrainArgs,
    /// Further texts for the language model; labels in them are not read
    #[arg(long, visible_alias = "unlabeled", value_name = "PATH")]
    pub unlabelled: Option<PathBuf>,
    /// Language model: passes over the texts
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub lm_epochs: Option<usize>,
    /// Language model: highest learning rate
    #[arg(long, value_name = "RATE", conflicts_with = "find_rate", value_parser = values::above_zero)]
    pub lm_rate: Option<f64>,
    #[command(flatten)]
    pub lm: LmArgs,
    /// Language model: parallel streams
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub lm_batch: Option<usize>,
    /// Language model: at most so many tokens, such as 3M
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub lm_max_tokens: Option<usize>,
}

#[derive(Debug, Args)]
pub struct ClassifyArgs {
    /// The classifier
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// The texts; without it standard input, a text a line or a table
    #[arg(long, value_name = "PATH")]
    pub input: Option<PathBuf>,
    /// The file to write: the input with labels; without it standard output: label, confidence, text
    #[arg(long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Replace a file that exists, though never the input
    #[arg(long, requires = "output")]
    pub overwrite: bool,
    #[command(flatten)]
    pub columns: TextColumnArgs,
    /// Texts of a batch on a GPU
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub batch: Option<usize>,
    /// Compute in 32-bit floats on the processor too, where 8 bits a number are faster: confidences are then those of
    /// `evaluate` to the last digit
    #[arg(long)]
    pub exact: bool,
}

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The classifier
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Labelled texts
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Texts of a batch on a GPU
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub batch: Option<usize>,
    /// Score only so many rows, drawn by the seed
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub limit: Option<usize>,
}
