//! The command line: every command and option.

mod columns;
mod job;
mod lab;
#[cfg(test)]
mod tests;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::session::protocol::{
    BenchWork, DeviceChoice, Estimate, ExportFormat, Method, Pooling, TokenizerKind,
};
use columns::{ColumnArgs, TextColumnArgs};
use lab::LabArgs;

/// ULMFiT on your own machine: label a hundred texts, classify the rest.
#[derive(Debug, Parser)]
#[command(
    name = "unfreeze",
    version,
    after_help = "Examples:
  unfreeze demo                                                      the whole pipeline on a built-in sample
  unfreeze fit --data labelled.csv --out my-model                    learn from your labels
  unfreeze classify --model my-model --input texts.csv --output labelled-texts.csv

PATH is CSV, TSV, JSONL, Parquet or plain text (a text a line for classification, running text for language
models), .gz and .zst too. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped with Ctrl-C or by
another signal, such as that of a scheduler or a closed terminal: `--resume` goes on."
)]
pub struct Cli {
    #[command(flatten)]
    pub common: CommonArgs,
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub struct CommonArgs {
    /// Where to compute; auto without it
    #[arg(
        long, global = true, value_name = "DEVICE", value_parser = values::device(),
        help_heading = "Common options"
    )]
    pub device: Option<DeviceChoice>,
    /// The one seed of every random choice; 0 without it
    #[arg(long, global = true, value_name = "N", help_heading = "Common options")]
    pub seed: Option<u64>,
    /// Write one JSON event per line to standard output, and nothing else there
    #[arg(long, global = true, help_heading = "Common options")]
    pub json: bool,
}

/// Takes the place of `--device` and `--seed` in a command that neither computes nor draws: every command takes them, so
/// that a script can give all the same ones, but its help does not offer what would change nothing.
#[derive(Debug, Args)]
pub struct NeitherDeviceNorSeed {
    #[arg(long, hide = true, value_name = "DEVICE", value_parser = values::device())]
    device: Option<DeviceChoice>,
    #[arg(long, hide = true, value_name = "N")]
    seed: Option<u64>,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the whole pipeline on the built-in sample
    #[command(after_help = "Example:\n  unfreeze demo --out my-model")]
    Demo {
        /// Keep the classifier in this directory
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Show adapters, limits, and the device that would be used and why
    #[command(after_help = "Example:\n  unfreeze doctor --device gpu")]
    Doctor,
    /// Write one line of space-separated tokens per input line
    #[command(after_help = "Example:\n  echo 'It was GREAT!!!' | unfreeze tokenize")]
    Tokenize {
        /// The file; standard input without it
        file: Option<PathBuf>,
        /// Use this model's tokeniser instead of the word tokeniser
        #[arg(long, value_name = "DIR")]
        model: Option<PathBuf>,
        #[command(flatten)]
        _unused: NeitherDeviceNorSeed,
    },
    /// Stage 1: train a language model on general text
    #[command(after_help = "Examples:
  unfreeze pretrain --corpus articles.txt.zst --out base --preset small
  unfreeze pretrain --corpus articles.txt.zst --out base-backward --vocab-from base --backward")]
    Pretrain(PretrainArgs),
    /// Stage 2: fine-tune a language model on your texts
    #[command(
        after_help = "Example:\n  unfreeze adapt --texts reviews.csv --text-column review --out adapted"
    )]
    Adapt(AdaptArgs),
    /// Stage 3: train a classifier on your labels
    #[command(after_help = "Example:\n  unfreeze train --data labelled.csv --model adapted --out my-model")]
    Train(TrainArgs),
    /// Stages 2 and 3: fine-tune the language model on your texts, then train a classifier on your labels
    #[command(
        after_help = "Example:\n  unfreeze fit --data labelled.csv --unlabelled reviews.csv --out my-model"
    )]
    Fit(FitArgs),
    /// The paper's comparisons on your labels: each way of training, measured on the same texts
    #[command(after_help = "Examples:
  unfreeze lab --data labelled.csv --unlabelled reviews.csv
  unfreeze lab --data labelled.csv --methods ulmfit,ulmfit-no-adapt,scratch,last --estimate holdout:0.3")]
    Lab(LabArgs),
    /// Label texts with a classifier
    #[command(after_help = "Examples:
  unfreeze classify --model my-model --input texts.csv --output labelled-texts.csv
  echo 'A fine film.' | unfreeze classify --model my-model")]
    Classify(ClassifyArgs),
    /// Measure a classifier: error, per-class precision, recall and F1, confusion matrix
    #[command(after_help = "Example:\n  unfreeze evaluate --model my-model --data test.csv")]
    Evaluate(EvaluateArgs),
    /// Measure a language model
    #[command(after_help = "Example:\n  unfreeze perplexity --texts reviews.csv --model adapted")]
    Perplexity(PerplexityArgs),
    /// Let a language model write on
    #[command(after_help = "Example:\n  unfreeze generate --prompt 'The film was' --samples 3")]
    Generate(GenerateArgs),
    /// Make a model directory of fastai or PyTorch weights
    #[command(
        after_help = "Example:\n  unfreeze import --weights wt103.pth --vocab itos_wt103.pkl --out wt103"
    )]
    Import(ImportArgs),
    /// Write a model for other programs
    #[command(after_help = "Examples:
  unfreeze export --model my-model --format onnx --out my-model.onnx
  unfreeze export --model my-model --format safetensors --out my-model.safetensors")]
    Export(ExportArgs),
    /// Measure the throughput of training and of classifying on this device
    #[command(after_help = "Example:\n  unfreeze bench --preset small --device cpu")]
    Bench {
        /// Only these sizes; without it small and paper
        #[arg(long, value_name = "NAME", value_parser = values::bench_preset())]
        preset: Option<&'static str>,
        /// Only this work
        #[arg(long, value_name = "WORK", value_parser = values::bench_work())]
        only: Option<BenchWork>,
        /// Most steps that are timed; work that takes long ends after half a minute and three of them
        #[arg(long, value_name = "N", default_value = "20", value_parser = values::count)]
        steps: usize,
        /// Streams of the language model's batch; without it 32 (mini), 128 (small) and 16 (paper)
        #[arg(long, value_name = "N", value_parser = values::count)]
        batch: Option<usize>,
        /// Train without dropout and activation regularisation, as benches/peers does
        #[arg(long)]
        plain: bool,
    },
}

/// Where a command that trains writes.
#[derive(Clone, Debug, Args)]
pub struct OutArgs {
    /// The model directory to make
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Go on from the last checkpoint of an interrupted run
    #[arg(long)]
    pub resume: bool,
    /// Replace an output directory that exists, unless it holds anything else too
    #[arg(long)]
    pub overwrite: bool,
}

#[derive(Debug, Args)]
pub struct PretrainArgs {
    /// Files or directories of running text, or tables
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    pub corpus: Vec<PathBuf>,
    #[command(flatten)]
    pub out: OutArgs,
    /// The column with the text, where the corpus is tables; give several to join them; guessed without it
    #[arg(long = "text-column", value_name = "NAME", value_delimiter = ',')]
    pub text_columns: Vec<String>,
    /// Texts to measure perplexity on; without it 1 % of the corpus's documents is kept aside
    #[arg(long, value_name = "PATH")]
    pub valid: Option<PathBuf>,
    /// Sizes by name
    #[arg(long, value_name = "NAME", default_value = "small", value_parser = values::preset())]
    pub preset: &'static str,
    /// Width of the embedding, instead of the preset's
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub embedding: Option<usize>,
    /// Hidden units of a layer, instead of the preset's
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub hidden: Option<usize>,
    /// LSTM layers, instead of the preset's
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub layers: Option<usize>,
    /// Most rows of the vocabulary, instead of the preset's
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub vocab: Option<usize>,
    /// How texts are cut
    #[arg(long, value_name = "KIND", default_value = "word", value_parser = values::tokenizer())]
    pub tokenizer: TokenizerKind,
    /// Take over the vocabulary and the tokeniser of this model (a backward model beside its forward one)
    #[arg(long, value_name = "DIR", conflicts_with_all = ["vocab", "tokenizer"])]
    pub vocab_from: Option<PathBuf>,
    /// Train this language model further: its weights, sizes, vocabulary and direction
    #[arg(long, value_name = "DIR", conflicts_with_all = ["vocab", "tokenizer", "vocab_from", "embedding", "hidden", "layers", "backward"])]
    pub from: Option<PathBuf>,
    /// Read every document from its end
    #[arg(long)]
    pub backward: bool,
    /// Stop reading the corpus after so many tokens, such as 3M
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub max_tokens: Option<usize>,
    /// End the schedule after this long, whatever is left of the corpus
    #[arg(long, value_name = "MINUTES", value_parser = values::above_zero)]
    pub max_minutes: Option<f64>,
    /// Passes over the corpus
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::count)]
    pub epochs: usize,
    /// Parallel streams
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub batch: Option<usize>,
    /// Highest learning rate
    #[arg(long, value_name = "RATE", value_parser = values::above_zero)]
    pub rate: Option<f64>,
    /// Scale of all dropouts, and of AR and TAR
    #[arg(long, value_name = "X", value_parser = values::scale)]
    pub drop_mult: Option<f32>,
    /// The corpus's name, for the model card
    #[arg(long, value_name = "NAME")]
    pub corpus_name: Option<String>,
    /// The corpus's licence, for the model card
    #[arg(long, value_name = "LICENCE")]
    pub corpus_licence: Option<String>,
}

#[derive(Debug, Args)]
pub struct AdaptArgs {
    /// The texts to adapt to: each row of a table, or running text (a file or a directory of them)
    #[arg(long, value_name = "PATH")]
    pub texts: PathBuf,
    #[command(flatten)]
    pub columns: TextColumnArgs,
    #[command(flatten)]
    pub out: OutArgs,
    /// The pretrained model; the built-in one without it
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Read documents from their end, with the built-in model
    #[arg(long, conflicts_with = "model")]
    pub backward: bool,
    /// Passes over the texts
    #[arg(long, visible_alias = "lm-epochs", value_name = "N", value_parser = values::count)]
    pub epochs: Option<usize>,
    /// Highest learning rate, of the last layer group
    #[arg(long, visible_alias = "lm-rate", value_name = "RATE", value_parser = values::above_zero)]
    pub rate: Option<f64>,
    /// Sweep the language model's rate first and use what the learning-rate finder suggests
    #[arg(long, conflicts_with = "rate")]
    pub find_rate: bool,
    /// Keep the language model's best epoch on held-out texts: writes better, but classifies worse than the last
    #[arg(long)]
    pub keep_best: bool,
    /// Let every word take part in every step of the language model, which large vocabularies do by a sample
    #[arg(long)]
    pub full_softmax: bool,
    /// Parallel streams
    #[arg(long, visible_alias = "lm-batch", value_name = "N", value_parser = values::count)]
    pub batch: Option<usize>,
    /// Time steps of a window
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub bptt: Option<usize>,
    /// Scale of all dropouts, and of AR and TAR
    #[arg(long, value_name = "X", value_parser = values::scale)]
    pub drop_mult: Option<f32>,
    /// At most so many tokens of the texts, such as 3M
    #[arg(long, visible_alias = "lm-max-tokens", value_name = "N", value_parser = values::count)]
    pub max_tokens: Option<usize>,
}

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
    #[arg(long, value_name = "RATE", value_parser = values::above_zero)]
    pub lm_rate: Option<f64>,
    /// Sweep the language model's rate first and use what the learning-rate finder suggests
    #[arg(long, conflicts_with = "lm_rate")]
    pub find_rate: bool,
    /// Keep the language model's best epoch on held-out texts: writes better, but classifies worse than the last
    #[arg(long)]
    pub keep_best: bool,
    /// Let every word take part in every step of the language model, which large vocabularies do by a sample
    #[arg(long)]
    pub full_softmax: bool,
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

#[derive(Debug, Args)]
pub struct PerplexityArgs {
    /// The texts: each row of a table by itself, running text (a file or a directory of them) as one stream
    #[arg(long, value_name = "PATH")]
    pub texts: PathBuf,
    #[command(flatten)]
    pub columns: TextColumnArgs,
    /// The language model; the built-in one without it
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// The built-in model that reads from the end
    #[arg(long, conflicts_with = "model")]
    pub backward: bool,
}

#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// How the text begins
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub prompt: String,
    /// The language model; the built-in one without it
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Tokens to add
    #[arg(long, value_name = "N", default_value = "60", value_parser = values::count)]
    pub tokens: usize,
    /// Below 1 safer, above 1 wilder
    #[arg(long, value_name = "X", default_value = "0.8", value_parser = values::above_zero)]
    pub temperature: f64,
    /// Tokens less likely than this are never drawn
    #[arg(long, value_name = "P", default_value = "0.005", value_parser = values::probability)]
    pub min_p: f64,
    /// How many continuations
    #[arg(long, value_name = "N", default_value = "1", value_parser = values::count)]
    pub samples: usize,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    _unused: NeitherDeviceNorSeed,
    /// Weights: .pth or .safetensors
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// The vocabulary: .pkl, .json or .txt
    #[arg(long, value_name = "FILE")]
    pub vocab: PathBuf,
    /// The weights read texts from the end
    #[arg(long)]
    pub backward: bool,
    /// The model directory to make
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace an output directory that exists, unless it holds anything else too
    #[arg(long)]
    pub overwrite: bool,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    _unused: NeitherDeviceNorSeed,
    /// The model; the built-in one without it
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Replace a file that exists, though never one of the model's own
    #[arg(long)]
    pub overwrite: bool,
    /// The file's format
    #[arg(long, value_name = "FORMAT", default_value = "safetensors", value_parser = values::export_format())]
    pub format: ExportFormat,
    /// Half precision; of ONNX the matrices, which are computed with in single precision
    #[arg(long)]
    pub half: bool,
}
