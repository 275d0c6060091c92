//! What is in a table of texts, before anything is done with it.

mod language;

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::exchange::{Background, Sheet, Wake};
use super::jobs::load::base_vocab;
use crate::text::Tokenizer;
use crate::text::word::WordTokenizer;
pub use language::{Guess, guess};

/// Texts that are cut into words to see how many the model knows.
const SAMPLED: usize = 2_000;
/// Unknown words that are shown.
const EXAMPLES: usize = 8;

/// How many of the words the base model does not know.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// Texts that were looked at, spread evenly over the table.
    pub texts: usize,
    /// Their words and punctuation marks.
    pub words: usize,
    /// Share of them that the base model does not know, 0 to 1.
    pub rate: f64,
    /// The most frequent unknown words, most frequent first.
    pub examples: Vec<String>,
}

/// What is in a table of texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Rows of the table.
    pub rows: usize,
    /// Rows with a text.
    pub texts: usize,
    /// Rows without one: where they begin.
    pub empty: Vec<u64>,
    /// Rows that repeat an earlier text: where both begin.
    pub repeated: Vec<(u64, u64)>,
    /// Rows among them whose label contradicts that of the first.
    pub contradicting: Vec<(u64, u64)>,
    /// The labels with the number of texts whose label is given; empty without a column of labels.
    pub labels: Vec<(String, usize)>,
    /// Words of every text, by white space: from `2^n - 1` up to `2^(n+1) - 2` words in place `n`.
    pub lengths: Vec<usize>,
    /// Words of the text in the middle when they are put in order of length.
    pub median_words: usize,
    /// Words of the longest text.
    pub longest: usize,
    /// Unknown words; `None` where there are no words at all.
    pub unknown: Option<Unknown>,
    /// What the texts are written in.
    pub language: Guess,
}

impl Survey {
    /// The fewest and the most words of a place in `lengths`.
    pub fn bounds(place: usize) -> (usize, usize) {
        let power = 1_usize << place.min(62);
        (power - 1, 2 * power - 2)
    }

    /// Texts with a given label.
    pub fn labelled(&self) -> usize {
        self.labels.iter().map(|(_, texts)| texts).sum()
    }
}

/// Surveys a table beside the window, its text in these columns and its labels in that one.
pub fn survey(sheet: Arc<Sheet>, texts: Vec<usize>, label: Option<usize>, wake: Wake) -> Background<Survey> {
    Background::start(0, wake, move |_| of(&sheet, &texts, label))
}

fn of(sheet: &Sheet, columns: &[usize], label: Option<usize>) -> Survey {
    let texts: Vec<String> = (0..sheet.rows.len())
        .into_par_iter()
        .map(|row| sheet.text(row, columns))
        .collect();
    let mut out = Survey {
        rows: texts.len(),
        ..Survey::default()
    };
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut kept = Vec::new();
    let mut words = Vec::new();
    for ((row, text), at) in texts.iter().enumerate().zip(&sheet.rows) {
        if text.trim().is_empty() {
            out.empty.push(at.line);
            continue;
        }
        kept.push(row);
        words.push(text.split_whitespace().count());
        let earlier = *first.entry(text.as_str()).or_insert(row);
        if earlier != row
            && let Some(before) = sheet.rows.get(earlier)
        {
            out.repeated.push((before.line, at.line));
            let said = |row| label.and_then(|column| sheet.label(row, column));
            if let (Some(a), Some(b)) = (said(earlier), said(row))
                && a != b
            {
                out.contradicting.push((before.line, at.line));
            }
        }
    }
    out.texts = kept.len();
    for &count in &words {
        let place = (count + 1).ilog2() as usize;
        if out.lengths.len() <= place {
            out.lengths.resize(place + 1, 0);
        }
        if let Some(bin) = out.lengths.get_mut(place) {
            *bin += 1;
        }
    }
    words.sort_unstable();
    out.median_words = words.get(words.len() / 2).copied().unwrap_or(0);
    out.longest = words.last().copied().unwrap_or(0);
    if let Some(column) = label {
        out.labels = sheet
            .labels(column, kept.iter().copied())
            .into_iter()
            .map(|(label, rows)| (label, rows.len()))
            .collect();
    }
    let sample: Vec<&str> = spread(&kept)
        .filter_map(|row| texts.get(row).map(String::as_str))
        .collect();
    out.language = guess(&sample);
    out.unknown = unknown(&sample);
    out
}

/// At most [`SAMPLED`] rows, spread evenly.
fn spread(rows: &[usize]) -> impl Iterator<Item = usize> + '_ {
    let count = rows.len().min(SAMPLED);
    (0..count).filter_map(move |n| rows.get(n * rows.len() / count).copied())
}

/// The mark that the rules put into a text are no words of it.
fn is_word(token: &str) -> bool {
    !crate::text::rules::SPECIALS.contains(&token)
}

fn unknown(texts: &[&str]) -> Option<Unknown> {
    let vocab = base_vocab()?;
    let tokenizer = Tokenizer::Word(WordTokenizer::new());
    let tokens: Vec<Vec<String>> = texts
        .par_iter()
        .map(|text| {
            let mut tokens = tokenizer.tokenize(text);
            tokens.retain(|token| is_word(token));
            tokens
        })
        .collect();
    let words: usize = tokens.iter().map(Vec::len).sum();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for token in tokens.iter().flatten() {
        if vocab.get(token).is_none() {
            *counts.entry(token).or_default() += 1;
        }
    }
    let missing: usize = counts.values().sum();
    let mut examples: Vec<(&str, usize)> = counts.into_iter().collect();
    examples.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    (words > 0).then(|| Unknown {
        texts: texts.len(),
        words,
        rate: missing as f64 / words as f64,
        examples: examples
            .into_iter()
            .take(EXAMPLES)
            .map(|(word, _)| word.to_string())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::exchange::SheetRow;
    use super::*;

    fn sheet(rows: &[(&str, &str)]) -> Sheet {
        Sheet {
            columns: vec!["text".into(), "label".into()],
            rows: rows
                .iter()
                .enumerate()
                .map(|(at, (text, label))| SheetRow {
                    line: at as u64 + 2,
                    cells: vec![(*text).into(), (*label).into()],
                })
                .collect(),
            ..Sheet::default()
        }
    }

    #[test]
    fn empty_repeated_and_contradicting_rows_are_named() {
        let rows = [
            ("one two", "x"),
            ("", "x"),
            ("one two", "y"),
            ("three", ""),
            ("one two", "x"),
        ];
        let found = of(&sheet(&rows), &[0], Some(1));
        assert_eq!(
            (found.rows, found.texts, found.median_words, found.longest),
            (5, 4, 2, 2)
        );
        assert_eq!(found.empty, [3]);
        assert_eq!(found.repeated, [(2, 4), (2, 6)]);
        assert_eq!(found.contradicting, [(2, 4)]);
        assert_eq!(found.labels, [("x".to_string(), 2), ("y".to_string(), 1)]);
        assert_eq!(found.lengths, [0, 4]);
        assert_eq!(Survey::bounds(1), (1, 2));
    }

    #[test]
    fn unknown_words_are_counted_without_the_marks_of_the_rules() {
        let found = of(&sheet(&[("The Xyzzyq was there, xyzzyq!", "")]), &[0], None);
        let unknown = found.unknown.unwrap();
        assert_eq!(unknown.examples, ["xyzzyq"]);
        assert_eq!(unknown.words, 7);
        assert!((unknown.rate - 2.0 / 7.0).abs() < 1e-9);
        assert_eq!(of(&sheet(&[(" ", "")]), &[0], None).unknown, None);
    }

    #[test]
    fn the_sample_is_spread_over_the_whole_table() {
        let rows: Vec<usize> = (0..100_000).collect();
        let picked: Vec<usize> = spread(&rows).collect();
        assert_eq!((picked.len(), picked[0], picked[1]), (SAMPLED, 0, 50));
        assert!(picked[SAMPLED - 1] >= 99_900);
    }
}
