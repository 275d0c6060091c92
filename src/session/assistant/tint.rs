//! The words that decide: each is left out in turn, and what that does to the suggestion is its weight.

use std::ops::Range;

use super::head::Head;
use super::insight::Tint;
use super::linear::Dense;
use super::space::Space;

/// Versions of a text that are computed at most; words of longer texts are left out a few at a time.
const VERSIONS: usize = 96;
/// Weights below this share of the strongest are not worth a colour.
const LEAST: f32 = 0.1;
/// A text whose strongest word moves no probability by this much has no words that decide.
const LEAST_MOVE: f32 = 0.004;

/// A text's vector and its vectors with stretches left out: they do not depend on the head.
pub(super) struct Occlusion {
    /// Bytes that were left out, a row of `vectors` each.
    stretches: Vec<Range<usize>>,
    /// The whole text first, then one a stretch.
    vectors: Dense,
    /// [`Space::version`] that the vectors are of.
    pub version: u64,
}

impl Occlusion {
    /// Computes the vectors of a text without each of its words.
    pub fn new(space: &Space, text: &str) -> Self {
        let words = words(text);
        let stretches: Vec<Range<usize>> = words
            .chunks(words.len().div_ceil(VERSIONS).max(1))
            .filter_map(|run| Some(run.first()?.start..run.last()?.end))
            .collect();
        let without: Vec<String> = stretches
            .iter()
            .map(|s| format!("{}{}", &text[..s.start], &text[s.end..]))
            .collect();
        let versions: Vec<&str> = std::iter::once(text)
            .chain(without.iter().map(String::as_str))
            .collect();
        Self {
            vectors: space.of(&versions),
            stretches,
            version: space.version,
        }
    }

    /// What each stretch does to the suggestion of `head`: the label whose probability falls most without it.
    pub fn tints(&self, head: &Head) -> Vec<Tint> {
        let mut rows = self.vectors.iter().map(|v| head.probabilities(v));
        let Some(whole) = rows.next() else {
            return Vec::new();
        };
        let mut tints: Vec<Tint> = self
            .stretches
            .iter()
            .zip(rows)
            .filter_map(|(bytes, without)| {
                let moved = |i: usize| whole[i] - without[i];
                let label = (0..whole.len()).max_by(|&a, &b| moved(a).total_cmp(&moved(b)))?;
                Some(Tint {
                    bytes: bytes.clone(),
                    label: *head.labels.get(label)?,
                    weight: moved(label),
                })
            })
            .collect();
        let strongest = tints.iter().map(|t| t.weight).fold(0.0, f32::max);
        if strongest < LEAST_MOVE {
            return Vec::new();
        }
        tints.iter_mut().for_each(|t| t.weight /= strongest);
        tints.retain(|t| t.weight >= LEAST);
        tints
    }
}

/// Whether a character of a script without spaces is a word of its own: Han, kana, Thai, Lao, Khmer, Burmese.
fn stands_alone(c: char) -> bool {
    matches!(c as u32, 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff | 0x20000..=0x3ffff)
}

/// Byte ranges of a text's words, in order, with the apostrophes and hyphens inside them.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut joined = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if stands_alone(c) {
            words.push(at..end);
            joined = false;
        } else if c.is_alphanumeric() || c == '_' {
            match words.last_mut() {
                Some(word) if joined => word.end = end,
                _ => words.push(at..end),
            }
            joined = true;
        } else if joined && matches!(c, '\'' | '’' | '-') {
            // Belongs to the word if another letter follows.
            joined = text[end..].chars().next().is_some_and(char::is_alphanumeric);
        } else {
            joined = false;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_stand() {
        let text = "It's \"well-made\" - naïve? 東京 x'";
        let found: Vec<&str> = words(text).into_iter().map(|w| &text[w]).collect();
        assert_eq!(found, ["It's", "well-made", "naïve", "東", "京", "x"]);
        assert!(words(" \n?!").is_empty());
    }
}
