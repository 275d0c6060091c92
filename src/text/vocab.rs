//! The vocabulary: which token has which row of the embedding, and how rows move to another vocabulary.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::rules::{BOS, FLD, PAD, REP, SPECIALS, UNK, UNK_ID, UP, WREP};

/// Fills the vocabulary up to a multiple of `ROW_MULTIPLE`; no text ever maps to it.
pub const FILLER: &str = "xxfake";
/// Matrix kernels are fastest when the number of rows is a multiple of this.
const ROW_MULTIPLE: usize = 8;

/// How the 0.7 generation of pretrained weights spelt today's special tokens.
const OLD_SPECIALS: [(&str, &str); 7] = [
    ("_unk_", UNK),
    ("_pad_", PAD),
    ("xbos", BOS),
    ("xfld", FLD),
    ("tk_rep", REP),
    ("tk_wrep", WREP),
    ("t_up", UP),
];

/// Why a list of tokens is not a usable vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VocabError {
    /// The text is not a JSON list of strings.
    #[error("the vocabulary is not a JSON list of tokens ({0}); expected [\"{UNK}\", \"{PAD}\", ...]")]
    Json(String),
    /// There is no token to map a word to.
    #[error("the vocabulary is empty; use the one that was saved next to the weights")]
    Empty,
    /// Words outside the vocabulary would have no row.
    #[error(
        "the vocabulary has no unknown token ({UNK}, or _unk_ in older ones); is it really a vocabulary?"
    )]
    NoUnknown,
    /// Ids are 32-bit.
    #[error("the vocabulary has {0} tokens, more than 32-bit ids can number")]
    TooLarge(usize),
}

/// A bijection between tokens and rows `0..len`, the rest of the language going to the unknown token.
///
/// Saved as a plain JSON list, row order (`vocab.json`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Vocab {
    itos: Vec<String>,
    stoi: HashMap<String, u32>,
    unk: u32,
}

impl PartialEq for Vocab {
    fn eq(&self, other: &Self) -> bool {
        self.itos == other.itos
    }
}

impl Eq for Vocab {}

impl Vocab {
    /// The `max_size` most frequent tokens seen at least `min_freq` times, special tokens first.
    ///
    /// Rows `0..9` are [`SPECIALS`], whether seen or not; they count towards `max_size`. Then by falling
    /// frequency; ties keep the order of `counts`, which should be that of first appearance (callers who know no
    /// order sort by token). Repeated tokens add up. Fillers round the length up to a multiple of 8, adding eight
    /// to a length that already is one, so that row numbers agree with fastai's `make_vocab`.
    #[must_use]
    pub fn from_counts(
        counts: impl IntoIterator<Item = (String, u64)>,
        min_freq: u64,
        max_size: usize,
    ) -> Self {
        let mut ranked: Vec<(String, u64)> = Vec::new();
        let mut position: HashMap<String, usize> = HashMap::new();
        for (token, count) in counts {
            if SPECIALS.contains(&token.as_str()) || token == FILLER {
                continue;
            }
            if let Some(&at) = position.get(&token) {
                ranked[at].1 += count;
            } else {
                position.insert(token.clone(), ranked.len());
                ranked.push((token, count));
            }
        }
        drop(position);
        ranked.retain(|(_, count)| *count >= min_freq);
        ranked.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        ranked.truncate(max_size.min(u32::MAX as usize / 2).saturating_sub(SPECIALS.len()));

        let mut itos: Vec<String> = SPECIALS.iter().map(ToString::to_string).collect();
        itos.extend(ranked.into_iter().map(|(token, _)| token));
        let fillers = ROW_MULTIPLE - itos.len() % ROW_MULTIPLE;
        itos.extend(std::iter::repeat_n(FILLER.to_string(), fillers));
        Self::with_unknown(itos, UNK_ID)
    }

    /// The vocabulary that a model was saved with, row for row.
    ///
    /// Special tokens of the 0.7 generation (`_unk_`, `_pad_`, `xbos`, ...) take today's names, in place. Of a
    /// token that is listed twice the last row wins, as in the Python dictionary that trained the weights.
    ///
    /// # Errors
    /// If the list is empty, has no unknown token, or is too long to number.
    pub fn from_tokens(mut itos: Vec<String>) -> Result<Self, VocabError> {
        if itos.is_empty() {
            return Err(VocabError::Empty);
        }
        if u32::try_from(itos.len()).is_err() {
            return Err(VocabError::TooLarge(itos.len()));
        }
        for (old, new) in OLD_SPECIALS {
            if !itos.iter().any(|token| token == new)
                && let Some(token) = itos.iter_mut().find(|token| *token == old)
            {
                *token = new.to_string();
            }
        }
        let unk = itos
            .iter()
            .position(|token| token == UNK)
            .ok_or(VocabError::NoUnknown)?;
        Ok(Self::with_unknown(itos, u32::try_from(unk).unwrap_or(UNK_ID)))
    }

    fn with_unknown(itos: Vec<String>, unk: u32) -> Self {
        let stoi = (0u32..).zip(&itos).filter(|(_, token)| *token != FILLER);
        let stoi = stoi.map(|(id, token)| (token.clone(), id)).collect();
        Self { itos, stoi, unk }
    }

    /// Reads `vocab.json`.
    ///
    /// # Errors
    /// If it is not a list of strings, or not a usable one ([`Self::from_tokens`]).
    pub fn from_json(json: &str) -> Result<Self, VocabError> {
        let itos = serde_json::from_str(json).map_err(|error| VocabError::Json(error.to_string()))?;
        Self::from_tokens(itos)
    }

    /// Writes `vocab.json`: a list, one token a line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let lines: Vec<String> = self
            .itos
            .iter()
            .map(|token| serde_json::Value::from(token.as_str()).to_string())
            .collect();
        format!("[\n{}\n]\n", lines.join(",\n"))
    }

    /// Number of rows, fillers included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.itos.len()
    }

    /// Never true: a vocabulary holds at least the unknown token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.itos.is_empty()
    }

    /// The row of `token`, the unknown token's if it has none.
    #[must_use]
    pub fn id(&self, token: &str) -> u32 {
        self.get(token).unwrap_or(self.unk)
    }

    /// The row of `token`, if it has one.
    #[must_use]
    pub fn get(&self, token: &str) -> Option<u32> {
        self.stoi.get(token).copied()
    }

    /// The row of the unknown token ([`UNK_ID`] unless the vocabulary was made elsewhere).
    #[must_use]
    pub fn unk(&self) -> u32 {
        self.unk
    }

    /// The token of row `id`; the unknown token for an id out of range.
    #[must_use]
    pub fn token(&self, id: u32) -> &str {
        self.itos.get(id as usize).map_or(UNK, String::as_str)
    }

    /// All tokens in row order.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.itos
    }

    /// Rows of a tokenised text.
    pub fn encode<S: AsRef<str>>(&self, tokens: impl IntoIterator<Item = S>) -> Vec<u32> {
        tokens.into_iter().map(|token| self.id(token.as_ref())).collect()
    }

    /// Tokens of the rows `ids`.
    #[must_use]
    pub fn decode(&self, ids: &[u32]) -> Vec<&str> {
        ids.iter().map(|&id| self.token(id)).collect()
    }

    /// Share (0 to 1) of `tokens` that map to the unknown token; 0 for no tokens.
    #[expect(clippy::cast_precision_loss, reason = "a share, shown to three digits")]
    pub fn unknown_rate<S: AsRef<str>>(&self, tokens: impl IntoIterator<Item = S>) -> f64 {
        let (mut all, mut unknown) = (0u64, 0u64);
        for token in tokens {
            all += 1;
            unknown += u64::from(self.id(token.as_ref()) == self.unk);
        }
        if all == 0 {
            0.0
        } else {
            unknown as f64 / all as f64
        }
    }
}

impl TryFrom<Vec<String>> for Vocab {
    type Error = VocabError;

    fn try_from(itos: Vec<String>) -> Result<Self, VocabError> {
        Self::from_tokens(itos)
    }
}

impl From<Vocab> for Vec<String> {
    fn from(vocab: Vocab) -> Self {
        vocab.itos
    }
}

/// How a model's embedding rows and decoder biases move to another vocabulary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// For each row of the new vocabulary, the old row it starts from; `None` starts from the mean of the old rows.
    pub rows: Vec<Option<u32>>,
    /// How many distinct tokens of the new vocabulary the old one knows.
    pub known: usize,
}

/// Matches the tokens of `new` to the rows of `old` (section 3.2: the pretrained model keeps what it knows).
#[must_use]
pub fn transfer(old: &Vocab, new: &Vocab) -> Transfer {
    let rows: Vec<Option<u32>> = new.itos.iter().map(|token| old.get(token)).collect();
    let known: HashSet<u32> = rows.iter().copied().flatten().collect();
    Transfer {
        rows,
        known: known.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::PAD_ID;
    use super::*;

    fn counts(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
        pairs
            .iter()
            .map(|(token, count)| ((*token).to_string(), *count))
            .collect()
    }

    #[test]
    fn specials_lead_then_frequency_then_first_appearance() {
        let seen = counts(&[
            ("b", 3),
            ("xxbos", 9),
            ("a", 3),
            ("the", 7),
            ("rare", 2),
            ("b", 1),
        ]);
        let vocab = Vocab::from_counts(seen, 3, 60_000);
        assert_eq!(vocab.tokens()[..9], SPECIALS);
        assert_eq!(vocab.tokens()[9..12], ["the", "b", "a"]);
        assert_eq!(vocab.id("rare"), UNK_ID);
        assert_eq!(vocab.id(PAD), PAD_ID);
    }

    #[test]
    fn fillers_round_up_and_a_multiple_of_eight_still_gets_eight() {
        let words = |n: usize| (0..n).map(|i| (format!("w{i}"), 1));
        assert_eq!(Vocab::from_counts(words(6), 1, 100).len(), 16);
        assert_eq!(Vocab::from_counts(words(7), 1, 100).len(), 24);
        let full = Vocab::from_counts(words(90), 1, 40);
        assert_eq!((full.len(), full.token(39), full.token(40)), (48, "w30", FILLER));
        assert_eq!(
            full.id(FILLER),
            UNK_ID,
            "text that says {FILLER} must not reach a filler row"
        );
    }

    #[test]
    fn json_keeps_every_row() {
        let vocab = Vocab::from_counts(counts(&[("\"", 2), ("é\n", 2), ("xxfake", 5)]), 1, 99);
        assert_eq!(Vocab::from_json(&vocab.to_json()), Ok(vocab.clone()));
        let value = serde_json::to_string(&vocab).unwrap();
        assert!(value.starts_with("[\"xxunk\","));
        assert_eq!(serde_json::from_str::<Vocab>(&value).unwrap(), vocab);
    }

    #[test]
    fn unusable_lists_are_refused() {
        assert_eq!(Vocab::from_json("[]"), Err(VocabError::Empty));
        assert_eq!(Vocab::from_json("[\"a\"]"), Err(VocabError::NoUnknown));
        assert!(matches!(Vocab::from_json("{}"), Err(VocabError::Json(_))));
        assert!(serde_json::from_str::<Vocab>("[\"a\"]").is_err());
    }

    #[test]
    fn older_names_become_ours_in_place() {
        let vocab = Vocab::from_json(r#"["_unk_","_pad_","the","xbos","xfld","t_up","the"]"#).unwrap();
        assert_eq!((vocab.id("never"), vocab.id(PAD), vocab.id("xxbos")), (0, 1, 3));
        assert_eq!((vocab.id("xxfld"), vocab.id("xxup"), vocab.id("the")), (4, 5, 6));
        let both = Vocab::from_json(r#"["xxunk","xxbos","xbos"]"#).unwrap();
        assert_eq!((both.id("xxbos"), both.id("xbos")), (1, 2));
    }

    #[test]
    fn unknown_token_may_be_anywhere() {
        let vocab = Vocab::from_json(r#"["the","xxunk"]"#).unwrap();
        assert_eq!(vocab.encode(["the", "cat"]), [0, 1]);
        assert_eq!(vocab.decode(&[0, 1, 77]), ["the", UNK, UNK]);
        assert!((vocab.unknown_rate(["the", "the", "the", "cat"]) - 0.25).abs() < 1e-12);
        assert!(vocab.unknown_rate([""; 0]).abs() < 1e-12);
    }

    #[test]
    fn transfer_names_old_rows_and_counts_each_token_once() {
        let old = Vocab::from_json(r#"["_unk_","_pad_","cat","the"]"#).unwrap();
        let new = Vocab::from_counts(counts(&[("the", 5), ("dog", 4)]), 1, 99);
        let moved = transfer(&old, &new);
        assert_eq!(moved.rows.len(), new.len());
        assert_eq!(moved.rows[new.id("the") as usize], Some(3));
        assert_eq!(moved.rows[new.id("dog") as usize], None);
        assert_eq!((moved.rows[0], moved.rows[1], moved.known), (Some(0), Some(1), 3));
    }
}
