//! What the project's classifier said of every text, kept with the project, so that the table is there when it is opened
//! again.
//!
//! As bytes: a line of JSON, then the text of every row and its probabilities, little-endian. They say what texts they are
//! about: those that the project has, or had before more were added. Those of other texts, or of a later version of this
//! program, count as none, since they can be made anew.

use serde::{Deserialize, Serialize};

use super::{TextId, Texts};
use crate::text::fnv::{START, fnv1a};

/// The version of these bytes.
const VERSION: u32 = 1;

/// What a classifier said of the texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// The run that made the classifier, from 1; 0 where that is not known.
    pub run: u64,
    /// The labels, in the order of the probabilities.
    pub labels: Vec<String>,
    /// Seconds that it took.
    pub seconds: f64,
    /// The texts, in rising order.
    pub texts: Vec<TextId>,
    /// The probability of each label, a row a text.
    pub probabilities: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
    /// The mark of the texts, hexadecimal.
    of: String,
    run: u64,
    labels: Vec<String>,
    seconds: f64,
    rows: usize,
}

/// The mark of some texts and one more after them.
fn with(mark: u64, text: &str) -> u64 {
    fnv1a(fnv1a(mark, (text.len() as u64).to_le_bytes()), text.bytes())
}

/// A mark of the texts of a project: FNV-1a over every text and its length. Other texts have another one.
pub(super) fn mark(texts: &Texts) -> u64 {
    texts.texts.iter().fold(START, |hash, text| with(hash, text))
}

/// How many of the texts, from the first, have this mark; `None` where no number of them has it.
fn marked(texts: &Texts, wanted: &str) -> Option<usize> {
    let wanted = u64::from_str_radix(wanted, 16).ok()?;
    let marks = texts.texts.iter().scan(START, |hash, text| {
        *hash = with(*hash, text);
        Some(*hash)
    });
    std::iter::once(START)
        .chain(marks)
        .position(|mark| mark == wanted)
}

impl Predictions {
    /// The probabilities of each text.
    pub fn rows(&self) -> impl Iterator<Item = (TextId, &[f32])> {
        let rows = self.probabilities.chunks_exact(self.labels.len().max(1));
        self.texts.iter().copied().zip(rows)
    }

    /// As bytes, about the texts of this mark.
    ///
    /// # Errors
    /// When the labels or the seconds cannot be written as JSON.
    pub(super) fn encode(&self, of: u64) -> Result<Vec<u8>, serde_json::Error> {
        let header = Header {
            version: VERSION,
            of: format!("{of:016x}"),
            run: self.run,
            labels: self.labels.clone(),
            seconds: self.seconds,
            rows: self.texts.len(),
        };
        let mut bytes = serde_json::to_vec(&header)?;
        bytes.push(b'\n');
        bytes.reserve(4 * (self.texts.len() + self.probabilities.len()));
        bytes.extend(self.texts.iter().flat_map(|text| text.to_le_bytes()));
        bytes.extend(self.probabilities.iter().flat_map(|p| p.to_le_bytes()));
        Ok(bytes)
    }

    /// From bytes; `None` unless they are of this version and about these texts or the first of them, and make sense.
    pub(super) fn decode(bytes: &[u8], texts: &Texts) -> Option<Self> {
        let end = bytes.iter().position(|&b| b == b'\n')?;
        let (header, body) = (bytes.get(..end)?, bytes.get(end + 1..)?);
        let header: Header = serde_json::from_slice(header).ok()?;
        if header.version != VERSION {
            return None;
        }
        let texts = marked(texts, &header.of)?;
        let cells = header.rows.checked_mul(header.labels.len())?;
        let (ids, numbers) = body.split_at_checked(header.rows.checked_mul(4)?)?;
        let word = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).unwrap_or_default();
        let made = Self {
            run: header.run,
            labels: header.labels,
            seconds: header.seconds,
            texts: ids.chunks_exact(4).map(|b| u32::from_le_bytes(word(b))).collect(),
            probabilities: numbers
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(word(b)))
                .collect(),
        };
        let rising = made.texts.is_sorted_by(|a, b| a < b);
        let known = made.texts.last().is_none_or(|&last| (last as usize) < texts);
        let whole = !made.labels.is_empty() && numbers.len() == cells.checked_mul(4)?;
        let shares = made.probabilities.iter().all(|p| (0.0..=1.0).contains(p));
        (rising && known && whole && shares).then_some(made)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some() -> Predictions {
        Predictions {
            run: 3,
            labels: vec!["good".into(), "a \"bad\"\none".into()],
            seconds: 1.25,
            texts: vec![0, 2, 9],
            probabilities: vec![0.25, 0.75, 1.0, 0.0, 0.5, 0.5],
        }
    }

    fn first(count: usize) -> Texts {
        Texts {
            texts: (0..count).map(|i| format!("text {i}")).collect(),
            ..Texts::default()
        }
    }

    #[test]
    fn they_come_back_for_the_same_texts_and_those_that_follow_only() {
        let bytes = some().encode(mark(&first(10))).unwrap();
        for texts in [10, 11, 30] {
            assert_eq!(Predictions::decode(&bytes, &first(texts)), Some(some()));
        }
        let mut others = first(10);
        others.texts[3].push('!');
        assert_eq!(Predictions::decode(&bytes, &others), None, "other texts");
        assert_eq!(Predictions::decode(&bytes, &first(9)), None, "texts went");
        let bytes = some().encode(mark(&first(9))).unwrap();
        assert_eq!(
            Predictions::decode(&bytes, &first(10)),
            None,
            "a text that was not there"
        );
        let rows: Vec<_> = some().rows().map(|(text, p)| (text, p[0])).collect();
        assert_eq!(rows, [(0, 0.25), (2, 1.0), (9, 0.5)]);
    }

    #[test]
    fn other_texts_have_another_mark() {
        let of = |texts: &[&str]| {
            mark(&Texts {
                texts: texts.iter().map(ToString::to_string).collect(),
                ..Texts::default()
            })
        };
        let marks = [
            of(&["ab", "c"]),
            of(&["a", "bc"]),
            of(&["c", "ab"]),
            of(&["abc"]),
            of(&[]),
        ];
        // As files have it.
        assert_eq!(marks[0], 0x7e60_470b_f599_cad6);
        for (i, mark) in marks.iter().enumerate() {
            assert!(!marks[..i].contains(mark), "{i}");
        }
    }

    proptest! {
        #[test]
        fn no_cut_and_no_change_makes_it_panic(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let bytes = some().encode(mark(&first(10))).unwrap();
            let at = at.index(bytes.len());
            prop_assert_eq!(Predictions::decode(&bytes[..at], &first(10)), None);
            let mut changed = bytes.clone();
            changed[at] = to;
            if let Some(read) = Predictions::decode(&changed, &first(10)) {
                prop_assert_eq!(read.texts.len() * read.labels.len(), read.probabilities.len());
            }
        }
    }
}
