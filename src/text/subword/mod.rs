//! Subwords for any language: a Unigram model (Kudo 2018) trained on the user's own texts.
//!
//! As fastai does with `SentencePiece`: its text rules come first, special tokens stay whole, and a space is written
//! `▁` at the start of the word that follows it. Nothing is assumed about where words end, so Chinese and Japanese
//! work as well. Joining the tokens gives back the normalised text exactly.

mod train;

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;
use tokenizers::decoders::metaspace::{Metaspace, PrependScheme};
use tokenizers::models::unigram::Unigram;
use tokenizers::normalizers::{self, prepend::Prepend, replace::Replace, strip::Strip, unicode::NFKC};
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, NormalizedString, Normalizer, SplitDelimiterBehavior, normalizers::replace};

use super::rules::{self, SPECIALS, UNK};
use super::vocab::{FILLER, Vocab};
pub use train::{SubwordConfig, SubwordTrainer};

/// Stands for the space before a word.
const SPACE: char = '▁';
/// What no piece crosses: the borders of words, of numbers, of punctuation, and between the scripts of East Asia and
/// the others.
const RUNS: &str = concat!(
    r"▁?(?:[\p{Han}\p{Hiragana}\p{Katakana}ー]+",
    r"|[\p{L}\p{M}&&[^\p{Han}\p{Hiragana}\p{Katakana}ー]]+",
    r"|\p{N}+",
    r"|[^\p{L}\p{M}\p{N}ー▁]+)|▁",
);
static RUN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(RUNS).ok());

/// Why subwords could not be trained, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubwordError {
    /// Nothing to learn from.
    #[error("there is no text to learn subwords from; give at least a few sentences")]
    NoText,
    /// The size leaves no room for anything but the alphabet.
    #[error("a vocabulary of {asked} subwords is too small for this text, which needs at least {needed}")]
    TooSmall {
        /// The size that was asked for.
        asked: usize,
        /// Special tokens and alphabet.
        needed: usize,
    },
    /// The trainer gave up.
    #[error("subwords could not be learned from this text ({0}); give more text or use the word tokeniser")]
    Training(String),
    /// Not a tokenizer.json with a Unigram model.
    #[error("this is not a tokenizer.json with a Unigram model ({0}); use the one saved with the model")]
    Json(String),
    /// A Unigram model whose first tokens are not the special tokens.
    #[error(
        "this tokenizer.json was not made by Unfreeze: its first tokens are not {UNK} and the other marks"
    )]
    Foreign,
}

/// A trained Unigram tokeniser.
#[derive(Debug, Clone)]
pub struct SubwordTokenizer {
    model: Unigram,
}

impl SubwordTokenizer {
    fn from_pieces(pieces: Vec<(String, f64)>) -> Result<Self, SubwordError> {
        let leading = pieces
            .iter()
            .map(|(piece, _)| piece.as_str())
            .take(SPECIALS.len());
        if !leading.eq(SPECIALS)
            || pieces
                .iter()
                .any(|(piece, score)| piece.is_empty() || !score.is_finite())
        {
            return Err(SubwordError::Foreign);
        }
        let model =
            Unigram::from(pieces, Some(0), false).map_err(|error| SubwordError::Json(error.to_string()))?;
        Ok(Self { model })
    }

    /// Reads `tokenizer.json`.
    ///
    /// # Errors
    /// If it holds no Unigram model, or one that does not begin with the special tokens.
    pub fn from_json(json: &str) -> Result<Self, SubwordError> {
        #[derive(Deserialize)]
        struct File {
            model: Unigram,
        }
        let file: File = serde_json::from_str(json).map_err(|error| SubwordError::Json(error.to_string()))?;
        Self::from_pieces(file.model.iter().cloned().collect())
    }

    /// Writes `tokenizer.json`, which the `tokenizers` library reads: on text that went through the text rules its
    /// pieces are the same as ours.
    ///
    /// # Errors
    /// If the library refuses, which it has no reason to.
    pub fn to_json(&self) -> Result<String, SubwordError> {
        self.portable()
            .and_then(|portable| portable.to_string(false))
            .map_err(|e| SubwordError::Json(e.to_string()))
    }

    /// The same tokeniser in the library's own terms.
    fn portable(&self) -> tokenizers::Result<tokenizers::Tokenizer> {
        let mut portable = tokenizers::Tokenizer::new(self.model.clone());
        portable.with_normalizer(Some(normalizers::Sequence::new(vec![
            NFKC.into(),
            Replace::new(replace::ReplacePattern::Regex(format!(r"[\s{SPACE}]+")), " ")?.into(),
            Strip::new(true, true).into(),
            Prepend::new(" ".to_string()).into(),
            Replace::new(" ", SPACE.to_string())?.into(),
        ])))?;
        let runs = SplitPattern::Regex(RUNS.to_string());
        portable.with_pre_tokenizer(Some(Split::new(runs, SplitDelimiterBehavior::Isolated, false)?));
        portable.with_decoder(Some(Metaspace::new(SPACE, PrependScheme::Always, true)));
        let marks = SPECIALS
            .iter()
            .map(|token| AddedToken::from(*token, true).single_word(true).normalized(false));
        portable.add_special_tokens(marks)?;
        Ok(portable)
    }

    /// The vocabulary that these pieces make: special tokens, then pieces from likely to unlikely, then fillers up to
    /// a multiple of 8.
    ///
    /// # Errors
    /// Never for a tokeniser that was trained or read.
    pub fn vocab(&self) -> Result<Vocab, super::vocab::VocabError> {
        let mut pieces: Vec<String> = self.model.iter().map(|(piece, _)| piece.clone()).collect();
        let rows = pieces.len().next_multiple_of(8);
        pieces.resize(rows, FILLER.to_string());
        Vocab::from_tokens(pieces)
    }

    /// Text rules, then pieces. Characters that no piece spells come out as they are, for the vocabulary to call
    /// unknown.
    #[must_use]
    pub fn tokenize(&self, raw: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        let mut marked = String::new();
        for word in normalise(raw).split(' ').filter(|word| !word.is_empty()) {
            if SPECIALS.contains(&word) {
                tokens.push(word.to_string());
                continue;
            }
            marked.clear();
            marked.push(SPACE);
            marked.push_str(word);
            for run in runs(&marked) {
                for piece in self.model.encode(run).unwrap_or_else(|_| vec![run.to_string()]) {
                    if SPECIALS.contains(&piece.as_str()) {
                        // A mark inside a word is only letters that happen to spell it.
                        tokens.extend(piece.chars().map(String::from));
                    } else {
                        tokens.push(piece);
                    }
                }
            }
        }
        tokens
    }

    /// The normalised text that `tokens` spell, marks included: the inverse of [`Self::tokenize`].
    #[must_use]
    pub fn join(tokens: &[&str]) -> String {
        let mut text = String::new();
        let mut after_mark = false;
        for token in tokens {
            let mark = SPECIALS.contains(token);
            if mark || after_mark && !token.starts_with(SPACE) {
                text.push(' ');
            }
            text.extend(token.chars().map(|c| if c == SPACE { ' ' } else { c }));
            after_mark = mark;
        }
        text.trim_start().to_string()
    }

    /// The text that `tokens` spell, marks turned back into what they stand for.
    #[must_use]
    pub fn detokenize(tokens: &[&str]) -> String {
        let text = Self::join(tokens);
        rules::undo(&text.split(' ').collect::<Vec<_>>())
    }
}

/// Text rules, compatibility forms unified (NFKC), white space squeezed: what [`SubwordTokenizer::join`] gives back.
#[must_use]
pub fn normalise(raw: &str) -> String {
    let mut text = rules::apply(raw);
    if !text.is_ascii() {
        let mut unified = NormalizedString::from(text.as_str());
        // NFKC is total; should it ever fail, text that is not unified is still text.
        if NFKC.normalize(&mut unified).is_ok() {
            text = unified.get().to_string();
        }
    }
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == SPACE)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// The runs of a marked word, which together are all of it.
fn runs(marked: &str) -> impl Iterator<Item = &str> {
    let found = RUN
        .as_ref()
        .map(|run| run.find_iter(marked).map(|run| run.as_str()));
    let whole = found.is_none().then_some(marked);
    found.into_iter().flatten().chain(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) const ENGLISH: &[&str] = &[
        "The film was wonderful, and the acting was wonderful too.",
        "A wonderful story; the actors were acting with wonder!",
        "I did not like the story. The film was far too long, 120 minutes.",
    ];
    pub(super) fn trained(texts: &[&str]) -> SubwordTokenizer {
        let mut trainer = SubwordTrainer::default();
        trainer.add(texts);
        trainer.train(SubwordConfig::default()).unwrap()
    }

    pub(super) fn spelt(tokenizer: &SubwordTokenizer, text: &str) -> String {
        let tokens = tokenizer.tokenize(text);
        SubwordTokenizer::join(&tokens.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn json_keeps_the_pieces_and_the_library_agrees() {
        let tokenizer = trained(&ENGLISH.repeat(5));
        let json = tokenizer.to_json().unwrap();
        let again = SubwordTokenizer::from_json(&json).unwrap();
        assert_eq!(again.to_json().unwrap(), json);
        assert_eq!(again.vocab(), tokenizer.vocab());
        let library: tokenizers::Tokenizer = json.parse().unwrap();
        for text in ENGLISH {
            let encoding = library.encode(normalise(text), false).unwrap();
            assert_eq!(tokenizer.tokenize(text), encoding.get_tokens());
            assert_eq!(
                tokenizer.vocab().unwrap().encode(tokenizer.tokenize(text)),
                encoding.get_ids()
            );
        }
    }

    #[test]
    fn the_vocabulary_begins_with_the_marks_and_has_full_rows() {
        let vocab = trained(ENGLISH).vocab().unwrap();
        assert_eq!(vocab.tokens()[..9], SPECIALS);
        assert_eq!(vocab.len() % 8, 0);
        assert_eq!(vocab.id("▁☃"), 0);
    }

    #[test]
    fn other_files_are_refused() {
        assert!(matches!(
            SubwordTokenizer::from_json("{}"),
            Err(SubwordError::Json(_))
        ));
        let foreign = r#"{"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["a",-1.0]]}}"#;
        assert_eq!(
            SubwordTokenizer::from_json(foreign).unwrap_err(),
            SubwordError::Foreign
        );
    }

    #[test]
    fn a_mark_inside_a_word_is_letters() {
        let tokenizer = trained(ENGLISH);
        assert_eq!(spelt(&tokenizer, "axxmajb xxunknown"), "xxbos axxmajb xxunknown");
        assert!(!tokenizer.tokenize("axxmajb").contains(&"xxmaj".to_string()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_trains_and_joins_back(texts in prop::collection::vec("\\PC{0,40}|[a-c \\n]{0,60}|.{0,20}", 1..6)) {
            let mut trainer = SubwordTrainer::default();
            trainer.add(&texts);
            if let Ok(tokenizer) = trainer.train(SubwordConfig::default()) {
                for text in texts.iter().map(String::as_str).chain(ENGLISH.iter().copied()) {
                    prop_assert_eq!(spelt(&tokenizer, text), normalise(text));
                }
            }
        }
    }
}
