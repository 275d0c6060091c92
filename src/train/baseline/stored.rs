//! A baseline as a file: `tfidf.json` of a classifier that it votes with.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Baseline;
use super::logistic::Logistic;
use super::tfidf::{ROOT, Tfidf};

/// Version of the layout.
const FORMAT: u32 = 1;

/// Most words of a run that are believed; the program makes runs of one and two.
const LONGEST: usize = 16;

/// The file's contents. Words and n-grams are numbered by their place.
#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    /// Classes of the classifier, those without labels included.
    classes: usize,
    /// The class of each column of the regression, ascending.
    fitted: Vec<usize>,
    /// The shortest and the longest run of words.
    lengths: (usize, usize),
    words: Vec<String>,
    /// Of each n-gram the one without its last word, and that word.
    ngrams: Vec<(Option<u32>, u32)>,
    idf: Vec<f64>,
    /// `[n-grams + 1][outputs]`; the last row holds the intercepts. Two classes have one output, the log-odds of the second.
    weights: Vec<f64>,
}

/// The keys of a map, each at the place that its value says.
fn by_number<K: Clone>(map: &HashMap<K, u32>) -> Vec<K> {
    let mut numbered: Vec<(u32, &K)> = map.iter().map(|(key, &number)| (number, key)).collect();
    numbered.sort_unstable_by_key(|entry| entry.0);
    numbered.into_iter().map(|(_, key)| key.clone()).collect()
}

/// Keys with their places; `None` if one occurs twice.
fn numbered<K: Eq + std::hash::Hash>(keys: impl ExactSizeIterator<Item = K>) -> Option<HashMap<K, u32>> {
    let count = keys.len();
    let map: HashMap<K, u32> = keys.zip(0..).collect();
    (map.len() == count).then_some(map)
}

impl Baseline {
    /// As JSON.
    ///
    /// # Errors
    /// None that its numbers can cause; `serde_json` may have one.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let Tfidf {
            words,
            ngrams,
            idf,
            lengths,
        } = &self.tfidf;
        let shorter = |(before, word): (u32, u32)| ((before != ROOT).then_some(before), word);
        serde_json::to_vec(&Stored {
            format: FORMAT,
            classes: self.classes,
            fitted: self.fitted.clone(),
            lengths: *lengths,
            words: by_number(words),
            ngrams: by_number(ngrams).into_iter().map(shorter).collect(),
            idf: idf.clone(),
            weights: self.logistic.weights().to_vec(),
        })
    }

    /// From JSON, for a classifier of so many classes.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn from_json(bytes: &[u8], classes: usize) -> Result<Self, String> {
        let stored: Stored = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if stored.format > FORMAT {
            return Err(format!(
                "its format {} is newer than this program's {FORMAT}; update Unfreeze",
                stored.format
            ));
        }
        if stored.classes != classes {
            return Err(format!(
                "it knows {} classes, the classifier {classes}",
                stored.classes
            ));
        }
        let ascend = stored.fitted.windows(2).all(|pair| pair[0] < pair[1]);
        if stored.fitted.is_empty() || !ascend || stored.fitted.last().is_some_and(|&last| last >= classes) {
            return Err("its `fitted` are not classes in ascending order".into());
        }
        let (words, count) = (stored.words.len(), stored.ngrams.len());
        let known = |(at, &(before, word)): (usize, &(Option<u32>, u32))| {
            before.is_none_or(|before| (before as usize) < at) && (word as usize) < words
        };
        if !stored.ngrams.iter().enumerate().all(known) {
            return Err("one of its `ngrams` is of words that it does not have".into());
        }
        if stored.idf.len() != count {
            return Err(format!(
                "it has {count} `ngrams` and {} numbers in `idf`",
                stored.idf.len()
            ));
        }
        // Room for every run is made before they are looked for.
        let (shortest, longest) = stored.lengths;
        if shortest == 0 || shortest > longest || longest > LONGEST {
            return Err(format!(
                "its `lengths` are not from 1 to {LONGEST}, the shorter one first"
            ));
        }
        let logistic = Logistic::of(count, stored.fitted.len(), stored.weights)
            .ok_or("its `weights` are too few, too many or not finite")?;
        let longer = |(before, word): (Option<u32>, u32)| (before.unwrap_or(ROOT), word);
        let tfidf = Tfidf {
            words: numbered(stored.words.into_iter()).ok_or("one of its `words` occurs twice")?,
            ngrams: numbered(stored.ngrams.into_iter().map(longer))
                .ok_or("one of its `ngrams` occurs twice")?,
            idf: stored.idf,
            lengths: stored.lengths,
        };
        Ok(Self {
            tfidf,
            logistic,
            fitted: stored.fitted,
            classes,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_read_says_what_was_written(
            rows in prop::collection::vec((".{0,40}", 0usize..4), 1..20), other in ".{0,40}",
        ) {
            let (texts, labels): (Vec<String>, Vec<usize>) = rows.into_iter().unzip();
            let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let written = Baseline::fit(&texts, &labels, 4).unwrap();
            let read = Baseline::from_json(&written.to_json().unwrap(), 4).unwrap();
            texts.push(&other);
            // JSON's numbers come back to the last digit or the one before it.
            let both = written.predict_proba(&texts).concat().into_iter().zip(read.predict_proba(&texts).concat());
            for (written, read) in both {
                prop_assert!((written - read).abs() < 1e-9, "{} {}", written, read);
            }
        }
    }

    #[test]
    fn a_damaged_file_is_refused_with_what_is_wrong() {
        let baseline = Baseline::fit(&["good film", "bad film", "so so"], &[0, 1, 2], 3).unwrap();
        let whole: serde_json::Value = serde_json::from_slice(&baseline.to_json().unwrap()).unwrap();
        let refused = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut damaged = whole.clone();
            change(&mut damaged);
            Baseline::from_json(damaged.to_string().as_bytes(), 3).unwrap_err()
        };
        assert!(refused(&|v| v["format"] = 2.into()).contains("update Unfreeze"));
        assert!(refused(&|v| v["classes"] = 2.into()).contains("2 classes, the classifier 3"));
        assert!(refused(&|v| v["fitted"] = serde_json::json!([0, 1, 3])).contains("`fitted`"));
        assert!(refused(&|v| v["fitted"] = serde_json::json!([1, 0, 2])).contains("`fitted`"));
        assert!(refused(&|v| v["ngrams"][0][1] = 99.into()).contains("`ngrams`"));
        assert!(refused(&|v| v["ngrams"][0][0] = 5.into()).contains("`ngrams`"));
        assert!(refused(&|v| v["ngrams"][1] = v["ngrams"][0].clone()).contains("twice"));
        assert!(refused(&|v| v["words"][1] = v["words"][0].clone()).contains("twice"));
        assert!(refused(&|v| v["lengths"] = serde_json::json!([1, u64::MAX])).contains("`lengths`"));
        assert!(refused(&|v| v["lengths"] = serde_json::json!([2, 1])).contains("`lengths`"));
        assert!(refused(&|v| v["idf"] = serde_json::json!([1.0])).contains("`idf`"));
        assert!(refused(&|v| v["weights"] = serde_json::json!([1.0])).contains("`weights`"));
        assert!(Baseline::from_json(b"{", 3).unwrap_err().contains("EOF"));
    }
}
