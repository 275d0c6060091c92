//! What the engine can be asked to do, each with everything that it needs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DeviceChoice, Encoding, Lab, Method, Pooling};

/// Where texts are and which columns hold what.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Source {
    /// CSV, TSV, JSONL, Parquet, a workbook or plain text, compressed or not.
    pub path: PathBuf,
    /// Columns with the text, in this order; empty to guess.
    pub text_columns: Vec<String>,
    /// The column with the label; `None` to guess.
    pub label_column: Option<String>,
    /// What text is written in that does not say so itself with a mark; `None` to find out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook; `None` for the first that can be seen and holds something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The texts themselves, where they are not in a file; `path` is then only what they are called, and the columns do
    /// not apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<GivenRow>>,
}

impl Source {
    /// The file that the texts are in, where they are in one.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.rows.is_none().then_some(self.path.as_path())
    }
}

/// A text that is handed over and not read from a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenRow {
    /// The text.
    pub text: String,
    /// Its label, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The same number for rows that were labelled together because they are alike: no estimate of an error holds one of them
    /// out and learns from another of the same label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u64>,
}

/// How texts are cut into tokens when there is no model yet to say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenizerKind {
    /// English words as spaCy's blank tokeniser cuts them.
    #[default]
    Word,
    /// Unigram subwords trained on the texts themselves: any language.
    Subword,
}

/// How a classifier's error is estimated from its own labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Estimate {
    /// k-fold where labels are few, a hold-out where there are enough.
    #[default]
    Auto,
    /// k-fold cross-validation.
    Folds(usize),
    /// A stratified hold-out of this fraction.
    HoldOut(f64),
    /// None: the classifier is trained on every label and nothing is said about its error.
    None,
}

/// What every job has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Common {
    /// Where to compute.
    pub device: DeviceChoice,
    /// The one seed of every random choice.
    pub seed: u64,
}

/// Stage 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pretrain {
    /// Device and seed.
    pub common: Common,
    /// Files or directories of running text, or tables.
    pub corpus: Vec<PathBuf>,
    /// Columns with the text, in this order, where the corpus is tables; empty to guess.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text_columns: Vec<String>,
    /// What text is written in that does not say so itself with a mark; `None` to find out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Texts to measure perplexity on, before the first epoch and after each; `None` keeps 1 % of the corpus's documents aside.
    pub valid: Option<PathBuf>,
    /// The model directory to make.
    pub out: PathBuf,
    /// Sizes by name: `tiny`, `mini`, `small`, `paper`.
    pub preset: String,
    /// Overrides of the preset.
    pub embedding: Option<usize>,
    /// Overrides of the preset.
    pub hidden: Option<usize>,
    /// Overrides of the preset.
    pub layers: Option<usize>,
    /// Overrides of the preset: most rows of the vocabulary.
    pub vocab: Option<usize>,
    /// How to cut texts.
    pub tokenizer: TokenizerKind,
    /// A model whose vocabulary is taken over (a backward model beside its forward one).
    pub vocab_from: Option<PathBuf>,
    /// A model whose weights, sizes, vocabulary and direction are taken over, to train it further.
    #[serde(default)]
    pub from: Option<PathBuf>,
    /// Read every document from its end.
    pub backward: bool,
    /// Stop reading the corpus after so many tokens.
    pub max_tokens: Option<usize>,
    /// Passes over the corpus.
    pub epochs: usize,
    /// Parallel streams.
    pub batch: Option<usize>,
    /// Highest learning rate.
    pub rate: Option<f64>,
    /// Scale of all dropouts, and of AR and TAR.
    pub drop_mult: Option<f32>,
    /// End the schedule after this long, whatever is left of the corpus.
    pub max_minutes: Option<f64>,
    /// Go on from the last checkpoint of an interrupted run.
    pub resume: bool,
    /// Replace an output directory that exists.
    pub overwrite: bool,
    /// Lines for the model card: corpus name and licence.
    pub corpus_name: Option<String>,
    /// The corpus's licence, for the model card.
    pub corpus_licence: Option<String>,
}

/// Stage 2. The default is `adapt` without an option.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Adapt {
    /// Device and seed.
    pub common: Common,
    /// The texts to adapt to.
    pub texts: Source,
    /// The pretrained model; `None` is the built-in one.
    pub model: Option<PathBuf>,
    /// Read documents from their end (with the built-in model; otherwise the model says).
    pub backward: bool,
    /// The model directory to make.
    pub out: PathBuf,
    /// How.
    pub lm: LmOptions,
    /// Go on from the last checkpoint.
    pub resume: bool,
    /// Replace an output directory that exists.
    pub overwrite: bool,
}

/// How a language model is fine-tuned; `None` is the default of `train::defaults`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LmOptions {
    /// Passes over the texts.
    pub epochs: Option<usize>,
    /// Highest learning rate, of the last layer group.
    pub rate: Option<f64>,
    /// Sweep the rate first and use the one that the learning-rate finder suggests.
    #[serde(default)]
    pub find_rate: bool,
    /// Keep the epoch that reads held-out texts best and not the last, which makes the better classifier.
    #[serde(default)]
    pub keep_best: bool,
    /// Let all words take part in every step, also where the vocabulary is large.
    #[serde(default)]
    pub full_softmax: bool,
    /// Parallel streams.
    pub batch: Option<usize>,
    /// Time steps of a window.
    pub bptt: Option<usize>,
    /// Scale of all dropouts, and of AR and TAR.
    pub drop_mult: Option<f32>,
    /// At most so many tokens of the texts.
    pub max_tokens: Option<usize>,
}

/// How a classifier is fine-tuned; `None` is the default of `train::defaults`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClassifierOptions {
    /// Passes over the labelled texts, gradual unfreezing included.
    pub epochs: Option<usize>,
    /// Highest learning rate, of the last layer group.
    pub rate: Option<f64>,
    /// Texts of a batch.
    pub batch: Option<usize>,
    /// Time steps of a chunk (BPT3C).
    pub bptt: Option<usize>,
    /// Tokens that are pooled, from the text's end.
    pub max_len: Option<usize>,
    /// What the head sees of a text.
    #[serde(default)]
    pub pooling: Option<Pooling>,
    /// Scale of all dropouts.
    pub drop_mult: Option<f32>,
    /// Weight classes by the inverse of their frequency.
    pub balance: bool,
    /// STLR: the share of iterations in which the rate rises (section 3.2).
    #[serde(default)]
    pub cut_frac: Option<f64>,
    /// STLR: how much smaller the lowest rate is than the highest.
    #[serde(default)]
    pub ratio: Option<f64>,
    /// Each lower layer group's rate is the one above it divided by this (section 3.2; 2.6 in the paper).
    #[serde(default)]
    pub factor: Option<f64>,
}

/// Stage 3, alone or behind stage 2. The default is `train` without an option: stage 3 alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Fit {
    /// Device and seed.
    pub common: Common,
    /// Labelled texts.
    pub data: Source,
    /// Further texts for stage 2, without labels or with labels that are not read.
    pub unlabelled: Option<Source>,
    /// The language model to start from; `None` is the built-in one.
    pub model: Option<PathBuf>,
    /// The model directory to make.
    pub out: PathBuf,
    /// Rows of the paper's tables 6 and 7 by name.
    pub method: Method,
    /// Train a backward-reading classifier too and average the probabilities.
    pub bidirectional: bool,
    /// The language model that the backward-reading one starts from, beside a `model` that is not built in.
    #[serde(default)]
    pub backward_model: Option<PathBuf>,
    /// Whether TF-IDF with logistic regression, learned from the same labels, votes too.
    #[serde(default)]
    pub tfidf: bool,
    /// Whether to run stage 2 (`fit`) or only stage 3 (`train`).
    pub adapt: bool,
    /// Stage 2.
    pub lm: LmOptions,
    /// Stage 3.
    pub classifier: ClassifierOptions,
    /// How to estimate the error.
    pub estimate: Estimate,
    /// Measure how much general language the model has forgotten: after every epoch of stage 2; in stage 3 before each thaw,
    /// after every fourth epoch and after the last.
    #[serde(default)]
    pub forgetting: bool,
    /// Texts whose predictions are told after every epoch.
    #[serde(default)]
    pub watch: Vec<String>,
    /// Go on from the last checkpoint.
    pub resume: bool,
    /// Replace an output directory that exists.
    pub overwrite: bool,
}

/// Labels for texts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Classify {
    /// Device and seed.
    pub common: Common,
    /// A classifier's directory.
    pub model: PathBuf,
    /// The texts; `None` reads standard input, a text a line or a table.
    pub input: Option<Source>,
    /// Columns with the text, in this order, where standard input is a table; empty to guess.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text_columns: Vec<String>,
    /// What standard input is written in, where it does not say so itself with a mark; `None` to find out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// The sheet, where standard input is a workbook; `None` for the first that can be seen and holds something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The file to write; `None` gives every row as an event.
    pub output: Option<PathBuf>,
    /// Texts of a batch, where they go through in batches: on a GPU.
    pub batch: Option<usize>,
    /// Computes in 32-bit floats where 8 bits a number would be faster.
    #[serde(default)]
    pub exact: bool,
    /// Replace a file that exists.
    #[serde(default)]
    pub overwrite: bool,
}

/// Probabilities of every text, told as one event and written nowhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Predict {
    /// Device and seed.
    pub common: Common,
    /// A classifier's directory.
    pub model: PathBuf,
    /// The texts.
    pub texts: Source,
}

/// Which words of a text decide its label.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Explain {
    /// Device and seed.
    pub common: Common,
    /// A classifier's directory.
    pub model: PathBuf,
    /// The text.
    pub text: String,
}

/// A classifier against labels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evaluate {
    /// Device and seed.
    pub common: Common,
    /// A classifier's directory.
    pub model: PathBuf,
    /// Labelled texts.
    pub data: Source,
    /// Texts of a batch.
    pub batch: Option<usize>,
    /// Score only so many rows, drawn by the seed.
    pub limit: Option<usize>,
    /// Whether a text whose label the classifier does not know counts as one that it gets wrong; otherwise the job fails.
    #[serde(default)]
    pub unknown_is_wrong: bool,
}

/// A language model against texts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Perplexity {
    /// Device and seed.
    pub common: Common,
    /// A language model's directory; `None` is the built-in one.
    pub model: Option<PathBuf>,
    /// With the built-in model: the one that reads backward.
    pub backward: bool,
    /// The texts: each row of a table from a zero state, plain text as one stream.
    pub texts: Source,
}

/// Text from a language model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generate {
    /// Device and seed.
    pub common: Common,
    /// A language model's directory; `None` is the built-in one.
    pub model: Option<PathBuf>,
    /// How it begins.
    pub prompt: String,
    /// Tokens to add.
    pub tokens: usize,
    /// Below 1 safer, above 1 wilder.
    pub temperature: f64,
    /// Tokens less likely than this are never drawn.
    pub min_p: f64,
    /// How many continuations.
    pub samples: usize,
}

/// Weights of fastai or PyTorch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Import {
    /// `.pth` or `.safetensors`.
    pub weights: PathBuf,
    /// A pickled list, JSON or text.
    pub vocab: PathBuf,
    /// Whether the weights read texts from the end.
    pub backward: bool,
    /// The model directory to make.
    pub out: PathBuf,
    /// Replace an output directory that exists.
    pub overwrite: bool,
}

/// What a model is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Weights alone: safetensors under fastai's names.
    #[default]
    Safetensors,
    /// The whole network, both directions of a classifier in one graph.
    Onnx,
}

/// A model for other programs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Export {
    /// A model directory; `None` is the built-in one.
    pub model: Option<PathBuf>,
    /// The file to write.
    pub out: PathBuf,
    /// What it is written as.
    #[serde(default)]
    pub format: ExportFormat,
    /// Half precision; of ONNX the matrices, which are computed with in single precision.
    pub half: bool,
    /// Replace a file that exists.
    #[serde(default)]
    pub overwrite: bool,
}

/// Throughput on this device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bench {
    /// Device and seed.
    pub common: Common,
    /// `tiny`, `mini`, `small` or `paper`; the last two when `None`.
    pub preset: Option<String>,
    /// Only this work, or all of it when `None`.
    #[serde(default)]
    pub only: Option<BenchWork>,
    /// Most steps that are timed; after half a minute three are enough.
    pub steps: usize,
    /// Streams of the language model's batch, instead of those that the peers' measurement has.
    #[serde(default)]
    pub batch: Option<usize>,
    /// Trains without dropout and activation regularisation, as the peers' measurement does.
    #[serde(default)]
    pub plain: bool,
}

/// What `bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BenchWork {
    /// Training steps of a language model.
    LmTraining,
    /// Training steps of a classifier with every layer thawed.
    ClassifierTraining,
    /// Labelling texts.
    Classifying,
}

/// Something to do from beginning to end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "lowercase")]
pub enum Job {
    /// The whole pipeline on the built-in sample.
    Demo {
        /// Device and seed.
        common: Common,
        /// Keep the classifier here.
        out: Option<PathBuf>,
    },
    /// Adapters, limits, and the device that would be used and why.
    Doctor {
        /// Device and seed.
        common: Common,
    },
    /// Tokens, a line an input line.
    Tokenize {
        /// The file; `None` reads standard input.
        input: Option<PathBuf>,
        /// Whose tokeniser; `None` is the word tokeniser.
        model: Option<PathBuf>,
        /// What the lines are written in; `None` is found out: UTF-8, UTF-16 with a byte order mark, or as a guess Windows-1252.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        encoding: Option<Encoding>,
    },
    /// See [`Pretrain`].
    Pretrain(Pretrain),
    /// See [`Adapt`].
    Adapt(Adapt),
    /// See [`Fit`].
    Fit(Fit),
    /// See [`Lab`].
    Lab(Lab),
    /// See [`Classify`].
    Classify(Classify),
    /// See [`Predict`].
    Predict(Predict),
    /// See [`Explain`].
    Explain(Explain),
    /// See [`Evaluate`].
    Evaluate(Evaluate),
    /// See [`Perplexity`].
    Perplexity(Perplexity),
    /// See [`Generate`].
    Generate(Generate),
    /// See [`Import`].
    Import(Import),
    /// See [`Export`].
    Export(Export),
    /// See [`Bench`].
    Bench(Bench),
}
