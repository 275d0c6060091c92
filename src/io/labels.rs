//! The classes of a table, and whether a classifier can be trained on them.

use std::collections::BTreeMap;

use super::error::Error;
use super::table::Table;

/// The classes of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSummary {
    /// Each class and its number of examples: by number where every class is one, by name otherwise.
    pub classes: Vec<(String, usize)>,
    /// Rows without a label.
    pub unlabelled: usize,
}

/// Counts the classes and checks that a classifier can be trained on them.
///
/// # Errors
/// No label at all, or only one class. A class may have a single example: no split holds it out.
pub fn check_labels(table: &Table) -> Result<LabelSummary, Error> {
    let path = || table.path.clone();
    let column = || table.label_column().unwrap_or_default().to_string();
    if table.label_column().is_none() {
        return Err(Error::NoLabelColumn {
            path: path(),
            columns: table.columns.clone(),
        });
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &table.rows {
        if let Some(label) = table.label(row) {
            *counts.entry(label).or_default() += 1;
        }
    }
    let labelled: usize = counts.values().sum();
    match (counts.len(), counts.first_key_value()) {
        (_, None) => {
            return Err(Error::NoLabels {
                path: path(),
                column: column(),
            });
        }
        (1, Some((label, count))) => {
            return Err(Error::OneClass {
                path: path(),
                column: column(),
                label: (*label).to_string(),
                count: *count,
            });
        }
        _ => {}
    }
    let classes = classes(counts.keys().copied())
        .into_iter()
        .map(|label| (label.to_string(), counts[label]))
        .collect();
    Ok(LabelSummary {
        classes,
        unlabelled: table.len() - labelled,
    })
}

/// The classes that have these names, each once, in the order of their numbers: by number where every name is one, by name
/// otherwise. The splits that a seed gives hang on it.
#[must_use]
pub fn classes<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    let numbers: Result<Vec<f64>, _> = names.iter().map(|name| name.parse::<f64>()).collect();
    if let Ok(numbers) = numbers {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
        names = order.into_iter().map(|at| names[at]).collect();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::classes;

    #[test]
    fn classes_are_numbered_by_number_or_by_name() {
        assert_eq!(classes(["10", "9", "-1", "9"]), ["-1", "9", "10"]);
        assert_eq!(
            classes(["urgent", "10", "9", "other"]),
            ["10", "9", "other", "urgent"]
        );
        assert!(classes([]).is_empty());
    }
}
