//! A corpus as token ids, read in one pass whatever its size.

use std::collections::HashMap;
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::Tokenizer;
use super::vocab::Vocab;

/// Bytes of text tokenised at a time: enough to keep every core busy, small beside the ids themselves.
const CHUNK_BYTES: usize = 4 << 20;

/// Documents as token ids, end to end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corpus {
    tokens: Vec<u32>,
    starts: Vec<usize>,
}

impl Corpus {
    /// Joins documents that are ids already.
    pub fn from_documents<D: AsRef<[u32]>>(documents: impl IntoIterator<Item = D>) -> Self {
        let mut corpus = Self::default();
        for document in documents {
            corpus.starts.push(corpus.tokens.len());
            corpus.tokens.extend_from_slice(document.as_ref());
        }
        corpus
    }

    /// Puts a saved corpus together again; `None` unless `starts` begins at 0, never falls and stays within
    /// `tokens` (and is empty only where `tokens` is).
    #[must_use]
    pub fn from_parts(tokens: Vec<u32>, starts: Vec<usize>) -> Option<Self> {
        let begins = starts.first().copied().unwrap_or(tokens.len()) == 0;
        let ends = starts.last().is_none_or(|&last| last <= tokens.len());
        (begins && ends && starts.is_sorted()).then_some(Self { tokens, starts })
    }

    /// All ids, documents end to end.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Where each document starts in [`Self::tokens`].
    #[must_use]
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// How many documents there are, empty ones included.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.starts.len()
    }

    /// The ids of document `index`.
    ///
    /// # Panics
    /// If `index >= self.documents()`.
    #[must_use]
    pub fn document(&self, index: usize) -> &[u32] {
        let end = self.starts.get(index + 1).copied().unwrap_or(self.tokens.len());
        &self.tokens[self.starts[index]..end]
    }

    /// What a backward model reads: every document last token first, `xxbos` and the other marks reversed with the
    /// words (as fastai's `reverse_text`, so that its backward weights fit). The order of documents stays.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut reversed = self.clone();
        for index in 0..self.documents() {
            let start = self.starts[index];
            reversed.tokens[start..start + self.document(index).len()].reverse();
        }
        reversed
    }
}

/// Where the ids come from.
#[derive(Debug, Clone, Copy)]
pub enum VocabChoice<'a> {
    /// A vocabulary that exists.
    Fixed(&'a Vocab),
    /// One made of the corpus itself, as [`Vocab::from_counts`] does.
    Build {
        /// Tokens seen less often are unknown.
        min_freq: u64,
        /// Rows, special tokens included, fillers not.
        max_size: usize,
    },
}

/// How far reading has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// UTF-8 bytes of text tokenised.
    pub bytes: u64,
    /// Documents tokenised.
    pub documents: usize,
    /// Tokens kept.
    pub tokens: usize,
}

/// What the reader of a corpus wants to know about it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CorpusStats {
    /// Tokens, special ones included.
    pub tokens: usize,
    /// Documents.
    pub documents: usize,
    /// UTF-8 bytes of the text as it was read.
    pub bytes: u64,
    /// Distinct tokens, before the vocabulary is cut.
    pub distinct: usize,
    /// Share (0 to 1) of tokens that became the unknown token.
    pub unknown_rate: f64,
}

/// A corpus with the vocabulary that numbers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// The documents as ids.
    pub corpus: Corpus,
    /// The vocabulary: a copy of the fixed one, or the one built.
    pub vocab: Vocab,
    /// Counts.
    pub stats: CorpusStats,
}

/// Tokenises and numbers `docs`, in parallel, holding about 4 MB of text at a time.
///
/// Tokens get provisional ids as they appear and their final ones when the vocabulary is known, so the text is read
/// once and memory is 4 bytes a token plus the distinct tokens. Reading stops at `max_tokens` (the last document is
/// cut there). `progress` is called after each chunk; when it breaks, the result is `Ok(None)`.
///
/// # Errors
/// The first error of `docs`, unchanged.
pub fn encode_corpus<E>(
    docs: impl Iterator<Item = Result<String, E>>,
    tokenizer: &Tokenizer,
    vocab: VocabChoice<'_>,
    max_tokens: Option<usize>,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Option<Encoded>, E> {
    let limit = max_tokens.unwrap_or(usize::MAX);
    let mut docs = docs.fuse();
    let mut corpus = Corpus::default();
    let mut words = Interner::default();
    let mut done = Progress::default();
    let mut chunk: Vec<String> = Vec::new();
    while corpus.tokens.len() < limit {
        chunk.clear();
        let mut bytes = 0;
        while bytes < CHUNK_BYTES
            && let Some(doc) = docs.next().transpose()?
        {
            bytes += doc.len();
            chunk.push(doc);
        }
        if chunk.is_empty() {
            break;
        }
        let tokenised: Vec<Vec<String>> = chunk.par_iter().map(|doc| tokenizer.tokenize(doc)).collect();
        for (doc, tokens) in chunk.iter().zip(tokenised) {
            let room = limit - corpus.tokens.len();
            if room == 0 {
                break;
            }
            corpus.starts.push(corpus.tokens.len());
            corpus
                .tokens
                .extend(tokens.into_iter().take(room).map(|token| words.intern(token)));
            done.bytes += doc.len() as u64;
        }
        done.documents = corpus.documents();
        done.tokens = corpus.tokens.len();
        if progress(done).is_break() {
            return Ok(None);
        }
    }
    corpus.tokens.shrink_to_fit();
    Ok(Some(words.number(corpus, vocab, done.bytes)))
}

/// Distinct tokens by order of first appearance.
#[derive(Default)]
struct Interner {
    ids: HashMap<String, u32>,
    counts: Vec<u64>,
}

impl Interner {
    /// The provisional id of `token`. Distinct tokens cannot outnumber 32 bits in memory that holds their text.
    #[expect(clippy::cast_possible_truncation, reason = "see above")]
    fn intern(&mut self, token: String) -> u32 {
        let id = *self.ids.entry(token).or_insert(self.counts.len() as u32);
        match self.counts.get_mut(id as usize) {
            Some(count) => *count += 1,
            None => self.counts.push(1),
        }
        id
    }

    /// Decides the vocabulary and replaces provisional ids by its rows.
    #[expect(clippy::cast_precision_loss, reason = "a share, shown to three digits")]
    fn number(self, mut corpus: Corpus, vocab: VocabChoice<'_>, bytes: u64) -> Encoded {
        let mut words: Vec<(String, u32)> = self.ids.into_iter().collect();
        words.sort_unstable_by_key(|&(_, id)| id);
        let vocab = match vocab {
            VocabChoice::Fixed(vocab) => vocab.clone(),
            VocabChoice::Build { min_freq, max_size } => {
                let counted = words.iter().zip(&self.counts);
                // Cloning only what can be kept spares a second copy of a long tail of rare words.
                let kept = counted.filter(|&(_, &count)| count >= min_freq);
                Vocab::from_counts(
                    kept.map(|((word, _), &count)| (word.clone(), count)),
                    min_freq,
                    max_size,
                )
            }
        };
        let rows: Vec<u32> = words.iter().map(|(word, _)| vocab.id(word)).collect();
        corpus
            .tokens
            .par_iter_mut()
            .for_each(|token| *token = rows[*token as usize]);

        let unknown: u64 = rows
            .iter()
            .zip(&self.counts)
            .filter(|&(&row, _)| row == vocab.unk())
            .map(|(_, &count)| count)
            .sum();
        let stats = CorpusStats {
            tokens: corpus.tokens.len(),
            documents: corpus.documents(),
            bytes,
            distinct: words.len(),
            unknown_rate: if corpus.tokens.is_empty() {
                0.0
            } else {
                unknown as f64 / corpus.tokens.len() as f64
            },
        };
        Encoded { corpus, vocab, stats }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::text::word::WordTokenizer;

    fn tokenizer() -> Tokenizer {
        Tokenizer::Word(WordTokenizer::new())
    }

    const BUILD: VocabChoice<'static> = VocabChoice::Build {
        min_freq: 1,
        max_size: 1_000,
    };

    fn encode(docs: &[&str], vocab: VocabChoice<'_>, max_tokens: Option<usize>) -> Encoded {
        let docs = docs.iter().map(|doc| Ok::<_, Infallible>((*doc).to_string()));
        let encoded = encode_corpus(docs, &tokenizer(), vocab, max_tokens, &mut |_| {
            ControlFlow::Continue(())
        });
        encoded.unwrap().unwrap()
    }

    #[test]
    fn ids_are_those_of_the_vocabulary() {
        let encoded = encode(&["the cat sat", "the the dog"], BUILD, None);
        let words = |i| encoded.vocab.decode(encoded.corpus.document(i));
        assert_eq!(words(0), ["xxbos", "the", "cat", "sat"]);
        assert_eq!(words(1), ["xxbos", "the", "the", "dog"]);
        assert_eq!(encoded.vocab.tokens()[9..13], ["the", "cat", "sat", "dog"]);
        let stats = encoded.stats;
        assert_eq!(
            (stats.tokens, stats.documents, stats.distinct, stats.bytes),
            (8, 2, 5, 22)
        );
        assert!(stats.unknown_rate.abs() < 1e-12);
    }

    #[test]
    fn a_fixed_vocabulary_is_kept_and_the_rest_is_unknown() {
        let vocab = Vocab::from_json(r#"["the","xxunk","xxbos"]"#).unwrap();
        let encoded = encode(&["the cat"], VocabChoice::Fixed(&vocab), None);
        assert_eq!(encoded.corpus.tokens(), [2, 0, 1]);
        assert_eq!(encoded.vocab, vocab);
        assert!((encoded.stats.unknown_rate - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn rare_words_become_unknown() {
        let encoded = encode(
            &["a b a"],
            VocabChoice::Build {
                min_freq: 2,
                max_size: 99,
            },
            None,
        );
        assert_eq!(
            encoded.vocab.decode(encoded.corpus.document(0)),
            ["xxbos", "a", "xxunk", "a"]
        );
    }

    #[test]
    fn the_limit_cuts_the_last_document() {
        let encoded = encode(&["a b", "c d e", "f"], BUILD, Some(5));
        assert_eq!(encoded.corpus.starts(), [0, 3]);
        assert_eq!(encoded.corpus.tokens().len(), 5);
        assert_eq!(encoded.vocab.get("e"), None);
        assert_eq!(encode(&["a"], BUILD, Some(0)).corpus, Corpus::default());
    }

    #[test]
    fn chunks_report_progress_and_can_be_cancelled() {
        let doc = "word ".repeat(CHUNK_BYTES / 10);
        let docs = || (0..6).map(|_| Ok::<_, Infallible>(doc.clone()));
        let mut seen = Vec::new();
        let whole = encode_corpus(docs(), &tokenizer(), BUILD, None, &mut |progress| {
            seen.push(progress.documents);
            ControlFlow::Continue(())
        });
        assert_eq!(whole.unwrap().unwrap().stats.documents, 6);
        assert_eq!(seen, [3, 6]);
        let cancelled = encode_corpus(docs(), &tokenizer(), BUILD, None, &mut |_| ControlFlow::Break(()));
        assert_eq!(cancelled, Ok(None));
    }

    #[test]
    fn a_document_that_cannot_be_read_is_an_error() {
        let docs = [Ok("fine".to_string()), Err("row 2")].into_iter();
        let result = encode_corpus(
            docs,
            &tokenizer(),
            BUILD,
            None,
            &mut |_| ControlFlow::Continue(()),
        );
        assert_eq!(result, Err("row 2"));
    }

    proptest! {
        #[test]
        fn reversal_is_its_own_inverse_and_parts_make_the_whole(
            docs in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..9), 0..9),
        ) {
            let corpus = Corpus::from_documents(&docs);
            let reversed = corpus.reversed();
            for (i, doc) in docs.iter().enumerate() {
                prop_assert_eq!(corpus.document(i), &doc[..]);
                prop_assert_eq!(reversed.document(i), doc.iter().rev().copied().collect::<Vec<_>>());
            }
            prop_assert_eq!(&reversed.reversed(), &corpus);
            let parts = Corpus::from_parts(corpus.tokens().to_vec(), corpus.starts().to_vec());
            prop_assert_eq!(parts.as_ref(), Some(&corpus));
            prop_assert_eq!(Corpus::from_parts(vec![1], vec![1]), None);
            prop_assert_eq!(Corpus::from_parts(vec![1, 2], vec![0, 2, 1]), None);
        }
    }
}
