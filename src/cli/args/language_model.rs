//! What language models are made of, made into and asked, and models as other programs store them: the options of `pretrain`,
//! `adapt`, `perplexity`, `generate`, `import` and `export`.

use std::path::PathBuf;

use clap::Args;

use super::columns::{EncodingArgs, TextColumnArgs};
use super::{NeitherDeviceNorSeed, OutArgs, values};
use crate::session::protocol::{ExportFormat, TokenizerKind};

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
    #[command(flatten)]
    pub written: EncodingArgs,
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

/// How a language model is fine-tuned, alone or before a classifier: what `adapt` and `fit` call the same. The rate that a sweep
/// takes the place of has a name of its own in each, and says there that the two do not go together.
#[derive(Clone, Copy, Debug, Args)]
pub struct LmArgs {
    /// Sweep the language model's rate first and use what the learning-rate finder suggests
    #[arg(long)]
    pub find_rate: bool,
    /// Keep the language model's best epoch on held-out texts: writes better, but classifies worse than the last
    #[arg(long)]
    pub keep_best: bool,
    /// Let every word take part in every step of the language model, which large vocabularies do by a sample
    #[arg(long)]
    pub full_softmax: bool,
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
    #[arg(
        long, visible_alias = "lm-rate", value_name = "RATE", conflicts_with = "find_rate",
        value_parser = values::above_zero
    )]
    pub rate: Option<f64>,
    #[command(flatten)]
    pub lm: LmArgs,
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
