//! Text to token ids and back: rules, tokenisers, vocabulary, corpora and batches. Knows no tensors and no files.
//!
//! The path of a text: [`rules`] mark what lower-casing and splitting would lose, a [`Tokenizer`] cuts it into
//! tokens, a [`vocab::Vocab`] numbers them, a [`corpus::Corpus`] holds the numbers of many texts, and [`batches`]
//! lays them out as matrices, time step by time step.

pub mod batches;
pub mod corpus;
pub mod fnv;
pub mod rules;
pub mod subword;
pub mod vocab;
pub mod word;

use self::subword::SubwordTokenizer;
use self::word::WordTokenizer;

/// How a model cuts text.
#[derive(Debug, Clone)]
pub enum Tokenizer {
    /// English words, as the pretrained models of fastai have them.
    Word(WordTokenizer),
    /// Subwords learned from the user's own texts, for any language.
    Subword(Box<SubwordTokenizer>),
}

impl Tokenizer {
    /// Text rules and cutting: the tokens of one document, `xxbos` first.
    #[must_use]
    pub fn tokenize(&self, raw: &str) -> Vec<String> {
        match self {
            Self::Word(words) => words.tokenize(raw),
            Self::Subword(subwords) => subwords.tokenize(raw),
        }
    }

    /// Readable text from tokens: marks such as `xxmaj` become what they stand for.
    #[must_use]
    pub fn detokenize(&self, tokens: &[&str]) -> String {
        match self {
            Self::Word(_) => rules::undo(tokens),
            Self::Subword(_) => SubwordTokenizer::detokenize(tokens),
        }
    }

    /// The name in a model's `config.json`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Word(_) => "word",
            Self::Subword(_) => "subword",
        }
    }
}
