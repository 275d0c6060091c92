//! A text as its words: TF-IDF over all texts of the project, reduced to the directions in which they differ most
//! (latent semantic analysis).
//!
//! The directions come from every text, labelled or not, so that a word no labelled text has still counts through the
//! words it goes with. That is what makes a few dozen labels go far.

use super::linear::{Dense, add_scaled, directions, to_unit};
use crate::session::project::TextId;
use crate::train::baseline::tfidf::{Sparse, Tfidf};

/// Directions.
pub(super) const WIDTH: usize = 64;
/// Texts that they are found from, at most.
const FITTED: usize = 20_000;
/// Words and pairs of words that count, at most: the most frequent ones.
const TERMS: usize = 50_000;

/// The word view of a project's texts.
pub(super) struct Words {
    tfidf: Tfidf,
    /// Row of `directions` for each term; `None` for terms of one text only.
    row: Vec<Option<u32>>,
    /// `[terms, WIDTH]`
    directions: Dense,
}

impl Words {
    /// Finds the directions from the first texts of `order`.
    pub fn fit(texts: &[String], order: &[TextId], seed: u64) -> Self {
        let sample: Vec<&str> = order
            .iter()
            .take(FITTED)
            .filter_map(|&t| texts.get(t as usize).map(String::as_str))
            .collect();
        let (tfidf, rows) = Tfidf::fit(&sample, (1, 2));
        let mut frequency = vec![0u32; rows.width];
        for row in rows.rows() {
            row.entries().for_each(|(term, _)| frequency[term] += 1);
        }
        let mut kept: Vec<u32> = (0..rows.width as u32)
            .filter(|&t| frequency[t as usize] > 1)
            .collect();
        kept.sort_by_key(|&t| (std::cmp::Reverse(frequency[t as usize]), t));
        kept.truncate(TERMS);
        let mut row = vec![None; rows.width];
        for (to, &from) in kept.iter().enumerate() {
            row[from as usize] = Some(to as u32);
        }
        let directions = directions(&select(&rows, &row, kept.len()), WIDTH, seed);
        Self {
            tfidf,
            row,
            directions,
        }
    }

    /// Unit rows `[texts, WIDTH]`; zeros for a text without any known word.
    pub fn vectors(&self, texts: &[&str]) -> Dense {
        let rows = self.tfidf.transform(texts);
        let mut out = Dense::zeros(texts.len(), WIDTH);
        for (row, out) in rows.rows().zip(out.data.chunks_exact_mut(WIDTH)) {
            for (term, value) in row.entries() {
                if let Some(at) = self.row.get(term).copied().flatten() {
                    add_scaled(out, self.directions.row(at as usize), value as f32);
                }
            }
            to_unit(out);
        }
        out
    }
}

/// The chosen columns, rows scaled to length 1 again.
fn select(rows: &Sparse, to: &[Option<u32>], width: usize) -> Sparse {
    Sparse::from_rows(
        rows.rows().map(|row| {
            let mut entries: Vec<(u32, f32)> = row
                .entries()
                .filter_map(|(term, value)| Some((to[term]?, value as f32)))
                .collect();
            entries.sort_unstable_by_key(|entry| entry.0);
            let length = entries.iter().map(|e| e.1 * e.1).sum::<f32>().sqrt().max(1e-9);
            entries.iter_mut().for_each(|e| e.1 /= length);
            entries
        }),
        width,
    )
}

#[cfg(test)]
mod tests {
    use super::super::linear::dot;
    use super::*;

    #[test]
    fn words_that_go_together_are_near() {
        let mut texts: Vec<String> = Vec::new();
        for i in 0..40 {
            texts.push(format!("refund invoice {}", ["card", "charged", "bank"][i % 3]));
            texts.push(format!("parcel courier {}", ["late", "van", "door"][i % 3]));
        }
        let order: Vec<u32> = (0..80).collect();
        let words = Words::fit(&texts, &order, 1);
        let v = words.vectors(&["charged", "invoice", "courier", "zzz", ""]);
        assert!(dot(v.row(0), v.row(1)) > dot(v.row(0), v.row(2)) + 0.3);
        assert!(v.row(3).iter().chain(v.row(4)).all(|&x| x == 0.0));
    }
}
