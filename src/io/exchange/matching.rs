//! Which text of a project each row of a file speaks of.

use std::collections::{BTreeMap, HashMap};

use super::{LabelFile, Verdict};

/// What became of the rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// What the file says of texts of the project, by the number of the text.
    pub verdicts: BTreeMap<usize, Verdict>,
    /// Rows with a verdict whose text is in the project.
    pub matched: usize,
    /// Rows with a verdict whose text is not in the project: where they begin.
    pub unmatched: Vec<u64>,
    /// Rows that contradict an earlier one on the same text: where both begin. Such a text gets no verdict.
    pub conflicting: Vec<(u64, u64)>,
    /// Rows without a verdict.
    pub without: usize,
    /// Rows whose labels a project cannot hold.
    pub unusable: usize,
}

/// Line ends and spaces at the ends change on the way through other programs.
fn key(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_string()
}

/// Finds the texts of a file's rows: by their number where the file is an export of ours and the text there is still the
/// same, otherwise every text that reads the same.
#[must_use]
pub fn match_labels(texts: &[String], file: &LabelFile) -> Matched {
    let keys: Vec<String> = texts.iter().map(|text| key(text)).collect();
    let mut by_text: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, key) in keys.iter().enumerate() {
        by_text.entry(key).or_default().push(at);
    }
    let mut out = Matched {
        unusable: file.unusable.len(),
        ..Matched::default()
    };
    let mut said: HashMap<usize, (&Verdict, u64)> = HashMap::new();
    let mut contradicted = Vec::new();
    for row in &file.rows {
        let Some(verdict) = &row.verdict else {
            out.without += 1;
            continue;
        };
        let key = key(&row.text);
        let own = row.row.filter(|&at| keys.get(at) == Some(&key));
        let places = match own {
            Some(at) => vec![at],
            None => by_text.get(key.as_str()).cloned().unwrap_or_default(),
        };
        if places.is_empty() {
            out.unmatched.push(row.line);
            continue;
        }
        out.matched += 1;
        let mut conflict = None;
        for at in places {
            let (first, line) = *said.entry(at).or_insert((verdict, row.line));
            if first == verdict {
                out.verdicts.entry(at).or_insert_with(|| verdict.clone());
            } else {
                conflict = Some((line, row.line));
                contradicted.push(at);
            }
        }
        out.conflicting.extend(conflict);
    }
    out.without = out.without.saturating_sub(out.unusable);
    for at in contradicted {
        out.verdicts.remove(&at);
    }
    out
}
