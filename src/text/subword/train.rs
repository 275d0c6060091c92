//! Training of a subword tokeniser: which words to learn from, and the pieces that spell them best.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;
use tokenizers::AddedToken;
use tokenizers::models::unigram::{Unigram, UnigramTrainer};

use super::{SPACE, SubwordError, SubwordTokenizer, normalise, runs};
use crate::text::rules::{SPECIALS, UNK};

/// Share of all characters that the pieces must be able to spell; the rarest rest is unknown. East Asian texts have
/// thousands of characters that occur once.
const COVERAGE: f64 = 0.99999;
const COVERAGE_EAST_ASIAN: f64 = 0.9998;
/// Training sees longer runs in parts.
const LONGEST_RUN: usize = 256;
/// Distinct runs are held up to about this many bytes; later ones are left out of training, which bounds memory.
const MAX_RUN_BYTES: usize = 256 << 20;
/// What a run costs beside its text.
const ENTRY_BYTES: usize = 64;
/// How much more a word counts than its variant that only marks it as a candidate ([`listed`]).
const COUNT_FACTOR: u64 = 16;

/// What the trainer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubwordConfig {
    /// Pieces, special tokens included, rounded up to a multiple of 8. By default a quarter of the distinct words,
    /// at most `max_vocab`, as in fastai.
    pub vocab_size: Option<usize>,
    /// The most that the default size can be.
    pub max_vocab: usize,
    /// Characters of distinct words to train on, most frequent words first. Memory is about 300 bytes each.
    pub max_chars: usize,
}

impl Default for SubwordConfig {
    fn default() -> Self {
        Self {
            vocab_size: None,
            max_vocab: 30_000,
            max_chars: 3_000_000,
        }
    }
}

/// Collects words, then learns the pieces. The same texts in the same order give the same tokeniser.
#[derive(Debug, Clone, Default)]
pub struct SubwordTrainer {
    counts: HashMap<String, u64>,
    bytes: usize,
}

impl SubwordTrainer {
    /// Counts the words of some texts.
    pub fn add<S: AsRef<str> + Sync>(&mut self, texts: &[S]) {
        let normalised: Vec<String> = texts.par_iter().map(|text| normalise(text.as_ref())).collect();
        for text in &normalised {
            for word in text.split(' ').filter(|word| !SPECIALS.contains(word)) {
                let marked = format!("{SPACE}{word}");
                for run in runs(&marked) {
                    if let Some(count) = self.counts.get_mut(run) {
                        *count += 1;
                    } else if self.bytes < MAX_RUN_BYTES {
                        self.bytes += run.len() + ENTRY_BYTES;
                        self.counts.insert(run.to_string(), 1);
                    }
                }
            }
        }
    }

    /// Distinct words (runs of one kind of character) so far.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// Learns the pieces. Minutes for the largest texts, on one core: the sums of several would differ from run to
    /// run in their last bits, and with them the pieces.
    ///
    /// # Errors
    /// If there was no text, or the size asked for cannot hold its alphabet.
    pub fn train(self, config: SubwordConfig) -> Result<SubwordTokenizer, SubwordError> {
        let default_size = (self.counts.len() / 4).clamp(29, config.max_vocab.max(29));
        let mut words: Vec<(String, u64)> = self.counts.into_iter().collect();
        words.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        let alphabet = alphabet(&words);
        let words = listed(spellable(words, &alphabet, config.max_chars), &alphabet);
        if words.is_empty() || alphabet.iter().all(|&c| c == SPACE) {
            return Err(SubwordError::NoText);
        }

        let needed = SPECIALS.len() + alphabet.len() + 1;
        let size = match config.vocab_size {
            Some(asked) if asked < needed => return Err(SubwordError::TooSmall { asked, needed }),
            Some(asked) => asked,
            // An alphabet of thousands must leave room for pieces of several characters.
            None => default_size.max(2 * needed),
        };
        let trainer = UnigramTrainer::builder()
            .show_progress(false)
            .vocab_size(u32::try_from(size.next_multiple_of(8)).unwrap_or(u32::MAX / 16))
            .special_tokens(
                SPECIALS
                    .iter()
                    .map(|token| AddedToken::from(*token, true))
                    .collect(),
            )
            .unk_token(Some(UNK.to_string()))
            .build()
            .map_err(|error| SubwordError::Training(error.to_string()))?;
        let learn = move || learn(&trainer, words);
        let model = match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
            Ok(single) => single.install(learn),
            // Where threads cannot be started there is only one anyway.
            Err(_) => learn(),
        }?;
        SubwordTokenizer::from_pieces(reproducible(&model, alphabet.len()))
    }
}

/// Orders of the words that are tried.
const ORDERS: usize = 8;

/// Learns the pieces of the words.
///
/// The trainer's suffix array (esaxx-rs 0.1.10) is wrong for a few short and repetitive lists, and it panics when it cuts a
/// string out of it. The same words in another order pass. This can go when esaxx-rs is right.
fn learn(trainer: &UnigramTrainer, mut words: Vec<(String, u32)>) -> Result<Unigram, SubwordError> {
    for _ in 0..ORDERS {
        let listed = words.clone();
        let attempt = || {
            let mut model = Unigram::default();
            trainer.do_train(listed, &mut model).map(|_| model)
        };
        match catch_unwind(AssertUnwindSafe(attempt)) {
            Ok(outcome) => return outcome.map_err(|error| SubwordError::Training(error.to_string())),
            Err(_) => words.rotate_left(1),
        }
    }
    Err(SubwordError::Training(
        "it is too short and too repetitive".into(),
    ))
}

/// The characters to be spelt: the most frequent, up to the share that the writing system calls for.
#[expect(clippy::cast_precision_loss, reason = "a threshold on a share")]
fn alphabet(words: &[(String, u64)]) -> HashSet<char> {
    let mut counts: HashMap<char, u64> = HashMap::new();
    for (word, count) in words {
        // The trainer separates words by NUL.
        for c in word.chars().filter(|&c| c != '\0') {
            *counts.entry(c).or_default() += count;
        }
    }
    let total: u64 = counts.values().sum();
    let east_asian: u64 = counts
        .iter()
        .filter(|(c, _)| is_east_asian(**c))
        .map(|(_, count)| count)
        .sum();
    let coverage = if east_asian * 3 > total {
        COVERAGE_EAST_ASIAN
    } else {
        COVERAGE
    };
    let mut ranked: Vec<(char, u64)> = counts.into_iter().collect();
    ranked.sort_unstable_by_key(|&(c, count)| (std::cmp::Reverse(count), c));
    let mut covered = 0;
    let enough = total as f64 * coverage;
    let kept = ranked.into_iter().take_while(|&(_, count)| {
        let wanted = (covered as f64) < enough;
        covered += count;
        wanted
    });
    kept.map(|(c, _)| c).collect()
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
}

/// The parts of `words` within the alphabet, up to `max_chars` characters in all.
fn spellable(words: Vec<(String, u64)>, alphabet: &HashSet<char>, max_chars: usize) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut chars = 0;
    for (word, count) in words {
        for part in word
            .split(|c| !alphabet.contains(&c))
            .filter(|part| !part.is_empty())
        {
            let part: Vec<char> = part.chars().collect();
            for piece in part.chunks(LONGEST_RUN) {
                chars += piece.len();
                parts.push((piece.iter().collect(), count));
            }
        }
        if chars >= max_chars {
            break;
        }
    }
    parts
}

/// The list that the trainer learns from; its total, over characters, stays within 32 bits.
///
/// Two things about the trainer are made up for. It forgets pieces expected less than half a time, in a small text
/// all of them, so counts are multiplied. And it only considers strings that continue in two ways in the list of
/// distinct words: `▁film` would not be a piece unless `▁films` occurred as well. So each repeated word is listed
/// once more with a character appended, in turn each of the alphabet, at a count too small to matter.
fn listed(words: Vec<(String, u64)>, alphabet: &HashSet<char>) -> Vec<(String, u32)> {
    let mut endings: Vec<char> = alphabet.iter().copied().filter(|&c| c != SPACE).collect();
    endings.sort_unstable();
    let mut endings = endings.into_iter().cycle();

    let total: u64 = words
        .iter()
        .map(|(word, count)| (word.chars().count() as u64 + 1) * (count + 1))
        .sum();
    let factor = u64::from(u32::MAX / 2) / total.max(1);
    let fit = |count: u64| match factor {
        0 => count / total.div_ceil(u64::from(u32::MAX / 2)),
        _ => count * factor.min(COUNT_FACTOR),
    };
    let mut listed = Vec::with_capacity(2 * words.len());
    for (word, count) in words {
        if count > 1
            && let Some(ending) = endings.next()
        {
            listed.push((format!("{word}{ending}"), 1));
        }
        listed.push((word, u32::try_from(fit(count)).unwrap_or(u32::MAX).max(1)));
    }
    listed
}

/// The model's pieces, special tokens first, in an order and with scores that do not depend on the run.
///
/// Characters that training forgot are put back by the trainer in the order of a randomly seeded hash set, each
/// 0.0001 above the last, from the lowest score upwards; here they all get the lowest. Six decimals are read back
/// from JSON exactly.
#[expect(clippy::cast_precision_loss, reason = "alphabets are far below 2^52")]
fn reproducible(model: &Unigram, alphabet: usize) -> Vec<(String, f64)> {
    let mut pieces: Vec<(String, f64)> = model.iter().cloned().collect();
    let mut learned = pieces.split_off(SPECIALS.len().min(pieces.len()));
    let lowest = learned
        .iter()
        .map(|&(_, score)| score)
        .fold(f64::INFINITY, f64::min);
    let put_back = lowest + 0.0001 * alphabet as f64;
    for (piece, score) in &mut learned {
        if *score <= put_back && piece.chars().nth(1).is_none() {
            *score = lowest;
        }
        *score = (*score * 1e6).round() / 1e6;
    }
    learned.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.cmp(b)));
    pieces.append(&mut learned);
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ENGLISH, spelt, trained};
    use super::*;

    const JAPANESE: &[&str] = &[
        "この映画は素晴らしかったです。",
        "音楽も素晴らしいと思います。",
        "退屈な映画でした。",
    ];

    #[test]
    fn frequent_words_become_pieces_and_marks_stay_whole() {
        let tokens = trained(&ENGLISH.repeat(20)).tokenize("wonderful film");
        assert_eq!(tokens, ["xxbos", "▁wonderful", "▁film"]);
    }

    #[test]
    fn languages_without_spaces_are_split() {
        let mut texts = Vec::new();
        for what in ["映画", "音楽", "物語", "俳優", "監督"] {
            for how in ["素晴らしい", "退屈だった", "面白かった", "長すぎる"] {
                texts.push(format!("この{what}は{how}と思う。"));
                texts.push(format!("{how}{what}でした。"));
            }
        }
        let mut trainer = SubwordTrainer::default();
        trainer.add(&texts);
        let tokenizer = trainer.train(SubwordConfig::default()).unwrap();
        let tokens = tokenizer.tokenize("監督は退屈だった。");
        assert!(
            tokens.contains(&"退屈だった".to_string()) || tokens.contains(&"退屈".to_string()),
            "{tokens:?}"
        );
        assert_eq!(spelt(&tokenizer, "映画は素晴らしい"), "xxbos 映画は素晴らしい");
    }

    #[test]
    fn training_is_reproducible() {
        let texts = [ENGLISH, JAPANESE].concat();
        let first = trained(&texts).to_json().unwrap();
        for _ in 0..3 {
            assert_eq!(trained(&texts).to_json().unwrap(), first);
        }
    }

    #[test]
    fn sizes_are_kept_or_refused() {
        let mut trainer = SubwordTrainer::default();
        trainer.add(&ENGLISH.repeat(9));
        let sized = |vocab_size| {
            let config = SubwordConfig {
                vocab_size: Some(vocab_size),
                ..SubwordConfig::default()
            };
            trainer.clone().train(config)
        };
        assert_eq!(sized(47).unwrap().vocab().unwrap().len(), 48);
        assert!(matches!(sized(20), Err(SubwordError::TooSmall { asked: 20, .. })));
    }

    #[test]
    fn what_the_suffix_array_gets_wrong_is_learned_in_another_order() {
        let text = "cab\na\nc ab";
        let mut trainer = SubwordTrainer::default();
        trainer.add(&[text]);
        let tokenizer = trainer.train(SubwordConfig::default()).unwrap();
        assert_eq!(spelt(&tokenizer, text), normalise(text));
    }

    #[test]
    fn nothing_to_learn_from_is_an_error() {
        for texts in [&[][..], &["", " \n\u{3000}"], &["\0"]] {
            let mut trainer = SubwordTrainer::default();
            trainer.add(texts);
            assert_eq!(
                trainer.train(SubwordConfig::default()).unwrap_err(),
                SubwordError::NoText,
                "{texts:?}"
            );
        }
    }
}
