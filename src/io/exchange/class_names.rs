//! What a data set card says the numbers in a column of classes mean.
//!
//! The card's header lists the columns (`features`) of each configuration of the data set, each with its `name` before its
//! `dtype`; a column of classes has their names there (`class_label`).

/// The columns that a card lists, in its order, each with the names of its classes by number; no names where it holds something
/// else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClassNames(Vec<(String, Vec<String>)>);

/// What the numbers in a column mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names<'a> {
    /// Nothing is said of them.
    None,
    /// The names, by number.
    These(&'a [String]),
    /// Configurations differ in it, and which of them was read is not known.
    Unclear,
}

impl ClassNames {
    /// Reads a card.
    pub(super) fn of(card: &str) -> Self {
        let mut lines = header(card).peekable();
        let mut columns: Vec<(String, Vec<String>)> = Vec::new();
        while let Some(line) = lines.next() {
            let item = line.trim();
            if let Some(name) = item.strip_prefix("- name: ") {
                columns.push((unquoted(name), Vec::new()));
            }
            if item != "class_label:" {
                continue;
            }
            let Some(names) = lines.next_if(|line| line.trim() == "names:") else {
                continue;
            };
            let within = |line: &&str| indent(line) >= indent(names);
            let mut found = Vec::new();
            while let Some(line) = lines.next_if(within) {
                let Some(name) = class(line.trim()) else { break };
                found.push(name);
            }
            if let Some((_, classes)) = columns.last_mut() {
                *classes = found;
            }
        }
        Self(columns)
    }

    /// What the numbers in this column mean.
    pub(super) fn of_column(&self, column: &str) -> Names<'_> {
        let mut lists = self
            .0
            .iter()
            .filter(|(name, _)| name == column)
            .map(|(_, names)| names);
        let Some(first) = lists.next() else {
            return Names::None;
        };
        if lists.any(|other| other != first) {
            Names::Unclear
        } else if first.is_empty() {
            Names::None
        } else {
            Names::These(first)
        }
    }
}

/// The lines of the header that programs read.
fn header(card: &str) -> impl Iterator<Item = &str> {
    let mut lines = card.trim_start_matches('\u{feff}').lines();
    let begins = lines.next().is_some_and(|line| line.trim_end() == "---");
    lines.take_while(move |line| begins && line.trim_end() != "---")
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The name in an item of a list of classes: `'0': name`, or `- name`.
fn class(item: &str) -> Option<String> {
    let numbered = item.strip_prefix(['\'', '"']).and_then(|rest| {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        (behind.len() < rest.len())
            .then_some(behind)?
            .strip_prefix(['\'', '"'])?
            .strip_prefix(": ")
    });
    numbered.or_else(|| item.strip_prefix("- ")).map(unquoted)
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    if value.starts_with('"') {
        return serde_json::from_str(value).unwrap_or_else(|_| value.to_string());
    }
    match value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(card: &str, column: &str) -> Vec<String> {
        match ClassNames::of(card).of_column(column) {
            Names::These(names) => names.to_vec(),
            Names::None => Vec::new(),
            Names::Unclear => vec!["unclear".into()],
        }
    }

    #[test]
    fn names_are_those_of_the_column() {
        let card = "---\ndataset_info:\n  features:\n  - name: language\n    dtype:\n      class_label:\n        names:\n          \
                    '0': de\n          '1': en\n  - name: text\n    dtype: string\n  - name: \"label\"\n    dtype:\n      \
                    class_label:\n        names:\n        - no\n        - 'so''so'\n  - name: id\n    dtype: int64\n---\n\
                    - name: text\n  class_label:\n    names:\n    - from the text below\n";
        assert_eq!(names(card, "language"), ["de", "en"]);
        assert_eq!(names(card, "label"), ["no", "so'so"]);
        assert!(names(card, "text").is_empty() && names(card, "stars").is_empty());
        assert!(names("no header\n  class_label:\n", "label").is_empty());
    }

    #[test]
    fn configurations_that_differ_leave_the_names_unclear() {
        let feature = |classes: &str| {
            format!(
                "- config_name: x\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n{classes}\
                 \x20 splits:\n  - name: train\n"
            )
        };
        let (one, other) = ("          '0': a\n          '1': b\n", "          '0': b\n");
        let card = |parts: &[String]| format!("---\ndataset_info:\n{}---\n", parts.concat());
        assert_eq!(names(&card(&[feature(one), feature(one)]), "label"), ["a", "b"]);
        assert_eq!(
            names(&card(&[feature(one), feature(other)]), "label"),
            ["unclear"]
        );
        let numbers = "- config_name: y\n  features:\n  - name: label\n    dtype: int64\n".to_string();
        assert_eq!(names(&card(&[feature(one), numbers]), "label"), ["unclear"]);
    }
}
