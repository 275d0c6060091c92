//! The command line: every command, and the options that all of them or several have.

mod classifier;
mod columns;
mod job;
mod lab;
mod language_model;
#[cfg(test)]
mod tests;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::session::protocol::{BenchWork, DeviceChoice};
use classifier::{ClassifyArgs, EvaluateArgs, FitArgs, TrainArgs};
use columns::EncodingArgs;
use lab::LabArgs;
use language_model::{AdaptArgs, ExportArgs, GenerateArgs, ImportArgs, PerplexityArgs, PretrainArgs};

/// ULMFiT on your own machine: label a hundred texts, classify the rest.
#[derive(Debug, Parser)]
#[command(
    name = "unfreeze",
    version,
    after_help = "Examples:
  unfreeze demo                                                      the whole pipeline on a built-in sample
  unfreeze fit --data labelled.csv --out my-model                    learn from your labels
  unfreeze classify --model my-model --input texts.csv --output labelled-texts.csv

PATH is CSV, TSV, a workbook (.xlsx, .xlsm, .xls, .ods), JSONL, Parquet or plain text (a text a line for
classification, running text for language models), .gz and .zst too. Exit codes: 0 done, 1 failed, 2 wrong
usage, 130 stopped with Ctrl-C or by another signal, such as that of a scheduler or a closed terminal:
`--resume` goes on."
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
        written: EncodingArgs,
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
