//! TF-IDF over word n-grams: sublinear term frequency, smoothed inverse document frequency, unit rows.

use std::collections::HashMap;

/// Sparse rows (CSR): row r has the entries `starts[r]..starts[r + 1]` of `columns` and `values`.
#[derive(Clone, Debug)]
pub(crate) struct Sparse {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    /// The number of columns, those without entries included.
    pub(crate) width: usize,
}

impl Sparse {
    /// Rows of dense numbers, every column an entry: for features that are not words.
    ///
    /// `data` holds whole rows of `width` numbers, which is above 0.
    pub(crate) fn from_dense(data: &[f32], width: usize) -> Self {
        let rows = data.len() / width;
        Self {
            starts: (0..=rows).map(|r| r * width).collect(),
            columns: (0..rows).flat_map(|_| 0..width as u32).collect(),
            values: data[..rows * width].to_vec(),
            width,
        }
    }

    /// Rows of (column, value), columns distinct, ascending and below `width`.
    pub(crate) fn from_rows(rows: impl Iterator<Item = Vec<(u32, f32)>>, width: usize) -> Self {
        let mut sparse = Self {
            starts: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
            width,
        };
        for row in rows {
            sparse.columns.extend(row.iter().map(|entry| entry.0));
            sparse.values.extend(row.iter().map(|entry| entry.1));
            sparse.starts.push(sparse.columns.len());
        }
        sparse
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.starts.windows(2).map(|w| Row {
            columns: &self.columns[w[0]..w[1]],
            values: &self.values[w[0]..w[1]],
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }
}

/// One sparse row: distinct columns in ascending order, and their values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    columns: &'a [u32],
    values: &'a [f32],
}

impl<'a> Row<'a> {
    /// A row of distinct columns in ascending order and their values, as many of each.
    pub(crate) fn new(columns: &'a [u32], values: &'a [f32]) -> Self {
        Self { columns, values }
    }
}

impl Row<'_> {
    pub(crate) fn entries(self) -> impl Iterator<Item = (usize, f64)> {
        self.columns
            .iter()
            .zip(self.values)
            .map(|(&column, &value)| (column as usize, f64::from(value)))
    }
}

/// The n-grams of the training texts, numbered, and their weights.
#[derive(Clone, Debug)]
pub(crate) struct Tfidf {
    pub(super) words: HashMap<String, u32>,
    /// (number of the n-gram without its last word, last word) to the number of the n-gram: far smaller than
    /// the strings.
    pub(super) ngrams: HashMap<(u32, u32), u32>,
    pub(super) idf: Vec<f64>,
    pub(super) lengths: (usize, usize),
}

/// The n-gram of no words, which every single word extends.
pub(super) const ROOT: u32 = u32::MAX;

impl Tfidf {
    /// Numbers the n-grams of `lengths` words (shortest, longest) of the texts, and returns the texts' rows
    /// with them.
    pub(crate) fn fit(texts: &[&str], lengths: (usize, usize)) -> (Self, Sparse) {
        let (mut words, mut ngrams) = (HashMap::new(), HashMap::new());
        let mut frequency: Vec<u32> = Vec::new();
        let mut documents = Vec::with_capacity(texts.len());
        for text in texts {
            let numbers: Vec<_> = tokens(&text.to_lowercase())
                .map(|word| Some(number_word(&mut words, word)))
                .collect();
            let document = count(&numbers, lengths, |key| {
                let next = ngrams.len() as u32;
                Some(*ngrams.entry(key).or_insert(next))
            });
            frequency.resize(ngrams.len(), 0);
            for &(ngram, _) in &document {
                frequency[ngram as usize] += 1;
            }
            documents.push(document);
        }
        let n = texts.len() as f64;
        let idf = frequency
            .iter()
            .map(|&df| ((1.0 + n) / (1.0 + f64::from(df))).ln() + 1.0)
            .collect();
        let tfidf = Self {
            words,
            ngrams,
            idf,
            lengths,
        };
        let rows = tfidf.weigh(documents.into_iter());
        (tfidf, rows)
    }

    /// The rows of other texts; n-grams that the training texts lack are left out.
    pub(crate) fn transform(&self, texts: &[&str]) -> Sparse {
        self.weigh(texts.iter().map(|text| {
            let lower = text.to_lowercase();
            let numbers: Vec<_> = tokens(&lower).map(|word| self.words.get(word).copied()).collect();
            count(&numbers, self.lengths, |key| self.ngrams.get(&key).copied())
        }))
    }

    fn weigh(&self, documents: impl Iterator<Item = Vec<(u32, u32)>>) -> Sparse {
        let mut rows = Sparse {
            starts: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
            width: self.idf.len(),
        };
        for document in documents {
            let weight =
                |&(ngram, times): &(u32, u32)| (1.0 + f64::from(times).ln()) * self.idf[ngram as usize];
            let norm = document
                .iter()
                .map(|entry| weight(entry).powi(2))
                .sum::<f64>()
                .sqrt();
            rows.columns.extend(document.iter().map(|entry| entry.0));
            rows.values
                .extend(document.iter().map(|entry| (weight(entry) / norm) as f32));
            rows.starts.push(rows.columns.len());
        }
        rows
    }
}

/// The words of a lower-cased text: runs of two or more letters, digits and underscores, as scikit-learn's
/// default pattern `(?u)\b\w\w+\b` has them, except that vowel signs (of Devanagari and its like) do not end
/// a word.
fn tokens(lower: &str) -> impl Iterator<Item = &str> {
    lower
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| word.chars().nth(1).is_some())
}

fn number_word(words: &mut HashMap<String, u32>, word: &str) -> u32 {
    if let Some(&number) = words.get(word) {
        return number;
    }
    let next = words.len() as u32;
    words.insert(word.to_owned(), next);
    next
}

/// The n-grams of a text and how often each occurs, in ascending order. `number` gives the number of the
/// n-gram that extends a shorter one by a word; where it gives none, longer ones are not looked for.
fn count(
    words: &[Option<u32>],
    (shortest, longest): (usize, usize),
    mut number: impl FnMut((u32, u32)) -> Option<u32>,
) -> Vec<(u32, u32)> {
    let mut found = Vec::with_capacity(words.len() * longest);
    for start in 0..words.len() {
        let mut ngram = ROOT;
        for (length, word) in (1..=longest).zip(&words[start..]) {
            let Some(longer) = word.and_then(|word| number((ngram, word))) else {
                break;
            };
            ngram = longer;
            if length >= shortest {
                found.push(ngram);
            }
        }
    }
    found.sort_unstable();
    found
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len() as u32))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_two_characters_or_more() {
        let words: Vec<&str> = tokens("it's a über_1 b2 — ч я не 東京").collect();
        assert_eq!(words, ["it", "über_1", "b2", "не", "東京"]);
    }

    #[test]
    fn weights_by_hand() {
        let (tfidf, rows) = Tfidf::fit(&["aa bb aa", "AA cc"], (1, 2));
        // Numbered as they come: aa, aa bb, bb, bb aa, | aa cc, cc.
        let row: Vec<(usize, f64)> = rows.rows().next().unwrap().entries().collect();
        assert_eq!(row.iter().map(|entry| entry.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
        // aa: (1 + ln 2) (ln(3/3) + 1) = 1.693147; the others: ln(3/2) + 1 = 1.405465.
        let norm = (1.693_147f64.powi(2) + 3.0 * 1.405_465f64.powi(2)).sqrt();
        for (entry, want) in row.iter().zip([1.693_147, 1.405_465, 1.405_465, 1.405_465]) {
            assert!((entry.1 - want / norm).abs() < 1e-6);
        }
        // An unknown word breaks the bigram round it.
        let other = tfidf.transform(&["bb dd aa cc", ""]);
        let columns: Vec<Vec<usize>> = other
            .rows()
            .map(|row| row.entries().map(|entry| entry.0).collect())
            .collect();
        assert_eq!(columns, [vec![0, 2, 4, 5], vec![]]);
    }

    #[test]
    fn short_ngrams_can_be_left_out() {
        let (_, rows) = Tfidf::fit(&["aa bb cc"], (2, 3));
        let found: Vec<usize> = rows
            .rows()
            .next()
            .unwrap()
            .entries()
            .map(|entry| entry.0)
            .collect();
        // aa, aa bb, aa bb cc, bb, bb cc, cc.
        assert_eq!(found, [1, 2, 4]);
    }
}
